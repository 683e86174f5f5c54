package lint

// Rule is a kind of finding.
type Rule struct {
	ID       string
	Severity Severity
	Summary  string // one sentence
}

// rules is the whole table. Ids stay as they are.
var rules = [...]Rule{
	{"syntax", Error, "The document is refused as it stands."},
	{"unknown-element", Error, "The policy language has no element of this name."},
	{"unknown-operator", Error, "There is no condition operator of this name."},
	{"duplicate-sid", Error, "Two statements have the same Sid."},
	{"malformed-resource", Error, "The resource is neither an ARN nor \"*\", and covers nothing."},
	{"trust-action", Error, "A trust policy is about the actions that enter a role."},
	{"unknown-action", Error, "The service has no action of this name."},
	{"unmatched-action", Error, "The pattern covers no action of the service."},
	{"unknown-service", Error, "No service has this prefix."},
	{"unknown-key", Error, "No request has a condition key of this name."},
	{"invalid-value", Error, "The value is not of the operator's type and never matches."},
	{"impossible-condition", Error, "No request meets the conditions on a key together."},
	{"wildcard-trust", Error, "Everybody may enter the role."},
	{"shared-issuer", Error, "Every customer of the token's issuer may enter the role."},
	{"not-principal-allow", Error, "Everybody is allowed but those who are listed."},
	{"unknown-variable", Error, "No request has a value for the policy variable."},
	{"variable-version", Warning, "Policy variables are plain text before version 2012-10-17."},
	{"missing-version", Warning, "Without Version the language is that of 2008-10-17."},
	{"action-resource", Warning, "The statement gives the action none of the resources that it works on."},
	{"action-needs-star", Warning, "The action has no resource-level permissions: only \"*\" covers it."},
	{"resource-service", Warning, "The resource belongs to another service than the actions."},
	{"resource-part", Warning, "A part of the ARN is not what it can be."},
	{"key-not-of-action", Warning, "Requests of the actions do not have the condition key."},
	{"operator-type", Warning, "The operator compares another type than the condition key has."},
	{"multivalued-key", Warning, "A key with several values needs ForAllValues or ForAnyValue."},
	{"always-true", Warning, "Every request meets the condition."},
	{"forall-without-null", Warning, "ForAllValues is also met by a request without the key."},
	{"external-id", Warning, "Another account may enter the role without an external ID."},
	{"oidc-audience", Warning, "Tokens for any registered audience may enter the role."},
	{"oidc-subject", Warning, "Every identity of the token's issuer may enter the role."},
	{"public-access", Warning, "The resource is open to everybody."},
	{"not-action-allow", Warning, "Every action is allowed but those that are listed, new ones included."},
	{"not-resource-allow", Warning, "Every resource is allowed but those that are listed."},
	{"full-access", Warning, "Every action is allowed on every resource."},
	{"pass-role", Warning, "Any role may be passed to any service."},
	{"duplicate-statement", Warning, "Two statements say the same."},
	{"unreachable-statement", Warning, "A Deny takes away all that the statement allows."},
	{"policy-size", Warning, "The document exceeds a limit of AWS that depends on its use."},
	{"literal-wildcard", Warning, "The operator takes * and ? as characters."},
	{"string-operator", Note, "The key has a type with operators of its own."},
	{"redundant-statement", Note, "Another statement allows or denies all of it."},
	{"redundant-value", Note, "Another value in the list covers it."},
	{"empty-condition", Note, "The Condition element says nothing."},
}

var severities = func() map[string]Severity {
	m := map[string]Severity{}
	for _, r := range rules {
		m[r.ID] = r.Severity
	}
	return m
}()

// Rules lists all rules, the worst first.
func Rules() []Rule { return append([]Rule(nil), rules[:]...) }
