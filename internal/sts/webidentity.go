package sts

import (
	"context"
	"errors"
	"slices"

	"github.com/deputy-sts/deputy/internal/authz"
	"github.com/deputy-sts/deputy/internal/directory"
	"github.com/deputy-sts/deputy/internal/federation/oidc"
	"github.com/deputy-sts/deputy/internal/query"
	"github.com/deputy-sts/deputy/internal/session"
	"github.com/deputy-sts/deputy/internal/stsapi"
	"github.com/deputy-sts/deputy/policy"
)

// assumeRoleWithWebIdentity lets the bearer of an OpenID Connect token into a
// role. The provider must be registered in the role's account, or be one of those
// that need no registration and be named by the role; nobody else's issuer is ever
// asked for its keys.
func (s *service) assumeRoleWithWebIdentity(ctx context.Context, c *authz.Call, in *stsapi.AssumeRoleWithWebIdentityRequest) (*stsapi.AssumeRoleWithWebIdentityResponse, error) {
	f, err := readFederated(*in.RoleArn, in.Policy, in.PolicyArns, in.DurationSeconds, in.MinimumSessionTokenSize)
	if err != nil {
		return nil, err
	}
	f.named(*in.RoleSessionName)
	f.note(c)
	if err := checkProviderID(in.ProviderId); err != nil {
		return nil, err
	}
	token, err := oidc.Parse(*in.WebIdentityToken)
	if err != nil {
		return nil, stsapi.InvalidIdentityToken.Errorf("The ID Token provided is not a valid JWT. (You may see this error if you sent an Access Token)")
	}
	name, claims, err := s.verifyToken(ctx, c, f, token)
	if err != nil {
		return nil, err
	}
	e, err := s.enterFederated(c, f, ofClaims(claims, name))
	if err != nil {
		return nil, err
	}
	shown := e.issued.shown()
	out := stsapi.AssumeRoleWithWebIdentityResponse{
		AssumedRoleUser: &e.user, Audience: &claims.Audience, Provider: &name,
		SubjectFromWebIdentityToken: &claims.Subject, SourceIdentity: e.sourceIdentity, Credentials: &shown,
	}
	c.NoteAnswer(new(out))
	out.Credentials = new(e.issued.credentials())
	out.PackedPolicySize, out.SessionTokenSize, out.SessionTokenUtilization = e.packed, &e.TokenSize, &e.Utilization
	return &out, nil
}

// checkProviderID refuses what names an issuer of OAuth access tokens: they are
// not signed, so only their issuer could tell whether one is good, and asking it
// would hand it on.
func checkProviderID(id *string) error {
	switch value(id, "") {
	case "":
		return nil
	case "www.amazon.com", "graph.facebook.com":
		return stsapi.InvalidIdentityToken.Errorf("The access token of %s cannot be verified.", *id)
	}
	return query.ValidationError.Errorf("ProviderId must not be given with an OpenID Connect ID token.")
}

// tries of verifyToken: the provider would have to change as often while its
// issuer is asked.
const verifyTries = 3

// verifyToken verifies the token against the provider that the account has now.
// It may wait for the issuer's keys; the call then goes on with the newest
// snapshot, in which the provider must be what it was.
func (s *service) verifyToken(ctx context.Context, c *authz.Call, f *federated, token *oidc.Token) (name string, claims *oidc.Claims, err error) {
	_, p, err := s.providerOf(c, f, token.Issuer)
	for range verifyTries {
		if err != nil {
			return "", nil, err
		}
		before := p
		if claims, err = s.tokens.Verify(ctx, token, p); err != nil {
			return "", nil, tokenRefusal(err)
		}
		c.Renew()
		if name, p, err = s.providerOf(c, f, token.Issuer); err == nil && same(before, p) {
			return name, claims, nil
		}
	}
	if err == nil {
		err = query.ServiceUnavailable.Errorf("The provider is being changed; try again.")
	}
	return "", nil, err
}

func same(a, b *oidc.Provider) bool {
	return a.Issuer == b.Issuer && a.AnyAudience == b.AnyAudience && slices.Equal(a.Audiences, b.Audiences) && slices.Equal(a.Thumbprints, b.Thumbprints)
}

// builtIn are the issuers that need no registration, by the URL in their tokens.
// A role names them as Federated without any ARN, and it is for its conditions to
// say which audience it wants.
var builtIn = map[string]string{
	"https://accounts.google.com":            "accounts.google.com",
	"https://cognito-identity.amazonaws.com": "cognito-identity.amazonaws.com",
}

// providerOf finds what the token is to be verified against, and its name as
// Federated. An issuer that needs no registration counts for a role that names it;
// otherwise nobody could make us ask it.
func (s *service) providerOf(c *authz.Call, f *federated, issuer string) (string, *oidc.Provider, error) {
	if r := c.Tx.OIDCProviderByURL(f.account, oidc.Name(issuer)); r != nil && r.Issuer() == issuer {
		return r.ARN(), &oidc.Provider{Account: f.account, Issuer: issuer, Audiences: r.ClientIDs, Thumbprints: r.Thumbprints}, nil
	}
	if name := s.builtIn[issuer]; name != "" {
		if trustsFederated(f.find(c), name) {
			return name, &oidc.Provider{Account: f.account, Issuer: issuer, AnyAudience: true}, nil
		}
		// Said as of a token that its keys do not verify, which tells nothing of the role.
		return "", nil, noKey()
	}
	if len(issuer) > 255 {
		issuer = issuer[:64] // no provider's: not repeated whole
	}
	return "", nil, stsapi.InvalidIdentityToken.Errorf("No OpenIDConnect provider found in your account for %s", issuer)
}

// trustsFederated says whether the role's trust policy names the provider.
func trustsFederated(role *directory.Role, name string) bool {
	if role == nil {
		return false
	}
	p := trust(role)
	return p != nil && slices.ContainsFunc(p.Principals(), func(ref policy.PrincipalRef) bool {
		return ref.Type == "Federated" && ref.Value == name
	})
}

func noKey() error {
	return stsapi.InvalidIdentityToken.Errorf("Couldn't retrieve verification key from your identity provider,  please reference AssumeRoleWithWebIdentity documentation for requirements")
}

// tokenRefusal is AWS's word for what is wrong with a token. That the key is
// unknown, that it is of another algorithm and that the signature is bad are one.
func tokenRefusal(err error) error {
	if old, ok := errors.AsType[oidc.ErrExpired](err); ok {
		return stsapi.ExpiredTokenException.Errorf("Token expired: current date/time %d must be before the expiration date/time %d", old.Now.Unix(), old.At.Unix())
	}
	switch {
	case errors.Is(err, oidc.ErrCertificate):
		return stsapi.InvalidIdentityToken.Errorf("OpenIDConnect provider's HTTPS certificate doesn't match configured thumbprint")
	case errors.Is(err, oidc.ErrUnreachable):
		return stsapi.IDPCommunicationError.Errorf("The identity provider that was asked to verify the incoming identity token could not be reached.")
	case errors.Is(err, oidc.ErrKey):
		return noKey()
	case errors.Is(err, oidc.ErrAudience):
		return stsapi.InvalidIdentityToken.Errorf("Incorrect token audience")
	}
	return stsapi.InvalidIdentityToken.Errorf("The ID Token provided has a claim that is missing or not acceptable.")
}

// ofClaims is what the token says, in the form that both federations have.
func ofClaims(claims *oidc.Claims, provider string) *asserted {
	a := &asserted{
		kind: session.WebIdentity, provider: provider,
		bearer: authz.Bearer{
			Type: policy.WebIdentity, Provider: provider, Subject: claims.Subject,
			ID: provider + ":" + claims.Audience + ":" + claims.Subject,
		},
		transitive: claims.Transitive, sourceIdentity: claims.SourceIdentity,
	}
	for _, k := range claims.Keys() {
		a.keys = append(a.keys, authz.Key(k))
	}
	for _, k := range claims.Lasting() {
		for _, v := range k.Values {
			a.lasting = append(a.lasting, session.Tag{Key: k.Name, Value: v})
		}
	}
	for _, t := range claims.Tags {
		a.tags = append(a.tags, directory.Tag{Key: t[0], Value: t[1]})
	}
	return a
}
