package iam

import (
	"context"
	"strings"

	"github.com/deputy-sts/deputy/internal/authz"
	"github.com/deputy-sts/deputy/internal/directory"
	"github.com/deputy-sts/deputy/internal/iamapi"
	"github.com/deputy-sts/deputy/internal/session"
)

// defaultSession is the MaxSessionDuration of a role that names none, in seconds.
const defaultSession = 3600

var roleKind = &kind{
	word: "role", title: "Role",
	attachments: policiesPerRole, inlineSize: rolePolicySize, tagging: roleTags,
}

func findRole(c *authz.Call, name string) *subject {
	r := c.Tx.Role(c.Account(), name)
	if r == nil {
		return &subject{kind: roleKind, name: name, shown: "role " + name, missing: true, arn: c.View().ARN(directory.KindRole, c.Account(), "/", name)}
	}
	return &subject{
		kind: roleKind, name: r.Name, shown: "role " + name, path: r.Path, arn: r.ARN(), role: r,
		tags: r.Tags, boundary: r.Boundary, inline: r.Inline, attached: r.Attached,
	}
}

func (s *service) createRole(_ context.Context, c *authz.Call, in *iamapi.CreateRoleRequest) (*iamapi.CreateRoleResponse, error) {
	r := &directory.Role{
		Account: c.Account(), Name: *in.RoleName, Path: or(in.Path, "/"),
		ID: session.NewUniqueID("AROA"), Created: now(c),
		Description: or(in.Description, ""), MaxSessionDuration: or(in.MaxSessionDuration, defaultSession),
		Tags: tagsOf(in.Tags), Boundary: or(in.PermissionsBoundary, ""),
	}
	arn := c.View().ARN(directory.KindRole, r.Account, r.Path, r.Name)
	if err := authorizeNew(c, arn, "", "iam:TagRole", r.Tags, boundaryKeys(r.Boundary)...); err != nil {
		return nil, err
	}
	if err := s.checkRole(c, r, *in.AssumeRolePolicyDocument); err != nil {
		return nil, err
	}
	c.Tx.PutRole(nil, r)
	return &iamapi.CreateRoleResponse{Role: showCreatedRole(c, r)}, nil
}

// checkRole checks a new role and binds its trust policy.
func (s *service) checkRole(c *authz.Call, r *directory.Role, trustText string) (err error) {
	if serviceLinked(r.Path) {
		// The path alone exempts a role from control policies.
		return iamapi.InvalidInput.Errorf("The path %s is reserved for service-linked roles.", r.Path)
	}
	if err := checkNew(c, roleKind, r.Tags, r.Boundary); err != nil {
		return err
	}
	if r.Trust, err = trust(c, trustText); err != nil {
		return err
	}
	if c.Tx.Role(r.Account, r.Name) != nil {
		return iamapi.EntityAlreadyExists.Errorf("Role with name %s already exists.", r.Name)
	}
	return another(c, rolesPerAccount, c.View().Counts(r.Account).Roles)
}

func (s *service) getRole(_ context.Context, c *authz.Call, in *iamapi.GetRoleRequest) (*iamapi.GetRoleResponse, error) {
	x := findRole(c, *in.RoleName)
	if err := x.authorize(c, boundaryKeys(x.boundary)...); err != nil {
		return nil, err
	}
	shown := showCreatedRole(c, x.role)
	shown.MaxSessionDuration, shown.Description = new(x.role.MaxSessionDuration), given(x.role.Description)
	shown.RoleLastUsed = s.roleLastUsed(x.role.ID)
	return &iamapi.GetRoleResponse{Role: shown}, nil
}

// roleLastUsed is an empty element until the role is used.
func (s *service) roleLastUsed(id string) *iamapi.RoleLastUsed {
	at, _, region := s.LastUsed(id)
	if at.IsZero() {
		return new(iamapi.RoleLastUsed)
	}
	return &iamapi.RoleLastUsed{LastUsedDate: new(at), Region: given(region)}
}

// updateRole changes what is given. Of a service-linked role that is only the
// description.
func (s *service) updateRole(_ context.Context, c *authz.Call, in *iamapi.UpdateRoleRequest) (*iamapi.UpdateRoleResponse, error) {
	x := findRole(c, *in.RoleName)
	ask := x.modify
	if in.MaxSessionDuration == nil {
		ask = x.authorize
	}
	if err := ask(c, boundaryKeys(x.boundary)...); err != nil {
		return nil, err
	}
	n := x.role.Clone()
	n.Description = or(in.Description, n.Description)
	n.MaxSessionDuration = or(in.MaxSessionDuration, n.MaxSessionDuration)
	c.Tx.PutRole(x.role, n)
	return new(iamapi.UpdateRoleResponse), nil
}

func (s *service) updateRoleDescription(_ context.Context, c *authz.Call, in *iamapi.UpdateRoleDescriptionRequest) (*iamapi.UpdateRoleDescriptionResponse, error) {
	x := findRole(c, *in.RoleName)
	if err := x.authorize(c, boundaryKeys(x.boundary)...); err != nil {
		return nil, err
	}
	n := x.role.Clone()
	n.Description = *in.Description
	c.Tx.PutRole(x.role, n)
	shown := showRole(c, n)
	shown.MaxSessionDuration = nil // recorded replies lack it
	return &iamapi.UpdateRoleDescriptionResponse{Role: &shown}, nil
}

func (s *service) updateAssumeRolePolicy(_ context.Context, c *authz.Call, in *iamapi.UpdateAssumeRolePolicyRequest) (*iamapi.UpdateAssumeRolePolicyResponse, error) {
	x := findRole(c, *in.RoleName)
	if err := x.modify(c, boundaryKeys(x.boundary)...); err != nil {
		return nil, err
	}
	doc, err := trust(c, *in.PolicyDocument)
	if err != nil {
		return nil, err
	}
	n := x.role.Clone()
	n.Trust = doc
	c.Tx.PutRole(x.role, n)
	return new(iamapi.UpdateAssumeRolePolicyResponse), nil
}

func (s *service) deleteRole(_ context.Context, c *authz.Call, in *iamapi.DeleteRoleRequest) (*iamapi.DeleteRoleResponse, error) {
	x := findRole(c, *in.RoleName)
	if err := x.modify(c, boundaryKeys(x.boundary)...); err != nil {
		return nil, err
	}
	if err := x.empty(); err != nil {
		return nil, err
	}
	c.Tx.DeleteRole(x.role)
	return new(iamapi.DeleteRoleResponse), nil
}

func (s *service) listRoles(_ context.Context, c *authz.Call, in *iamapi.ListRolesRequest) (*iamapi.ListRolesResponse, error) {
	if err := authorizeList(c, directory.KindRole, in.PathPrefix); err != nil {
		return nil, err
	}
	prefix := or(in.PathPrefix, "/")
	p, err := s.pager(c, in.Marker, in.MaxItems, prefix)
	if err != nil {
		return nil, err
	}
	roles, more, marker := page(p, c.View().Roles(c.Account(), prefix, p.after), roleKey)
	row := func(r *directory.Role) iamapi.Role { return showRole(c, r) }
	return &iamapi.ListRolesResponse{Roles: each(roles, row), IsTruncated: more, Marker: marker}, nil
}

// listInstanceProfilesForRole lists none: a role here is in no instance profile.
// Clients ask before they delete a role.
func (s *service) listInstanceProfilesForRole(_ context.Context, c *authz.Call, in *iamapi.ListInstanceProfilesForRoleRequest) (*iamapi.ListInstanceProfilesForRoleResponse, error) {
	x := findRole(c, *in.RoleName)
	if err := x.authorize(c); err != nil {
		return nil, err
	}
	if _, err := s.pager(c, in.Marker, in.MaxItems, x.role.ID); err != nil {
		return nil, err
	}
	return &iamapi.ListInstanceProfilesForRoleResponse{InstanceProfiles: []iamapi.InstanceProfile{}, IsTruncated: new(false)}, nil
}

func roleKey(r *directory.Role) string { return strings.ToLower(r.Name) }

// showRole is a role as lists have it.
func showRole(c *authz.Call, r *directory.Role) iamapi.Role {
	return iamapi.Role{
		Arn: new(r.ARN()), CreateDate: new(r.Created),
		AssumeRolePolicyDocument: encoded(directory.ShowTrust(c.View(), r.Trust)),
		Description:              given(r.Description), MaxSessionDuration: new(r.MaxSessionDuration),
		Path: new(r.Path), RoleId: new(r.ID), RoleName: new(r.Name),
	}
}

// showCreatedRole is a role as CreateRole has it: without MaxSessionDuration and
// Description, which recorded replies lack.
func showCreatedRole(c *authz.Call, r *directory.Role) *iamapi.Role {
	shown := showRole(c, r)
	shown.MaxSessionDuration, shown.Description = nil, nil
	shown.PermissionsBoundary, shown.Tags = showBoundary(r.Boundary), showTags(r.Tags)
	return &shown
}
