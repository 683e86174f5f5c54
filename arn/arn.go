package arn

import (
	"fmt"
	"strings"
)

// components is how many parts an ARN has: the word "arn" and five more; the
// last may hold colons of its own.
const components = 6

// ARN is a parsed Amazon Resource Name,
// arn:partition:service:region:account:resource. Region and Account may be
// empty (IAM has no region, S3 buckets have neither); Resource may hold colons
// and slashes.
type ARN struct {
	Partition, Service, Region, Account, Resource string
}

// Parse splits s at its first five colons. It fails unless the first part is
// "arn" and partition, service and resource are not empty. The components are
// not looked at further: a wildcard or an unknown partition passes. An ARN of
// an existing thing has neither, which is for its owner to say.
func Parse(s string) (ARN, error) {
	c, ok := split(s)
	switch {
	case !ok:
		return ARN{}, fmt.Errorf("arn: %q has fewer than six components", s)
	case c[0] != "arn":
		return ARN{}, fmt.Errorf("arn: %q does not begin with arn:", s)
	case c[1] == "" || c[2] == "" || c[5] == "":
		return ARN{}, fmt.Errorf("arn: %q has an empty partition, service or resource", s)
	}
	return ARN{Partition: c[1], Service: c[2], Region: c[3], Account: c[4], Resource: c[5]}, nil
}

// String prints the name. It is the inverse of Parse.
func (a ARN) String() string {
	return "arn:" + a.Partition + ":" + a.Service + ":" + a.Region + ":" + a.Account + ":" + a.Resource
}

// split cuts s at its first five colons; false when there are fewer.
func split(s string) (c [components]string, ok bool) {
	for i := range components - 1 {
		c[i], s, ok = strings.Cut(s, ":")
		if !ok {
			return c, false
		}
	}
	c[components-1] = s
	return c, true
}

// Match tells whether the ARN s matches pattern as the condition operators
// ArnLike and ArnEquals do it: both are split at their first five colons and
// the six components are compared one by one with Glob, so that a wildcard
// never crosses a colon, except inside the resource. Names with fewer than six
// components never match. Case counts.
//
// Source: IAM User Guide, reference_policies_elements_condition_operators.
func Match(pattern, s string) bool {
	p, ok := split(pattern)
	if !ok {
		return false
	}
	c, ok := split(s)
	if !ok {
		return false
	}
	for i := range p {
		if !Glob(p[i], c[i]) {
			return false
		}
	}
	return true
}
