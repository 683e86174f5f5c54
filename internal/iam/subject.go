package iam

import (
	"strings"

	"github.com/deputy-sts/deputy/internal/authz"
	"github.com/deputy-sts/deputy/internal/directory"
	"github.com/deputy-sts/deputy/internal/iamapi"
)

// kind is what differs between users, roles and groups where the mechanics are
// the same.
type kind struct {
	word, title string // "user", "User"
	attachments string // quota of attached managed policies
	inlineSize  string // quota of inline policies
	tagging     *tagRules
}

// subject is a user, role or group on its way through an action: its record, and
// the members that the shared mechanics read and change.
type subject struct {
	*kind
	name, path, arn string
	shown           string // in a refusal: "user alice", the name as the caller wrote it
	missing         bool   // there is none of that name: only name, arn and shown are set

	tags     []directory.Tag
	boundary string
	inline   []*directory.Inline
	attached []string

	user  *directory.User // one of these, as it is stored
	role  *directory.Role
	group *directory.Group
}

// authorize asks whether the caller may do the call's action to x, and only then
// tells whether there is x.
func (x *subject) authorize(c *authz.Call, keys ...authz.Key) error {
	if err := c.Authorize(x.resource(keys...)); err != nil {
		return err
	}
	if x.missing {
		return x.notFound()
	}
	return nil
}

func (x *subject) resource(keys ...authz.Key) authz.Resource {
	return authz.Resource{ARN: x.arn, Shown: x.shown, Tags: x.tags, Keys: keys}
}

func (x *subject) notFound() error {
	return iamapi.NoSuchEntity.Errorf("The %s with name %s cannot be found.", x.word, x.name)
}

// modify is authorize for what service-linked roles do not allow: all that
// changes what they may do or who may use them.
func (x *subject) modify(c *authz.Call, keys ...authz.Key) error {
	if err := x.authorize(c, keys...); err != nil {
		return err
	}
	if x.role != nil && serviceLinked(x.path) {
		return iamapi.UnmodifiableEntity.Errorf("Cannot perform the operation on the protected role '%s' - this role is only modifiable by AWS", x.name)
	}
	return nil
}

// put stores x with its changed members.
func (x *subject) put(c *authz.Call) {
	switch {
	case x.user != nil:
		n := x.user.Clone()
		n.Tags, n.Boundary, n.Inline, n.Attached = x.tags, x.boundary, x.inline, x.attached
		c.Tx.PutUser(x.user, n)
	case x.role != nil:
		n := x.role.Clone()
		n.Tags, n.Boundary, n.Inline, n.Attached = x.tags, x.boundary, x.inline, x.attached
		c.Tx.PutRole(x.role, n)
	case x.group != nil:
		n := x.group.Clone()
		n.Inline, n.Attached = x.inline, x.attached
		c.Tx.PutGroup(x.group, n)
	}
}

// empty refuses to delete what still has policies.
func (x *subject) empty() error {
	switch {
	case len(x.attached) > 0:
		return iamapi.DeleteConflict.Errorf("Cannot delete entity, must detach all policies first.")
	case len(x.inline) > 0:
		return iamapi.DeleteConflict.Errorf("Cannot delete entity, must delete policies first.")
	}
	return nil
}

// boundaryKeys are the condition keys of an action on something that has the
// boundary, or is to have it.
func boundaryKeys(arn string) []authz.Key {
	if arn == "" {
		return nil
	}
	return []authz.Key{{Name: "iam:permissionsboundary", Values: []string{arn}}}
}

// serviceLinked tells the path of roles that belong to AWS's services.
func serviceLinked(path string) bool { return strings.HasPrefix(path, "/aws-service-role/") }

// authorizeNew asks for the call's action on what is to be made, and for the
// action that tags it if it is to have tags. AWS asks for both. The refusal of
// the former prints shown unless that is empty, of the latter the ARN.
func authorizeNew(c *authz.Call, arn, shown, tagging string, tags []directory.Tag, keys ...authz.Key) error {
	tagKeys := authz.TagKeys(tags)
	if err := c.Authorize(authz.Resource{ARN: arn, Shown: shown, Keys: append(keys, tagKeys...)}); err != nil {
		return err
	}
	if len(tags) == 0 {
		return nil
	}
	return c.AuthorizeAs(tagging, authz.Resource{ARN: arn, Keys: tagKeys})
}

// authorizeList asks for an action on all entities of a kind. AWS decides it on
// "*"; its refusals name the path, of policies in words.
func authorizeList(c *authz.Call, k directory.Kind, pathPrefix *string) error {
	path := or(pathPrefix, "/")
	r := authz.Resource{ARN: c.View().ARN(k, c.Account(), path, "")}
	if k == directory.KindPolicy {
		r.Shown = "policy path " + path
	}
	return c.Authorize(r)
}
