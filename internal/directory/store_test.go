package directory

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/deputy-sts/deputy/internal/kv"
	"github.com/deputy-sts/deputy/internal/kv/boltkv"
	"github.com/deputy-sts/deputy/internal/kv/memkv"
	"github.com/deputy-sts/deputy/internal/seal"
)

// stored reads the store as it is.
func stored(t *testing.T, store kv.Store) map[string][]byte {
	t.Helper()
	all, _, err := store.Load(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	out := map[string][]byte{}
	for r, err := range all {
		if err != nil {
			t.Fatal(err)
		}
		out[r.Key] = slices.Clone(r.Value)
	}
	return out
}

// overwrite does what someone does who can write the store but has no root key.
func overwrite(t *testing.T, store kv.Store, ops ...kv.Op) int64 {
	t.Helper()
	rev, err := store.Commit(t.Context(), nil, ops)
	if err != nil {
		t.Fatal(err)
	}
	return rev
}

func TestSec_F09_SwappedRecordsAreRefused(t *testing.T) {
	d, store, ring := fresh(t)
	a, b := user("alice"), user("bob")
	ka, kb := accessKey(a), accessKey(b)
	change(t, d, func(tx *Tx) {
		tx.PutUser(nil, a)
		tx.PutUser(nil, b)
		tx.PutKey(nil, ka)
		tx.PutKey(nil, kb)
	})
	values := stored(t, store)
	for key, value := range values {
		for _, secret := range []string{ka.Secret, "alice"} {
			if strings.Contains(string(value), secret) {
				t.Errorf("%s shows %q", key, secret)
			}
		}
	}
	rev := overwrite(t, store,
		kv.Op{Key: ka.key(), Value: values[kb.key()]},
		kv.Op{Key: kb.key(), Value: values[ka.key()]})
	if err := d.WaitNewer(t.Context(), rev-1); err != nil {
		t.Fatal(err)
	}
	if got := d.View().Key(ka.ID); got == nil || got.Secret != ka.Secret {
		t.Error("a running node takes a swapped record")
	}
	if err := d.Health(); err == nil || !strings.Contains(err.Error(), ka.ID) || strings.Contains(err.Error(), ka.Secret) {
		t.Errorf("health: %v", err)
	}
	tx := d.Begin(true)
	tx.DeleteKey(tx.Key(ka.ID))
	if _, err := d.Commit(t.Context(), &tx); err == nil || errors.Is(err, kv.ErrConflict) {
		t.Errorf("a change of a record that does not open: %v", err)
	}
	_, err := Open(t.Context(), store, ring, Options{})
	if err == nil || !strings.Contains(err.Error(), min(ka.key(), kb.key())) {
		t.Errorf("Open: %v; want the key of the record", err)
	}
	overwrite(t, store, kv.Op{Key: ka.key(), Value: values[ka.key()]})
	rev = overwrite(t, store, kv.Op{Key: kb.key(), Value: values[kb.key()]})
	if err := d.WaitNewer(t.Context(), rev-1); err != nil {
		t.Fatal(err)
	}
	if err := d.Health(); err != nil {
		t.Errorf("the records are back, and health says %v", err)
	}
}

func TestSec_F06_WrongRootKey(t *testing.T) {
	d, store, ring := fresh(t)
	change(t, d, func(tx *Tx) { tx.PutUser(nil, user("bob")) })
	before := stored(t, store)
	_, err := Open(t.Context(), store, newRing(t), Options{})
	var unknown seal.ErrUnknownKey
	if !errors.As(err, &unknown) || !strings.Contains(err.Error(), ring.KeyID()) {
		t.Errorf("Open with another root key: %v; want it to name %s", err, ring.KeyID())
	}
	if after := stored(t, store); len(after) != len(before) {
		t.Error("the store was changed")
	}
}

func TestOpenRefusesWhatIsNotItsOwn(t *testing.T) {
	newer := func(v []byte) []byte { v = slices.Clone(v); v[0] = schema + 1; return v }
	for name, c := range map[string]struct {
		damage func(map[string][]byte) kv.Op
		want   string
		is     error
	}{
		"newer store": {func(m map[string][]byte) kv.Op { return kv.Op{Key: keySchema, Value: newer(m[keySchema])} }, "form is 2", ErrNewer},
		"newer record": {func(m map[string][]byte) kv.Op {
			return kv.Op{Key: "account/" + acct, Value: newer(m["account/"+acct])}
		}, "account/" + acct, ErrNewer},
		"no schema":       {func(map[string][]byte) kv.Op { return kv.Op{Key: keySchema, Delete: true} }, keySchema, nil},
		"no canary":       {func(map[string][]byte) kv.Op { return kv.Op{Key: keyCanary, Delete: true} }, keyCanary, nil},
		"a foreign value": {func(map[string][]byte) kv.Op { return kv.Op{Key: "a/1/user/x", Value: []byte("\x01hello")} }, "a/1/user/x", nil},
		"an empty value":  {func(map[string][]byte) kv.Op { return kv.Op{Key: "key/AKIA", Value: nil} }, "key/AKIA", nil},
	} {
		t.Run(name, func(t *testing.T) {
			d, store, ring := fresh(t)
			d.Close()
			overwrite(t, store, c.damage(stored(t, store)))
			_, err := Open(t.Context(), store, ring, Options{})
			if err == nil || !strings.Contains(err.Error(), c.want) || c.is != nil && !errors.Is(err, c.is) {
				t.Errorf("Open: %v; want %q", err, c.want)
			}
		})
	}
}

// TestSec_G14_UnknownFieldsSurvive: a record of a version that knows more, at
// each level of nesting, is rewritten with all that it had.
func TestSec_G14_UnknownFieldsSurvive(t *testing.T) {
	d, store, ring := fresh(t)
	p, r := managed("P"), role("R")
	put := func(key, text string) {
		t.Helper()
		rev := overwrite(t, store, kv.Op{Key: key, Value: sealValue(ring, key, []byte(text))})
		if err := d.WaitNewer(t.Context(), rev-1); err != nil {
			t.Fatal(err)
		}
	}
	put(p.key(), `{"account":"111122223333","name":"P","path":"/","id":"ANPA1","rank":7,
		"versions":[{"id":"v1","author":{"name":"<x>"},"document":{"text":"{}","lint":["a"]}}],"default":"v1","nextVersion":2}`)
	put(r.key(), `{"account":"111122223333","name":"R","path":"/","id":"AROA1","maxSessionDuration":3600,"trust":{"text":"{}","seen":1e3},"tags":[["k","v"]],"zone":null}`)
	if d.Health() != nil {
		t.Fatal(d.Health())
	}
	change(t, d, func(tx *Tx) {
		old := tx.PolicyByName(acct, "p")
		now := old.Clone()
		now.Description = "changed"
		now.Versions = append(now.Versions, &Version{ID: "v2", Document: &Inline{Text: allowAll}})
		tx.PutPolicy(old, now)
		was := tx.Role(acct, "r")
		is := was.Clone()
		is.Path = "/x/"
		tx.PutRole(was, is)
	})
	values := stored(t, store)
	for key, want := range map[string][]string{
		p.key(): {`"rank":7`, `"author":{"name":"<x>"}`, `"lint":["a"]`, `"description":"changed"`, `"v2"`},
		r.key(): {`"seen":1e3`, `"zone":null`, `"path":"/x/"`, `[["k","v"]]`},
	} {
		plain := string(must(openValue(ring, key, values[key])))
		for _, w := range want {
			if strings.Count(plain, w) != 1 {
				t.Errorf("%s: %s is not (once) in %s", key, w, plain)
			}
		}
	}
}

// TestSec_G18_DeletedLeavesNothing: no record of a deleted user, role, group,
// policy or key is left, whatever had grown around it.
func TestSec_G18_DeletedLeavesNothing(t *testing.T) {
	d, store, ring := fresh(t)
	u, r, g, p := user("bob"), role("R"), group("G"), managed("P")
	k := accessKey(u)
	change(t, d, func(tx *Tx) { tx.PutGroup(nil, g); tx.PutPolicy(nil, p) })
	change(t, d, func(tx *Tx) {
		u.Groups, u.Attached, r.Attached, u.AccessKeys = []string{g.ID}, []string{p.ARN()}, []string{p.ARN()}, []string{k.ID}
		tx.PutUser(nil, u)
		tx.PutRole(nil, r)
		tx.PutKey(nil, k)
	})
	change(t, d, func(tx *Tx) { tx.PutLockout(nil, &Lockout{UserID: u.ID, Failures: 3}) })
	for _, id := range []string{u.ID, r.ID, k.ID} {
		d.Used(id, "iam", "us-east-1", fixed())
	}
	if err := d.writeUses(t.Context()); err != nil {
		t.Fatal(err)
	}
	if n := len(stored(t, store)); n != 3+5+2+1+3 { // account and marks, entities and key, guards, lockout, uses
		t.Fatalf("%d records before", n)
	}
	change(t, d, func(tx *Tx) {
		tx.DeleteKey(tx.Key(k.ID))
		tx.DeleteUser(tx.User(acct, "bob"))
		tx.DeleteRole(tx.Role(acct, "R"))
	})
	change(t, d, func(tx *Tx) {
		tx.DeleteGroup(tx.Group(acct, "G"))
		tx.DeletePolicy(tx.PolicyByName(acct, "P"))
	})
	d.Used(u.ID, "iam", "us-east-1", fixed().Add(time.Hour))
	d.Used(k.ID, "iam", "us-east-1", fixed().Add(time.Hour))
	if err := d.writeUses(t.Context()); err != nil {
		t.Fatal(err)
	}
	for key, value := range stored(t, store) {
		plain, err := openValue(ring, key, value)
		if err != nil {
			t.Fatal(err)
		}
		for _, id := range []string{u.ID, r.ID, g.ID, p.ID, k.ID} {
			if strings.Contains(key+string(plain), id) {
				t.Errorf("%s still tells of %s", key, id)
			}
		}
	}
	if n, want := len(stored(t, store)), 3; n != want {
		t.Errorf("%d records are left, want %d", n, want)
	}
	v := d.View()
	if v.edges.Len() != 0 || v.tallies.Len() != 0 || v.userIDs.Len() != 0 || v.Counts(acct) != (Counts{}) {
		t.Error("an index remembers what was deleted")
	}
}

func TestReopenFromFile(t *testing.T) {
	path, ring := filepath.Join(t.TempDir(), "deputy.db"), newRing(t)
	store := must(boltkv.Open(path, boltkv.Options{}))
	d := open(t, store, ring)
	if !d.Empty() {
		t.Error("a new store is not empty")
	}
	for i := range 20 {
		change(t, d, func(tx *Tx) {
			u := user(fmt.Sprint("User", i))
			u.Tags, u.Inline = []Tag{{"team", "a&b"}}, []*Inline{{Name: "p", Text: allowAll}}
			tx.PutUser(nil, u)
			tx.PutKey(nil, accessKey(u))
			if i%3 == 0 {
				tx.DeleteUser(u)
			}
		})
	}
	before := d.View()
	d.Close()
	store.Close()
	store = must(boltkv.Open(path, boltkv.Options{}))
	defer store.Close()
	again := open(t, store, ring)
	defer again.Close()
	after := again.View()
	if before.Digest() != after.Digest() || before.Revision() != after.Revision() || before.Counts(acct) != after.Counts(acct) {
		t.Errorf("%s at %d with %+v became %s at %d with %+v", before.Digest(), before.Revision(), before.Counts(acct),
			after.Digest(), after.Revision(), after.Counts(acct))
	}
	if u := after.User(acct, "user1"); u == nil || !u.Created.Equal(fixed()) || u.Tags[0] != (Tag{"team", "a&b"}) || u.Inline[0].Policy() == nil {
		t.Errorf("user1 reads %+v", u)
	}
	change(t, again, func(tx *Tx) { old := tx.User(acct, "user1"); tx.DeleteUser(old) })
}

// TestSec_G03_CompactionReadsAgain: a node that misses changes because the store
// has forgotten them reads everything again and has then the same state.
func TestSec_G03_CompactionReadsAgain(t *testing.T) {
	inner, ring := memkv.New(), newRing(t)
	lossy := &forgetful{Store: inner, resume: make(chan struct{})}
	a := open(t, inner, ring)
	change(t, a, func(tx *Tx) { tx.PutUser(nil, user("kept")); tx.PutUser(nil, user("goes")) })
	b := open(t, lossy, ring)
	kept := b.View().User(acct, "kept")
	change(t, a, func(tx *Tx) { tx.DeleteUser(tx.User(acct, "goes")) })
	rev := change(t, a, func(tx *Tx) { tx.PutRole(nil, role("comes")) })
	close(lossy.resume)
	if err := b.WaitNewer(t.Context(), rev-1); err != nil {
		t.Fatal(err)
	}
	if a.View().Digest() != b.View().Digest() {
		t.Error("the nodes differ")
	}
	if b.View().User(acct, "kept") != kept {
		t.Error("a record that did not change was read again, and what it compiled is lost")
	}
	rev = change(t, a, func(tx *Tx) { tx.PutRole(nil, role("more")) })
	if err := b.WaitNewer(t.Context(), rev-1); err != nil || b.Health() != nil || a.View().Digest() != b.View().Digest() {
		t.Errorf("after that: %v, %v", err, b.Health())
	}
}

// TestSec_F09_SwappedSmallRecords: records that do not say themselves whose they
// are (here: aliases) are bound to their keys by the seal alone.
func TestSec_F09_SwappedSmallRecords(t *testing.T) {
	d, store, ring := fresh(t)
	change(t, d, func(tx *Tx) {
		tx.PutAccount(nil, &Account{ID: "222222222222", Alias: "two"})
		tx.PutAccount(nil, &Account{ID: "333333333333", Alias: "three"})
	})
	values := stored(t, store)
	rev := overwrite(t, store, kv.Op{Key: "alias/two", Value: values["alias/three"]})
	if err := d.WaitNewer(t.Context(), rev-1); err != nil {
		t.Fatal(err)
	}
	if a := d.View().AccountByAlias("two"); a == nil || a.ID != "222222222222" || d.Health() == nil {
		t.Error("a running node takes a swapped alias")
	}
	if _, err := Open(t.Context(), store, ring, Options{}); err == nil || !strings.Contains(err.Error(), "alias/two") {
		t.Errorf("Open: %v", err)
	}
}

// TestReloadKeepsWhatDoesNotOpen: a record that was damaged while changes were
// missed stays as it was, and the rest is brought up to date.
func TestReloadKeepsWhatDoesNotOpen(t *testing.T) {
	inner, ring := memkv.New(), newRing(t)
	lossy := &forgetful{Store: inner, resume: make(chan struct{})}
	a := open(t, inner, ring)
	bob := user("bob")
	change(t, a, func(tx *Tx) { tx.PutUser(nil, bob); tx.PutUser(nil, user("eve")); tx.Outbox("1", []byte("line")) })
	b := open(t, lossy, ring)
	values := stored(t, inner)
	overwrite(t, inner, kv.Op{Key: bob.key(), Value: values[entityKey(acct, KindUser, "eve")]},
		kv.Op{Key: "outbox/1", Value: []byte("\x01x")})
	rev := change(t, a, func(tx *Tx) { tx.PutRole(nil, role("R")) })
	close(lossy.resume)
	if err := b.WaitNewer(t.Context(), rev-1); err != nil {
		t.Fatal(err)
	}
	v := b.View()
	if u := v.User(acct, "bob"); u == nil || u.ID != bob.ID || v.UserByID(bob.ID) != u || v.Role(acct, "R") == nil || len(b.Pending()) != 1 {
		t.Error("the reload lost or missed something")
	}
	if err := b.Health(); err == nil || !strings.Contains(err.Error(), bob.key()) || !strings.Contains(err.Error(), "outbox/1") {
		t.Errorf("health: %v", err)
	}
}

// forgetful is a store whose first watch ends with ErrCompacted.
type forgetful struct {
	kv.Store
	resume chan struct{}
	once   bool
}

func (f *forgetful) Watch(ctx context.Context, after int64) iter.Seq2[kv.Change, error] {
	if f.once {
		return f.Store.Watch(ctx, after)
	}
	f.once = true
	return func(yield func(kv.Change, error) bool) {
		<-f.resume
		yield(kv.Change{}, kv.ErrCompacted)
	}
}
