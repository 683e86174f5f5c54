package sigv4

import (
	"bufio"
	"net/http"
	"strings"
	"testing"
)

// FuzzVerifyHeader gives Verify whole requests. None verifies, as none can be
// signed with the secret, and each gets an error of AWS's shape.
func FuzzVerifyHeader(f *testing.F) {
	for _, r := range []*http.Request{signed(f), presigned(f)} {
		var wire strings.Builder
		edited := strings.Replace(r.Header.Get("Authorization"), "Signature=", "Signature=0", 1)
		if edited != "" {
			r.Header.Set("Authorization", edited)
		}
		r.URL.RawQuery = strings.Replace(r.URL.RawQuery, "Signature=", "Signature=0", 1)
		r.Body = http.NoBody
		r.ContentLength = 0
		if err := r.Write(&wire); err != nil {
			f.Fatal(err)
		}
		f.Add(wire.String())
	}
	f.Add("GET /?X-Amz-Algorithm=AWS4-ECDSA-P256-SHA256&X-Amz-Credential=a/b/c/d&X-Amz-Signature=3006&X-Amz-Date=20261125T120000Z&X-Amz-SignedHeaders=host&X-Amz-Region-Set=* HTTP/1.1\r\nHost: x\r\n\r\n")
	f.Add("POST /a/../%2e//b HTTP/1.1\r\nHost: x\r\nDate: Wed, 25 Nov 2026 12:00:00 GMT\r\nAuthorization: AWS4-HMAC-SHA256 Credential=" + testKey + "/20261125/r/sts/aws4_request,SignedHeaders=Host;date,Signature=\r\n\r\n")
	v := verifier()
	f.Fuzz(func(t *testing.T, wire string) {
		r, err := http.ReadRequest(bufio.NewReader(strings.NewReader(wire)))
		if err != nil {
			return
		}
		result, err := v.Verify(r, []byte(testBody), "sts")
		told, ok := err.(*Error)
		if result != nil || !ok || told.Status != 400 && told.Status != 403 || len(told.Message) > 1024 {
			t.Fatalf("%v, %v", result, err)
		}
		if told.Code == "MissingAuthenticationToken" && HasAuth(r) && len(r.Header["Authorization"]) == 0 && r.URL.Query().Has("X-Amz-Algorithm") {
			t.Fatalf("HasAuth, but %v", err)
		}
	})
}

// FuzzCanonicalQuery holds the canonical query against url.ParseQuery.
func FuzzCanonicalQuery(f *testing.F) {
	for _, s := range []string{"", "a=b&c", "a=%zz", "%", "%4", "a=+%20", "X-Amz-Signature=1&x-amz-signature=2", "a;b=c", "\xff=é&=&="} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, raw string) {
		sameAsParsed(t, raw)
		var q, again query
		if q.parse(raw) != nil {
			return
		}
		canonical := string(q.append(nil))
		if err := again.parse(canonical); err != nil || string(again.append(nil)) != canonical {
			t.Fatalf("%q: canonical %q is %q once more, %v", raw, canonical, again.append(nil), err)
		}
	})
}
