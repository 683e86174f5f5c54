package sts

import (
	"context"

	"github.com/deputy-sts/deputy/internal/authz"
	"github.com/deputy-sts/deputy/internal/query"
	"github.com/deputy-sts/deputy/internal/session"
	"github.com/deputy-sts/deputy/internal/stsapi"
)

// getAccessKeyInfo gives the account of a key: its owner's when it is one of this
// deployment's, whose ids may have been chosen elsewhere; else what the id itself
// says. Whether there is such a key it does not say, as AWS does not.
func getAccessKeyInfo(_ context.Context, c *authz.Call, in *stsapi.GetAccessKeyInfoRequest) (*stsapi.GetAccessKeyInfoResponse, error) {
	if err := c.Authorize(authz.Resource{ARN: "*"}); err != nil {
		return nil, err
	}
	if k := c.Tx.Key(*in.AccessKeyId); k != nil {
		return &stsapi.GetAccessKeyInfoResponse{Account: &k.Account}, nil
	}
	account, ok := session.AccountOf(*in.AccessKeyId)
	if !ok {
		return nil, query.ValidationError.Errorf("Invalid access key ID: %s", *in.AccessKeyId)
	}
	return &stsapi.GetAccessKeyInfoResponse{Account: &account}, nil
}
