package lint

import (
	"slices"
	"strings"

	"github.com/deputy-sts/deputy/internal/awsdata"
	"github.com/deputy-sts/deputy/policy"
)

// checkTrust looks at who may enter a role.
func (d *document) checkTrust(s *statement) {
	if s.deny || s.notPrincipal {
		return
	}
	if p := s.everybody(); p != nil && !s.limitsCaller() {
		d.report("wildcard-trust", of(p), "everybody with credentials of any account may enter the role", "name the principals, or limit them by a condition like aws:PrincipalOrgID")
	}
	for _, p := range s.principals {
		switch p.typ {
		case "AWS":
			d.checkExternal(s, p.value)
		case "Federated":
			d.checkIssuer(s, p.value)
		}
	}
}

// checkExternal asks for an external ID where another account is let in: without
// it, whoever makes that account's software name the role can use it (the confused
// deputy). The keys of an organization do as well.
func (d *document) checkExternal(s *statement, n *policy.Node) {
	account, whole := n.Text, true
	if parts := strings.SplitN(n.Text, ":", 6); len(parts) == 6 {
		account, whole = parts[4], parts[5] == "root"
	}
	if !isAccount(account) || slices.Contains(d.own, account) || len(d.own) == 0 && !whole || !s.assumes("sts:AssumeRole") {
		return
	}
	for _, key := range []string{"sts:ExternalId", "aws:PrincipalOrgID", "aws:PrincipalOrgPaths", "aws:MultiFactorAuthPresent"} {
		if s.limits(key, false) {
			return
		}
	}
	message, suggestion := "principals of account "+account+" may enter the role without an external ID", `if it is somebody else's, add "StringEquals": {"sts:ExternalId": "…"}; if it is yours, name it with --account`
	if len(d.own) > 0 {
		suggestion = `add "StringEquals": {"sts:ExternalId": "…"}`
	}
	d.report("external-id", of(n), message, suggestion)
}

func (s *statement) assumes(action string) bool {
	return slices.ContainsFunc(s.actions, func(n *policy.Node) bool { return policy.MatchAction(n.Text, action) }) != s.notAction
}

// SharedIssuers returns the findings that AWS refuses a trust policy for when it is
// made: a provider of web identities whose customers share one issuer is trusted,
// and no condition holds the tokens to one customer. A value that begins with a
// wildcard holds nobody. It is the part of Check that a server asks as well.
//
// Source: IAM User Guide, id_roles_providers_oidc_secure-by-default.
func SharedIssuers(text string) []Finding {
	root, err := policy.ReadNode(text)
	if err != nil {
		return nil
	}
	d := &document{text: text, kind: policy.Trust, root: root}
	d.read()
	d.findings = nil
	for i := range d.statements {
		s := &d.statements[i]
		for _, p := range s.principals {
			if p.typ == "Federated" && !s.deny && !s.notPrincipal {
				d.checkShared(s, p.value)
			}
		}
	}
	return d.sorted()
}

// checkIssuer looks at what a provider's tokens are held to.
func (d *document) checkIssuer(s *statement, n *policy.Node) {
	issuer, ok := issuerOf(n.Text)
	if !ok || !s.assumes("sts:AssumeRoleWithWebIdentity") || !d.checkShared(s, n) {
		return
	}
	shared, _ := awsdata.SharedIssuerOf(issuer)
	if !s.limitsClaim(issuer, "aud", "oaud", "azp", "app_id") {
		d.report("oidc-audience", of(n), "tokens of "+issuer+" for any client id of the provider may enter the role", `add "StringEquals": {"`+issuer+`:aud": "…"}`)
	}
	if slices.Contains(shared.Claims, "aud") {
		return
	}
	if !s.limitsIdentity(issuer) {
		d.report("oidc-subject", of(n), "every identity that "+issuer+" has a token for may enter the role", `add "StringEquals": {"`+issuer+`:sub": "…"}`)
		return
	}
	d.checkSubject(s, n, issuer)
}

// checkShared reports a shared issuer whose customers are not told apart; false if
// it did.
func (d *document) checkShared(s *statement, n *policy.Node) bool {
	issuer, ok := issuerOf(n.Text)
	shared, found := awsdata.SharedIssuerOf(issuer)
	if !ok || !found || !shared.Enforced || !s.assumes("sts:AssumeRoleWithWebIdentity") {
		return true
	}
	keys := shared.Keys(issuer)
	if slices.ContainsFunc(keys, func(key string) bool { return s.limits(key, true) }) {
		return true
	}
	d.report("shared-issuer", of(n), "every customer of "+shared.Name+" may enter the role: no condition holds "+strings.Join(keys, " or ")+" to yours",
		`add "StringEquals": {"`+keys[0]+`": "…"}, or StringLike with a value that begins with what is yours`)
	return false
}

// checkSubject reports subjects like "repo:*", which are open behind a first word
// that all of the issuer's have.
func (d *document) checkSubject(s *statement, n *policy.Node, issuer string) {
	for i := range s.conditions {
		c := &s.conditions[i]
		if !strings.EqualFold(c.key, issuer+":sub") || c.op.Negated || !c.op.Wild() {
			continue
		}
		for _, v := range c.values {
			word, rest, ok := strings.Cut(v.Text, ":")
			if ok && word != "" && (rest == "" || rest[0] == '*' || rest[0] == '?') && !strings.ContainsAny(word, "*?/") {
				d.report("oidc-subject", of(v), quote(v.Text)+" covers every "+word+" of the issuer", "name yours: "+word+":NAME")
			}
		}
	}
}

// issuerOf is the issuer of a provider of web identities, by its ARN or as a
// built-in one.
func issuerOf(provider string) (string, bool) {
	if _, issuer, ok := strings.Cut(provider, ":oidc-provider/"); ok && strings.HasPrefix(provider, "arn:") {
		return issuer, issuer != ""
	}
	return provider, strings.Contains(provider, ".") && !strings.Contains(provider, ":")
}

func (s *statement) limitsClaim(issuer string, claims ...string) bool {
	return slices.ContainsFunc(claims, func(claim string) bool { return s.limits(issuer+":"+claim, true) })
}

// limitsIdentity tells whether some claim but the audience is held to values.
func (s *statement) limitsIdentity(issuer string) bool {
	if s.limits("sts:RoleSessionName", true) {
		return true
	}
	return slices.ContainsFunc(s.conditions, func(c condition) bool {
		if len(c.key) <= len(issuer) || !strings.EqualFold(c.key[:len(issuer)+1], issuer+":") {
			return false
		}
		claim := strings.ToLower(c.key[len(issuer)+1:])
		return claim != "aud" && claim != "oaud" && claim != "azp" && claim != "app_id" && claim != "amr" && s.limits(c.key, true)
	})
}
