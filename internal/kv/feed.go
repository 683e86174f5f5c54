package kv

import (
	"context"
	"iter"
	"sort"
	"sync"
)

// DefaultHistory is how many changes a Feed remembers unless told otherwise.
const DefaultHistory = 8192

// historyBytes bounds what a Feed remembers whatever the number of changes.
const historyBytes = 32 << 20

// Feed remembers the newest changes of a store that a single process writes and
// hands them to watchers. The zero value is not ready: use NewFeed.
type Feed struct {
	mu      sync.Mutex
	limit   int
	changes []Change // ordered; elements are never altered, so watchers share them
	bytes   int
	base    int64         // changes up to this revision are forgotten
	wake    chan struct{} // closed when something was appended
	closed  bool
}

// NewFeed begins a feed for a store that stands at revision. It remembers up to
// history changes (0: DefaultHistory) and 32 MiB.
func NewFeed(revision int64, history int) *Feed {
	if history <= 0 {
		history = DefaultHistory
	}
	return &Feed{limit: history, base: revision, wake: make(chan struct{})}
}

// Append adds changes in the order of their revisions and wakes the watchers.
// The feed keeps them: they must not be altered later.
func (f *Feed) Append(changes ...Change) {
	if len(changes) == 0 {
		return
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, c := range changes {
		f.changes = append(f.changes, c)
		f.bytes += size(c)
	}
	drop := 0
	for len(f.changes)-drop > f.limit || (f.bytes > historyBytes && len(f.changes)-drop > 1) {
		f.bytes -= size(f.changes[drop])
		f.base = f.changes[drop].Revision
		drop++
	}
	f.changes = f.changes[drop:]
	close(f.wake)
	f.wake = make(chan struct{})
}

func size(c Change) int {
	n := 64
	for _, op := range c.Ops {
		n += 64 + len(op.Key) + len(op.Value)
	}
	return n
}

// Watch is Store.Watch.
func (f *Feed) Watch(ctx context.Context, after int64) iter.Seq2[Change, error] {
	return func(yield func(Change, error) bool) {
		for ctx.Err() == nil {
			changes, wake, err := f.since(after)
			if err != nil {
				yield(Change{}, err)
				return
			}
			for _, c := range changes {
				if ctx.Err() != nil || !yield(c, nil) {
					return
				}
				after = c.Revision
			}
			if len(changes) > 0 {
				continue
			}
			select {
			case <-wake:
			case <-ctx.Done():
			}
		}
	}
}

// since gives what is remembered after a revision, and what to wait on when
// that is nothing.
func (f *Feed) since(after int64) ([]Change, <-chan struct{}, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if after < f.base {
		return nil, nil, ErrCompacted
	}
	i := sort.Search(len(f.changes), func(i int) bool { return f.changes[i].Revision > after })
	if i == len(f.changes) && f.closed {
		return nil, nil, ErrClosed
	}
	return f.changes[i:len(f.changes):len(f.changes)], f.wake, nil
}

// Close ends the watches once they have seen what is remembered.
func (f *Feed) Close() {
	f.mu.Lock()
	defer f.mu.Unlock()
	if !f.closed {
		f.closed = true
		close(f.wake)
		f.wake = make(chan struct{})
	}
}
