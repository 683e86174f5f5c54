package policy_test

import (
	"errors"
	"fmt"
	"os"

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
