package server

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"
)

// exchangeRaw sends bytes on one connection and gives all answers that come
// back until the server closes it or, after those that are wanted, says no more.
func exchangeRaw(t testing.TB, addr, text string, want int, mustEnd bool) (answers []*http.Response, bodies []string, closed bool) {
	t.Helper()
	c, err := net.Dial("tcp", addr)
	check(t, err)
	defer c.Close()
	go io.WriteString(c, text) // the server may close before it has read all
	in := bufio.NewReader(c)
	for {
		c.SetReadDeadline(time.Now().Add(60 * time.Millisecond))
		if len(answers) < want || mustEnd {
			c.SetReadDeadline(time.Now().Add(10 * time.Second))
		}
		resp, err := http.ReadResponse(in, nil)
		if err != nil {
			timeout, ok := err.(net.Error)
			return answers, bodies, !ok || !timeout.Timeout()
		}
		body, _ := io.ReadAll(resp.Body)
		answers, bodies = append(answers, resp), append(bodies, string(body))
	}
}

// wire writes a signed request as its head and body, to be altered.
func wire(t testing.TB, w *world, action string) (head, body string) {
	t.Helper()
	body = form("sts", action)
	r := request(t, w.low, "sts", body)
	head = "POST / HTTP/1.1\r\nHost: sts.amazonaws.com\r\n"
	for _, name := range []string{"Content-Type", "X-Amz-Date", "Authorization"} {
		head += name + ": " + r.Header.Get(name) + "\r\n"
	}
	return head, body
}

func length(body string) string { return fmt.Sprintf("Content-Length: %d\r\n", len(body)) }

func chunked(body string) string {
	return fmt.Sprintf("%x\r\n%s\r\n0\r\n\r\n", len(body), body)
}

// shape is a way to write a request. The first answer has one of these states.
type shape struct {
	name, text string
	status     []int
	closes     bool // the connection must end after the answer
	answers    int  // 0 is 1
}

// shapes are the corpus of TestSec_A16 to A20. 200 stands only where the
// signature covers what the server reads.
func shapes(head, body string) []shape {
	date := head[strings.Index(head, "X-Amz-Date"):]
	date = date[:strings.Index(date, "\r\n")+2]
	auth := head[strings.Index(head, "Authorization"):]
	cl, end := length(body), "\r\n"
	whole := head + cl + end + body
	swap := func(old, new string) string { return strings.Replace(whole, old, new, 1) }
	other := "Action=ListUsers&Version=2010-05-08"
	return []shape{
		{name: "plain", text: whole, status: []int{200}},
		{name: "two in one", text: whole + whole, status: []int{200}, answers: 2},
		// A16: duplicates.
		{name: "X-Amz-Date twice", text: head + date + cl + end + body, status: []int{400}},
		{name: "Authorization twice", text: head + auth + cl + end + body, status: []int{400}},
		{name: "Authorization twice, the first bad", text: swap("Authorization:", "Authorization: AWS4-HMAC-SHA256 x\r\nAuthorization:"), status: []int{400}},
		{name: "Host twice", text: head + "Host: sts.amazonaws.com\r\n" + cl + end + body, status: []int{400}},
		{name: "Content-Type twice", text: head + "Content-Type: text/plain\r\n" + cl + end + body, status: []int{400}},
		{name: "token twice", text: head + "X-Amz-Security-Token: a\r\nX-Amz-Security-Token: b\r\n" + cl + end + body, status: []int{400}},
		{name: "another case", text: head + "x-AMZ-date: 20200101T000000Z\r\n" + cl + end + body, status: []int{400}},
		// A17: the host.
		{name: "no Host", text: swap("Host: sts.amazonaws.com\r\n", ""), status: []int{400}},
		{name: "another Host", text: swap("Host: sts.amazonaws.com", "Host: evil.example"), status: []int{403}},
		{name: "Host in another case", text: swap("Host: sts.amazonaws.com", "Host: STS.amazonaws.com"), status: []int{200, 403}},
		{name: "Host with a dot", text: swap("Host: sts.amazonaws.com", "Host: sts.amazonaws.com."), status: []int{403}},
		{name: "Host with a port", text: swap("Host: sts.amazonaws.com", "Host: sts.amazonaws.com:8080"), status: []int{403}},
		{name: "absolute form", text: swap("POST /", "POST http://sts.amazonaws.com/"), status: []int{400}},
		{name: "absolute form of another", text: swap("POST /", "POST http://evil.example/"), status: []int{400}},
		{name: "Host with a blank", text: swap("Host: sts.amazonaws.com", "Host: sts.amazonaws.com evil"), status: []int{400}},
		// A18: lengths.
		{name: "chunked", text: head + "Transfer-Encoding: chunked\r\n" + end + chunked(body), status: []int{200}, closes: true},
		{name: "chunked and a length", text: head + cl + "Transfer-Encoding: chunked\r\n" + end + chunked(body), status: []int{200, 400}, closes: true},
		{name: "chunked and a short length, with a second request", text: head + "Content-Length: 4\r\nTransfer-Encoding: chunked\r\n" + end + chunked(body) + whole, status: []int{200, 400}, closes: true},
		{name: "chunked, then a second request", text: head + "Transfer-Encoding: chunked\r\n" + end + chunked(body) + whole, status: []int{200}, closes: true},
		{name: "chunked twice", text: head + "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n" + end + chunked(body), status: []int{400, 501}, closes: true},
		{name: "chunked, identity", text: head + "Transfer-Encoding: chunked, identity\r\n" + end + chunked(body), status: []int{400, 501}, closes: true},
		{name: "gzip, chunked", text: head + "Transfer-Encoding: gzip, chunked\r\n" + end + chunked(body), status: []int{400, 501}, closes: true},
		{name: "xchunked", text: head + "Transfer-Encoding: xchunked\r\n" + end + chunked(body), status: []int{400, 501}, closes: true},
		{name: "chunked with a blank before the colon", text: head + cl + "Transfer-Encoding : chunked\r\n" + end + chunked(body), status: []int{400}, closes: true},
		{name: "a chunk that lies", text: head + "Transfer-Encoding: chunked\r\n" + end + "ffffffffffffffff\r\n" + body, status: []int{400, 413}, closes: true},
		{name: "two lengths", text: head + cl + "Content-Length: 1\r\n" + end + body, status: []int{400}, closes: true},
		{name: "a list of lengths", text: head + "Content-Length: 1, 2\r\n" + end + body, status: []int{400}, closes: true},
		{name: "a length with a sign", text: head + "Content-Length: +5\r\n" + end + body, status: []int{400}, closes: true},
		{name: "a negative length", text: head + "Content-Length: -1\r\n" + end + body, status: []int{400}, closes: true},
		{name: "a short length", text: head + "Content-Length: 5\r\n" + end + body, status: []int{400, 403, 404}},
		{name: "another body", text: head + length(other) + end + other, status: []int{403}},
		{name: "trailers", text: head + "Transfer-Encoding: chunked\r\nTrailer: X-Amz-Date\r\n" + end + strings.TrimSuffix(chunked(body), "\r\n") + date + end, status: []int{200, 400}, closes: true},
		// A19: paths.
		{name: "//", text: swap("POST /", "POST //"), status: []int{200}},
		{name: "/./", text: swap("POST /", "POST /./"), status: []int{200}},
		{name: "/a/..", text: swap("POST /", "POST /a/.."), status: []int{200}},
		{name: "/a/%2e%2e", text: swap("POST /", "POST /a/%2e%2e"), status: []int{200, 403, 404}},
		{name: "/a", text: swap("POST /", "POST /a"), status: []int{404}},
		{name: "/a//b/../c%2fd", text: swap("POST /", "POST /a//b/../c%2fd"), status: []int{404}},
		{name: "/%00", text: swap("POST /", "POST /%00"), status: []int{404}},
		{name: "a bad escape in the path", text: swap("POST /", "POST /%zz"), status: []int{400}},
		{name: "a star", text: swap("POST /", "POST *"), status: []int{400, 404}},
		{name: "no path", text: swap("POST / ", "POST  "), status: []int{400}, closes: true},
		{name: "a query with a bad escape", text: swap("POST /", "POST /?a=%zz"), status: []int{400}},
		// A20: odd header bytes.
		{name: "a folded line", text: swap("X-Amz-Date: ", "X-Amz-Date:\r\n "), status: []int{200, 400, 403}},
		{name: "a folded Authorization", text: swap(", SignedHeaders", ",\r\n SignedHeaders"), status: []int{200, 400, 403}},
		{name: "a folded line that adds", text: swap("X-Amz-Date: ", "X-Amz-Date: 20200101T000000Z\r\n\t"), status: []int{400, 403}},
		{name: "NUL in a value", text: swap("X-Amz-Date: ", "X-Amz-Date: \x00"), status: []int{400}, closes: true},
		{name: "NUL in a name", text: head + "X-\x00: 1\r\n" + cl + end + body, status: []int{400}, closes: true},
		{name: "8 bits in a value", text: head + "X-Amz-Meta: \xff\xfe\r\n" + cl + end + body, status: []int{400, 403}},
		{name: "8 bits in a name", text: head + "X-\xe4: 1\r\n" + cl + end + body, status: []int{400}, closes: true},
		{name: "a bare CR", text: swap("\r\nX-Amz-Date", "\rX-Amz-Date"), status: []int{400, 403}},
		{name: "bare LF", text: strings.ReplaceAll(head+cl+end, "\r\n", "\n") + body, status: []int{200, 400}},
		{name: "a line without a colon", text: head + "nonsense\r\n" + cl + end + body, status: []int{400}, closes: true},
		{name: "a method in lower case", text: swap("POST", "post"), status: []int{405}},
		{name: "HTTP/1.0", text: swap("HTTP/1.1", "HTTP/1.0"), status: []int{200}, closes: true},
		{name: "HTTP/0.9", text: "GET /\r\n\r\n", status: []int{400}, closes: true},
		{name: "HTTP/9.9", text: swap("HTTP/1.1", "HTTP/9.9"), status: []int{505}, closes: true},
		{name: "a TLS hello", text: "\x16\x03\x01\x00\xa5\x01\x00\x00\xa1\x03\x03\r\n\r\n", status: []int{400}, closes: true},
		{name: "the preface of HTTP/2", text: "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", status: []int{400, 405, 505}, closes: true},
	}
}

// TestSec_A18_RawRequests sends the corpus of A16 to A20 as bytes: what net/http
// makes of them must not be another request than the one that was signed.
func TestSec_A18_RawRequests(t *testing.T) {
	w := newWorld(t)
	w.http.ReadTimeout = 2 * time.Second // a chunk that lies is waited for
	addr := w.listening()
	head, body := wire(t, w, "GetCallerIdentity")
	for _, s := range shapes(head, body) {
		t.Run(s.name, func(t *testing.T) {
			t.Parallel()
			want := max(s.answers, 1)
			answers, bodies, closed := exchangeRaw(t, addr, s.text, want, s.closes)
			if len(answers) == 0 {
				t.Fatal("no answer")
			}
			if len(answers) != want {
				t.Errorf("%d answers: %q", len(answers), bodies)
			}
			if !slices.Contains(s.status, answers[0].StatusCode) {
				t.Errorf("%s %s, not %v", answers[0].Status, bodies[0], s.status)
			}
			if s.closes && !closed {
				t.Error("the connection stays open")
			}
			for i, a := range answers {
				if a.StatusCode == 200 && element(bodies[i], "Arn") != w.lowARN {
					t.Errorf("answered to somebody else: %s", bodies[i])
				}
				if a.StatusCode == 200 && a.ContentLength != int64(len(bodies[i])) {
					t.Errorf("Content-Length %d of %d bytes", a.ContentLength, len(bodies[i]))
				}
			}
		})
	}
}

// TestSec_A17_AllowedHosts has a list of hosts: only these are answered, also in
// the absolute form.
func TestSec_A17_AllowedHosts(t *testing.T) {
	w := newWorld(t, func(c *Config) { c.AllowedHosts = []string{"STS.amazonaws.com.", "localhost"} })
	addr := w.listening()
	head, body := wire(t, w, "GetCallerIdentity")
	whole := head + length(body) + "\r\n" + body
	for _, s := range []shape{
		{name: "on the list", text: whole, status: []int{200}},
		{name: "absolute form", text: strings.Replace(whole, "POST /", "POST http://sts.amazonaws.com/", 1), status: []int{200}},
		{name: "absolute form, another Host", text: strings.Replace(strings.Replace(whole, "POST /", "POST http://sts.amazonaws.com/", 1), "Host: sts.amazonaws.com", "Host: evil.example", 1), status: []int{200}},
		{name: "another absolute form, the good Host", text: strings.Replace(whole, "POST /", "POST http://evil.example/", 1), status: []int{421}},
		{name: "off the list", text: strings.Replace(whole, "Host: sts.amazonaws.com", "Host: evil.example", 1), status: []int{421}},
		{name: "a suffix", text: strings.Replace(whole, "Host: sts.amazonaws.com", "Host: sts.amazonaws.com.evil.example", 1), status: []int{421}},
		{name: "a prefix", text: strings.Replace(whole, "Host: sts.amazonaws.com", "Host: evil.sts.amazonaws.com", 1), status: []int{421}},
		{name: "case and dot, listed but not signed", text: strings.Replace(whole, "Host: sts.amazonaws.com", "Host: Sts.Amazonaws.com.:443", 1), status: []int{403}},
		{name: "user information", text: strings.Replace(whole, "Host: sts.amazonaws.com", "Host: sts.amazonaws.com@evil.example", 1), status: []int{400, 421}},
		{name: "an address", text: strings.Replace(whole, "Host: sts.amazonaws.com", "Host: [::1]:80", 1), status: []int{421}},
	} {
		t.Run(s.name, func(t *testing.T) {
			answers, bodies, _ := exchangeRaw(t, addr, s.text, 1, false)
			if len(answers) != 1 || !slices.Contains(s.status, answers[0].StatusCode) {
				t.Errorf("%v %q, not %v", answers, bodies, s.status)
			}
		})
	}
}
