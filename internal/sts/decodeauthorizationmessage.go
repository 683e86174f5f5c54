package sts

import (
	"context"

	"github.com/deputy-sts/deputy/internal/authz"
	"github.com/deputy-sts/deputy/internal/stsapi"
)

// decodeAuthorizationMessage opens the encoded message of a denial for whoever may
// open those of the account. One of another account, or of another service, is as
// good as any junk.
func decodeAuthorizationMessage(_ context.Context, c *authz.Call, in *stsapi.DecodeAuthorizationMessageRequest) (*stsapi.DecodeAuthorizationMessageResponse, error) {
	if err := c.Authorize(authz.Resource{ARN: "*"}); err != nil {
		return nil, err
	}
	text, ok := c.DecodeMessage(*in.EncodedMessage)
	if !ok {
		return nil, stsapi.InvalidAuthorizationMessageException.Errorf("Message is not valid")
	}
	return &stsapi.DecodeAuthorizationMessageResponse{DecodedMessage: &text}, nil
}
