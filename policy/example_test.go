package policy_test

import (
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/deputy-sts/deputy/policy"
)

const team = `{
  "Version": "2012-10-17",
  "Statement": [
    {"Sid": "Read", "Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::home/${aws:username}/*"},
    {"Sid": "TLS", "Effect": "Deny", "Action": "*", "Resource": "*", "Condition": {"Bool": {"aws:SecureTransport": false}}}
  ]
}`

func maren() *policy.Principal {
	return &policy.Principal{Type: policy.User, Account: "111122223333", ARN: "arn:aws:iam::111122223333:user/maren", ID: "AIDAMARENQPZ7EXAMPLE"}
}

func ExampleParse() {
	_, err := policy.Parse(`{
  "Version": "2012-10-17",
  "Statement": {"Effect": "Allow", "Action": "GetObject", "Resource": "*"}
}`, policy.Managed)
	var e *policy.SyntaxError
	if errors.As(err, &e) {
		fmt.Println(e.Message)
		fmt.Printf("line %d, column %d: %s\n", e.Line, e.Column, e.Detail)
	}
	// Output:
	// Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.
	// line 3, column 46: "GetObject" is no action
}

func ExampleSet_Evaluate() {
	p, err := policy.Parse(team, policy.Managed)
	if err != nil {
		fmt.Println(err)
		return
	}
	set := policy.Set{Identity: []*policy.Policy{p}}
	for _, resource := range []string{"arn:aws:s3:::home/maren/a.txt", "arn:aws:s3:::home/nikhil/a.txt"} {
		result := set.Evaluate(&policy.Request{
			Principal: maren(),
			Action:    "s3:GetObject",
			Resource:  resource,
			Context:   policy.NewMap(map[string][]string{"aws:username": {"maren"}, "aws:SecureTransport": {"true"}}),
		}, nil)
		fmt.Printf("%v %q\n", result.Decision, result.Reason("s3:GetObject"))
	}
	// Output:
	// Allow ""
	// ImplicitDeny "because no identity-based policy allows the s3:GetObject action"
}

func ExampleTrace() {
	p, err := policy.Parse(team, policy.Managed)
	if err != nil {
		fmt.Println(err)
		return
	}
	trace := policy.Trace{Names: func(*policy.Policy) string { return "team" }}
	set := policy.Set{Identity: []*policy.Policy{p}}
	set.Evaluate(&policy.Request{
		Principal: maren(),
		Action:    "s3:GetObject",
		Resource:  "arn:aws:s3:::home/maren/a.txt",
		Context:   policy.NewMap(map[string][]string{"aws:SecureTransport": {"true"}}),
	}, &trace)
	if err := trace.WriteText(os.Stdout); err != nil {
		fmt.Println(err)
	}
	// Output:
	// ImplicitDeny: arn:aws:iam::111122223333:user/maren may not s3:GetObject on arn:aws:s3:::home/maren/a.txt
	//   because no identity-based policy allows the s3:GetObject action
	// identity: ImplicitDeny
	//   team: ImplicitDeny
	//     statement 1 Read, line 4, Allow: Resource does not match arn:aws:s3:::home/${aws:username}/* (no value for aws:username)
	//     statement 2 TLS, line 5, Deny: Bool aws:SecureTransport wants "false"; the request has "true"
	// not in the request: aws:username
}

// Decide whether a user may do something, with a policy of the user's own and a
// permissions boundary. Policies are parsed once, when they are stored, and serve
// any number of decisions.
func Example() {
	own, err := policy.Parse(`{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":["s3:*","iam:*"],"Resource":"*"}}`, policy.Managed)
	if err != nil {
		fmt.Println(err)
		return
	}
	boundary, err := policy.Parse(`{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"s3:*","Resource":"*"}}`, policy.Managed)
	if err != nil {
		fmt.Println(err)
		return
	}
	set := policy.Set{Identity: []*policy.Policy{own}, Boundary: boundary}
	for _, q := range [][2]string{{"s3:GetObject", "arn:aws:s3:::home/a.txt"}, {"iam:DeleteUser", "arn:aws:iam::111122223333:user/nikhil"}} {
		result := set.Evaluate(&policy.Request{Principal: maren(), Action: q[0], Resource: q[1]}, nil)
		if result.Decision == policy.Allow {
			fmt.Println("go on")
			continue
		}
		fmt.Printf("User: %s is not authorized to perform: %s on resource: %s %s\n", maren().ARN, q[0], q[1], result.Reason(q[0]))
	}
	// Output:
	// go on
	// User: arn:aws:iam::111122223333:user/maren is not authorized to perform: iam:DeleteUser on resource: arn:aws:iam::111122223333:user/nikhil because no permissions boundary allows the iam:DeleteUser action
}

// A session policy takes away from what the role has; it gives nothing. That
// session policies were passed must be said even if none is left.
func ExampleSet_Evaluate_session() {
	role, err := policy.Parse(`{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"s3:GetObject","Resource":"*"}}`, policy.Inline)
	if err != nil {
		fmt.Println(err)
		return
	}
	narrow, err := policy.Parse(`{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*","Resource":"arn:aws:s3:::invoices/*"}}`, policy.Session)
	if err != nil {
		fmt.Println(err)
		return
	}
	session := &policy.Principal{Type: policy.AssumedRole, Account: "111122223333",
		ARN: "arn:aws:sts::111122223333:assumed-role/Clerk/maren", ID: "AROACLERKQPZ7EXAMPLE1:maren",
		IssuerARN: "arn:aws:iam::111122223333:role/Clerk", IssuerID: "AROACLERKQPZ7EXAMPLE1"}
	for _, set := range []policy.Set{
		{Identity: []*policy.Policy{role}},
		{Identity: []*policy.Policy{role}, Session: []*policy.Policy{narrow}},
		{Identity: []*policy.Policy{role}, HasSession: true},
	} {
		result := set.Evaluate(&policy.Request{Principal: session, Action: "s3:GetObject", Resource: "arn:aws:s3:::ledger/q2.csv"}, nil)
		fmt.Println(result.Decision, result.Layer)
	}
	// Output:
	// Allow identity
	// ImplicitDeny session
	// ImplicitDeny session
}

// A role is entered by its trust policy, which is the Resource of the set. Naming
// the account leaves it to the account's own policies who may; naming the user is
// enough by itself.
func ExampleSet_Evaluate_trust() {
	own, err := policy.Parse(`{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"sts:AssumeRole","Resource":"arn:aws:iam::*:role/Deployer"}}`, policy.Managed)
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, named := range []string{"arn:aws:iam::111122223333:root", "arn:aws:iam::111122223333:user/maren", "arn:aws:iam::111122223333:user/nikhil"} {
		trust, err := policy.Parse(`{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":{"AWS":"`+named+`"},
			"Action":"sts:AssumeRole","Condition":{"StringEquals":{"sts:ExternalId":"x-17"}}}}`, policy.Trust)
		if err != nil {
			fmt.Println(err)
			return
		}
		request := &policy.Request{Principal: maren(), Action: "sts:AssumeRole", Resource: "arn:aws:iam::111122223333:role/Deployer",
			Context: policy.NewMap(map[string][]string{"sts:ExternalId": {"x-17"}})}
		alone, with := policy.Set{Resource: trust}, policy.Set{Resource: trust, Identity: []*policy.Policy{own}}
		fmt.Println(alone.Evaluate(request, nil).Decision, with.Evaluate(request, nil).Decision)
	}
	// Output:
	// ImplicitDeny Allow
	// Allow Allow
	// ImplicitDeny ImplicitDeny
}

// clock is a Context that knows the time, and computes it only when asked.
type clock struct{ now func() time.Time }

func (c clock) Lookup(key string) ([]string, bool) {
	switch key { // in lower case
	case "aws:currenttime":
		return []string{c.now().UTC().Format(time.RFC3339)}, true
	}
	return nil, false
}

// Keys that are dear to compute can wait until a policy asks for them.
func ExampleContext() {
	p, err := policy.Parse(`{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*","Resource":"*",
		"Condition":{"DateLessThan":{"aws:CurrentTime":"2031-05-01T00:00:00Z"}}}}`, policy.Managed)
	if err != nil {
		fmt.Println(err)
		return
	}
	set := policy.Set{Identity: []*policy.Policy{p}}
	now := func() time.Time { return time.Date(2031, 4, 30, 23, 59, 59, 0, time.UTC) }
	fmt.Println(set.Evaluate(&policy.Request{Principal: maren(), Action: "s3:GetObject", Resource: "arn:aws:s3:::home/a", Context: clock{now}}, nil).Decision)
	// Output: Allow
}

// A trust policy names a user by ARN. A server stores the unique id in its place,
// so that a user made later under the same name is not meant.
func ExamplePolicy_MapPrincipals() {
	trust, err := policy.Parse(`{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::111122223333:user/maren"},"Action":"sts:AssumeRole"}}`, policy.Trust)
	if err != nil {
		fmt.Println(err)
		return
	}
	ids := map[string]string{"arn:aws:iam::111122223333:user/maren": "AIDAMARENQPZ7EXAMPLE"}
	bound := trust.MapPrincipals(func(_, value string) string {
		if id := ids[value]; id != "" {
			return id
		}
		return value
	})
	set := policy.Set{Resource: bound}
	namesake := *maren()
	namesake.ID = "AIDANAMESAKEQPZ7EXAM"
	for _, who := range []*policy.Principal{maren(), &namesake} {
		fmt.Println(set.Evaluate(&policy.Request{Principal: who, Action: "sts:AssumeRole", Resource: "arn:aws:iam::111122223333:role/Deployer"}, nil).Decision)
	}
	// Output:
	// Allow
	// ImplicitDeny
}
