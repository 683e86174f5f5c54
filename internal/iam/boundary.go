package iam

import (
	"context"

	"github.com/deputy-sts/deputy/internal/authz"
	"github.com/deputy-sts/deputy/internal/iamapi"
)

// The permissions boundaries of users and roles.

// checkBoundary refuses a boundary that is no managed policy of the account or of AWS.
func checkBoundary(c *authz.Call, policyARN string) error {
	m, err := findManaged(c, policyARN)
	if err != nil {
		return err
	}
	if m.missing() {
		return iamapi.NoSuchEntity.Errorf("Scope ARN: %s does not exist or is not attachable.", policyARN)
	}
	return nil
}

// setBoundary is asked for with the boundary that x is to have, so that a policy
// can demand one.
func setBoundary(c *authz.Call, x *subject, policyARN string) error {
	if err := x.modify(c, boundaryKeys(policyARN)...); err != nil {
		return err
	}
	if err := checkBoundary(c, policyARN); err != nil {
		return err
	}
	x.boundary = policyARN
	x.put(c)
	return nil
}

// removeBoundary is asked for with the boundary that x has.
func removeBoundary(c *authz.Call, x *subject) error {
	if err := x.modify(c, boundaryKeys(x.boundary)...); err != nil {
		return err
	}
	if x.boundary == "" {
		return iamapi.NoSuchEntity.Errorf("%s %s does not have a permissions boundary.", x.title, x.name)
	}
	x.boundary = ""
	x.put(c)
	return nil
}

func showBoundary(policyARN string) *iamapi.AttachedPermissionsBoundary {
	if policyARN == "" {
		return nil
	}
	// The model says PermissionsBoundaryPolicy; AWS answers Policy.
	return &iamapi.AttachedPermissionsBoundary{PermissionsBoundaryArn: new(policyARN), PermissionsBoundaryType: new("Policy")}
}

func (s *service) putUserPermissionsBoundary(_ context.Context, c *authz.Call, in *iamapi.PutUserPermissionsBoundaryRequest) (*iamapi.PutUserPermissionsBoundaryResponse, error) {
	return done[iamapi.PutUserPermissionsBoundaryResponse](setBoundary(c, findUser(c, *in.UserName), *in.PermissionsBoundary))
}

func (s *service) putRolePermissionsBoundary(_ context.Context, c *authz.Call, in *iamapi.PutRolePermissionsBoundaryRequest) (*iamapi.PutRolePermissionsBoundaryResponse, error) {
	return done[iamapi.PutRolePermissionsBoundaryResponse](setBoundary(c, findRole(c, *in.RoleName), *in.PermissionsBoundary))
}

func (s *service) deleteUserPermissionsBoundary(_ context.Context, c *authz.Call, in *iamapi.DeleteUserPermissionsBoundaryRequest) (*iamapi.DeleteUserPermissionsBoundaryResponse, error) {
	return done[iamapi.DeleteUserPermissionsBoundaryResponse](removeBoundary(c, findUser(c, *in.UserName)))
}

func (s *service) deleteRolePermissionsBoundary(_ context.Context, c *authz.Call, in *iamapi.DeleteRolePermissionsBoundaryRequest) (*iamapi.DeleteRolePermissionsBoundaryResponse, error) {
	return done[iamapi.DeleteRolePermissionsBoundaryResponse](removeBoundary(c, findRole(c, *in.RoleName)))
}
