package directory

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/deputy-sts/deputy/internal/kv"
	"github.com/deputy-sts/deputy/internal/kv/memkv"
	"github.com/deputy-sts/deputy/internal/seal"
	"github.com/deputy-sts/deputy/internal/session"
)

const acct = "111122223333"

func newRing(t testing.TB) *seal.Ring {
	t.Helper()
	key, err := seal.NewKey()
	if err != nil {
		t.Fatal(err)
	}
	return must(seal.NewRing(key))
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

func fixed() time.Time { return time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC) }

// open opens a directory that is closed with the test.
func open(t testing.TB, store kv.Store, ring *seal.Ring) *Directory {
	t.Helper()
	d, err := Open(t.Context(), store, ring, Options{Now: fixed})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { d.Close() })
	return d
}

// fresh is a directory over an empty memory store, with one account.
func fresh(t testing.TB) (*Directory, *memkv.Store, *seal.Ring) {
	t.Helper()
	store, ring := memkv.New(), newRing(t)
	d := open(t, store, ring)
	t.Cleanup(func() { store.Close() })
	change(t, d, func(tx *Tx) { tx.PutAccount(nil, &Account{ID: acct, Name: "main", Created: fixed(), Management: true}) })
	return d, store, ring
}

// change commits what f puts.
func change(t testing.TB, d *Directory, f func(*Tx)) int64 {
	t.Helper()
	tx := d.Begin(true)
	f(&tx)
	rev, err := d.Commit(t.Context(), &tx)
	if err != nil {
		t.Fatal(err)
	}
	return rev
}

// decide runs f, which returns false to give up, until its commit does not conflict.
func decide(ctx context.Context, d *Directory, f func(*Tx) bool) (bool, error) {
	for {
		tx := d.Begin(true)
		if !f(&tx) {
			return false, nil
		}
		_, err := d.Commit(ctx, &tx)
		if !errors.Is(err, kv.ErrConflict) {
			return err == nil, err
		}
		if err := d.WaitNewer(ctx, tx.View().Revision()); err != nil {
			return false, err
		}
	}
}

func user(name string) *User {
	return &User{Account: acct, Name: name, Path: "/", ID: session.NewUniqueID("AIDA"), Created: fixed()}
}

func role(name string) *Role {
	return &Role{Account: acct, Name: name, Path: "/", ID: session.NewUniqueID("AROA"), Created: fixed(),
		MaxSessionDuration: 3600, Trust: &Inline{Text: trustAll}}
}

func group(name string) *Group {
	return &Group{Account: acct, Name: name, Path: "/", ID: session.NewUniqueID("AGPA"), Created: fixed()}
}

func managed(name string) *Policy {
	return &Policy{Account: acct, Name: name, Path: "/", ID: session.NewUniqueID("ANPA"), Created: fixed(), Updated: fixed(),
		Versions: []*Version{{ID: "v1", Created: fixed(), Document: &Inline{Text: allowAll}}}, Default: "v1", NextVersion: 2}
}

func accessKey(u *User) *AccessKey {
	return &AccessKey{ID: session.NewAccessKeyID(session.LongTerm, u.Account), Secret: session.NewSecret(),
		Account: u.Account, UserID: u.ID, Active: true, Created: fixed()}
}

const (
	allowAll = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}`
	trustAll = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"111122223333"},"Action":"sts:AssumeRole"}]}`
)

func contextOf(t *testing.T, d time.Duration) (context.Context, context.CancelFunc) {
	return context.WithTimeout(t.Context(), d)
}
