package query_test

import (
	"errors"
	"fmt"
	"net/url"
	"strings"
	"testing"

	"github.com/deputy-sts/deputy/internal/query"
)

const form = "application/x-www-form-urlencoded; charset=utf-8"

func mustParse(t testing.TB, body string) *query.Params {
	t.Helper()
	p, err := query.ParseForm("POST", "", form, []byte(body))
	if err != nil {
		t.Fatalf("%q: %v", body, err)
	}
	return p
}

// codeOf is the code of a refusal, or empty.
func codeOf(err error) string {
	var e *query.Error
	if errors.As(err, &e) {
		return e.Name
	}
	if err != nil {
		return "other: " + err.Error()
	}
	return ""
}

func TestParseFormValues(t *testing.T) {
	p := mustParse(t, "Z=+a%20b%2B&Action=AssumeRole&Version=2011-06-15&RoleArn=arn%3aaws&Empty=&Bare&eq=a=b&&U=%E2%82%AC&")
	for name, want := range map[string]string{
		"Z": " a b+", "Action": "AssumeRole", "Version": "2011-06-15", "RoleArn": "arn:aws",
		"Empty": "", "Bare": "", "eq": "a=b", "U": "€",
	} {
		if got, ok := p.Get(name); !ok || got != want {
			t.Errorf("%s is %q, %t", name, got, ok)
		}
	}
	if _, ok := p.Get("action"); ok {
		t.Error("names must be case-sensitive")
	}
	if p.Len() != 8 {
		t.Errorf("%d parameters", p.Len())
	}
}

func TestParseFormRefusals(t *testing.T) {
	for _, c := range []struct{ method, query, contentType, body, want string }{
		{"GET", "Action=A&Version=1", "", "", ""},
		{"GET", "Action=A", form, "x=1", "MalformedInput"},
		{"GET", "Action=%zz", "", "", "MalformedQueryString"},
		{"GET", "Action=%2", "", "", "MalformedQueryString"},
		{"GET", "Action=A;Version=1", "", "", "MalformedQueryString"},
		{"POST", "", form, "Action=%", "MalformedInput"},
		{"POST", "", form, "Action%3=A", "MalformedInput"},
		{"POST", "", form, "Action=A;Version=1", "MalformedInput"},
		{"POST", "", form, "=x", "MalformedInput"},
		{"POST", "", form, "Action=%ff", "MalformedInput"},
		{"POST", "", form, "A%00=1", "MalformedInput"},
		{"POST", "", form, "A+=1", "MalformedInput"},
		{"POST", "", form, "A%C5%BF=1", "MalformedInput"},
		{"POST", "%zz", form, "Action=A", "MalformedQueryString"},
		{"POST", "", "", "", ""},
		{"POST", "", "", "Action=A", "MalformedInput"},
		{"POST", "", "application/json", "Action=A", "MalformedInput"},
		{"POST", "", "multipart/form-data; boundary=x", "Action=A", "MalformedInput"},
		{"POST", "", "application/x-www-form-urlencoded", "Action=A", ""},
		{"POST", "", "Application/X-WWW-Form-URLEncoded;charset=\"UTF-8\"", "Action=A", ""},
		{"POST", "", "application/x-www-form-urlencoded; charset=utf-7", "Action=A", "MalformedInput"},
		{"POST", "", "application/x-www-form-urlencoded; boundary=a", "Action=A", "MalformedInput"},
		{"PUT", "", form, "Action=A", "MalformedInput"},
	} {
		_, err := query.ParseForm(c.method, c.query, c.contentType, []byte(c.body))
		if got := codeOf(err); got != c.want {
			t.Errorf("%s ?%s %s %q: %v, want %q", c.method, c.query, c.contentType, c.body, err, c.want)
		}
	}
}

// twentyFive are parameters by which something is decided.
var twentyFive = []string{
	"Action", "Version", "RoleArn", "RoleSessionName", "ExternalId", "Policy", "PolicyArns.member.1.arn", "DurationSeconds",
	"SerialNumber", "TokenCode", "SourceIdentity", "Tags.member.1.Key", "Tags.member.1.Value", "TransitiveTagKeys.member.1",
	"SAMLAssertion", "PrincipalArn", "WebIdentityToken", "ProviderId", "UserName", "PolicyDocument", "X-Amz-Algorithm",
	"X-Amz-Credential", "X-Amz-Signature", "X-Amz-Date", "X-Amz-Security-Token",
}

func TestSec_A03_NoParameterTwice(t *testing.T) {
	mixed := func(s string) string {
		if u := strings.ToUpper(s); u != s {
			return u
		}
		return strings.ToLower(s)
	}
	escaped := func(s string) string { return fmt.Sprintf("%%%02X%s", s[0], s[1:]) }
	for _, name := range twentyFive {
		shapes := map[string]func() error{
			"same":     func() error { return post("", name+"=a&"+name+"=a") },
			"other":    func() error { return post("", name+"=a&x=1&"+name+"=b") },
			"case":     func() error { return post("", name+"=a&"+mixed(name)+"=b") },
			"encoding": func() error { return post("", name+"=a&"+escaped(name)+"=b") },
			"query and body": func() error {
				return post(mixed(name)+"=a", name+"=b")
			},
			"query": func() error {
				_, err := query.ParseForm("GET", name+"=a&"+escaped(mixed(name))+"=b", "", nil)
				return err
			},
		}
		for shape, try := range shapes {
			if got := codeOf(try()); got != "MalformedInput" {
				t.Errorf("%s, %s: %q", name, shape, got)
			}
			// Among many other parameters another way of comparing is used.
		}
		var many strings.Builder
		for i := range 100 {
			fmt.Fprintf(&many, "p%d=x&", i)
		}
		if got := codeOf(post("", many.String()+name+"=a&"+mixed(name)+"=b")); got != "MalformedInput" {
			t.Errorf("%s among many: %q", name, got)
		}
		if err := post("", many.String()+name+"=a"); err != nil && name != "Action" {
			t.Errorf("%s once among many: %v", name, err)
		}
	}
}

func post(rawQuery, body string) error {
	_, err := query.ParseForm("POST", rawQuery, form, []byte(body))
	return err
}

func TestSec_A04_QueryOfPostSaysNothing(t *testing.T) {
	if err := post("utm=1&X-Amz-Signature=abc", "Action=AssumeRole&Version=2011-06-15"); err != nil {
		t.Error("a query without parameters of ours:", err)
	}
	p, err := query.ParseForm("POST", "Foreign=1", form, []byte("Action=AssumeRole"))
	if err != nil {
		t.Fatal(err)
	}
	if _, ok := p.Get("Foreign"); ok {
		t.Error("the query of a POST must not be seen")
	}
	for _, q := range []string{"Action=DeleteUser", "action=DeleteUser", "Version=2010-05-08", "%41ction=x"} {
		if got := codeOf(post(q, "RoleArn=x")); got != "MalformedInput" {
			t.Errorf("?%s: %q", q, got)
		}
	}
	for _, q := range []string{"ExternalId=x", "externalid=x", "Tags.member.1.Key=x", "PolicyArns=x"} {
		p, err := query.ParseForm("POST", q, form, []byte("Action=AssumeRole&RoleArn=x"))
		if err == nil {
			err = query.Decode(p, newInput("AssumeRole"))
		}
		if got := codeOf(err); got != "MalformedInput" {
			t.Errorf("a member in the query, ?%s: %q", q, got)
		}
	}
}

func TestSec_H01_FormIsBounded(t *testing.T) {
	for _, n := range []int{query.MaxParams, query.MaxParams + 1} {
		var b strings.Builder
		for i := range n {
			if i > 0 {
				b.WriteByte('&')
			}
			fmt.Fprintf(&b, "T.member.%d=", i)
		}
		if err := post("", b.String()); (err == nil) != (n <= query.MaxParams) {
			t.Errorf("%d parameters: %v", n, err)
		}
	}
	deep := "Tags.member.1" + strings.Repeat(".member.1", 20_000) + "=x"
	p := mustParse(t, "Action=AssumeRole&"+deep)
	if err := query.Decode(p, newInput("AssumeRole")); err != nil && codeOf(err) != "MalformedInput" {
		t.Error(err)
	}
}

func FuzzParseForm(f *testing.F) {
	f.Add("Action=A&Version=1", "Tags.member.1.Key=a%20b+c&Action=x")
	f.Add("", "a=%zz")
	f.Add("X-Amz-Date=1&x-amz-date=2", "a;b")
	f.Fuzz(func(t *testing.T, q, body string) {
		p, err := query.ParseForm("POST", q, form, []byte(body))
		if err != nil {
			if c := codeOf(err); c != "MalformedInput" && c != "MalformedQueryString" {
				t.Fatal(err)
			}
			return
		}
		std, err := url.ParseQuery(body)
		if err != nil {
			t.Fatalf("accepted what net/url refuses: %v", err)
		}
		for name, values := range std {
			if got, ok := p.Get(name); name != "" && (!ok || got != values[0] || len(values) != 1) {
				t.Fatalf("%q is %q, net/url has %q", name, got, values)
			}
		}
	})
}

// A presigned POST without a body says all in its query, as botocore makes it;
// without the signature there, or with a body, the query still says nothing.
func TestPresignedPost(t *testing.T) {
	const signed = "Action=GetCallerIdentity&Version=2011-06-15&X-Amz-Algorithm=AWS4-HMAC-SHA256"
	p, err := query.ParseForm("POST", signed, "", nil)
	if err != nil {
		t.Fatal(err)
	}
	if action, _ := p.Get("Action"); action != "GetCallerIdentity" {
		t.Errorf("Action is %q", action)
	}
	for _, c := range []struct{ query, body string }{
		{"Action=GetCallerIdentity&Version=2011-06-15", ""},
		{signed, "Action=AssumeRole"},
		{signed, "RoleArn=x"},
		{signed + "&action=AssumeRole", ""},
	} {
		if _, err := query.ParseForm("POST", c.query, form, []byte(c.body)); err == nil {
			t.Errorf("?%s with body %q is accepted", c.query, c.body)
		}
	}
}
