package policy

// What tools that check, format or show policies need of the reader: the document
// as it is written. Decisions are made by Parse and Evaluate alone.

// NodeKind tells the JSON types apart.
type NodeKind uint8

const (
	NullNode NodeKind = iota
	BoolNode
	NumberNode
	StringNode
	ArrayNode
	ObjectNode
)

// String names the type with its article: "a string", "an object".
func (k NodeKind) String() string { return nodeKind(k % 6).String() }

// Node is a JSON value of a document.
type Node struct {
	Kind NodeKind
	// Text is a string decoded, or a number, boolean or null as it is written.
	Text string
	// Start and End are the offsets in bytes of the value, quotes and brackets
	// included.
	Start, End int
	Items      []Node   // of an array
	Members    []Member // of an object, in the order of the text
}

// Member is a name and its value in an object.
type Member struct {
	Name       string
	Start, End int // of the name, quotes included
	Value      Node
}

// ReadNode reads the JSON of a document as strictly as Parse does (names that
// occur twice, or differ by case alone, are refused), and looks no further: what
// it returns may be no policy. The error is a *SyntaxError.
func ReadNode(text string) (*Node, error) {
	root, f := readJSON(text)
	if f != nil {
		return nil, (&document{text: text}).fault(msgSyntax, f.offset, "%s", f.detail)
	}
	n := root.view()
	return &n, nil
}

func (n *node) view() Node {
	v := Node{Kind: NodeKind(n.kind), Text: n.text, Start: n.start, End: n.end}
	for i := range n.items {
		v.Items = append(v.Items, n.items[i].view())
	}
	for i := range n.members {
		m := &n.members[i]
		v.Members = append(v.Members, Member{m.name, m.start, m.end, m.value.view()})
	}
	return v
}

// Locate turns an offset in bytes into line and column, both from 1; columns
// count characters.
func Locate(text string, offset int) (line, column int) { return locate(text, max(offset, 0)) }

// Operator is a condition operator taken apart: of
// "ForAllValues:StringNotEqualsIfExists" it is {StringNotEquals, String,
// ForAllValues, true, true}.
type Operator struct {
	Name     string // without prefix and suffix
	Family   string // String, Numeric, Date, Bool, Binary, IPAddress, ARN or Null: what its values are
	Set      string // "ForAllValues", "ForAnyValue", or ""
	Negated  bool
	IfExists bool

	op *operator
}

// ReadOperator reads an operator; false if there is none of that name. Case counts.
func ReadOperator(name string) (Operator, bool) {
	op, set, ifExists, ok := parseOperator(name)
	if !ok {
		return Operator{}, false
	}
	return Operator{
		Name:     op.name,
		Family:   [...]string{"String", "Numeric", "Date", "Bool", "Binary", "IPAddress", "ARN", "Null"}[op.family],
		Set:      [...]string{"", "ForAllValues", "ForAnyValue"}[set],
		Negated:  op.negated,
		IfExists: ifExists,
		op:       op,
	}, true
}

// Operators lists the names of all operators, without prefixes and suffixes.
func Operators() []string {
	names := make([]string, len(operators))
	for i := range operators {
		names[i] = operators[i].name
	}
	return names
}

// Wild tells whether '*' and '?' are wildcards in the operator's values.
func (o Operator) Wild() bool { return o.op != nil && o.op.wild }

// Valid tells whether a value of a policy is one of the operator's family: a
// number, a date, a network. One that is not never matches.
func (o Operator) Valid(value string) (ok bool) {
	if o.op == nil {
		return false
	}
	switch o.op.family {
	case famNumeric:
		_, ok = parseNumber(value)
	case famDate:
		_, ok = parseWantedInstant(value)
	case famBool, famNull:
		_, ok = parseBool(value)
	case famBinary:
		_, ok = parseBinary(value)
	case famIP:
		_, ok = parseNet(value)
	case famARN:
		ok = compileARN(tokenizer{wild: true, vars: true}.tokens(value)).ok
	default:
		ok = true
	}
	return ok
}

// MatchAction tells whether a value of Action covers an action, "s3:GetObject";
// case does not count. A value that no action can match covers none.
func MatchAction(pattern, action string) bool {
	a := compileAction(pattern)
	return a.match(fold(action))
}

// VariableKeys lists the keys of the policy variables in a value, in lower case, as
// version 2012-10-17 of the language reads them. ${*}, ${?} and ${$} are none.
func VariableKeys(value string) (keys []string) {
	for _, p := range (tokenizer{vars: true}).tokens(value) {
		if p.variable != nil {
			keys = append(keys, p.variable.key)
		}
	}
	return keys
}
