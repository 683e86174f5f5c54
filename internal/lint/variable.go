package lint

import (
	"slices"
	"strings"

	"github.com/deputy-sts/deputy/policy"
)

// checkVariables looks at the policy variables in resources and in the values of
// string and ARN conditions.
func (d *document) checkVariables(s *statement) {
	if d.kind != policy.Trust {
		for _, n := range s.resources {
			d.checkVariable(s, n)
		}
	}
	for i := range s.conditions {
		if f := s.conditions[i].op.Family; f == "String" || f == "ARN" {
			for _, v := range s.conditions[i].values {
				d.checkVariable(s, v)
			}
		}
	}
}

func (d *document) checkVariable(s *statement, n *policy.Node) {
	at := strings.Index(n.Text, "${")
	if at < 0 || d.full() || n.Kind != policy.StringNode {
		return
	}
	if d.version == nil || d.version.Text != "2012-10-17" {
		d.report("variable-version", of(n), quote(n.Text)+" is plain text in this version of the language", `write "Version": "2012-10-17"`)
		return
	}
	if !strings.Contains(n.Text[at:], "}") {
		d.report("unknown-variable", of(n), "the variable in "+quote(n.Text)+" does not end", "write ${key}, or ${$}{ for the characters")
		return
	}
	ts, _ := d.targets(s)
	keys := policy.VariableKeys(n.Text)
	slices.Sort(keys)
	for _, key := range slices.Compact(keys) {
		k, ok := d.findKey(key, ts)
		switch {
		case !ok:
			d.report("unknown-variable", of(n), "no request has a value for ${"+key+"}", nearKey(key))
		case k.Multivalued():
			d.report("unknown-variable", of(n), "${"+key+"} can have several values, and then has none as a variable", "")
		}
	}
}
