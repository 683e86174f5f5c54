package policy

import "strings"

// What the kinds of documents differ in: who may be named, and what trust
// policies and control policies leave out.

// checkPrincipals: policies of principals name none, policies of resources must.
func (d *document) checkPrincipals() *SyntaxError {
	named := d.kind == Trust || d.kind == Resource || d.kind == RCP
	for i := range d.statements {
		s := &d.statements[i]
		p := either(s.principal, s.notPrincipal)
		switch {
		case p != nil && !named:
			return d.fault(msgNoPrinc, p.start, "only policies of resources have a Principal")
		case p == nil && named:
			return d.fault(msgPrincipal, s.node.start, "the statement has no Principal")
		}
		if err := d.checkNames(s); err != nil {
			return err
		}
	}
	return nil
}

// checkNames refuses principals that nobody can be.
func (d *document) checkNames(s *source) *SyntaxError {
	if p := either(s.principal, s.notPrincipal); p != nil && len(s.principals) == 0 {
		return d.fault(msgPrincipal, p.start, "the element names no principal")
	}
	for _, r := range s.principals {
		if validPrincipal(r.Type, r.Value) {
			continue
		}
		message := `Invalid principal in policy: "` + strings.ToUpper(r.Type) + `":"` + r.Value + `"`
		if r.Type == "Federated" {
			message = msgFederated
		}
		return d.fault(message, r.Start, "%q names no principal", r.Value)
	}
	return nil
}

// validPrincipal tells whether the value can name somebody; not whether there
// is such a one.
func validPrincipal(typ, value string) bool {
	if value == "" || strings.ContainsAny(value, " \t\r\n") {
		return false
	}
	switch typ {
	case "Service":
		return strings.Contains(value, ".") && !strings.ContainsAny(value, "*?:/")
	case "Federated":
		return validFederated(value)
	case "CanonicalUser":
		return !strings.ContainsAny(value, "*?:/")
	}
	return validAWSPrincipal(value)
}

// validFederated takes the ARN of an identity provider, and the domain of one that
// AWS knows.
func validFederated(value string) bool {
	if strings.ContainsAny(value, "*?") || strings.Contains(value, "://") {
		return false
	}
	c, ok := splitARN(value)
	if !ok || c[0] != "arn" {
		return strings.Contains(value, ".") && !strings.HasPrefix(value, "arn:")
	}
	kind, name, _ := strings.Cut(c[5], "/")
	return c[2] == "iam" && c[3] == "" && isAccountID(c[4]) && (kind == "saml-provider" || kind == "oidc-provider") && name != ""
}

// validAWSPrincipal takes "*", an account id, a unique id of a user or role, and
// the ARNs of accounts, users, roles and sessions.
func validAWSPrincipal(value string) bool {
	if value == "*" || isAccountID(value) {
		return true
	}
	if strings.ContainsAny(value, "*?") {
		return false
	}
	c, ok := splitARN(value)
	if !ok {
		return isUniqueID(value)
	}
	if c[0] != "arn" || c[3] != "" || !isAccountID(c[4]) {
		return false
	}
	kind, name, _ := strings.Cut(c[5], "/")
	switch {
	case c[2] == "iam":
		return c[5] == "root" || (kind == "user" || kind == "role") && name != ""
	case c[2] == "sts":
		return (kind == "assumed-role" || kind == "federated-user") && name != ""
	}
	return false
}

// isUniqueID tells whether s has the form of the id of a user or role.
func isUniqueID(s string) bool {
	if !strings.HasPrefix(s, "AIDA") && !strings.HasPrefix(s, "AROA") || len(s) < 16 || len(s) > 128 {
		return false
	}
	for i := range len(s) {
		if c := s[i]; (c < 'A' || c > 'Z') && (c < '0' || c > '9') {
			return false
		}
	}
	return true
}

// trustActions are what a trust policy can be about, in lower case.
var trustActions = []string{"sts:assumerole", "sts:assumerolewithsaml", "sts:assumerolewithwebidentity",
	"sts:tagsession", "sts:setsourceidentity", "sts:setcontext"}

// checkTrust holds trust policies to the actions that enter a role, to keys that
// are no URLs, and to having no resource: that is the role itself.
func (d *document) checkTrust() *SyntaxError {
	if d.kind != Trust {
		return nil
	}
	for i := range d.statements {
		for j := range d.statements[i].conditions {
			// The key of an issuer is its URL without the scheme.
			if c := &d.statements[i].conditions[j]; strings.Contains(c.name, "://") {
				return d.fault(msgKeyColon, c.start, "the condition key %q has a scheme", c.name)
			}
		}
	}
	for i := range d.statements {
		for _, v := range d.statements[i].actionValues {
			if entersRoles(v.text) {
				continue
			}
			message := msgTrust
			if service, _, _ := strings.Cut(v.text, ":"); equalFold(service, "sts") {
				message = msgTrustSTS
			}
			return d.fault(message, v.start, "%q does not enter a role", v.text)
		}
	}
	for i := range d.statements {
		s := &d.statements[i]
		for _, f := range [...]struct {
			n    *node
			name string
		}{{s.resource, "Resource"}, {s.notResource, "NotResource"}, {s.notPrincipal, "NotPrincipal"}} {
			if f.n != nil {
				return d.fault("Has prohibited field "+f.name, f.n.start, "a trust policy has no %s", f.name)
			}
		}
	}
	return nil
}

// entersRoles tells whether the pattern is one of STS and covers an action that
// enters a role.
func entersRoles(s string) bool {
	a := compileAction(s)
	if a.form == noAction || a.service() != "sts" {
		return false
	}
	for _, name := range trustActions {
		if a.match(name) {
			return true
		}
	}
	return false
}

// checkControls holds resource control policies to their subset of the language.
// Source: Organizations User Guide, orgs_manage_policies_rcps_syntax.
func (d *document) checkControls() *SyntaxError {
	if d.kind != RCP {
		return nil
	}
	for i := range d.statements {
		s := &d.statements[i]
		switch {
		case s.effect.text != "Deny":
			return d.fault(msgOrg, s.effect.start, "a resource control policy only denies")
		case s.notPrincipal != nil || s.principal.kind != stringNode:
			return d.fault(msgOrg, s.node.start, `a resource control policy has "Principal": "*"`)
		case s.notAction != nil:
			return d.fault(msgOrg, s.notAction.start, "a resource control policy has no NotAction")
		}
		for _, v := range s.actionValues {
			if v.text == "*" {
				return d.fault(msgOrg, v.start, "a resource control policy names the service of an action")
			}
		}
	}
	return nil
}
