package sts

import (
	"context"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"slices"
	"strings"

	"github.com/deputy-sts/deputy/arn"
	"github.com/deputy-sts/deputy/internal/authz"
	"github.com/deputy-sts/deputy/internal/directory"
	"github.com/deputy-sts/deputy/internal/federation/saml"
	"github.com/deputy-sts/deputy/internal/query"
	"github.com/deputy-sts/deputy/internal/session"
	"github.com/deputy-sts/deputy/internal/stsapi"
	"github.com/deputy-sts/deputy/policy"
)

// assumeRoleWithSAML lets the bearer of a SAML response into a role that the
// response names beside the provider that has signed it.
func (s *service) assumeRoleWithSAML(ctx context.Context, c *authz.Call, in *stsapi.AssumeRoleWithSAMLRequest) (*stsapi.AssumeRoleWithSAMLResponse, error) {
	f, err := readFederated(*in.RoleArn, in.Policy, in.PolicyArns, in.DurationSeconds, in.MinimumSessionTokenSize)
	if err != nil {
		return nil, err
	}
	f.note(c)
	p, err := s.samlProvider(c, f, *in.PrincipalArn)
	if err != nil {
		return nil, err
	}
	a, claims, err := s.verifyResponse(p, *in.SAMLAssertion)
	if err != nil {
		return nil, err
	}
	f.named(claims.SessionName)
	if !f.inPairs(claims.Pairs, p.ARN()) {
		return nil, query.AccessDenied.Errorf("Not authorized to perform sts:AssumeRoleWithSAML")
	}
	if err := s.spendAssertion(ctx, c, p, a); err != nil {
		return nil, err
	}
	qualifier := nameQualifier(a.Issuer, p)
	e, err := s.enterFederated(c, f, ofAssertion(a, claims, p, qualifier))
	if err != nil {
		return nil, err
	}
	shown := e.issued.shown()
	out := stsapi.AssumeRoleWithSAMLResponse{
		AssumedRoleUser: &e.user, Audience: &a.Recipient, Issuer: &a.Issuer, NameQualifier: &qualifier,
		Subject: &a.Subject, SubjectType: new(a.SubjectType()), SourceIdentity: e.sourceIdentity, Credentials: &shown,
	}
	c.NoteAnswer(new(out))
	out.Credentials = new(e.issued.credentials())
	out.PackedPolicySize, out.SessionTokenSize, out.SessionTokenUtilization = e.packed, &e.TokenSize, &e.Utilization
	return &out, nil
}

// samlProvider finds the provider, which must be of the role's account: no other
// account's can be trusted there.
func (s *service) samlProvider(c *authz.Call, f *federated, name string) (*directory.SAMLProvider, error) {
	a, err := arn.Parse(name)
	if err != nil || a.Service != "iam" || a.Region != "" || !isAccount(a.Account) || !strings.HasPrefix(a.Resource, "saml-provider/") {
		return nil, invalidARN(name)
	}
	p := c.Tx.SAMLProvider(name)
	if p == nil || p.Account != f.account {
		return nil, stsapi.InvalidIdentityToken.Errorf("Specified provider doesn't exist")
	}
	if !p.ValidUntil.IsZero() && !s.now().Before(p.ValidUntil) {
		return nil, stsapi.InvalidIdentityToken.Errorf("The metadata document of the specified provider has expired")
	}
	return p, nil
}

// verifyResponse verifies the response with the provider's certificates, and reads
// what AWS reads in it.
func (s *service) verifyResponse(p *directory.SAMLProvider, response string) (*saml.Assertion, *saml.Claims, error) {
	known := &saml.Provider{Issuer: p.Issuer, ValidUntil: p.ValidUntil}
	for _, der := range p.Certificates {
		cert, err := saml.ParseCertificate(der)
		if err != nil {
			return nil, nil, err // it was read when it was stored
		}
		known.Certificates = append(known.Certificates, cert)
	}
	a, err := saml.Verify(response, known, s.samlExpect(p))
	if err != nil {
		return nil, nil, samlRefusal(err)
	}
	claims, err := a.Claims()
	switch {
	case err != nil:
		return nil, nil, samlRefusal(err)
	case claims.SessionName == "":
		return nil, nil, stsapi.InvalidIdentityToken.Errorf("RoleSessionName is required in AuthnResponse")
	case !isName(claims.SessionName):
		return nil, nil, stsapi.InvalidIdentityToken.Errorf("RoleSessionName in AuthnResponse must match [a-zA-Z_0-9+=,.@-]{2,64}")
	}
	return a, claims, nil
}

// samlExpect is what a response of the provider has to be meant for.
func (s *service) samlExpect(p *directory.SAMLProvider) saml.Expect {
	partition, _, _ := strings.Cut(strings.TrimPrefix(p.ARN(), "arn:"), ":")
	signin := saml.Signin{Partition: partition, ProviderID: p.ID}
	audiences, recipients := s.saml()
	return saml.Expect{Audience: signin.Audiences(audiences), Recipient: signin.Recipients(recipients), Now: s.now()}
}

func samlRefusal(err error) error {
	refused, ok := errors.AsType[*saml.Error](err)
	switch {
	case !ok:
		return err
	case refused.Expired:
		return stsapi.ExpiredTokenException.Errorf("%s", refused.Text)
	}
	return stsapi.InvalidIdentityToken.Errorf("%s", refused.Text)
}

// inPairs tells whether the Role attribute has the role with the provider. The
// roles that AWS's Identity Center keeps can only be entered by it.
func (f *federated) inPairs(pairs []saml.Pair, provider string) bool {
	return slices.Contains(pairs, saml.Pair{Role: *f.in.RoleArn, Provider: provider}) && !strings.HasPrefix(f.name, "AWSReservedSSO_")
}

// spendAssertion takes the assertion, which serves once: on all nodes, and though
// the role turns out not to trust it, so that nobody tries one response on many
// roles. It is known by its issuer, not by the provider's record: a provider that is
// deleted and made again, or registered under two names, does not make it new. After
// the window in which it can be redeemed it is refused anyway.
func (s *service) spendAssertion(ctx context.Context, c *authz.Call, p *directory.SAMLProvider, a *saml.Assertion) error {
	sum := sha256.Sum256([]byte(a.Issuer + "\x00" + a.ID)) // an ID has no NUL, nor has XML
	name, first := p.Account+"/"+hex.EncodeToString(sum[:]), false
	err := c.Once(ctx, func(tx *directory.Tx) { first = tx.Spend(name, a.Issued.Add(saml.Window), s.now()) })
	if err != nil {
		return err
	}
	c.Renew()
	if !first {
		return stsapi.InvalidIdentityToken.Errorf("The SAML assertion was used already")
	}
	return nil
}

// nameQualifier tells apart the subjects of providers.
//
// Source: AWS STS API reference, AssumeRoleWithSAML.
func nameQualifier(issuer string, p *directory.SAMLProvider) string {
	sum := sha1.Sum([]byte(issuer + p.Account + "/" + p.Name))
	return base64.StdEncoding.EncodeToString(sum[:])
}

// ofAssertion is what the response says, in the form that both federations have.
//
// Source of the keys: IAM User Guide, reference_policies_iam-condition-keys.
func ofAssertion(x *saml.Assertion, claims *saml.Claims, p *directory.SAMLProvider, qualifier string) *asserted {
	a := &asserted{
		kind: session.SAML, provider: p.ARN(), transitive: claims.Transitive, sourceIdentity: claims.SourceIdentity, until: x.SessionEnds,
		bearer: authz.Bearer{Type: policy.SAML, Provider: p.ARN(), Subject: x.Subject, ID: qualifier + ":" + x.Subject},
		lasting: []session.Tag{
			{Key: "saml:namequalifier", Value: qualifier}, {Key: "saml:sub", Value: x.Subject}, {Key: "saml:sub_type", Value: x.SubjectType()},
		},
	}
	for _, k := range a.lasting {
		a.keys = append(a.keys, authz.Key{Name: k.Key, Values: []string{k.Value}})
	}
	a.keys = append(a.keys,
		authz.Key{Name: "saml:aud", Values: []string{x.Recipient}},
		authz.Key{Name: "saml:iss", Values: []string{x.Issuer}},
		authz.Key{Name: "saml:doc", Values: []string{p.Account + "/" + p.Name}})
	for _, k := range claims.Context {
		a.keys = append(a.keys, authz.Key{Name: "saml:" + k.Name, Values: k.Values})
	}
	for _, t := range claims.Tags {
		a.tags = append(a.tags, directory.Tag(t))
	}
	return a
}
