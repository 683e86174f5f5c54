package iam

import (
	"context"
	"strings"

	"github.com/deputy-sts/deputy/internal/authz"
	"github.com/deputy-sts/deputy/internal/directory"
	"github.com/deputy-sts/deputy/internal/iamapi"
	"github.com/deputy-sts/deputy/internal/query"
	"github.com/deputy-sts/deputy/internal/session"
)

var userKind = &kind{
	word: "user", title: "User",
	attachments: policiesPerUser, inlineSize: userPolicySize, tagging: userTags,
}

func findUser(c *authz.Call, name string) *subject {
	u := c.Tx.User(c.Account(), name)
	if u == nil {
		return &subject{kind: userKind, name: name, shown: "user " + name, missing: true, arn: c.View().ARN(directory.KindUser, c.Account(), "/", name)}
	}
	return &subject{
		kind: userKind, name: u.Name, shown: "user " + name, path: u.Path, arn: u.ARN(), user: u,
		tags: u.Tags, boundary: u.Boundary, inline: u.Inline, attached: u.Attached,
	}
}

func (s *service) createUser(_ context.Context, c *authz.Call, in *iamapi.CreateUserRequest) (*iamapi.CreateUserResponse, error) {
	u := &directory.User{
		Account: c.Account(), Name: *in.UserName, Path: or(in.Path, "/"),
		ID: session.NewUniqueID("AIDA"), Created: now(c),
		Tags: tagsOf(in.Tags), Boundary: or(in.PermissionsBoundary, ""),
	}
	arn := c.View().ARN(directory.KindUser, u.Account, u.Path, u.Name)
	if err := authorizeNew(c, arn, "", "iam:TagUser", u.Tags, boundaryKeys(u.Boundary)...); err != nil {
		return nil, err
	}
	if err := checkNew(c, userKind, u.Tags, u.Boundary); err != nil {
		return nil, err
	}
	if err := userNameFree(c, u.Name); err != nil {
		return nil, err
	}
	if err := another(c, usersPerAccount, c.View().Counts(u.Account).Users); err != nil {
		return nil, err
	}
	c.Tx.PutUser(nil, u)
	return &iamapi.CreateUserResponse{User: showUserDetail(u)}, nil
}

func userNameFree(c *authz.Call, name string) error {
	if c.Tx.User(c.Account(), name) != nil {
		return iamapi.EntityAlreadyExists.Errorf("User with name %s already exists.", name)
	}
	return nil
}

func (s *service) getUser(_ context.Context, c *authz.Call, in *iamapi.GetUserRequest) (*iamapi.GetUserResponse, error) {
	if in.UserName == nil && c.Principal.Kind == directory.Root {
		return rootUser(c)
	}
	name, err := userOrCaller(c, in.UserName)
	if err != nil {
		return nil, err
	}
	x := findUser(c, name)
	if err := x.authorize(c); err != nil {
		return nil, err
	}
	return &iamapi.GetUserResponse{User: showUserDetail(x.user)}, nil
}

// rootUser is what AWS shows of the root user: it has neither name nor path.
func rootUser(c *authz.Call) (*iamapi.GetUserResponse, error) {
	a := c.Tx.Account(c.Account())
	if err := c.Authorize(authz.Resource{ARN: c.Principal.ARN}); err != nil {
		return nil, err
	}
	u := &iamapi.User{Arn: new(c.Principal.ARN), UserId: new(c.Account())}
	if a != nil {
		u.CreateDate = new(a.Created)
	}
	return &iamapi.GetUserResponse{User: u}, nil
}

// userOrCaller is the user that a request names, or the user who makes it.
func userOrCaller(c *authz.Call, name *string) (string, error) {
	switch {
	case name != nil:
		return *name, nil
	case c.Principal.Kind == directory.UserKind:
		return c.Principal.User.Name, nil
	}
	return "", query.ValidationError.Errorf("Must specify userName when calling with non-User credentials")
}

func (s *service) updateUser(_ context.Context, c *authz.Call, in *iamapi.UpdateUserRequest) (*iamapi.UpdateUserResponse, error) {
	x := findUser(c, *in.UserName)
	if err := x.authorize(c); err != nil {
		return nil, err
	}
	n := x.user.Clone()
	n.Name, n.Path = or(in.NewUserName, n.Name), or(in.NewPath, n.Path)
	if err := x.rename(c, directory.KindUser, n.Path, n.Name); err != nil {
		return nil, err
	}
	if !strings.EqualFold(n.Name, x.name) {
		if err := userNameFree(c, n.Name); err != nil {
			return nil, err
		}
	}
	c.Tx.PutUser(x.user, n)
	return new(iamapi.UpdateUserResponse), nil
}

// rename asks for the call's action on the name and path that x is to have, which
// AWS wants beside the permission on what it has.
func (x *subject) rename(c *authz.Call, k directory.Kind, path, name string) error {
	if path == x.path && name == x.name {
		return nil
	}
	return c.Authorize(authz.Resource{ARN: c.View().ARN(k, c.Account(), path, name), Tags: x.tags})
}

func (s *service) deleteUser(_ context.Context, c *authz.Call, in *iamapi.DeleteUserRequest) (*iamapi.DeleteUserResponse, error) {
	x := findUser(c, *in.UserName)
	if err := x.authorize(c); err != nil {
		return nil, err
	}
	if err := x.empty(); err != nil {
		return nil, err
	}
	switch {
	case len(x.user.Groups) > 0:
		return nil, iamapi.DeleteConflict.Errorf("Cannot delete entity, must remove users from group first.")
	case len(x.user.AccessKeys) > 0:
		return nil, iamapi.DeleteConflict.Errorf("Cannot delete entity, must delete access keys first.")
	case len(x.user.MFA) > 0:
		return nil, iamapi.DeleteConflict.Errorf("Cannot delete entity, must delete MFA device first.")
	}
	c.Tx.DeleteUser(x.user)
	return new(iamapi.DeleteUserResponse), nil
}

func (s *service) listUsers(_ context.Context, c *authz.Call, in *iamapi.ListUsersRequest) (*iamapi.ListUsersResponse, error) {
	if err := authorizeList(c, directory.KindUser, in.PathPrefix); err != nil {
		return nil, err
	}
	prefix := or(in.PathPrefix, "/")
	p, err := s.pager(c, in.Marker, in.MaxItems, prefix)
	if err != nil {
		return nil, err
	}
	users, more, marker := page(p, c.View().Users(c.Account(), prefix, p.after), userKey)
	return &iamapi.ListUsersResponse{Users: each(users, showUser), IsTruncated: more, Marker: marker}, nil
}

func userKey(u *directory.User) string { return strings.ToLower(u.Name) }

// showUser is a user as lists have it.
func showUser(u *directory.User) iamapi.User {
	return iamapi.User{
		Arn: new(u.ARN()), CreateDate: new(u.Created), Path: new(u.Path), UserId: new(u.ID), UserName: new(u.Name),
	}
}

// showUserDetail is a user as CreateUser and GetUser have it.
func showUserDetail(u *directory.User) *iamapi.User {
	shown := showUser(u)
	shown.PermissionsBoundary, shown.Tags = showBoundary(u.Boundary), showTags(u.Tags)
	return &shown
}
