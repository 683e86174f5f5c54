package server

import (
	"bytes"
	"context"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/deputy-sts/deputy/internal/directory"
	"github.com/deputy-sts/deputy/internal/kv"
	"github.com/deputy-sts/deputy/internal/kv/memkv"
	"github.com/deputy-sts/deputy/internal/seal"
	"github.com/deputy-sts/deputy/sigv4"
)

const account = "111122223333"

// noon is when the tests' clock stands still.
var noon = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

// world is a whole server on a store in memory: an administrator, and a user
// `low` who may do nothing but assume the role `target`.
type world struct {
	*Server
	t        testing.TB
	store    *fragile
	ring     *seal.Ring
	log      *logBuffer
	trail    string // the audit trail's path
	admin    sigv4.Credentials
	low      sigv4.Credentials
	roleARN  string
	lowARN   string
	lowID    string
	external string
}

// fragile is a store that can be made unavailable for writing (down), and can say that it is so for good (broken).
type fragile struct {
	kv.Store
	down   atomic.Bool
	broken atomic.Bool
}

func (f *fragile) Writable() error {
	if f.broken.Load() {
		return kv.ErrUnavailable
	}
	return nil
}

func (f *fragile) Commit(ctx context.Context, checks []kv.Check, ops []kv.Op) (int64, error) {
	if f.down.Load() {
		return 0, fmt.Errorf("%w: no space left on device", kv.ErrUnavailable)
	}
	return f.Store.Commit(ctx, checks, ops)
}

// logBuffer is a log that can be read while it is written.
type logBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *logBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *logBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func newWorld(t testing.TB, edit ...func(*Config)) *world {
	t.Helper()
	w := &world{t: t, store: &fragile{Store: memkv.New()}, log: new(logBuffer), trail: filepath.Join(t.TempDir(), "audit.log"), external: "an-external-id"}
	key, err := seal.NewKey()
	check(t, err)
	w.ring, err = seal.NewRing(key)
	check(t, err)
	cfg := Config{
		Store: w.store, Ring: w.ring, Now: func() time.Time { return noon },
		Logger: slog.New(slog.NewTextHandler(w.log, &slog.HandlerOptions{Level: slog.LevelDebug})),
		Audit:  AuditConfig{Path: w.trail},
	}
	for _, f := range edit {
		f(&cfg)
	}
	w.Server, err = New(t.Context(), cfg)
	check(t, err)
	t.Cleanup(func() {
		w.store.down.Store(false)
		w.Close()
		if n := w.Panics(); n != 0 { // TestSec_H04 of every test of this package
			t.Errorf("%d requests panicked:\n%s", n, w.log)
		}
	})
	w.admin = sigv4.Credentials{AccessKeyID: "AKIAIOSFODNN7EXAMPLE", SecretAccessKey: "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"}
	check(t, w.Directory().Bootstrap(t.Context(), []directory.BootstrapAccount{{
		ID: account, Name: "main", Admin: &directory.BootstrapKey{AccessKeyID: w.admin.AccessKeyID, SecretAccessKey: w.admin.SecretAccessKey},
	}}))
	w.roleARN = "arn:aws:iam::" + account + ":role/target"
	w.low = w.user("low", `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"sts:AssumeRole","Resource":"`+w.roleARN+`"}}`)
	w.lowARN = "arn:aws:iam::" + account + ":user/low"
	w.lowID = w.Directory().View().User(account, "low").ID
	w.must(w.admin, "iam", "CreateRole", "RoleName", "target", "AssumeRolePolicyDocument",
		`{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":{"AWS":"`+w.lowARN+`"},"Action":"sts:AssumeRole","Condition":{"StringEquals":{"sts:ExternalId":"`+w.external+`"}}}}`)
	return w
}

// user makes a user with one policy, and a key.
func (w *world) user(name, policy string) sigv4.Credentials {
	w.t.Helper()
	w.must(w.admin, "iam", "CreateUser", "UserName", name)
	w.must(w.admin, "iam", "PutUserPolicy", "UserName", name, "PolicyName", "p", "PolicyDocument", policy)
	return keysIn(w.t, w.must(w.admin, "iam", "CreateAccessKey", "UserName", name))
}

// keysIn reads the credentials out of an answer to CreateAccessKey, AssumeRole or GetSessionToken.
func keysIn(t testing.TB, answer string) sigv4.Credentials {
	t.Helper()
	c := sigv4.Credentials{
		AccessKeyID: element(answer, "AccessKeyId"), SecretAccessKey: element(answer, "SecretAccessKey"), SessionToken: element(answer, "SessionToken"),
	}
	if c.AccessKeyID == "" || c.SecretAccessKey == "" {
		t.Fatalf("no credentials in %s", answer)
	}
	return c
}

// element gives the text of the first element of that name.
func element(answer, name string) string {
	_, rest, _ := strings.Cut(answer, "<"+name+">")
	text, _, _ := strings.Cut(rest, "</"+name+">")
	return text
}

var versions = map[string]string{"sts": "2011-06-15", "iam": "2010-05-08"}

// form encodes an action with its parameters, given as name, value, ….
func form(service, action string, params ...string) string {
	f := url.Values{"Action": {action}, "Version": {versions[service]}}
	for i := 0; i < len(params); i += 2 {
		f.Set(params[i], params[i+1])
	}
	return f.Encode()
}

// post makes an unsigned request as clients send it, from loopback.
func post(body string) *http.Request {
	r := httptest.NewRequest(http.MethodPost, "/", strings.NewReader(body))
	r.Host, r.RemoteAddr = "sts.amazonaws.com", "127.0.0.1:40000"
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded; charset=utf-8")
	return r
}

// request makes a signed request; edit changes it before it is signed.
func request(t testing.TB, c sigv4.Credentials, service, body string, edit ...func(*http.Request)) *http.Request {
	t.Helper()
	r := post(body)
	for _, f := range edit {
		f(r)
	}
	check(t, sigv4.Sign(r, []byte(body), c, "us-east-1", service, noon))
	return r
}

// presigned makes a GET that is authenticated by its query.
func presigned(t testing.TB, c sigv4.Credentials, service, query string) *http.Request {
	t.Helper()
	r := httptest.NewRequest(http.MethodGet, "/?"+query, nil)
	r.Host = "sts.amazonaws.com"
	signed, err := sigv4.Presign(r, nil, c, "us-east-1", service, noon, time.Minute)
	check(t, err)
	u, err := url.Parse(signed)
	check(t, err)
	return get("/?" + u.RawQuery)
}

func get(target string) *http.Request {
	r := httptest.NewRequest(http.MethodGet, target, nil)
	r.Host, r.RemoteAddr = "sts.amazonaws.com", "127.0.0.1:40000"
	return r
}

// serve answers in process.
func (w *world) serve(r *http.Request) *httptest.ResponseRecorder {
	rec := httptest.NewRecorder()
	w.ServeHTTP(rec, r)
	return rec
}

func (w *world) call(c sigv4.Credentials, service, action string, params ...string) *httptest.ResponseRecorder {
	w.t.Helper()
	return w.serve(request(w.t, c, service, form(service, action, params...)))
}

// must gives the answer of a call that succeeds.
func (w *world) must(c sigv4.Credentials, service, action string, params ...string) string {
	w.t.Helper()
	rec := w.call(c, service, action, params...)
	if rec.Code != http.StatusOK {
		w.t.Fatalf("%s: %d %s", action, rec.Code, rec.Body)
	}
	return rec.Body.String()
}

func (w *world) assume(c sigv4.Credentials) sigv4.Credentials {
	w.t.Helper()
	return keysIn(w.t, w.must(c, "sts", "AssumeRole", "RoleArn", w.roleARN, "RoleSessionName", "session", "ExternalId", w.external))
}

// fault is what an answer refuses with: the code of the error document, or "" when it is none.
func fault(body []byte) string {
	var e struct {
		XMLName xml.Name `xml:"ErrorResponse"`
		Error   struct{ Code, Message string }
	}
	if xml.Unmarshal(body, &e) != nil && json.Unmarshal(body, &e) != nil {
		return ""
	}
	return e.Error.Code
}

// refused reports an answer that is not this refusal.
func refused(t testing.TB, what string, rec *httptest.ResponseRecorder, status int, code string) {
	t.Helper()
	if rec.Code != status || code != "" && fault(rec.Body.Bytes()) != code {
		t.Errorf("%s: %d %s, not %d %s", what, rec.Code, rec.Body, status, code)
	}
}

// listening serves on a free port until the test ends.
func (w *world) listening() string {
	w.t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	check(w.t, err)
	done := make(chan error, 1)
	go func() { done <- w.Serve(l, nil) }()
	w.t.Cleanup(func() {
		w.http.Close()
		check(w.t, <-done)
	})
	return l.Addr().String()
}
