package policy

import "fmt"

// Parse reads a document, checks it as its kind demands, and compiles it. The
// error is a *SyntaxError; it is the first in the order in which AWS looks.
//
// Whether principals, actions and condition keys exist is not looked at.
func Parse(text string, kind Kind) (*Policy, error) {
	d := &document{text: text, kind: kind}
	if err := d.parse(); err != nil {
		return nil, err
	}
	return d.compile(), nil
}

// document is a policy between its JSON and its compiled form.
type document struct {
	text       string
	kind       Kind
	version    string // as written, "" if it is not
	root       node
	statements []source
}

// source is a statement whose elements have the right JSON types.
type source struct {
	node                      node
	sid, effect               *node
	principal, notPrincipal   *node
	action, notAction         *node
	resource, notResource     *node
	condition                 *node
	principals                []PrincipalRef
	actionValues, resourceVal []node
	conditions                []condition
}

// parse returns a plain error so that nil stays nil.
func (d *document) parse() error {
	if limit := d.kind.Limit(); limit > 0 && Size(d.text, d.kind) > limit {
		return d.tooLarge(limit)
	}
	root, f := readJSON(d.text)
	if f != nil {
		message := msgSyntax
		if d.kind == Session || d.kind == Trust {
			message = msgJSON
		}
		return d.fault(message, f.offset, "%s", f.detail)
	}
	d.root = root
	if err := d.readDocument(); err != nil {
		return err
	}
	return d.check()
}

func (d *document) tooLarge(limit int) *SyntaxError {
	quota := "PolicySize"
	if d.kind == Trust {
		quota = "ACLSizePerRole"
	}
	return &SyntaxError{Message: fmt.Sprintf("Cannot exceed quota for %s: %d", quota, limit), Line: 1, Column: 1, Limit: limit,
		Detail: fmt.Sprintf("the document has more than %d characters", limit)}
}

// fault makes the error. Organizations answers everything with one text.
func (d *document) fault(message string, offset int, format string, args ...any) *SyntaxError {
	if d.kind == SCP || d.kind == RCP {
		message = msgOrg
	}
	e := &SyntaxError{Message: message, Detail: fmt.Sprintf(format, args...), Offset: offset}
	e.Line, e.Column = locate(d.text, offset)
	return e
}

// syntax is a fault of structure.
func (d *document) syntax(n *node, format string, args ...any) *SyntaxError {
	return d.fault(msgSyntax, n.start, format, args...)
}

// compile makes the policy; it has been checked.
func (d *document) compile() *Policy {
	p := &Policy{text: d.text, version: d.version, statements: make([]statement, len(d.statements))}
	if p.version == "" {
		p.version = version2008
	}
	vars := p.version == version2012
	for i := range d.statements {
		src, st := &d.statements[i], &p.statements[i]
		src.compile(st, vars)
		st.principalsFrom = len(p.refs)
		p.refs = append(p.refs, src.principals...)
	}
	p.index = buildIndex(p.statements)
	return p
}

// compile fills st.
func (s *source) compile(st *statement, vars bool) {
	st.start, st.end = s.node.start, s.node.end
	st.deny = s.effect.text == "Deny"
	if s.sid != nil {
		st.sid = s.sid.text
	}
	st.notAction, st.notResource, st.notPrincipal = s.notAction != nil, s.notResource != nil, s.notPrincipal != nil
	st.hasResource = s.resource != nil || s.notResource != nil
	st.hasPrincipal = s.principal != nil || s.notPrincipal != nil
	for _, v := range s.actionValues {
		st.actions = append(st.actions, compileAction(v.text))
		st.actionTexts = append(st.actionTexts, v.text)
	}
	for _, v := range s.resourceVal {
		st.resources = append(st.resources, compileResource(v.text, vars))
		st.resourceTexts = append(st.resourceTexts, v.text)
	}
	st.common = commonLiteral(st.resources)
	for _, r := range s.principals {
		st.principals = append(st.principals, compilePrincipal(r.Type, r.Value))
	}
	st.conditions = s.conditions
	for i := range st.conditions {
		st.conditions[i].compile(vars)
	}
}

// compileResource reads a resource pattern: wildcards anywhere, over the whole
// string, but variables only behind the fifth colon.
func compileResource(s string, vars bool) pattern {
	head := s
	if c, ok := splitARN(s); ok {
		head = s[:len(s)-len(c[5])]
	}
	parts := tokenizer{wild: true}.tokens(head)
	tail := tokenizer{wild: true, vars: vars}.tokens(s[len(head):])
	if len(parts) > 0 && len(tail) > 0 && tail[0].variable == nil {
		parts[0].tokens += tail[0].tokens
		tail = tail[1:]
	}
	return compilePattern(append(parts, tail...))
}
