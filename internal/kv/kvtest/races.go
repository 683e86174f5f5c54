package kvtest

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strconv"
	"sync"
	"testing"

	"github.com/deputy-sts/deputy/internal/kv"
)

const racers = 16

// Counters raised by compare-and-swap lose no step, however many race.
func testCounters(t *testing.T, s kv.Store) {
	laps := 20
	if testing.Short() {
		laps = 5
	}
	var racing sync.WaitGroup
	for i := range racers {
		racing.Go(func() {
			key := fmt.Sprint("counter", i%4)
			for range laps {
				if err := raise(t.Context(), s, key, "total"+strconv.Itoa(i%2)); err != nil {
					t.Errorf("raise %s: %v", key, err)
					return
				}
			}
		})
	}
	racing.Wait()
	got := values(t, s)
	sums := map[bool]int{}
	for k, v := range got {
		n, _ := strconv.Atoi(v)
		sums[k[0] == 't'] += n
	}
	if sums[false] != racers*laps || sums[true] != racers*laps {
		t.Errorf("counters %v, want both kinds to make %d", got, racers*laps)
	}
}

// raise adds one to two counters in one commit.
func raise(ctx context.Context, s kv.Store, keys ...string) error {
	for {
		all, _, err := s.Load(ctx)
		if err != nil {
			return err
		}
		now := map[string]kv.Record{}
		for r, err := range all {
			if err != nil {
				return err
			}
			now[r.Key] = r
		}
		var checks []kv.Check
		var ops []kv.Op
		for _, key := range keys {
			n, _ := strconv.Atoi(string(now[key].Value))
			checks = append(checks, kv.Check{Key: key, Revision: now[key].Revision})
			ops = append(ops, put(key, strconv.Itoa(n+1)))
		}
		if _, err := s.Commit(ctx, checks, ops); !errors.Is(err, kv.ErrConflict) {
			return err
		}
	}
}

func values(t *testing.T, s kv.Store) map[string]string {
	t.Helper()
	all, _, err := s.Load(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	for r, err := range all {
		if err != nil {
			t.Fatal(err)
		}
		got[r.Key] = string(r.Value)
	}
	return got
}

// A copy kept by Load and Watch, while others write, ends up the same, and
// every acknowledged revision belongs to one commit.
func testReplica(t *testing.T, s kv.Store) {
	commit(t, s, nil, put("k0", "0"))
	copied := values(t, s)
	_, after := dump(t, s)
	var racing sync.WaitGroup
	var mu sync.Mutex
	acknowledged := map[int64]bool{}
	for i := range 4 {
		racing.Go(func() {
			for j := range 12 {
				ops := []kv.Op{put(fmt.Sprint("k", j%5), fmt.Sprint(i, j)), remove(fmt.Sprint("x", i))}
				if j%3 == 0 {
					ops[1] = put(fmt.Sprint("x", i), "1")
				}
				r, err := s.Commit(t.Context(), nil, ops)
				mu.Lock()
				if err != nil || acknowledged[r] {
					t.Errorf("revision %d (twice: %v), error %v", r, acknowledged[r], err)
				}
				acknowledged[r] = true
				mu.Unlock()
			}
		})
	}
	for _, c := range next(t, s, after, 4*12) {
		if c.Revision <= after {
			t.Fatalf("revision %d after %d", c.Revision, after)
		}
		after = c.Revision
		apply(copied, c.Ops)
	}
	racing.Wait()
	if diff := differ(values(t, s), copied); diff != "" {
		t.Error(diff)
	}
}

func apply(to map[string]string, ops []kv.Op) {
	for _, op := range ops {
		if op.Delete {
			delete(to, op.Key)
		} else {
			to[op.Key] = string(op.Value)
		}
	}
}

// Random commits do what they would do to a map.
func testModel(t *testing.T, s kv.Store) {
	random := rand.New(rand.NewPCG(1, 2))
	model := map[string]kv.Record{}
	for step := range 150 {
		var checks []kv.Check
		ops := map[string]kv.Op{}
		holds := true
		for range random.IntN(3) {
			key := fmt.Sprint("k", random.IntN(6))
			c := kv.Check{Key: key, Revision: model[key].Revision}
			if random.IntN(8) == 0 {
				c.Revision++
				holds = false
			}
			checks = append(checks, c)
		}
		for range 1 + random.IntN(4) {
			key := fmt.Sprint("k", random.IntN(6))
			ops[key] = kv.Op{Key: key, Delete: true}
			if random.IntN(3) > 0 {
				ops[key] = put(key, fmt.Sprint(step))
			}
		}
		r, err := s.Commit(t.Context(), checks, slices.Collect(maps.Values(ops)))
		if holds != (err == nil) || err != nil && !errors.Is(err, kv.ErrConflict) {
			t.Fatalf("step %d: checks hold: %v, error %v", step, holds, err)
		}
		for _, op := range ops {
			if err == nil && op.Delete {
				delete(model, op.Key)
			} else if err == nil {
				model[op.Key] = kv.Record{Key: op.Key, Value: op.Value, Revision: r}
			}
		}
	}
	all, _, err := s.Load(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]kv.Record{}
	for r := range all {
		got[r.Key] = r
	}
	if diff := differ(model, got); diff != "" {
		t.Error(diff)
	}
}

// What was acknowledged is there after reopening, with its revisions; changes
// of before are forgotten or told, but never skipped.
func testReopen(t *testing.T, open func(t *testing.T) (kv.Store, func(t *testing.T) kv.Store)) {
	s, reopen := open(t)
	r1 := commit(t, s, nil, put("a", "1"), put("b", "1"))
	r2 := commit(t, s, nil, remove("b"), put("c", ""))
	before, _ := dump(t, s)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s = reopen(t)
	defer s.Close()
	after, revision := dump(t, s)
	if diff := differ(before, after); diff != "" || revision != r2 {
		t.Errorf("reopened at %d, want %d:\n%s", revision, r2, diff)
	}
	for c, err := range s.Watch(t.Context(), r1) {
		if err != nil && !errors.Is(err, kv.ErrCompacted) || err == nil && c.Revision != r2 {
			t.Errorf("watch after %d begins with %v, %v", r1, c, err)
		}
		break
	}
	conflict(t, s, []kv.Check{{Key: "a", Revision: r2}}, put("a", "2"))
	r3 := commit(t, s, []kv.Check{{Key: "a", Revision: r1}}, put("a", "2"))
	if r3 <= r2 {
		t.Errorf("revision %d after %d", r3, r2)
	}
	if c := next(t, s, r2, 1)[0]; c.Revision != r3 {
		t.Errorf("the change after %d is %v", r2, c)
	}
}
