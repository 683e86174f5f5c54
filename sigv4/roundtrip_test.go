package sigv4

import (
	"bytes"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// drawRequest draws a request of any path, query, headers and body that
// net/http can send.
func drawRequest(t *rapid.T, body []byte) *http.Request {
	u := &url.URL{Scheme: "https", Host: rapid.StringMatching(`[a-z0-9.-]{1,20}(:[0-9]{2,5})?`).Draw(t, "host")}
	u.Path = "/" + rapid.String().Draw(t, "path")
	u.RawQuery = drawQuery(t)
	r, err := http.NewRequest(rapid.SampledFrom([]string{"GET", "POST", "PUT"}).Draw(t, "method"), u.String(), bytes.NewReader(body))
	if err != nil {
		t.Skip(err)
	}
	for range rapid.IntRange(0, 4).Draw(t, "headers") {
		name := rapid.SampledFrom([]string{"X-Amz-Meta", "Content-Type", "X-K8s-Aws-Id", "My-Header", "Accept", "x_under", "X-Amz-User-Agent"}).Draw(t, "name")
		value := rapid.StringMatching("[\t -~]{0,40}").Draw(t, "value")
		if name == "Content-Type" {
			r.Header.Set(name, value)
		} else {
			r.Header.Add(name, value)
		}
	}
	return r
}

// drawQuery draws names and values that are or look like escapes, blanks, empty
// and repeated ones; raw characters too, where a request line can hold them.
func drawQuery(t *rapid.T) string {
	part := rapid.OneOf(rapid.Just(""), rapid.Just("a"), rapid.StringMatching(`[A-Za-z0-9~_.+;:@/?!*'()-]{0,8}`),
		rapid.Map(rapid.String(), url.QueryEscape), rapid.Map(rapid.String(), url.PathEscape),
		rapid.Map(rapid.Byte(), func(b byte) string { return "%" + string("0123456789abcdef"[b>>4]) + string("0123456789ABCDEF"[b&15]) }))
	var pairs []string
	for range rapid.IntRange(0, 5).Draw(t, "pairs") {
		p := part.Draw(t, "key")
		if rapid.Bool().Draw(t, "equals") {
			p += "=" + part.Draw(t, "value")
		}
		pairs = append(pairs, p)
	}
	return strings.Join(pairs, "&")
}

func drawCredentials(t *rapid.T) Credentials {
	return Credentials{
		AccessKeyID:     rapid.StringMatching(`A[KS]IA[A-Z2-7]{16}`).Draw(t, "id"),
		SecretAccessKey: rapid.StringMatching(`[A-Za-z0-9+/]{1,80}`).Draw(t, "secret"),
		SessionToken:    rapid.StringMatching(`[A-Za-z0-9+/=]{0,300}`).Draw(t, "token"),
	}
}

// carried verifies with a Lookup that knows just these credentials.
func carried(c Credentials, at time.Time) *Verifier {
	v := verifier()
	v.Now = func() time.Time { return at }
	v.Lookup = keyring{c}.lookup
	return v
}

func TestSignVerify(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		body := rapid.SliceOfN(rapid.Byte(), 0, 600).Draw(t, "body")
		r, c := drawRequest(t, body), drawCredentials(t)
		region := rapid.StringMatching(`[a-z0-9-]{1,14}`).Draw(t, "region")
		at := time.Unix(rapid.Int64Range(0, 4e9).Draw(t, "at"), 0)
		if err := Sign(r, body, c, region, "sts", at); err != nil {
			t.Fatal(err)
		}
		got, err := carried(c, at).Verify(received(t, r), body, "sts")
		if err != nil {
			t.Fatal(err)
		}
		if got.Credential.Region != region || got.Credential.AccessKeyID != c.AccessKeyID || got.SessionToken != c.SessionToken {
			t.Fatalf("%+v", got)
		}
		refuseChanged(t, r, c, at, body)
	})
}

// refuseChanged changes one thing that was signed.
func refuseChanged(t *rapid.T, r *http.Request, c Credentials, at time.Time, body []byte) {
	v := carried(c, at)
	got := received(t, r)
	switch rapid.IntRange(0, 5).Draw(t, "change") {
	case 0:
		body = append(slices.Clone(body), 0)
	case 1:
		got.Method = "X" + got.Method
	case 2:
		got.Host = "x" + got.Host
	case 3:
		got.URL.RawQuery += "&zz=1"
	case 4:
		got.URL.Path, got.URL.RawPath = got.URL.Path+"/zz", ""
	case 5:
		got.Header.Add("X-Amz-Meta", "one more")
	}
	if _, err := v.Verify(got, body, "sts"); err == nil {
		t.Fatal("a changed request was verified")
	}
}

func TestPresignVerify(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r, c := drawRequest(t, nil), drawCredentials(t)
		r.Method = "GET"
		at := time.Unix(rapid.Int64Range(0, 4e9).Draw(t, "at"), 0)
		link, err := Presign(r, nil, c, "us-east-1", "sts", at, time.Minute)
		if err != nil {
			t.Fatal(err)
		}
		sent, err := http.NewRequest("GET", link, nil)
		if err != nil {
			t.Fatal(err)
		}
		sent.Header = r.Header
		got, err := carried(c, at).Verify(received(t, sent), nil, "sts")
		if err != nil {
			t.Fatal(err)
		}
		if !got.Presigned || got.SessionToken != c.SessionToken {
			t.Fatalf("%+v", got)
		}
		refuseChanged(t, sent, c, at, nil)
	})
}

// The canonical query of a query is that of the pairs that url.ParseQuery
// reads: what is signed is what is parsed.
func TestSec_A07_CanonicalQuery(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) { sameAsParsed(t, drawQuery(t)) })
	for _, row := range [][2]string{
		{"", ""}, {"&&", ""}, {"a", "a="}, {"a=2&a=10&a=1", "a=1&a=10&a=2"}, {"a-b=1&a=2", "a=2&a-b=1"},
		{"b=~&b=%20&b=%7e&b=+", "b=%20&b=%20&b=~&b=~"}, {"%61=%2f", "a=%2F"}, {"a=b=c", "a=b%3Dc"}, {"A=1&a=1&B=1", "A=1&B=1&a=1"},
	} {
		var q query
		if err := q.parse(row[0]); err != nil || string(q.append(nil)) != row[1] {
			t.Errorf("%q: %q, %v, want %q", row[0], q.append(nil), err, row[1])
		}
	}
}

func sameAsParsed(t failer, raw string) {
	t.Helper()
	var q query
	err := q.parse(raw)
	values, wantErr := url.ParseQuery(strings.ReplaceAll(raw, ";", "%3B"))
	if told, ok := err.(*Error); ok && told.Code == "MalformedInput" {
		return // an authentication parameter twice, which only we mind
	}
	if (err == nil) != (wantErr == nil) {
		t.Fatalf("%q: %v, url.ParseQuery says %v", raw, err, wantErr)
	}
	if err != nil {
		return
	}
	type kv struct{ k, v string }
	var want []kv
	for k, vs := range values {
		for _, v := range vs {
			if k != "X-Amz-Signature" {
				want = append(want, kv{strings.ReplaceAll(url.QueryEscape(k), "+", "%20"), strings.ReplaceAll(url.QueryEscape(v), "+", "%20")})
			}
		}
	}
	slices.SortFunc(want, func(a, b kv) int {
		if c := strings.Compare(a.k, b.k); c != 0 {
			return c
		}
		return strings.Compare(a.v, b.v)
	})
	var text []string
	for _, p := range want {
		text = append(text, p.k+"="+p.v)
	}
	if got := string(q.append(nil)); got != strings.Join(text, "&") {
		t.Fatalf("%q: canonical %q, want %q", raw, got, strings.Join(text, "&"))
	}
}
