package admin

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/deputy-sts/deputy/internal/audit"
	"github.com/deputy-sts/deputy/internal/directory"
	"github.com/deputy-sts/deputy/internal/kv/memkv"
	"github.com/deputy-sts/deputy/internal/seal"
	"github.com/deputy-sts/deputy/internal/session"
)

const account = "111122223333"

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// newOperator makes an operator of a directory in memory with one account and its admin.
func newOperator(t *testing.T) (o *Operator, trail string) {
	t.Helper()
	key, err := seal.NewKey()
	check(t, err)
	ring, err := seal.NewRing(key)
	check(t, err)
	d, err := directory.Open(t.Context(), memkv.New(), ring, directory.Options{})
	check(t, err)
	t.Cleanup(func() { d.Close() })
	check(t, d.Bootstrap(t.Context(), []directory.BootstrapAccount{{
		ID: account, Name: "main", Admin: &directory.BootstrapKey{AccessKeyID: session.NewAccessKeyID("AKIA", account), SecretAccessKey: session.NewSecret()},
	}}))
	trail = filepath.Join(t.TempDir(), "audit.log")
	w, err := audit.Open(trail, audit.Options{})
	check(t, err)
	t.Cleanup(func() { w.Close() })
	o, err = New(Options{Directory: d, Audit: w, Version: "test", Running: true})
	check(t, err)
	return o, trail
}

// both runs a test on the operator itself and over the socket.
func both(t *testing.T, f func(t *testing.T, o *Operator, ops Operations, trail string)) {
	t.Run("direct", func(t *testing.T) {
		o, trail := newOperator(t)
		f(t, o, o, trail)
	})
	t.Run("socket", func(t *testing.T) {
		o, trail := newOperator(t)
		path := filepath.Join(t.TempDir(), "admin.sock")
		l, err := Listen(path, o)
		check(t, err)
		defer l.Close()
		f(t, o, Client{Socket: path}, trail)
	})
}

func TestRootKeys(t *testing.T) {
	both(t, func(t *testing.T, o *Operator, ops Operations, trail string) {
		ctx := t.Context()
		first, err := ops.MakeRootKey(ctx, account)
		check(t, err)
		second, err := ops.MakeRootKey(ctx, account)
		check(t, err)
		if _, err := ops.MakeRootKey(ctx, account); err == nil || !strings.Contains(err.Error(), "2 access keys already") {
			t.Errorf("a third: %v", err)
		}
		for _, k := range []Key{first, second} {
			stored := o.Directory.View().Key(k.AccessKeyID)
			if stored == nil || stored.Secret != k.SecretAccessKey || stored.Account != account || stored.UserID != "" || !stored.Active {
				t.Errorf("%s is %v", k.AccessKeyID, stored)
			}
		}
		ids, err := ops.DeleteRootKeys(ctx, account)
		check(t, err)
		if want := []string{first.AccessKeyID, second.AccessKeyID}; !slices.Equal(ids, want) {
			t.Errorf("deleted %v, not %v", ids, want)
		}
		if o.Directory.View().Key(first.AccessKeyID) != nil || len(o.Directory.View().Account(account).RootKeys) != 0 {
			t.Error("a key is still there")
		}
		for _, no := range []string{"999999999999", ""} {
			_, err := ops.MakeRootKey(ctx, no)
			_, err2 := ops.DeleteRootKeys(ctx, no)
			if err == nil || err2 == nil {
				t.Errorf("account %q: %v, %v", no, err, err2)
			}
		}
		// Each change stands in the trail once, and no secret does (F08).
		data, err := os.ReadFile(trail)
		check(t, err)
		if n := strings.Count(string(data), "\n"); n != 3 {
			t.Errorf("%d lines:\n%s", n, data)
		}
		if strings.Contains(string(data), first.SecretAccessKey) || !strings.Contains(string(data), first.AccessKeyID) {
			t.Errorf("%s", data)
		}
	})
}

func TestUnlock(t *testing.T) {
	both(t, func(t *testing.T, o *Operator, ops Operations, _ string) {
		u := o.Directory.View().User(account, directory.AdminName)
		tx := o.Directory.Begin(false)
		tx.PutLockout(nil, &directory.Lockout{UserID: u.ID, Failures: 9, Until: time.Now().Add(time.Hour)})
		_, err := o.Directory.Commit(t.Context(), &tx)
		check(t, err)
		for _, want := range []bool{true, false} {
			was, err := ops.Unlock(t.Context(), account, "ADMIN")
			check(t, err)
			if was != want || o.Directory.View().Lockout(u.ID) != nil {
				t.Errorf("was locked: %v, not %v", was, want)
			}
		}
		if _, err := ops.Unlock(t.Context(), account, "nobody"); err == nil {
			t.Error("nobody is unlocked")
		}
	})
}

func TestStatus(t *testing.T) {
	both(t, func(t *testing.T, o *Operator, ops Operations, _ string) {
		s, err := ops.Status(t.Context())
		check(t, err)
		want := Status{Running: true, Version: "test", Revision: o.Directory.View().Revision(), Accounts: 1, Users: 1, State: "ok", Audit: "ok"}
		if s != want {
			t.Errorf("%+v, not %+v", s, want)
		}
	})
}

// TestSec_G15_NothingChangesUnaudited: a trail that can't be written keeps operators from changing.
func TestSec_G15_NothingChangesUnaudited(t *testing.T) {
	o, _ := newOperator(t)
	check(t, o.Audit.Close())
	before := o.Directory.View().Revision()
	if _, err := o.MakeRootKey(t.Context(), account); !errors.Is(err, audit.ErrUnavailable) {
		t.Errorf("%v", err)
	}
	if o.Directory.View().Revision() != before {
		t.Error("it is changed")
	}
	if s, err := o.Status(t.Context()); err != nil || s.Audit == "ok" {
		t.Errorf("%+v %v", s, err)
	}
}

// TestSec_G15_OperatorLeaves: who leaves while the store works gets the key all
// the same, and the trail has it; when the trail fails meanwhile, its line waits
// and a warning is beside the key.
func TestSec_G15_OperatorLeaves(t *testing.T) {
	both(t, func(t *testing.T, o *Operator, ops Operations, trail string) {
		ctx, leave := context.WithCancel(t.Context())
		leave()
		k, err := ops.MakeRootKey(ctx, account)
		check(t, err)
		if o.Directory.View().Key(k.AccessKeyID) == nil {
			t.Error("there is no such key")
		}
		data, err := os.ReadFile(trail)
		check(t, err)
		if !strings.Contains(string(data), k.AccessKeyID) {
			t.Errorf("the trail: %s", data)
		}
	})
}

// breaks is an operator whose trail fails between the decision and the commit.
type breaks struct{ *Operator }

func (b breaks) MakeRootKey(ctx context.Context, account string) (Key, error) {
	clock := b.Now
	b.Now = func() time.Time { // asked for between the two
		b.Audit.Close()
		return clock()
	}
	return b.Operator.MakeRootKey(ctx, account)
}

func TestKeyWithoutLine(t *testing.T) {
	for name, over := range map[string]func(t *testing.T, o *Operator) Operations{
		"direct": func(_ *testing.T, o *Operator) Operations { return breaks{o} },
		"socket": func(t *testing.T, o *Operator) Operations {
			path := filepath.Join(t.TempDir(), "admin.sock")
			l, err := Listen(path, breaks{o})
			check(t, err)
			t.Cleanup(func() { l.Close() })
			return Client{Socket: path}
		},
	} {
		t.Run(name, func(t *testing.T) {
			o, _ := newOperator(t)
			k, err := over(t, o).MakeRootKey(t.Context(), account)
			if !errors.Is(err, ErrWaits) || k.SecretAccessKey == "" || o.Directory.View().Key(k.AccessKeyID) == nil {
				t.Errorf("%v %v", k.AccessKeyID, err)
			}
			if s, err := o.Status(t.Context()); err != nil || s.Waiting != 1 {
				t.Errorf("%+v %v", s, err)
			}
		})
	}
}

// TestLookOnly: without a trail an operator sees, and moves and changes nothing.
func TestLookOnly(t *testing.T) {
	o, _ := newOperator(t)
	tx := o.Directory.Begin(true)
	tx.Outbox("1", []byte(`{"eventID":"1"}`))
	_, err := o.Directory.Commit(t.Context(), &tx)
	check(t, err)
	look, err := New(Options{Directory: o.Directory})
	check(t, err)
	if s, err := look.Status(t.Context()); err != nil || s.Waiting != 1 || s.Audit != "not open" {
		t.Errorf("%+v %v", s, err)
	}
	if _, err := look.MakeRootKey(t.Context(), account); err == nil || len(o.Directory.View().Account(account).RootKeys) != 0 {
		t.Errorf("it makes a key: %v", err)
	}
}

func TestSocket(t *testing.T) {
	o, _ := newOperator(t)
	path := filepath.Join(t.TempDir(), "admin.sock")
	c := Client{Socket: path}
	if c.Reachable() {
		t.Error("nobody listens, and it answers")
	}
	// What a dead server left is replaced.
	dead, err := net.ListenUnix("unix", &net.UnixAddr{Name: path, Net: "unix"})
	check(t, err)
	dead.SetUnlinkOnClose(false)
	check(t, dead.Close())
	l, err := Listen(path, o)
	check(t, err)
	info, err := os.Stat(path)
	check(t, err)
	if info.Mode().Perm() != 0o600 {
		t.Errorf("the socket has mode %v", info.Mode())
	}
	if _, err := Listen(path, o); err == nil {
		t.Error("two servers on one socket")
	}
	transport := &http.Transport{DialContext: func(context.Context, string, string) (net.Conn, error) { return net.Dial("unix", path) }}
	defer transport.CloseIdleConnections()
	for body, want := range map[string]string{
		`{`:                               "unexpected EOF",
		`{"do":"status","unknown":1}`:     "unknown field",
		`{"do":"format-disk"}`:            "unknown operation",
		`{"do":"make-root-key"}`:          "there is no account",
		strings.Repeat(" ", 2*maxMessage): "too large",
	} {
		resp, err := (&http.Client{Transport: transport}).Post("http://admin/", "application/json", strings.NewReader(body))
		check(t, err)
		text, _ := io.ReadAll(resp.Body)
		resp.Body.Close()
		if !strings.Contains(string(text), want) {
			t.Errorf("%.40q: %s", body, text)
		}
	}
	check(t, l.Close())
	if c.Reachable() {
		t.Error("it answers after Close")
	}
}
