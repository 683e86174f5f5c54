package sts

import (
	"net/url"
	"testing"

	"github.com/deputy-sts/deputy/internal/authz"
	"github.com/deputy-sts/deputy/internal/directory"
	"github.com/deputy-sts/deputy/policy"
	"github.com/deputy-sts/deputy/sigv4"
)

// principal is who the credentials are.
func (s *stack) principal(c credentials) *directory.Principal {
	s.t.Helper()
	body := []byte("Action=GetCallerIdentity&Version=2011-06-15")
	request := s.request(string(body))
	check(s.t, sigv4.Sign(request, body, c, "eu-central-1", "sts", s.now))
	principal, _, err := s.authn.Authenticate(request, body, "sts")
	check(s.t, err)
	return principal
}

// probe decides on an action in the name of credentials, as a service beside STS
// and IAM would.
func (s *stack) probe(c credentials, action string, r authz.Resource) policy.Result {
	s.t.Helper()
	call := s.gate.NewCall(authz.Request{Principal: s.principal(c), Service: "s3", Action: "GetObject", Time: s.now})
	defer call.Release()
	call.Tx = s.directory.Begin(false)
	return call.Decide(action, r)
}

// TestFederatedUser decides on a bucket with a policy of its own: a federated user
// has what its user and its session policy both allow, nothing without a session
// policy, and beyond that what a resource policy grants by its own name.
//
// Source: IAM User Guide, id_credentials_temp_control-access_getfederationtoken.
func TestFederatedUser(t *testing.T) {
	s := newStack(t)
	own := `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"sts:*","Resource":"*"},{"Effect":"Allow","Action":["s3:GetObject","s3:PutObject"],"Resource":"arn:aws:s3:::b/*"},{"Effect":"Deny","Action":"s3:PutObject","Resource":"arn:aws:s3:::b/locked"}]}`
	broker := s.user(accountA, "broker", own)
	s.editUser(accountA, "broker", func(u *directory.User) {
		u.Tags = []directory.Tag{{Key: "Team", Value: "blue"}, {Key: "Site", Value: "here"}}
	})
	root := s.root(accountA)
	federate := func(c credentials, params string) credentials {
		t.Helper()
		a := s.do(c, "GetFederationToken", "Name=bob&"+params)
		if a.Status != 200 {
			t.Fatal(a)
		}
		return temporary(a)
	}
	inline := func(text string) string { return "Policy=" + url.QueryEscape(text) }
	everything := inline(statement("Allow", "*", "*"))
	bucket := func(principal string) *policy.Policy {
		p, err := policy.Parse(`{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":{"AWS":"`+principal+`"},"Action":"s3:GetObject","Resource":"arn:aws:s3:::b/*"}}`, policy.Any)
		check(t, err)
		return p
	}
	tagged := func(key, value string) string {
		return inline(`{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*","Resource":"*","Condition":{"StringEquals":{"aws:PrincipalTag/` + key + `":"` + value + `"}}}}`)
	}
	self, issuer := "arn:aws:sts::"+accountA+":federated-user/bob", "arn:aws:iam::"+accountA+":user/broker"
	get, put := "s3:GetObject", "s3:PutObject"
	for what, row := range map[string]struct {
		by          credentials
		params      string
		action, key string
		grant       string
		want        bool
	}{
		"no session policy":                    {broker, "", get, "x", "", false},
		"no session policy, granted by name":   {broker, "", get, "x", self, true},
		"no session policy, the issuer's":      {broker, "", get, "x", issuer, false},
		"no session policy, the account's":     {broker, "", get, "x", accountA, false},
		"no session policy, another's":         {broker, "", get, "x", self + "by", false},
		"both allow":                           {broker, everything, get, "x", "", true},
		"the user's deny":                      {broker, everything, put, "locked", "", false},
		"the user has it not":                  {broker, everything, "s3:DeleteObject", "x", "", false},
		"the session policy has it not":        {broker, inline(statement("Allow", "s3:PutObject", "*")), get, "x", "", false},
		"it has it not, granted by name":       {broker, inline(statement("Allow", "s3:PutObject", "*")), get, "x", self, true},
		"it denies, granted by name":           {broker, inline(statement("Deny", "s3:GetObject", "*")), get, "x", self, false},
		"the issuer's, with a session policy":  {broker, everything, get, "x", issuer, true},
		"a managed one":                        {broker, "PolicyArns.member.1.arn=arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess", get, "x", "", true},
		"a managed one has it not":             {broker, "PolicyArns.member.1.arn=arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess", put, "x", "", false},
		"of root, no session policy":           {root, "", get, "x", "", false},
		"of root, no session policy, by name":  {root, "", get, "x", self, true},
		"of root, everything":                  {root, everything, "s3:DeleteObject", "x", "", true},
		"of root, narrowed":                    {root, inline(statement("Allow", "s3:PutObject", "*")), get, "x", "", false},
		"a tag of the session":                 {broker, tagged("cost", "1") + "&Tags.member.1.Key=Cost&Tags.member.1.Value=1", get, "x", "", true},
		"a tag of the user":                    {broker, tagged("team", "blue"), get, "x", "", true},
		"a tag of the session over the user's": {broker, tagged("team", "red") + "&Tags.member.1.Key=team&Tags.member.1.Value=red", get, "x", "", true},
		"and the user's no more":               {broker, tagged("team", "blue") + "&Tags.member.1.Key=team&Tags.member.1.Value=red", get, "x", "", false},
		"beside it the user's other":           {broker, tagged("site", "here") + "&Tags.member.1.Key=team&Tags.member.1.Value=red", get, "x", "", true},
	} {
		r := authz.Resource{ARN: "arn:aws:s3:::b/" + row.key}
		if row.grant != "" {
			r.Trust = bucket(row.grant)
		}
		if got := s.probe(federate(row.by, row.params), row.action, r); (got.Decision == policy.Allow) != row.want {
			t.Errorf("%s: %v by %v, want %v", what, got.Decision, got.Layer, row.want)
		}
	}
	// A boundary of the user counts for whom it vouches for.
	c := federate(broker, everything)
	bound := s.policy(accountA, "bound", statement("Allow", "sts:*", "*"))
	s.editUser(accountA, "broker", func(u *directory.User) { u.Boundary = bound })
	if got := s.probe(c, get, authz.Resource{ARN: "arn:aws:s3:::b/x"}); got.Layer != policy.LayerBoundary {
		t.Errorf("with a boundary: %v by %v", got.Decision, got.Layer)
	}
}
