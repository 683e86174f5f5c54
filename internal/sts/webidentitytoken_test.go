package sts

import (
	"encoding/base64"
	"encoding/json"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/deputy-sts/deputy/internal/authz"
	"github.com/deputy-sts/deputy/internal/directory"
	"github.com/deputy-sts/deputy/internal/outbound"
	"github.com/deputy-sts/deputy/internal/stsapi"
)

// issuerOfA is account A as an issuer; its keys are made once, since that takes time.
var issuerOfA = sync.OnceValue(func() *directory.TokenIssuer {
	i, err := outbound.NewIssuer(accountA, time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC))
	if err != nil {
		panic(err)
	}
	return i
})

func (s *stack) issuing() {
	s.change(func(tx *directory.Tx) { tx.PutTokenIssuer(nil, issuerOfA().Clone()) })
}

// claimsOf reads a token without verifying it: package outbound and the server's
// tests do.
func claimsOf(t *testing.T, a answer) (claims map[string]any, aws map[string]any) {
	t.Helper()
	out, ok := a.Out.(*stsapi.GetWebIdentityTokenResponse)
	if !ok {
		t.Fatal(a)
	}
	parts := strings.Split(*out.WebIdentityToken, ".")
	text, err := base64.RawURLEncoding.DecodeString(parts[1])
	check(t, err)
	check(t, json.Unmarshal(text, &claims))
	aws, _ = claims[outbound.Namespace].(map[string]any)
	if got := int64(claims["exp"].(float64)); got != out.Expiration.Unix() {
		t.Errorf("exp %d, Expiration %v", got, out.Expiration)
	}
	return claims, aws
}

const tokenES = "SigningAlgorithm=ES384&Audience.member.1=https://api.example"

// TestWebIdentityClaims holds what a token says of a user and of a role session.
func TestWebIdentityClaims(t *testing.T) {
	s := newStack(t)
	s.change(func(tx *directory.Tx) {
		a := tx.Account(accountB)
		n := a.Clone()
		n.Management = true
		tx.PutAccount(a, n)
	})
	s.issuing()
	all := statement("Allow", "sts:*", "*")
	alice := s.user(accountA, "alice", all)
	s.editUser(accountA, "alice", func(u *directory.User) {
		u.Path, u.Tags = "/staff/", []directory.Tag{{Key: "team", Value: "blue"}}
	})
	alicia := "arn:aws:iam::" + accountA + ":user/staff/alice"
	claims, aws := claimsOf(t, s.do(alice, "GetWebIdentityToken", tokenES+"&Tags.member.1.Key=job&Tags.member.1.Value=7"))
	want := map[string]any{
		"iss": "https://id.example/oidc/" + issuerOfA().ID, "aud": "https://api.example", "sub": alicia,
		"iat": float64(s.now.Unix()), "exp": float64(s.now.Unix() + 300),
	}
	for name, v := range want {
		if claims[name] != v {
			t.Errorf("%s is %v, not %v", name, claims[name], v)
		}
	}
	if id, _ := claims["jti"].(string); len(id) != 32 {
		t.Errorf("jti %v", claims["jti"])
	}
	text, _ := json.Marshal(aws)
	if org := s.directory.View().OrganizationID(); string(text) != `{"aws_account":"`+accountA+`","org_id":"`+org+`","principal_id":"`+alicia+`","principal_tags":{"team":"blue"},"request_tags":{"job":"7"},"source_region":"eu-central-1"}` || len(org) != 12 {
		t.Errorf("%s", text)
	}

	s.role(accountA, "app/worker", trusts(accountA, "sts:AssumeRole", "sts:TagSession", "sts:SetSourceIdentity"), all)
	s.editRole(accountA, "worker", func(r *directory.Role) {
		r.Tags = []directory.Tag{{Key: "Team", Value: "red"}, {Key: "cost", Value: "1"}}
	})
	session, a := s.assume(alice, "arn:aws:iam::"+accountA+":role/app/worker", "SourceIdentity=maren&Tags.member.1.Key=team&Tags.member.1.Value=green")
	if a.Status != 200 {
		t.Fatal(a)
	}
	claims, aws = claimsOf(t, s.do(session, "GetWebIdentityToken", tokenES+"&Audience.member.2=two&DurationSeconds=3600"))
	if list, _ := claims["aud"].([]any); len(list) != 2 || claims["sub"] != "arn:aws:iam::"+accountA+":role/app/worker" {
		t.Errorf("%v", claims)
	}
	text, _ = json.Marshal(aws["principal_tags"])
	if string(text) != `{"cost":"1","team":"green"}` || aws["source_identity"] != "maren" || aws["original_session_exp"] != s.now.Add(time.Hour).Format(time.RFC3339) {
		t.Errorf("%v", aws)
	}
}

// TestWebIdentityRefusals holds limits, order and texts.
func TestWebIdentityRefusals(t *testing.T) {
	s := newStack(t)
	s.issuing()
	all := statement("Allow", "sts:*", "*")
	alice := s.user(accountA, "alice", all)
	plain := s.user(accountA, "plain")
	off := s.user(accountB, "off", all)
	tagless := s.user(accountA, "tagless", statement("Allow", "sts:GetWebIdentityToken", "*"))
	s.role(accountA, "worker", trusts(accountA), all)
	session, _ := s.assume(alice, roleARN(accountA, "worker"), "DurationSeconds=900")
	const tag = "&Tags.member.1.Key=k&Tags.member.1.Value=v"
	long := func(n, each int) string {
		f := "SigningAlgorithm=RS256"
		for i := range n {
			f += "&Audience.member." + string(rune('1'+i)) + "=" + strings.Repeat("a", each)
		}
		return f
	}
	for _, row := range []struct {
		who    credentials
		params string
		want   string
	}{
		{alice, tokenES, "200"},
		{alice, "SigningAlgorithm=RS256&Audience.member.1=a&DurationSeconds=60", "200"},
		{alice, tokenES + "&DurationSeconds=3600" + tag, "200"},
		{alice, tokenES + "&DurationSeconds=59", "400 ValidationError 1 validation error detected: Value '59' at 'durationSeconds' failed to satisfy constraint: Member must have value greater than or equal to 60"},
		{alice, tokenES + "&DurationSeconds=3601", "400 ValidationError 1 validation error detected: Value '3601' at 'durationSeconds' failed to satisfy constraint: Member must have value less than or equal to 3600"},
		{alice, "SigningAlgorithm=HS256&Audience.member.1=a", "400 ValidationError 1 validation error detected: Value 'HS256' at 'signingAlgorithm' failed to satisfy constraint: Member must satisfy enum value set: [RS256, ES384]"},
		{alice, "SigningAlgorithm=none&Audience.member.1=a", "400 ValidationError 1 validation error detected: Value 'none' at 'signingAlgorithm' failed to satisfy constraint: Member must have length greater than or equal to 5"},
		{alice, "SigningAlgorithm=RS256", "400 ValidationError "},
		{alice, long(8, 900), "200"},
		{alice, long(9, 1000), "400 JWTPayloadSizeExceededException The requested token payload size exceeds"},
		{alice, long(1, 1001), "400 ValidationError "},
		{alice, tokenES + "&Tags.member.1.Key=aws:x&Tags.member.1.Value=v", "400 InvalidParameterValue Tag keys beginning with 'aws:'"},
		{alice, tokenES + tag + "&Tags.member.2.Key=K&Tags.member.2.Value=v", "400 InvalidParameterValue Duplicate tag keys found."},
		{plain, tokenES, "403 AccessDenied User: arn:aws:iam::" + accountA + ":user/plain is not authorized to perform: sts:GetWebIdentityToken on resource: * because no identity-based policy allows the sts:GetWebIdentityToken action"},
		{tagless, tokenES, "200"},
		{tagless, tokenES + tag, "403 AccessDenied User: arn:aws:iam::" + accountA + ":user/tagless is not authorized to perform: sts:TagGetWebIdentityToken on resource: *"},
		{off, tokenES, "403 OutboundWebIdentityFederationDisabledException The outbound web identity federation feature is not enabled for this account."},
		{s.root(accountA), tokenES, "403 AccessDenied User: arn:aws:iam::" + accountA + ":root is not authorized to perform: sts:GetWebIdentityToken"},
		{temporary(s.do(alice, "GetSessionToken", "")), tokenES, "403 AccessDenied Cannot call GetWebIdentityToken with session credentials"},
		{session, tokenES + "&DurationSeconds=900", "200"},
		{session, tokenES + "&DurationSeconds=901", "403 SessionDurationEscalationException The requested token duration would extend the session beyond its original expiration time."},
	} {
		if a := s.do(row.who, "GetWebIdentityToken", row.params); !strings.HasPrefix(a.String(), row.want) {
			t.Errorf("%s: %s, want %s", row.params[:min(len(row.params), 80)], a, row.want)
		}
	}
	s.change(func(tx *directory.Tx) {
		i := tx.TokenIssuerOf(accountA)
		n := i.Clone()
		n.Enabled = false
		tx.PutTokenIssuer(i, n)
	})
	if a := s.do(alice, "GetWebIdentityToken", tokenES); a.Code != "OutboundWebIdentityFederationDisabledException" {
		t.Error(a)
	}
	r := s.request("")
	r.Host = "sts.amazonaws.com"
	if err := regional(&authz.Call{Request: authz.Request{Host: r.Host, Action: "GetWebIdentityToken"}}); err == nil || !strings.Contains(err.Error(), "Could not find operation GetWebIdentityToken") {
		t.Errorf("on the global endpoint: %v", err)
	}
}

// TestWebIdentityKeys holds the condition keys of the request.
func TestWebIdentityKeys(t *testing.T) {
	s := newStack(t)
	s.issuing()
	for _, row := range []struct{ condition, params, want string }{
		{`"ForAllValues:StringEquals":{"sts:IdentityTokenAudience":["https://api.example","b"]}`, "&Audience.member.2=b", "200"},
		{`"ForAllValues:StringEquals":{"sts:IdentityTokenAudience":["https://api.example"]}`, "&Audience.member.2=b", "403"},
		{`"StringEquals":{"sts:SigningAlgorithm":"ES384"}`, "", "200"},
		{`"StringEquals":{"sts:SigningAlgorithm":"RS256"}`, "", "403"},
		{`"NumericLessThanEquals":{"sts:DurationSeconds":"300"}`, "", "200"},
		{`"NumericLessThanEquals":{"sts:DurationSeconds":"300"}`, "&DurationSeconds=301", "403"},
		{`"StringEquals":{"aws:RequestTag/k":"v"}`, "&Tags.member.1.Key=K&Tags.member.1.Value=v", "200"},
		{`"StringEquals":{"aws:RequestTag/k":"v"}`, "", "403"},
	} {
		u := s.user(accountA, "u", `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"sts:GetWebIdentityToken","Resource":"*","Condition":{`+row.condition+`}},{"Effect":"Allow","Action":"sts:TagGetWebIdentityToken","Resource":"*"}]}`)
		if a := s.do(u, "GetWebIdentityToken", tokenES+row.params); !strings.HasPrefix(a.String(), row.want) {
			t.Errorf("%s %s: %s", row.condition, row.params, a)
		}
		s.change(func(tx *directory.Tx) { tx.DeleteKey(tx.Key(u.AccessKeyID)); tx.DeleteUser(tx.User(accountA, "u")) })
	}
}

// TestWebIdentityAudit: the line holds no token.
func TestWebIdentityAudit(t *testing.T) {
	s := newStack(t)
	s.issuing()
	alice := s.user(accountA, "alice", statement("Allow", "sts:*", "*"))
	a := s.do(alice, "GetWebIdentityToken", tokenES)
	token := *a.Out.(*stsapi.GetWebIdentityTokenResponse).WebIdentityToken
	all := strings.Join(s.lines(), "\n")
	if strings.Contains(all, strings.Split(token, ".")[1]) || strings.Contains(all, url.QueryEscape(token)) {
		t.Error("the audit holds the token")
	}
	if !strings.Contains(all, `"webIdentityToken":"`+authz.Hidden+`"`) || !strings.Contains(all, "https://api.example") {
		t.Errorf("%s", all)
	}
}
