package server

import (
	"bufio"
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/http"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// pair writes a certificate of that serial number, and its key.
func pair(t *testing.T, dir string, serial int64, at time.Time) (cert, key string) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	check(t, err)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(serial), DNSNames: []string{"localhost"}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &private.PublicKey, private)
	check(t, err)
	pkcs8, err := x509.MarshalPKCS8PrivateKey(private)
	check(t, err)
	cert, key = filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	check(t, os.WriteFile(cert, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o600))
	check(t, os.WriteFile(key, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: pkcs8}), 0o600))
	check(t, os.Chtimes(cert, at, at))
	check(t, os.Chtimes(key, at, at))
	return cert, key
}

func TestTLSReload(t *testing.T) {
	dir, now := t.TempDir(), time.Now()
	cert, key := pair(t, dir, 1, now)
	clock := now
	var failed []error
	config, err := TLS(cert, key, func() time.Time { return clock }, func(err error) { failed = append(failed, err) })
	check(t, err)
	serial := func() int64 {
		t.Helper()
		c, err := config.GetCertificate(nil)
		check(t, err)
		leaf, err := x509.ParseCertificate(c.Certificate[0])
		check(t, err)
		return leaf.SerialNumber.Int64()
	}
	pair(t, dir, 2, now.Add(time.Second))
	if got := serial(); got != 1 {
		t.Errorf("at once: certificate %d", got)
	}
	clock = clock.Add(certificateAge + time.Second)
	if got := serial(); got != 2 {
		t.Errorf("later: certificate %d", got)
	}
	check(t, os.WriteFile(cert, []byte("half a certi"), 0o600))
	clock = clock.Add(certificateAge + time.Second)
	if got := serial(); got != 2 {
		t.Errorf("with a broken file: certificate %d", got)
	}
	clock = clock.Add(certificateAge + time.Second)
	if serial(); len(failed) != 1 {
		t.Errorf("with a broken file: told %v", failed)
	}
	check(t, os.Remove(cert))
	clock = clock.Add(certificateAge + time.Second)
	if got := serial(); got != 2 {
		t.Errorf("without a file: certificate %d", got)
	}
	pair(t, dir, 3, now.Add(time.Minute))
	clock = clock.Add(certificateAge + time.Second)
	if got := serial(); got != 3 {
		t.Errorf("renewed: certificate %d", got)
	}
	if _, err := TLS(filepath.Join(dir, "none.pem"), key, nil, nil); err == nil || !strings.Contains(err.Error(), "none.pem") {
		t.Errorf("a missing file: %v", err)
	}
}

// TestSec_F15_TLS serves over TLS 1.2 and newer, HTTP/1.1 and HTTP/2, and a
// policy sees that it did.
func TestSec_F15_TLS(t *testing.T) {
	w := newWorld(t)
	c := w.user("secure", `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"iam:ListUsers","Resource":"*","Condition":{"Bool":{"aws:SecureTransport":"true"}}}}`)
	refused(t, "in clear", w.call(c, "iam", "ListUsers"), 403, "AccessDenied")
	cert, key := pair(t, t.TempDir(), 1, time.Now())
	config, err := TLS(cert, key, nil, nil)
	check(t, err)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	check(t, err)
	done := make(chan error, 1)
	go func() { done <- w.Serve(l, config) }()
	for _, h2 := range []bool{false, true} {
		transport := &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}, ForceAttemptHTTP2: h2}
		defer transport.CloseIdleConnections()
		r := request(t, c, "iam", form("iam", "ListUsers"))
		out, err := http.NewRequest("POST", "https://"+l.Addr().String()+"/", r.Body)
		check(t, err)
		out.Host, out.Header = r.Host, r.Header
		resp, err := (&http.Client{Transport: transport}).Do(out)
		check(t, err)
		body, _ := io.ReadAll(resp.Body)
		resp.Body.Close()
		if resp.StatusCode != 200 || (resp.ProtoMajor == 2) != h2 || resp.ContentLength != int64(len(body)) {
			t.Errorf("%s %s, length %d: %s", resp.Proto, resp.Status, resp.ContentLength, body)
		}
	}
	old := &tls.Config{InsecureSkipVerify: true, MinVersion: tls.VersionTLS10, MaxVersion: tls.VersionTLS11}
	if conn, err := tls.Dial("tcp", l.Addr().String(), old); err == nil {
		conn.Close()
		t.Error("TLS 1.1 is spoken")
	}
	check(t, w.http.Close())
	check(t, <-done)
}

// TestShutdownWaits ends the server while a request is under way: it is
// answered, and no new one is taken.
func TestShutdownWaits(t *testing.T) {
	w := newWorld(t)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	check(t, err)
	done := make(chan error, 1)
	go func() { done <- w.Serve(l, nil) }()
	head, body := wire(t, w, "GetCallerIdentity")
	conn, err := net.Dial("tcp", l.Addr().String())
	check(t, err)
	defer conn.Close()
	_, err = io.WriteString(conn, head+length(body)+"\r\n"+body[:5])
	check(t, err)
	time.Sleep(100 * time.Millisecond) // the request is in its handler now
	ended := make(chan error, 1)
	go func() {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		ended <- w.Shutdown(ctx)
	}()
	waitFor(t, func() bool {
		c, err := net.Dial("tcp", l.Addr().String())
		if err == nil {
			c.Close()
		}
		return err != nil
	})
	select {
	case err := <-ended:
		t.Fatalf("it ended with a request under way: %v", err)
	default:
	}
	_, err = io.WriteString(conn, body[5:])
	check(t, err)
	conn.SetReadDeadline(time.Now().Add(10 * time.Second))
	answer, _ := io.ReadAll(conn)
	if !strings.Contains(string(answer), w.lowARN) {
		t.Errorf("the request under way got %q", answer)
	}
	check(t, <-ended)
	check(t, <-done)
}

// TestConnectionsAreBounded: those beyond the bound wait until one ends.
func TestConnectionsAreBounded(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	check(t, err)
	b := newBounded(l, 2, func(netip.Addr) int { return 2 })
	accepted := make(chan net.Conn, 3)
	go func() {
		for {
			c, err := b.Accept()
			if err != nil {
				close(accepted)
				return
			}
			accepted <- c
		}
	}()
	for range 3 {
		c, err := net.Dial("tcp", l.Addr().String())
		check(t, err)
		defer c.Close()
	}
	first, second := <-accepted, <-accepted
	select {
	case <-accepted:
		t.Fatal("a third connection is accepted")
	case <-time.After(50 * time.Millisecond):
	}
	first.Close()
	first.Close() // twice frees one place
	third := <-accepted
	check(t, b.Close())
	second.Close()
	third.Close()
	if _, more := <-accepted; more {
		t.Error("accepted after Close")
	}
}

// TestSec_H02_ConnectionsOfOneAddress: one address beyond its bound is closed
// at once and others are accepted; nothing is remembered of connections that ended.
func TestSec_H02_ConnectionsOfOneAddress(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	check(t, err)
	b := newBounded(l, 10, func(netip.Addr) int { return 2 })
	accepted := make(chan net.Conn, 10)
	go func() {
		for c, err := b.Accept(); err == nil; c, err = b.Accept() {
			accepted <- c
		}
		close(accepted)
	}()
	dial := func(from string) net.Conn {
		d := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(from)}}
		c, err := d.Dial("tcp", l.Addr().String())
		check(t, err)
		t.Cleanup(func() { c.Close() })
		return c
	}
	dial("127.0.0.1")
	dial("127.0.0.1")
	first, second := <-accepted, <-accepted
	beyond := dial("127.0.0.1")
	beyond.SetReadDeadline(time.Now().Add(5 * time.Second))
	if _, err := beyond.Read(make([]byte, 1)); err == nil || strings.Contains(err.Error(), "timeout") {
		t.Errorf("the third of one address: %v", err)
	}
	first.Close()
	dial("127.0.0.1")
	third := <-accepted
	check(t, b.Close())
	second.Close()
	third.Close()
	<-accepted
	if len(b.open) != 0 || len(b.places) != 0 {
		t.Errorf("%v are counted, %d places are taken", b.open, len(b.places))
	}
	w := newWorld(t, func(c *Config) { c.TrustedProxies = []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")} })
	for addr, want := range map[string]int{"127.0.0.1": 8192, "::1": 8192, "10.1.2.3": 8192, "198.51.100.7": 1024, "2001:db8::1": 1024} {
		if n := w.connectionsOf(netip.MustParseAddr(addr)); n != want {
			t.Errorf("%s may have %d connections, want %d", addr, n, want)
		}
	}
	if network(netip.MustParseAddr("2001:db8::1")) != network(netip.MustParseAddr("2001:db8::ffff:1")) {
		t.Error("a /64 counts as many")
	}
}

// TestHushedConnections sends requests one after the other, and two at once in one
// write, over one connection, with an answer that takes its time: none waits for
// the background read, none loses a byte to it, and a client that hangs up while it
// is answered leaves nothing behind.
func TestHushedConnections(t *testing.T) {
	w := newWorld(t)
	addr := w.listening()
	body := form("sts", "GetCallerIdentity")
	wire := func() []byte {
		r := request(t, w.low, "sts", body)
		var b bytes.Buffer
		fmt.Fprintf(&b, "POST / HTTP/1.1\r\nHost: %s\r\nContent-Length: %d\r\n", r.Host, len(body))
		for name, values := range r.Header {
			fmt.Fprintf(&b, "%s: %s\r\n", name, values[0])
		}
		b.WriteString("\r\n" + body)
		return b.Bytes()
	}
	c, err := net.Dial("tcp", addr)
	check(t, err)
	defer c.Close()
	check(t, c.SetDeadline(time.Now().Add(20*time.Second)))
	in := bufio.NewReader(c)
	answered := func(n int) {
		t.Helper()
		for range n {
			resp, err := http.ReadResponse(in, nil)
			check(t, err)
			text, err := io.ReadAll(resp.Body)
			check(t, err)
			if resp.StatusCode != 200 {
				t.Fatalf("%s: %s", resp.Status, text)
			}
		}
	}
	for range 200 {
		_, err := c.Write(wire())
		check(t, err)
		answered(1)
		_, err = c.Write(append(wire(), wire()...))
		check(t, err)
		answered(2)
	}
	for range 50 {
		gone, err := net.Dial("tcp", addr)
		check(t, err)
		_, err = gone.Write(wire())
		check(t, err)
		gone.Close()
	}
	_, err = c.Write(wire())
	check(t, err)
	answered(1)
}
