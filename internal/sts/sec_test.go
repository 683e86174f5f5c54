package sts

import (
	"encoding/base64"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/deputy-sts/deputy/internal/directory"
	"github.com/deputy-sts/deputy/internal/session"
	"github.com/deputy-sts/deputy/sigv4"
)

// TestSec_A21 mixes session tokens and keys.
func TestSec_A21(t *testing.T) {
	s, foreign := newStack(t), newStack(t)
	all := statement("Allow", "sts:*", "*")
	alice := s.user(accountA, "alice", all)
	s.role(accountA, "demo", trusts(accountA), all)
	one, _ := s.assume(alice, roleARN(accountA, "demo"), "")
	two, _ := s.assume(alice, roleARN(accountA, "demo"), "")
	mallory := foreign.user(accountA, "alice", all)
	foreign.role(accountA, "demo", trusts(accountA), all)
	theirs, _ := foreign.assume(mallory, roleARN(accountA, "demo"), "")
	token := a21Token(alice, s)

	const bad, key = "403 InvalidClientTokenId The security token included in the request is invalid", "403 InvalidClientTokenId The security token included in the request is invalid."
	const wrong = "403 SignatureDoesNotMatch"
	flipped := []byte(one.SessionToken)
	flipped[len(flipped)/2] ^= 1
	for _, row := range []struct {
		name string
		c    credentials
		want string
	}{
		{"right", one, "200"},
		{"right, of GetSessionToken", token, "200"},
		{"another session's token", credentials{AccessKeyID: one.AccessKeyID, SecretAccessKey: one.SecretAccessKey, SessionToken: two.SessionToken}, bad},
		{"another session's key id", credentials{AccessKeyID: two.AccessKeyID, SecretAccessKey: one.SecretAccessKey, SessionToken: one.SessionToken}, bad},
		{"another session's secret", credentials{AccessKeyID: one.AccessKeyID, SecretAccessKey: two.SecretAccessKey, SessionToken: one.SessionToken}, wrong},
		{"no token", credentials{AccessKeyID: one.AccessKeyID, SecretAccessKey: one.SecretAccessKey}, key},
		{"another deployment", theirs, bad},
		{"long-term key with a token", credentials{AccessKeyID: alice.AccessKeyID, SecretAccessKey: alice.SecretAccessKey, SessionToken: one.SessionToken}, bad},
		{"long-term key, as if it were temporary", credentials{AccessKeyID: "ASIA" + alice.AccessKeyID[4:], SecretAccessKey: alice.SecretAccessKey}, key},
		{"temporary key, as if it were long-term", credentials{AccessKeyID: "AKIA" + one.AccessKeyID[4:], SecretAccessKey: one.SecretAccessKey, SessionToken: one.SessionToken}, bad},
		{"one bit off", credentials{AccessKeyID: one.AccessKeyID, SecretAccessKey: one.SecretAccessKey, SessionToken: string(flipped)}, bad},
		{"cut short", credentials{AccessKeyID: one.AccessKeyID, SecretAccessKey: one.SecretAccessKey, SessionToken: one.SessionToken[:len(one.SessionToken)-4]}, bad},
		{"unknown long-term key", credentials{AccessKeyID: session.NewAccessKeyID("AKIA", accountA), SecretAccessKey: alice.SecretAccessKey}, key},
		{"wrong secret", credentials{AccessKeyID: alice.AccessKeyID, SecretAccessKey: one.SecretAccessKey}, wrong},
	} {
		if a := s.do(row.c, "GetCallerIdentity", ""); a.String() != row.want && !(row.want == wrong && strings.HasPrefix(a.String(), wrong)) {
			t.Errorf("%s: %s, want %s", row.name, a, row.want)
		}
	}
	// A token that was not signed is no token.
	form := "Action=GetCallerIdentity&Version=2011-06-15"
	r := s.request(form)
	check(t, sigv4.Sign(r, []byte(form), credentials{AccessKeyID: one.AccessKeyID, SecretAccessKey: one.SecretAccessKey}, "eu-central-1", "sts", s.now))
	r.Header.Set("X-Amz-Security-Token", one.SessionToken)
	if a := s.send(r, []byte(form)); a.Status != 403 {
		t.Errorf("unsigned token: %s", a)
	}
}

func a21Token(c credentials, s *stack) credentials {
	return temporary(s.do(c, "GetSessionToken", ""))
}

// TestSec_B03 has nobody do anything without a policy.
func TestSec_B03(t *testing.T) {
	w := newTown(t)
	s := w.stack
	user := s.user(accountA, "fresh")
	s.role(accountA, "fresh", trusts("arn:aws:iam::"+accountA+":user/fresh"))
	s.role(accountA, "target", trusts(accountA))
	s.role(accountB, "target", trusts(accountA))
	role, a := s.assume(user, roleARN(accountA, "fresh"), "")
	if a.Status != 200 {
		t.Fatal(a)
	}
	params := map[string]string{
		"AssumeRole":                 "RoleSessionName=work&RoleArn=" + roleARN(accountA, "target"),
		"AssumeRoleWithWebIdentity":  "RoleSessionName=work&RoleArn=" + roleARN(accountA, "target") + "&WebIdentityToken=" + w.token(nil),
		"DecodeAuthorizationMessage": "EncodedMessage=junk",
		"GetAccessKeyInfo":           "AccessKeyId=" + user.AccessKeyID,
		"GetFederationToken":         "Name=bob",
		"GetWebIdentityToken":        tokenES,
		"GetDelegatedAccessToken":    "TradeInToken=x.y",
		"AssumeRoot":                 "TargetPrincipal=" + accountB + "&TaskPolicyArn.arn=" + rootTask + "IAMAuditRootUserCredentials",
	}
	exempt := []string{"GetCallerIdentity", "GetSessionToken"}
	k := &corp{s, "arn:aws:iam::" + accountA + ":saml-provider/Corp"}
	k.register(accountA, "Corp")
	for i, c := range []credentials{user, role} {
		response := base64.StdEncoding.EncodeToString([]byte(k.response(fmt.Sprint("_b", i), "role/Dev", "role/target")))
		params["AssumeRoleWithSAML"] = url.Values{"RoleArn": {roleARN(accountA, "target")}, "PrincipalArn": {k.provider}, "SAMLAssertion": {response}}.Encode()
		for _, action := range s.mux.Actions() {
			a := s.do(c, action, params[action])
			if free := slices.Contains(exempt, action); !free && (a.Status != 403 || a.Code != "AccessDenied") {
				t.Errorf("%s: %s", action, a)
			}
		}
		if _, a := s.assume(c, roleARN(accountB, "target"), ""); a.Status != 403 {
			t.Errorf("across accounts: %s", a)
		}
	}
}

// TestOneText gives one text for a role that is not there, that does not trust,
// and that the caller's policy does not name.
func TestOneText(t *testing.T) {
	s := newStack(t)
	limited := s.user(accountA, "me", statement("Allow", "sts:AssumeRole", "arn:aws:iam::*:role/d*"))
	s.role(accountB, "distrusts", trusts(accountB))
	s.role(accountB, "trusts", trusts(accountA))
	for _, role := range []string{roleARN(accountB, "distrusts"), roleARN(accountB, "does-not-exist"), roleARN(accountB, "trusts"), roleARN("999999999999", "distrusts")} {
		want := "403 AccessDenied User: arn:aws:iam::" + accountA + ":user/me is not authorized to perform: sts:AssumeRole on resource: " + role
		if _, a := s.assume(limited, role, ""); a.String() != want {
			t.Errorf("%s, want %s", a, want)
		}
	}
}

// TestSec_B07 names users, roles and sessions like root, accounts and keys: what
// somebody is called makes nobody anybody.
func TestSec_B07(t *testing.T) {
	s := newStack(t)
	rootKey := s.root(accountA)
	for _, name := range []string{"root", accountA, "admin", "arn", rootKey.AccessKeyID, "AIDAAAAAAAAAAAAAAAAAA"} {
		c := s.user(accountB, name)
		s.role(accountB, name, trusts("arn:aws:iam::"+accountB+":user/"+name))
		session, a := s.assume(c, roleARN(accountB, name), "RoleSessionName="+name)
		if a.Status != 200 {
			t.Fatal(a)
		}
		for _, c := range []credentials{c, session} {
			if a := s.do(c, "GetAccessKeyInfo", "AccessKeyId="+rootKey.AccessKeyID); a.Code != "AccessDenied" {
				t.Errorf("%s: %s", name, a)
			}
			if a := s.do(c, "GetCallerIdentity", ""); !strings.Contains(a.XML, "<Account>"+accountB+"</Account>") || strings.Contains(a.XML, ":root</Arn>") {
				t.Errorf("%s: %s", name, a.XML)
			}
		}
	}
}

// TestSec_B18 ends a key: the next request with it fails.
func TestSec_B18(t *testing.T) {
	s := newStack(t)
	for range 50 {
		c := s.user(accountA, "u"+session.NewUniqueID("")[:8])
		if a := s.do(c, "GetCallerIdentity", ""); a.Status != 200 {
			t.Fatal(a)
		}
		s.change(func(tx *directory.Tx) { tx.DeleteKey(tx.Key(c.AccessKeyID)) })
		if a := s.do(c, "GetCallerIdentity", ""); a.Code != "InvalidClientTokenId" {
			t.Fatal(a)
		}
	}
}

// TestSec_B20 deletes users and roles and makes them again: trust policies and
// sessions of the old ones do not apply to the new. TestScripts runs it too.
func TestSec_B20(t *testing.T) { runScript(t, filepath.Join("testdata", "lifecycle.txt")) }

// TestSec_B21 tries the numbers that overflow.
func TestSec_B21(t *testing.T) {
	s := newStack(t)
	alice := s.user(accountA, "alice", statement("Allow", "sts:*", "*"))
	s.role(accountA, "demo", trusts(accountA))
	for _, n := range []string{"-900", "-1", "0", "899", "43201", "9999999999", "99999999999", "2147483648", "4294968196", "9223372036854775807", "18446744073709552516", "1e3", "900.0", "0x384", " 900", "900 ", "", "++900", "٩٠٠"} {
		if _, a := s.assume(alice, roleARN(accountA, "demo"), "DurationSeconds="+strings.ReplaceAll(strings.ReplaceAll(n, "+", "%2B"), " ", "%20")); a.Status != 400 {
			t.Errorf("DurationSeconds=%q: %s", n, a)
		}
	}
	for _, year := range []int{2038, 2106, 2107} {
		s.now = s.now.AddDate(year-s.now.Year(), 0, 0)
		c, a := s.assume(alice, roleARN(accountA, "demo"), "")
		if a.Status != 200 || a.Role().Credentials.Expiration.Sub(s.now).Seconds() != 3600 {
			t.Errorf("in %d: %s", year, a)
		}
		if a := s.do(c, "GetCallerIdentity", ""); a.Status != 200 {
			t.Errorf("in %d: %s", year, a)
		}
	}
}

// TestSec_B28 holds the one place that issues credentials and every way to it, by
// reading the program: session.Issuer.Issue is called in issue.go alone, and
// issue by these handlers.
func TestSec_B28(t *testing.T) {
	var issuers, paths []string
	module := filepath.Join("..", "..")
	err := filepath.WalkDir(module, func(file string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(file, ".go") || strings.HasSuffix(file, "_test.go") {
			return err
		}
		text, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		f, err := parser.ParseFile(token.NewFileSet(), file, text, 0)
		if err != nil {
			return err
		}
		for _, decl := range f.Decls {
			fn, ok := decl.(*ast.FuncDecl)
			if !ok || fn.Body == nil {
				continue
			}
			for range calls(fn, "Issue") {
				issuers = append(issuers, filepath.Base(filepath.Dir(file))+"."+fn.Name.Name)
			}
			if strings.HasSuffix(filepath.Dir(file), filepath.Join("internal", "sts")) {
				for range calls(fn, "issue") {
					paths = append(paths, fn.Name.Name)
				}
			}
		}
		return nil
	})
	check(t, err)
	slices.Sort(paths)
	if want := []string{"sts.issue"}; !slices.Equal(issuers, want) {
		t.Errorf("Issue is called by %v, want %v", issuers, want)
	}
	if want := []string{"assumeRole", "assumeRoot", "enterFederated", "getDelegatedAccessToken", "getFederationToken", "getSessionToken"}; !slices.Equal(paths, want) {
		t.Errorf("credentials are issued by %v, want %v", paths, want)
	}
}

// calls finds calls of a method of that name.
func calls(fn *ast.FuncDecl, method string) (found []*ast.CallExpr) {
	ast.Inspect(fn.Body, func(n ast.Node) bool {
		if call, ok := n.(*ast.CallExpr); ok {
			if sel, ok := call.Fun.(*ast.SelectorExpr); ok && sel.Sel.Name == method {
				found = append(found, call)
			}
		}
		return true
	})
	return found
}

// TestTooLarge refuses what does not fit in a token, saying what took the room.
func TestTooLarge(t *testing.T) {
	s := newStack(t)
	alice := s.user(accountA, "alice", statement("Allow", "sts:*", "*"))
	s.role(accountA, "demo", trusts(accountA, "sts:AssumeRole", "sts:TagSession"))
	var tags strings.Builder
	for i := range 50 {
		fmt.Fprintf(&tags, "&Tags.member.%d.Key=%s&Tags.member.%d.Value=%s", i+1, session.NewSecret()[:30]+strconv.Itoa(i), i+1, url.QueryEscape(strings.Repeat(session.NewSecret(), 6)))
	}
	form := strings.ReplaceAll(tags.String()[1:], "+", "%2B")
	_, a := s.assume(alice, roleARN(accountA, "demo"), form)
	if a.Code != "PackedPolicyTooLarge" || !strings.HasPrefix(a.Message, "Packed size of session tags consumes ") || !strings.HasSuffix(a.Message, "% of allotted space.") {
		t.Error(a)
	}
	_, a = s.assume(alice, roleARN(accountA, "demo"), form+"&PolicyArns.member.1.arn=arn:aws:iam::aws:policy/ReadOnlyAccess")
	if a.Code != "PackedPolicyTooLarge" || !strings.HasPrefix(a.Message, "Packed policy consumes ") {
		t.Error(a)
	}
	long := `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"s3:*","Resource":"arn:aws:s3:::` + strings.Repeat("b", 1950) + `"}}`
	if _, a = s.assume(alice, roleARN(accountA, "demo"), "Policy="+url.QueryEscape(long)); a.Status != 200 {
		t.Error(a)
	}
	if _, a = s.assume(alice, roleARN(accountA, "demo"), "Policy="+url.QueryEscape(long)+"&PolicyArns.member.1.arn=arn:aws:iam::aws:policy/ReadOnlyAccess"); a.Code != "PackedPolicyTooLarge" {
		t.Error(a)
	}
	if _, a = s.assume(alice, roleARN(accountA, "demo"), "Policy="+url.QueryEscape(long+strings.Repeat(" ", 100))); a.Code != "ValidationError" {
		t.Error(a)
	}
}
