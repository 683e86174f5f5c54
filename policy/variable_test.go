package policy

import (
	"strings"
	"testing"
)

// variablePattern matches a context value against a pattern with StringLike.
func matches(t *testing.T, op, pattern, value string, ctx Map) bool {
	t.Helper()
	all := Map{"k:k": {value}}
	for k, v := range ctx {
		all[k] = v
	}
	r := &Request{Principal: &Principal{Type: User, Account: "111122223333"}, Action: "s3:GetObject", Resource: "*", Context: all}
	p := conditionPolicy(t, "Allow", op, []string{pattern})
	return (&Set{Identity: []*Policy{p}}).Evaluate(r, nil).Decision == Allow
}

func TestSec_B10_SubstitutionIsLiteral(t *testing.T) {
	for _, value := range []string{"*", "?", "a*b", "${aws:userid}", "${*}", "$", "{}", "a?", "a:b", "a/b", "", "é", "[a]", `\`, "\xef\xbb\xbf", "'", ","} {
		ctx := Map{"aws:username": {value}, "aws:userid": {"other"}}
		for _, op := range []string{"StringLike", "StringEquals", "StringEqualsIgnoreCase"} {
			if !matches(t, op, "${aws:username}", value, ctx) {
				t.Errorf("%s: the value %q does not match itself", op, value)
			}
			for _, other := range []string{value + "x", "x" + value, "axb", "ab", "other", "aXb"} {
				if other != value && matches(t, op, "${aws:username}", other, ctx) {
					t.Errorf("%s: the value %q matches %q", op, value, other)
				}
			}
		}
		arn := "arn:aws:s3:::home/" + value
		if !matches(t, "ArnLike", "arn:aws:s3:::home/${aws:username}", arn, ctx) || matches(t, "ArnLike", "arn:aws:s3:::home/${aws:username}", arn+"x", ctx) {
			t.Errorf("ArnLike: %q", value)
		}
	}
}

func TestVariables(t *testing.T) {
	ctx := Map{"aws:username": {"maren"}, "aws:multi": {"a", "b"}, "aws:none": {}, "aws:long": {strings.Repeat("x", 3000)}, "aws:bytes": {"\xff"}, "aws:colon": {"1:2"}}
	for _, c := range []struct {
		op, pattern, value string
		want               bool
	}{
		{"StringLike", "${AWS:UserName}/*", "maren/a", true},
		{"StringLike", "${ aws:username }/*", "maren/a", true},
		{"StringEquals", "x${aws:username}${aws:username}y", "xmarenmareny", true},
		{"StringEquals", "${aws:multi}", "a", false},
		{"StringEquals", "${aws:multi, 'a'}", "a", false},
		{"StringNotEquals", "${aws:multi}", "a", true},
		{"StringEquals", "${aws:missing}", "", false},
		{"StringEquals", "${aws:missing}", "${aws:missing}", false},
		{"StringNotEquals", "${aws:missing}", "${aws:missing}", true},
		{"StringLike", "*${aws:missing}*", "anything", false},
		{"StringEquals", "${aws:missing, 'team'}", "team", true},
		{"StringEquals", "${aws:missing,'team'}", "team", true},
		{"StringEquals", "${aws:missing ,  'a}b'}", "a}b", true},
		{"StringEquals", "${aws:missing, ''}", "", true},
		{"StringLike", "${aws:missing, '*'}", "x", false},
		{"StringLike", "${aws:missing, '*'}", "*", true},
		{"StringEquals", "${aws:none, 'team'}", "team", true},
		{"StringEquals", "${aws:username, 'team'}", "maren", true},
		{"StringEquals", "${aws:missing, team}", "team", false},
		{"StringEquals", "${aws:username", "${aws:username", true},
		{"StringEquals", "$aws:username", "$aws:username", true},
		{"StringEquals", "${$}{aws:username}", "${aws:username}", true},
		{"StringLike", "a${*}", "a*", true}, {"StringLike", "a${*}", "ab", false}, {"StringLike", "a${?}b", "a?b", true},
		{"StringEquals", "a${*}", "a*", true},
		{"StringEquals", "${aws:long}", strings.Repeat("x", 3000), true},
		{"StringLike", "${aws:bytes}", "anything", false},
		{"StringEqualsIgnoreCase", "TEAM-${aws:username}", "team-MAREN", true},
		{"StringEqualsIgnoreCase", "${aws:username}*", "maren!", false},
		{"ArnLike", "arn:aws:sns:*:${aws:username}:*", "arn:aws:sns:eu:maren:x", true},
		{"ArnLike", "arn:aws:sns:*:*:${aws:missing}-*", "arn:aws:sns:eu:1:x-y", false},
		{"ArnNotLike", "arn:aws:sns:*:*:${aws:missing}-*", "arn:aws:sns:eu:1:x-y", true},
		{"ArnLike", "arn:aws:sns:${aws:colon}:x", "arn:aws:sns:1:2:x", false},
		{"ArnLike", "arn:aws:sns:::${aws:colon}", "arn:aws:sns:::1:2", true},
		{"NumericEquals", "${aws:username}", "5", false},
	} {
		if got := matches(t, c.op, c.pattern, c.value, ctx); got != c.want {
			t.Errorf("%s %q on %q = %v", c.op, c.pattern, c.value, got)
		}
	}
}

// Variables in a resource stand behind the fifth colon, and in no other element.
func TestVariablePlaces(t *testing.T) {
	ctx := Map{"aws:username": {"maren"}, "k:act": {"s3:GetObject"}}
	for _, c := range []struct {
		version, action, resource, asked string
		want                             bool
	}{
		{version2012, "s3:*", "arn:aws:s3:::${aws:username}", "arn:aws:s3:::maren", true},
		{version2008, "s3:*", "arn:aws:s3:::${aws:username}", "arn:aws:s3:::maren", false},
		{version2008, "s3:*", "arn:aws:s3:::${aws:username}", "arn:aws:s3:::${aws:username}", true},
		{version2012, "s3:*", "arn:aws:s3::${aws:username}:x", "arn:aws:s3::maren:x", false},
		{version2012, "s3:*", "${aws:username}", "maren", false},
		{version2012, "${k:act}", "*", "arn:aws:s3:::maren", false},
		{version2012, "s3:*", "arn:aws:s3:::a*${aws:username}?", "arn:aws:s3:::a/b:c/marenX", true},
		{version2012, "s3:*", "arn:aws:s3:::*", "*", false},
		{version2012, "s3:*", "?", "*", false},
	} {
		p := mustParse(t, `{"Version":"`+c.version+`","Statement":{"Effect":"Allow","Action":"`+c.action+`","Resource":"`+c.resource+`"}}`, Any)
		r := &Request{Principal: &Principal{Type: User, Account: "111122223333"}, Action: "s3:GetObject", Resource: c.asked, Context: ctx, ResourceAccount: "111122223333"}
		if got := (&Set{Identity: []*Policy{p}}).Evaluate(r, nil).Decision == Allow; got != c.want {
			t.Errorf("%+v: %v", c, got)
		}
	}
}
