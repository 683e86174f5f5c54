package server

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"testing"
	"time"
)

func TestSec_H01_BodyAndHeadersAreBounded(t *testing.T) {
	w := newWorld(t)
	addr := w.listening()
	pad := func(n int) string {
		body := form("sts", "GetCallerIdentity") + "&Unknown="
		return body + strings.Repeat("x", n-len(body))
	}
	send := func(body io.Reader, edit ...func(*http.Request)) (int, string) {
		all, err := io.ReadAll(body)
		check(t, err)
		r := request(t, w.low, "sts", string(all), edit...)
		out, err := http.NewRequest(r.Method, "http://"+addr+"/", bytes.NewReader(all))
		check(t, err)
		out.Host, out.Header = r.Host, r.Header
		if r.ContentLength < 0 {
			out.ContentLength = -1
		}
		// On a connection that was used before, net/http may have read 4 KiB ahead of its count.
		out.Close = true
		resp, err := http.DefaultClient.Do(out)
		if err != nil { // cut while still sending
			return 0, err.Error()
		}
		defer resp.Body.Close()
		text, _ := io.ReadAll(resp.Body)
		return resp.StatusCode, string(text)
	}
	unknownLength := func(r *http.Request) { r.ContentLength = -1 }
	for _, c := range []struct {
		what string
		size int
		edit func(*http.Request)
		want []int
	}{
		{"256 KiB", MaxBody, func(*http.Request) {}, []int{200, 400}},
		{"256 KiB and a byte", MaxBody + 1, func(*http.Request) {}, []int{413, 0}},
		{"256 KiB in chunks", MaxBody, unknownLength, []int{200, 400}},
		{"256 KiB and a byte in chunks", MaxBody + 1, unknownLength, []int{413, 0}},
		{"4 MiB in chunks", 4 << 20, unknownLength, []int{413, 0}},
	} {
		status, text := send(strings.NewReader(pad(c.size)), c.edit)
		if status != c.want[0] && status != c.want[1] {
			t.Errorf("%s: %d %.200s", c.what, status, text)
		}
	}
	for size, want := range map[int]int{12 << 10: 200, 17 << 10: 431, 64 << 10: 431} {
		status, text := send(strings.NewReader(form("sts", "GetCallerIdentity")), func(r *http.Request) { r.Header.Set("X-Long", strings.Repeat("x", size)) })
		if status != want && !(want == 431 && status == 0) {
			t.Errorf("%d bytes of header: %d %.200s", size, status, text)
		}
	}
	many := form("sts", "GetCallerIdentity")
	for i := range 12_000 {
		many += fmt.Sprintf("&a%d=", i)
	}
	refused(t, "12,000 parameters", w.serve(request(t, w.low, "sts", many)), 400, "MalformedInput")
}

// TestSec_H02_StalledClientsAreCut opens connections that stall at every point:
// they end, cost little memory meanwhile, and others are served all the while.
func TestSec_H02_StalledClientsAreCut(t *testing.T) {
	n := 600
	if testing.Short() {
		n = 90
	}
	w := newWorld(t)
	if w.http.ReadHeaderTimeout <= 0 || w.http.ReadTimeout <= 0 || w.http.WriteTimeout <= 0 || w.http.IdleTimeout <= 0 {
		t.Fatal("a timeout is missing")
	}
	w.http.ReadHeaderTimeout, w.http.ReadTimeout, w.http.IdleTimeout = 1500*time.Millisecond, 2*time.Second, 2*time.Second
	addr := w.listening()
	head, body := wire(t, w, "GetCallerIdentity")
	stalls := []string{
		"", // says nothing
		head,
		head + fmt.Sprintf("Content-Length: %d\r\n\r\nA", MaxBody), // claims much, sends a byte
		head + "Transfer-Encoding: chunked\r\n\r\n20000\r\nA",
		head + length(body) + "\r\n" + body, // then is idle
	}
	before := heap()
	var conns []net.Conn
	for i := range n {
		c, err := net.Dial("tcp", addr)
		check(t, err)
		defer c.Close()
		_, err = io.WriteString(c, stalls[i%len(stalls)])
		check(t, err)
		conns = append(conns, c)
	}
	time.Sleep(200 * time.Millisecond)
	if grown := heap() - before; grown > int64(n)*48<<10 {
		t.Errorf("%d stalled connections hold %d KiB", n, grown>>10)
	}
	rec := w.call(w.low, "sts", "GetCallerIdentity")
	if rec.Code != 200 {
		t.Errorf("meanwhile: %d %s", rec.Code, rec.Body)
	}
	answers, _, _ := exchangeRaw(t, addr, head+length(body)+"\r\n"+body, 1, false)
	if len(answers) != 1 || answers[0].StatusCode != 200 {
		t.Errorf("meanwhile over the network: %v", answers)
	}
	deadline := time.Now().Add(15 * time.Second)
	for i, c := range conns {
		c.SetReadDeadline(deadline)
		if _, err := io.Copy(io.Discard, c); err != nil && strings.Contains(err.Error(), "timeout") {
			t.Fatalf("connection %d, stalled with %.20q, was not cut", i, stalls[i%len(stalls)])
		}
	}
}

// TestSec_H02_StalledBodiesAreBounded stalls hundreds of unsigned requests
// shortly before the end of a large body: together they
// hold no more than the budget, small requests are served all the while,
// and large ones again when the stalled ones have ended.
func TestSec_H02_StalledBodiesAreBounded(t *testing.T) {
	n := 300
	if testing.Short() {
		n = 100
	}
	w := newWorld(t)
	w.bodies.large, w.bodies.small = 4<<20, 8<<20
	addr := w.listening()
	head, _ := wire(t, w, "GetCallerIdentity")
	stalled := head + length(strings.Repeat("x", MaxBody)) + "\r\n" + strings.Repeat("x", 255<<10)
	before := heap()
	for range n {
		c, err := net.Dial("tcp", addr)
		check(t, err)
		defer c.Close()
		go io.WriteString(c, stalled)
	}
	waitFor(t, func() bool { return w.bodies.used.Load() > 3<<20 })
	time.Sleep(300 * time.Millisecond)
	if used := w.bodies.used.Load(); used > 4<<20 {
		t.Errorf("%d KiB are taken", used>>10)
	}
	if grown := heap() - before; grown > int64(n)*48<<10+16<<20 {
		t.Errorf("%d stalled bodies hold %d KiB", n, grown>>10)
	}
	small, large := form("sts", "GetCallerIdentity", "Unknown", strings.Repeat("x", 10<<10)), form("sts", "GetCallerIdentity", "Unknown", strings.Repeat("x", 200<<10))
	if rec := w.serve(request(t, w.low, "sts", small)); rec.Code != 200 {
		t.Errorf("a small body meanwhile: %d %.200s", rec.Code, rec.Body)
	}
	unavailable(t, "a large body meanwhile", w.serve(request(t, w.low, "sts", large)))
	w.http.Close()
	waitFor(t, func() bool { return w.bodies.used.Load() == 0 })
	if rec := w.serve(request(t, w.low, "sts", large)); rec.Code != 200 {
		t.Errorf("a large body later: %d %.200s", rec.Code, rec.Body)
	}
	if used := w.bodies.used.Load(); used != 0 {
		t.Errorf("%d bytes were not given back", used)
	}
}

func heap() int64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapInuse + m.StackInuse)
}

func TestSec_H05_HealthSaysOnlyOk(t *testing.T) {
	w := newWorld(t)
	for _, path := range []string{"/healthz", "/readyz"} {
		if rec := w.serve(get(path)); rec.Code != 200 || rec.Body.String() != "ok\n" {
			t.Errorf("%s: %d %q", path, rec.Code, rec.Body)
		}
		r := get(path)
		r.Method = http.MethodPost
		if rec := w.serve(r); rec.Code != http.StatusMethodNotAllowed || rec.Body.Len() > 0 {
			t.Errorf("POST %s: %d %q", path, rec.Code, rec.Body)
		}
	}
	for _, path := range []string{"/metrics", "/debug/pprof/", "/debug/vars", "/version", "/healthz/", "/readyz?verbose", "/livez"} {
		rec := w.serve(get(path))
		if rec.Code != 404 && !(rec.Code == 200 && rec.Body.String() == "ok\n") {
			t.Errorf("%s: %d %q", path, rec.Code, rec.Body)
		}
	}
}

func TestSec_H07_NoContentEncoding(t *testing.T) {
	w := newWorld(t)
	for _, encoding := range []string{"gzip", "identity", "br", "deflate, gzip", ""} {
		r := request(t, w.low, "sts", form("sts", "GetCallerIdentity"), func(r *http.Request) { r.Header.Set("Content-Encoding", encoding) })
		refused(t, encoding, w.serve(r), http.StatusUnsupportedMediaType, "")
	}
}

// TestSec_H09_MemoryPerRequest bounds what one request costs, signed or not.
func TestSec_H09_MemoryPerRequest(t *testing.T) {
	w := newWorld(t)
	body := form("sts", "GetCallerIdentity")
	good := request(t, w.low, "sts", body)
	for what, header := range map[string]http.Header{"good": good.Header, "unsigned": {"Content-Type": good.Header["Content-Type"]}} {
		const rounds = 200
		var before, after runtime.MemStats
		requests := make([]*http.Request, rounds)
		for i := range requests {
			requests[i] = post(body)
			requests[i].Header = header
		}
		runtime.ReadMemStats(&before)
		for _, r := range requests {
			w.ServeHTTP(nothing{}, r)
		}
		runtime.ReadMemStats(&after)
		if each := (after.TotalAlloc - before.TotalAlloc) / rounds; each > 64<<10 {
			t.Errorf("%s: %d bytes a request", what, each)
		}
	}
}

// nothing is an answer that nobody reads.
type nothing struct{}

func (nothing) Header() http.Header         { return http.Header{} }
func (nothing) Write(b []byte) (int, error) { return len(b), nil }
func (nothing) WriteHeader(int)             {}

// TestSec_H04_PanicsAreCounted breaks a server from inside: the client gets an
// InternalFailure that tells nothing, and the count shows it.
func TestSec_H04_PanicsAreCounted(t *testing.T) {
	w := newWorld(t)
	broken := &Server{cfg: w.cfg, services: w.services, failures: w.failures, bodies: budget{large: largeBodies, small: allBodies}} // no authenticator
	rec := httptest.NewRecorder()
	broken.ServeHTTP(rec, request(t, w.low, "sts", form("sts", "GetCallerIdentity")))
	refused(t, "broken", rec, 500, "InternalFailure")
	if broken.Panics() != 1 || strings.Contains(rec.Body.String(), "nil pointer") {
		t.Errorf("%d panics counted; %s", broken.Panics(), rec.Body)
	}
}
