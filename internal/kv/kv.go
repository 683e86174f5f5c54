// Package kv owns the contract between the directory and what keeps its bytes:
// four methods, so that an engine is a page of code and can be swapped.
//
// All state is served from memory, so there are no reads inside a transaction:
// the directory loads everything once, follows Watch, and a Commit only says
// which revisions its decision stood on (Check) and what it puts (Op).
// The engines (memkv, boltkv) know bytes, never the directory; what the keys
// mean, and that values are sealed, is the directory's. kvtest is the suite
// that every engine passes. Feed, the remembered changes behind Watch, is here
// because every engine of a single process needs the same one.
package kv

import (
	"context"
	"errors"
	"iter"
)

// Limits that every engine enforces. They lie within what etcd and bbolt take.
const (
	MaxKey   = 1024    // bytes of a key
	MaxValue = 1 << 20 // bytes of a value
)

// Record is one key with its value. Value must not be altered by who gets it.
type Record struct {
	Key      string
	Value    []byte
	Revision int64 // of the commit that wrote it
}

// Check is a condition of a commit: the record has exactly this revision.
type Check struct {
	Key      string
	Revision int64 // 0: there is no such record
}

// Op puts Value under Key or, with Delete, removes the key. Removing what is
// not there is no error: a commit that depends on presence says so by a Check.
type Op struct {
	Key    string
	Value  []byte
	Delete bool
}

// Change is one commit as a watcher sees it. The Value of a removed key is nil,
// that of a put key is not. Ops must not be altered by who gets them.
type Change struct {
	Revision int64
	Ops      []Op
}

var (
	// ErrConflict says that a Check did not hold; nothing was written.
	ErrConflict = errors.New("kv: a record changed meanwhile")
	// ErrCompacted says that changes after the asked revision are forgotten: Load again.
	ErrCompacted = errors.New("kv: the changes after this revision are forgotten")
	// ErrClosed says that the store was closed.
	ErrClosed = errors.New("kv: the store is closed")
	// ErrUnavailable says that the engine cannot be written (now, or until a
	// restart); what was loaded goes on being valid. Callers answer 503.
	ErrUnavailable = errors.New("kv: the store cannot be written")
)

// Store keeps records. All methods are safe for use by many goroutines.
type Store interface {
	// Load gives all records, ordered by key, as they were at the returned
	// revision (0: nothing was ever written). An error inside the sequence ends it.
	Load(ctx context.Context) (iter.Seq2[Record, error], int64, error)
	// Watch gives every change after a revision, in order, without gaps, and
	// waits for more. It ends silently when ctx ends, else with one error:
	// ErrCompacted when changes after that revision are forgotten (also for a
	// watcher that fell behind), ErrClosed after Close.
	Watch(ctx context.Context, after int64) iter.Seq2[Change, error]
	// Commit applies all ops, or nothing, if all checks hold, and returns the
	// revision of the commit; it returns when the change is durable. A key
	// stands in at most one op. Without ops nothing is written and the current
	// revision comes back. ErrConflict, ErrUnavailable and ErrClosed mean that
	// nothing was written, except that a write which failed half-way
	// (ErrUnavailable) and one whose ctx ended may show after a restart.
	Commit(ctx context.Context, checks []Check, ops []Op) (int64, error)
	// Close waits for running commits and ends the watches. Closing twice is no error.
	Close() error
}
