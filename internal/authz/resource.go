package authz

import (
	"github.com/deputy-sts/deputy/internal/directory"
	"github.com/deputy-sts/deputy/policy"
)

// Resource is what a caller wants to act on, as the loaded entity has it.
type Resource struct {
	// ARN is the resource's name. An action that has no resource-level permissions
	// is decided on "*" whatever stands here.
	ARN string
	// Shown is what a refusal prints instead of the ARN ("user alice"), for an entity
	// whose path, case and existence the refused caller must not learn. It is as
	// the caller wrote it; empty means the ARN.
	Shown string
	// Account owns the resource; empty means the caller's account.
	Account string
	// WithinOrganization says that no policy of the resource's account is asked,
	// though it is another than the caller's: the organization stands for it.
	WithinOrganization bool
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
// Tags whose keys differ by case alone share one condition key with the values of
// all; a decision that asks for it does not allow.
func TagKeys(tags []directory.Tag) []Key {
	if len(tags) == 0 {
		return nil
	}
	keys := make([]Key, 0, len(tags)+1)
	values := make([]string, 0, 2*len(tags))
	for i, t := range tags {
		if tagIndex(tags[:i], t.Key) >= 0 {
			continue // its value stands with the first
		}
		n := len(values)
		for _, same := range tags[i:] {
			if EqualFold(same.Key, t.Key) {
				values = append(values, same.Value)
			}
		}
		keys = append(keys, Key{"aws:requesttag/" + fold(t.Key), values[n:len(values):len(values)]})
	}
	for _, t := range tags {
		values = append(values, t.Key)
	}
	return append(keys, Key{"aws:tagkeys", values[len(tags):]})
}

// tagIndex finds a tag by its key, whose case does not count; -1: there is none.
func tagIndex(tags []directory.Tag, key string) int {
	for i := range tags {
		if EqualFold(tags[i].Key, key) {
			return i
		}
	}
	return -1
}
