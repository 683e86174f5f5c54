package boltkv

import (
	"bytes"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"github.com/deputy-sts/deputy/internal/kv"
)

// sector is what a disk writes whole.
const sector = 512

// cut makes the file that a power cut leaves between two states of it: of the
// sectors that differ those arrive that keep says, by their offset.
func cut(before, after []byte, keep func(at int) bool) []byte {
	out := make([]byte, max(len(before), len(after)))
	copy(out, before)
	for at := 0; at < len(after); at += sector {
		if keep(at) {
			copy(out[at:], after[at:min(at+sector, len(after))])
		}
	}
	return out
}

// TestSec_G10_PowerCut cuts the power in the middle of commits. The engine syncs
// the pages of a commit before it writes the meta page that makes them count: so
// any of the pages' sectors may be missing while the meta page is the old one,
// and then it is the old one or the new. The store is as it was before or after
// the commit, and after once it was acknowledged. The control leaves out what
// the first sync is for, and must be found.
func TestSec_G10_PowerCut(t *testing.T) {
	commits, cuts := 60, 4
	switch {
	case os.Getenv("DEPUTY_LONG") != "":
		commits, cuts = 500, 8
	case testing.Short():
		commits = 12
	}
	dir := t.TempDir()
	path, left := filepath.Join(dir, "store.db"), filepath.Join(dir, "left.db")
	random := rand.New(rand.NewPCG(8, 9))
	s := open(t, path)
	if s.db.NoSync || s.db.NoGrowSync {
		t.Fatal("the engine does not sync")
	}
	want := map[string]string{}
	metas := 2 * os.Getpagesize()
	lost, controls := 0, 0
	for i := range commits {
		before, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		was := maps.Clone(want)
		if _, err := s.Commit(t.Context(), nil, drawOps(random, want)); err != nil {
			t.Fatal(err)
		}
		after, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		state := func(b []byte) (map[string]string, error) {
			if err := os.WriteFile(left, b, 0o600); err != nil {
				t.Fatal(err)
			}
			return loaded(t, left)
		}
		for range cuts {
			got, err := state(cut(before, after, func(at int) bool { return at >= metas && random.IntN(2) == 0 }))
			if err != nil || !maps.Equal(got, was) {
				t.Fatalf("commit %d, cut among its pages: %d records, want %d: %v", i, len(got), len(was), err)
			}
			controls++
			got, err = state(cut(before, after, func(at int) bool { return at < metas || random.IntN(2) == 0 }))
			if err != nil {
				lost++
			} else if !maps.Equal(got, want) && !maps.Equal(got, was) {
				t.Fatalf("commit %d: unsynced pages are served: %d records, want %d", i, len(got), len(want))
			}
		}
		for _, arrived := range []bool{false, true} {
			got, err := state(cut(before, after, func(at int) bool { return at >= metas || arrived }))
			if err != nil || arrived && !maps.Equal(got, want) || !arrived && !maps.Equal(got, was) {
				t.Fatalf("commit %d, meta page arrived: %v: %d records: %v", i, arrived, len(got), err)
			}
		}
	}
	if lost < controls/2 {
		t.Errorf("%d of %d cuts without a sync are found: the cuts are no test", lost, controls)
	}
	t.Logf("%d cuts; of %d without a sync %d are found", commits*(cuts+2), controls, lost)
}

// drawOps draws a change and applies it to want, which is what the store holds.
func drawOps(random *rand.Rand, want map[string]string) (ops []kv.Op) {
	for _, n := range random.Perm(300)[:1+random.IntN(8)] {
		key := fmt.Sprintf("record/%d", n)
		if _, there := want[key]; there && random.IntN(3) == 0 {
			delete(want, key)
			ops = append(ops, kv.Op{Key: key, Delete: true})
			continue
		}
		want[key] = string(bytes.Repeat([]byte{byte('a' + random.IntN(26))}, random.IntN(2500)))
		ops = append(ops, put(key, want[key]))
	}
	return ops
}
