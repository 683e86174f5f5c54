package boltkv

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"go.etcd.io/bbolt"

	"github.com/deputy-sts/deputy/internal/kv"
)

// request is a commit on its way. The committer fills in the outcome and then
// closes done.
type request struct {
	ctx      context.Context
	checks   []kv.Check
	ops      []kv.Op
	revision int64
	err      error
	done     chan struct{}
}

// Commit implements kv.Store. When ctx ends while the commit is being written,
// Commit returns at once and the commit may or may not happen.
func (s *Store) Commit(ctx context.Context, checks []kv.Check, ops []kv.Op) (int64, error) {
	ops, err := kv.CloneOps(checks, ops)
	if err != nil {
		return 0, err
	}
	if err := ctx.Err(); err != nil {
		return 0, err
	}
	// The caller may be gone, and use its checks for something else, when these are read.
	r := &request{ctx: ctx, checks: slices.Clone(checks), ops: ops, done: make(chan struct{})}
	if err := s.enqueue(r); err != nil {
		return 0, err
	}
	select {
	case <-r.done:
		return r.revision, r.err
	case <-ctx.Done():
		return 0, ctx.Err()
	}
}

func (s *Store) enqueue(r *request) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.closed:
		return kv.ErrClosed
	case s.broken != nil:
		return s.broken
	}
	s.queue = append(s.queue, r)
	s.signal()
	return nil
}

func (s *Store) signal() {
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

// run is the committer: the one goroutine that writes. What is queued while a
// transaction is synced goes together into the next; nothing waits for company.
func (s *Store) run() {
	defer close(s.done)
	for range s.wake {
		s.mu.Lock()
		batch, closed, broken := s.queue, s.closed, s.broken
		s.queue = nil
		s.mu.Unlock()
		if broken == nil {
			broken = s.write(batch) // of this batch only, or for good: see failed
		}
		for _, r := range batch {
			if broken != nil {
				r.revision, r.err = 0, broken
			}
			close(r.done)
		}
		if closed {
			return
		}
	}
}

// errNothing ends a transaction that has nothing to write.
var errNothing = errors.New("nothing to write")

// write puts a batch into one transaction, each commit with its own checks, in
// order, seeing those before it. The error is what all of them get; see failed
// for when it is what every later commit gets too.
func (s *Store) write(batch []*request) error {
	if len(batch) == 0 {
		return nil
	}
	var changes []kv.Change
	next := s.state
	before, err := s.standsAt()
	if err != nil {
		return s.failed(err, 0)
	}
	err = guarded(func() error {
		return s.db.Update(func(tx *bbolt.Tx) error {
			records := tx.Bucket(recordsBucket)
			for _, r := range batch {
				change, err := next.apply(records, r)
				if err != nil {
					return err
				}
				if change {
					changes = append(changes, kv.Change{Revision: r.revision, Ops: r.ops})
				}
			}
			if len(changes) == 0 {
				return errNothing
			}
			return tx.Bucket(metaBucket).Put(stateKey, next.encode())
		})
	})
	if errors.Is(err, errNothing) {
		return nil
	}
	if err != nil {
		return s.failed(err, before)
	}
	s.state = next
	s.feed.Append(changes...)
	return nil
}

// standsAt is the number of the last transaction in the file: that of the newest
// meta page which is whole.
func (s *Store) standsAt() (n int, err error) {
	err = guarded(func() error {
		return s.db.View(func(tx *bbolt.Tx) error { n = tx.ID(); return nil })
	})
	return n, err
}

// failed gives the error for commits that could not be written. It is final,
// for after a write or sync that failed nobody knows what is on disk, but for
// one case: a write was refused because the disk is full, and the meta page
// that counts is still the one from before. What was written until then are
// pages that this one does not reach, and bbolt has taken its list of free
// pages back to it; no sync has failed, and the next commit writes and syncs
// all its own pages. So that one may be tried.
func (s *Store) failed(err error, before int) error {
	if full(err) {
		if now, e := s.standsAt(); e == nil && now == before {
			return fmt.Errorf("%w while there is no space: %w", kv.ErrUnavailable, err)
		}
	}
	err = fmt.Errorf("%w until the server is restarted: %w", kv.ErrUnavailable, err)
	s.mu.Lock()
	s.broken = err
	s.mu.Unlock()
	return err
}

// Writable tells why nothing can be written until a restart; nil: commits are
// tried, though the disk may be full.
func (s *Store) Writable() error { return s.usable() }

// apply does one commit inside the transaction: its outcome goes into r, and
// change tells whether it wrote. The error is the transaction's.
func (st *state) apply(records *bbolt.Bucket, r *request) (change bool, err error) {
	if r.err = r.ctx.Err(); r.err != nil {
		return false, nil
	}
	for _, c := range r.checks {
		revision, err := revisionOf(records, c.Key)
		if err != nil {
			return false, err
		}
		if revision != c.Revision {
			r.err = kv.ErrConflict
			return false, nil
		}
	}
	if len(r.ops) == 0 {
		r.revision = st.revision
		return false, nil
	}
	st.revision++
	r.revision = st.revision
	for _, op := range r.ops {
		if err := st.applyOp(records, op); err != nil {
			return false, err
		}
	}
	return true, nil
}

func (st *state) applyOp(records *bbolt.Bucket, op kv.Op) error {
	key := []byte(op.Key)
	if old := records.Get(key); old != nil {
		st.count--
		st.sum -= stored(old).sum()
	}
	if op.Delete {
		return records.Delete(key)
	}
	new := newStored(op.Key, st.revision, op.Value)
	st.count++
	st.sum += new.sum()
	return records.Put(key, new)
}

// revisionOf is the revision of a record, 0 when there is none.
func revisionOf(records *bbolt.Bucket, key string) (int64, error) {
	old := records.Get([]byte(key))
	if old == nil {
		return 0, nil
	}
	if !stored(old).valid(key) {
		return 0, fmt.Errorf("%w: record %q", ErrCorrupt, key)
	}
	return stored(old).revision(), nil
}
