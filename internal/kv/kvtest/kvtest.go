// Package kvtest is the suite that every kv engine passes. It owns what the
// words of kv.Store mean in practice: conflicts, order, resumed and outrun
// watches, races, closing, and for engines that last, reopening.
package kvtest

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"testing"
	"time"

	"github.com/deputy-sts/deputy/internal/kv"
)

// History is how many changes an engine should be told to remember under test,
// if it can be told, so that outrunning it takes no thousands of commits.
const History = 64

// patience is how long a test waits for what should come at once.
const patience = 20 * time.Second

// Run tests an engine. open makes an empty store; the suite closes it.
func Run(t *testing.T, open func(t *testing.T) kv.Store) {
	for name, test := range map[string]func(*testing.T, kv.Store){
		"Empty":       testEmpty,
		"Commit":      testCommit,
		"Checks":      testChecks,
		"AllOrNone":   testAllOrNone,
		"Invalid":     testInvalid,
		"Copies":      testCopies,
		"LoadOrder":   testLoadOrder,
		"Snapshot":    testSnapshot,
		"Watch":       testWatch,
		"WatchResume": testWatchResume,
		"WatchEnds":   testWatchEnds,
		"Compaction":  testCompaction,
		"SlowWatcher": testSlowWatcher,
		"Counters":    testCounters,
		"Replica":     testReplica,
		"Model":       testModel,
		"Context":     testContext,
		"Close":       testClose,
	} {
		t.Run(name, func(t *testing.T) {
			s := open(t)
			defer s.Close()
			test(t, s)
		})
	}
}

// RunPersistent tests an engine that outlives its process, Run included. open
// makes an empty store and a function that opens the same data again.
func RunPersistent(t *testing.T, open func(t *testing.T) (s kv.Store, reopen func(t *testing.T) kv.Store)) {
	Run(t, func(t *testing.T) kv.Store { s, _ := open(t); return s })
	t.Run("Reopen", func(t *testing.T) { testReopen(t, open) })
}

func put(key, value string) kv.Op { return kv.Op{Key: key, Value: []byte(value)} }

func remove(key string) kv.Op { return kv.Op{Key: key, Delete: true} }

// commit must succeed.
func commit(t *testing.T, s kv.Store, checks []kv.Check, ops ...kv.Op) int64 {
	t.Helper()
	r, err := s.Commit(t.Context(), checks, ops)
	if err != nil {
		t.Fatalf("commit %v: %v", ops, err)
	}
	return r
}

// conflict must be refused with ErrConflict.
func conflict(t *testing.T, s kv.Store, checks []kv.Check, ops ...kv.Op) {
	t.Helper()
	if r, err := s.Commit(t.Context(), checks, ops); !errors.Is(err, kv.ErrConflict) {
		t.Fatalf("commit %v on %v: revision %d, error %v, want a conflict", ops, checks, r, err)
	}
}

// differ says what two values are when they are not the same.
func differ(want, got any) string {
	if reflect.DeepEqual(want, got) {
		return ""
	}
	return fmt.Sprintf("want %q\n got %q", want, got)
}

// dump loads everything, as "key=value@revision" in the order given.
func dump(t *testing.T, s kv.Store) (records []string, revision int64) {
	t.Helper()
	all, revision, err := s.Load(t.Context())
	if err != nil {
		t.Fatalf("load: %v", err)
	}
	for r, err := range all {
		if err != nil {
			t.Fatalf("load: %v", err)
		}
		records = append(records, fmt.Sprintf("%s=%s@%d", r.Key, r.Value, r.Revision))
	}
	return records, revision
}

// next gives n changes after a revision.
func next(t *testing.T, s kv.Store, after int64, n int) []kv.Change {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	var changes []kv.Change
	for c, err := range s.Watch(ctx, after) {
		if err != nil {
			t.Fatalf("watch after %d: %v", after, err)
		}
		changes = append(changes, c)
		if len(changes) == n {
			return changes
		}
	}
	t.Fatalf("watch after %d: %d changes, want %d", after, len(changes), n)
	return nil
}

// watchError gives the error that a watch ends with, and how many changes came before.
func watchError(ctx context.Context, s kv.Store, after int64) (seen int, err error) {
	for _, err := range s.Watch(ctx, after) {
		if err != nil {
			return seen, err
		}
		seen++
	}
	return seen, nil
}
