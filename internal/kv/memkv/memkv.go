// Package memkv is the kv engine that keeps everything in memory and nothing
// after Close: for tests and for `deputyd dev`. It owns nothing but a map; the
// history behind Watch is kv.Feed.
package memkv

import (
	"context"
	"iter"
	"slices"
	"strings"
	"sync"

	"github.com/deputy-sts/deputy/internal/kv"
)

// Store is a kv.Store in memory. Use New.
type Store struct {
	mu       sync.Mutex
	records  map[string]kv.Record
	revision int64
	closed   bool
	feed     *kv.Feed
}

// New makes an empty store.
func New() *Store { return NewBounded(kv.DefaultHistory) }

// NewBounded makes an empty store that remembers only so many changes for Watch.
func NewBounded(history int) *Store {
	return &Store{records: map[string]kv.Record{}, feed: kv.NewFeed(0, history)}
}

// Load implements kv.Store.
func (s *Store) Load(ctx context.Context) (iter.Seq2[kv.Record, error], int64, error) {
	if err := ctx.Err(); err != nil {
		return nil, 0, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return nil, 0, kv.ErrClosed
	}
	records := make([]kv.Record, 0, len(s.records))
	for _, r := range s.records {
		records = append(records, r)
	}
	slices.SortFunc(records, func(a, b kv.Record) int { return strings.Compare(a.Key, b.Key) })
	return func(yield func(kv.Record, error) bool) {
		for _, r := range records {
			if err := ctx.Err(); err != nil {
				yield(kv.Record{}, err)
				return
			}
			if !yield(r, nil) {
				return
			}
		}
	}, s.revision, nil
}

// Watch implements kv.Store.
func (s *Store) Watch(ctx context.Context, after int64) iter.Seq2[kv.Change, error] {
	return s.feed.Watch(ctx, after)
}

// Commit implements kv.Store.
func (s *Store) Commit(ctx context.Context, checks []kv.Check, ops []kv.Op) (int64, error) {
	ops, err := kv.CloneOps(checks, ops)
	if err != nil {
		return 0, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return 0, kv.ErrClosed
	}
	if err := ctx.Err(); err != nil {
		return 0, err
	}
	for _, c := range checks {
		if s.records[c.Key].Revision != c.Revision {
			return 0, kv.ErrConflict
		}
	}
	if len(ops) == 0 {
		return s.revision, nil
	}
	s.revision++
	for _, op := range ops {
		if op.Delete {
			delete(s.records, op.Key)
			continue
		}
		s.records[op.Key] = kv.Record{Key: op.Key, Value: op.Value, Revision: s.revision}
	}
	s.feed.Append(kv.Change{Revision: s.revision, Ops: ops})
	return s.revision, nil
}

// Close implements kv.Store.
func (s *Store) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed = true
	s.feed.Close()
	return nil
}
