package policy

import (
	"reflect"
	"slices"
	"strings"
	"testing"
)

// same compares a tree with the reader's own, and that each value stands where
// the tree says.
func same(t *testing.T, text string, n *Node, want *node) {
	t.Helper()
	if int(n.Kind) != int(want.kind) || n.Text != want.text || n.Start != want.start || n.End != want.end ||
		len(n.Items) != len(want.items) || len(n.Members) != len(want.members) {
		t.Fatalf("%s: %+v is not %+v", text, n, want)
	}
	for i := range n.Items {
		same(t, text, &n.Items[i], &want.items[i])
	}
	for i := range n.Members {
		m, w := &n.Members[i], &want.members[i]
		if m.Name != w.name || text[m.Start] != '"' || text[m.End-1] != '"' || m.Start != w.start {
			t.Fatalf("%s: member %+v is not %+v", text, m, w)
		}
		same(t, text, &m.Value, &w.value)
	}
}

func TestReadNode(t *testing.T) {
	text := `{"Version": "2012-10-17", "a\u0062": [1.5e3, true, null, {}], "é": {"x": "y"}}`
	n, err := ReadNode(text)
	if err != nil {
		t.Fatal(err)
	}
	want, _ := readJSON(text)
	same(t, text, n, &want)
	if n.Kind != ObjectNode || n.Members[1].Name != "ab" || n.Members[1].Value.Items[0].Text != "1.5e3" || n.Members[1].Value.Items[3].Kind.String() != "an object" {
		t.Errorf("%+v", n)
	}
	for text, column := range map[string]int{`{"a": 1, "A": 2}`: 10, `{"é": x}`: 7, `{} {}`: 4, ``: 1} {
		_, err := ReadNode(text)
		var e *SyntaxError
		if !asSyntaxError(err, &e) || e.Line != 1 || e.Column != column || e.Detail == "" {
			t.Errorf("%s: %v", text, err)
		}
	}
	if line, column := Locate("a\néb", 4); line != 2 || column != 2 {
		t.Errorf("line %d, column %d", line, column)
	}
}

func asSyntaxError(err error, to **SyntaxError) bool {
	e, ok := err.(*SyntaxError)
	*to = e
	return ok
}

func TestReadOperator(t *testing.T) {
	for name, want := range map[string]Operator{
		"StringEquals":                          {Name: "StringEquals", Family: "String"},
		"ForAllValues:StringNotLikeIfExists":    {Name: "StringNotLike", Family: "String", Set: "ForAllValues", Negated: true, IfExists: true},
		"ForAnyValue:NumericLessThanEquals":     {Name: "NumericLessThanEquals", Family: "Numeric", Set: "ForAnyValue"},
		"NotIpAddress":                          {Name: "NotIpAddress", Family: "IPAddress", Negated: true},
		"ArnLikeIfExists":                       {Name: "ArnLike", Family: "ARN", IfExists: true},
		"Null":                                  {Name: "Null", Family: "Null"},
		"Bool":                                  {Name: "Bool", Family: "Bool"},
		"BinaryEquals":                          {Name: "BinaryEquals", Family: "Binary"},
		"DateGreaterThan":                       {Name: "DateGreaterThan", Family: "Date"},
		"NullIfExists":                          {},
		"stringequals":                          {},
		"":                                      {},
		"ForAllValues:ForAnyValue:StringEquals": {},
	} {
		got, ok := ReadOperator(name)
		if ok != (want.Name != "") {
			t.Errorf("%s: %v", name, ok)
		}
		got.op = nil
		if !reflect.DeepEqual(got, want) {
			t.Errorf("%s: %+v", name, got)
		}
	}
	for _, name := range Operators() {
		o, ok := ReadOperator(name)
		if !ok || o.Name != name || o.Wild() != (strings.HasSuffix(name, "Like") || o.Family == "ARN") {
			t.Errorf("%s: %+v", name, o)
		}
	}
	for name, values := range map[string][2][]string{
		"StringLike":    {{"", "*", "x"}, nil},
		"NumericEquals": {{"1", "-1.50"}, {"", "1e3", "x"}},
		"DateLessThan":  {{"2026", "2026-01-02T03:04:05Z", "1700000000"}, {"soon", "", "2026-13"}},
		"Bool":          {{"true", "FALSE"}, {"", "yes", "1"}},
		"Null":          {{"true", "false"}, {"x"}},
		"BinaryEquals":  {{"QQ==", "QUJD"}, {"!"}},
		"NotIpAddress":  {{"10.0.0.1", "10.0.0.0/8", "2001:db8::/32"}, {"10.0.0.0/33", "10.0.0", "*"}},
		"ArnEquals":     {{"arn:*:*:*:*:*", "arn:aws:iam::${aws:PrincipalAccount}:role/x"}, {"*", "arn:aws:iam::1"}},
	} {
		o, _ := ReadOperator(name)
		for i, list := range values {
			for _, v := range list {
				if o.Valid(v) != (i == 0) {
					t.Errorf("%s of %q: %v", name, v, i != 0)
				}
			}
		}
	}
	if (Operator{}).Valid("x") || (Operator{}).Wild() {
		t.Error("no operator takes values")
	}
}

func TestMatchAction(t *testing.T) {
	for _, c := range []struct {
		pattern, action string
		want            bool
	}{
		{"*", "s3:GetObject", true}, {"S3:get*", "s3:GetObject", true}, {"*:GetObject", "s3:getobject", true}, {"s3:GetObject", "s3:GetObjectAcl", false},
		{"s?:GetObject", "s3:GetObject", false}, {"GetObject", "s3:GetObject", false}, {"", "", false},
	} {
		if got := MatchAction(c.pattern, c.action); got != c.want {
			t.Errorf("%s, %s: %v", c.pattern, c.action, got)
		}
	}
}

func TestVariableKeys(t *testing.T) {
	for value, want := range map[string][]string{
		"arn:aws:s3:::b/${aws:UserName}/${*}${ aws:PrincipalTag/Team , 'none}' }": {"aws:username", "aws:principaltag/team"},
		"${$}{aws:username}": nil, "${aws:username": nil, "": nil, "${}": {""},
	} {
		if got := VariableKeys(value); !slices.Equal(got, want) {
			t.Errorf("%s: %q", value, got)
		}
	}
}
