package policy

// Policy is a parsed and compiled document. It does not change.
type Policy struct {
	text       string
	version    string
	refs       []PrincipalRef
	statements []statement
	index      index
}

// Text is the document as it was submitted, byte for byte.
func (p *Policy) Text() string { return p.text }

// Version is the version of the language: 2012-10-17, or 2008-10-17, which is
// also that of a document that names none.
func (p *Policy) Version() string { return p.version }

// PrincipalRef is one value in a Principal or NotPrincipal element.
type PrincipalRef struct {
	// Type is AWS, Service, Federated or CanonicalUser; for a bare "*" it is AWS.
	Type, Value string
	// Start and End are the offsets in bytes of the JSON string, quotes included,
	// in Text.
	Start, End int
}

// Principals lists the values of all Principal and NotPrincipal elements in the
// order of the text. The slice is the caller's.
func (p *Policy) Principals() []PrincipalRef { return append([]PrincipalRef(nil), p.refs...) }

// MapPrincipals gives a copy of p for which f has replaced the principals of
// type AWS, but not "*": a server resolves the ARN of a user or role to its unique id, so
// that a namesake made later does not match. f returns the value itself to keep
// it, and is given the submitted values also when p is such a copy. Text and Principals stay as they are.
func (p *Policy) MapPrincipals(f func(typ, value string) string) *Policy {
	q := *p
	q.statements = append([]statement(nil), p.statements...)
	for i := range q.statements {
		st := &q.statements[i]
		st.principals = append([]principal(nil), st.principals...)
		for j := range st.principals {
			if r := p.refs[st.principalsFrom+j]; r.Type == "AWS" && r.Value != "*" {
				st.principals[j] = compilePrincipal(r.Type, f(r.Type, r.Value))
			}
		}
	}
	return &q
}
