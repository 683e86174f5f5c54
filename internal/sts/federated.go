package sts

import (
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/deputy-sts/deputy/internal/authz"
	"github.com/deputy-sts/deputy/internal/directory"
	"github.com/deputy-sts/deputy/internal/query"
	"github.com/deputy-sts/deputy/internal/session"
	"github.com/deputy-sts/deputy/internal/stsapi"
)

// What AssumeRoleWithWebIdentity and AssumeRoleWithSAML have in common: whoever
// bears an assertion enters a role, with what the request asks for and what the
// assertion says. Such an action
//
//  1. reads the request (readFederated) and notes whose role it is, which says in whose account the
//     provider of the assertion must be,
//  2. verifies the assertion, and makes an asserted of it,
//  3. enters the role (enterFederated), which asks the trust policy for each of
//     sts:AssumeRoleWith…, sts:TagSession and sts:SetSourceIdentity,
//  4. answers, of the entered, in its own form.

// asserted is what a verified assertion says.
type asserted struct {
	kind     session.Kind // WebIdentity, SAML
	bearer   authz.Bearer // its Account is filled in
	provider string       // aws:FederatedProvider of the session
	keys     []authz.Key  // condition keys for the trust policy
	lasting  []session.Tag
	// tags, transitive and sourceIdentity as the assertion has them, not checked yet.
	tags           []directory.Tag
	transitive     []string
	sourceIdentity string
	until          time.Time // the session ends no later; zero: whenever
}

// federated is a request of such an action: what the two have under one name.
type federated struct {
	entry
	seconds *int
	minimum *int
}

// readFederated reads what both requests have. The session's name is part of the
// request in one and of the assertion in the other: see named.
func readFederated(roleARN string, inline *string, policies []stsapi.PolicyDescriptorType, seconds, minimum *int) (f *federated, err error) {
	f = &federated{seconds: seconds, minimum: minimum}
	f.in = &stsapi.AssumeRoleRequest{RoleArn: &roleARN, DurationSeconds: seconds}
	if err := f.readRole(roleARN); err != nil {
		return nil, err
	}
	f.policy, f.policyARNs, err = sessionPolicies(inline, policies)
	return f, err
}

// note says in the audit whose role was attempted. It is for the beginning: most of
// what is refused is refused before the role is looked for.
func (f *federated) note(c *authz.Call) { f.role(c) }

// named gives the session its name; it has the form of RoleSessionName.
func (f *federated) named(name string) { f.in.RoleSessionName = &name }

// entered is a role that a bearer is in.
type entered struct {
	issued
	user           stsapi.AssumedRoleUser
	packed         *int // nil: neither policies nor tags were passed
	sourceIdentity *string
}

// enterFederated lets the bearer into the role if its trust policy does. Trust,
// then the role's limits, then the session policies are looked at, in that order.
// A role that does not exist answers as one that trusts nobody.
func (s *service) enterFederated(c *authz.Call, f *federated, a *asserted) (*entered, error) {
	var err error
	if f.tags, f.transitive, err = assertedTags(a); err != nil {
		return nil, err
	}
	// A colon is none of its characters, so that it cannot begin with aws: either.
	if a.sourceIdentity != "" && !isName(a.sourceIdentity) {
		return nil, stsapi.InvalidIdentityToken.Errorf(`Source Identity must match [\w+=,.@-]{2,64} and not begin with "aws:"`)
	}
	role := f.find(c)
	a.bearer.Account = f.account
	c.Present(a.bearer)
	if err := f.authorizeBearer(c, role, a); err != nil {
		return nil, err
	}
	lifetime, err := f.lifetime(role, a.until, s.now())
	if err != nil {
		return nil, err
	}
	if err := attachable(c, f.policyARNs, role.Account); err != nil {
		return nil, err
	}
	all, transitive := inherit(nil, f.tags, f.transitive)
	i, err := s.issue(c, session.Claims{
		Kind: a.kind, Account: role.Account, PrincipalID: role.ID, Name: *f.in.RoleSessionName,
		Policy: f.policy, PolicyARNs: f.policyARNs, Tags: all, Transitive: transitive,
		SourceIdentity: a.sourceIdentity, Provider: a.provider, Keys: a.lasting,
	}, lifetime, f.minimum)
	if err != nil {
		return nil, err
	}
	return f.entered(role, i, a), nil
}

// authorizeBearer asks the trust policy for each permission that is needed.
func (f *federated) authorizeBearer(c *authz.Call, role *directory.Role, a *asserted) error {
	r := authz.Resource{ARN: *f.in.RoleArn, Account: f.account, IsTrust: true, Terse: true}
	r.Keys = append(f.keys(a.sourceIdentity), a.keys...)
	if role != nil {
		r.Trust, r.Tags = trust(role), role.Tags
	}
	if err := c.Authorize(r); err != nil {
		return err
	}
	if len(f.tags) > 0 {
		if err := c.AuthorizeAs("sts:TagSession", r); err != nil {
			return err
		}
	}
	if a.sourceIdentity != "" {
		return c.AuthorizeAs("sts:SetSourceIdentity", r)
	}
	return nil
}

// lifetime is DurationSeconds within the role's limit, cut by the end that the
// assertion sets.
func (f *federated) lifetime(role *directory.Role, until, now time.Time) (time.Duration, error) {
	seconds, err := f.duration(&directory.Principal{}, role)
	if err != nil {
		return 0, err
	}
	lifetime := time.Duration(seconds) * time.Second
	if until.IsZero() {
		return lifetime, nil
	}
	lifetime = min(lifetime, until.Sub(now).Truncate(time.Second))
	if lifetime <= 0 {
		return 0, stsapi.ExpiredTokenException.Errorf("Response has expired")
	}
	return lifetime, nil
}

func (f *federated) entered(role *directory.Role, i issued, a *asserted) *entered {
	e := &entered{issued: i}
	e.user = stsapi.AssumedRoleUser{
		Arn:           new("arn:" + f.partition + ":sts::" + role.Account + ":assumed-role/" + role.Name + "/" + *f.in.RoleSessionName),
		AssumedRoleId: new(role.ID + ":" + *f.in.RoleSessionName),
	}
	if f.policy != "" || len(f.policyARNs) > 0 || len(f.tags) > 0 {
		e.packed = &e.Utilization
	}
	if a.sourceIdentity != "" {
		e.sourceIdentity = &a.sourceIdentity
	}
	return e
}

// Limits of session tags, which the model has for requests only. Characters.
//
// Source: IAM User Guide, id_session-tags.
const (
	maxTags     = 50
	maxTagKey   = 128
	maxTagValue = 256
)

// assertedTags checks the session tags of an assertion as those of a request are.
func assertedTags(a *asserted) ([]directory.Tag, []string, error) {
	if len(a.tags) > maxTags || len(a.transitive) > maxTags {
		return nil, nil, query.ValidationError.Errorf("1 validation error detected: Value at 'tags' failed to satisfy constraint: Member must have length less than or equal to %d", maxTags)
	}
	in := make([]stsapi.Tag, len(a.tags))
	for i := range a.tags {
		t := &a.tags[i]
		if !isTagText(t.Key, 1, maxTagKey) || !isTagText(t.Value, 0, maxTagValue) {
			return nil, nil, query.InvalidParameterValue.Errorf("The session tags of the identity provider are not valid.")
		}
		in[i] = stsapi.Tag{Key: &t.Key, Value: &t.Value}
	}
	return sessionTags(in, a.transitive, nil)
}

// isTagText tells what the model lets keys and values of tags hold.
func isTagText(s string, least, most int) bool {
	if n := utf8.RuneCountInString(s); n < least || n > most || !utf8.ValidString(s) {
		return false
	}
	for _, r := range s {
		if !unicode.In(r, unicode.L, unicode.Z, unicode.N) && !strings.ContainsRune("_.:/=+-@", r) {
			return false
		}
	}
	return true
}

// isName tells a name of a session or a source identity: [\w+=,.@-]{2,64}.
func isName(s string) bool {
	if len(s) < 2 || len(s) > 64 {
		return false
	}
	for i := range len(s) {
		c := s[i]
		if !('a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || strings.IndexByte("_+=,.@-", c) >= 0) {
			return false
		}
	}
	return true
}
