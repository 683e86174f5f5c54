package directory

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/deputy-sts/deputy/internal/kv"
	"github.com/deputy-sts/deputy/internal/session"
)

// Revocation ends the sessions of a subject that were issued before an instant.
// The subject is the unique id of a role or user, or the account id of a root
// user, for all sessions that it issued; or the id of the sessions of one name:
// AROA…:name, or account:name of a federated user (Principal.ID).
type Revocation struct {
	Subject string    `json:"subject"`
	Account string    `json:"account"` // of the subject
	Before  time.Time `json:"before"`  // whole seconds, UTC
	meta
}

// Ends is when no session can be left that the row is about.
func (r *Revocation) Ends() time.Time { return r.Before.Add(session.MaxLifetime) }

func (r *Revocation) key() string { return revokedKey(r.Subject) }

// Revocation finds the row of a subject.
func (v *View) Revocation(subject string) *Revocation {
	r, _ := v.revoked.Get(subject)
	return r
}

// Revocations gives all rows, ordered by subject. It allocates.
func (v *View) Revocations() []*Revocation { return v.revoked.Values() }

// Revoked tells whether a session of the subject that was issued then has been
// ended.
func (v *View) Revoked(subject string, issued time.Time) bool {
	r, ok := v.revoked.Get(subject)
	return ok && issued.Before(r.Before)
}

// Revoked is View.Revoked.
func (t *Tx) Revoked(subject string, issued time.Time) bool {
	r := lookup(t, revokedKey(subject), t.view.Revocation(subject))
	return r != nil && issued.Before(r.Before)
}

// Revoke ends the sessions of the subject that were issued before the instant, a
// part of a second counting as a whole one: sessions are issued at whole seconds.
// It never takes an earlier instant for a later one. It gives the instant in force.
func (t *Tx) Revoke(subject, account string, before time.Time) time.Time {
	if whole := before.Truncate(time.Second); whole.Before(before) {
		before = whole.Add(time.Second)
	}
	old := lookup(t, revokedKey(subject), t.view.Revocation(subject))
	if old != nil && !old.Before.Before(before) {
		return old.Before
	}
	now := &Revocation{Subject: subject, Account: account, Before: before.UTC()}
	if old != nil {
		now.extra = old.extra
	}
	putPlain(t, old, now)
	return now.Before
}

// sweepBatch bounds the rows that one commit takes away.
const sweepBatch = 100

// sweep takes away the revocations that no session is left for. Another node, or
// a new revocation of the same subject, may be faster: the next sweep sees.
func (d *Directory) sweep(ctx context.Context) error {
	now := d.now()
	ended := slices.DeleteFunc(d.View().Revocations(), func(r *Revocation) bool { return now.Before(r.Ends()) })
	for batch := range slices.Chunk(ended, sweepBatch) {
		t := d.Begin(false)
		for _, r := range batch {
			t.erase(r)
		}
		if _, err := d.Commit(ctx, &t); err != nil && !errors.Is(err, kv.ErrConflict) {
			return err
		}
	}
	return nil
}
