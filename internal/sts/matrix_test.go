package sts

import (
	"cmp"
	"encoding/base64"
	"fmt"
	"net/url"
	"reflect"
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

// TestBounds sends each number, text and list of each operation, those within
// structures and lists too, at its bounds and beyond, and each text with a character
// that none may have: what the model forbids is told by AWS's text, and nothing else is.
func TestBounds(t *testing.T) {
	s := newStack(t)
	alice := s.user(accountA, "alice", statement("Allow", "*", "*"))
	n := 0
	for _, action := range s.mux.Actions() {
		in, _ := stsapi.API.New(action)
		for _, p := range probesOf(reflect.TypeOf(in).Elem(), "", "") {
			a := s.do(alice, action, p.params.Encode())
			about := "at '" + p.member + "' failed to satisfy constraint: Member must "
			told := strings.Contains(a.Message, about+p.text)
			if p.text == "" {
				told = !strings.Contains(a.Message, about+"have ")
			}
			if !told || a.Status == 500 {
				t.Errorf("%s %s, %.60q: %s, want %q", action, p.member, p.params.Encode(), a, p.text)
			}
			n++
		}
	}
	if n < 200 {
		t.Errorf("%d probes: too few to be all", n)
	}
}

// probe is a request with one member at or beyond a bound, and the end of AWS's
// text for it; none if it is good.
type probe struct {
	params       url.Values
	member, text string
}

// probesOf makes the probes of a structure's members; wire and path stand before
// their names in parameters and in texts.
func probesOf(shape reflect.Type, wire, path string) (list []probe) {
	for i := range shape.NumField() {
		f := shape.Field(i)
		name := wire + cmp.Or(f.Tag.Get("wire"), f.Name)
		member := path + lowerFirst(f.Name)
		switch f.Type.Kind() {
		case reflect.Slice:
			list = append(list, countsOf(f, name, member)...)
			if item := f.Type.Elem(); item.Kind() == reflect.Struct {
				list = append(list, probesOf(item, name+".member.1.", member+".1.member.")...)
			} else {
				list = append(list, valuesOf(reflect.TypeFor[*string](), f.Tag.Get("item"), name+".member.1", member+".1.member")...)
			}
		case reflect.Pointer:
			if of := f.Type.Elem(); of.Kind() == reflect.Struct {
				list = append(list, probesOf(of, name+".", member+".")...)
			} else {
				list = append(list, valuesOf(f.Type, f.Tag.Get("valid"), name, member)...)
			}
		}
	}
	return list
}

// lowerFirst is a member's name as AWS's texts have it.
func lowerFirst(name string) string {
	if strings.HasPrefix(name, "SAML") {
		return "sAML" + name[4:]
	}
	return strings.ToLower(name[:1]) + name[1:]
}

// countsOf are lists of as many items as there may be, and of one more.
func countsOf(f reflect.StructField, name, member string) (list []probe) {
	_, most, _, hasMost := limits(f.Tag.Get("valid"))
	if !hasMost {
		return nil
	}
	for n, text := range map[int]string{most: "", most + 1: fmt.Sprintf("have length less than or equal to %d", most)} {
		params := url.Values{}
		for i := range n {
			item := fmt.Sprintf("%s.member.%d", name, i+1)
			if f.Type.Elem().Kind() == reflect.String {
				params.Set(item, "11111")
				continue
			}
			for k := range f.Type.Elem().NumField() {
				of := f.Type.Elem().Field(k)
				least, _, _, _ := limits(of.Tag.Get("valid"))
				params.Set(item+"."+cmp.Or(of.Tag.Get("wire"), of.Name), strings.Repeat("1", max(least, 1)))
			}
		}
		list = append(list, probe{params, member, text})
	}
	return list
}

// valuesOf are numbers or texts at their limits, beyond, and of no form.
func valuesOf(kind reflect.Type, tag, name, member string) (list []probe) {
	for _, b := range bounds(kind, tag) {
		list = append(list, probe{url.Values{name: {b.value}}, member, b.text})
	}
	_, pattern, ok := strings.Cut(tag, "pattern=")
	if ok && kind == reflect.TypeFor[*string]() {
		least, _, _, _ := limits(tag)
		list = append(list, probe{url.Values{name: {strings.Repeat("\x01", max(least, 1))}}, member, "satisfy regular expression pattern: " + pattern})
	}
	return list
}

// limits reads min and max of a tag.
func limits(tag string) (least, most int, hasLeast, hasMost bool) {
	tag, _, _ = strings.Cut(tag, "pattern=")
	for part := range strings.SplitSeq(tag, ",") {
		name, value, _ := strings.Cut(part, "=")
		n, err := strconv.Atoi(value)
		switch {
		case err != nil:
		case name == "min":
			least, hasLeast = n, true
		case name == "max":
			most, hasMost = n, true
		}
	}
	return least, most, hasLeast, hasMost
}

type bound struct{ value, text string }

// bounds are the values of a member at its limits and beyond, with the end of AWS's
// text for those that are refused.
func bounds(kind reflect.Type, tag string) (list []bound) {
	least, most, hasLeast, hasMost := limits(tag)
	what, smallest := "value", 0
	value := strconv.Itoa
	if kind == reflect.TypeFor[*string]() {
		// A text of the full length that a request may not have is not sent.
		what, smallest, hasMost = "length", 1, hasMost && most < 200_000
		value = func(n int) string { return strings.Repeat("1", n) }
	}
	if hasLeast {
		list = append(list, bound{value(least), ""})
		if least > smallest {
			list = append(list, bound{value(least - 1), fmt.Sprintf("have %s greater than or equal to %d", what, least)})
		}
	}
	if hasMost {
		list = append(list, bound{value(most), ""}, bound{value(most + 1), fmt.Sprintf("have %s less than or equal to %d", what, most)})
	}
	return list
}

// TestBoundsAreThere: the table of bounds is not empty by mistake.
func TestBoundsAreThere(t *testing.T) {
	in, _ := stsapi.API.New("AssumeRole")
	seen := map[string]bool{}
	for _, p := range probesOf(reflect.TypeOf(in).Elem(), "", "") {
		seen[p.member+": "+p.text] = true
	}
	for _, want := range []string{
		"durationSeconds: ", "durationSeconds: have value less than or equal to 43200", "durationSeconds: have value greater than or equal to 900",
		"externalId: have length less than or equal to 1224", "tags: have length less than or equal to 50",
		"tags.1.member.key: have length less than or equal to 128", "transitiveTagKeys.1.member: have length less than or equal to 128",
		"policyArns.1.member.arn: have length greater than or equal to 20", `roleSessionName: satisfy regular expression pattern: [\w+=,.@-]*`,
	} {
		if !seen[want] {
			t.Errorf("no probe of %q", want)
		}
	}
}
