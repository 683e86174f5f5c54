package seal

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

func TestLoadOrCreate(t *testing.T) {
	path := filepath.Join(t.TempDir(), "root.key")
	first, created, err := LoadOrCreate(path)
	if err != nil || !created {
		t.Fatalf("created %v, error %v", created, err)
	}
	second, created, err := LoadOrCreate(path)
	if err != nil || created || second.KeyID() != first.KeyID() {
		t.Fatalf("created %v, error %v, keys %s and %s", created, err, first.KeyID(), second.KeyID())
	}
	third, err := Load(path)
	if err != nil {
		t.Fatal(err)
	}
	if text, err := third.Open(Record, nil, first.Seal(Record, nil, []byte("text"))); err != nil || string(text) != "text" {
		t.Errorf("opened %q, error %v", text, err)
	}
	if left, _ := filepath.Glob(filepath.Join(filepath.Dir(path), ".root-key-*")); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}

// Of servers that start at once on an empty directory all get the same key.
func TestCreateIsRaced(t *testing.T) {
	path := filepath.Join(t.TempDir(), "root.key")
	ids, makers := make(chan string, 16), make(chan bool, 16)
	var racing sync.WaitGroup
	for range cap(ids) {
		racing.Go(func() {
			r, created, err := LoadOrCreate(path)
			if err != nil {
				t.Error(err)
				return
			}
			ids <- r.KeyID()
			makers <- created
		})
	}
	racing.Wait()
	close(ids)
	close(makers)
	distinct, made := map[string]bool{}, 0
	for id := range ids {
		distinct[id] = true
	}
	for m := range makers {
		if m {
			made++
		}
	}
	if len(distinct) != 1 || made != 1 {
		t.Errorf("keys %v, made by %d", distinct, made)
	}
}

// A wrong or missing key is told by its id; a file that cannot be read is never
// replaced.
func TestSec_F06_WrongOrMissingKey(t *testing.T) {
	dir := t.TempDir()
	if _, err := Load(filepath.Join(dir, "none")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a missing file: %v", err)
	}
	right, wrong := newRing(t), newRing(t)
	canary := right.NewCanary()
	if err := right.CheckCanary(canary); err != nil {
		t.Errorf("the right key: %v", err)
	}
	var missing ErrUnknownKey
	if err := wrong.CheckCanary(canary); !errors.As(err, &missing) || missing.KeyID != right.KeyID() || !strings.Contains(err.Error(), right.KeyID()) {
		t.Errorf("the wrong key: %v", err)
	}
	if err := right.CheckCanary(right.Seal(Canary, nil, []byte("another text"))); !errors.Is(err, ErrCorrupt) {
		t.Errorf("another text: %v", err)
	}
	canary[len(canary)-1] ^= 1
	if err := right.CheckCanary(canary); !errors.Is(err, ErrCorrupt) {
		t.Errorf("a damaged canary: %v", err)
	}

	k, _ := NewKey()
	other, _ := NewKey()
	good := fileHead + "\n" + k.line() + "\n"
	for name, text := range map[string]string{
		"empty":      "",
		"no key":     fileHead + "\n# nothing\n",
		"no head":    k.line() + "\n",
		"newer":      "deputy root keys v2\n" + k.line() + "\n",
		"cut":        good[:len(good)-5],
		"wrong id":   fileHead + "\nkey " + other.ID() + k.line()[12:] + "\n",
		"same twice": good + k.line() + "\n",
		"binary":     "\x00\x01\x02",
		"long line":  fileHead + "\n" + strings.Repeat("k", fileLimit),
	} {
		path := filepath.Join(dir, "root.key")
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		_, created, err := LoadOrCreate(path)
		if err == nil || created || !strings.Contains(err.Error(), path) && name != "same twice" {
			t.Errorf("%s: created %v, error %v", name, created, err)
		}
		if err != nil && strings.Contains(err.Error(), k.line()[13:23]) {
			t.Errorf("%s: the error shows the key: %v", name, err)
		}
		if now, _ := os.ReadFile(path); string(now) != text {
			t.Errorf("%s: the file was altered to %q", name, now)
		}
	}
}

func TestSeveralKeys(t *testing.T) {
	first, _ := NewKey()
	second, _ := NewKey()
	path := filepath.Join(t.TempDir(), "root.key")
	text := "# mine\n\n" + fileHead + "\n  " + first.line() + "  \n# the next\n" + second.line()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	r, err := Load(path)
	if err != nil {
		t.Fatal(err)
	}
	if ids := r.KeyIDs(); len(ids) != 2 || ids[0] != first.ID() || ids[1] != second.ID() {
		t.Errorf("keys %v, want %s and %s", ids, first.ID(), second.ID())
	}
}

func TestCreateFails(t *testing.T) {
	path := filepath.Join(t.TempDir(), "none", "root.key")
	if _, created, err := LoadOrCreate(path); err == nil || created || !strings.Contains(err.Error(), path) {
		t.Errorf("in a missing directory: created %v, error %v", created, err)
	}
}
