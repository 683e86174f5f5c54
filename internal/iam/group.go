package iam

import (
	"context"
	"strings"

	"github.com/deputy-sts/deputy/internal/authz"
	"github.com/deputy-sts/deputy/internal/directory"
	"github.com/deputy-sts/deputy/internal/iamapi"
	"github.com/deputy-sts/deputy/internal/session"
)

var groupKind = &kind{
	word: "group", title: "Group",
	attachments: policiesPerGroup, inlineSize: groupPolicySize,
}

func findGroup(c *authz.Call, name string) *subject {
	g := c.Tx.Group(c.Account(), name)
	if g == nil {
		return &subject{kind: groupKind, name: name, shown: "group " + name, missing: true, arn: c.View().ARN(directory.KindGroup, c.Account(), "/", name)}
	}
	return &subject{
		kind: groupKind, name: g.Name, shown: "group " + name, path: g.Path, arn: g.ARN(), group: g,
		inline: g.Inline, attached: g.Attached,
	}
}

func (s *service) createGroup(_ context.Context, c *authz.Call, in *iamapi.CreateGroupRequest) (*iamapi.CreateGroupResponse, error) {
	g := &directory.Group{
		Account: c.Account(), Name: *in.GroupName, Path: or(in.Path, "/"),
		ID: session.NewUniqueID("AGPA"), Created: now(c),
	}
	if err := c.Authorize(authz.Resource{ARN: c.View().ARN(directory.KindGroup, g.Account, g.Path, g.Name)}); err != nil {
		return nil, err
	}
	if err := groupNameFree(c, g.Name); err != nil {
		return nil, err
	}
	if err := another(c, groupsPerAccount, c.View().Counts(g.Account).Groups); err != nil {
		return nil, err
	}
	c.Tx.PutGroup(nil, g)
	return &iamapi.CreateGroupResponse{Group: new(showGroup(g))}, nil
}

func groupNameFree(c *authz.Call, name string) error {
	if c.Tx.Group(c.Account(), name) != nil {
		return iamapi.EntityAlreadyExists.Errorf("Group with name %s already exists.", name)
	}
	return nil
}

func (s *service) getGroup(_ context.Context, c *authz.Call, in *iamapi.GetGroupRequest) (*iamapi.GetGroupResponse, error) {
	x := findGroup(c, *in.GroupName)
	if err := x.authorize(c); err != nil {
		return nil, err
	}
	p, err := s.pager(c, in.Marker, in.MaxItems, x.group.ID)
	if err != nil {
		return nil, err
	}
	users, more, marker := page(p, c.View().GroupMembers(x.group.ID), userKey)
	return &iamapi.GetGroupResponse{
		Group: new(showGroup(x.group)), Users: each(users, showUser), IsTruncated: more, Marker: marker,
	}, nil
}

func (s *service) updateGroup(_ context.Context, c *authz.Call, in *iamapi.UpdateGroupRequest) (*iamapi.UpdateGroupResponse, error) {
	x := findGroup(c, *in.GroupName)
	if err := x.authorize(c); err != nil {
		return nil, err
	}
	n := x.group.Clone()
	n.Name, n.Path = or(in.NewGroupName, n.Name), or(in.NewPath, n.Path)
	if err := x.rename(c, directory.KindGroup, n.Path, n.Name); err != nil {
		return nil, err
	}
	if !strings.EqualFold(n.Name, x.name) {
		if err := groupNameFree(c, n.Name); err != nil {
			return nil, err
		}
	}
	c.Tx.PutGroup(x.group, n)
	return new(iamapi.UpdateGroupResponse), nil
}

func (s *service) deleteGroup(_ context.Context, c *authz.Call, in *iamapi.DeleteGroupRequest) (*iamapi.DeleteGroupResponse, error) {
	x := findGroup(c, *in.GroupName)
	if err := x.authorize(c); err != nil {
		return nil, err
	}
	if err := x.empty(); err != nil {
		return nil, err
	}
	for range c.View().GroupMembers(x.group.ID) {
		return nil, iamapi.DeleteConflict.Errorf("Cannot delete entity, must remove users from group first.")
	}
	c.Tx.DeleteGroup(x.group)
	return new(iamapi.DeleteGroupResponse), nil
}

func (s *service) listGroups(_ context.Context, c *authz.Call, in *iamapi.ListGroupsRequest) (*iamapi.ListGroupsResponse, error) {
	if err := authorizeList(c, directory.KindGroup, in.PathPrefix); err != nil {
		return nil, err
	}
	prefix := or(in.PathPrefix, "/")
	p, err := s.pager(c, in.Marker, in.MaxItems, prefix)
	if err != nil {
		return nil, err
	}
	groups, more, marker := page(p, c.View().Groups(c.Account(), prefix, p.after), groupKey)
	return &iamapi.ListGroupsResponse{Groups: each(groups, showGroup), IsTruncated: more, Marker: marker}, nil
}

func groupKey(g *directory.Group) string { return strings.ToLower(g.Name) }

func showGroup(g *directory.Group) iamapi.Group {
	return iamapi.Group{
		Arn: new(g.ARN()), CreateDate: new(g.Created), GroupId: new(g.ID), GroupName: new(g.Name), Path: new(g.Path),
	}
}
