package sigv4

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

// served starts a server whose handler tells who called and what it read.
func served(t *testing.T, v *Verifier) *httptest.Server {
	t.Helper()
	s := httptest.NewServer(Middleware(v, "sts", 1000, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		result, ok := FromContext(r.Context())
		if !ok {
			t.Error("no result in the context")
			return
		}
		read, _ := io.ReadAll(r.Body)
		io.WriteString(w, result.Any.(string)+" "+string(read))
	})))
	t.Cleanup(s.Close)
	return s
}

func ask(t *testing.T, r *http.Request) (int, string) {
	t.Helper()
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res.StatusCode, string(text)
}

func TestMiddleware(t *testing.T) {
	s := served(t, &Verifier{Lookup: lookup})
	request := func(body io.Reader, signedBody string, c Credentials) *http.Request {
		r, err := http.NewRequest("POST", s.URL+"/any/path?with=a query", body)
		if err != nil {
			t.Fatal(err)
		}
		r.URL.RawQuery = "with=a+query"
		if err := Sign(r, []byte(signedBody), c, "us-east-1", "sts", time.Now()); err != nil {
			t.Fatal(err)
		}
		return r
	}
	for _, body := range []io.Reader{strings.NewReader("hello"), onlyReader{strings.NewReader("hello")}} {
		if status, text := ask(t, request(body, "hello", creds)); status != 200 || text != "alice hello" {
			t.Errorf("%d %s", status, text)
		}
	}
	if status, text := ask(t, request(strings.NewReader("hellO"), "hello", creds)); status != 403 ||
		text != "<ErrorResponse><Error><Type>Sender</Type><Code>SignatureDoesNotMatch</Code><Message>"+mismatchText+"</Message></Error></ErrorResponse>" {
		t.Errorf("%d %s", status, text)
	}
	long := strings.Repeat("x", 1001)
	if status, text := ask(t, request(strings.NewReader(long), long, creds)); status != 413 || !strings.Contains(text, "RequestEntityTooLarge") {
		t.Errorf("%d %s", status, text)
	}
	bare, _ := http.NewRequest("GET", s.URL, nil)
	if status, text := ask(t, bare); status != 403 || !strings.Contains(text, "MissingAuthenticationToken") {
		t.Errorf("%d %s", status, text)
	}
	link, err := Presign(bare, nil, creds, "us-east-1", "sts", time.Now(), time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	pre, _ := http.NewRequest("GET", link, nil)
	if status, text := ask(t, pre); status != 200 || text != "alice " {
		t.Errorf("%d %s", status, text)
	}
}

// An error of the store is told to nobody, and lets nobody in.
func TestMiddlewareHidesOtherErrors(t *testing.T) {
	s := served(t, &Verifier{Lookup: func(context.Context, string, string) (Secret, error) {
		return Secret{Key: testSecret}, errors.New("store 10.0.0.1 is down")
	}})
	r, _ := http.NewRequest("GET", s.URL, nil)
	if err := Sign(r, nil, creds, "us-east-1", "sts", time.Now()); err != nil {
		t.Fatal(err)
	}
	if status, text := ask(t, r); status != 500 || strings.Contains(text, "10.0.0.1") || !strings.Contains(text, "<Type>Receiver</Type><Code>InternalFailure</Code>") {
		t.Errorf("%d %s", status, text)
	}
}

func TestMiddlewareUnreadableBody(t *testing.T) {
	h := Middleware(&Verifier{Lookup: lookup}, "sts", 1000, http.NotFoundHandler())
	w := httptest.NewRecorder()
	r := httptest.NewRequest("POST", "/", io.MultiReader(bytes.NewReader([]byte("x")), broken{}))
	h.ServeHTTP(w, r)
	if w.Code != 400 || !strings.Contains(w.Body.String(), "MalformedInput") {
		t.Errorf("%d %s", w.Code, w.Body)
	}
}

func TestFromContextWithout(t *testing.T) {
	if r, ok := FromContext(t.Context()); ok || r != nil {
		t.Errorf("%+v", r)
	}
}

// onlyReader hides the length, so that the body is sent in chunks.
type onlyReader struct{ io.Reader }

type broken struct{}

func (broken) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }
