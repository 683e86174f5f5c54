package lint

import (
	"slices"
	"strconv"
	"strings"

	"github.com/deputy-sts/deputy/policy"
)

// maxPairs bounds the statements, and the values of a list, that are compared
// with each other.
const maxPairs = 300

// checkPairs looks for statements that other statements make useless.
func (d *document) checkPairs() {
	if len(d.statements) > maxPairs {
		return
	}
	for j := range d.statements {
		for i := range d.statements {
			if d.full() {
				return
			}
			if i != j && d.checkPair(&d.statements[i], &d.statements[j], i < j) {
				break
			}
		}
	}
}

// checkPair tells whether s is useless beside other, and reports it.
func (d *document) checkPair(other, s *statement, before bool) bool {
	where := d.where(other)
	switch {
	case other.deny == s.deny && d.equal(other, s):
		if before {
			d.report("duplicate-statement", s.at(), "the statement says what "+where+" says", "remove one of them")
		}
		return before
	case !coversStatement(other, s) || !before && other.deny == s.deny && coversStatement(s, other):
		return false
	case other.deny && !s.deny:
		d.report("unreachable-statement", s.at(), where+" denies all that the statement allows", "remove the statement, or limit the Deny")
	case other.deny == s.deny:
		d.report("redundant-statement", s.at(), where+" covers the whole statement", "remove it")
	default:
		return false
	}
	return true
}

// where names a statement for a message.
func (d *document) where(s *statement) string {
	line, column := policy.Locate(d.text, s.node.Start)
	name := "the statement "
	if s.sid != nil && s.sid.Text != "" {
		name += quote(s.sid.Text) + " "
	}
	return name + "in line " + strconv.Itoa(line) + ", column " + strconv.Itoa(column) + ","
}

// coversStatement tells whether an unconditional statement applies wherever s does.
func coversStatement(other, s *statement) bool {
	if !other.unconditional() || other.notAction || other.notResource || other.notPrincipal || s.notAction || s.notResource || s.notPrincipal ||
		len(s.actions) == 0 || (other.principal == nil) != (s.principal == nil) || (other.resource == nil) != (s.resource == nil) {
		return false
	}
	return all(s.actions, other.actions, coversAction) &&
		all(s.resources, other.resources, covers) && coversPrincipals(other, s)
}

// all tells whether each of the values is covered by one of the others.
func all(values, others []*policy.Node, covers func(b, a string) bool) bool {
	return !slices.ContainsFunc(values, func(v *policy.Node) bool {
		return !slices.ContainsFunc(others, func(o *policy.Node) bool { return covers(o.Text, v.Text) })
	})
}

// coversAction tells whether the action pattern b covers all that a covers.
func coversAction(b, a string) bool { return covers(strings.ToLower(b), strings.ToLower(a)) }

// coversPrincipals tells whether everybody whom s names is named by other in the
// same way.
func coversPrincipals(other, s *statement) bool {
	return !slices.ContainsFunc(s.principals, func(p principal) bool {
		return !slices.ContainsFunc(other.principals, func(o principal) bool {
			return o.typ == p.typ && o.value.Text == p.value.Text || o.typ == "AWS" && o.value.Text == "*" && other.deny
		})
	})
}

// equal tells whether two statements are the same but for Sid and the order of
// elements.
func (d *document) equal(a, b *statement) bool {
	return d.content(a) == d.content(b)
}

// content is a statement's text without Sid, in one form.
func (d *document) content(s *statement) string {
	if s.text == "" {
		n := *s.node
		n.Members = slices.DeleteFunc(slices.Clone(n.Members), func(m policy.Member) bool { return m.Name == "Sid" })
		var b strings.Builder
		write(&b, &n)
		s.text = b.String()
	}
	return s.text
}

// write puts out a value with the members of objects sorted and no space.
func write(b *strings.Builder, n *policy.Node) {
	switch n.Kind {
	case policy.ObjectNode:
		members := slices.Clone(n.Members)
		slices.SortFunc(members, func(x, y policy.Member) int { return strings.Compare(x.Name, y.Name) })
		b.WriteByte('{')
		for i := range members {
			b.WriteString(strconv.Quote(members[i].Name) + ":")
			write(b, &members[i].Value)
			b.WriteByte(',')
		}
		b.WriteByte('}')
	case policy.ArrayNode:
		b.WriteByte('[')
		for i := range n.Items {
			write(b, &n.Items[i])
			b.WriteByte(',')
		}
		b.WriteByte(']')
	case policy.StringNode:
		b.WriteString(strconv.Quote(n.Text))
	default:
		b.WriteString(n.Text)
	}
}

// checkRedundantValues looks for values that others of the list cover.
func (d *document) checkRedundantValues(s *statement) {
	d.redundant(s.actions, coversAction)
	d.redundant(s.resources, covers)
}

func (d *document) redundant(list []*policy.Node, covers func(b, a string) bool) {
	if len(list) > maxPairs {
		return
	}
	for i, v := range list {
		for j, o := range list {
			if i != j && covers(o.Text, v.Text) && (j < i || !covers(v.Text, o.Text)) {
				d.report("redundant-value", of(v), quote(o.Text)+" covers "+quote(v.Text), "remove it")
				break
			}
		}
	}
}
