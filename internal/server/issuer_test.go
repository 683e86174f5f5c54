package server

import (
	"bytes"
	"crypto"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"io"
	"math/big"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/deputy-sts/deputy/internal/outbound"
	"github.com/deputy-sts/deputy/sigv4"
)

const outside = "https://id.example/sts"

func external(c *Config) { c.ExternalURL = outside + "/" }

// regional makes a request not one of the global endpoint, which has no tokens.
func regional(r *http.Request) { r.Host = "sts.eu-central-1.amazonaws.com" }

func (w *world) token(c sigv4.Credentials, algorithm string) string {
	w.t.Helper()
	rec := w.serve(request(w.t, c, "sts", form("sts", "GetWebIdentityToken", "SigningAlgorithm", algorithm, "Audience.member.1", "relying"), regional))
	if rec.Code != http.StatusOK {
		w.t.Fatalf("%d %s", rec.Code, rec.Body)
	}
	return element(rec.Body.String(), "WebIdentityToken")
}

// fetched is a document as a stranger gets it.
func (w *world) fetched(url string) *httptest.ResponseRecorder {
	path, _ := strings.CutPrefix(url, outside)
	return w.serve(get(path))
}

// verifies tells whether an RS256 token verifies with the key set that its
// issuer's configuration names.
func (w *world) verifies(issuer, token string) bool {
	w.t.Helper()
	var conf struct {
		Issuer string
		Set    string `json:"jwks_uri"`
	}
	rec := w.fetched(issuer + outbound.ConfigurationPath)
	check(w.t, json.Unmarshal(rec.Body.Bytes(), &conf))
	if conf.Issuer != issuer {
		w.t.Fatalf("issuer %q, not %q", conf.Issuer, issuer)
	}
	var set struct {
		Keys []struct{ Kid, Kty, N string }
	}
	check(w.t, json.Unmarshal(w.fetched(conf.Set).Body.Bytes(), &set))
	parts := strings.Split(token, ".")
	raw := func(s string) []byte {
		b, err := base64.RawURLEncoding.DecodeString(s)
		check(w.t, err)
		return b
	}
	var head struct{ Kid string }
	check(w.t, json.Unmarshal(raw(parts[0]), &head))
	for _, k := range set.Keys {
		if k.Kid == head.Kid && k.Kty == "RSA" {
			sum := sha256.Sum256([]byte(parts[0] + "." + parts[1]))
			return rsa.VerifyPKCS1v15(&rsa.PublicKey{N: new(big.Int).SetBytes(raw(k.N)), E: 65537}, crypto.SHA256, sum[:], raw(parts[2])) == nil
		}
	}
	return false
}

// TestIssuer goes the whole way: switch on, ask for a token, verify it with what is
// published; also after a restart, and after the feature is switched off.
func TestIssuer(t *testing.T) {
	w := newWorld(t, external)
	issuer := element(w.must(w.admin, "iam", "EnableOutboundWebIdentityFederation"), "IssuerIdentifier")
	if !strings.HasPrefix(issuer, outside+"/oidc/") || len(issuer) != len(outside+"/oidc/")+36 {
		t.Fatalf("issuer %q", issuer)
	}
	token := w.token(w.admin, "RS256")
	if !w.verifies(issuer, token) {
		t.Error("the token does not verify")
	}
	w.token(w.admin, "ES384")
	refused(t, "on the global endpoint", w.call(w.admin, "sts", "GetWebIdentityToken", "SigningAlgorithm", "RS256", "Audience.member.1", "a"), http.StatusBadRequest, "InvalidAction")

	again, err := New(t.Context(), Config{Store: unclosed{w.store}, Ring: w.ring, Now: func() time.Time { return noon }, ExternalURL: outside, Audit: AuditConfig{Path: t.TempDir() + "/audit.log"}})
	check(t, err)
	defer again.Close()
	other := *w
	other.Server = again
	if !other.verifies(issuer, token) || !w.verifies(issuer, other.token(w.admin, "RS256")) {
		t.Error("the keys did not survive a restart")
	}

	w.must(w.admin, "iam", "DisableOutboundWebIdentityFederation")
	if !w.verifies(issuer, token) {
		t.Error("the token does not verify when the feature is off")
	}
}

// unclosed is a store that another server goes on to use.
type unclosed struct{ *fragile }

func (unclosed) Close() error { return nil }

// TestIssuerDocuments holds what strangers are answered: public, cacheable, small,
// and nothing but the two documents, by GET and HEAD.
func TestIssuerDocuments(t *testing.T) {
	w := newWorld(t, external, func(c *Config) { c.AllowedHosts = []string{"sts.amazonaws.com"} })
	issuer := element(w.must(w.admin, "iam", "EnableOutboundWebIdentityFederation"), "IssuerIdentifier")
	base := strings.TrimPrefix(issuer, outside)
	for _, path := range []string{outbound.ConfigurationPath, outbound.KeySetPath} {
		rec := w.serve(get(base + path))
		h := rec.Header()
		if rec.Code != http.StatusOK || h.Get("Content-Type") != "application/json" || h.Get("Cache-Control") != "public, max-age=3600" || h.Get("Access-Control-Allow-Origin") != "" || rec.Body.Len() > 4096 {
			t.Errorf("%s: %d %v %s", path, rec.Code, h, rec.Body)
		}
		r := get(base + path)
		r.Method = http.MethodHead
		if head := w.serve(r); head.Code != http.StatusOK || head.Body.Len() != 0 || head.Header().Get("Content-Length") != h.Get("Content-Length") {
			t.Errorf("HEAD %s: %d %v", path, head.Code, head.Header())
		}
		r = get(base + path)
		r.Method = http.MethodPost
		if rec := w.serve(r); rec.Code != http.StatusMethodNotAllowed {
			t.Errorf("POST %s: %d", path, rec.Code)
		}
		r = get(base + path)
		r.Host = "evil.example"
		if rec := w.serve(r); rec.Code != http.StatusMisdirectedRequest {
			t.Errorf("%s for another host: %d", path, rec.Code)
		}
	}
	for _, path := range []string{"/oidc/", base, base + "/", base + "/.well-known/", base + outbound.KeySetPath + "/", "/oidc/x" + outbound.KeySetPath, "/oidc/../" + base[6:] + outbound.KeySetPath, strings.ToUpper(base) + outbound.KeySetPath} {
		if rec := w.serve(get(path)); rec.Code != http.StatusNotFound {
			t.Errorf("%s: %d %s", path, rec.Code, rec.Body)
		}
	}
}

// TestSec_I05_IssuerAddress: what a client says of the host reaches no link. On
// loopback the listener's address is the service's; elsewhere it must be told.
func TestSec_I05_IssuerAddress(t *testing.T) {
	w := newWorld(t)
	refused(t, "without an address", w.call(w.admin, "iam", "EnableOutboundWebIdentityFederation"), http.StatusBadRequest, "ValidationError")
	addr := w.listening()
	for range 100 { // Serve begins on a goroutine of its own
		if w.issuerURL("") != "" {
			break
		}
		time.Sleep(10 * time.Millisecond)
	}
	rec := w.serve(request(t, w.admin, "iam", form("iam", "EnableOutboundWebIdentityFederation"), func(r *http.Request) {
		r.Host = "evil.example"
		r.Header.Set("X-Forwarded-Host", "evil.example")
		r.Header.Set("X-Forwarded-Proto", "https")
		r.Header.Set("Forwarded", "host=evil.example;proto=https")
	}))
	issuer := element(rec.Body.String(), "IssuerIdentifier")
	if !strings.HasPrefix(issuer, "http://"+addr+"/oidc/") {
		t.Fatalf("%d %s", rec.Code, rec.Body)
	}
	r, err := http.NewRequest(http.MethodGet, issuer+outbound.ConfigurationPath, nil)
	check(t, err)
	r.Host = "evil.example"
	answer, err := http.DefaultClient.Do(r)
	check(t, err)
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	check(t, err)
	if bytes.Contains(body, []byte("evil")) || !bytes.Contains(body, []byte(`"issuer":"`+issuer+`"`)) {
		t.Errorf("%s", body)
	}
}

// TestExternalURL refuses what no link can be made of.
func TestExternalURL(t *testing.T) {
	for text, want := range map[string]string{
		"": "", "https://id.example": "https://id.example", "https://id.example/": "https://id.example",
		"http://127.0.0.1:8080/a/b/": "http://127.0.0.1:8080/a/b",
	} {
		if got, err := checkExternalURL(text); err != nil || got != want {
			t.Errorf("%q: %q %v", text, got, err)
		}
	}
	for _, text := range []string{"id.example", "/x", "ftp://id.example", "https://", "https://u:p@id.example", "https://id.example?x=y", "https://id.example/#f", "https://a b"} {
		if got, err := checkExternalURL(text); err == nil {
			t.Errorf("%q is taken: %q", text, got)
		}
	}
}

// TestRotationIsRecorded: a key that is due is published by the service itself, with
// a line in the account's trail; nothing happens when none is due.
func TestRotationIsRecorded(t *testing.T) {
	now := noon
	w := newWorld(t, external, func(c *Config) { c.Now = func() time.Time { return now } })
	issuer := element(w.must(w.admin, "iam", "EnableOutboundWebIdentityFederation"), "IssuerIdentifier")
	id := issuer[len(issuer)-36:]
	w.stopRotating()
	w.rotating.Wait() // the clock of this test has no lock
	keys := func() int { return len(w.Directory().View().TokenIssuer(id).Keys) }
	w.rotate(t.Context())
	if keys() != 2 {
		t.Fatalf("%d keys", keys())
	}
	now = noon.Add(outbound.Period - time.Hour)
	w.rotate(t.Context())
	w.rotate(t.Context())
	if keys() != 4 {
		t.Fatalf("%d keys", keys())
	}
	now = now.Add(outbound.Lead + 2*time.Hour)
	w.rotate(t.Context())
	if keys() != 2 {
		t.Fatalf("%d keys", keys())
	}
	b, err := os.ReadFile(w.trail)
	check(t, err)
	if n := strings.Count(string(b), `"eventName":"RotateWebIdentitySigningKeys"`); n != 2 {
		t.Errorf("%d lines", n)
	}
}
