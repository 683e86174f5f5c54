package boltkv

import (
	"path/filepath"
	"testing"

	"github.com/deputy-sts/deputy/internal/kv"
	"github.com/deputy-sts/deputy/internal/kv/kvtest"
)

func open(t testing.TB, path string) *Store {
	t.Helper()
	s, err := Open(path, Options{History: kvtest.History})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

func TestStore(t *testing.T) {
	kvtest.RunPersistent(t, func(t *testing.T) (kv.Store, func(t *testing.T) kv.Store) {
		path := filepath.Join(t.TempDir(), "store.db")
		return open(t, path), func(t *testing.T) kv.Store { return open(t, path) }
	})
}
