package kvtest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/deputy-sts/deputy/internal/kv"
)

func testEmpty(t *testing.T, s kv.Store) {
	if records, revision := dump(t, s); len(records) != 0 || revision != 0 {
		t.Errorf("an empty store holds %v at %d", records, revision)
	}
	if r := commit(t, s, nil); r != 0 {
		t.Errorf("a commit of nothing gave revision %d", r)
	}
}

func testCommit(t *testing.T, s kv.Store) {
	r1 := commit(t, s, nil, put("a", "1"), put("b", "1"))
	r2 := commit(t, s, nil, put("b", "2"), put("c", ""))
	r3 := commit(t, s, nil, remove("a"), remove("never"))
	if !(0 < r1 && r1 < r2 && r2 < r3) {
		t.Fatalf("revisions %d, %d, %d", r1, r2, r3)
	}
	records, revision := dump(t, s)
	want := []string{fmt.Sprintf("b=2@%d", r2), fmt.Sprintf("c=@%d", r2)}
	if diff := differ(want, records); diff != "" || revision != r3 {
		t.Errorf("at %d, want %d:\n%s", revision, r3, diff)
	}
	if r := commit(t, s, []kv.Check{{Key: "b", Revision: r2}}); r != r3 {
		t.Errorf("a commit of checks alone gave revision %d, want the current %d", r, r3)
	}
}

func testChecks(t *testing.T, s kv.Store) {
	absent := []kv.Check{{Key: "a"}}
	r1 := commit(t, s, absent, put("a", "1"))
	conflict(t, s, absent, put("a", "2"))
	conflict(t, s, []kv.Check{{Key: "a", Revision: r1 + 1}}, put("a", "2"))
	conflict(t, s, []kv.Check{{Key: "other", Revision: r1}}, put("a", "2"))
	conflict(t, s, []kv.Check{{Key: "a", Revision: r1 - 1}})
	r2 := commit(t, s, []kv.Check{{Key: "a", Revision: r1}, {Key: "b"}}, put("a", "2"))
	conflict(t, s, []kv.Check{{Key: "a", Revision: r1}}, remove("a"))
	commit(t, s, []kv.Check{{Key: "a", Revision: r2}}, remove("a"))
	conflict(t, s, []kv.Check{{Key: "a", Revision: r2}}, put("a", "3"))
	r4 := commit(t, s, absent, put("a", "4"))
	records, _ := dump(t, s)
	if diff := differ([]string{fmt.Sprintf("a=4@%d", r4)}, records); diff != "" {
		t.Error(diff)
	}
}

// A refused commit leaves no trace: no record, no revision, no change.
func testAllOrNone(t *testing.T, s kv.Store) {
	r1 := commit(t, s, nil, put("a", "1"))
	conflict(t, s, []kv.Check{{Key: "a", Revision: r1}, {Key: "b", Revision: 7}}, put("a", "2"), put("c", "2"), remove("x"))
	records, revision := dump(t, s)
	if diff := differ([]string{fmt.Sprintf("a=1@%d", r1)}, records); diff != "" || revision != r1 {
		t.Errorf("at %d, want %d:\n%s", revision, r1, diff)
	}
	r2 := commit(t, s, nil, put("d", "1"))
	if c := next(t, s, r1, 1)[0]; c.Revision != r2 || len(c.Ops) != 1 || c.Ops[0].Key != "d" {
		t.Errorf("the change after the refused commit is %v", c)
	}
}

func testInvalid(t *testing.T, s kv.Store) {
	for name, ops := range map[string][]kv.Op{
		"empty key":   {put("", "1")},
		"long key":    {put(strings.Repeat("k", kv.MaxKey+1), "1")},
		"long value":  {{Key: "a", Value: make([]byte, kv.MaxValue+1)}},
		"twice":       {put("a", "1"), put("b", "1"), remove("a")},
		"twice, many": many(20, "x", "x7"),
	} {
		if _, err := s.Commit(t.Context(), nil, ops); err == nil || errors.Is(err, kv.ErrConflict) {
			t.Errorf("%s: error %v", name, err)
		}
	}
	for _, c := range []kv.Check{{}, {Key: "a", Revision: -1}} {
		if _, err := s.Commit(t.Context(), []kv.Check{c}, []kv.Op{put("a", "1")}); err == nil || errors.Is(err, kv.ErrConflict) {
			t.Errorf("check %v: error %v", c, err)
		}
	}
	commit(t, s, nil, put(strings.Repeat("k", kv.MaxKey), "1"), kv.Op{Key: "v", Value: make([]byte, kv.MaxValue)})
	if records, _ := dump(t, s); len(records) != 2 {
		t.Errorf("%d records, want 2", len(records))
	}
}

func many(n int, prefix string, more ...string) []kv.Op {
	var ops []kv.Op
	for i := range n {
		ops = append(ops, put(fmt.Sprint(prefix, i), "1"))
	}
	for _, key := range more {
		ops = append(ops, put(key, "1"))
	}
	return ops
}

// What a caller does with its buffers after a commit changes nothing.
func testCopies(t *testing.T, s kv.Store) {
	value := []byte("before")
	ops := []kv.Op{{Key: "a", Value: value}}
	r, err := s.Commit(t.Context(), nil, ops)
	if err != nil {
		t.Fatal(err)
	}
	copy(value, "AFTER!")
	ops[0] = put("b", "2")
	records, _ := dump(t, s)
	if diff := differ([]string{fmt.Sprintf("a=before@%d", r)}, records); diff != "" {
		t.Error(diff)
	}
	if c := next(t, s, 0, 1)[0]; c.Ops[0].Key != "a" || !bytes.Equal(c.Ops[0].Value, []byte("before")) {
		t.Errorf("the change became %v", c)
	}
}

func testLoadOrder(t *testing.T, s kv.Store) {
	keys := []string{"b", "a/2", "a", "a/10", "\x00", "é", "B", "a-", "a/"}
	for _, k := range keys {
		commit(t, s, nil, put(k, "1"))
	}
	var got []string
	all, _, err := s.Load(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for r, err := range all {
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, r.Key)
	}
	slices.Sort(keys)
	if diff := differ(keys, got); diff != "" {
		t.Error(diff)
	}
}

// A load shows one revision, whatever is committed while it is read, and may be
// broken off, read twice or left.
func testSnapshot(t *testing.T, s kv.Store) {
	commit(t, s, nil, many(100, "k")...)
	all, revision, err := s.Load(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := s.Load(t.Context()); err != nil { // left
		t.Fatal(err)
	}
	for range all {
		break
	}
	n := 0
	for r, err := range all {
		if err != nil || r.Revision > revision {
			t.Fatalf("record %v of a load at %d, error %v", r, revision, err)
		}
		if n == 0 {
			commit(t, s, nil, put("k99", "later"), remove("k98"), put("zz", "later"))
		}
		n++
	}
	if n != 100 {
		t.Errorf("%d records, want 100", n)
	}
}

func testContext(t *testing.T, s kv.Store) {
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := s.Commit(ended, nil, []kv.Op{put("a", "1")}); !errors.Is(err, context.Canceled) {
		t.Errorf("commit with an ended context: %v", err)
	}
	if _, _, err := s.Load(ended); !errors.Is(err, context.Canceled) {
		t.Errorf("load with an ended context: %v", err)
	}
	if records, _ := dump(t, s); len(records) != 0 {
		t.Errorf("a commit with an ended context wrote %v", records)
	}
}
