package lint

import (
	"errors"
	"slices"
	"strings"

	"github.com/deputy-sts/deputy/policy"
)

// maxText is the largest document, in bytes, that the rules look at. No kind of
// policy has more than 20,480 characters beside white space; what is larger is
// the parser's to refuse.
const maxText = 1 << 17

// Check looks at a document of a kind and returns what it finds, in the order of
// the text. Inline stands for all policies of identities, Any is taken for what
// Detect says. Trust policies are asked for an external ID where they let in an
// account that is none of own; without own, every account that is named as a
// whole.
func Check(text string, kind policy.Kind, own ...string) []Finding {
	if kind == policy.Any {
		kind = Detect(text)
	}
	d := &document{text: text, kind: kind, own: own}
	if len(text) > maxText {
		d.parse()
		if len(d.findings) == 0 {
			d.report("policy-size", span{}, "the document has more than "+count(maxText, "byte")+" and was looked at by the parser alone", "remove white space")
		}
		return d.sorted()
	}
	root, err := policy.ReadNode(text)
	if err != nil {
		d.syntax(err)
		return d.sorted()
	}
	d.root = root
	d.read()
	d.checkDocument()
	for i := range d.statements {
		d.checkStatement(&d.statements[i])
	}
	d.checkPairs()
	d.parse()
	return d.sorted()
}

// Detect guesses the kind of a document: a policy that names principals and enters
// roles is a trust policy, one that names them otherwise a resource's, all others
// are Inline.
func Detect(text string) policy.Kind {
	root, err := policy.ReadNode(text)
	if err != nil {
		return policy.Inline
	}
	d := &document{text: text, root: root}
	d.read()
	kind := policy.Inline
	for i := range d.statements {
		s := &d.statements[i]
		switch {
		case s.principal == nil:
		case s.resource == nil && slices.ContainsFunc(s.actions, func(n *policy.Node) bool { return entersRoles(n.Text) }):
			return policy.Trust
		default:
			kind = policy.Resource
		}
	}
	return kind
}

// checkStatement applies the rules that look at one statement.
func (d *document) checkStatement(s *statement) {
	d.checkActions(s)
	d.checkResources(s)
	d.checkFit(s)
	d.checkKeys(s)
	d.checkValues(s)
	d.checkImpossible(s)
	d.checkVariables(s)
	d.checkWidth(s)
	d.checkRedundantValues(s)
	if d.kind == policy.Trust {
		d.checkTrust(s)
	}
}

// parse reports why the parser refuses the document, unless a rule has said so.
func (d *document) parse() {
	if _, err := policy.Parse(d.text, d.kind); err != nil {
		d.syntax(err)
	}
}

func (d *document) syntax(err error) {
	var e *policy.SyntaxError
	if !errors.As(err, &e) {
		return
	}
	at := span{e.Offset, e.Offset}
	if d.root != nil {
		end, value := endOf(d.root, e.Offset)
		at.end = end
		if d.reported(e.Offset, Error) || value != nil && d.within(value, Error) {
			return
		}
	}
	message := e.Detail
	if !strings.HasPrefix(e.Message, "Syntax errors") && !strings.HasPrefix(e.Message, "This policy contains invalid Json") {
		message += "; AWS says: " + e.Message
	}
	d.report("syntax", at, message, "")
}

// endOf finds where the value or name that begins at the offset ends, and of a name
// the value.
func endOf(n *policy.Node, start int) (end int, value *policy.Node) {
	if n.Start == start {
		return n.End, nil
	}
	for i := range n.Items {
		if c := &n.Items[i]; c.Start <= start && start < c.End {
			return endOf(c, start)
		}
	}
	for i := range n.Members {
		switch m := &n.Members[i]; {
		case m.Start == start:
			return m.End, &m.Value
		case m.Value.Start <= start && start < m.Value.End:
			return endOf(&m.Value, start)
		}
	}
	return start, nil
}

// checkDocument applies the rules about the document as a whole.
func (d *document) checkDocument() {
	if d.version == nil && len(d.statements) > 0 {
		d.report("missing-version", span{d.root.Start, d.root.Start + 1}, "the policy has no Version, so its language is that of 2008-10-17",
			`add "Version": "2012-10-17"`)
	}
	if size := policy.Size(d.text, policy.Managed); d.kind == policy.Inline && size > policy.Managed.Limit() {
		d.report("policy-size", span{d.root.Start, d.root.Start + 1}, "the policy is too large for a managed policy, which has 6144 characters at most without white space",
			"split it over several policies")
	}
	sids := map[string]bool{}
	for i := range d.statements {
		sid := d.statements[i].sid
		if sid == nil || sid.Text == "" {
			continue
		}
		if sids[sid.Text] {
			d.report("duplicate-sid", of(sid), "another statement has the Sid "+quote(sid.Text), "give each statement a Sid of its own")
		}
		sids[sid.Text] = true
	}
}
