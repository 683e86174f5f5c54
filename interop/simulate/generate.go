package simulate

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strings"
)

const (
	ours   = "111122223333"
	theirs = "444455556666"
)

// generator makes cases. They are of three sorts, so that what the two evaluators
// disagree about stands alone in a case: one condition or two; patterns of actions
// and resources; and all the layers, with little in them.
type generator struct{ *rand.Rand }

func pick[T any](g generator, list []T) T { return list[g.IntN(len(list))] }

// chance is true in n of 100 calls.
func (g generator) chance(n int) bool { return g.IntN(100) < n }

func (g generator) some(list []string, most int) values {
	out := values{}
	for range 1 + g.IntN(most) {
		out = append(out, pick(g, list))
	}
	return out
}

func (g generator) next(i int) Case {
	var c Case
	switch i % 3 {
	case 0:
		c = g.conditions()
	case 1:
		c = g.patterns()
	default:
		c = g.layers()
	}
	c.ID = fmt.Sprintf("random-%d", i)
	var err error
	if c.raw, err = json.Marshal(c); err != nil {
		panic(err) // strings and maps of strings
	}
	return c
}

func (g generator) version() string {
	if g.chance(90) {
		return "2012-10-17"
	}
	return pick(g, []string{"", "2008-10-17"})
}

func user() Principal {
	return Principal{Type: "User", Account: ours, ARN: "arn:aws:iam::" + ours + ":user/maren", ID: "AIDAMARENQPZ7EXAMPLE4"}
}

// key is a condition key with the family of its values.
type key struct {
	name   string
	family string
	many   bool
}

var keys = []key{
	{"aws:username", "String", false}, {"aws:userid", "String", false}, {"aws:PrincipalTag/Team", "String", false},
	{"aws:UserAgent", "String", false}, {"aws:TagKeys", "String", true}, {"aws:CalledVia", "String", true},
	{"aws:SourceIp", "Ip", false}, {"aws:CurrentTime", "Date", false}, {"aws:TokenIssueTime", "Date", false},
	{"aws:MultiFactorAuthAge", "Numeric", false}, {"aws:SecureTransport", "Bool", false},
	{"aws:MultiFactorAuthPresent", "Bool", false}, {"aws:SourceArn", "Arn", false}, {"aws:PrincipalArn", "Arn", false},
}

var operators = map[string][]string{
	"String":  {"StringEquals", "StringNotEquals", "StringEqualsIgnoreCase", "StringNotEqualsIgnoreCase", "StringLike", "StringNotLike"},
	"Numeric": {"NumericEquals", "NumericNotEquals", "NumericLessThan", "NumericLessThanEquals", "NumericGreaterThan", "NumericGreaterThanEquals"},
	"Date":    {"DateEquals", "DateNotEquals", "DateLessThan", "DateLessThanEquals", "DateGreaterThan", "DateGreaterThanEquals"},
	"Bool":    {"Bool"},
	"Ip":      {"IpAddress", "NotIpAddress"},
	"Arn":     {"ArnEquals", "ArnNotEquals", "ArnLike", "ArnNotLike"},
}

var families = []string{"String", "Numeric", "Date", "Bool", "Ip", "Arn"}

// wanted are values of policies, present those of requests.
var wanted = map[string][]string{
	"String": {"maren", "Maren", "nikhil", "ops", "ops/eu", "*", "ma*", "m?ren", "*/eu", "op?", "${aws:username}", "${aws:PrincipalTag/Team}",
		"${aws:PrincipalTag/Team, 'ops'}", "${aws:PrincipalTag/Team,'ops'}", "${AWS:UserName}-x", "${*}", "m${?}ren", "a.c", "caf?", "?"},
	"Numeric": {"3600", "3600.0", "03600", "-1", "0", "+1", "86400.5", "9007199254740993"},
	"Date": {"2031-05-01T10:00:00Z", "2031-05-01", "2031", "2031-05", "1935395200", "2031-05-01T12:00:00+02:00", "2031-05-01T10:00:00.5Z",
		"2031-05-01T10:00Z"},
	"Bool": {"true", "false", "True"},
	"Ip":   {"10.1.2.3", "10.0.0.0/8", "10.1.2.3/32", "0.0.0.0/0", "2001:db8::1", "2001:DB8:0::1", "2001:db8::/32", "::/0", "203.0.113.0/24"},
	"Arn": {"arn:aws:iam::111122223333:user/maren", "arn:aws:iam::*:user/*", "arn:aws:s3:::ledger", "arn:aws:s3:::*", "arn:aws:sns:us-east-1:111122223333:a:b",
		"arn:*:sns:*:111122223333:*", "arn:aws:sns:*:b", "arn:aws:iam::111122223333:user/${aws:username}", "arn:aws:s3:::led?er", "arn:aws:iam::1111*:user/maren"},
}

var present = map[string][]string{
	"String":  {"maren", "Maren", "nikhil", "ops", "ops/eu", "maren-x", "*", "m?ren", "a.c", "abc", "café", "caf😀", "😀", "x"},
	"Numeric": {"3600", "3600.0", "3599", "-1", "0", "1", "86400.5", "9007199254740992", "12abc", "abc", "1e3"},
	"Date":    {"2031-05-01T10:00:00Z", "2031-04-30T23:59:59Z", "2032-01-01T00:00:00Z", "1935395200", "2031-05-01", "2031-05-01T10:00:00.5Z", "1 May 2031", "soon"},
	"Bool":    {"true", "false", "TRUE", "yes"},
	"Ip":      {"10.1.2.3", "10.9.9.9", "203.0.113.9", "2001:db8::1", "2001:db9::1", "nowhere"},
	"Arn":     {"arn:aws:iam::111122223333:user/maren", "arn:aws:iam::111122223333:user/nikhil", "arn:aws:s3:::ledger", "arn:aws:sns:us-east-1:111122223333:a:b", "arn:aws:sns:b", "maren"},
}

// conditions makes a case about the conditions of one statement.
func (g generator) conditions() Case {
	c := Case{Request: Request{Principal: user(), Action: "s3:GetObject", Resource: Resource{"arn:aws:s3:::ledger/q2.csv", ours}, Context: map[string][]string{}}}
	s := Statement{Effect: "Allow", Action: values{"s3:GetObject"}, Resource: values{"*"}, Condition: map[string]map[string]values{}}
	for range 1 + g.IntN(2) {
		k := pick(g, keys)
		op := g.operator(k)
		if s.Condition[op] == nil {
			s.Condition[op] = map[string]values{}
		}
		s.Condition[op][k.name] = g.wanted(op)
	}
	d := Document{Version: g.version(), Statement: statements{s}}
	if g.chance(40) {
		d.Statement[0].Effect = "Deny"
		d.Statement = append(d.Statement, Statement{Effect: "Allow", Action: values{"*"}, Resource: values{"*"}})
	}
	c.Policies.Identity = []Document{d}
	for _, k := range keys {
		if g.chance(65) {
			n := 1
			if k.many {
				n += g.IntN(3)
			}
			c.Request.Context[k.name] = []string(g.some(present[k.family], n))
		}
	}
	return c
}

// operator is most often one for the values of the key.
func (g generator) operator(k key) string {
	family := k.family
	if g.chance(15) {
		family = pick(g, families)
	}
	op := pick(g, operators[family])
	if g.chance(6) {
		op = "Null"
	} else if g.chance(25) {
		op += "IfExists"
	}
	if n := g.IntN(100); n < 25 || k.many && n < 85 {
		op = pick(g, []string{"ForAnyValue:", "ForAllValues:"}) + op
	}
	return op
}

func (g generator) wanted(op string) values {
	if strings.HasSuffix(op, "Null") {
		return values{pick(g, []string{"true", "false"})}
	}
	_, base, found := strings.Cut(op, ":")
	if !found {
		base = op
	}
	for family, list := range operators {
		for _, name := range list {
			if name == strings.TrimSuffix(base, "IfExists") {
				return g.some(wanted[family], 3)
			}
		}
	}
	panic("no family for " + op)
}

// asked are actions with a resource that they take.
var asked = [][2]string{
	{"s3:GetObject", "arn:aws:s3:::ledger/2031/q2.csv"}, {"s3:PutObject", "arn:aws:s3:::ledger/home/maren/a:b"}, {"s3:ListBucket", "arn:aws:s3:::ledger"},
	{"sqs:SendMessage", "arn:aws:sqs:eu-west-1:" + ours + ":orders"}, {"dynamodb:GetItem", "arn:aws:dynamodb:eu-west-1:" + ours + ":table/orders"},
	{"iam:GetUser", "arn:aws:iam::" + ours + ":user/team/nikhil"}, {"lambda:InvokeFunction", "arn:aws:lambda:eu-west-1:" + ours + ":function:bill"},
	{"ec2:DescribeInstances", "*"}, {"s3:ListAllMyBuckets", "*"},
}

// patterns makes a case about the actions and resources of one statement or two.
func (g generator) patterns() Case {
	q := pick(g, asked)
	c := Case{Request: Request{Principal: user(), Action: q[0], Resource: Resource{q[1], ours}, Context: map[string][]string{"aws:username": {"maren"}}}}
	d := Document{Version: g.version()}
	for range 1 + g.IntN(2) {
		s := Statement{Effect: "Allow"}
		if g.chance(25) {
			s.Effect = "Deny"
		}
		actions, resources := values{}, values{}
		for range 1 + g.IntN(2) {
			actions = append(actions, g.action(q[0]))
			resources = append(resources, g.resource(q[1]))
		}
		if g.chance(20) {
			s.NotAction = actions
		} else {
			s.Action = actions
		}
		if g.chance(20) {
			s.NotResource = resources
		} else {
			s.Resource = resources
		}
		d.Statement = append(d.Statement, s)
	}
	c.Policies.Identity = []Document{d}
	return c
}

// action is the name or near it.
func (g generator) action(name string) string {
	service, verb, _ := strings.Cut(name, ":")
	switch g.IntN(8) {
	case 0:
		return "*"
	case 1:
		return service + ":*"
	case 2:
		return strings.ToUpper(name)
	case 3:
		return pick(g, asked)[0]
	case 4:
		return service + ":" + g.blur(verb)
	case 5:
		return service + ":" + verb[:len(verb)-1]
	}
	return name
}

// resource is the name or near it.
func (g generator) resource(name string) string {
	if name == "*" {
		return pick(g, []string{"*", "*", "arn:aws:s3:::*", "arn:aws:ec2:*:*:instance/*"})
	}
	head, tail := name[:strings.LastIndex(name, ":")+1], name[strings.LastIndex(name, ":")+1:]
	switch g.IntN(14) {
	case 0:
		return "*"
	case 1:
		return pick(g, asked[:7])[1]
	case 2, 3:
		return head + g.blur(tail)
	case 4:
		return name + "*"
	case 5:
		return strings.Join(strings.SplitN(name, ":", 6)[:3], ":") + ":*"
	case 6:
		return strings.Replace(name, ours, pick(g, []string{"*", "1111*", theirs, "????????????"}), 1)
	case 7:
		return strings.Replace(name, "eu-west-1", pick(g, []string{"*", "eu-*", "us-east-1", "", "EU-west-1"}), 1)
	case 8:
		return strings.Replace(name, "maren", pick(g, []string{"${aws:username}", "${aws:UserName}", "${aws:userid}", "${aws:userid}-x", "${aws:userid, 'maren'}", "${*}"}), 1)
	case 9:
		return head + strings.ToUpper(tail)
	case 10:
		return "arn:aws:s3:::ledger/" + pick(g, []string{"*", "2031/*", "*/q?.csv", "home/${aws:username}/*", "home/${aws:username}*", "?031/q2.csv"})
	case 11:
		return name[:len(name)-1]
	}
	return name
}

// blur puts a wildcard in the place of a part.
func (g generator) blur(s string) string {
	i := g.IntN(len(s))
	j := i + g.IntN(len(s)-i+1)
	if g.chance(30) {
		return s[:i] + strings.Repeat("?", max(1, j-i)) + s[j:]
	}
	return s[:i] + "*" + s[j:]
}
