package sigv4

import (
	"net/http"
	"strings"
	"testing"
	"time"
)

func TestSignReplacesWhatWasThere(t *testing.T) {
	r := post(t, testBody)
	for _, name := range []string{"Authorization", "X-Amz-Date", "X-Amz-Security-Token"} {
		r.Header[name] = []string{"old", "older"}
	}
	for range 2 {
		if err := Sign(r, []byte(testBody), creds, "us-east-1", "sts", noon); err != nil {
			t.Fatal(err)
		}
	}
	if len(r.Header["Authorization"]) != 1 || len(r.Header["X-Amz-Security-Token"]) != 0 {
		t.Error(r.Header)
	}
	mustVerify(t, received(t, r))
	bare := &http.Request{URL: r.URL}
	if err := Sign(bare, nil, creds, "us-east-1", "sts", noon); err != nil || bare.Method != "" {
		t.Fatal(bare.Method, err)
	}
	if _, err := verifier().Verify(received(t, bare), nil, "sts"); err != nil {
		t.Error(err)
	}
}

func TestSignRefuses(t *testing.T) {
	sign := func(c Credentials, region, service string, change func(*http.Request)) error {
		r := post(t, testBody)
		change(r)
		err := Sign(r, []byte(testBody), c, region, service, noon)
		_, perr := Presign(r, []byte(testBody), c, region, service, noon, time.Minute)
		if (err == nil) != (perr == nil) {
			t.Errorf("Sign says %v, Presign %v", err, perr)
		}
		return err
	}
	same := func(*http.Request) {}
	for name, err := range map[string]error{
		"no key":              sign(Credentials{"", "x", ""}, "r", "s", same),
		"no secret":           sign(Credentials{"x", "", ""}, "r", "s", same),
		"no region":           sign(creds, "", "s", same),
		"no service":          sign(creds, "r", "", same),
		"a slash":             sign(creds, "r/x", "s", same),
		"opaque":              sign(creds, "r", "s", func(r *http.Request) { r.URL.Opaque = "//x" }),
		"a bad escape":        sign(creds, "r", "s", func(r *http.Request) { r.URL.RawQuery = "%zz" }),
		"presigned already":   sign(creds, "r", "s", func(r *http.Request) { r.URL.RawQuery = "X-Amz-Signature=x" }),
		"a header value":      sign(creds, "r", "s", func(r *http.Request) { r.Header.Set("X-Odd", "é") }),
		"a header name":       sign(creds, "r", "s", func(r *http.Request) { r.Header["X Odd"] = []string{"x"} }),
		"a header twice":      sign(creds, "r", "s", func(r *http.Request) { r.Header.Add("Content-Type", "x") }),
		"a case of one twice": sign(creds, "r", "s", func(r *http.Request) { r.Header["x-odd"], r.Header["X-Odd"] = []string{"a"}, []string{"b"} }),
	} {
		if err == nil {
			t.Errorf("%s: signed", name)
		} else if strings.Contains(err.Error(), testSecret) {
			t.Errorf("%s: the error tells the secret", name)
		}
	}
	for _, expires := range []time.Duration{0, -time.Second, time.Second - 1, MaxExpires + 1} {
		if _, err := Presign(post(t, ""), nil, creds, "r", "s", noon, expires); err == nil {
			t.Errorf("presigned for %v", expires)
		}
	}
}

func TestPresignedURL(t *testing.T) {
	r, _ := http.NewRequest("GET", "https://sts.example.com/?Action=GetCallerIdentity&Version=2011-06-15", nil)
	r.Header.Set("X-K8s-Aws-Id", "cluster")
	c := creds
	c.SessionToken = "a/b+c="
	link, err := Presign(r, nil, c, "us-east-1", "sts", noon, 90*time.Second+time.Millisecond)
	if err != nil {
		t.Fatal(err)
	}
	const want = "https://sts.example.com/?Action=GetCallerIdentity&Version=2011-06-15&X-Amz-Algorithm=AWS4-HMAC-SHA256" +
		"&X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F20261125%2Fus-east-1%2Fsts%2Faws4_request&X-Amz-Date=20261125T120000Z" +
		"&X-Amz-Expires=90&X-Amz-SignedHeaders=host%3Bx-k8s-aws-id&X-Amz-Security-Token=a%2Fb%2Bc%3D&X-Amz-Signature="
	if got, sig, _ := strings.Cut(link, "Signature="); got+"Signature=" != want || len(sig) != 64 {
		t.Errorf("got  %s\nwant %s", link, want)
	}
	if len(r.Header) != 1 || strings.Contains(r.URL.RawQuery, "Amz") {
		t.Error("the request was changed")
	}
}
