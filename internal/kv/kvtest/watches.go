package kvtest

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/deputy-sts/deputy/internal/kv"
)

func testWatch(t *testing.T, s kv.Store) {
	r1 := commit(t, s, nil, put("a", "1"), put("b", ""))
	r2 := commit(t, s, []kv.Check{{Key: "a", Revision: r1}}, remove("a"))
	want := []kv.Change{
		{Revision: r1, Ops: []kv.Op{put("a", "1"), {Key: "b", Value: []byte{}}}},
		{Revision: r2, Ops: []kv.Op{remove("a")}},
	}
	if diff := differ(want, next(t, s, 0, 2)); diff != "" {
		t.Error(diff)
	}
}

func testWatchResume(t *testing.T, s kv.Store) {
	var revisions []int64
	for i := range 20 {
		revisions = append(revisions, commit(t, s, nil, put("a", fmt.Sprint(i))))
	}
	for i := range revisions[:19] {
		for j, c := range next(t, s, revisions[i], 19-i) {
			if c.Revision != revisions[i+1+j] {
				t.Fatalf("change %d after revision %d is %d, want %d", j, revisions[i], c.Revision, revisions[i+1+j])
			}
		}
	}
	// One that is up to date waits for what comes.
	go func() {
		time.Sleep(20 * time.Millisecond)
		s.Commit(context.WithoutCancel(t.Context()), nil, []kv.Op{put("b", "1")})
	}()
	if c := next(t, s, revisions[19], 1)[0]; c.Ops[0].Key != "b" {
		t.Errorf("waited for %v", c)
	}
}

func testWatchEnds(t *testing.T, s kv.Store) {
	r := commit(t, s, nil, put("a", "1"))
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if n, err := watchError(ctx, s, 0); n != 1 || err != nil {
		t.Errorf("%d changes and error %v, want 1 and a silent end", n, err)
	}
	if n, err := watchError(ctx, s, r); n != 0 || err != nil {
		t.Errorf("with an ended context: %d changes, error %v", n, err)
	}
}

// outrun commits until the change after revision 0 is forgotten.
func outrun(t *testing.T, s kv.Store, forgotten func() bool) {
	t.Helper()
	for i := range 20 * History {
		commit(t, s, nil, put(fmt.Sprint("k", i%7), fmt.Sprint(i)))
		if i > History/2 && forgotten() {
			return
		}
	}
	t.Skipf("the engine remembers more than %d changes", 20*History)
}

func testCompaction(t *testing.T, s kv.Store) {
	outrun(t, s, func() bool {
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		for _, err := range s.Watch(ctx, 0) {
			return errors.Is(err, kv.ErrCompacted)
		}
		return false
	})
	// The way out: load, and watch from there.
	records, revision := dump(t, s)
	if len(records) != 7 {
		t.Errorf("%d records, want 7", len(records))
	}
	r := commit(t, s, nil, put("more", "1"))
	if c := next(t, s, revision, 1)[0]; c.Revision != r {
		t.Errorf("the change after the load is %d, want %d", c.Revision, r)
	}
}

// A watcher that falls behind is told so and never misses a change silently.
func testSlowWatcher(t *testing.T, s kv.Store) {
	commit(t, s, nil, put("a", "1"))
	seen, last := 0, int64(0)
	for c, err := range s.Watch(t.Context(), 0) {
		if err != nil {
			if !errors.Is(err, kv.ErrCompacted) || seen == 0 {
				t.Errorf("after %d changes: %v", seen, err)
			}
			return
		}
		if seen == 0 {
			for i := range 3 * History {
				commit(t, s, nil, put("a", fmt.Sprint(i)))
			}
		}
		if c.Revision != last+1 {
			t.Fatalf("revision %d after %d", c.Revision, last)
		}
		last = c.Revision
		if seen++; seen == 3*History+1 {
			return // an engine that remembers all of them
		}
	}
}

func testClose(t *testing.T, s kv.Store) {
	r := commit(t, s, nil, put("a", "1"))
	ended := make(chan error, 1)
	go func() {
		_, err := watchError(context.WithoutCancel(t.Context()), s, r)
		ended <- err
	}()
	if err := s.Close(); err != nil {
		t.Fatalf("close: %v", err)
	}
	select {
	case err := <-ended:
		if !errors.Is(err, kv.ErrClosed) {
			t.Errorf("the watch ended with %v", err)
		}
	case <-time.After(patience):
		t.Error("a watch outlives the store")
	}
	if _, err := s.Commit(t.Context(), nil, []kv.Op{put("a", "2")}); !errors.Is(err, kv.ErrClosed) {
		t.Errorf("commit after close: %v", err)
	}
	if _, _, err := s.Load(t.Context()); !errors.Is(err, kv.ErrClosed) {
		t.Errorf("load after close: %v", err)
	}
	if err := s.Close(); err != nil {
		t.Errorf("close again: %v", err)
	}
}
