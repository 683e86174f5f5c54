package admin

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/deputy-sts/deputy/internal/directory"
	"github.com/deputy-sts/deputy/internal/mfa"
)

func tokens(n int) (list []mfa.Token) {
	for i := range n {
		list = append(list, mfa.Token{Serial: fmt.Sprintf("GAHT%08d", i), Seed: bytes.Repeat([]byte{byte(i)}, 20)})
	}
	return list
}

func TestImportTokens(t *testing.T) {
	both(t, func(t *testing.T, o *Operator, ops Operations, trail string) {
		ctx := t.Context()
		n, err := ops.ImportTokens(ctx, "", tokens(250))
		if err != nil || n != 250 {
			t.Fatalf("%d %v", n, err)
		}
		if n, err := ops.ImportTokens(ctx, "", tokens(251)); err != nil || n != 1 {
			t.Errorf("again: %d %v", n, err)
		}
		d := o.Directory.View().Device("GAHT00000007")
		if d == nil || !bytes.Equal(d.Seed, tokens(8)[7].Seed) || d.Account != "" || d.Owner != "" {
			t.Errorf("%+v", d)
		}
		// None of a batch with a token that is refused.
		bad := tokens(270)[240:]
		bad[29].Seed = []byte("short")
		if n, err := ops.ImportTokens(ctx, "", bad); err == nil || n != 0 || o.Directory.View().Device("GAHT00000255") != nil {
			t.Errorf("a short seed: %d %v", n, err)
		}
		if _, err := ops.ImportTokens(ctx, account, tokens(1)); err == nil {
			t.Error("a token of all became one account's")
		}
		if n, err := ops.ImportTokens(ctx, account, []mfa.Token{{Serial: "SAFE-0000001", Seed: make([]byte, 20)}}); err != nil || n != 1 {
			t.Errorf("%d %v", n, err)
		}
		if d := o.Directory.View().Device("SAFE-0000001"); d == nil || d.Account != account {
			t.Errorf("%+v", d)
		}
		data, err := os.ReadFile(trail)
		check(t, err)
		if n := strings.Count(string(data), "ImportMFADevices"); n != 7 || !strings.Contains(string(data), "GAHT00000249") {
			t.Errorf("%d lines", n)
		}
	})
}

// lose gives a user or the root user a device that is locked.
func lose(t *testing.T, o *Operator, owner, name string) *directory.Device {
	t.Helper()
	tx := o.Directory.Begin(true)
	d := &directory.Device{Account: account, Path: "/", Name: name, Seed: make([]byte, 20), Owner: owner, Failures: 5, Guesses: 50, Until: time.Now().Add(time.Hour), Last: 77}
	tx.PutDevice(nil, d)
	if u := tx.UserByID(owner); u != nil {
		n := u.Clone()
		n.MFA = append(n.MFA, d.ID())
		tx.PutUser(u, n)
	} else {
		a := tx.Account(owner)
		n := a.Clone()
		n.RootMFA = append(n.RootMFA, d.ID())
		tx.PutAccount(a, n)
	}
	_, err := o.Directory.Commit(t.Context(), &tx)
	check(t, err)
	return d
}

// TestSec_E12_Unlock: the operator's command ends the lockouts of a user's
// devices, and no used code comes back by it.
func TestSec_E12_Unlock(t *testing.T) {
	both(t, func(t *testing.T, o *Operator, ops Operations, _ string) {
		u := o.Directory.View().User(account, directory.AdminName)
		for name, owner := range map[string]string{directory.AdminName: u.ID, "": account} {
			d := lose(t, o, owner, "phone-of-"+owner)
			for _, want := range []bool{true, false} {
				if was, err := ops.Unlock(t.Context(), account, name); err != nil || was != want {
					t.Errorf("%q: %v %v", name, was, err)
				}
				now := o.Directory.View().DeviceByID(d.ID())
				if mfa.IsLocked(now, time.Now()) || now.Guesses != 0 || now.Last != 77 {
					t.Errorf("%q: %+v", name, now)
				}
			}
		}
		if _, err := ops.Unlock(t.Context(), "999999999999", ""); err == nil {
			t.Error("the root user of no account is unlocked")
		}
	})
}

func TestRemoveDevice(t *testing.T) {
	both(t, func(t *testing.T, o *Operator, ops Operations, _ string) {
		u := o.Directory.View().User(account, directory.AdminName)
		for owner, arn := range map[string]string{u.ID: u.ARN(), account: o.Directory.View().Account(account).ARN()} {
			d := lose(t, o, owner, "phone-of-"+owner)
			got, err := ops.RemoveDevice(t.Context(), d.Serial())
			if err != nil || got != arn || o.Directory.View().DeviceByID(d.ID()) != nil {
				t.Errorf("%q %v", got, err)
			}
		}
		if v := o.Directory.View(); len(v.User(account, directory.AdminName).MFA) != 0 || len(v.Account(account).RootMFA) != 0 {
			t.Error("it is listed still")
		}
		if _, err := ops.RemoveDevice(t.Context(), "GAHT12345678"); err == nil || errors.Is(err, ErrWaits) {
			t.Error(err)
		}
	})
}
