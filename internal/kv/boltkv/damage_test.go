package boltkv

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.etcd.io/bbolt"

	"github.com/deputy-sts/deputy/internal/kv"
)

// filled makes a store of n records and gives its file's bytes.
func filled(t *testing.T, path string, n int) []byte {
	t.Helper()
	s := open(t, path)
	for i := 0; i < n; i += 50 {
		var ops []kv.Op
		for j := i; j < i+50; j++ {
			ops = append(ops, put(fmt.Sprintf("record/%04d", j), strings.Repeat(fmt.Sprint(j), 40)))
		}
		if _, err := s.Commit(t.Context(), nil, ops); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// loaded gives all records of the file, or the error of opening or loading it.
func loaded(t *testing.T, path string) (map[string]string, error) {
	s, err := Open(path, Options{})
	if err != nil {
		return nil, err
	}
	defer s.Close()
	all, _, err := s.Load(t.Context())
	if err != nil {
		return nil, err
	}
	got := map[string]string{}
	for r, err := range all {
		if err != nil {
			return nil, err
		}
		got[r.Key] = string(r.Value)
	}
	return got, nil
}

// A file with a flipped bit, a zeroed page or a cut end is told at start; it
// never crashes the process and never serves something else. Bits that nobody
// reads (free pages, old meta pages) may go unnoticed.
func TestSec_G09_DamageIsFound(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "store.db")
	good := filled(t, path, 500)
	want, err := loaded(t, path)
	if err != nil || len(want) != 500 {
		t.Fatalf("%d records, error %v", len(want), err)
	}
	used := bytes.Index(good, []byte("record/0250"))
	if used < 0 {
		t.Fatal("no record in the file")
	}
	found, total := 0, 0
	try := func(what string, b []byte, must bool) {
		t.Helper()
		total++
		if err := os.WriteFile(path, b, 0o600); err != nil {
			t.Fatal(err)
		}
		got, err := loaded(t, path)
		switch {
		case err != nil:
			found++
			if !strings.Contains(err.Error(), path) || strings.Contains(err.Error(), "another process") {
				t.Errorf("%s: error %v", what, err)
			}
		case must:
			t.Errorf("%s: not found", what)
		case len(got) != len(want):
			t.Errorf("%s: %d records", what, len(got))
		default:
			for k, v := range want {
				if got[k] != v {
					t.Errorf("%s: %s has another value", what, k)
				}
			}
		}
	}
	rounds := 400
	if testing.Short() {
		rounds = 25
	}
	random := rand.New(rand.NewPCG(1, 2))
	last := bytes.LastIndex(good, []byte("record/0499")) + 2000
	for range rounds {
		b := bytes.Clone(good)
		at := random.IntN(last)
		b[at] ^= 1 << random.IntN(8)
		try(fmt.Sprintf("bit flipped in byte %d", at), b, false)
	}
	for i := range 40 {
		b := bytes.Clone(good)
		at := used + i
		b[at] ^= 4
		try(fmt.Sprintf("bit flipped in byte %d of a record", i), b, false)
	}
	page := os.Getpagesize()
	for at := 0; at < last; at += page {
		b := bytes.Clone(good)
		clear(b[at : at+page])
		try(fmt.Sprintf("page %d zeroed", at/page), b, false)
	}
	for i := range 2 {
		for at := metaAt; at < metaAt+metaSize; at++ {
			b := bytes.Clone(good)
			b[i*page+at] ^= 1
			try(fmt.Sprintf("bit flipped in byte %d of meta page %d", at, i), b, true)
		}
	}
	for _, size := range []int{1, page - 1, page, 2 * page, 3 * page, 4 * page, last / 2} {
		try(fmt.Sprintf("cut to %d bytes", size), good[:size], true)
	}
	try("not a store", bytes.Repeat([]byte("text\n"), 10000), true)
	if found < total/4 {
		t.Errorf("%d of %d damages found", found, total)
	}
	t.Logf("%d of %d damages found", found, total)
	if err := os.WriteFile(path, good, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := loaded(t, path); err != nil {
		t.Errorf("the undamaged file: %v", err)
	}
}

// A record that was replaced by a sound older one, or taken out, is missed.
func TestStaleRecordIsFound(t *testing.T) {
	for name, change := range map[string]func(b *bbolt.Bucket) error{
		"stale":   func(b *bbolt.Bucket) error { return b.Put([]byte("a"), newStored("a", 1, []byte("old"))) },
		"removed": func(b *bbolt.Bucket) error { return b.Delete([]byte("a")) },
		"added":   func(b *bbolt.Bucket) error { return b.Put([]byte("b"), newStored("b", 1, nil)) },
		"moved":   func(b *bbolt.Bucket) error { return b.Put([]byte("b"), bytes.Clone(b.Get([]byte("a")))) },
	} {
		path := filepath.Join(t.TempDir(), "store.db")
		s := open(t, path)
		for _, v := range []string{"old", "new"} {
			if _, err := s.Commit(t.Context(), nil, []kv.Op{put("a", v)}); err != nil {
				t.Fatal(err)
			}
		}
		err := s.db.Update(func(tx *bbolt.Tx) error { return change(tx.Bucket(recordsBucket)) })
		if err != nil {
			t.Fatal(err)
		}
		s.Close()
		if _, err := loaded(t, path); !errors.Is(err, ErrCorrupt) {
			t.Errorf("%s: error %v", name, err)
		}
	}
}

// What the operator accepts to lose is the last commit and no more.
func TestAcceptLoss(t *testing.T) {
	dir := t.TempDir()
	good := filled(t, filepath.Join(dir, "store.db"), 100)
	var counts []int
	for i := range 2 {
		path := filepath.Join(dir, fmt.Sprint(i))
		b := bytes.Clone(good)
		b[i*os.Getpagesize()+metaAt+40] ^= 1
		if err := os.WriteFile(path, b, 0o600); err != nil {
			t.Fatal(err)
		}
		s, err := Open(path, Options{AcceptLoss: true})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := s.Commit(t.Context(), nil, []kv.Op{put("more", "1")}); err != nil {
			t.Fatal(err)
		}
		s.Close()
		got, err := loaded(t, path) // the commit wrote a sound meta page
		if err != nil {
			t.Fatal(err)
		}
		counts = append(counts, len(got))
	}
	if counts[0]+counts[1] != 51+101 {
		t.Errorf("records %v, want 51 and 101", counts)
	}
}

func TestOtherFiles(t *testing.T) {
	path := filepath.Join(t.TempDir(), "store.db")
	db, err := bbolt.Open(path, 0o600, nil)
	if err != nil {
		t.Fatal(err)
	}
	err = db.Update(func(tx *bbolt.Tx) error { _, err := tx.CreateBucket([]byte("other")); return err })
	if err != nil {
		t.Fatal(err)
	}
	db.Close()
	if _, err := Open(path, Options{}); err == nil || !strings.Contains(err.Error(), "not a store of this program") {
		t.Errorf("another program's file: %v", err)
	}

	path = filepath.Join(t.TempDir(), "store.db")
	s := open(t, path)
	err = s.db.Update(func(tx *bbolt.Tx) error { return tx.Bucket(metaBucket).Put(formatKey, []byte{2}) })
	if err != nil {
		t.Fatal(err)
	}
	s.Close()
	if _, err := Open(path, Options{}); err == nil || !strings.Contains(err.Error(), "newer") {
		t.Errorf("a newer format: %v", err)
	}
}

// A second opener is refused within a second, and the first is not disturbed.
func TestSec_G12_SecondProcess(t *testing.T) {
	path := filepath.Join(t.TempDir(), "store.db")
	s := open(t, path)
	start := time.Now()
	_, err := Open(path, Options{})
	if err == nil || !strings.Contains(err.Error(), "already running") || !strings.Contains(err.Error(), path) {
		t.Errorf("error %v", err)
	}
	if took := time.Since(start); took > time.Second {
		t.Errorf("refused after %v", took)
	}
	if _, err := s.Commit(t.Context(), nil, []kv.Op{put("a", "1")}); err != nil {
		t.Error(err)
	}
	s.Close()
	open(t, path)
}

func TestOpenFails(t *testing.T) {
	path := filepath.Join(t.TempDir(), "none", "store.db")
	if _, err := Open(path, Options{}); err == nil || !strings.Contains(err.Error(), path) {
		t.Errorf("in a missing directory: %v", err)
	}
}
