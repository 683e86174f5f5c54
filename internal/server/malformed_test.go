package server

import (
	"bytes"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/deputy-sts/deputy/internal/query"
	"github.com/deputy-sts/deputy/sigv4"
)

// malformed makes requests that must not be answered, out of one that would be.
type malformed struct {
	*rand.Rand
	t *testing.T
	w *world
}

func (m *malformed) one(list ...string) string { return list[m.IntN(len(list))] }

// junk is text of the kinds that parsers stumble over.
func (m *malformed) junk() string {
	atoms := []string{
		"", "a", "=", "&", "%", "%zz", "%00", "\x00", "\r\n", "\xff\xfe", "é", "\u2028", "../", "//", ";", ",", "'", `"`, "<", "]]>", "{}", "[", "${aws:username}", "*",
		"-1", "0", "9223372036854775808", "1e999", "NaN", "true", "null", "arn:aws:iam::", "AKIA", "x-amz-", "member", ".member.1", strings.Repeat("A", 300), "Action", "2011-06-15",
	}
	var b strings.Builder
	for range 1 + m.IntN(4) {
		b.WriteString(atoms[m.IntN(len(atoms))])
	}
	return b.String()
}

// body makes a form: an action of the model with parameters that may be anything.
func (m *malformed) body() (service, body string) {
	api := apis[m.IntN(len(apis))]
	op := &api.Ops[m.IntN(len(api.Ops))]
	for op.Unsigned { // without a signature those are answered, as they must be
		op = &api.Ops[m.IntN(len(api.Ops))]
	}
	body = form(api.Name, op.Name)
	for range m.IntN(6) {
		name := m.one("RoleArn", "RoleSessionName", "Policy", "Tags.member.1.Key", "Tags.member.99999999999.Key", "Tags.member.-1.Key", "Tags.member", "DurationSeconds",
			"UserName", "PolicyDocument", "MaxItems", "Marker", "Tags.entry.1.key", "PolicyArns.member.0.arn", m.junk())
		body += "&" + m.text(name) + "=" + m.text(m.junk())
	}
	return api.Name, body
}

// text escapes, rightly or not.
func (m *malformed) text(s string) string {
	if m.IntN(3) > 0 {
		return httpEscape(s)
	}
	return s
}

func httpEscape(s string) string {
	var b strings.Builder
	for _, c := range []byte(s) {
		fmt.Fprintf(&b, "%%%02X", c)
	}
	return b.String()
}

// request makes one request that is either signed by a secret that is not the
// key's, and altered in any way, or signed rightly and then broken for certain.
func (m *malformed) request() *http.Request {
	service, body := m.body()
	c := m.w.admin
	honest := m.IntN(2) == 0
	if !honest {
		c.SecretAccessKey = "not-the-secret"
	}
	r := m.sign(c, service, body)
	if honest {
		breaks[m.IntN(len(breaks))](m, r, body)
	}
	for range m.IntN(3) {
		if !honest {
			m.alter(r, body)
		}
	}
	if m.IntN(4) == 0 {
		r.Header.Set("Accept", "application/json")
	}
	return r
}

func (m *malformed) sign(c sigv4.Credentials, service, body string) *http.Request {
	if m.IntN(4) == 0 {
		r := get("/")
		if p, err := sigv4.Presign(r, nil, c, "us-east-1", service, noon, time.Minute); err == nil {
			r.URL.RawQuery = strings.TrimPrefix(p[strings.IndexByte(p, '?'):], "?") + "&" + body
		}
		return r
	}
	r := post(body)
	check(m.t, sigv4.Sign(r, []byte(body), c, m.one("us-east-1", "eu-west-1"), service, noon))
	return r
}

func setBody(r *http.Request, body string) {
	r.Body, r.ContentLength = io.NopCloser(strings.NewReader(body)), int64(len(body))
}

// breaks are changes after which a signature cannot be good.
var breaks = []func(m *malformed, r *http.Request, body string){
	func(m *malformed, r *http.Request, body string) {
		r.Method = m.one("POST", "GET")
		setBody(r, body+"&x=1")
		r.URL.RawQuery += "&x=1"
	},
	func(m *malformed, r *http.Request, _ string) {
		r.Header.Del("Authorization")
		r.URL.RawQuery = "Action=ListUsers&Version=2010-05-08"
	},
	func(m *malformed, r *http.Request, _ string) { r.Header.Set("Authorization", m.junk()) },
	func(m *malformed, r *http.Request, _ string) {
		r.Header.Set("Authorization", "AWS4-HMAC-SHA256 "+m.junk())
	},
	func(m *malformed, r *http.Request, _ string) {
		r.Header.Set("Authorization", fmt.Sprintf("AWS4-HMAC-SHA256 Credential=%s, SignedHeaders=%s, Signature=%s", m.junk(), m.junk(), m.junk()))
	},
	func(m *malformed, r *http.Request, _ string) {
		r.Header.Add("Authorization", m.one(r.Header.Get("Authorization"), m.junk(), ""))
		r.URL.RawQuery = ""
	},
	func(m *malformed, r *http.Request, _ string) {
		r.Header.Add("X-Amz-Date", m.one("20261122T120000Z", m.junk()))
		r.Header.Add("X-Amz-Date", "x")
	},
	func(m *malformed, r *http.Request, _ string) {
		r.Header.Set("X-Amz-"+m.one("Foo", "Acl", "User", "Target"), m.junk())
	},
	func(m *malformed, r *http.Request, _ string) { r.Header.Set("X-Amz-Security-Token", m.junk()) },
	func(m *malformed, r *http.Request, _ string) {
		r.Header.Set("X-Amz-Content-Sha256", m.one("UNSIGNED-PAYLOAD", "STREAMING-AWS4-HMAC-SHA256-PAYLOAD", m.junk()))
	},
	func(m *malformed, r *http.Request, _ string) {
		r.Host = m.one("evil.example", "sts.amazonaws.com.", "sts.amazonaws.com:1", "")
	},
	func(m *malformed, r *http.Request, _ string) { r.Header.Set("Content-Encoding", "gzip") },
	func(m *malformed, r *http.Request, _ string) {
		r.URL.Path = "/" + m.one("a", "x/y", "healthz/", "%2f", "\x00", "*")
	},
	func(m *malformed, r *http.Request, _ string) {
		r.Method = m.one("PUT", "DELETE", "PATCH", "OPTIONS", "HEAD", "TRACE", "post", "")
	},
	func(m *malformed, r *http.Request, body string) {
		setBody(r, body+"&"+m.one("Action=x", "version=x", "%41ction=ListUsers", "%", "a;b", "=x", "\xff=1"))
		r.URL.RawQuery += "&%"
	},
	func(m *malformed, r *http.Request, _ string) {
		if auth := r.Header.Get("Authorization"); auth != "" {
			at := m.IntN(len(auth))
			r.Header.Set("Authorization", auth[:at]+"~"+auth[at+1:])
			return
		}
		r.URL.RawQuery = flip(r.URL.RawQuery+"&X-Amz-Signature=0", len(r.URL.RawQuery))
	},
}

// alter changes anything anywhere.
func (m *malformed) alter(r *http.Request, body string) {
	switch m.IntN(9) {
	case 0:
		r.Header.Set(m.one("Content-Type", "X-Amz-Date", "Date", "Authorization", "X-Amz-Security-Token", "X-Amz-Region-Set", "X-Forwarded-For", "Accept", "User-Agent"), m.junk())
	case 1:
		name := m.one("Content-Type", "X-Amz-Date", "Authorization")
		r.Header.Del(name)
	case 2:
		r.URL.RawQuery += "&" + m.text(m.junk()) + "=" + m.junk()
	case 3:
		r.URL.RawQuery = m.one("X-Amz-Algorithm=AWS4-HMAC-SHA256", "X-Amz-Algorithm", "X-Amz-Credential=a/b/c/d/e", "X-Amz-Signature="+strings.Repeat("0", 64), "Action=x") + "&" + r.URL.RawQuery
	case 4:
		setBody(r, m.junk()+body)
	case 5:
		at := m.IntN(len(body))
		setBody(r, body[:at]+m.junk()+body[at:])
	case 6:
		r.URL.Path = m.one("/", "//", "/./", "/a/..", "/../", "/a", m.junk())
	case 7:
		r.Header["Authorization"] = []string{strings.Replace(r.Header.Get("Authorization"), m.one("Credential", "SHA256", "/", ",", "=", " ", ";"), m.junk(), 1+m.IntN(2))}
	case 8:
		r.ContentLength, r.Header["Transfer-Encoding"] = -1, []string{"chunked"}
	}
}

// counts gives how many requests to send in process and over sockets.
func counts() (inProcess, raw int) {
	switch {
	case os.Getenv("DEPUTY_LONG") != "":
		return 10_000_000, 200_000
	case testing.Short():
		return 2_000, 100
	}
	return 100_000, 1_500
}

// TestMalformedRequests sends requests of a grammar: none is answered, none is
// told what only an authenticated caller is, none is a fault of the server.
func TestMalformedRequests(t *testing.T) {
	w := newWorld(t)
	inProcess, raw := counts()
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	var wg sync.WaitGroup
	for worker := range 2 {
		wg.Go(func() {
			m := &malformed{rand.New(rand.NewPCG(seed, uint64(worker))), t, w}
			for range inProcess / 2 {
				r := m.request()
				rec := httptest.NewRecorder()
				w.ServeHTTP(rec, r)
				problem := authenticated(rec.Code, rec.Body.Bytes())
				if rec.Body.Len() > 4096 {
					problem = "a long text"
				}
				if problem != "" {
					t.Errorf("%s: %d %s\nof %s %s host %q %v", problem, rec.Code, rec.Body, r.Method, r.URL, r.Host, r.Header)
					return
				}
			}
		})
	}
	wg.Wait()
	m := &malformed{rand.New(rand.NewPCG(seed, 2)), t, w}
	addr := w.listening()
	answered := 0
	for range raw {
		answered += m.raw(addr)
	}
	if answered < raw/2 {
		t.Errorf("of %d raw requests only %d were answered", raw, answered)
	}
}

// raw writes a request with a wrong signature, changes some bytes, and sends it.
func (m *malformed) raw(addr string) (answered int) {
	service, body := m.body()
	c := m.w.admin
	c.SecretAccessKey = "not-the-secret"
	r := post(body)
	check(m.t, sigv4.Sign(r, []byte(body), c, "us-east-1", service, noon))
	var b bytes.Buffer
	check(m.t, r.Write(&b))
	text := b.Bytes()
	for range m.IntN(5) {
		at := m.IntN(len(text))
		switch m.IntN(4) {
		case 0:
			text[at] = byte(m.IntN(256))
		case 1:
			text = append(text[:at:at], append([]byte(m.junk()), text[at:]...)...)
		case 2:
			text = append(text[:at:at], text[min(len(text), at+1+m.IntN(9)):]...)
		case 3:
			text = append(text[:at:at], bytes.Repeat(text[at:min(len(text), at+1)], 1+m.IntN(99))...)
		}
		if len(text) == 0 {
			return 0
		}
	}
	conn, err := net.Dial("tcp", addr)
	check(m.t, err)
	defer conn.Close()
	conn.SetDeadline(time.Now().Add(20 * time.Second))
	conn.Write(text)
	conn.(*net.TCPConn).CloseWrite()
	all, _ := io.ReadAll(conn)
	return m.judge(text, all)
}

// judge looks at the first answer. 501 and 505 are net/http's own, as HTTP has
// them, for transfer codings and versions that do not exist.
func (m *malformed) judge(sent, got []byte) (answered int) {
	if len(got) == 0 {
		return 0
	}
	head, body, _ := bytes.Cut(got, []byte("\r\n\r\n"))
	var status int
	if _, err := fmt.Sscanf(string(head), "HTTP/1.%d %d", new(int), &status); err != nil {
		m.t.Errorf("answer %q to %q", got, sent)
		return 1
	}
	if status == 501 || status == 505 {
		return 1
	}
	if problem := authenticated(status, body); problem != "" {
		m.t.Errorf("%s: %s\nof %q", problem, got, sent)
	}
	return 1
}

// TestMalformedCanBeAnswered holds the test above to its word: the same request,
// not broken, is authenticated.
func TestMalformedCanBeAnswered(t *testing.T) {
	w := newWorld(t)
	w.eachOp(func(api *query.API, op *query.Op) {
		rec := w.serve(request(t, w.admin, api.Name, form(api.Name, op.Name)))
		if code := fault(rec.Body.Bytes()); authenticated(rec.Code, rec.Body.Bytes()) == "" && code != "InvalidAction" {
			t.Errorf("%s: %d %s", op.Name, rec.Code, rec.Body)
		}
	})
}
