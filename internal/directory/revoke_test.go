package directory

import (
	"testing"
	"time"

	"github.com/deputy-sts/deputy/internal/kv/memkv"
	"github.com/deputy-sts/deputy/internal/session"
)

func TestRevocation(t *testing.T) {
	d, store, ring := fresh(t)
	r := role("r")
	change(t, d, func(tx *Tx) { tx.PutRole(nil, r) })
	at := fixed().Add(-time.Minute)
	change(t, d, func(tx *Tx) { tx.Revoke(r.ID, acct, at.Add(time.Millisecond)) })
	for _, d := range []*Directory{d, open(t, store, ring)} { // the second reads the store anew
		v := d.View()
		for _, row := range []struct {
			subject string
			issued  time.Time
			want    bool
		}{
			{r.ID, at.Add(-time.Hour), true},
			{r.ID, at, true}, // the same second
			{r.ID, at.Add(time.Second), false},
			{r.ID + ":name", at, false},
			{"AROAother", at, false},
		} {
			if got := v.Revoked(row.subject, row.issued); got != row.want {
				t.Errorf("%s issued %v: %v", row.subject, row.issued, got)
			}
		}
	}
	// An earlier instant does not take the later one's place, a later one does.
	change(t, d, func(tx *Tx) {
		if got := tx.Revoke(r.ID, acct, at.Add(-time.Hour)); !got.Equal(at.Add(time.Second)) {
			t.Errorf("in force: %v", got)
		}
	})
	if !d.View().Revoked(r.ID, at) {
		t.Error("revoked no more")
	}
	change(t, d, func(tx *Tx) { tx.Revoke(r.ID, acct, at.Add(time.Minute)) })
	if !d.View().Revoked(r.ID, at.Add(time.Second)) {
		t.Error("the later instant does not count")
	}
	if n := testing.AllocsPerRun(100, func() { d.View().Revoked(r.ID, at) }); n != 0 {
		t.Errorf("%v allocations to look", n)
	}
}

// TestRevocationsEnd: a row is there as long as a session can be that it is about.
func TestRevocationsEnd(t *testing.T) {
	now := fixed()
	store := memkv.New()
	defer store.Close()
	d := must(Open(t.Context(), store, newRing(t), Options{Now: func() time.Time { return now }}))
	defer d.Close()
	start := now
	const rows = sweepBatch + 20
	change(t, d, func(tx *Tx) {
		for range rows {
			tx.Revoke(session.NewUniqueID("AROA"), acct, start)
		}
		tx.Revoke("AROAlate", acct, start.Add(time.Second))
	})
	for _, row := range []struct {
		after time.Duration
		left  int
	}{{0, rows + 1}, {session.MaxLifetime - 1, rows + 1}, {session.MaxLifetime, 1}, {session.MaxLifetime + time.Second, 0}} {
		now = start.Add(row.after)
		if err := d.sweep(t.Context()); err != nil {
			t.Fatal(err)
		}
		if got := len(d.View().Revocations()); got != row.left {
			t.Errorf("%v later: %d rows, want %d", row.after, got, row.left)
		}
	}
}

// TestRevokedDuringChange: a commit that stood on a session's being good fails
// when it is ended meanwhile.
func TestRevokedDuringChange(t *testing.T) {
	d, _, _ := fresh(t)
	u := user("u")
	change(t, d, func(tx *Tx) { tx.PutUser(nil, u) })
	tries := 0
	done, err := decide(t.Context(), d, func(tx *Tx) bool {
		if tries++; tx.Revoked(u.ID, fixed()) {
			return false
		}
		old := tx.User(acct, "u")
		now := old.Clone()
		now.Path = "/x/"
		tx.PutUser(old, now)
		if tries == 1 {
			change(t, d, func(tx *Tx) { tx.Revoke(u.ID, acct, fixed().Add(time.Second)) })
		}
		return true
	})
	if done || err != nil || tries != 2 || d.View().User(acct, "u").Path != "/" {
		t.Errorf("done %v, error %v, %d tries", done, err, tries)
	}
}
