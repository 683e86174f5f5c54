package sigv4

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"os"
	"strings"
	"testing"
	"time"
)

type suite struct {
	AccessKeyID string `json:"access_key_id"`
	Secret      string `json:"secret_access_key"`
	Region      string
	Service     string
	Time        string
	Vectors     []vector
}

type vector struct {
	Name             string
	Request          string
	CanonicalRequest string `json:"canonical_request"`
	StringToSign     string `json:"string_to_sign"`
	Authorization    string
}

func readSuite(t *testing.T) suite {
	t.Helper()
	text, err := os.ReadFile("testdata/sigv4-vectors.json")
	if err != nil {
		t.Fatal(err)
	}
	var s suite
	if err := json.Unmarshal(text, &s); err != nil {
		t.Fatal(err)
	}
	if len(s.Vectors) < 30 {
		t.Fatalf("only %d vectors", len(s.Vectors))
	}
	return s
}

// request reads a vector's request. net/http would refuse some of them (a raw
// blank in the path), and joins folded lines by a blank, where the suite has a
// value of its own for each.
func (v vector) request(t *testing.T) (*http.Request, []byte) {
	t.Helper()
	head, body, _ := strings.Cut(v.Request, "\n\n")
	lines := strings.Split(head, "\n")
	method, rest, _ := strings.Cut(lines[0], " ")
	path, query, _ := strings.Cut(strings.TrimSuffix(rest, " HTTP/1.1"), "?")
	r := &http.Request{Method: method, URL: &url.URL{Path: path, RawPath: path, RawQuery: query}, Header: http.Header{}}
	name := ""
	for _, line := range lines[1:] {
		value := line
		if !strings.HasPrefix(line, " ") {
			name, value, _ = strings.Cut(line, ":")
		}
		r.Header.Add(name, value)
	}
	r.Host = r.Header.Get("Host")
	if v.Name == "post-x-www-form-urlencoded-parameters" {
		// The suite signs this one form as a query, with an empty payload.
		r.URL.RawQuery, body = body, ""
	}
	return r, []byte(body)
}

// misprinted shows a canonical request that is not the one its string to sign
// is a hash of: content-type is missing from its list of signed headers.
const misprinted = "post-x-www-form-urlencoded"

func TestVectors(t *testing.T) {
	s := readSuite(t)
	at, ok := parseBasic(s.Time)
	if !ok {
		t.Fatal(s.Time)
	}
	v := &Verifier{
		Lookup: func(context.Context, string, string) (Secret, error) { return Secret{Key: s.Secret}, nil },
		Now:    func() time.Time { return at },
	}
	for _, vec := range s.Vectors {
		t.Run(vec.Name, func(t *testing.T) {
			r, body := vec.request(t)
			r.Header.Set("Authorization", vec.Authorization)
			w := new(work)
			if err := w.read(r); err != nil {
				t.Fatal(err)
			}
			amz, _ := survey(r)
			flaw := w.canonical(r, wirePath(r.URL), body, amz)
			if flaw != "" || string(w.buf) != vec.CanonicalRequest && vec.Name != misprinted {
				t.Errorf("flaw %q, canonical request\n%s\nwant\n%s", flaw, w.buf, vec.CanonicalRequest)
			}
			if w.buf = w.stringToSign(w.buf); string(w.buf) != vec.StringToSign {
				t.Errorf("string to sign\n%s\nwant\n%s", w.buf, vec.StringToSign)
			}
			if _, err := v.Verify(r, body, s.Service); err != nil {
				t.Errorf("Verify: %v", err)
			}
			if _, err := v.Verify(r, append(body, 'x'), s.Service); err == nil {
				t.Error("Verify accepted another body")
			}
			signVector(t, s, vec, at)
		})
	}
}

// signVector signs the request anew. A path that is not spelled as net/http
// sends it is signed as it is sent, which is not what these two vectors hold.
func signVector(t *testing.T, s suite, vec vector, at time.Time) {
	if vec.Name == "get-space" || vec.Name == "get-utf8" {
		return
	}
	r, body := vec.request(t)
	c := Credentials{s.AccessKeyID, s.Secret, r.Header.Get("X-Amz-Security-Token")}
	if err := Sign(r, body, c, s.Region, s.Service, at); err != nil {
		t.Fatal(err)
	}
	if got := r.Header.Get("Authorization"); got != vec.Authorization {
		t.Errorf("Sign gave\n%s\nwant\n%s", got, vec.Authorization)
	}
}
