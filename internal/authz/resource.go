package authz

import (
	"github.com/deputy-sts/deputy/internal/directory"
	"github.com/deputy-sts/deputy/policy"
)

// Resource is what a caller wants to act on, as the loaded entity has it.
type Resource struct {
	// ARN is the resource's name, as messages show it. An action that has no
	// resource-level permissions is decided on "*" whatever stands here.
	ARN string
	// Account owns the resource; empty means the caller's account.
	Account string
	// Tags of the resource: aws:ResourceTag/*, iam:ResourceTag/*.
	Tags []directory.Tag
	// Keys are the condition keys that come with the request itself.
	Keys []Key
	// Trust is the role's trust policy when IsTrust is set.
	Trust *policy.Policy
	// IsTrust says that the resource is a role to be entered, so that Trust must
	// allow; a nil Trust allows nobody.
	IsTrust bool
	// Terse leaves the reason out of the refusal of AssumeRole, which must not
	// tell a role that does not exist from one that does not trust the caller.
	Terse bool
}

// Key is a condition key of the request. Its name is in lower case; a Key
// without values is present and empty.
type Key struct {
	Name   string
	Values []string
}

// TagKeys are the condition keys of a request that carries tags:
// aws:RequestTag/k for each and aws:TagKeys for all. Of none there are no keys.
func TagKeys(tags []directory.Tag) []Key {
	if len(tags) == 0 {
		return nil
	}
	keys := make([]Key, 0, len(tags)+1)
	values := make([]string, 0, 2*len(tags))
	for _, t := range tags {
		values = append(values, t.Value)
		n := len(values)
		keys = append(keys, Key{"aws:requesttag/" + fold(t.Key), values[n-1 : n : n]})
	}
	for _, t := range tags {
		values = append(values, t.Key)
	}
	return append(keys, Key{"aws:tagkeys", values[len(tags):]})
}
