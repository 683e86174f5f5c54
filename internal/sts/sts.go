package sts

import (
	"time"

	"github.com/deputy-sts/deputy/internal/authz"
	"github.com/deputy-sts/deputy/internal/federation/oidc"
	"github.com/deputy-sts/deputy/internal/federation/saml"
	"github.com/deputy-sts/deputy/internal/query"
	"github.com/deputy-sts/deputy/internal/session"
)

// Options configure the service.
type Options struct {
	Issuer *session.Issuer
	Tokens *oidc.Verifier   // of foreign issuers; must be given
	Now    func() time.Time // nil is time.Now
	// IssuerURL gives the URL of the OpenID issuer of that id; "" while the service
	// does not know its own address. Nil never does.
	IssuerURL func(id string) string
	// SAML gives the audiences and the recipients that responses may be meant for;
	// saml.AWS is among them for AWS's own. Nil: AWS's own alone.
	SAML func() (audiences, recipients []string)

	builtIn map[string]string // in the place of builtIn, for tests
}

type service struct {
	issuer *session.Issuer
	now    func() time.Time
	// issuerURL is Options.IssuerURL, never nil.
	issuerURL func(id string) string
	saml      func() (audiences, recipients []string) // Options.SAML, never nil
	tokens    *oidc.Verifier
	// builtIn are the issuers that need no registration, by the URL in their tokens.
	builtIn map[string]string
}

// Register adds the actions to the mux. Those of AWS's that are not here answer
// as an unknown action does.
func Register(m *query.Mux[*authz.Call], o Options) {
	s := &service{issuer: o.Issuer, now: o.Now, tokens: o.Tokens, builtIn: o.builtIn, issuerURL: o.IssuerURL, saml: o.SAML}
	if s.saml == nil {
		s.saml = func() (a, r []string) { return []string{saml.AWS}, []string{saml.AWS} }
	}
	if s.issuerURL == nil {
		s.issuerURL = func(string) string { return "" }
	}
	if s.now == nil {
		s.now = time.Now
	}
	if s.builtIn == nil {
		s.builtIn = builtIn
	}
	authz.Handle(m, "AssumeRole", s.assumeRole)
	authz.Handle(m, "AssumeRoleWithSAML", s.assumeRoleWithSAML)
	authz.Handle(m, "AssumeRoleWithWebIdentity", s.assumeRoleWithWebIdentity)
	authz.Handle(m, "DecodeAuthorizationMessage", decodeAuthorizationMessage)
	authz.Handle(m, "GetAccessKeyInfo", getAccessKeyInfo)
	authz.Handle(m, "GetCallerIdentity", getCallerIdentity)
	authz.Handle(m, "GetFederationToken", s.getFederationToken)
	authz.Handle(m, "GetSessionToken", s.getSessionToken)
	authz.Handle(m, "AssumeRoot", s.assumeRoot)
	authz.Handle(m, "GetDelegatedAccessToken", s.getDelegatedAccessToken)
	authz.Handle(m, "GetWebIdentityToken", s.getWebIdentityToken)
}
