package boltkv

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/deputy-sts/deputy/internal/kv"
)

func put(key, value string) kv.Op { return kv.Op{Key: key, Value: []byte(value)} }

// Commits that share a transaction keep each its own checks, in order, see
// those before them, and have each their own revision and change.
func TestGroup(t *testing.T) {
	s := open(t, filepath.Join(t.TempDir(), "store.db"))
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	ask := func(ctx context.Context, check kv.Check, ops ...kv.Op) *request {
		return &request{ctx: ctx, checks: []kv.Check{check}, ops: ops, done: make(chan struct{})}
	}
	batch := []*request{
		ask(t.Context(), kv.Check{Key: "a"}, put("a", "1"), put("b", "1")),
		ask(t.Context(), kv.Check{Key: "a"}, put("a", "2"), put("c", "2")), // a is there by now
		ask(t.Context(), kv.Check{Key: "a", Revision: 1}, put("a", "3")),
		ask(t.Context(), kv.Check{Key: "a", Revision: 1}, put("a", "4")), // a is at 2 by now
		ask(ended, kv.Check{Key: "a", Revision: 2}, put("a", "5")),
		ask(t.Context(), kv.Check{Key: "a", Revision: 2}),
		ask(t.Context(), kv.Check{Key: "c"}, kv.Op{Key: "b", Delete: true}),
	}
	s.mu.Lock()
	s.queue = append(s.queue, batch...)
	s.mu.Unlock()
	s.signal()
	var got []string
	for _, r := range batch {
		<-r.done
		got = append(got, fmt.Sprintf("%d %v", r.revision, r.err))
	}
	c := kv.ErrConflict.Error()
	want := []string{"1 <nil>", "0 " + c, "2 <nil>", "0 " + c, "0 context canceled", "2 <nil>", "3 <nil>"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	var changes []kv.Change
	for c := range s.Watch(t.Context(), 0) {
		if changes = append(changes, c); c.Revision == 3 {
			break
		}
	}
	wantChanges := []kv.Change{
		{Revision: 1, Ops: batch[0].ops}, {Revision: 2, Ops: batch[2].ops}, {Revision: 3, Ops: batch[6].ops},
	}
	if diff := cmp.Diff(wantChanges, changes); diff != "" {
		t.Error(diff)
	}
}

// Callers that come at once need far fewer transactions than commits.
func TestGroupSharesSyncs(t *testing.T) {
	s := open(t, filepath.Join(t.TempDir(), "store.db"))
	before := s.transactions(t)
	const callers, commits = 64, 4
	var racing sync.WaitGroup
	for i := range callers {
		racing.Go(func() {
			for range commits {
				if _, err := s.Commit(t.Context(), nil, []kv.Op{put(fmt.Sprint(i), "1")}); err != nil {
					t.Error(err)
				}
			}
		})
	}
	racing.Wait()
	if n := s.transactions(t) - before; n > callers*commits/2 {
		t.Errorf("%d transactions for %d commits", n, callers*commits)
	}
}

func (s *Store) transactions(t *testing.T) int {
	t.Helper()
	tx, err := s.db.Begin(false)
	if err != nil {
		t.Fatal(err)
	}
	defer tx.Rollback()
	return tx.ID()
}

// Close does what was handed over before, and refuses the rest.
func TestCloseDrains(t *testing.T) {
	path := filepath.Join(t.TempDir(), "store.db")
	s := open(t, path)
	results := make([]error, 50)
	var racing sync.WaitGroup
	for i := range results {
		racing.Go(func() { _, results[i] = s.Commit(t.Context(), nil, []kv.Op{put(fmt.Sprint(i), "1")}) })
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	racing.Wait()
	s = open(t, path)
	all, _, err := s.Load(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	there := map[string]bool{}
	for r := range all {
		there[r.Key] = true
	}
	for i, err := range results {
		if err != nil && !errors.Is(err, kv.ErrClosed) || there[fmt.Sprint(i)] != (err == nil) {
			t.Errorf("commit %d: error %v, there: %v", i, err, there[fmt.Sprint(i)])
		}
	}
}

func BenchmarkCommit(b *testing.B) { benchmarkCommit(b, 1) }

func BenchmarkCommit64(b *testing.B) { benchmarkCommit(b, 64) }

func benchmarkCommit(b *testing.B, callers int) {
	s := open(b, filepath.Join(b.TempDir(), "store.db"))
	value := make([]byte, 400)
	work := make(chan int)
	var racing sync.WaitGroup
	for range callers {
		racing.Go(func() {
			for i := range work {
				if _, err := s.Commit(b.Context(), nil, []kv.Op{{Key: fmt.Sprint("user/", i%5000), Value: value}}); err != nil {
					b.Error(err)
				}
			}
		})
	}
	i := 0
	for b.Loop() {
		work <- i
		i++
	}
	close(work)
	racing.Wait()
}
