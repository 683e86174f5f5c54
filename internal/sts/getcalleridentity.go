package sts

import (
	"context"

	"github.com/deputy-sts/deputy/internal/authz"
	"github.com/deputy-sts/deputy/internal/stsapi"
)

// getCallerIdentity says who signed. No permission is needed and no Deny counts.
func getCallerIdentity(_ context.Context, c *authz.Call, _ *stsapi.GetCallerIdentityRequest) (*stsapi.GetCallerIdentityResponse, error) {
	c.Exempt("GetCallerIdentity needs no permission and no policy can deny it")
	p := c.Principal
	return &stsapi.GetCallerIdentityResponse{Account: &p.Account, Arn: &p.ARN, UserId: &p.ID}, nil
}
