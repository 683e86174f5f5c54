package iam

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/deputy-sts/deputy/internal/authz"
	"github.com/deputy-sts/deputy/internal/directory"
	"github.com/deputy-sts/deputy/internal/iamapi"
)

// The tags of users, roles and policies. First what they have in common.

// tagsOf are the tags of a request.
func tagsOf(in []iamapi.Tag) []directory.Tag {
	if len(in) == 0 {
		return nil
	}
	return each(in, func(t iamapi.Tag) directory.Tag { return directory.Tag{Key: *t.Key, Value: *t.Value} })
}

// showTags are the tags of an answer that has no Tags element without any.
func showTags(tags []directory.Tag) []iamapi.Tag {
	if len(tags) == 0 {
		return nil
	}
	return each(tags, showTag)
}

func showTag(t directory.Tag) iamapi.Tag { return iamapi.Tag{Key: new(t.Key), Value: new(t.Value)} }

// sameKey compares keys of users and roles as IAM does: without the case of ASCII letters. Unicode
// folding would let U+212A (KELVIN SIGN) pass for a k.
func sameKey(a, b string) bool {
	lower := func(c byte) byte {
		if 'A' <= c && c <= 'Z' {
			return c + 'a' - 'A'
		}
		return c
	}
	if len(a) != len(b) {
		return false
	}
	for i := range len(a) {
		if lower(a[i]) != lower(b[i]) {
			return false
		}
	}
	return true
}

// tagRules are what the tags of a kind of resource keep to.
type tagRules struct {
	quota     string
	same      func(a, b string) bool // tells keys that are one
	duplicate string                 // the refusal of two that are
}

var (
	userTags = &tagRules{tagsPerUser, sameKey, "Duplicate tag keys found. Please note that Tag keys are case insensitive."}
	roleTags = &tagRules{tagsPerRole, sameKey, "Duplicate tag keys found. Please note that Tag keys are case insensitive."}
	// Recorded replies: policies have "a" beside "A".
	policyTags = &tagRules{tagsPerPolicy, func(a, b string) bool { return a == b }, "Duplicate tag keys found."}
	samlTags   = &tagRules{tagsPerSAMLProvider, policyTags.same, policyTags.duplicate}
	deviceTags = &tagRules{tagsPerDevice, policyTags.same, policyTags.duplicate}
	oidcTags   = &tagRules{tagsPerOIDC, sameKey, userTags.duplicate}
)

func (r *tagRules) index(tags []directory.Tag, key string) int {
	return slices.IndexFunc(tags, func(t directory.Tag) bool { return r.same(t.Key, key) })
}

// check refuses a request's own tags: more than the resource may have, keys that
// are one, or that are AWS's.
func (r *tagRules) check(c *authz.Call, tags []directory.Tag) error {
	for i, t := range tags {
		switch {
		case r.index(tags, t.Key) != i:
			return iamapi.InvalidInput.Errorf("%s", r.duplicate)
		case len(t.Key) >= 4 && sameKey(t.Key[:4], "aws:"):
			return iamapi.InvalidInput.Errorf("Tag keys starting with 'aws:' are reserved for internal use")
		}
	}
	return within(c, r.quota, len(tags))
}

// checkNew checks what a new user or role is to have.
func checkNew(c *authz.Call, k *kind, tags []directory.Tag, boundary string) error {
	if err := k.tagging.check(c, tags); err != nil {
		return err
	}
	if boundary == "" {
		return nil
	}
	return checkBoundary(c, boundary)
}

// merged is tags with those of a request: one whose key is there already is
// replaced, key and value.
func (r *tagRules) merged(c *authz.Call, tags, in []directory.Tag) ([]directory.Tag, error) {
	if err := r.check(c, in); err != nil {
		return nil, err
	}
	tags = slices.Clone(tags)
	for _, t := range in {
		if at := r.index(tags, t.Key); at >= 0 {
			tags[at] = t
		} else {
			tags = append(tags, t)
		}
	}
	return tags, within(c, r.quota, len(tags))
}

// without is tags less those keys; absent ones do not matter.
func (r *tagRules) without(tags []directory.Tag, keys []string) []directory.Tag {
	return slices.DeleteFunc(slices.Clone(tags), func(t directory.Tag) bool {
		return slices.ContainsFunc(keys, func(k string) bool { return r.same(k, t.Key) })
	})
}

// untagKeys are the condition keys of taking tags away.
func untagKeys(keys []string) []authz.Key {
	if len(keys) == 0 {
		return nil
	}
	return []authz.Key{{Name: "aws:tagkeys", Values: keys}}
}

func tag(c *authz.Call, x *subject, in []iamapi.Tag) (err error) {
	tags := tagsOf(in)
	if err := x.authorize(c, authz.TagKeys(tags)...); err != nil {
		return err
	}
	if x.tags, err = x.tagging.merged(c, x.tags, tags); err != nil {
		return err
	}
	x.put(c)
	return nil
}

func untag(c *authz.Call, x *subject, keys []string) error {
	if err := x.authorize(c, untagKeys(keys)...); err != nil {
		return err
	}
	x.tags = x.tagging.without(x.tags, keys)
	x.put(c)
	return nil
}

// tagPage is a page of tags by key. Its marker holds a number, because a key may
// be longer than a marker.
func (s *service) tagPage(c *authz.Call, of string, tags []directory.Tag, marker *string, maxItems *int) ([]iamapi.Tag, *bool, *string, error) {
	p, err := s.pager(c, marker, maxItems, of)
	if err != nil {
		return nil, nil, nil, err
	}
	tags = slices.SortedFunc(slices.Values(tags), func(a, b directory.Tag) int { return strings.Compare(a.Key, b.Key) })
	number := func(t directory.Tag) string { return fmt.Sprintf("%06d", slices.Index(tags, t)) }
	shown, more, next := page(p, slices.Values(tags), number)
	return each(shown, showTag), more, next, nil
}

func (s *service) listTags(c *authz.Call, x *subject, marker *string, maxItems *int) ([]iamapi.Tag, *bool, *string, error) {
	if err := x.authorize(c); err != nil {
		return nil, nil, nil, err
	}
	return s.tagPage(c, x.arn, x.tags, marker, maxItems)
}

func (s *service) tagUser(_ context.Context, c *authz.Call, in *iamapi.TagUserRequest) (*iamapi.TagUserResponse, error) {
	return done[iamapi.TagUserResponse](tag(c, findUser(c, *in.UserName), in.Tags))
}

func (s *service) tagRole(_ context.Context, c *authz.Call, in *iamapi.TagRoleRequest) (*iamapi.TagRoleResponse, error) {
	return done[iamapi.TagRoleResponse](tag(c, findRole(c, *in.RoleName), in.Tags))
}

func (s *service) tagPolicy(_ context.Context, c *authz.Call, in *iamapi.TagPolicyRequest) (*iamapi.TagPolicyResponse, error) {
	tags := tagsOf(in.Tags)
	p, err := changeManaged(c, *in.PolicyArn, authz.TagKeys(tags)...)
	if err != nil {
		return nil, err
	}
	n := p.Clone()
	if n.Tags, err = policyTags.merged(c, p.Tags, tags); err != nil {
		return nil, err
	}
	c.Tx.PutPolicy(p, n)
	return new(iamapi.TagPolicyResponse), nil
}

func (s *service) untagUser(_ context.Context, c *authz.Call, in *iamapi.UntagUserRequest) (*iamapi.UntagUserResponse, error) {
	return done[iamapi.UntagUserResponse](untag(c, findUser(c, *in.UserName), in.TagKeys))
}

func (s *service) untagRole(_ context.Context, c *authz.Call, in *iamapi.UntagRoleRequest) (*iamapi.UntagRoleResponse, error) {
	return done[iamapi.UntagRoleResponse](untag(c, findRole(c, *in.RoleName), in.TagKeys))
}

func (s *service) untagPolicy(_ context.Context, c *authz.Call, in *iamapi.UntagPolicyRequest) (*iamapi.UntagPolicyResponse, error) {
	p, err := changeManaged(c, *in.PolicyArn, untagKeys(in.TagKeys)...)
	if err != nil {
		return nil, err
	}
	n := p.Clone()
	n.Tags = policyTags.without(p.Tags, in.TagKeys)
	c.Tx.PutPolicy(p, n)
	return new(iamapi.UntagPolicyResponse), nil
}

func (s *service) listUserTags(_ context.Context, c *authz.Call, in *iamapi.ListUserTagsRequest) (*iamapi.ListUserTagsResponse, error) {
	tags, more, marker, err := s.listTags(c, findUser(c, *in.UserName), in.Marker, in.MaxItems)
	return &iamapi.ListUserTagsResponse{Tags: tags, IsTruncated: more, Marker: marker}, err
}

func (s *service) listRoleTags(_ context.Context, c *authz.Call, in *iamapi.ListRoleTagsRequest) (*iamapi.ListRoleTagsResponse, error) {
	tags, more, marker, err := s.listTags(c, findRole(c, *in.RoleName), in.Marker, in.MaxItems)
	return &iamapi.ListRoleTagsResponse{Tags: tags, IsTruncated: more, Marker: marker}, err
}

func (s *service) listPolicyTags(_ context.Context, c *authz.Call, in *iamapi.ListPolicyTagsRequest) (*iamapi.ListPolicyTagsResponse, error) {
	m, err := openManaged(c, *in.PolicyArn)
	if err != nil {
		return nil, err
	}
	tags, more, marker, err := s.tagPage(c, m.arn, m.tags(), in.Marker, in.MaxItems)
	return &iamapi.ListPolicyTagsResponse{Tags: tags, IsTruncated: more, Marker: marker}, err
}
