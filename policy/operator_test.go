package policy

import (
	"encoding/json"
	"fmt"
	"slices"
	"testing"
)

// sample is an operator with values of a policy, and values of a request that
// the positive operator matches and does not match.
type sample struct {
	op                    string
	negated               bool
	policy, match, differ []string
}

// samples has every operator of the table but Null.
var samples = func() (out []sample) {
	add := func(positive, negative string, policy, match, differ []string) {
		out = append(out, sample{positive, false, policy, match, differ})
		if negative != "" {
			out = append(out, sample{negative, true, policy, match, differ})
		}
	}
	l := func(s ...string) []string { return s }
	add("StringEquals", "StringNotEquals", l("red", "b*"), l("red", "b*"), l("Red", "blue"))
	add("StringEqualsIgnoreCase", "StringNotEqualsIgnoreCase", l("red", "Blue"), l("RED", "bLUE"), l("reds", ""))
	add("StringLike", "StringNotLike", l("re?", "b*:/"), l("red", "bl/u:e:/"), l("reed", "B:/"))
	add("NumericEquals", "NumericNotEquals", l("10", "20.50"), l("10.0", "020.5"), l("11", "ten"))
	add("NumericLessThan", "", l("10", "-3.5"), l("9.99", "-100"), l("10", "10.01"))
	add("NumericLessThanEquals", "", l("10"), l("10", "-0"), l("10.0001", "1e1"))
	add("NumericGreaterThan", "", l("9"), l("10", "9.5"), l("9", "8"))
	add("NumericGreaterThanEquals", "", l("9"), l("9", "123456789012345678901234567890"), l("8.9", ""))
	add("DateEquals", "DateNotEquals", l("2031-04-01T12:00:00Z"), l("2031-04-01T14:00:00+02:00", "1932811200"), l("2031-04-01T12:00:00.5Z", "soon"))
	add("DateLessThan", "", l("2031-04"), l("2031-03-31T23:59:59.999Z", "2030"), l("2031-04-01", "2031-04-01T00:00:00Z"))
	add("DateLessThanEquals", "", l("2031-04-01"), l("2031-04-01T00:00:00Z", "0"), l("2031-04-01T00:00:01Z", "2031-13-01"))
	add("DateGreaterThan", "", l("2031"), l("2031-01-01T00:00:01Z", "2031-02"), l("2031-01-01", "2030-12-31"))
	add("DateGreaterThanEquals", "", l("2031-01-01T00:00Z"), l("2031-01-01T01:00+01:00", "2031-01-01"), l("2030-12-31T23:59:59Z", "x"))
	add("Bool", "", l("true"), l("true", "TRUE"), l("false", "yes"))
	add("BinaryEquals", "", l("QmluYXJ5VmFsdWU="), l("QmluYXJ5VmFsdWU=", "QmluYXJ5VmFsdWU="), l("qmluYXJ5VmFsdWU=", ""))
	add("IpAddress", "NotIpAddress", l("10.0.0.0/8", "2001:db8::/32"), l("10.255.0.1", "2001:DB8::1"), l("11.0.0.1", "::ffff:10.0.0.1"))
	for _, name := range []string{"Equals", "Like"} {
		add("Arn"+name, "ArnNot"+name, l("arn:aws:sns:*:111122223333:al*", "arn:aws:sqs:::q:?"),
			l("arn:aws:sns:us-west-2:111122223333:alerts:x", "arn:aws:sqs:::q:1"),
			l("arn:aws:sns:us-west-2:111122223333:Alerts", "arn:aws:sns:a:b:111122223333:al"))
	}
	return out
}()

// conditionPolicy is a statement that hangs on one condition.
func conditionPolicy(t testing.TB, effect, op string, values []string) *Policy {
	v, err := json.Marshal(values)
	if err != nil {
		t.Fatal(err)
	}
	return mustParse(t, fmt.Sprintf(`{"Version":"2012-10-17","Statement":{"Effect":%q,"Action":"*","Resource":"*","Condition":{%q:{"k:K":%s}}}}`, effect, op, v), Any)
}

// expected is the model: what the operator gives, written from its definition.
func (s sample) expected(set string, ifExists bool, request []string) bool {
	holds := func(v string) bool { return slices.Contains(s.match, v) != s.negated }
	differs := func(v string) bool { return !holds(v) }
	if len(request) == 0 {
		switch {
		case ifExists && request == nil || set == "ForAllValues:":
			return true
		case set == "ForAnyValue:":
			return false
		}
		return s.negated
	}
	switch set {
	case "ForAllValues:":
		return !slices.ContainsFunc(request, differs)
	case "ForAnyValue:":
		return slices.ContainsFunc(request, holds)
	}
	return len(request) == 1 && holds(request[0])
}

// requests are absent (nil), an empty set, one value, and several of which none,
// one or all match.
func (s sample) requests() [][]string {
	m, d := s.match, s.differ
	return [][]string{nil, {}, {m[0]}, {m[1]}, {d[0]}, {m[0], d[0]}, {d[0], m[1]}, {m[0], m[1]}, {d[0], d[0]}}
}

func TestSec_B09_OperatorTruthTable(t *testing.T) {
	rows := 0
	for _, s := range samples {
		for _, set := range []string{"", "ForAllValues:", "ForAnyValue:"} {
			for _, suffix := range []string{"", "IfExists"} {
				op := set + s.op + suffix
				allow, deny := conditionPolicy(t, "Allow", op, s.policy), conditionPolicy(t, "Deny", op, s.policy)
				for _, request := range s.requests() {
					rows++
					want := s.expected(set, suffix != "", request)
					ctx := Map{}
					if request != nil {
						ctx["k:k"] = request
					}
					checkCondition(t, op, allow, deny, ctx, want)
				}
			}
		}
	}
	if rows < 1100 {
		t.Errorf("only %d rows", rows)
	}
	if want := len(operators) - 1; len(samples) != want {
		t.Errorf("%d operators have samples, want %d", len(samples), want)
	}
}

func checkCondition(t *testing.T, op string, allow, deny *Policy, ctx Map, want bool) {
	t.Helper()
	r := &Request{Principal: &Principal{Type: User, Account: "111122223333"}, Action: "s3:GetObject", Resource: "*", Context: ctx}
	got := (&Set{Identity: []*Policy{allow}}).Evaluate(r, nil).Decision
	if want != (got == Allow) {
		t.Errorf("%s on %v: Allow gives %v", op, ctx, got)
	}
	got = (&Set{Identity: []*Policy{deny}}).Evaluate(r, nil).Decision
	if want != (got == ExplicitDeny) {
		t.Errorf("%s on %v: Deny gives %v", op, ctx, got)
	}
}

func TestNull(t *testing.T) {
	for _, c := range []struct {
		values  []string
		request []string
		want    bool
	}{
		{[]string{"true"}, nil, true}, {[]string{"true"}, []string{}, true}, {[]string{"true"}, []string{""}, true},
		{[]string{"true"}, []string{"x"}, false}, {[]string{"true"}, []string{"", "x"}, false},
		{[]string{"false"}, nil, false}, {[]string{"false"}, []string{"x", "y"}, true}, {[]string{"FALSE"}, []string{"x"}, true},
		{[]string{"true", "false"}, nil, true}, {[]string{"maybe"}, nil, false}, {[]string{"maybe"}, []string{"x"}, false},
	} {
		ctx := Map{}
		if c.request != nil {
			ctx["k:k"] = c.request
		}
		checkCondition(t, "Null", conditionPolicy(t, "Allow", "Null", c.values), conditionPolicy(t, "Deny", "Null", c.values), ctx, c.want)
	}
	if _, err := Parse(`{"Statement":{"Effect":"Allow","Action":"*","Resource":"*","Condition":{"NullIfExists":{"k":"true"}}}}`, Any); err == nil {
		t.Error("NullIfExists exists")
	}
}

// A set of empty strings is a null data set to ForAllValues, not to ForAnyValue.
func TestEmptyStrings(t *testing.T) {
	for op, want := range map[string]bool{"ForAllValues:StringEquals": true, "ForAnyValue:StringEquals": false, "StringEquals": false,
		"ForAllValues:StringNotEquals": true, "StringNotEquals": true} {
		l := []string{"red"}
		checkCondition(t, op, conditionPolicy(t, "Allow", op, l), conditionPolicy(t, "Deny", op, l), Map{"k:k": {""}}, want)
	}
}

func TestWrongTypes(t *testing.T) {
	for _, c := range []struct {
		op, policy, request string
		want                bool
	}{
		{"NumericEquals", "ten", "10", false}, {"NumericNotEquals", "ten", "10", true}, {"NumericEquals", "1*", "10", false},
		{"NumericEquals", "", "", false}, {"NumericEquals", ".", ".", false}, {"NumericEquals", "-0", "0", true},
		{"NumericEquals", "0x10", "16", false}, {"NumericEquals", " 10", "10", false},
		{"DateLessThan", "tomorrow", "2031-01-01", false}, {"DateNotEquals", "tomorrow", "2031-01-01", true},
		{"DateEquals", "2031-02-29", "2031-03-01", false}, {"DateEquals", "2031-1-1", "2031-01-01", true}, {"DateEquals", "2031-01-01", "2031-1-1", false},
		{"DateEquals", "2031-01-01T00:00", "2031-01-01", true}, {"DateEquals", "2031T00:00Z", "2031", true}, {"DateEquals", "2031", "2031T00:00Z", false},
		{"DateEquals", "2031-01-01T00:00:00.Z", "2031-01-01", false}, {"DateEquals", "2031-01-01T00:00:00z", "2031-01-01", true}, {"DateEquals", "2031-01-01", "2031-01-01T00:00:00z", false},
		{"DateEquals", "2031-01-01T00:00:00+0100", "2030-12-31T23:00:00Z", true}, {"DateEquals", "99999999999999999999", "1", false},
		{"Bool", "1", "1", false}, {"BinaryEquals", "not base64!", "not base64!", false}, {"BinaryEquals", "QQ==", "QQ", true},
		{"IpAddress", "10.0.0.0/33", "10.0.0.1", false}, {"IpAddress", "10.1.2.3", "10.1.2.3", true}, {"IpAddress", "10.1.2.3", "10.1.2.4", false},
		{"IpAddress", "10.1.2.3/8", "10.9.9.9", true}, {"IpAddress", "10.0.0.0/8", "10.0.0.0/16", true}, {"IpAddress", "10.0.0.0/8", "10.0.0.0/7", false},
		{"IpAddress", "fe80::1", "fe80::1%eth0", false}, {"IpAddress", "010.0.0.1", "10.0.0.1", false}, {"NotIpAddress", "10.0.0.0/8", "unknown", true},
		{"ArnLike", "*", "arn:aws:iam::111122223333:role/R", false}, {"ArnNotLike", "*", "arn:aws:iam::111122223333:role/R", true},
		{"ArnNotLike", "arn:aws:iam::111122223333:role/R", "R", false}, {"ArnNotEquals", "arn:aws:iam::111122223333:role/R", "", false},
	} {
		l := []string{c.policy}
		checkCondition(t, c.op+" "+c.policy, conditionPolicy(t, "Allow", c.op, l), conditionPolicy(t, "Deny", c.op, l), Map{"k:k": {c.request}}, c.want)
	}
}

func TestParseOperator(t *testing.T) {
	for _, s := range []string{"stringequals", "StringEqual", "ForAllValues:", "ForAllValues:ForAnyValue:StringEquals", "IfExists", "",
		"StringEqualsIfExistsIfExists", "forallvalues:StringEquals", "BinaryNotEquals", "ForSomeValues:StringEquals"} {
		if _, _, _, ok := parseOperator(s); ok {
			t.Errorf("%q is an operator", s)
		}
	}
}
