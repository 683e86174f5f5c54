package server

import (
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"

	"github.com/deputy-sts/deputy/internal/iamapi"
	"github.com/deputy-sts/deputy/internal/query"
	"github.com/deputy-sts/deputy/internal/stsapi"
	"github.com/deputy-sts/deputy/sigv4"
)

var apis = []*query.API{&stsapi.API, &iamapi.API}

// eachOp runs f for every operation that is answered, or for some of them in a short run.
func (w *world) eachOp(f func(api *query.API, op *query.Op)) {
	for _, svc := range w.services {
		for i := range svc.api.Ops {
			if op := &svc.api.Ops[i]; svc.mux.Has(op) && (!testing.Short() || i%9 == 0) {
				f(svc.api, op)
			}
		}
	}
}

// TestSec_A11_EveryDigitCounts flips each digit of the signature of every
// action, in the header and in the query.
func TestSec_A11_EveryDigitCounts(t *testing.T) {
	w := newWorld(t, func(c *Config) { c.PresignAny = true })
	w.eachOp(func(api *query.API, op *query.Op) {
		body := form(api.Name, op.Name)
		whole := request(t, w.admin, api.Name, body)
		auth := whole.Header.Get("Authorization")
		if rec := w.serve(whole); fault(rec.Body.Bytes()) == "SignatureDoesNotMatch" {
			t.Fatalf("%s: the whole signature is refused: %s", op.Name, rec.Body)
		}
		query := presigned(t, w.admin, api.Name, body).URL.RawQuery
		if rec := w.serve(get("/?" + query)); fault(rec.Body.Bytes()) == "SignatureDoesNotMatch" {
			t.Fatalf("%s: the whole presigned signature is refused: %s", op.Name, rec.Body)
		}
		for i := range 64 {
			r := post(body)
			r.Header = whole.Header.Clone()
			r.Header.Set("Authorization", flip(auth, len(auth)-64+i))
			refused(t, op.Name+" in the header", w.serve(r), 403, "SignatureDoesNotMatch")
			refused(t, op.Name+" in the query", w.serve(get("/?"+flip(query, len(query)-64+i))), 403, "SignatureDoesNotMatch")
		}
	})
}

// flip changes one hex digit.
func flip(s string, i int) string {
	other := "0"
	if s[i] == '0' {
		other = "f"
	}
	return s[:i] + other + s[i+1:]
}

// TestSec_A10_OnlyTwoActionsAreUnsigned sends every action without a signature:
// the two that the protocol leaves unsigned are answered otherwise than the rest.
func TestSec_A10_OnlyTwoActionsAreUnsigned(t *testing.T) {
	w := newWorld(t)
	unsigned := map[string]bool{"AssumeRoleWithSAML": true, "AssumeRoleWithWebIdentity": true}
	for _, api := range apis {
		for i := range api.Ops {
			op := &api.Ops[i]
			for _, r := range []*http.Request{post(form(api.Name, op.Name)), get("/?" + form(api.Name, op.Name))} {
				rec := w.serve(r)
				switch code := fault(rec.Body.Bytes()); {
				case rec.Code == 200 || rec.Code >= 500 || code == "":
					t.Errorf("%s %s unsigned: %d %s", r.Method, op.Name, rec.Code, rec.Body)
				case code == "InvalidAction": // has no handler
				case unsigned[op.Name] == (code == "MissingAuthenticationToken"):
					t.Errorf("%s %s unsigned: %s", r.Method, op.Name, code)
				}
			}
		}
	}
}

// TestSec_A10_NoKindOfAuthenticationFallsThrough lists the ways to say that a
// request is signed in some other way, and every mix of header and query.
func TestSec_A10_NoKindOfAuthenticationFallsThrough(t *testing.T) {
	w := newWorld(t)
	body := form("sts", "GetCallerIdentity")
	query := presigned(t, w.admin, "sts", body).URL.RawQuery
	auth := request(t, w.admin, "sts", body).Header.Get("Authorization")
	markers := []string{
		"UNSIGNED-PAYLOAD", "STREAMING-UNSIGNED-PAYLOAD-TRAILER", "STREAMING-AWS4-HMAC-SHA256-PAYLOAD", "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER",
		"STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD", "STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD-TRAILER", "STREAMING-AWS4-HMAC-SHA256-EVENTS",
		"required", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855", "", "0",
	}
	for _, marker := range markers {
		// Signed by a key that nobody has, and not signed at all.
		stranger := sigv4.Credentials{AccessKeyID: w.admin.AccessKeyID, SecretAccessKey: "not-the-secret"}
		r := request(t, stranger, "sts", body)
		r.Header.Set("X-Amz-Content-Sha256", marker)
		refusedAll(t, marker+" with a wrong signature", w.serve(r))
		r = post(body)
		r.Header.Set("X-Amz-Content-Sha256", marker)
		refusedAll(t, marker+" without a signature", w.serve(r))
		if marker != "" {
			refusedAll(t, marker+" in a query without a signature", w.serve(get("/?"+body+"&X-Amz-Content-Sha256="+marker)))
		}
	}
	for what, r := range map[string]*http.Request{
		"both":                      with(get("/?"+query), "Authorization", auth),
		"header over an open query": with(get("/?"+body), "Authorization", "AWS4-HMAC-SHA256"),
		"basic":                     with(post(body), "Authorization", "Basic YWRtaW46YWRtaW4="),
		"bearer":                    with(post(body), "Authorization", "Bearer "+w.admin.AccessKeyID),
		"version 2":                 with(post(body), "Authorization", "AWS "+w.admin.AccessKeyID+":c2ln"),
		"version 3":                 with(post(body), "Authorization", "AWS3-HTTPS AWSAccessKeyId="+w.admin.AccessKeyID+",Algorithm=HmacSHA256,Signature=c2ln"),
		"query version 2":           get("/?" + body + "&AWSAccessKeyId=" + w.admin.AccessKeyID + "&Signature=c2ln&SignatureVersion=2&SignatureMethod=HmacSHA256"),
		"algorithm alone":           get("/?" + body + "&X-Amz-Algorithm=AWS4-HMAC-SHA256"),
		"credential alone":          get("/?" + body + "&X-Amz-Credential=" + w.admin.AccessKeyID),
		"token alone":               with(post(body), "X-Amz-Security-Token", w.assume(w.low).SessionToken),
		"empty header":              with(post(body), "Authorization", ""),
		"two headers":               with(request(t, w.admin, "sts", body), "Authorization", auth, auth),
		"none and a good one":       with(request(t, w.admin, "sts", body), "Authorization", "", auth),
	} {
		refusedAll(t, what, w.serve(r))
	}
}

// with sets a header, or several lines of it.
func with(r *http.Request, name string, values ...string) *http.Request {
	r.Header[http.CanonicalHeaderKey(name)] = values
	return r
}

// beforeAuthentication are the codes that say nothing of who calls.
var beforeAuthentication = map[string]bool{
	"MissingAuthenticationToken": true, "IncompleteSignature": true, "SignatureDoesNotMatch": true, "InvalidClientTokenId": true,
	"ExpiredToken": true, "MalformedInput": true, "MalformedQueryString": true, "InvalidAction": true, "Throttling": true,
}

// refusedAll reports an answer that only an authenticated caller gets, or a fault of the server.
func refusedAll(t testing.TB, what string, rec *httptest.ResponseRecorder) {
	t.Helper()
	if problem := authenticated(rec.Code, rec.Body.Bytes()); problem != "" {
		t.Errorf("%s: %s: %d %s", what, problem, rec.Code, rec.Body)
	}
}

func authenticated(status int, body []byte) string {
	code := fault(body)
	switch {
	case status >= 500:
		return "a fault of the server"
	case status < 300:
		return "answered"
	case code != "" && !beforeAuthentication[code]:
		return "authenticated"
	}
	return ""
}

func TestSec_A15_PresignedOnlyForGetCallerIdentity(t *testing.T) {
	w := newWorld(t)
	if rec := w.serve(presigned(t, w.low, "sts", form("sts", "GetCallerIdentity"))); rec.Code != 200 || element(rec.Body.String(), "Arn") != w.lowARN {
		t.Errorf("presigned GetCallerIdentity: %d %s", rec.Code, rec.Body)
	}
	w.eachOp(func(api *query.API, op *query.Op) {
		if op.Name != "GetCallerIdentity" {
			refused(t, op.Name, w.serve(presigned(t, w.admin, api.Name, form(api.Name, op.Name))), 403, "AccessDenied")
		}
	})
	open := newWorld(t, func(c *Config) { c.PresignAny = true })
	if rec := open.serve(presigned(t, open.admin, "iam", form("iam", "ListUsers"))); rec.Code != 200 {
		t.Errorf("presigned ListUsers with the setting: %d %s", rec.Code, rec.Body)
	}
}

// TestRefusedPresignIsTheCallers: the refusal of a verified caller stands in the
// trail under the caller's name, and is no failed authentication.
func TestRefusedPresignIsTheCallers(t *testing.T) {
	w := newWorld(t, func(c *Config) { c.FailedAuth, c.FailedAuthBurst = 0.001, 1 })
	for range 5 {
		r := presigned(t, w.low, "iam", form("iam", "ListUsers"))
		r.RemoteAddr = "198.51.100.7:40000"
		refused(t, "presigned", w.serve(r), 403, "AccessDenied")
	}
	check(t, w.Close())
	trail, err := os.ReadFile(w.trail)
	check(t, err)
	told := 0
	for line := range strings.Lines(string(trail)) {
		if strings.Contains(line, `"ListUsers"`) && strings.Contains(line, `"AccessDenied"`) && strings.Contains(line, w.lowARN) && strings.Contains(line, w.low.AccessKeyID) {
			told++
		}
	}
	if told != 5 {
		t.Errorf("%d lines name the caller, want 5:\n%s", told, trail)
	}
}

// TestSec_A03_NoSecurityParameterTwice gives each of 25 parameters twice, in six ways.
func TestSec_A03_NoSecurityParameterTwice(t *testing.T) {
	w := newWorld(t)
	names := []string{
		"Action", "Version", "RoleArn", "RoleSessionName", "ExternalId", "DurationSeconds", "Policy", "PolicyArns.member.1.arn", "Tags.member.1.Key",
		"Tags.member.1.Value", "TransitiveTagKeys.member.1", "SourceIdentity", "SerialNumber", "TokenCode", "UserName", "RoleName", "GroupName",
		"PolicyName", "PolicyArn", "PolicyDocument", "AssumeRolePolicyDocument", "AccessKeyId", "Status", "Path", "PermissionsBoundary",
	}
	for _, name := range names {
		value := map[string]string{"Action": "AssumeRole", "Version": versions["sts"]}[name]
		if value == "" {
			value = "x"
		}
		body := form("sts", "AssumeRole", name, value)
		escaped := "%" + hexOf(name[0]) + name[1:]
		for shape, r := range map[string]*http.Request{
			"again":          request(t, w.admin, "sts", body+"&"+name+"="+value),
			"another value":  request(t, w.admin, "sts", name+"=other&"+body),
			"lower case":     request(t, w.admin, "sts", body+"&"+strings.ToLower(name)+"="+value),
			"escaped":        request(t, w.admin, "sts", body+"&"+escaped+"="+value),
			"query and body": request(t, w.admin, "sts", body, func(r *http.Request) { r.URL.RawQuery = name + "=" + value }),
			"without value":  request(t, w.admin, "sts", body+"&"+name),
		} {
			refused(t, name+" "+shape, w.serve(r), 400, "MalformedInput")
		}
		refused(t, name+" twice in a GET", w.serve(presigned(t, w.admin, "sts", form("sts", "GetCallerIdentity", name, value)+"&"+strings.ToUpper(name)+"=y")), 400, "MalformedInput")
	}
}

func hexOf(c byte) string {
	const digits = "0123456789ABCDEF"
	return string([]byte{digits[c>>4], digits[c&15]})
}
