package sts

import (
	"encoding/base64"
	"fmt"
	"net/url"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/deputy-sts/deputy/internal/directory"
	"github.com/deputy-sts/deputy/internal/session"
	"github.com/deputy-sts/deputy/internal/stsapi"
)

// What AWS's comparison table lets a kind of credentials do.
const (
	may     = "may"     // policies decide, and let it
	kind    = "kind"    // AccessDenied: Cannot call X with session credentials
	rootNot = "rootNot" // AccessDenied: not with root's
)

// callerTable is AWS's comparison of what credentials can call, for all operations
// of the service.
//
// Source: IAM User Guide, id_credentials_sts-comparison; AWS STS API reference,
// AssumeRoot and GetWebIdentityToken.
var callerTable = func() map[string]map[string]string {
	t := map[string]map[string]string{}
	for _, op := range stsapi.API.Ops {
		t[op.Name] = map[string]string{
			"root": may, "user": may, "role": may, "chained": may, "web identity": may, "SAML": may,
			"session token": kind, "session token with MFA": kind, "federated user": kind,
		}
	}
	for who := range t["GetCallerIdentity"] {
		t["GetCallerIdentity"][who] = may
	}
	t["AssumeRole"]["session token"], t["AssumeRole"]["session token with MFA"] = may, may
	for _, op := range []string{"AssumeRole", "AssumeRoot", "GetWebIdentityToken"} {
		t[op]["root"] = rootNot
	}
	for _, op := range []string{"GetSessionToken", "GetFederationToken"} {
		for _, who := range []string{"role", "chained", "web identity", "SAML"} {
			t[op][who] = kind
		}
	}
	return t
}()

// TestCallerMatrix lets each kind of caller, with every permission there is, call
// each operation.
func TestCallerMatrix(t *testing.T) {
	w := newTown(t)
	s, k := w.stack, &corp{w.stack, "arn:aws:iam::" + accountA + ":saml-provider/Corp"}
	k.register(accountA, "Corp")
	s.organized(directory.RootSessions)
	s.issuing()
	all := statement("Allow", "*", "*")
	alice := s.user(accountA, "alice", all)
	s.role(accountA, "work", trusts("*", "sts:AssumeRole", "sts:TagSession", "sts:SetSourceIdentity"), all)
	s.role(accountA, "Dev", k.trusts(""), all)
	as := func(c session.Claims) credentials {
		c.Account, c.IssuedAt, c.Expires = accountA, s.now, s.now.Add(time.Hour)
		out, err := s.issuer.Issue(c)
		check(t, err)
		return credentials{AccessKeyID: out.AccessKeyID, SecretAccessKey: out.SecretAccessKey, SessionToken: out.SessionToken}
	}
	work, _ := s.assume(alice, roleARN(accountA, "work"), "")
	chained, _ := s.assume(work, roleARN(accountA, "work"), "")
	web := w.enter("web", w.token(nil))
	byResponse := k.enter("Dev", k.response("_matrix"))
	if web.Status != 200 || byResponse.Status != 200 {
		t.Fatal(web, byResponse)
	}
	callers := map[string]credentials{
		"root": s.root(accountA), "user": alice, "role": work, "chained": chained,
		"session token":          temporary(s.do(alice, "GetSessionToken", "")),
		"session token with MFA": as(session.Claims{Kind: session.SessionToken, PrincipalID: s.directory.View().User(accountA, "alice").ID, MFA: true, MFATime: s.now}),
		"federated user":         temporary(s.do(alice, "GetFederationToken", "Name=bob&Policy="+url.QueryEscape(all))),
		"web identity":           fromAPI(web.Out.(*stsapi.AssumeRoleWithWebIdentityResponse).Credentials),
		"SAML":                   fromAPI(byResponse.Out.(*stsapi.AssumeRoleWithSAMLResponse).Credentials),
	}
	n := 0
	params := map[string]func() string{
		"AssumeRole":        func() string { return "RoleSessionName=again&RoleArn=" + roleARN(accountA, "work") },
		"AssumeRoot":        func() string { return rootForm(accountB, "IAMAuditRootUserCredentials") },
		"GetAccessKeyInfo":  func() string { return "AccessKeyId=" + alice.AccessKeyID },
		"GetCallerIdentity": func() string { return "" }, "GetSessionToken": func() string { return "" },
		"GetFederationToken":         func() string { return "Name=bob" },
		"GetWebIdentityToken":        func() string { return tokenES },
		"GetDelegatedAccessToken":    func() string { return "TradeInToken=nobody.has-it" },
		"DecodeAuthorizationMessage": func() string { return "EncodedMessage=nobody-encoded-it" },
		"AssumeRoleWithWebIdentity": func() string {
			return url.Values{"RoleSessionName": {"again"}, "RoleArn": {roleARN(accountA, "web")}, "WebIdentityToken": {w.token(nil)}}.Encode()
		},
		"AssumeRoleWithSAML": func() string {
			n++
			response := base64.StdEncoding.EncodeToString([]byte(k.response("_m" + strconv.Itoa(n))))
			return url.Values{"RoleArn": {roleARN(accountA, "Dev")}, "PrincipalArn": {k.provider}, "SAMLAssertion": {response}}.Encode()
		},
	}
	// Nobody has what these two ask for: that is said only to who may call them.
	beyond := map[string]int{"GetDelegatedAccessToken": 400, "DecodeAuthorizationMessage": 400}
	for action, row := range callerTable {
		for who, want := range row {
			a := s.do(callers[who], action, params[action]())
			good := false
			switch want {
			case may:
				good = a.Status == max(beyond[action], 200)
			case kind:
				good = a.String() == "403 AccessDenied Cannot call "+action+" with session credentials"
			case rootNot:
				good = a.Status == 403 && a.Code == "AccessDenied" && !strings.HasPrefix(a.Message, "Cannot call")
			}
			if !good {
				t.Errorf("%s calls %s: %s, want %s", who, action, a, want)
			}
		}
	}
}

// TestBounds sends each number and each text of each operation at its bounds and
// beyond: what the model forbids is told by AWS's text, and nothing else is.
func TestBounds(t *testing.T) {
	s := newStack(t)
	alice := s.user(accountA, "alice", statement("Allow", "*", "*"))
	for _, action := range s.mux.Actions() {
		in, _ := stsapi.API.New(action)
		shape := reflect.TypeOf(in).Elem()
		for i := range shape.NumField() {
			f := shape.Field(i)
			for _, b := range bounds(f) {
				a := s.do(alice, action, url.Values{f.Name: {b.value}}.Encode())
				member := strings.ToLower(f.Name[:1]) + f.Name[1:]
				if strings.HasPrefix(f.Name, "SAML") {
					member = "sAML" + f.Name[4:]
				}
				told := strings.Contains(a.Message, "at '"+member+"' failed to satisfy constraint: Member must have "+b.text)
				if b.text == "" {
					told = !strings.Contains(a.Message, "at '"+member+"' failed to satisfy constraint: Member must have ")
				}
				if !told || a.Status == 500 {
					t.Errorf("%s %s = %.40q (%d characters): %s, want %q", action, f.Name, b.value, len(b.value), a, b.text)
				}
			}
		}
	}
}

type bound struct{ value, text string }

// bounds are the values of a member at its limits and beyond, with the end of AWS's
// text for those that are refused.
func bounds(f reflect.StructField) (list []bound) {
	limits := map[string]string{}
	tag := f.Tag.Get("valid")
	for part := range strings.SplitSeq(tag, ",") {
		if name, value, ok := strings.Cut(part, "="); ok && (name == "min" || name == "max") {
			limits[name] = value
		}
	}
	low, hasLow := limits["min"]
	high, hasHigh := limits["max"]
	least, _ := strconv.Atoi(low)
	most, _ := strconv.Atoi(high)
	switch f.Type {
	case reflect.TypeFor[*int]():
		number := func(n int, text string) { list = append(list, bound{strconv.Itoa(n), text}) }
		if hasLow {
			number(least, "")
			if least > 0 {
				number(least-1, fmt.Sprintf("value greater than or equal to %d", least))
			}
		}
		if hasHigh {
			number(most, "")
			number(most+1, fmt.Sprintf("value less than or equal to %d", most))
		}
	case reflect.TypeFor[*string]():
		text := func(n int, text string) { list = append(list, bound{strings.Repeat("1", n), text}) }
		if hasLow {
			text(least, "")
			if least > 1 {
				text(least-1, fmt.Sprintf("length greater than or equal to %d", least))
			}
		}
		if hasHigh && most < 200_000 {
			text(most, "")
			text(most+1, fmt.Sprintf("length less than or equal to %d", most))
		}
	}
	return list
}

// TestBoundsAreThere: the table of bounds is not empty by mistake.
func TestBoundsAreThere(t *testing.T) {
	in, _ := stsapi.API.New("AssumeRole")
	f, _ := reflect.TypeOf(in).Elem().FieldByName("DurationSeconds")
	if got := bounds(f); !slices.Contains(got, bound{"43201", "value less than or equal to 43200"}) || !slices.Contains(got, bound{"899", "value greater than or equal to 900"}) {
		t.Error(got)
	}
	f, _ = reflect.TypeOf(in).Elem().FieldByName("ExternalId")
	if got := bounds(f); len(got) != 4 {
		t.Error(got)
	}
}
