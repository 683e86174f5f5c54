package sigv4

import (
	"context"
	"fmt"
	"hash/maphash"
	"strings"
	"sync"
	"testing"
)

// Many keys at once, more than there are slots for in all: each request
// verifies with its own secret only.
func TestManyKeysAtOnce(t *testing.T) {
	v := verifier()
	v.Lookup = func(_ context.Context, id, _ string) (Secret, error) {
		return Secret{Key: "secret of " + id, Any: id}, nil
	}
	rounds := 5_000
	if testing.Short() {
		rounds = 500
	}
	var wg sync.WaitGroup
	for worker := range 4 {
		wg.Go(func() {
			for i := range rounds {
				id := fmt.Sprintf("AKIA%d", (i*7+worker)%(rounds/2))
				r := post(t, testBody)
				if err := Sign(r, []byte(testBody), Credentials{id, "secret of " + id, ""}, "us-east-1", "sts", noon); err != nil {
					t.Error(err)
					return
				}
				if got, err := v.Verify(r, []byte(testBody), "sts"); err != nil || got.Any != id {
					t.Errorf("%s: %v", id, err)
					return
				}
				edit(t, r, id, "AKIA"+id)
				if _, err := v.Verify(r, []byte(testBody), "sts"); err == nil {
					t.Errorf("%s verified for another", id)
					return
				}
			}
		})
	}
	wg.Wait()
}

// A02: one name in two accounts is two keys, whoever came first; and a scope is
// never another's.
func TestSec_A02_CachedKeysAreOfOneCredential(t *testing.T) {
	c := newKeyCache()
	w := new(work)
	one, two := [32]byte{1}, [32]byte{2}
	keep := func(credential string, fingerprint [32]byte) *key {
		w.claim = claim{algorithm: hmacSHA256, credential: credential}
		k := w.derive("secret", fingerprint)
		c.keep(k)
		return k
	}
	const scope = "/20261125/us-east-1/sts/aws4_request"
	a, b := keep("AKIAA"+scope, one), keep("AKIAB"+scope, two)
	if c.find("AKIAA"+scope, &one) != a || c.find("AKIAB"+scope, &two) != b {
		t.Error("kept keys are not found")
	}
	for _, other := range []string{"AKIA" + scope, "AKIAAA" + scope, strings.Replace("AKIAA"+scope, "sts", "iam", 1), strings.Replace("AKIAA"+scope, "25", "26", 1)} {
		if c.find(other, &one) != nil {
			t.Errorf("%s is found", other)
		}
	}
	if c.find("AKIAA"+scope, &two) != nil {
		t.Error("found by another secret")
	}

	// Another credential that falls on the same slot.
	const other = "AKIAC" + scope
	at := maphash.String(c.seed, other) % slots
	c.slot[at].Store(a)
	if c.find(other, &one) != nil {
		t.Error("a neighbour in the table is found")
	}
	// A key kept again drives out no neighbour.
	c.slot[at^1].Store(b)
	keep(other, one)
	if c.slot[at^1].Load() != a {
		t.Error("the older key has not moved over")
	}
	keep(other, two)
	if c.slot[at^1].Load() != a {
		t.Error("a key kept again drove out its neighbour")
	}
}

// Nobody without the secret can fill the cache.
func TestFailedRequestsKeepNoKey(t *testing.T) {
	v := verifier()
	for i := range 100 {
		id := fmt.Sprintf("AKIAX%d", i)
		refusal(v, edit(t, signed(t), testKey, id))
		refusal(v, edit(t, signed(t), "Signature=", "Signature=0"))
	}
	for i := range v.keys().slot {
		if v.keys().slot[i].Load() != nil {
			t.Fatal("a key was kept")
		}
	}
	mustKeep := signed(t)
	if _, err := v.Verify(mustKeep, []byte(testBody), "sts"); err != nil {
		t.Fatal(err)
	}
	sum := fingerprint(new(work), testSecret)
	if v.keys().find(testKey+"/20261125/us-east-1/sts/aws4_request", &sum) == nil {
		t.Error("the key of a good request was not kept")
	}
}

// What one verification may cost, so that it does not creep up unseen: it is 1,
// and 40 with no key and no room kept. The race detector makes pools forget, so
// the bound lies between.
func TestAllocations(t *testing.T) {
	r, v := signed(t), verifier()
	if got := testing.AllocsPerRun(200, func() {
		if _, err := v.Verify(r, []byte(testBody), "sts"); err != nil {
			t.Fatal(err)
		}
	}); got > 12 {
		t.Errorf("%v allocations", got)
	}
}
