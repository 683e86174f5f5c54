package iam

import (
	"context"
	"iter"
	"strings"

	"github.com/deputy-sts/deputy/internal/authz"
	"github.com/deputy-sts/deputy/internal/directory"
	"github.com/deputy-sts/deputy/internal/iamapi"
)

// policyHolder is a user, role or group that has a policy attached or as boundary.
type policyHolder struct {
	kind                 directory.Kind
	name, id, path, word string
}

// listEntitiesForPolicy lists groups, then roles, then users, each by name; one
// that has the policy twice, attached and as boundary, is listed once.
func (s *service) listEntitiesForPolicy(_ context.Context, c *authz.Call, in *iamapi.ListEntitiesForPolicyRequest) (*iamapi.ListEntitiesForPolicyResponse, error) {
	m, err := openManaged(c, *in.PolicyArn)
	if err != nil {
		return nil, err
	}
	filter, prefix, usage := or(in.EntityFilter, ""), or(in.PathPrefix, "/"), or(in.PolicyUsageFilter, "")
	p, err := s.pager(c, in.Marker, in.MaxItems, m.arn, filter, prefix, usage)
	if err != nil {
		return nil, err
	}
	seen := map[string]bool{}
	var all []policyHolder
	for h := range holders(c, m.arn, usage) {
		if !seen[h.id] && (filter == "" || filter == h.word) && strings.HasPrefix(h.path, prefix) {
			seen[h.id], all = true, append(all, h)
		}
	}
	shown, more, marker := page(p, sorted(all, holderKey), holderKey)
	out := &iamapi.ListEntitiesForPolicyResponse{
		PolicyGroups: []iamapi.PolicyGroup{}, PolicyRoles: []iamapi.PolicyRole{}, PolicyUsers: []iamapi.PolicyUser{},
		IsTruncated: more, Marker: marker,
	}
	for _, h := range shown {
		h.show(out)
	}
	return out, nil
}

// holders yields who has the policy in the caller's account.
func holders(c *authz.Call, policyARN, usage string) iter.Seq[policyHolder] {
	return func(yield func(policyHolder) bool) {
		for e := range c.View().EntitiesForPolicy(c.Account(), policyARN) {
			if usage == "PermissionsPolicy" && e.Boundary || usage == "PermissionsBoundary" && !e.Boundary {
				continue
			}
			h := policyHolder{kind: e.Kind}
			switch e.Kind {
			case directory.KindUser:
				h.name, h.id, h.path, h.word = e.User.Name, e.User.ID, e.User.Path, "User"
			case directory.KindRole:
				h.name, h.id, h.path, h.word = e.Role.Name, e.Role.ID, e.Role.Path, "Role"
			case directory.KindGroup:
				h.name, h.id, h.path, h.word = e.Group.Name, e.Group.ID, e.Group.Path, "Group"
			}
			if !yield(h) {
				return
			}
		}
	}
}

func holderKey(h policyHolder) string { return h.word + ":" + strings.ToLower(h.name) }

func (h *policyHolder) show(out *iamapi.ListEntitiesForPolicyResponse) {
	switch h.kind {
	case directory.KindUser:
		out.PolicyUsers = append(out.PolicyUsers, iamapi.PolicyUser{UserName: new(h.name), UserId: new(h.id)})
	case directory.KindRole:
		out.PolicyRoles = append(out.PolicyRoles, iamapi.PolicyRole{RoleName: new(h.name), RoleId: new(h.id)})
	case directory.KindGroup:
		out.PolicyGroups = append(out.PolicyGroups, iamapi.PolicyGroup{GroupName: new(h.name), GroupId: new(h.id)})
	}
}
