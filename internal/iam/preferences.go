package iam

import (
	"context"

	"github.com/deputy-sts/deputy/internal/authz"
	"github.com/deputy-sts/deputy/internal/iamapi"
)

// setSecurityTokenServicePreferences says which tokens the global endpoint of STS
// gives out for the account: v1Token, good in the regions that every account has,
// or v2Token, good in all. Tokens that exist stay as they are.
func (s *service) setSecurityTokenServicePreferences(_ context.Context, c *authz.Call, in *iamapi.SetSecurityTokenServicePreferencesRequest) (*iamapi.SetSecurityTokenServicePreferencesResponse, error) {
	if err := onAccount(c); err != nil {
		return nil, err
	}
	a := c.Tx.Account(c.Account())
	if a == nil {
		return nil, iamapi.NoSuchEntity.Errorf("The account %s cannot be found.", c.Account())
	}
	n := a.Clone()
	n.TokenVersion = 1
	if *in.GlobalEndpointTokenVersion == "v2Token" {
		n.TokenVersion = 2
	}
	c.Tx.PutAccount(a, n)
	return new(iamapi.SetSecurityTokenServicePreferencesResponse), nil
}
