package seal

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"
)

func newRing(t testing.TB) *Ring {
	t.Helper()
	k, err := NewKey()
	if err != nil {
		t.Fatal(err)
	}
	r, err := NewRing(k)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestRoundTrip(t *testing.T) {
	r := newRing(t)
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.SliceOf(rapid.Byte()).Draw(t, "text")
		aad := rapid.SliceOf(rapid.Byte()).Draw(t, "aad")
		before := rapid.SliceOf(rapid.Byte()).Draw(t, "before")
		sealed := r.AppendSeal(bytes.Clone(before), Record, aad, text)
		if !bytes.HasPrefix(sealed, before) || len(sealed) != len(before)+len(text)+Overhead {
			t.Fatalf("%d bytes behind %d became %d", len(text), len(before), len(sealed))
		}
		opened, err := r.AppendOpen(bytes.Clone(before), Record, aad, sealed[len(before):])
		if err != nil || !bytes.Equal(opened, append(before, text...)) {
			t.Fatalf("opened %x, error %v", opened, err)
		}
		if _, err := r.Open(Record, append(aad, 0), sealed[len(before):]); !errors.Is(err, ErrCorrupt) {
			t.Fatalf("opened for something else: %v", err)
		}
	})
}

// A subkey wears out after 2^24 seals or an hour; no nonce comes twice.
func TestSec_F01_SubkeysWearOut(t *testing.T) {
	salt := func(r *Ring) string {
		return string(r.Seal(Record, nil, nil)[saltAt:headerSize])
	}
	synctest.Test(t, func(t *testing.T) {
		r := newRing(t)
		first := salt(r)
		time.Sleep(subkeyAge - time.Nanosecond)
		if salt(r) != first {
			t.Error("a new salt within the hour")
		}
		time.Sleep(time.Nanosecond)
		second := salt(r)
		if second == first {
			t.Error("the same salt after an hour")
		}
		r.sealer(Record).current.Load().seals.Store(subkeySeals - 1)
		if salt(r) != second {
			t.Error("a new salt before 2^24 seals")
		}
		if salt(r) == second {
			t.Error("the same salt after 2^24 seals")
		}
		if got := r.sealer(Record).current.Load().seals.Load(); got != 1 {
			t.Errorf("a new subkey that sealed once counts %d", got)
		}
	})
	r := newRing(t)
	if salt(r) == salt(newRing(t)) || string(r.Seal(Record, nil, nil)[saltAt:headerSize]) == string(r.Seal(Cookie, nil, nil)[saltAt:headerSize]) {
		t.Error("two rings or purposes share a salt")
	}
}

// 10^8 nonces with DEPUTY_LONG=1 (800 MB of memory), else 2^17. Eight of their
// twelve bytes are compared: more than is asked.
func TestSec_F01_NoncesDoNotRepeat(t *testing.T) {
	n := 1 << 17
	if os.Getenv("DEPUTY_LONG") != "" {
		n = 100_000_000
	}
	r := newRing(t)
	nonces := make([]uint64, n)
	buf := make([]byte, 0, Overhead)
	for i := range nonces {
		sealed := r.AppendSeal(buf, Record, nil, nil)
		for _, b := range sealed[headerSize : headerSize+8] {
			nonces[i] = nonces[i]<<8 | uint64(b)
		}
	}
	slices.Sort(nonces)
	for i := 1; i < n; i++ {
		if nonces[i] == nonces[i-1] {
			t.Fatalf("nonce %016x twice in %d", nonces[i], n)
		}
	}
}

// Every one of 64 callers that come at once gets a subkey within its bounds.
func TestRenewalIsRaced(t *testing.T) {
	r := newRing(t)
	r.Seal(Record, nil, nil)
	r.sealer(Record).current.Load().seals.Store(subkeySeals - 10)
	salts := make(chan string, 64)
	var racing sync.WaitGroup
	for range cap(salts) {
		racing.Go(func() { salts <- string(r.Seal(Record, nil, nil)[saltAt:headerSize]) })
	}
	racing.Wait()
	close(salts)
	count := map[string]int{}
	for s := range salts {
		count[s]++
	}
	if len(count) != 2 || !slices.Contains([]int{10, 54}, count[string(r.Seal(Record, nil, nil)[saltAt:headerSize])]) {
		t.Errorf("seals per salt: %v, want 10 and 54", count)
	}
}

func TestSec_F02_AlteredTextsDoNotOpen(t *testing.T) {
	r := newRing(t)
	sealed := r.Seal(Session, []byte("aad"), []byte("a secret of some length"))
	refused := func(what string, at int, b []byte) {
		t.Helper()
		if text, err := r.Open(Session, []byte("aad"), b); err == nil {
			t.Errorf("%s at byte %d: opened as %q", what, at, text)
		} else if !errors.Is(err, ErrCorrupt) && !errors.Is(err, ErrUnknownKey{}) {
			t.Errorf("%s at byte %d: error %v", what, at, err)
		}
	}
	for i := range sealed {
		for bit := range 8 {
			b := bytes.Clone(sealed)
			b[i] ^= 1 << bit
			refused("flipped", i, b)
		}
		refused("deleted", i, slices.Delete(bytes.Clone(sealed), i, i+1))
		refused("inserted", i, slices.Insert(bytes.Clone(sealed), i, sealed[i]))
		refused("truncated", i, sealed[:i])
	}
	refused("appended", len(sealed), append(bytes.Clone(sealed), 0))
	if _, err := r.Open(Session, []byte("aad"), sealed); err != nil {
		t.Errorf("the text itself: %v", err)
	}
}

func TestSec_F04_PurposesDoNotMix(t *testing.T) {
	r := newRing(t)
	purposes := []string{Session, Record, Canary, Marker, Cookie, Signin}
	for _, from := range purposes {
		sealed := r.Seal(from, []byte("aad"), []byte("text"))
		for _, to := range purposes {
			for range 2 { // derived, and from the table of subkeys
				if _, err := r.Open(to, []byte("aad"), sealed); (err == nil) != (from == to) {
					t.Errorf("sealed as %s, opened as %s: %v", from, to, err)
				}
			}
		}
	}
	// A purpose and the beginning of the data do not run into one another.
	if _, err := r.Open("ab", []byte("c"), r.Seal("a", []byte("bc"), nil)); err == nil {
		t.Error("purpose and associated data run together")
	}
}

// Two sealed records that swap places, or move to another key, do not open.
func TestSec_F09_SwappedRowsDoNotOpen(t *testing.T) {
	r := newRing(t)
	rows := map[string][]byte{}
	for _, key := range []string{"key/AKIA1", "key/AKIA2", "key/AKIA"} {
		rows[key] = r.Seal(Record, []byte(key), []byte("secret of "+key))
	}
	for from, sealed := range rows {
		for to := range rows {
			if _, err := r.Open(Record, []byte(to), sealed); (err == nil) != (from == to) {
				t.Errorf("the row of %s under %s: %v", from, to, err)
			}
		}
	}
}

func TestRotation(t *testing.T) {
	old, _ := NewKey()
	new, _ := NewKey()
	before, err := NewRing(old)
	if err != nil {
		t.Fatal(err)
	}
	sealed := before.Seal(Record, nil, []byte("text"))
	published, err := NewRing(old, new)
	if err != nil {
		t.Fatal(err)
	}
	rotated, err := NewRing(new, old)
	if err != nil {
		t.Fatal(err)
	}
	if rotated.KeyID() != new.ID() || !slices.Equal(rotated.KeyIDs(), []string{new.ID(), old.ID()}) {
		t.Errorf("keys %v", rotated.KeyIDs())
	}
	for _, r := range []*Ring{published, rotated} {
		if text, err := r.Open(Record, nil, sealed); err != nil || string(text) != "text" {
			t.Errorf("%v does not open what was sealed before: %v", r, err)
		}
	}
	if _, err := published.Open(Record, nil, rotated.Seal(Record, nil, nil)); err != nil {
		t.Errorf("a ring with the key published does not open what it sealed: %v", err)
	}
	var missing ErrUnknownKey
	if _, err := before.Open(Record, nil, rotated.Seal(Record, nil, nil)); !errors.As(err, &missing) || missing.KeyID != new.ID() {
		t.Errorf("a ring without the key: %v", err)
	}
	for name, keys := range map[string][]Key{"twice": {old, old}, "empty": {old, {}}} {
		if _, err := NewRing(keys[0], keys[1:]...); err == nil {
			t.Errorf("a ring of keys %s", name)
		}
	}
}

// The table of subkeys is bounded, still opens what it dropped, and is not
// filled by those who make salts up.
func TestOpenedTable(t *testing.T) {
	k, _ := NewKey()
	r, err := NewRing(k)
	if err != nil {
		t.Fatal(err)
	}
	kept := func() (n int) {
		for i := range r.opened.slots {
			for j := range r.opened.slots[i] {
				if r.opened.slots[i][j].Load() != nil {
					n++
				}
			}
		}
		return n
	}
	sealed := r.Seal(Record, nil, []byte("text"))
	for i := range 1000 {
		b := bytes.Clone(sealed)
		b[saltAt], b[saltAt+1] = byte(i), byte(i>>8)
		b[headerSize]++
		r.Open(Record, nil, b)
	}
	if n := kept(); n != 0 {
		t.Fatalf("texts that did not open left %d subkeys", n)
	}
	all := [][]byte{}
	for range 3 * openedSets * openedWays / 2 {
		other, err := NewRing(k)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, other.Seal(Record, nil, []byte("text")))
	}
	for range 2 {
		for _, sealed := range all {
			if _, err := r.Open(Record, nil, sealed); err != nil {
				t.Fatal(err)
			}
		}
	}
	if n := kept(); n < openedSets || n > openedSets*openedWays {
		t.Errorf("%d subkeys kept", n)
	}
}

func TestSec_F08_KeysDoNotPrint(t *testing.T) {
	k, _ := NewKey()
	r, err := NewRing(k)
	if err != nil {
		t.Fatal(err)
	}
	var out strings.Builder
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%x", "%X", "%d", "%q", "%c"} {
		fmt.Fprintf(&out, verb+verb+verb+"\n", k, &k, struct{ K Key }{k})
	}
	fmt.Fprintf(&out, "%v %+v %#v %s\n", r, r, r, r)
	for _, h := range []slog.Handler{slog.NewJSONHandler(&out, nil), slog.NewTextHandler(&out, nil)} {
		slog.New(h).Info("key", "key", k, "ring", r)
	}
	canaries := []string{string(k.secret[:4]), fmt.Sprintf("%x", k.secret[:4]), fmt.Sprintf("%X", k.secret[:4]), strings.Trim(fmt.Sprint(k.secret[:4]), "[]"), k.line()[13:20]}
	for _, c := range canaries {
		if strings.Contains(out.String(), c) {
			t.Errorf("%q of the key shows in\n%s", c, out.String())
		}
	}
}

func FuzzOpenSeal(f *testing.F) {
	r := newRing(f)
	good := r.Seal(Session, []byte("aad"), []byte("text"))
	f.Add(good, "session", []byte("aad"))
	f.Add(good[:Overhead], "session", []byte("aad"))
	f.Add([]byte{}, "", []byte{})
	f.Fuzz(func(t *testing.T, sealed []byte, purpose string, aad []byte) {
		genuine := bytes.Equal(sealed, good) && purpose == Session && string(aad) == "aad"
		if text, err := r.Open(purpose, aad, sealed); (err == nil) != genuine {
			t.Errorf("opened %q, error %v", text, err)
		}
	})
}

func BenchmarkSeal(b *testing.B) {
	r := newRing(b)
	text, buf := make([]byte, 400), make([]byte, 0, 500)
	aad := []byte("ASIAQEXAMPLEEXAMPLE1")
	b.ReportAllocs()
	for b.Loop() {
		r.AppendSeal(buf, Session, aad, text)
	}
}

func BenchmarkSealParallel(b *testing.B) {
	r := newRing(b)
	aad := []byte("ASIAQEXAMPLEEXAMPLE1")
	b.RunParallel(func(pb *testing.PB) {
		text, buf := make([]byte, 400), make([]byte, 0, 500)
		for pb.Next() {
			r.AppendSeal(buf, Session, aad, text)
		}
	})
}

func BenchmarkOpenSeal(b *testing.B) {
	r := newRing(b)
	aad := []byte("ASIAQEXAMPLEEXAMPLE1")
	sealed, buf := r.Seal(Session, aad, make([]byte, 400)), make([]byte, 0, 500)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := r.AppendOpen(buf, Session, aad, sealed); err != nil {
			b.Fatal(err)
		}
	}
}

// A process killed while it made the key file leaves a copy under another name; the
// next start removes it, but not the file that another process is making.
func TestLeftoversAreRemoved(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "root.key")
	old, fresh := filepath.Join(dir, ".root-key-1"), filepath.Join(dir, ".root-key-2")
	for _, name := range []string{old, fresh} {
		if err := os.WriteFile(name, []byte("a copy"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	hourAgo := time.Now().Add(-time.Hour)
	if err := os.Chtimes(old, hourAgo, hourAgo); err != nil {
		t.Fatal(err)
	}
	if _, _, err := LoadOrCreate(path); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Lstat(old); err == nil {
		t.Error("the copy is still there")
	}
	if _, err := os.Lstat(fresh); err != nil {
		t.Error("a file in the making is gone")
	}
}
