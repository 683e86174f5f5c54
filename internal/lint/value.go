package lint

import (
	"strconv"
	"strings"

	"github.com/deputy-sts/deputy/policy"
)

func count(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return strconv.Itoa(n) + " " + what + "s"
}

// checkValues looks at the values of conditions by themselves.
func (d *document) checkValues(s *statement) {
	if s.condition != nil && s.condition.Kind == policy.ObjectNode {
		if len(s.conditions) == 0 && !d.within(s.condition, Error) {
			d.report("empty-condition", of(s.condition), "the condition says nothing", "remove it")
		}
	}
	for i := range s.conditions {
		c := &s.conditions[i]
		for _, v := range c.values {
			if v.Kind == policy.ObjectNode || v.Kind == policy.ArrayNode || v.Kind == policy.NullNode {
				continue // the parser refuses it
			}
			d.checkValue(c, v)
		}
		d.checkAlways(s, c)
	}
}

func (d *document) checkValue(c *condition, v *policy.Node) {
	switch {
	case !c.op.Valid(v.Text):
		d.report("invalid-value", of(v), quote(v.Text)+" is none of the values of "+c.opName, valueForms[c.op.Family])
	case c.op.Family == "String" && !c.op.Wild() && strings.ContainsAny(strings.ReplaceAll(strings.ReplaceAll(v.Text, "${*}", ""), "${?}", ""), "*?"):
		d.report("literal-wildcard", of(v), c.opName+" takes the * and ? in "+quote(v.Text)+" as characters", "StringLike and StringNotLike have wildcards")
	case c.op.Family == "IPAddress" && strings.HasSuffix(v.Text, "/0"):
		d.report("always-true", of(v), quote(v.Text)+" is every address of its kind", "")
	}
}

var valueForms = map[string]string{
	"Numeric":   "it takes numbers like 10 or 2.5",
	"Date":      "it takes dates like 2026-01-31T00:00:00Z",
	"Bool":      "it takes true and false",
	"Null":      "it takes true (the key is absent) and false (it is there)",
	"Binary":    "it takes base64",
	"IPAddress": "it takes addresses and networks like 192.0.2.0/24 or 2001:db8::/32",
	"ARN":       "it takes ARNs: arn:partition:service:region:account:resource",
}

// checkAlways reports conditions that every request meets, or every one without
// the key.
func (d *document) checkAlways(s *statement, c *condition) {
	if c.op.Family == "Null" || c.op.Family == "Bool" {
		yes, no := false, false
		for _, v := range c.values {
			yes = yes || strings.EqualFold(v.Text, "true")
			no = no || strings.EqualFold(v.Text, "false")
		}
		if yes && no && (c.op.Family == "Null" || c.op.IfExists) {
			d.report("always-true", c.at, c.opName+" of true and false holds for every request", "keep one of them")
		}
		return
	}
	if c.op.Negated && len(c.values) == 0 {
		d.report("always-true", c.at, c.opName+" of no value holds for every request", "")
	}
	if c.op.Set == "ForAllValues" && !s.deny && !s.present(c.key) {
		d.report("forall-without-null", c.at, c.opName+" also allows requests without "+quote(c.key), `add "Null": {`+strconv.Quote(c.key)+`: "false"}, if the key must be there`)
	}
}

// present tells whether the statement asks for the key to be there.
func (s *statement) present(key string) bool {
	for i := range s.conditions {
		c := &s.conditions[i]
		if !strings.EqualFold(c.key, key) || c.op.IfExists || c.op.Set == "ForAllValues" {
			continue
		}
		if c.op.Family == "Null" {
			if len(c.values) == 1 && strings.EqualFold(c.values[0].Text, "false") {
				return true
			}
			continue
		}
		if !c.op.Negated || c.op.Set == "ForAnyValue" {
			return true
		}
	}
	return false
}

// within tells whether a finding of the severity begins inside the value.
func (d *document) within(n *policy.Node, severity Severity) bool {
	for _, f := range d.findings {
		if f.Severity == severity && n.Start <= f.Start && f.Start < n.End {
			return true
		}
	}
	return false
}
