package sigv4

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"
)

func TestVerifyResult(t *testing.T) {
	got := mustVerify(t, signed(t))
	want := Credential{testKey, "20261125", "us-east-1", "sts", "aws4_request"}
	if got.Credential != want || got.Any != "alice" || got.Presigned || got.SessionToken != "" || !got.Time.Equal(noon) {
		t.Errorf("%+v", got)
	}
	if got.SignedHeaders != "content-type;host;x-amz-date" {
		t.Errorf("signed headers %q", got.SignedHeaders)
	}
	pre := mustVerify(t, presigned(t))
	if pre.Credential != want || !pre.Presigned || pre.SignedHeaders != "host" || !pre.Time.Equal(noon) {
		t.Errorf("%+v", pre)
	}
}

func TestVerifyWithSession(t *testing.T) {
	c := Credentials{"ASIATESTSESSION00000", "session-secret", "token-of-the-session"}
	r := post(t, testBody)
	if err := Sign(r, []byte(testBody), c, "eu-central-1", "sts", noon); err != nil {
		t.Fatal(err)
	}
	if got := mustVerify(t, received(t, r)); got.SessionToken != c.SessionToken || got.Any != "session" {
		t.Errorf("%+v", got)
	}
	q, _ := http.NewRequest("GET", "https://"+testHost+"/?Action=GetCallerIdentity", nil)
	link, err := Presign(q, nil, c, "eu-central-1", "sts", noon, time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	q, _ = http.NewRequest("GET", link, nil)
	if got := mustVerify(t, received(t, q)); got.SessionToken != c.SessionToken || !got.Presigned {
		t.Errorf("%+v", got)
	}
}

// TestOrderOfChecks breaks one thing more in each row, so that the answer
// shows that the earlier check comes first.
func TestOrderOfChecks(t *testing.T) {
	const hash = " (Hashed with SHA-256 and encoded with Base64) Authorization="
	r := signed(t)
	edit(t, r, r.Header.Get("Authorization")[len(r.Header.Get("Authorization"))-64:], strings.Repeat("0", 64))
	mustRefuse(t, r, 403, "SignatureDoesNotMatch", mismatchText)
	edit(t, r, testKey, "AKIANOBODYKNOWSTHIS0")
	mustRefuse(t, r, 403, "InvalidClientTokenId", "The security token included in the request is invalid.")
	edit(t, r, "20261125/us-east-1/sts/aws4_request", "20261124//s3/aws3_request")
	mustRefuse(t, r, 403, "SignatureDoesNotMatch", "Credential should be scoped to a valid region. "+
		"Credential should be scoped to correct service: 'sts'. "+
		"Credential should be scoped with a valid terminator: 'aws4_request', not 'aws3_request'. "+
		"Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: '20261124' != '20261125', from '20261125T120000Z'. ")
	edit(t, r, "20261124//s3/aws3_request", "x")
	mustRefuse(t, r, 400, "IncompleteSignature",
		"Credential must have exactly 5 slash-delimited elements, e.g. keyid/date/region/service/term, got 'AKIANOBODYKNOWSTHIS0/x'")
	set(r, "X-Amz-Date", "20261125T114459Z")
	mustRefuse(t, r, 403, "SignatureDoesNotMatch",
		"Signature expired: 20261125T114459Z is now earlier than 20261125T114500Z (20261125T120000Z - 15 min.)")
	set(r, "X-Amz-Date", "yesterday")
	mustRefuse(t, r, 400, "IncompleteSignature",
		"Date must be in ISO-8601 'basic format'. Got 'yesterday'. See http://en.wikipedia.org/wiki/ISO_8601")
	edit(t, r, "content-type;host;", "content-type;")
	mustRefuse(t, r, 403, "SignatureDoesNotMatch", "'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization.")
	set(r, "Authorization", "AWS4-HMAC-SHA256 x")
	mustRefuse(t, r, 400, "IncompleteSignature", "Invalid key=value pair (missing equal-sign) in Authorization header "+
		"(hashed with SHA-256 and encoded with Base64): 'D6g1GisXlH+T3tugT4kJyB0BFiEOZqjg1nGwgXnvDLA='.")
	set(r, "Authorization", "AWS4-HMAC-SHA256")
	r.Header.Del("X-Amz-Date")
	mustRefuse(t, r, 400, "IncompleteSignature", "Authorization header requires 'Credential' parameter. "+
		"Authorization header requires 'Signature' parameter. Authorization header requires 'SignedHeaders' parameter. "+
		"Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header."+
		hash+"YI2YWea8FSxnksZL2ETHbs5elHm9HQufxTLK0W0ffV0=")
	r.URL.RawQuery = "X-Amz-Algorithm=AWS4-HMAC-SHA256"
	mustRefuse(t, r, 403, "SignatureDoesNotMatch", mismatchText)
	set(r, "Authorization", "Bearer x")
	r.URL.RawQuery = ""
	mustRefuse(t, r, 403, "MissingAuthenticationToken", "Request is missing Authentication Token")
	r.URL.RawQuery = "a=%zz"
	mustRefuse(t, r, 400, "MalformedQueryString", "")
}

func TestOrderOfChecksPresigned(t *testing.T) {
	r := presigned(t)
	editQuery(t, r, "X-Amz-Signature=", "X-Amz-Signature=0")
	mustRefuse(t, r, 403, "SignatureDoesNotMatch", mismatchText)
	editQuery(t, r, testKey, "AKIANOBODYKNOWSTHIS0")
	mustRefuse(t, r, 403, "InvalidClientTokenId", "")
	editQuery(t, r, "%2Fsts%2F", "%2Fs3%2F")
	mustRefuse(t, r, 403, "SignatureDoesNotMatch", "Credential should be scoped to correct service: 'sts'. ")
	editQuery(t, r, "%2Fs3%2F", "%2F")
	mustRefuse(t, r, 400, "IncompleteSignature", "")
	editQuery(t, r, "T120000Z", "T121501Z")
	mustRefuse(t, r, 403, "SignatureDoesNotMatch",
		"Signature not yet current: 20261125T121501Z is still later than 20261125T121500Z (20261125T120000Z + 15 min.)")
	editQuery(t, r, "20261125T121501Z", "Wed")
	mustRefuse(t, r, 400, "IncompleteSignature", "")
	editQuery(t, r, "SignedHeaders=host", "SignedHeaders=accept")
	mustRefuse(t, r, 403, "SignatureDoesNotMatch", "'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization.")
	editQuery(t, r, "X-Amz-Credential", "X-Other")
	mustRefuse(t, r, 400, "IncompleteSignature",
		"AWS query-string parameters must include 'X-Amz-Credential'. Re-examine the query-string parameters.")
	editQuery(t, r, "X-Amz-Algorithm=AWS4-HMAC-SHA256", "X-Amz-Algorithm=AWS4-HMAC-SHA1")
	mustRefuse(t, r, 400, "IncompleteSignature", "Unsupported AWS 'algorithm': 'AWS4-HMAC-SHA1'.")
	editQuery(t, r, "X-Amz-Algorithm", "x-amz-algorithm")
	mustRefuse(t, r, 403, "MissingAuthenticationToken", "Request is missing Authentication Token")
}

func TestLookupErrorIsReturnedAsItIs(t *testing.T) {
	down := errors.New("store is down")
	v := verifier()
	v.Lookup = failing{down}.lookup
	if result, err := v.Verify(signed(t), []byte(testBody), "sts"); err != down || result != nil {
		t.Errorf("got %v, %v", result, err)
	}
}

// A Verifier without secrets, or one whose Lookup gives an empty one, must not
// verify for somebody who signs with nothing.
func TestEmptySecretsFailClosed(t *testing.T) {
	r := signed(t)
	w := &work{}
	if err := w.read(r); err != nil {
		t.Fatal(err)
	}
	w.compose(r, "/", []byte(testBody), 1)
	edit(t, r, w.signature, string(w.derive("", [32]byte{}).sign(w)))
	for _, l := range []Lookup{nil, failing{nil}.lookup} {
		v := verifier()
		v.Lookup = l
		result, err := v.Verify(r, []byte(testBody), "sts")
		refusedWith(t, result, err, 403, "InvalidClientTokenId", "The security token included in the request is invalid.")
	}
	v := verifier()
	v.Lookup = func(context.Context, string, string) (Secret, error) { return Secret{Key: testSecret}, nil }
	r = edit(t, signed(t), testKey, "")
	result, err := v.Verify(r, []byte(testBody), "sts")
	refusedWith(t, result, err, 403, "InvalidClientTokenId", "")
}

func TestRegions(t *testing.T) {
	v := verifier()
	v.Regions = func(s string) bool { return s == "us-east-1" }
	if _, err := v.Verify(signed(t), []byte(testBody), "sts"); err != nil {
		t.Error(err)
	}
	v.Regions = func(s string) bool { return s == "mars-1" }
	result, err := v.Verify(signed(t), []byte(testBody), "sts")
	refusedWith(t, result, err, 403, "SignatureDoesNotMatch", "Credential should be scoped to a valid region. ")
}

// A secret that changes under one access key id takes effect with the next
// request, cached key or not; and back again.
func TestChangedSecret(t *testing.T) {
	r := signed(t)
	secret := testSecret
	v := verifier()
	v.Lookup = changing{&secret}.lookup
	for range 3 {
		secret = testSecret
		if _, err := v.Verify(r, []byte(testBody), "sts"); err != nil {
			t.Fatal(err)
		}
		secret = "another"
		result, err := v.Verify(r, []byte(testBody), "sts")
		refusedWith(t, result, err, 403, "SignatureDoesNotMatch", mismatchText)
	}
}

func TestHasAuthAndClaimed(t *testing.T) {
	for _, r := range []*http.Request{signed(t), presigned(t)} {
		c, ok := Claimed(r)
		if !HasAuth(r) || !ok || c.AccessKeyID != testKey || c.Service != "sts" {
			t.Errorf("claimed %+v, %v", c, ok)
		}
	}
	bare := received(t, post(t, testBody))
	if _, ok := Claimed(bare); ok || HasAuth(bare) {
		t.Error("a bare request claims something")
	}
	// What could be meant as authentication is not anonymous.
	for _, query := range []string{"X-Amz-Algorithm=", "x-amz-algorithm=x", "X-Amz-Al%67orithm", "a=1&X%2DAmz-Algorithm=x", "%zz"} {
		bare.URL.RawQuery = query
		if !HasAuth(bare) {
			t.Errorf("%q has no authentication", query)
		}
	}
	bare.URL.RawQuery = ""
	if set(bare, "Authorization", ""); !HasAuth(bare) {
		t.Error("an empty header is no authentication")
	}
}

// What clients send and AWS accepts.
func TestAcceptedForms(t *testing.T) {
	t.Run("order and blanks of the components", func(t *testing.T) {
		r := signed(t)
		f := strings.Split(strings.TrimPrefix(r.Header.Get("Authorization"), "AWS4-HMAC-SHA256 "), ", ")
		for _, list := range []string{f[2] + "," + f[0] + "," + f[1], f[1] + ",  " + f[2] + ", " + f[0], "  " + f[0] + "," + f[1] + "," + f[2]} {
			mustVerify(t, set(r, "Authorization", "AWS4-HMAC-SHA256 "+list))
		}
	})
	t.Run("case and order of SignedHeaders", func(t *testing.T) {
		mustVerify(t, edit(t, signed(t), "content-type;host;x-amz-date", "X-Amz-Date;Host;Content-Type"))
	})
	t.Run("Date for X-Amz-Date", func(t *testing.T) {
		for _, date := range []string{"Wed, 25 Nov 2026 12:00:00 GMT", "20261125T120000Z"} {
			mustVerify(t, datedRequest(t, date))
		}
	})
	t.Run("unsigned headers of the way", func(t *testing.T) {
		r := signed(t)
		for _, name := range []string{"X-Amzn-Trace-Id", "Amz-Sdk-Request", "Accept", "User-Agent", "X-Forwarded-For"} {
			set(r, name, "x")
		}
		mustVerify(t, r)
	})
	t.Run("content-length, as Go signs it", func(t *testing.T) {
		r := signed(t)
		resign(t, r, "content-length;content-type;host;x-amz-date", noon)
		mustVerify(t, r)
		// Chunked bodies reach handlers without the header that was signed.
		r.Header.Del("Content-Length")
		r.ContentLength, r.TransferEncoding = -1, []string{"chunked"}
		mustVerify(t, r)
	})
	t.Run("a signed payload hash", func(t *testing.T) {
		mustVerify(t, signed(t, func(r *http.Request) { r.Header.Set("X-Amz-Content-Sha256", "filled in by Sign") }))
	})
	t.Run("paths that normalise", func(t *testing.T) {
		r := signed(t)
		for _, path := range []string{"//", "/./", "/a/.."} {
			r.URL.Path, r.URL.RawPath = path, ""
			mustVerify(t, r)
		}
	})
}

func TestHTTPTimeOnlyInDate(t *testing.T) {
	r := datedRequest(t, "Wed, 25 Nov 2026 12:00:00 GMT")
	resign(t, set(r, "X-Amz-Date", "Wed, 25 Nov 2026 12:00:00 GMT"), "host;x-amz-date", noon)
	mustRefuse(t, r, 400, "IncompleteSignature", "")
}

type failing struct{ err error }

func (f failing) lookup(_ context.Context, _, _ string) (Secret, error) { return Secret{}, f.err }

type changing struct{ secret *string }

func (c changing) lookup(_ context.Context, _, _ string) (Secret, error) {
	return Secret{Key: *c.secret}, nil
}

// datedRequest is signed with a Date header and no X-Amz-Date.
func datedRequest(t *testing.T, date string) *http.Request {
	t.Helper()
	r := signed(t)
	r.Header.Del("X-Amz-Date")
	set(r, "Date", date)
	resign(t, r, "content-type;host", noon)
	return r
}

// resign signs a received request as it stands, over the headers given.
func resign(t testing.TB, r *http.Request, list string, at time.Time) {
	t.Helper()
	w := &work{claim: claim{algorithm: hmacSHA256, signed: list, date: at.Format(basic)}}
	w.credential = testKey + "/" + at.Format("20060102") + "/us-east-1/sts/aws4_request"
	if err := w.query.parse(r.URL.RawQuery); err != nil {
		t.Fatal(err)
	}
	w.compose(r, wirePath(r.URL), body(r), 0)
	set(r, "Authorization", string(hmacSHA256)+" Credential="+w.credential+", SignedHeaders="+list+
		", Signature="+string(w.derive(testSecret, [32]byte{}).sign(w)))
}

// represign signs the query of a received request as it stands, over the
// headers given.
func represign(t testing.TB, r *http.Request, list string) {
	t.Helper()
	query, _, _ := strings.Cut(r.URL.RawQuery, "&X-Amz-Signature")
	r.URL.RawQuery = strings.Replace(query, "SignedHeaders=host", "SignedHeaders="+strings.ReplaceAll(list, ";", "%3B"), 1)
	w := &work{claim: claim{algorithm: hmacSHA256, signed: list, date: noon.Format(basic)}}
	if err := w.query.parse(r.URL.RawQuery); err != nil {
		t.Fatal(err)
	}
	w.credential = w.query.auth[paramCredential]
	w.compose(r, wirePath(r.URL), body(r), 0)
	r.URL.RawQuery += "&X-Amz-Signature=" + string(w.derive(testSecret, [32]byte{}).sign(w))
}

// The helpers above make signatures that verify, so that what is refused
// elsewhere is refused for its fault.
func TestResigned(t *testing.T) {
	r := signed(t)
	resign(t, r, "host;x-amz-date", noon)
	mustVerify(t, r)
	pre := set(presigned(t), "X-Amz-Content-Sha256", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")
	represign(t, pre, "host;x-amz-content-sha256")
	mustVerify(t, pre)
}

// The path that handlers see is the one that counts: a rewritten URL is not
// verified as what it was.
func TestRewrittenPath(t *testing.T) {
	r := post(t, testBody)
	r.URL.Path, r.URL.RawPath = "/a/b c/", "/a%2Fb%20c/"
	if err := Sign(r, []byte(testBody), creds, "us-east-1", "sts", noon); err != nil {
		t.Fatal(err)
	}
	r = received(t, r)
	if r.URL.RawPath != "/a%2Fb%20c/" {
		t.Fatal(r.URL.RawPath)
	}
	mustVerify(t, r)
	r.URL.Path = "/admin"
	mustRefuse(t, r, 403, "SignatureDoesNotMatch", mismatchText)
}

func TestErrorsEchoLittle(t *testing.T) {
	long := strings.Repeat("A", 5000)
	for _, r := range []*http.Request{
		set(signed(t), "X-Amz-Date", long),
		edit(t, signed(t), testKey+"/", long),
		edit(t, signed(t), "aws4_request", long),
		edit(t, signed(t), "/20261125/", "/"+long+"/"),
		edit(t, signed(t), "AWS4-HMAC-SHA256", "AWS4-"+long),
		set(signed(t), "X-Amz-"+long, "x"),
		set(signed(t), "Authorization", "AWS4-HMAC-SHA256 "+long),
		editQuery(t, presigned(t), "AWS4-HMAC-SHA256", long),
		{Method: "GET", URL: &url.URL{RawQuery: strings.Repeat("a=b&", 40_000)}, Header: http.Header{"Authorization": signed(t).Header["Authorization"]}},
	} {
		_, err := verifier().Verify(r, body(r), "sts")
		if told, ok := err.(*Error); !ok || len(told.Error()) > 700 || strings.Contains(told.Message, testSecret) {
			t.Errorf("%.900v", err)
		}
	}
}

// A large request takes no room for good.
func TestRoomIsLetGo(t *testing.T) {
	w := &work{buf: make([]byte, 1<<20)}
	w.release()
	if cap(w.buf) != 0 {
		t.Error("a megabyte is kept")
	}
	w = &work{claim: claim{token: "secret"}, buf: make([]byte, 100)}
	if w.release(); w.token != "" || cap(w.buf) != 100 {
		t.Errorf("%+v", w)
	}
	fingerprint(w, testSecret)
	if room := string(w.key[:cap(w.key)]); strings.Contains(room, testSecret[:8]) {
		t.Error("the secret is kept")
	}
}

func TestSkewInWords(t *testing.T) {
	v := verifier()
	v.Skew, v.Now = 90*time.Second, func() time.Time { return noon.Add(2 * time.Minute) }
	result, err := v.Verify(signed(t), []byte(testBody), "sts")
	refusedWith(t, result, err, 403, "SignatureDoesNotMatch",
		"Signature expired: 20261125T120000Z is now earlier than 20261125T120030Z (20261125T120200Z - 1m30s)")
}
