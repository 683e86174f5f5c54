package sigv4

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"
)

const (
	testKey    = "AKIAIOSFODNN7EXAMPLE"
	testSecret = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
	testBody   = "Action=AssumeRole&Version=2011-06-15&DurationSeconds=3600&RoleArn=arn%3Aaws%3Aiam%3A%3A123456789012%3Arole%2Fdemo&RoleSessionName=me"
	testHost   = "sts.example.com"
)

var (
	noon  = time.Date(2026, 11, 25, 12, 0, 0, 0, time.UTC)
	creds = Credentials{AccessKeyID: testKey, SecretAccessKey: testSecret}
)

// lookup knows one long-term key, and one temporary one by its token.
func lookup(_ context.Context, id, token string) (Secret, error) {
	switch {
	case id == testKey && token == "":
		return Secret{testSecret, "alice"}, nil
	case id == testKey:
		return Secret{}, InvalidToken()
	case id == "ASIATESTSESSION00000" && token == "token-of-the-session":
		return Secret{"session-secret", "session"}, nil
	case id == "ASIATESTSESSION00000" && token == "token-that-ended":
		return Secret{}, ExpiredToken()
	case id == "ASIATESTSESSION00000" && token != "":
		return Secret{}, InvalidToken()
	}
	return Secret{}, UnknownKey()
}

func verifier() *Verifier {
	return &Verifier{Lookup: lookup, Now: func() time.Time { return noon }}
}

// post is a request as a client has it before signing.
func post(t testing.TB, body string) *http.Request {
	t.Helper()
	r, err := http.NewRequest("POST", "https://"+testHost+"/", strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded; charset=utf-8")
	return r
}

// signed is a good request as the server receives it, after changes by the
// client before signing.
func signed(t testing.TB, change ...func(*http.Request)) *http.Request {
	t.Helper()
	r := post(t, testBody)
	for _, c := range change {
		c(r)
	}
	if err := Sign(r, []byte(testBody), creds, "us-east-1", "sts", noon); err != nil {
		t.Fatal(err)
	}
	return received(t, r)
}

// presigned is the same with its authentication in the query.
func presigned(t testing.TB, change ...func(*http.Request)) *http.Request {
	t.Helper()
	r, err := http.NewRequest("GET", "https://"+testHost+"/?Action=GetCallerIdentity&Version=2011-06-15", nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range change {
		c(r)
	}
	link, err := Presign(r, nil, creds, "us-east-1", "sts", noon, time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	sent, err := http.NewRequest("GET", link, nil)
	if err != nil {
		t.Fatal(err)
	}
	sent.Header = r.Header
	return received(t, sent)
}

// failer is a test of testing or of rapid.
type failer interface {
	Helper()
	Fatalf(format string, args ...any)
}

// received sends a request over a wire of bytes.
func received(t failer, r *http.Request) *http.Request {
	t.Helper()
	if r.GetBody != nil {
		r.Body, _ = r.GetBody()
	}
	var wire bytes.Buffer
	if err := r.Write(&wire); err != nil {
		t.Fatalf("%v", err)
	}
	return fromWire(t, wire.String())
}

func fromWire(t failer, wire string) *http.Request {
	t.Helper()
	r, err := http.ReadRequest(bufio.NewReader(strings.NewReader(wire)))
	if err != nil {
		t.Fatalf("%v in %q", err, wire)
	}
	if _, err := io.Copy(io.Discard, r.Body); err != nil {
		t.Fatalf("%v", err)
	}
	return r
}

// set replaces a header on the way, after signing.
func set(r *http.Request, name, value string) *http.Request {
	r.Header.Set(name, value)
	return r
}

// edit replaces text in the Authorization header.
func edit(t testing.TB, r *http.Request, old, new string) *http.Request {
	t.Helper()
	auth := r.Header.Get("Authorization")
	if !strings.Contains(auth, old) {
		t.Fatalf("%q is not in %q", old, auth)
	}
	return set(r, "Authorization", strings.Replace(auth, old, new, 1))
}

// editQuery replaces text in the raw query.
func editQuery(t testing.TB, r *http.Request, old, new string) *http.Request {
	t.Helper()
	if !strings.Contains(r.URL.RawQuery, old) {
		t.Fatalf("%q is not in %q", old, r.URL.RawQuery)
	}
	r.URL.RawQuery = strings.Replace(r.URL.RawQuery, old, new, 1)
	return r
}

func body(r *http.Request) []byte {
	if r.Method == "POST" {
		return []byte(testBody)
	}
	return nil
}

func mustVerify(t testing.TB, r *http.Request) *Result {
	t.Helper()
	result, err := verifier().Verify(r, body(r), "sts")
	if err != nil {
		t.Fatalf("refused: %v", err)
	}
	return result
}

// mustRefuse wants the code, the status and, if given, the text.
func mustRefuse(t testing.TB, r *http.Request, status int, code, text string) {
	t.Helper()
	result, err := verifier().Verify(r, body(r), "sts")
	refusedWith(t, result, err, status, code, text)
}

func refusedWith(t testing.TB, result *Result, err error, status int, code, text string) {
	t.Helper()
	if result != nil {
		t.Fatalf("a result came with error %v", err)
	}
	told, ok := errors.AsType[*Error](err)
	if !ok {
		t.Fatalf("got error %v, want %s", err, code)
	}
	if told.Status != status || told.Code != code || text != "" && told.Message != text {
		t.Errorf("got  %d %s %q\nwant %d %s %q", told.Status, told.Code, told.Message, status, code, text)
	}
}

// keyring knows just one key.
type keyring struct{ c Credentials }

func (k keyring) lookup(_ context.Context, id, token string) (Secret, error) {
	if id != k.c.AccessKeyID || token != k.c.SessionToken {
		return Secret{}, UnknownKey()
	}
	return Secret{Key: k.c.SecretAccessKey}, nil
}
