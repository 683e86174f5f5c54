package authz

import "testing"

// TestSec_B26 is AWS's table of who may call what, whatever policies say.
//
// Source: IAM User Guide, id_credentials_temp_request.
func TestSec_B26(t *testing.T) {
	const (
		ok      = ""
		session = "AccessDenied"
		token   = "InvalidClientTokenId"
	)
	actions := [][2]string{
		{"sts", "GetCallerIdentity"}, {"sts", "AssumeRole"}, {"sts", "GetSessionToken"}, {"sts", "GetFederationToken"}, {"sts", "GetAccessKeyInfo"},
		{"sts", "DecodeAuthorizationMessage"}, {"iam", "GetUser"}, {"iam", "CreateAccessKey"},
	}
	for who, want := range map[string][]string{
		"root":           {ok, session, ok, ok, ok, ok, ok, ok},
		"user":           {ok, ok, ok, ok, ok, ok, ok, ok},
		"token":          {ok, ok, session, session, session, session, token, token},
		"mfa":            {ok, ok, session, session, session, session, ok, ok},
		"role":           {ok, ok, session, session, ok, ok, ok, ok},
		"federated role": {ok, ok, session, session, ok, ok, ok, ok},
		"federated user": {ok, session, session, session, session, session, token, token},
	} {
		for i, a := range actions {
			c := &Call{Request: Request{Principal: callers()[who], Service: a[0], Action: a[1]}}
			err := c.CheckCaller()
			if code(err) != want[i] {
				t.Errorf("%s calls %s:%s: %v, want %q", who, a[0], a[1], err, want[i])
			}
			if err != nil && a[1] == "GetFederationToken" && err.Error() != "AccessDenied: Cannot call GetFederationToken with session credentials" {
				t.Error(err)
			}
		}
	}
	// The rule holds for a decision too, should a handler forget it.
	r := newRoom(t)
	p := callers()["token"]
	p.User = r.dir.View().UserByID("AIDAALICE")
	c := r.gate.NewCall(Request{Principal: p, Service: "iam", Action: "GetUser"})
	c.begin(false)
	if err := c.Authorize(Resource{ARN: p.ARN}); code(err) != token {
		t.Error(err)
	}
}
