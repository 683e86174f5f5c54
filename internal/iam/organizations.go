package iam

import (
	"context"
	"slices"

	"github.com/deputy-sts/deputy/internal/authz"
	"github.com/deputy-sts/deputy/internal/directory"
	"github.com/deputy-sts/deputy/internal/iamapi"
)

// Centralized root access: the management account switches on that it, and an
// account that administers IAM for it, manage the root users of the others.

func (s *service) listFeatures(_ context.Context, c *authz.Call, _ *iamapi.ListOrganizationsFeaturesRequest) (*iamapi.ListOrganizationsFeaturesResponse, error) {
	_, enabled, err := organization(c)
	if err != nil {
		return nil, err
	}
	return &iamapi.ListOrganizationsFeaturesResponse{EnabledFeatures: enabled, OrganizationId: new(c.View().OrganizationID())}, nil
}

func (s *service) enableRootCredentials(_ context.Context, c *authz.Call, _ *iamapi.EnableOrganizationsRootCredentialsManagementRequest) (*iamapi.EnableOrganizationsRootCredentialsManagementResponse, error) {
	enabled, err := setFeature(c, directory.RootCredentialsManagement, true)
	if err != nil {
		return nil, err
	}
	return &iamapi.EnableOrganizationsRootCredentialsManagementResponse{EnabledFeatures: enabled, OrganizationId: new(c.View().OrganizationID())}, nil
}

func (s *service) disableRootCredentials(_ context.Context, c *authz.Call, _ *iamapi.DisableOrganizationsRootCredentialsManagementRequest) (*iamapi.DisableOrganizationsRootCredentialsManagementResponse, error) {
	enabled, err := setFeature(c, directory.RootCredentialsManagement, false)
	if err != nil {
		return nil, err
	}
	return &iamapi.DisableOrganizationsRootCredentialsManagementResponse{EnabledFeatures: enabled, OrganizationId: new(c.View().OrganizationID())}, nil
}

func (s *service) enableRootSessions(_ context.Context, c *authz.Call, _ *iamapi.EnableOrganizationsRootSessionsRequest) (*iamapi.EnableOrganizationsRootSessionsResponse, error) {
	enabled, err := setFeature(c, directory.RootSessions, true)
	if err != nil {
		return nil, err
	}
	return &iamapi.EnableOrganizationsRootSessionsResponse{EnabledFeatures: enabled, OrganizationId: new(c.View().OrganizationID())}, nil
}

func (s *service) disableRootSessions(_ context.Context, c *authz.Call, _ *iamapi.DisableOrganizationsRootSessionsRequest) (*iamapi.DisableOrganizationsRootSessionsResponse, error) {
	enabled, err := setFeature(c, directory.RootSessions, false)
	if err != nil {
		return nil, err
	}
	return &iamapi.DisableOrganizationsRootSessionsResponse{EnabledFeatures: enabled, OrganizationId: new(c.View().OrganizationID())}, nil
}

// organization gives the management account and its features, to a caller of that
// account or of one that administers IAM for it.
func organization(c *authz.Call) (*directory.Account, []string, error) {
	if err := onAccount(c); err != nil {
		return nil, nil, err
	}
	found := c.View().ManagementAccount()
	if found == nil {
		return nil, nil, iamapi.OrganizationNotFoundException.Errorf("The request was rejected because no organization is associated with your account.")
	}
	if own := c.Tx.Account(c.Account()); own == nil || !own.ManagesRoots() {
		return nil, nil, iamapi.AccountNotManagementOrDelegatedAdministratorException.Errorf("The request was rejected because the account making the request is not the management account or delegated administrator account for centralized root access.")
	}
	a := c.Tx.Account(found.ID)
	if a == nil || !a.Management {
		return nil, nil, iamapi.OrganizationNotFoundException.Errorf("The request was rejected because no organization is associated with your account.")
	}
	return a, shownFeatures(slices.Clone(a.Features)), nil
}

// setFeature switches a feature; that it is so already is no error. Only the
// management account itself switches one on.
func setFeature(c *authz.Call, name string, on bool) ([]string, error) {
	a, enabled, err := organization(c)
	if err != nil {
		return nil, err
	}
	if on && a.ID != c.Account() {
		return nil, iamapi.CallerIsNotManagementAccountException.Errorf("The request was rejected because the account making the request is not the management account for the organization.")
	}
	has := slices.Contains(enabled, name)
	switch {
	case on == has:
		return enabled, nil
	case on:
		enabled = append(enabled, name)
		slices.Sort(enabled)
	default:
		enabled = slices.DeleteFunc(enabled, func(f string) bool { return f == name })
	}
	n := a.Clone()
	n.Features = enabled
	c.Tx.PutAccount(a, n)
	return enabled, nil
}

// shownFeatures is a list in an answer: an empty one is shown too.
func shownFeatures(f []string) []string {
	if f == nil {
		return []string{}
	}
	return f
}
