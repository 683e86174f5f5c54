package main

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"github.com/deputy-sts/deputy/internal/iamapi"
	"github.com/deputy-sts/deputy/internal/query"
	"github.com/deputy-sts/deputy/internal/stsapi"
	"github.com/deputy-sts/deputy/sigv4"
)

// demo is what `deputyd dev` sets up and prints: a user, and a role that trusts
// this user with an external ID.
type demo struct {
	Endpoint   string  `json:"endpoint"`
	Region     string  `json:"region"`
	Account    string  `json:"account"`
	Admin      keyPair `json:"admin"`
	User       keyPair `json:"user"`
	RoleArn    string  `json:"role_arn"`
	ExternalID string  `json:"external_id"`
}

const demoExternalID = "demo-external-id"

// client calls the running server as any client does: over HTTP, signed.
func (d *demo) client(api *query.API, c sigv4.Credentials) *query.Client {
	return &query.Client{API: api, Endpoint: d.Endpoint, HTTP: http.DefaultClient, Sign: func(r *http.Request, body []byte) error {
		return sigv4.Sign(r, body, c, d.Region, api.Name, time.Now())
	}}
}

func (k keyPair) credentials() sigv4.Credentials {
	return sigv4.Credentials{AccessKeyID: k.AccessKeyID, SecretAccessKey: k.SecretAccessKey}
}

func (d *demo) setUp(ctx context.Context) error {
	iam := d.client(&iamapi.API, d.Admin.credentials())
	userARN := "arn:aws:iam::" + d.Account + ":user/demo"
	d.RoleArn, d.ExternalID = "arn:aws:iam::"+d.Account+":role/demo", demoExternalID
	may := fmt.Sprintf(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"sts:AssumeRole","Resource":%q}]}`, d.RoleArn)
	trust := fmt.Sprintf(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":%q},"Action":"sts:AssumeRole","Condition":{"StringEquals":{"sts:ExternalId":%q}}}]}`,
		userARN, d.ExternalID)
	key := new(iamapi.CreateAccessKeyResponse)
	for _, step := range []struct {
		op      string
		in, out any
	}{
		{"CreateUser", &iamapi.CreateUserRequest{UserName: new("demo")}, new(iamapi.CreateUserResponse)},
		{"PutUserPolicy", &iamapi.PutUserPolicyRequest{UserName: new("demo"), PolicyName: new("assume-demo"), PolicyDocument: &may}, new(iamapi.PutUserPolicyResponse)},
		{"CreateRole", &iamapi.CreateRoleRequest{RoleName: new("demo"), AssumeRolePolicyDocument: &trust}, new(iamapi.CreateRoleResponse)},
		{"AttachRolePolicy", &iamapi.AttachRolePolicyRequest{RoleName: new("demo"), PolicyArn: new("arn:aws:iam::aws:policy/IAMReadOnlyAccess")}, new(iamapi.AttachRolePolicyResponse)},
		{"CreateAccessKey", &iamapi.CreateAccessKeyRequest{UserName: new("demo")}, key},
	} {
		if err := iam.Do(ctx, step.op, step.in, step.out); err != nil {
			return fmt.Errorf("setting up the demo: %s: %w", step.op, err)
		}
	}
	d.User = keyPair{*key.AccessKey.AccessKeyId, *key.AccessKey.SecretAccessKey}
	return nil
}

// assume assumes the demo role as the demo user does.
func (d *demo) assume(ctx context.Context) (sigv4.Credentials, error) {
	in := &stsapi.AssumeRoleRequest{RoleArn: &d.RoleArn, RoleSessionName: new("demo"), ExternalId: &d.ExternalID}
	out := new(stsapi.AssumeRoleResponse)
	if err := d.client(&stsapi.API, d.User.credentials()).Do(ctx, "AssumeRole", in, out); err != nil {
		return sigv4.Credentials{}, fmt.Errorf("assuming the demo role: %w", err)
	}
	c := out.Credentials
	return sigv4.Credentials{AccessKeyID: *c.AccessKeyId, SecretAccessKey: *c.SecretAccessKey, SessionToken: *c.SessionToken}, nil
}

// text is what to paste, for a person.
func (d *demo) text() string {
	return fmt.Sprintf(`deputyd serves STS and IAM at %[1]s, in memory: all is gone when it ends.

The demo user, who may assume the role %[2]s:

  export AWS_ENDPOINT_URL=%[1]s AWS_REGION=%[4]s AWS_DEFAULT_REGION=%[4]s
  export AWS_ACCESS_KEY_ID=%[5]s AWS_SECRET_ACCESS_KEY=%[6]s
  unset AWS_SESSION_TOKEN AWS_PROFILE AWS_ENDPOINT_URL_STS AWS_IGNORE_CONFIGURED_ENDPOINT_URLS

  aws sts get-caller-identity
  aws sts assume-role --role-arn %[2]s --role-session-name me --external-id %[3]s

An AWS CLI older than 1.29 or 2.13 does not read AWS_ENDPOINT_URL: add --endpoint-url %[1]s.
Without the AWS CLI, deputy takes the same words: go run ./cmd/deputy sts get-caller-identity

The account's administrator:

  export AWS_ACCESS_KEY_ID=%[7]s AWS_SECRET_ACCESS_KEY=%[8]s
`, d.Endpoint, d.RoleArn, d.ExternalID, d.Region, d.User.AccessKeyID, d.User.SecretAccessKey, d.Admin.AccessKeyID, d.Admin.SecretAccessKey)
}
