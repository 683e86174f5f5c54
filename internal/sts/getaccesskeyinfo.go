package sts

import (
	"context"

	"github.com/deputy-sts/deputy/internal/authz"
	"github.com/deputy-sts/deputy/internal/query"
	"github.com/deputy-sts/deputy/internal/session"
	"github.com/deputy-sts/deputy/internal/stsapi"
)

// getAccessKeyInfo reads the account out of the key id itself. Whether there is
// such a key it does not say, as AWS does not.
func getAccessKeyInfo(_ context.Context, c *authz.Call, in *stsapi.GetAccessKeyInfoRequest) (*stsapi.GetAccessKeyInfoResponse, error) {
	if err := c.Authorize(authz.Resource{ARN: "*"}); err != nil {
		return nil, err
	}
	account, ok := session.AccountOf(*in.AccessKeyId)
	if !ok {
		return nil, query.ValidationError.Errorf("Invalid access key ID: %s", *in.AccessKeyId)
	}
	return &stsapi.GetAccessKeyInfoResponse{Account: &account}, nil
}
