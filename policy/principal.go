package policy

import "strings"

// grant is how closely a Principal element names the caller. The closer, the
// fewer of the caller's own policies are needed or can limit.
//
// Source: IAM User Guide, reference_policies_elements_principal and
// reference_policies_evaluation-logic_policy-eval-denyallow.
type grant uint8

const (
	notNamed  grant = iota
	byAccount       // the account: it delegates to its own policies
	byEntity        // the role of the session, the user who asked for the federated user
	directly        // the caller itself, or everybody
)

func (g grant) String() string { return [...]string{"", "account", "entity", "direct"}[g] }

type principalKind uint8

const (
	everybody principalKind = iota
	accountPrincipal
	arnPrincipal
	idPrincipal
	servicePrincipal
	federatedPrincipal
	canonicalPrincipal
)

// principal is a compiled value of a Principal element.
type principal struct {
	kind      principalKind
	value     string
	partition string // "arn:aws:" of the root ARN that named an account, or ""
}

// compilePrincipal reads a value. Wildcards mean nothing but a lone "*": that is
// everybody under AWS, and an ordinary name elsewhere.
func compilePrincipal(typ, value string) principal {
	switch typ {
	case "Service":
		return principal{kind: servicePrincipal, value: value}
	case "Federated":
		return principal{kind: federatedPrincipal, value: value}
	case "CanonicalUser":
		return principal{kind: canonicalPrincipal, value: value}
	}
	if value == "*" {
		return principal{kind: everybody}
	}
	if isAccountID(value) {
		return principal{kind: accountPrincipal, value: value}
	}
	c, ok := splitARN(value)
	switch {
	case !ok:
		return principal{kind: idPrincipal, value: value}
	case c[0] == "arn" && c[2] == "iam" && c[3] == "" && c[5] == "root":
		return principal{kind: accountPrincipal, value: c[4], partition: "arn:" + c[1] + ":"}
	}
	return principal{kind: arnPrincipal, value: value}
}

// isAccountID tells whether s has the form of an account id: twelve digits.
func isAccountID(s string) bool { return len(s) == 12 && allDigits(s) }

// names tells how the value names the caller.
func (p *principal) names(c *Principal) grant {
	switch p.kind {
	case everybody:
		return directly
	case servicePrincipal:
		return directIf(c.Type == Service && p.value == c.Service)
	case federatedPrincipal:
		return directIf((c.Type == WebIdentity || c.Type == SAML) && p.value == c.Provider)
	}
	if !c.Type.signed() || p.value == "" {
		return notNamed
	}
	switch p.kind {
	case accountPrincipal:
		return p.namesAccount(c)
	case canonicalPrincipal:
		return accountIf(c, p.value == c.CanonicalID)
	case arnPrincipal:
		if p.value == c.ARN {
			return directly
		}
		return entityIf(p.value == c.IssuerARN)
	}
	if c.Type == User && p.value == c.ID {
		return directly
	}
	return entityIf(c.Type != Root && p.value == c.IssuerID && !isAccountID(p.value))
}

func (p *principal) namesAccount(c *Principal) grant {
	if p.value != c.Account {
		return notNamed
	}
	// An account of one number may exist in each partition.
	if c.ARN != "" && !strings.HasPrefix(c.ARN, p.partition) {
		return notNamed
	}
	return accountIf(c, true)
}

func accountIf(c *Principal, ok bool) grant {
	switch {
	case !ok:
		return notNamed
	case c.Type == Root:
		return directly
	}
	return byAccount
}

func directIf(ok bool) grant {
	if ok {
		return directly
	}
	return notNamed
}

func entityIf(ok bool) grant {
	if ok {
		return byEntity
	}
	return notNamed
}

// serviceLinked tells whether the caller is a session of a service-linked role,
// which no control policy binds.
func (c *Principal) serviceLinked() bool {
	return c.Type == AssumedRole && strings.Contains(c.IssuerARN, ":role/aws-service-role/")
}

// byRoot tells whether the root user asked for this federated user.
func (c *Principal) byRoot() bool {
	return c.Type == FederatedUser && strings.HasSuffix(c.IssuerARN, ":root")
}
