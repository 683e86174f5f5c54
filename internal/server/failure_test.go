package server

import (
	"fmt"
	"net/http/httptest"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/deputy-sts/deputy/sigv4"
)

// unavailable reports an answer that is not a 503 which says when to come back.
func unavailable(t *testing.T, what string, rec *httptest.ResponseRecorder) {
	t.Helper()
	refused(t, what, rec, 503, "ServiceUnavailable")
	if rec.Header().Get("Retry-After") == "" {
		t.Errorf("%s: no Retry-After", what)
	}
}

// TestSec_G15_UnwritableAudit takes the trail away: what changes or issues is
// refused, what reads is served, until it is back or the setting says otherwise.
func TestSec_G15_UnwritableAudit(t *testing.T) {
	for _, goOn := range []bool{false, true} {
		t.Run(fmt.Sprintf("continue=%v", goOn), func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, func(c *Config) { c.Audit.Continue = goOn })
			check(t, os.Rename(w.trail, w.trail+".1"))
			check(t, os.WriteFile(w.trail, []byte("somebody else's\n"), 0o600))
			waitFor(t, func() bool {
				w.call(w.low, "sts", "GetCallerIdentity")
				return w.Audit().Healthy() != nil
			})
			if rec := w.call(w.low, "sts", "GetCallerIdentity"); rec.Code != 200 {
				t.Errorf("reading: %d %s", rec.Code, rec.Body)
			}
			if rec := w.call(w.admin, "iam", "ListUsers"); rec.Code != 200 {
				t.Errorf("listing: %d %s", rec.Code, rec.Body)
			}
			change := w.call(w.admin, "iam", "CreateUser", "UserName", "late")
			issue := w.call(w.low, "sts", "AssumeRole", "RoleArn", w.roleARN, "RoleSessionName", "session", "ExternalId", w.external)
			ready := w.serve(get("/readyz"))
			if goOn {
				if change.Code != 200 || issue.Code != 200 || ready.Code != 200 {
					t.Errorf("%d %d %d", change.Code, issue.Code, ready.Code)
				}
				return
			}
			unavailable(t, "changing", change)
			unavailable(t, "issuing", issue)
			if ready.Code != 503 || ready.Body.String() != "not ok\n" {
				t.Errorf("readyz: %d %q", ready.Code, ready.Body)
			}
			if rec := w.call(w.admin, "iam", "GetUser", "UserName", "late"); rec.Code != 404 {
				t.Errorf("the refused change is there: %s", rec.Body)
			}
			check(t, os.Remove(w.trail))
			waitFor(t, func() bool { return w.Audit().Healthy() == nil })
			w.must(w.admin, "iam", "CreateUser", "UserName", "late")
		})
	}
}

func waitFor(t *testing.T, what func() bool) {
	t.Helper()
	for end := time.Now().Add(10 * time.Second); !what(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("it does not come to pass")
		}
	}
}

// TestSec_G08_StoreUnavailable: changes are refused, all else goes on, and it
// recovers without a restart.
func TestSec_G08_StoreUnavailable(t *testing.T) {
	w := newWorld(t)
	w.store.down.Store(true)
	unavailable(t, "changing", w.call(w.admin, "iam", "CreateUser", "UserName", "late"))
	if rec := w.call(w.admin, "iam", "ListUsers"); rec.Code != 200 {
		t.Errorf("reading: %d %s", rec.Code, rec.Body)
	}
	session := w.assume(w.low)
	if arn := element(w.must(session, "sts", "GetCallerIdentity"), "Arn"); arn != "arn:aws:sts::"+account+":assumed-role/target/session" {
		t.Errorf("the session is %s", arn)
	}
	if strings.Contains(w.call(w.admin, "iam", "CreateUser", "UserName", "late").Body.String(), "no space left") {
		t.Error("the client is told the cause")
	}
	if !strings.Contains(w.log.String(), "no space left") {
		t.Error("the log is not told the cause")
	}
	if rec := w.serve(get("/readyz")); rec.Code != 200 {
		t.Errorf("readyz while commits are refused: %d %q", rec.Code, rec.Body)
	}
	w.store.broken.Store(true)
	if rec := w.serve(get("/readyz")); rec.Code != 503 || rec.Body.String() != "not ok\n" {
		t.Errorf("readyz with a store that needs a restart: %d %q", rec.Code, rec.Body)
	}
	w.store.broken.Store(false)
	w.store.down.Store(false)
	w.must(w.admin, "iam", "CreateUser", "UserName", "late")
}

// TestFailedAuthenticationIsLimited: an address that fails too often is told
// less, whatever it says; loopback and those who succeed are not.
func TestFailedAuthenticationIsLimited(t *testing.T) {
	now := noon
	w := newWorld(t, func(c *Config) {
		c.FailedAuth, c.FailedAuthBurst = 10, 20
		c.Now = func() time.Time { return now }
	})
	stranger := sigv4.Credentials{AccessKeyID: "AKIAQQQQQQQQQQQQQQQQ", SecretAccessKey: "x"}
	from := func(c sigv4.Credentials, addr string) *httptest.ResponseRecorder {
		r := request(t, c, "sts", form("sts", "GetCallerIdentity"))
		r.RemoteAddr = addr
		return w.serve(r)
	}
	for i := range 20 {
		refused(t, fmt.Sprintf("failure %d", i), from(stranger, fmt.Sprintf("198.51.100.7:%d", i+1)), 403, "InvalidClientTokenId")
	}
	refused(t, "beyond the bound", from(stranger, "198.51.100.7:99"), 400, "Throttling")
	refused(t, "as IPv6", from(stranger, "[::ffff:198.51.100.7]:99"), 400, "Throttling")
	refused(t, "another address", from(stranger, "198.51.100.8:99"), 403, "InvalidClientTokenId")
	if rec := from(w.low, "198.51.100.7:99"); rec.Code != 200 {
		t.Errorf("a good signature from there: %d %s", rec.Code, rec.Body)
	}
	for range 100 {
		refused(t, "loopback", from(stranger, "127.0.0.1:9"), 403, "InvalidClientTokenId")
		refused(t, "loopback", from(stranger, "[::1]:9"), 403, "InvalidClientTokenId")
	}
	for i := range 21 { // one network of IPv6 is one address
		from(stranger, fmt.Sprintf("[2001:db8:0:1::%x]:1", i+1))
	}
	refused(t, "the same /64", from(stranger, "[2001:db8:0:1:ffff::1]:1"), 400, "Throttling")
	now = now.Add(time.Second)
	refused(t, "a second later", from(stranger, "198.51.100.7:99"), 403, "InvalidClientTokenId")
}

// TestSec_G19_FailuresAreBounded: many addresses do not fill the memory.
func TestSec_G19_FailuresAreBounded(t *testing.T) {
	f := newFailures(100, 2000)
	n := 1_000_000
	if testing.Short() {
		n = 200_000
	}
	for i := range n {
		f.allow(netip.AddrFrom4([4]byte{byte(i >> 24), byte(i >> 16), byte(i >> 8), byte(i)}), noon)
	}
	n = 0
	for i := range f.shard {
		n += len(f.shard[i].seen)
	}
	if n > failureShards*failuresAtMost {
		t.Errorf("%d addresses are remembered", n)
	}
}

// TestAuditPathInTheWay names what is wrong with a trail that can't be opened.
func TestAuditPathInTheWay(t *testing.T) {
	w := newWorld(t)
	path := filepath.Join(t.TempDir(), "is-a-directory")
	check(t, os.Mkdir(path, 0o700))
	_, err := New(t.Context(), Config{Store: &fragile{Store: w.store.Store}, Ring: w.ring, Audit: AuditConfig{Path: path}})
	if err == nil || !strings.Contains(err.Error(), path) {
		t.Errorf("%v does not name %s", err, path)
	}
	if _, err := New(t.Context(), Config{}); err == nil {
		t.Error("a Config without a store is taken")
	}
}
