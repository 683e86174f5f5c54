package simulate

import (
	"net/netip"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// class is a way in which the two are known to differ. In why, "it" is the
// simulator; the pages are those of the IAM User Guide.
type class struct {
	name, why string
	holds     func(c *Case, ours, theirs string) bool
}

// explain names the class of a disagreement, or "".
func explain(c *Case, ours, theirs string) string {
	for _, k := range classes {
		if k.holds(c, ours, theirs) {
			return k.name
		}
	}
	return ""
}

var classes = []class{
	// Conditions.
	{"epoch-seconds", "a date of digits alone is seconds since 1970 (reference_policies_elements_condition_operators), four digits are a year (W3C); it compares milliseconds",
		onCondition(func(x condition) bool { return isDate(x) && anyValue(x, allDigits) })},
	{"date-forms", "a date has one of the W3C's forms; it takes what JavaScript reads",
		onCondition(func(x condition) bool {
			return isDate(x) && anyValue(x, func(s string) bool { return !w3cDate.MatchString(s) && !allDigits(s) })
		})},
	{"number-forms", "12abc and 1e3 are no decimal numbers; it reads the digits in front",
		onCondition(func(x condition) bool {
			return strings.HasPrefix(x.base, "Numeric") && anyValue(x, func(s string) bool { return !decimal.MatchString(s) && leadingDigits(s) })
		})},
	{"number-precision", "numbers of any length are compared exactly; it rounds to 53 bits",
		onCondition(func(x condition) bool {
			return strings.HasPrefix(x.base, "Numeric") && anyValue(x, func(s string) bool { return decimal.MatchString(s) && len(s) > 15 })
		})},
	{"not-of-wrong-type", "a negated operator is the opposite of the positive one, which a value of another type does not satisfy; it answers no to both",
		onCondition(func(x condition) bool {
			return (strings.HasPrefix(x.base, "Numeric") || strings.HasPrefix(x.base, "Date") || x.base == "NotIpAddress") && strings.Contains(x.base, "Not") && anyValue(x, wrongType(x))
		})},
	{"cidr-of-all", "0.0.0.0/0 holds every IPv4 address; its shift by 32 bits is a shift by none",
		onCondition(func(x condition) bool { return isIP(x) && slices.Contains(x.wanted, "0.0.0.0/0") && anyPresent(x, is4) })},
	{"address-of-other-family", "an IPv6 address is not an IPv4 one, so NotIpAddress holds; it answers no where the policy has an address without a prefix",
		onCondition(func(x condition) bool {
			return x.base == "NotIpAddress" && slices.ContainsFunc(x.wanted, func(s string) bool {
				a, err := netip.ParseAddr(s)
				return err == nil && anyPresent(x, func(p string) bool { return is4(p) != a.Is4() })
			})
		})},
	{"address-as-text", "2001:DB8:0::1 and 2001:db8::1 are one address; it compares addresses without a prefix as text",
		onCondition(func(x condition) bool {
			return isIP(x) && slices.ContainsFunc(x.wanted, func(s string) bool {
				a, err := netip.ParseAddr(s)
				return err == nil && a.Is6() && a.String() != s
			})
		})},
	{"empty-is-null", "an empty string is a null data set (reference_policies_condition-single-vs-multi-valued-context-keys); to it the key is there",
		onCondition(func(x condition) bool { return x.base == "Null" && slices.Contains(x.present, "") })},
	{"any-if-exists", "ForAnyValue with IfExists and an absent key: IfExists makes it true, and the guide does not say which wins; it answers false",
		onCondition(func(x condition) bool {
			return strings.HasPrefix(x.operator, "ForAnyValue:") && strings.HasSuffix(x.operator, "IfExists") && x.absent
		})},
	{"list-of-one", "its data types say that the key has a list, for which a plain operator is no match; we see one value",
		onCondition(func(x condition) bool {
			return !strings.Contains(x.operator, ":") && len(x.present) == 1 && (x.key == "aws:TagKeys" || x.key == "aws:CalledVia")
		})},
	{"not-of-no-value", "a variable without a value matches nothing, so a negated operator holds (reference_policies_variables, \"key with no value\"); it answers no",
		func(c *Case, _, _ string) bool {
			return c.anyCondition(func(x condition) bool {
				return strings.Contains(x.base, "Not") && slices.ContainsFunc(x.wanted, func(s string) bool { return c.unset(s) })
			})
		}},
	{"default-without-blank", "blanks around the comma of a default may be left out; it needs one",
		func(c *Case, _, _ string) bool {
			return c.anyCondition(func(x condition) bool {
				return slices.ContainsFunc(x.wanted, func(s string) bool { return strings.Contains(s, ",'") })
			})
		}},
	{"escapes", "${*}, ${?} and ${$} are the characters in every value that may hold variables (reference_policies_variables); it leaves them as they are for operators without wildcards",
		onCondition(func(x condition) bool {
			return strings.HasPrefix(x.base, "String") && strings.Contains(x.base, "Equals") && slices.ContainsFunc(x.wanted, escape.MatchString)
		})},
	{"beyond-two-bytes", "? is one character; its regular expression counts an emoji as two",
		onCondition(func(x condition) bool {
			return anyPresent(x, func(s string) bool { return strings.ContainsRune(s, '😀') })
		})},

	// Versions, actions and resources.
	{"version-2008", "in a document of version 2008-10-17, or of none, ${…} is text (reference_policies_elements_version); it replaces variables in all",
		onStatement(func(d *Document, s *Statement) bool { return d.Version != "2012-10-17" && s.mentions("${") })},
	{"not-resource-of-no-value", "a variable without a value matches no resource (reference_policies_variables), so NotResource holds; it takes the statement for one that matches nothing",
		onStatementOf(func(c *Case, s *Statement) bool { return slices.ContainsFunc(s.NotResource, c.unset) })},
	{"star-over-colons", "a * at the end of a segment reaches beyond colons (reference_policies_elements_resource); it matches each segment alone",
		func(c *Case, _, _ string) bool {
			return c.anyResource(func(s string) bool {
				return starBeforeColon.MatchString(s) || strings.Count(s, ":") < 5 && strings.HasSuffix(s, "*")
			})
		}},
	{"short-arn", "an ARN of too few segments and no * matches nothing; it fills it up with *",
		func(c *Case, _, _ string) bool {
			return c.anyResource(func(s string) bool { return strings.Count(s, ":") < 5 && !strings.Contains(s, "*") })
		}},
	{"wildcard-in-type", "a wildcard in the part that names the kind of resource: the guide forbids it (reference-arns), IAM refuses to save it for its own; we match it as text, it matches nothing",
		func(c *Case, _, _ string) bool { return c.anyResource(wildcardInType) }},
	{"case-of-segments", "names of resources are case-sensitive as a whole; it ignores case in the segments before the last",
		func(c *Case, _, _ string) bool {
			return c.anyResource(func(s string) bool { return len(strings.Split(s, ":")) > 5 && head(s) != strings.ToLower(head(s)) })
		}},

	// Layers.
	{"exempt", "sts:GetSessionToken needs no permission (id_credentials_temp_control-access_getsessiontoken); it asks for one",
		func(c *Case, ours, _ string) bool {
			return strings.EqualFold(c.Request.Action, "sts:GetSessionToken") && ours == "Allow"
		}},
	{"root", "the root user needs no policy of its own in its account; to it root is a principal like others",
		func(c *Case, ours, theirs string) bool {
			return c.Request.Principal.Type == "Root" && ours == "Allow" && theirs == "ImplicitDeny"
		}},
	{"role-without-trust", "a role is entered only by its trust policy; without one it looks at the caller's policies alone",
		func(c *Case, ours, theirs string) bool {
			return c.entersRole() && c.Policies.Resource == nil && ours == "ImplicitDeny" && theirs == "Allow"
		}},
	{"key-without-policy", "a key of KMS is opened only by its policy, which every key has; asked without one, we take the question to be about the other policies",
		func(c *Case, ours, theirs string) bool {
			return strings.HasPrefix(c.Request.Action, "kms:") && c.Policies.Resource == nil && ours == "Allow" && theirs == "ImplicitDeny"
		}},
	{"service-linked", "no control policy binds service-linked roles; it knows no difference",
		func(c *Case, _, theirs string) bool {
			i := c.Request.Principal.Issuer
			return i != nil && strings.Contains(i.ARN, ":role/aws-service-role/") && theirs != "Allow" && (c.Policies.SCPs != nil || c.Policies.RCPs != nil)
		}},
	{"rcp-of-others", "resource control policies reach a list of services alone, and in STS what enters a role (orgs_manage_policies_rcps); it applies them to all",
		func(c *Case, _, theirs string) bool {
			return c.Policies.RCPs != nil && theirs == "ExplicitDeny" && !rcpServices.MatchString(c.Request.Action) && !c.entersRole()
		}},
	{"federated-without-session-policy", "a federated user without a session policy has nothing but what a resource policy gives (…_getfederationtoken); it has the user's policies",
		func(c *Case, ours, theirs string) bool {
			return c.Request.Principal.Type == "FederatedUser" && len(c.Policies.Session) == 0 && ours == "ImplicitDeny" && theirs == "Allow"
		}},
	{"issuer-of-federated", "a resource policy that names the user who called GetFederationToken names the federated user; it takes the federated user's own name for that user's",
		func(c *Case, _, _ string) bool {
			return c.Request.Principal.Type == "FederatedUser" && c.names(c.Request.Principal.Issuer.ARN)
		}},
	{"unique-id", "a principal may be a unique id; it knows ARNs only",
		func(c *Case, _, _ string) bool {
			p := c.Request.Principal
			return p.ID != "" && p.Type != "Root" && c.names(p.ID) || p.Issuer != nil && c.names(p.Issuer.ID)
		}},
	{"session-policy-of-direct-grant", "what a resource policy gives to a session itself, or to everybody, no session policy limits (reference_policies_evaluation-logic_policy-eval-denyallow); to it each limits",
		func(c *Case, ours, theirs string) bool {
			return len(c.Policies.Session) > 0 && ours == "Allow" && theirs == "ImplicitDeny" && c.Request.Resource.Account == c.Request.Principal.Account && (c.names(c.Request.Principal.ARN) || c.names("*"))
		}},
}

// onCondition is a class of one condition, whatever the answers.
func onCondition(f func(condition) bool) func(*Case, string, string) bool {
	return func(c *Case, _, _ string) bool { return c.anyCondition(f) }
}

func onStatement(f func(*Document, *Statement) bool) func(*Case, string, string) bool {
	return func(c *Case, _, _ string) bool { return c.anyStatement(f) }
}

func onStatementOf(f func(*Case, *Statement) bool) func(*Case, string, string) bool {
	return func(c *Case, _, _ string) bool {
		return c.anyStatement(func(_ *Document, s *Statement) bool { return f(c, s) })
	}
}

var (
	w3cDate         = regexp.MustCompile(`^\d{4}(-\d\d(-\d\d(T\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:?\d\d)?)?)?)?$`)
	decimal         = regexp.MustCompile(`^[+-]?\d+(\.\d+)?$`)
	starBeforeColon = regexp.MustCompile(`^arn:.*\*:`)
	escape          = regexp.MustCompile(`\$\{[*?$]\}`)
	rcpServices     = regexp.MustCompile(`^(?i:s3|kms|sqs|secretsmanager|ecr|aoss|cognito-idp|cognito-identity|logs|dynamodb):`)
	variable        = regexp.MustCompile(`\$\{([^,}]+)(,[^}]*)?\}`)
)

func isDate(x condition) bool { return strings.HasPrefix(x.base, "Date") }
func isIP(x condition) bool   { return strings.HasSuffix(x.base, "IpAddress") }

func anyValue(x condition, f func(string) bool) bool {
	return slices.ContainsFunc(x.wanted, f) || slices.ContainsFunc(x.present, f)
}

func anyPresent(x condition, f func(string) bool) bool { return slices.ContainsFunc(x.present, f) }

func allDigits(s string) bool { return s != "" && strings.Trim(s, "0123456789") == "" }

func leadingDigits(s string) bool {
	return s != "" && strings.ContainsRune("0123456789", rune(strings.TrimLeft(s, "+-")[0]))
}

// wrongType tells of a value that the family of the operator does not read.
func wrongType(x condition) func(string) bool {
	return func(s string) bool {
		switch {
		case isDate(x):
			return !w3cDate.MatchString(s) && !allDigits(s)
		case isIP(x):
			_, err := netip.ParsePrefix(s)
			_, bad := netip.ParseAddr(s)
			return err != nil && bad != nil
		}
		_, err := strconv.ParseFloat(s, 64)
		return err != nil
	}
}

func is4(s string) bool {
	a, err := netip.ParseAddr(s)
	return err == nil && a.Is4()
}

// unset tells of a variable in s that has no value and no default.
func (c *Case) unset(s string) bool {
	for _, m := range variable.FindAllStringSubmatch(s, -1) {
		if m[2] != "" || strings.Contains("*?$", m[1]) {
			continue
		}
		found := false
		for k, v := range c.Request.Context {
			found = found || strings.EqualFold(k, m[1]) && len(v) == 1
		}
		if !found {
			return true
		}
	}
	return false
}

// mentions tells whether a resource or condition value of the statement holds sub.
func (s *Statement) mentions(sub string) bool {
	has := func(v string) bool { return strings.Contains(v, sub) }
	if slices.ContainsFunc(s.Resource, has) || slices.ContainsFunc(s.NotResource, has) {
		return true
	}
	for _, keys := range s.Condition {
		for _, v := range keys {
			if slices.ContainsFunc(v, has) {
				return true
			}
		}
	}
	return false
}

// anyResource tells whether f holds for an ARN of Resource or NotResource.
func (c *Case) anyResource(f func(string) bool) bool {
	isARN := func(s string) bool { return s != "*" && f(s) }
	return c.anyStatement(func(_ *Document, s *Statement) bool {
		return slices.ContainsFunc(s.Resource, isARN) || slices.ContainsFunc(s.NotResource, isARN)
	})
}

// head is an ARN but for its last segment.
func head(s string) string { return strings.Join(strings.SplitN(s, ":", 6)[:5], ":") }

// wildcardInType tells of a wildcard before the first separator of the last segment.
func wildcardInType(s string) bool {
	parts := strings.SplitN(s, ":", 6)
	if len(parts) < 6 || parts[2] == "s3" {
		return false
	}
	i := strings.IndexAny(parts[5], "/:")
	return i >= 0 && strings.ContainsAny(parts[5][:i], "*?$")
}

func (c *Case) entersRole() bool {
	return slices.Contains([]string{"sts:AssumeRole", "sts:TagSession", "sts:SetSourceIdentity"}, c.Request.Action)
}

// names tells whether the resource policy has the value as a principal.
func (c *Case) names(value string) bool {
	if c.Policies.Resource == nil {
		return false
	}
	for _, s := range c.Policies.Resource.Statement {
		if slices.Contains(s.Principal["AWS"], value) || slices.Contains(s.NotPrincipal["AWS"], value) {
			return true
		}
	}
	return false
}
