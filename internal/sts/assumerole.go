package sts

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/deputy-sts/deputy/arn"
	"github.com/deputy-sts/deputy/internal/authz"
	"github.com/deputy-sts/deputy/internal/directory"
	"github.com/deputy-sts/deputy/internal/query"
	"github.com/deputy-sts/deputy/internal/session"
	"github.com/deputy-sts/deputy/internal/stsapi"
	"github.com/deputy-sts/deputy/policy"
)

// Seconds. AWS bounds DurationSeconds by the model (900 to 43,200), then by the
// role, then chaining by an hour.
const (
	assumeRoleDefault = 3600
	chainingLimit     = 3600
)

// entry is an AssumeRole as it was read: step 2 of AWS's order, everything that
// can be said of the request without looking at who asks or for what.
type entry struct {
	in         *stsapi.AssumeRoleRequest
	account    string // of the role
	path, name string
	partition  string
	policy     string
	policyARNs []string
	tags       []directory.Tag // of the request
	transitive []string        // of the request
}

// assumeRole enters a role. The order of its checks is AWS's: the request alone;
// the kind of the caller; MFA; permission; the role's limits; and only then what
// the session is made of.
func (s *service) assumeRole(ctx context.Context, c *authz.Call, in *stsapi.AssumeRoleRequest) (*stsapi.AssumeRoleResponse, error) {
	noteInput(c, in)
	e, err := readEntry(in, c.Principal)
	if err != nil {
		return nil, err
	}
	if err := c.CheckCaller(); err != nil {
		return nil, err
	}
	if _, err := checkMFA(ctx, c, in.SerialNumber, in.TokenCode); err != nil {
		return nil, err
	}
	role := e.role(c)
	sourceIdentity, err := e.sourceIdentity(c.Principal)
	if err != nil {
		return nil, err
	}
	if err := e.authorize(c, role, sourceIdentity); err != nil {
		return nil, err
	}
	seconds, err := e.duration(c.Principal, role)
	if err != nil {
		return nil, err
	}
	if err := e.checkBeyond(c, role); err != nil {
		return nil, err
	}
	tags, transitive := inherit(c.Principal, e.tags, e.transitive)
	i, err := s.issue(c, session.Claims{
		Kind: session.AssumeRole, Account: role.Account, PrincipalID: role.ID, Name: *in.RoleSessionName,
		Policy: e.policy, PolicyARNs: e.policyARNs, Tags: tags, Transitive: transitive,
		SourceIdentity: sourceIdentity, Chained: c.Principal.Temporary,
	}, time.Duration(seconds)*time.Second, in.MinimumSessionTokenSize)
	if err != nil {
		return nil, err
	}
	return e.answer(c, role, i, sourceIdentity), nil
}

// noteInput keeps codes and assertions out of the audit: the model does not mark
// them as sensitive.
func noteInput(c *authz.Call, in *stsapi.AssumeRoleRequest) {
	if in.TokenCode == nil && len(in.ProvidedContexts) == 0 {
		return
	}
	shown := *in
	if in.TokenCode != nil {
		shown.TokenCode = new(authz.Hidden)
	}
	shown.ProvidedContexts = slices.Clone(in.ProvidedContexts)
	for i := range shown.ProvidedContexts {
		shown.ProvidedContexts[i].ContextAssertion = new(authz.Hidden)
	}
	c.NoteInput(&shown)
}

// readEntry checks what the model's limits leave open.
func readEntry(in *stsapi.AssumeRoleRequest, p *directory.Principal) (e entry, err error) {
	e.in = in
	if err := e.readRole(*in.RoleArn); err != nil {
		return e, err
	}
	if err := checkContexts(in.ProvidedContexts, e.partition); err != nil {
		return e, err
	}
	if e.policy, e.policyARNs, err = sessionPolicies(in.Policy, in.PolicyArns); err != nil {
		return e, err
	}
	e.tags, e.transitive, err = sessionTags(in.Tags, in.TransitiveTagKeys, p)
	return e, err
}

// readRole takes arn:partition:iam::account:role/path/name apart.
func (e *entry) readRole(text string) error {
	a, err := arn.Parse(text)
	resource, isRole := strings.CutPrefix(a.Resource, "role/")
	if err != nil || !isRole || a.Service != "iam" || a.Region != "" || !isAccount(a.Account) {
		return invalidARN(text)
	}
	slash := strings.LastIndexByte(resource, '/')
	e.partition, e.account = a.Partition, a.Account
	e.path, e.name = text[len(text)-len(resource)-1:len(text)-len(resource)+slash+1], resource[slash+1:]
	if e.name == "" {
		return invalidARN(text)
	}
	return nil
}

// invalidARN is AWS's refusal of an ARN; one too long to be any is not repeated whole.
func invalidARN(text string) error {
	if len(text) > 512 {
		text = text[:64]
	}
	return query.ValidationError.Errorf("%s is invalid", text)
}

// isAccount tells twelve digits.
func isAccount(s string) bool {
	if len(s) != 12 {
		return false
	}
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return true
}

// role finds the role; nil if there is none of exactly that ARN, or it is one
// that only a service of AWS may enter.
func (e *entry) role(c *authz.Call) *directory.Role {
	// An attempt is recorded with the account whether there is the role or not,
	// also because the record takes time.
	c.NoteResource(*e.in.RoleArn, e.account, "AWS::IAM::Role")
	if c.Tx.Account(e.account) != nil {
		c.NoteAccount(e.account)
	}
	return e.find(c)
}

// find is role without the record.
func (e *entry) find(c *authz.Call) *directory.Role {
	r := c.Tx.Role(e.account, e.name)
	if r == nil || r.Name != e.name || r.Path != e.path || r.ARN() != *e.in.RoleArn || strings.HasPrefix(r.Path, "/aws-service-role/") {
		return nil
	}
	return r
}

// sourceIdentity is that of the new session: a chain keeps the one it has.
func (e *entry) sourceIdentity(p *directory.Principal) (string, error) {
	wanted := value(e.in.SourceIdentity, p.SourceIdentity)
	if p.SourceIdentity != "" && wanted != p.SourceIdentity {
		return "", query.ValidationError.Errorf("The source identity is already set for this assume role session")
	}
	return wanted, nil
}

// authorize asks for each permission that the request needs, each by itself. A
// role that does not exist is asked about like any other, with a trust policy
// that lets nobody in, so that neither text nor time tells it from one that does
// not trust the caller.
func (e *entry) authorize(c *authz.Call, role *directory.Role, sourceIdentity string) error {
	r := authz.Resource{ARN: *e.in.RoleArn, Account: e.account, IsTrust: true, Terse: true, Keys: e.keys(sourceIdentity)}
	if role != nil {
		r.Trust = trust(role)
		r.Tags = overridden(role.Tags, c.Principal)
	}
	if err := c.Authorize(r); err != nil {
		return err
	}
	for _, also := range [...]struct {
		action string
		needed bool
	}{
		{"sts:TagSession", len(e.tags) > 0},
		{"sts:SetSourceIdentity", sourceIdentity != ""},
		{"sts:SetContext", len(e.in.ProvidedContexts) > 0},
	} {
		if also.needed {
			if err := c.AuthorizeAs(also.action, r); err != nil {
				return err
			}
		}
	}
	return nil
}

// trust is the compiled trust policy; one that does not compile trusts nobody.
func trust(r *directory.Role) *policy.Policy {
	if r.Trust == nil {
		return nil
	}
	return r.Trust.Policy()
}

// keys are the condition keys of the request.
//
// Source: IAM User Guide, reference_policies_iam-condition-keys.
func (e *entry) keys(sourceIdentity string) []authz.Key {
	room := &struct { // of the usual request, in one allocation
		keys   [3]authz.Key
		values [3]string
	}{}
	keys := room.keys[:0]
	add := func(name, value string) {
		n := len(keys)
		room.values[n] = value
		keys = append(keys, authz.Key{Name: name, Values: room.values[n : n+1 : n+1]})
	}
	add("sts:rolesessionname", *e.in.RoleSessionName)
	if e.in.ExternalId != nil {
		add("sts:externalid", *e.in.ExternalId)
	}
	if sourceIdentity != "" {
		add("sts:sourceidentity", sourceIdentity)
	}
	if len(e.transitive) > 0 {
		keys = append(keys, authz.Key{Name: "sts:transitivetagkeys", Values: e.transitive})
	}
	if len(e.in.ProvidedContexts) > 0 {
		providers := make([]string, 0, len(e.in.ProvidedContexts))
		for _, p := range e.in.ProvidedContexts {
			providers = append(providers, value(p.ProviderArn, ""))
		}
		keys = append(keys, authz.Key{Name: "sts:requestcontextproviders", Values: providers})
	}
	return append(keys, authz.TagKeys(e.tags)...)
}

// duration is the lifetime in seconds, after the role's limit and that of chaining,
// which an operator can raise for a role (beyond AWS).
func (e *entry) duration(p *directory.Principal, role *directory.Role) (int, error) {
	seconds := value(e.in.DurationSeconds, assumeRoleDefault)
	switch {
	case seconds > role.MaxSessionDuration && e.in.DurationSeconds != nil:
		return 0, query.ValidationError.Errorf("The requested DurationSeconds exceeds the MaxSessionDuration set for this role.")
	case p.Temporary && seconds > max(chainingLimit, role.ChainingDuration):
		return 0, query.ValidationError.Errorf("The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining.")
	}
	return min(seconds, role.MaxSessionDuration), nil
}

// checkBeyond looks at what else the request names, which only someone who may
// enter the role learns about.
func (e *entry) checkBeyond(c *authz.Call, role *directory.Role) error {
	if len(e.in.ProvidedContexts) > 0 {
		// An assertion is sealed by the token service for a provider that it knows, and
		// none is known here: it cannot be a good one.
		return stsapi.ExpiredTokenException.Errorf("The provided context assertion is expired or is not valid.")
	}
	return attachable(c, e.policyARNs, role.Account)
}

// assumed is an answer of AssumeRole with all it points to, made in one piece.
type assumed struct {
	issued
	id, arn, sourceIdentity   string
	user                      stsapi.AssumedRoleUser
	told, shown               stsapi.AssumeRoleResponse // to the client, in the audit
	credentials, shownSecrets stsapi.Credentials
}

func (e *entry) answer(c *authz.Call, role *directory.Role, i issued, sourceIdentity string) *stsapi.AssumeRoleResponse {
	a := &assumed{issued: i, sourceIdentity: sourceIdentity}
	both := role.ID + ":" + *e.in.RoleSessionName + "arn:" + e.partition + ":sts::" + role.Account + ":assumed-role/" + role.Name + "/" + *e.in.RoleSessionName
	split := len(role.ID) + 1 + len(*e.in.RoleSessionName)
	a.id, a.arn = both[:split], both[split:] // one allocation for both
	a.user = stsapi.AssumedRoleUser{Arn: &a.arn, AssumedRoleId: &a.id}
	a.credentials, a.shownSecrets = a.issued.credentials(), a.issued.shown()
	a.told = stsapi.AssumeRoleResponse{
		AssumedRoleUser: &a.user, Credentials: &a.credentials,
		SessionTokenSize: &a.TokenSize, SessionTokenUtilization: &a.Utilization,
	}
	if e.policy != "" || len(e.policyARNs) > 0 || len(e.tags) > 0 {
		a.told.PackedPolicySize = &a.Utilization
	}
	if sourceIdentity != "" {
		a.told.SourceIdentity = &a.sourceIdentity
	}
	a.shown = stsapi.AssumeRoleResponse{AssumedRoleUser: &a.user, Credentials: &a.shownSecrets, SourceIdentity: a.told.SourceIdentity}
	c.NoteAnswer(&a.shown)
	return &a.told
}
