package lint

import (
	"maps"
	"slices"
	"strings"

	"github.com/deputy-sts/deputy/internal/awsdata"
	"github.com/deputy-sts/deputy/policy"
)

// findKey looks a condition key up: among the global ones, those of the service
// it is named after, those of the services that the statement is about, and at
// last those of all services. Claims of issuers of web identity tokens can have
// any name.
func (d *document) findKey(name string, ts []target) (k awsdata.ConditionKey, ok bool) {
	prefix, _, colon := strings.Cut(name, ":")
	if strings.EqualFold(prefix, "aws") || !colon {
		return awsdata.GlobalKey(name)
	}
	if s, known := awsdata.ServiceOf(prefix); known {
		if k, ok := s.Key(name); ok {
			return k, true
		}
	}
	for _, t := range ts {
		if k, ok := t.service.Key(name); ok {
			return k, true
		}
	}
	if s, known := awsdata.ServiceOf("sts"); known {
		if k, ok := s.Key(name); ok {
			return k, true
		}
	}
	if issuerClaim(name) {
		return awsdata.ConditionKey{Name: name, Type: "String"}, true
	}
	if d.nowhere[strings.ToLower(name)] {
		return k, false
	}
	for _, p := range awsdata.Services() {
		s, _ := awsdata.ServiceOf(p)
		if k, ok := s.Key(name); ok {
			return k, true
		}
	}
	if d.nowhere == nil {
		d.nowhere = map[string]bool{}
	}
	d.nowhere[strings.ToLower(name)] = true
	return k, false
}

// issuerClaim tells whether a key has the form host[/path]:claim.
func issuerClaim(name string) bool {
	host, claim, _ := strings.Cut(name, ":")
	host, _, _ = strings.Cut(host, "/")
	return strings.Contains(host, ".") && claim != ""
}

// nearKey suggests a key of the same prefix.
func nearKey(name string) string {
	prefix, _, colon := strings.Cut(name, ":")
	var names []string
	if s, ok := awsdata.ServiceOf(prefix); ok {
		names = slices.Collect(maps.Keys(s.Keys))
	}
	if !colon {
		name, prefix = "aws:"+name, "aws"
	}
	if strings.EqualFold(prefix, "aws") {
		names = awsdata.GlobalKeys()
	}
	_, tag, tagged := strings.Cut(name, "/")
	for i, n := range names {
		names[i], _, _ = strings.Cut(n, "/${")
	}
	bare, _, _ := strings.Cut(name, "/")
	near := nearest(bare, names)
	if near == "" {
		return ""
	}
	if tagged {
		near += "/" + tag
	}
	return "did you mean " + near + "?"
}

// checkKeys looks whether there are the keys that conditions ask for, whether the
// actions have them, and whether the operator suits their type.
func (d *document) checkKeys(s *statement) {
	ts, all := d.targets(s)
	for i := range s.conditions {
		c := &s.conditions[i]
		if d.full() {
			return
		}
		k, ok := d.findKey(c.key, ts)
		if !ok {
			d.report("unknown-key", c.at, "no request has a condition key "+quote(c.key), nearKey(c.key))
			continue
		}
		d.checkOperator(c, k)
		if all && dependsOnAction(k.Name) {
			d.checkOwner(s, c, ts)
		}
	}
}

// dependsOnAction tells whether some actions have the key and some not.
func dependsOnAction(key string) bool {
	switch {
	case strings.HasPrefix(key, "aws:RequestTag/"), strings.HasPrefix(key, "aws:ResourceTag/"), key == "aws:TagKeys":
		return true
	}
	return !strings.HasPrefix(key, "aws:") && !issuerClaim(key)
}

// checkOwner reports a key that requests of the actions lack. A condition on it is
// then never met, or always: that takes an Allow from the actions, and from a Deny
// what it should be limited to.
func (d *document) checkOwner(s *statement, c *condition, ts []target) {
	var without []string
	for _, t := range ts {
		if !t.service.HasKey(t.action, c.key) {
			without = append(without, t.name())
		}
	}
	slices.Sort(without)
	switch {
	case len(without) == 0:
		return
	case len(without) == len(ts):
		d.report("key-not-of-action", c.at, "requests of "+some(without)+" have no condition key "+quote(c.key), "")
	case !s.deny && !c.op.Negated && !c.op.IfExists && c.op.Set != "ForAllValues" && c.op.Family != "Null" && d.kind != policy.Trust && s.plain():
		d.report("key-not-of-action", c.at, "requests of "+some(without)+" have no condition key "+quote(c.key)+" and are never allowed here", "give them a statement of their own")
	}
}

// plain tells whether the statement names its actions without wildcards.
func (s *statement) plain() bool {
	return !slices.ContainsFunc(s.actions, func(n *policy.Node) bool { return strings.ContainsAny(n.Text, "*?") })
}

// some lists a few names.
func some(names []string) string {
	if len(names) > 3 {
		return strings.Join(names[:3], ", ") + " and " + count(len(names)-3, "other")
	}
	return strings.Join(names, ", ")
}

// checkOperator compares the operator with the type of the key.
func (d *document) checkOperator(c *condition, k awsdata.ConditionKey) {
	typ := strings.TrimPrefix(k.Type, "ArrayOf")
	family := c.op.Family
	switch {
	case family == "Null":
		return
	case family == "Binary" || family == typ || typ == "Date" && family == "Numeric":
	case typ == "String" && family == "ARN": // some texts are ARNs; if the values are none, invalid-value says so
	case family == "String" && typ == "ARN":
	case family == "String":
		d.report("string-operator", c.at, quote(c.key)+" is "+article(typ)+", which "+c.opName+" compares as text", "there are operators for it: "+operatorsFor(typ))
	default:
		d.report("operator-type", c.at, quote(c.key)+" is "+article(typ)+", and "+c.opName+" compares "+compared[family], "use "+operatorsFor(typ))
	}
	if k.Multivalued() && c.op.Set == "" {
		d.report("multivalued-key", c.at, quote(c.key)+" can have several values, and "+c.opName+" holds for one at most", "use ForAnyValue:"+c.opName+" or ForAllValues:"+c.opName)
	}
}

var compared = map[string]string{"Numeric": "numbers", "Date": "dates", "Bool": "true and false", "IPAddress": "IP addresses", "ARN": "ARNs"}

func article(typ string) string {
	return map[string]string{"String": "a text", "Numeric": "a number", "Date": "a date", "Bool": "true or false", "IPAddress": "an IP address", "ARN": "an ARN"}[typ]
}

func operatorsFor(typ string) string {
	return map[string]string{"String": "StringEquals or StringLike", "Numeric": "NumericEquals, NumericLessThan, …", "Date": "DateLessThan, DateGreaterThan, …",
		"Bool": "Bool", "IPAddress": "IpAddress or NotIpAddress", "ARN": "ArnLike or ArnNotLike"}[typ]
}
