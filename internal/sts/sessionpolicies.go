package sts

import (
	"strings"
	"unicode/utf8"

	"github.com/deputy-sts/deputy/arn"
	"github.com/deputy-sts/deputy/internal/authz"
	"github.com/deputy-sts/deputy/internal/query"
	"github.com/deputy-sts/deputy/internal/stsapi"
	"github.com/deputy-sts/deputy/policy"
)

// maxSessionPlaintext bounds the characters of the inline policy and of the ARNs
// together. What each of them may have stands in stsapi.
//
// Source: AssumeRole in the STS API reference.
const maxSessionPlaintext = 2048

// sessionPolicies checks the inline session policy and the ARNs beside it. That
// the policies exist is looked at later, when the caller is known to be allowed.
func sessionPolicies(inline *string, descriptors []stsapi.PolicyDescriptorType) (string, []string, error) {
	if inline == nil && len(descriptors) == 0 {
		return "", nil, nil
	}
	text, size := value(inline, ""), utf8.RuneCountInString(value(inline, ""))
	var arns []string
	for i, d := range descriptors {
		if d.Arn == nil {
			return "", nil, query.ValidationError.Errorf("1 validation error detected: Value null at 'policyArns.%d.member.arn' failed to satisfy constraint: Member must not be null", i+1)
		}
		name := *d.Arn
		if !isPolicyARN(name) {
			return "", nil, invalidARN(name)
		}
		size += utf8.RuneCountInString(name)
		arns = append(arns, name)
	}
	if size > maxSessionPlaintext {
		return "", nil, stsapi.PackedPolicyTooLarge.Errorf("Packed policy consumes %d%% of allotted space, please use smaller policy.", (size*100+maxSessionPlaintext-1)/maxSessionPlaintext)
	}
	if inline == nil {
		return "", arns, nil
	}
	if _, err := policy.Parse(text, policy.Session); err != nil {
		return "", nil, stsapi.MalformedPolicyDocument.Errorf("%s", message(err))
	}
	return text, arns, nil
}

// attachable says which of the managed session policies is not there for a session
// of the account: those of the account are, and those that AWS manages.
func attachable(c *authz.Call, arns []string, account string) error {
	for _, name := range arns {
		a, _ := arn.Parse(name)
		if _, ok := c.ManagedPolicy(name); !ok || a.Account != account && a.Account != "aws" {
			return query.ValidationError.Errorf("Policy %s does not exist or is not attachable.", name)
		}
	}
	return nil
}

func isPolicyARN(name string) bool {
	a, err := arn.Parse(name)
	return err == nil && a.Service == "iam" && a.Region == "" && (a.Account == "aws" || isAccount(a.Account)) &&
		strings.HasPrefix(a.Resource, "policy/") && len(a.Resource) > len("policy/")
}

// message is AWS's text for a document that does not parse.
func message(err error) string {
	if e, ok := err.(*policy.SyntaxError); ok {
		return e.Message
	}
	return err.Error()
}
