package authz

import (
	"cmp"

	"github.com/deputy-sts/deputy/internal/audit"
	"github.com/deputy-sts/deputy/policy"
)

// Bearer is who presents an assertion of an identity provider, which was
// verified, in order to enter a role. It has no account and no policies of its
// own: the role's trust policy alone decides, and names it as Federated.
type Bearer struct {
	// Type is policy.WebIdentity or policy.SAML.
	Type policy.PrincipalType
	// Provider is what Federated must say: the ARN of the provider, or the name of
	// one that needs none (accounts.google.com).
	Provider string
	// ID is the bearer in the audit, as CloudTrail writes it: provider:audience:subject,
	// for SAML name qualifier:subject.
	ID string
	// Subject is the bearer's name at the provider.
	Subject string
	// Account is that of the role, whose trail the call stands in.
	Account string
}

// Present makes the bearer the one who asks, whoever may have signed the
// request: whoever holds an assertion may present it, and nobody's own
// permissions add to it or take from it.
func (c *Call) Present(b Bearer) {
	c.bearer, c.Principal = &b, nil
	c.gathered = false
	if c.note.account == b.Account {
		c.note.account = ""
	}
}

// Renew begins the decision anew on the newest snapshot. It is for handlers that
// had to wait for somebody outside, while which the state may have changed; what
// they have read before is theirs to read again.
func (c *Call) Renew() {
	c.Tx = c.gate.directory.Begin(false)
	c.gathered = false
}

// entry describes the bearer as CloudTrail does.
func (b *Bearer) entry() audit.Identity {
	words := map[policy.PrincipalType]string{policy.WebIdentity: "WebIdentityUser", policy.SAML: "SAMLUser"}
	return audit.Identity{
		Type: cmp.Or(words[b.Type], "Unknown"), PrincipalID: cut(b.ID), UserName: cut(b.Subject), IdentityProvider: cut(b.Provider),
	}
}
