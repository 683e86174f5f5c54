package sigv4

import (
	"bufio"
	"fmt"
	"math"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestSec_A03_QueryAuthParametersOnce(t *testing.T) {
	given := []string{"X-Amz-Algorithm", "X-Amz-Credential", "X-Amz-Date", "X-Amz-Expires", "X-Amz-SignedHeaders", "X-Amz-Signature"}
	for _, name := range given {
		escaped := strings.Replace(name, "-", "%2d", 1)
		for _, again := range []string{name, strings.ToLower(name), strings.ToUpper(name), escaped, strings.ToLower(escaped), "%58" + name[1:]} {
			for _, value := range []string{"", "=", "=x"} {
				r := presigned(t)
				r.URL.RawQuery += "&" + again + value
				mustRefuse(t, r, 400, "MalformedInput", "")
				r = presigned(t)
				r.URL.RawQuery = again + value + "&" + r.URL.RawQuery
				mustRefuse(t, r, 400, "MalformedInput", "")
			}
		}
	}
}

func TestSec_A05_EveryAmzHeaderIsSigned(t *testing.T) {
	for _, name := range []string{"X-Amz-Foo", "x-amz-foo", "X-Amz-Acl", "X-Amz-Security-Token", "X-Amz-Content-Sha256", "X-AMZ-DATE-2", "X-Amz-"} {
		for _, r := range []*http.Request{signed(t), presigned(t)} {
			r.Header[name] = []string{"x"}
			if result, err := verifier().Verify(r, body(r), "sts"); err == nil {
				t.Errorf("%s: verified as %v", name, result.Any)
			}
		}
	}
	mustRefuse(t, set(signed(t), "X-Amz-Foo", "x"), 403, "SignatureDoesNotMatch", "'x-amz-foo' must be a 'SignedHeader' in the AWS Authorization.")
	mustRefuse(t, edit(t, signed(t), ";x-amz-date", ""), 403, "SignatureDoesNotMatch", "'x-amz-date' must be a 'SignedHeader' in the AWS Authorization.")
	mustRefuse(t, edit(t, signed(t), "host;", ""), 403, "SignatureDoesNotMatch", "'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization.")
	// A signature over a list without x-amz-date is good for the arithmetic only.
	r := signed(t)
	resign(t, r, "content-type;host", noon)
	mustRefuse(t, r, 403, "SignatureDoesNotMatch", "'x-amz-date' must be a 'SignedHeader' in the AWS Authorization.")
	// Signed, they pass.
	mustVerify(t, signed(t, func(r *http.Request) { r.Header.Set("X-Amz-Foo", "x") }))
}

func TestSec_A08_AuthorizationGrammar(t *testing.T) {
	good := strings.TrimPrefix(signed(t).Header.Get("Authorization"), "AWS4-HMAC-SHA256 ")
	fields := strings.Split(good, ", ")
	for _, bad := range []string{
		"", "AWS4-HMAC-SHA256", "AWS4-HMAC-SHA256 ", "AWS4-HMAC-SHA256" + good, "AWSX " + good, "AWS " + testKey + ":sig",
		"AWS4-HMAC-SHA256X " + good, " AWS4-HMAC-SHA256 " + good, "AWS4-HMAC-SHA256\t" + good, "AWS4-HMAC-SHA256," + good,
		"AWS4-HMAC-SHA256 " + good + ",", "AWS4-HMAC-SHA256 " + good + ", ", "AWS4-HMAC-SHA256 ," + good,
		"AWS4-HMAC-SHA256 " + good + ", Extra=1", "AWS4-HMAC-SHA256 " + good + " x", "AWS4-HMAC-SHA256 " + good + ";x",
		"AWS4-HMAC-SHA256 " + good + ", AWS4-HMAC-SHA256 " + good, "AWS4-HMAC-SHA256 " + good + ", " + fields[2],
		"AWS4-HMAC-SHA256 " + fields[0] + ", " + good, "AWS4-HMAC-SHA256 " + good + ", " + fields[1],
		"AWS4-HMAC-SHA256 " + strings.ReplaceAll(good, ", ", " "), "AWS4-HMAC-SHA256 " + strings.ReplaceAll(good, ", ", ";"),
		"AWS4-HMAC-SHA256 " + strings.ReplaceAll(good, "=", " = "), "AWS4-HMAC-SHA256 " + strings.ToLower(good),
		"AWS4-HMAC-SHA256 " + fields[0] + ", " + fields[1], "AWS4-HMAC-SHA256 " + fields[1] + ", " + fields[2], "AWS4-HMAC-SHA256 " + fields[0] + ", " + fields[2],
		"Bearer " + good, "Basic " + good,
	} {
		r := set(signed(t), "Authorization", bad)
		result, err := verifier().Verify(r, body(r), "sts")
		told, ok := err.(*Error)
		if result != nil || !ok || told.Status != 400 && told.Status != 403 {
			t.Errorf("%q: %v, %v", bad, result, err)
		}
	}
	for _, list := range []string{"host;", ";host", "host;host;x-amz-date;content-type", "host;x amz", "host;:authority", "host\x00"} {
		mustRefuse(t, edit(t, signed(t), "content-type;host;x-amz-date", list), 403, "SignatureDoesNotMatch", "")
	}
	mustRefuse(t, edit(t, signed(t), "content-type;host;", "content-type;host;not-there;"), 403, "SignatureDoesNotMatch", "")
}

func TestSec_A09_TheBodyThatIsParsedIsHashed(t *testing.T) {
	for _, other := range []string{"", testBody + "&", testBody[1:], strings.Replace(testBody, "demo", "root", 1)} {
		result, err := verifier().Verify(signed(t), []byte(other), "sts")
		refusedWith(t, result, err, 403, "SignatureDoesNotMatch", mismatchText)
		result, err = verifier().Verify(presigned(t), []byte(other+"x"), "sts")
		refusedWith(t, result, err, 403, "SignatureDoesNotMatch", mismatchText)
	}
}

// markers are what x-amz-content-sha256 can say in place of a hash, by AWS's
// documentation, and some that it cannot.
var markers = []string{
	"UNSIGNED-PAYLOAD", "unsigned-payload", "STREAMING-UNSIGNED-PAYLOAD-TRAILER", "STREAMING-AWS4-HMAC-SHA256-PAYLOAD",
	"STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER", "STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD",
	"STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD-TRAILER", "STREAMING-AWS4-HMAC-SHA256-EVENTS", "", " ", "required",
	"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855x", strings.Repeat("0", 64),
}

// Each marker is properly signed here: the signature is good, the payload is not.
func TestSec_A10_NoMarkerStandsForThePayload(t *testing.T) {
	for _, m := range markers {
		r := signed(t)
		r.Header.Set("X-Amz-Content-Sha256", m)
		resign(t, r, "host;x-amz-content-sha256;x-amz-date", noon)
		mustRefuse(t, r, 403, "SignatureDoesNotMatch", mismatchText)
		pre := set(presigned(t), "X-Amz-Content-Sha256", m)
		represign(t, pre, "host;x-amz-content-sha256")
		mustRefuse(t, pre, 403, "SignatureDoesNotMatch", mismatchText)
		pre = presigned(t)
		pre.URL.RawQuery = "X-Amz-Content-Sha256=" + strings.ReplaceAll(m, " ", "+") + "&" + pre.URL.RawQuery
		represign(t, pre, "host")
		mustRefuse(t, pre, 403, "SignatureDoesNotMatch", mismatchText)
	}
}

// A signature that covers a marker in place of the hash of the body, as S3
// would have it.
func TestSec_A10_UnsignedPayloadInTheCanonicalRequest(t *testing.T) {
	for _, m := range markers {
		r := signed(t)
		r.Header.Set("X-Amz-Content-Sha256", m)
		resign(t, r, "host;x-amz-content-sha256;x-amz-date", noon)
		w := new(work)
		if err := w.read(r); err != nil {
			t.Fatal(err)
		}
		w.canonical(r, "/", body(r), 2)
		w.buf = w.stringToSign(append(w.buf[:len(w.buf)-64], m...))
		edit(t, r, w.signature, string(w.derive(testSecret, [32]byte{}).sign(w)))
		mustRefuse(t, r, 403, "SignatureDoesNotMatch", mismatchText)
	}
}

func TestSec_A10_HeaderAndQueryDoNotMix(t *testing.T) {
	for _, name := range paramNames {
		for _, spelled := range []string{name, strings.ToLower(name)} {
			r := signed(t)
			r.URL.RawQuery = spelled + "=x"
			resign(t, r, "content-type;host;x-amz-date", noon)
			mustRefuse(t, r, 403, "SignatureDoesNotMatch", mismatchText)
		}
	}
	r := presigned(t)
	mustRefuse(t, set(r, "Authorization", signed(t).Header.Get("Authorization")), 403, "SignatureDoesNotMatch", mismatchText)
	for _, name := range []string{"X-Amz-Date", "X-Amz-Security-Token", "X-Amz-Region-Set"} {
		mustRefuse(t, presigned(t, func(r *http.Request) { r.Header.Set(name, "x") }), 400, "MalformedInput", "")
	}
}

func TestSec_A11_EveryDigitOfTheSignatureCounts(t *testing.T) {
	for _, make := range []func() *http.Request{func() *http.Request { return signed(t) }, func() *http.Request { return presigned(t) }} {
		w := new(work)
		if err := w.read(make()); err != nil || len(w.signature) != 64 {
			t.Fatal(err, w.signature)
		}
		good := w.signature
		v := verifier()
		refuse := func(bad string) {
			t.Helper()
			r := make()
			r.URL.RawQuery = strings.Replace(r.URL.RawQuery, good, bad, 1)
			r.Header.Set("Authorization", strings.Replace(r.Header.Get("Authorization"), good, bad, 1))
			if r.Header.Get("Authorization") == "" {
				r.Header.Del("Authorization")
			}
			result, err := v.Verify(r, body(r), "sts")
			refusedWith(t, result, err, 403, "SignatureDoesNotMatch", mismatchText)
		}
		// With no key cached, and with it.
		for range 2 {
			for i := range 64 {
				digit := "0"
				if good[i] == '0' {
					digit = "1"
				}
				refuse(good[:i] + digit + good[i+1:])
				refuse(good[:i] + good[i+1:])
			}
			for _, bad := range []string{"", good + "0", good[:32], strings.ToUpper(good), strings.Repeat("0", 64), good + good} {
				refuse(bad)
			}
			if _, err := v.Verify(make(), body(make()), "sts"); err != nil {
				t.Fatal(err)
			}
		}
	}
}

func TestSec_A12_Scope(t *testing.T) {
	sign := func(region, service string, at time.Time) *http.Request {
		r := post(t, testBody)
		if err := Sign(r, []byte(testBody), creds, region, service, at); err != nil {
			t.Fatal(err)
		}
		return received(t, r)
	}
	mustRefuse(t, sign("us-east-1", "s3", noon), 403, "SignatureDoesNotMatch", "Credential should be scoped to correct service: 'sts'. ")
	mustRefuse(t, sign("us-east-1", "STS", noon), 403, "SignatureDoesNotMatch", "")
	mustRefuse(t, sign("us-east-1", "iam", noon), 403, "SignatureDoesNotMatch", "")
	for _, change := range [][2]string{
		{"aws4_request", "aws4_request2"}, {"aws4_request", "AWS4_REQUEST"}, {"aws4_request", ""}, {"20261125", "20261126"},
		{"20261125", "2026112"}, {"20261125", "20261125 "}, {"us-east-1", "us-west-2"}, {"us-east-1", ""}, {"/sts/", "/iam/"},
	} {
		mustRefuse(t, edit(t, signed(t), change[0], change[1]), 403, "SignatureDoesNotMatch", "")
	}
	for _, change := range [][2]string{{"/sts/", "/"}, {"/sts/", "/sts//"}, {"aws4_request", "aws4_request/"}, {testKey + "/", ""}} {
		mustRefuse(t, edit(t, signed(t), change[0], change[1]), 400, "IncompleteSignature", "")
	}
}

func TestSec_A13_UnknownAlgorithms(t *testing.T) {
	for _, name := range []string{"AWS4-HMAC-SHA1", "AWS4-HMAC-SHA512", "AWS4-hmac-sha256", "AWS4-", "AWS4-NONE", "AWS4-ECDSA-P384-SHA384"} {
		mustRefuse(t, edit(t, signed(t), "AWS4-HMAC-SHA256", name), 400, "IncompleteSignature", "Unsupported AWS 'algorithm': '"+name+"'.")
		mustRefuse(t, editQuery(t, presigned(t), "AWS4-HMAC-SHA256", name), 400, "IncompleteSignature", "")
	}
	for _, name := range []string{"aws4-hmac-sha256", "AWS", "AWS2", "none", "AWS4", "HMAC-SHA256"} {
		mustRefuse(t, edit(t, signed(t), "AWS4-HMAC-SHA256", name), 403, "MissingAuthenticationToken", "")
		mustRefuse(t, editQuery(t, presigned(t), "AWS4-HMAC-SHA256", name), 400, "IncompleteSignature", "")
	}
	// The two that are known do not stand in for one another.
	mustRefuse(t, edit(t, signed(t), "AWS4-HMAC-SHA256", string(ecdsaP256)), 400, "IncompleteSignature", "")
}

func TestSec_A14_Skew(t *testing.T) {
	at := func(skew, off time.Duration) error {
		v := verifier()
		v.Skew = skew
		v.Now = func() time.Time { return noon.Add(off) }
		_, err := v.Verify(signed(t), []byte(testBody), "sts")
		return err
	}
	for _, row := range []struct {
		skew, off time.Duration
		ok        bool
	}{
		{0, 0, true}, {0, 899 * time.Second, true}, {0, -899 * time.Second, true}, {0, 900 * time.Second, true}, {0, -900 * time.Second, true},
		{0, 900*time.Second + 400*time.Millisecond, true}, {0, 901 * time.Second, false}, {0, -901 * time.Second, false}, {0, 24 * time.Hour, false}, {0, -24 * 365 * time.Hour, false},
		{time.Minute, 60 * time.Second, true}, {time.Minute, 61 * time.Second, false}, {-time.Minute, 899 * time.Second, true}, {-time.Minute, 901 * time.Second, false},
	} {
		if err := at(row.skew, row.off); (err == nil) != row.ok {
			t.Errorf("skew %v, off by %v: %v", row.skew, row.off, err)
		}
	}
}

func TestSec_A14_Timestamps(t *testing.T) {
	for _, good := range []string{"20240229T000000Z", "20261231T235959Z", "00010101T000000Z", "99991231T235959Z", "20000229T120000Z"} {
		at, ok := parseBasic(good)
		if want, err := time.Parse(basic, good); !ok || err != nil || !at.Equal(want) {
			t.Errorf("%s: %v, %v, want %v", good, at, ok, want)
		}
	}
	for _, bad := range []string{
		"", "20230229T000000Z", "19000229T000000Z", "20261125T235960Z", "20261125T120060Z", "20261125T240000Z", "20261125T126000Z", "20261325T120000Z",
		"20260025T120000Z", "20261100T120000Z", "20261131T120000Z", "20261125T120000", "20261125T120000z", "20261125t120000Z",
		"2026-11-25T12:00:00Z", "20261125T120000+0000", "20261125T120000.0Z", "20261125 120000Z", " 20261125T120000Z", "20261125T120000Z ",
		"+0261125T120000Z", "２0261125T1200Z", "20261125T12000/Z", "20261125T12000:Z", "1795521600",
	} {
		if at, ok := parseBasic(bad); ok {
			t.Errorf("%q is %v", bad, at)
		}
	}
	for year := range 10 {
		r := signed(t)
		set(r, "X-Amz-Date", fmt.Sprintf("%04d0229T120000Z", year*1111))
		if _, err := verifier().Verify(r, body(r), "sts"); err == nil {
			t.Error("accepted", r.Header.Get("X-Amz-Date"))
		}
	}
}

func TestSec_A15_PresignedReplay(t *testing.T) {
	v := verifier()
	for _, expires := range []string{"60", "1", "0", "-1", "604800", "999999999999", "x", ""} {
		r := editQuery(t, presigned(t), "X-Amz-Expires=60", "X-Amz-Expires="+expires)
		represign(t, r, "host")
		for _, row := range []struct {
			off time.Duration
			ok  bool
		}{{-901 * time.Second, false}, {-899 * time.Second, true}, {2 * time.Minute, true}, {899 * time.Second, true}, {901 * time.Second, false}, {time.Hour, false}} {
			v.Now = func() time.Time { return noon.Add(row.off) }
			if _, err := v.Verify(r, nil, "sts"); (err == nil) != row.ok {
				t.Errorf("expires %q, off by %v: %v", expires, row.off, err)
			}
		}
	}
	// An unsigned header adds nothing and takes nothing away.
	r := presigned(t, func(r *http.Request) { r.Header.Set("X-K8s-Aws-Id", "cluster") })
	if got := mustVerify(t, set(r, "X-Other", "x")); got.Any != "alice" || got.SignedHeaders != "host;x-k8s-aws-id" {
		t.Errorf("%+v", got)
	}
	mustRefuse(t, set(r, "X-K8s-Aws-Id", "another"), 403, "SignatureDoesNotMatch", mismatchText)
}

func TestSec_A16_DuplicateHeaders(t *testing.T) {
	for _, name := range []string{"Authorization", "Content-Type", "Content-Length", "X-Amz-Date", "X-Amz-Security-Token"} {
		for _, second := range []string{"", "x"} {
			r := signed(t)
			value := r.Header.Get(name)
			r.Header[name] = []string{value, second + value}
			mustRefuse(t, r, 400, "MalformedInput", "")
		}
	}
	r := signed(t)
	r.Header["Host"] = []string{"another.example.com"}
	mustRefuse(t, r, 400, "MalformedInput", "")
	r = datedRequest(t, "20261125T120000Z")
	r.Header.Add("Date", "20261125T120000Z")
	mustRefuse(t, r, 400, "MalformedInput", "")
	// Others are joined, in their order.
	twice := signed(t, func(r *http.Request) { r.Header["X-Amz-Meta"] = []string{"a", "b"} })
	mustVerify(t, twice)
	slices.Reverse(twice.Header["X-Amz-Meta"])
	mustRefuse(t, twice, 403, "SignatureDoesNotMatch", mismatchText)
}

func TestSec_A17_HostIsSigned(t *testing.T) {
	for _, host := range []string{"evil.example.com", testHost + ".", testHost + ":443", strings.ToUpper(testHost), "", testHost + " x"} {
		r := signed(t)
		r.Host = host
		mustRefuse(t, r, 403, "SignatureDoesNotMatch", mismatchText)
	}
	auth := signed(t).Header.Get("Authorization")
	r := fromWire(t, "POST http://evil.example.com/ HTTP/1.1\r\nHost: "+testHost+"\r\nX-Amz-Date: 20261125T120000Z\r\n"+
		"Content-Type: application/x-www-form-urlencoded; charset=utf-8\r\nAuthorization: "+auth+"\r\n\r\n")
	mustRefuse(t, r, 403, "SignatureDoesNotMatch", mismatchText)
}

// Folded lines, control characters and bytes above ASCII: none verifies, even
// where the signature was made over what a lenient reader would make of them.
func TestSec_A20_OddHeaderBytes(t *testing.T) {
	for _, value := range []string{"a\x00b", "a\x01", "\x7f", "a\rb", "a\nb", "é", "\xff", "\u2028", "a\x0bb", "\u00a0x"} {
		r := signed(t)
		r.Header["X-Amz-Odd"] = []string{value}
		resign(t, r, "host;x-amz-date;x-amz-odd", noon)
		mustRefuse(t, r, 403, "SignatureDoesNotMatch", mismatchText)
		if err := Sign(r, body(r), creds, "us-east-1", "sts", noon); err == nil {
			t.Errorf("Sign signed %q", value)
		}
	}
	// A folded line, signed as AWS's suite has it: a value for each line.
	r := signed(t)
	r.Header["X-Amz-Odd"] = []string{"a", "b"}
	resign(t, r, "host;x-amz-date;x-amz-odd", noon)
	wire := "POST / HTTP/1.1\r\nHost: " + testHost + "\r\nX-Amz-Odd: a\r\n b\r\nX-Amz-Date: 20261125T120000Z\r\nAuthorization: " + r.Header.Get("Authorization") + "\r\n\r\n"
	folded, err := http.ReadRequest(bufio.NewReader(strings.NewReader(wire)))
	if err != nil {
		t.Fatal(err)
	}
	mustRefuse(t, folded, 403, "SignatureDoesNotMatch", mismatchText)
}

func TestSec_A20_BlanksCollapse(t *testing.T) {
	for in, want := range map[string]string{
		"a": "a", " a ": "a", "a  b": "a b", "\ta\t b\t": "a b", `"a   b"`: `"a b"`, "": "", "   ": "", "a b c": "a b c",
		"12345678": "12345678", "1234567 8": "1234567 8", "12345678  9": "12345678 9", "~!": "~!",
	} {
		got, ok := appendValue([]byte("keep "), in)
		if !ok || string(got) != "keep "+want {
			t.Errorf("%q: %q, %v", in, got, ok)
		}
	}
	for c := range 256 {
		for _, in := range []string{string([]byte{byte(c)}), "1234567" + string([]byte{byte(c)}), string([]byte{byte(c)}) + "2345678", "123" + string([]byte{byte(c)}) + "5678"} {
			wantOK := c == '\t' || c >= ' ' && c <= '~'
			if _, ok := appendValue(nil, in); ok != wantOK {
				t.Errorf("%q: %v", in, ok)
			}
			if visible([]byte(in)) != (c > ' ' && c <= '~') {
				t.Errorf("visible %q", in)
			}
		}
	}
}

func TestSec_A21_SessionTokens(t *testing.T) {
	const session, plain = "ASIATESTSESSION00000", testKey
	for _, row := range []struct{ id, secret, token, code string }{
		{session, "session-secret", "token-of-the-session", ""},
		{session, "session-secret", "", "InvalidClientTokenId"},
		{session, "session-secret", "token-of-another", "InvalidClientTokenId"},
		{session, "session-secret", "token-that-ended", "ExpiredToken"},
		{session, "wrong", "token-of-the-session", "SignatureDoesNotMatch"},
		{session, "wrong", "token-that-ended", "ExpiredToken"},
		{plain, testSecret, "token-of-the-session", "InvalidClientTokenId"},
		{"ASIANOBODY0000000000", "session-secret", "token-of-the-session", "InvalidClientTokenId"},
	} {
		r := post(t, testBody)
		if err := Sign(r, []byte(testBody), Credentials{row.id, row.secret, row.token}, "us-east-1", "sts", noon); err != nil {
			t.Fatal(err)
		}
		r = received(t, r)
		if row.code == "" {
			mustVerify(t, r)
			set(r, "X-Amz-Security-Token", "token-of-another")
			mustRefuse(t, r, 403, "InvalidClientTokenId", "")
			r.Header.Del("X-Amz-Security-Token")
			mustRefuse(t, r, 403, "InvalidClientTokenId", "")
			continue
		}
		mustRefuse(t, r, 403, row.code, "")
	}
	// The right token, but outside the signature.
	r := post(t, testBody)
	if err := Sign(r, []byte(testBody), Credentials{session, "session-secret", ""}, "us-east-1", "sts", noon); err != nil {
		t.Fatal(err)
	}
	r = set(received(t, r), "X-Amz-Security-Token", "token-of-the-session")
	mustRefuse(t, r, 403, "SignatureDoesNotMatch", "'x-amz-security-token' must be a 'SignedHeader' in the AWS Authorization.")
}

// Welch's t-test, as dudect does it, between signatures that differ from the
// right one in the first digit and in the last. The full count takes minutes:
// DEPUTY_LONG=1.
func TestSec_A23_ComparisonTakesOneTime(t *testing.T) {
	if os.Getenv("DEPUTY_LONG") == "" {
		t.Skip("DEPUTY_LONG=1 runs it")
	}
	good := signed(t)
	w := new(work)
	if err := w.read(good); err != nil {
		t.Fatal(err)
	}
	flip := func(i int) *http.Request {
		sig := []byte(w.signature)
		sig[i] ^= 1
		return edit(t, signed(t), w.signature, string(sig))
	}
	v := verifier()
	if _, err := v.Verify(good, body(good), "sts"); err != nil {
		t.Fatal(err)
	}
	if score := welch(v, flip(0), flip(63), 1_000_000); math.Abs(score) >= 4.5 {
		t.Errorf("t = %.2f", score)
	} else {
		t.Logf("t = %.2f", score)
	}
}

// The time until a refusal must not tell an unknown key from a known one: the
// medians of the two may differ by a fifth at most.
func TestSec_A24_UnknownKeysTakeAsLong(t *testing.T) {
	if os.Getenv("DEPUTY_LONG") == "" {
		t.Skip("DEPUTY_LONG=1 runs it")
	}
	known := edit(t, signed(t), "Signature=", "Signature=0")
	unknown := edit(t, signed(t), testKey, "AKIANOBODYKNOWSTHIS0")
	v := verifier()
	var times [2][]time.Duration
	for range 50_000 {
		for i, r := range []*http.Request{known, unknown} {
			times[i] = append(times[i], refusal(v, r))
		}
	}
	slices.Sort(times[0])
	slices.Sort(times[1])
	a, b := times[0][25_000], times[1][25_000]
	if r := float64(a) / float64(b); r < 0.8 || r > 1.25 {
		t.Errorf("known key %v, unknown %v", a, b)
	} else {
		t.Logf("known key %v, unknown %v", a, b)
	}
}

// What must hold for that on any machine: the decoy is derived and compared.
func TestSec_A24_UnknownKeysAreComputedToo(t *testing.T) {
	unknown := edit(t, signed(t), testKey, "AKIANOBODYKNOWSTHIS0")
	v := verifier()
	count := func(r *http.Request) float64 {
		return testing.AllocsPerRun(200, func() { refusal(v, r) })
	}
	known := edit(t, signed(t), "Signature=", "Signature=0")
	if a, b := count(known), count(unknown); a < 20 || math.Abs(a-b) > 5 {
		t.Errorf("a bad signature costs %v allocations, an unknown key %v", a, b)
	}
}

func refusal(v *Verifier, r *http.Request) time.Duration {
	start := time.Now()
	if result, _ := v.Verify(r, []byte(testBody), "sts"); result != nil {
		panic("a bad request was verified")
	}
	return time.Since(start)
}

func welch(v *Verifier, a, b *http.Request, n int) float64 {
	var mean, m2, count [2]float64
	for range n {
		for i, r := range []*http.Request{a, b} {
			x := float64(refusal(v, r))
			if x > 20_000 {
				continue // a garbage collection or another process
			}
			count[i]++
			d := x - mean[i]
			mean[i] += d / count[i]
			m2[i] += d * (x - mean[i])
		}
	}
	return (mean[0] - mean[1]) / math.Sqrt(m2[0]/(count[0]-1)/count[0]+m2[1]/(count[1]-1)/count[1])
}
