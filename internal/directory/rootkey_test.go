package directory

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/deputy-sts/deputy/internal/kv/boltkv"
	"github.com/deputy-sts/deputy/internal/seal"
)

// TestSec_F10_RootKeyStaysOut: the file of a store, which is what a backup
// copies, holds the root key in no form and no secret in clear; and where the
// root key is missing the copy is refused and left as it is.
func TestSec_F10_RootKeyStaysOut(t *testing.T) {
	dir := t.TempDir()
	keyFile, path := filepath.Join(dir, "root.key"), filepath.Join(dir, "deputy.db")
	ring, _, err := seal.LoadOrCreate(keyFile)
	if err != nil {
		t.Fatal(err)
	}
	store := must(boltkv.Open(path, boltkv.Options{}))
	d := open(t, store, ring)
	bob := user("bob")
	key := accessKey(bob)
	change(t, d, func(tx *Tx) {
		tx.PutAccount(nil, &Account{ID: acct, Name: "main"})
		tx.PutUser(nil, bob)
		tx.PutKey(nil, key)
		tx.Outbox("1", []byte("a line"))
	})
	d.Close()
	store.Close()

	line := ""
	for l := range strings.Lines(string(must(os.ReadFile(keyFile)))) {
		if strings.HasPrefix(l, "key ") {
			line = strings.Fields(l)[2]
		}
	}
	raw := must(base64.StdEncoding.DecodeString(line))
	if len(raw) < 32 {
		t.Fatalf("a key of %d bytes", len(raw))
	}
	backup := must(os.ReadFile(path))
	if !bytes.Contains(backup, []byte(key.key())) {
		t.Fatal("the file does not hold the record that is looked at")
	}
	for what, part := range map[string][]byte{
		"the root key": raw, "its first half": raw[:16], "its second half": raw[16:32],
		"its text": []byte(line[:20]), "its hex": []byte(hex.EncodeToString(raw[:16])), "an access key's secret": []byte(key.Secret),
	} {
		if bytes.Contains(backup, part) {
			t.Errorf("the store's file holds %s", what)
		}
	}

	elsewhere := filepath.Join(t.TempDir(), "deputy.db")
	if err := os.WriteFile(elsewhere, backup, 0o600); err != nil {
		t.Fatal(err)
	}
	copied := must(boltkv.Open(elsewhere, boltkv.Options{}))
	_, err = Open(t.Context(), copied, newRing(t), Options{})
	if missing := (seal.ErrUnknownKey{}); !errors.As(err, &missing) || missing.KeyID != ring.KeyID() {
		t.Errorf("a copy without its root key: %v", err)
	}
	again := open(t, copied, ring)
	if k := again.View().Key(key.ID); k == nil || k.Secret != key.Secret {
		t.Error("the copy does not open with the root key any more")
	}
	again.Close()
	copied.Close()
}
