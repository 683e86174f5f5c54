package directory

import (
	"fmt"
	"os"
	"runtime"
	"testing"
	"time"

	"github.com/deputy-sts/deputy/internal/kv"
	"github.com/deputy-sts/deputy/internal/kv/memkv"
	"github.com/deputy-sts/deputy/internal/seal"
)

// populate writes n principals, nine users to each role, a hundred to an account,
// straight into the store.
func populate(tb testing.TB, store kv.Store, ring *seal.Ring, n int) {
	tb.Helper()
	var ops []kv.Op
	flush := func() {
		if _, err := store.Commit(tb.Context(), nil, ops); err != nil {
			tb.Fatal(err)
		}
		ops = ops[:0]
	}
	put := func(r record) {
		ops = append(ops, kv.Op{Key: r.key(), Value: sealValue(ring, r.key(), must(encodeRecord(r)))})
		if len(ops) == 1000 {
			flush()
		}
	}
	for i := range n {
		account := fmt.Sprintf("%012d", 100_000_000_000+i/100)
		if i%100 == 0 {
			put(&Account{ID: account, Name: "account", Created: fixed()})
		}
		if i%10 == 9 {
			r := role(fmt.Sprint("role-", i))
			r.Account, r.Attached = account, []string{"arn:aws:iam::aws:policy/ReadOnlyAccess"}
			r.Tags = []Tag{{"team", "payments"}}
			put(r)
			continue
		}
		u := user(fmt.Sprint("user-", i))
		u.Account, u.Attached = account, []string{"arn:aws:iam::aws:policy/ReadOnlyAccess"}
		u.Inline = []*Inline{{Name: "own", Text: allowAll}}
		k := accessKey(u)
		u.AccessKeys = []string{k.ID}
		put(u)
		put(k)
	}
	ops = append(ops,
		kv.Op{Key: keyCanary, Value: append([]byte{schema}, ring.NewCanary()...)},
		kv.Op{Key: keySchema, Value: sealValue(ring, keySchema, []byte("1"))})
	flush()
}

func heap() uint64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

// TestBytesPerPrincipal holds the memory of the view to 1.5 KB a principal, its
// access key included. DEPUTY_LONG=1 does it with a million principals.
func TestBytesPerPrincipal(t *testing.T) {
	n := 20_000
	switch {
	case testing.Short():
		n = 5_000
	case os.Getenv("DEPUTY_LONG") != "":
		n = 1_000_000
	}
	store, ring := memkv.New(), newRing(t)
	defer store.Close()
	populate(t, store, ring, n)
	before := heap()
	start := time.Now()
	d := open(t, store, ring)
	took := time.Since(start)
	per := (heap() - before) / uint64(n)
	t.Logf("%d principals: %d bytes each, loaded in %v", n, per, took)
	if per > 1536 {
		t.Errorf("%d bytes for a principal, more than 1536", per)
	}
	runtime.KeepAlive(d)
}

func TestLookupsDoNotAllocate(t *testing.T) {
	store, ring := memkv.New(), newRing(t)
	defer store.Close()
	populate(t, store, ring, 1000)
	d := open(t, store, ring)
	v := d.View()
	u := v.User("100000000001", "USER-150")
	r := v.Role("100000000001", "role-159")
	arn, key := u.ARN(), u.AccessKeys[0]
	d.Used(key, "sts", "us-east-1", fixed())
	tx := d.Begin(false)
	for name, f := range map[string]func(){
		"User":          func() { v.User("100000000001", "User-150") },
		"UserByID":      func() { v.UserByID(u.ID) },
		"Role":          func() { v.Role("100000000001", "role-159") },
		"RoleByID":      func() { v.RoleByID(r.ID) },
		"Key":           func() { v.Key(key) },
		"Account":       func() { v.Account("100000000001") },
		"Policy":        func() { v.Policy("arn:aws:iam::100000000001:policy/none") },
		"PrincipalID":   func() { v.PrincipalID(arn) },
		"Attachments":   func() { v.AttachmentCount("100000000001", "arn:aws:iam::aws:policy/ReadOnlyAccess") },
		"Tx.User":       func() { tx.User("100000000001", "User-150") },
		"Tx.RoleByID":   func() { tx.RoleByID(r.ID) },
		"Used":          func() { d.Used(key, "sts", "us-east-1", fixed()) },
		"Inline.Policy": func() { u.Inline[0].Policy() },
	} {
		f()
		if n := testing.AllocsPerRun(100, f); n != 0 {
			t.Errorf("%s allocates %v times", name, n)
		}
	}
}

func BenchmarkLookup(b *testing.B) {
	store, ring := memkv.New(), newRing(b)
	defer store.Close()
	populate(b, store, ring, 50_000)
	d := open(b, store, ring)
	u := d.View().User("100000000250", "user-25050")
	arn := u.ARN()
	for name, f := range map[string]func(*View){
		"UserByName":  func(v *View) { v.User("100000000250", "User-25050") },
		"UserByID":    func(v *View) { v.UserByID(u.ID) },
		"Key":         func(v *View) { v.Key(u.AccessKeys[0]) },
		"PrincipalID": func(v *View) { v.PrincipalID(arn) },
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				f(d.View())
			}
		})
	}
}

// BenchmarkCommit is a change of one user among many, until the view shows it.
func BenchmarkCommit(b *testing.B) {
	store, ring := memkv.New(), newRing(b)
	defer store.Close()
	populate(b, store, ring, 50_000)
	d := open(b, store, ring)
	b.ReportAllocs()
	for b.Loop() {
		tx := d.Begin(true)
		old := tx.User("100000000250", "user-25050")
		now := old.Clone()
		now.Created = now.Created.Add(time.Second)
		tx.PutUser(old, now)
		if _, err := d.Commit(b.Context(), &tx); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkLoad reads 100,000 principals; it reports the time for each.
func BenchmarkLoad(b *testing.B) {
	const n = 100_000
	store, ring := memkv.New(), newRing(b)
	defer store.Close()
	populate(b, store, ring, n)
	for b.Loop() {
		before := heap()
		d := must(Open(b.Context(), store, ring, Options{}))
		b.StopTimer()
		b.ReportMetric(float64(heap()-before)/n, "bytes/principal")
		d.Close()
		b.StartTimer()
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/n, "ns/principal")
}
