package authz

import (
	"context"
	"errors"
	"net/url"
	"testing"

	"github.com/deputy-sts/deputy/internal/directory"
	"github.com/deputy-sts/deputy/internal/query"
	"github.com/deputy-sts/deputy/internal/stsapi"
	"github.com/deputy-sts/deputy/policy"
)

type (
	webIn  = stsapi.AssumeRoleWithWebIdentityRequest
	webOut = stsapi.AssumeRoleWithWebIdentityResponse
)

// TestBearer: who presents an assertion is decided on by the trust policy alone,
// whoever signed, and stands in one line of the role's account.
func TestBearer(t *testing.T) {
	const provider = "arn:aws:iam::" + account + ":oidc-provider/idp.test"
	trusts := func(what string) *policy.Policy {
		return mustParse(`{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":{` + what + `},"Action":"sts:AssumeRoleWithWebIdentity","Condition":{"StringEquals":{"idp.test:sub":"me"}}}}`)
	}
	r := newRoom(t)
	enter := func(signer *directory.Principal, sub string, trust *policy.Policy, also bool) error {
		return serve(r, signer, &stsapi.API, "AssumeRoleWithWebIdentity", func(_ context.Context, c *Call, in *webIn) (*webOut, error) {
			c.NoteAccount(account)
			c.Present(Bearer{Type: policy.WebIdentity, Provider: provider, ID: provider + ":app:" + sub, Subject: sub, Account: account})
			res := Resource{ARN: *in.RoleArn, Account: account, IsTrust: true, Terse: true, Trust: trust, Keys: []Key{{Name: "idp.test:sub", Values: []string{sub}}}}
			if err := c.Authorize(res); err != nil {
				return nil, err
			}
			if also {
				return nil, c.AuthorizeAs("sts:TagSession", res)
			}
			return new(webOut), nil
		}, url.Values{"RoleArn": {"arn:aws:iam::" + account + ":role/r"}, "RoleSessionName": {"me"}, "WebIdentityToken": {"token"}})
	}
	foreign := r.principal()
	foreign.Account = "444455556666"
	named := mustParse(`{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":"*","Action":"sts:*","Condition":{"StringEquals":{"aws:username":"alice"}}}}`)
	federated := trusts(`"Federated":"` + provider + `"`)
	for name, row := range map[string]struct {
		signer *directory.Principal
		sub    string
		trust  *policy.Policy
		also   bool
		want   string
	}{
		"trusted":                      {nil, "me", federated, false, ""},
		"anybody":                      {nil, "me", trusts(`"AWS":"*"`), false, ""},
		"another subject":              {nil, "you", federated, false, "Not authorized to perform sts:AssumeRoleWithWebIdentity"},
		"no role":                      {nil, "me", nil, false, "Not authorized to perform sts:AssumeRoleWithWebIdentity"},
		"another provider":             {nil, "me", trusts(`"Federated":"` + provider + `2"`), false, "Not authorized to perform sts:AssumeRoleWithWebIdentity"},
		"the account":                  {nil, "me", trusts(`"AWS":"` + account + `"`), false, "Not authorized to perform sts:AssumeRoleWithWebIdentity"},
		"signed, trusted":              {r.principal(), "me", federated, false, ""},
		"signed, but only the account": {r.principal(), "me", trusts(`"AWS":"` + account + `"`), false, "Not authorized to perform sts:AssumeRoleWithWebIdentity"},
		"signed in another account":    {foreign, "me", federated, false, ""},
		"the signer's own keys":        {r.principal(), "me", named, false, "Not authorized to perform sts:AssumeRoleWithWebIdentity"},
		"no tags allowed":              {nil, "me", federated, true, "Not authorized to perform sts:TagSession"},
	} {
		err := enter(row.signer, row.sub, row.trust, row.also)
		told := ""
		if e, ok := errors.AsType[*query.Error](err); ok {
			told = e.Message
		}
		if told != row.want || row.want != "" && code(err) != "AccessDenied" {
			t.Errorf("%s: %v", name, err)
		}
	}
	events := r.lines()
	if len(events) != 11 {
		t.Errorf("%d lines", len(events))
	}
	for _, e := range events {
		who := e["userIdentity"].(map[string]any)
		if e["recipientAccountId"] != account || who["type"] != "WebIdentityUser" || who["identityProvider"] != provider || who["principalId"] != provider+":app:"+who["userName"].(string) || who["accessKeyId"] != nil {
			t.Errorf("recorded as %v", e)
		}
	}
}
