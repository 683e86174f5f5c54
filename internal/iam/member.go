package iam

import (
	"context"
	"slices"

	"github.com/deputy-sts/deputy/internal/authz"
	"github.com/deputy-sts/deputy/internal/directory"
	"github.com/deputy-sts/deputy/internal/iamapi"
)

// memberOf loads a group, for a caller who may do the call's action to it, and a user.
func memberOf(c *authz.Call, groupName, userName string) (g, u *subject, err error) {
	g, u = findGroup(c, groupName), findUser(c, userName)
	if err := c.Authorize(g.resource()); err != nil {
		return nil, nil, err
	}
	switch {
	case u.missing: // AWS names the user when both are missing
		return nil, nil, u.notFound()
	case g.missing:
		return nil, nil, g.notFound()
	}
	return g, u, nil
}

func (s *service) addUserToGroup(_ context.Context, c *authz.Call, in *iamapi.AddUserToGroupRequest) (*iamapi.AddUserToGroupResponse, error) {
	g, u, err := memberOf(c, *in.GroupName, *in.UserName)
	if err != nil {
		return nil, err
	}
	if slices.Contains(u.user.Groups, g.group.ID) {
		return new(iamapi.AddUserToGroupResponse), nil
	}
	if err := within(c, groupsPerUser, len(u.user.Groups)+1); err != nil {
		return nil, err
	}
	n := u.user.Clone()
	n.Groups = append(n.Groups, g.group.ID)
	c.Tx.PutUser(u.user, n)
	return new(iamapi.AddUserToGroupResponse), nil
}

func (s *service) removeUserFromGroup(_ context.Context, c *authz.Call, in *iamapi.RemoveUserFromGroupRequest) (*iamapi.RemoveUserFromGroupResponse, error) {
	g, u, err := memberOf(c, *in.GroupName, *in.UserName)
	if err != nil {
		return nil, err
	}
	at := slices.Index(u.user.Groups, g.group.ID)
	if at < 0 {
		return nil, iamapi.NoSuchEntity.Errorf("User %s is not in group %s.", u.name, g.name)
	}
	n := u.user.Clone()
	n.Groups = slices.Delete(n.Groups, at, at+1)
	c.Tx.PutUser(u.user, n)
	return new(iamapi.RemoveUserFromGroupResponse), nil
}

func (s *service) listGroupsForUser(_ context.Context, c *authz.Call, in *iamapi.ListGroupsForUserRequest) (*iamapi.ListGroupsForUserResponse, error) {
	x := findUser(c, *in.UserName)
	if err := x.authorize(c); err != nil {
		return nil, err
	}
	p, err := s.pager(c, in.Marker, in.MaxItems, x.user.ID)
	if err != nil {
		return nil, err
	}
	var groups []*directory.Group
	for _, id := range x.user.Groups {
		if g := c.Tx.GroupByID(id); g != nil {
			groups = append(groups, g)
		}
	}
	shown, more, marker := page(p, sorted(groups, groupKey), groupKey)
	return &iamapi.ListGroupsForUserResponse{Groups: each(shown, showGroup), IsTruncated: more, Marker: marker}, nil
}
