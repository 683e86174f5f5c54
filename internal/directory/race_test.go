package directory

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/deputy-sts/deputy/internal/kv"
)

func TestOneOfManyCreatesTheName(t *testing.T) {
	d, _, _ := fresh(t)
	names := []string{"bob", "Bob", "bOB", "BOB"}
	var made atomic.Int32
	var wg sync.WaitGroup
	for i := range 100 {
		wg.Go(func() {
			ok, err := decide(t.Context(), d, func(tx *Tx) bool {
				if tx.User(acct, names[i%4]) != nil {
					return false
				}
				tx.PutUser(nil, user(names[i%4]))
				return true
			})
			if err != nil {
				t.Error(err)
			}
			if ok {
				made.Add(1)
			}
		})
	}
	wg.Wait()
	if n := made.Load(); n != 1 || d.View().Counts(acct).Users != 1 {
		t.Errorf("%d creators think that they made the user; the account has %d", n, d.View().Counts(acct).Users)
	}
}

func TestNoUpdateIsLost(t *testing.T) {
	d, _, _ := fresh(t)
	change(t, d, func(tx *Tx) { tx.PutRole(nil, role("R")) })
	const writers, each = 8, 25
	var wg sync.WaitGroup
	for w := range writers {
		wg.Go(func() {
			for i := range each {
				if _, err := decide(t.Context(), d, func(tx *Tx) bool {
					old := tx.Role(acct, "r")
					now := old.Clone()
					now.MaxSessionDuration++
					now.Tags = append(now.Tags, Tag{fmt.Sprint(w), fmt.Sprint(i)})
					tx.PutRole(old, now)
					return true
				}); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	if r := d.View().Role(acct, "R"); r.MaxSessionDuration != 3600+writers*each || len(r.Tags) != writers*each {
		t.Errorf("%d updates and %d tags of %d", r.MaxSessionDuration-3600, len(r.Tags), writers*each)
	}
}

// TestRecordedReadsConflict: what a decision stood on must be still so, presence
// and absence alike; what it did not look at may change.
func TestRecordedReadsConflict(t *testing.T) {
	d, _, _ := fresh(t)
	change(t, d, func(tx *Tx) {
		tx.PutUser(nil, user("caller"))
		tx.PutUser(nil, user("bystander"))
		tx.PutGroup(nil, group("g"))
	})
	touch := func(name string) {
		change(t, d, func(tx *Tx) {
			old := tx.User(acct, name)
			now := old.Clone()
			now.Path += "x/"
			tx.PutUser(old, now)
		})
	}
	for _, c := range []struct {
		name     string
		record   bool
		read     func(*Tx)
		meantime func()
		conflict bool
	}{
		{"read by name", true, func(tx *Tx) { tx.User(acct, "CALLER") }, func() { touch("caller") }, true},
		{"read by id", true, func(tx *Tx) { tx.UserByID(d.View().User(acct, "caller").ID) }, func() { touch("caller") }, true},
		{"read and not recorded", false, func(tx *Tx) { tx.User(acct, "caller") }, func() { touch("caller") }, false},
		{"not read", true, func(tx *Tx) { tx.User(acct, "caller") }, func() { touch("bystander") }, false},
		{"absent", true, func(tx *Tx) { tx.Role(acct, "Later") }, func() { change(t, d, func(tx *Tx) { tx.PutRole(nil, role("later")) }) }, true},
		{"absent policy by ARN", true, func(tx *Tx) { tx.Policy("arn:aws:iam::111122223333:policy/P") },
			func() { change(t, d, func(tx *Tx) { tx.PutPolicy(nil, managed("p")) }) }, true},
		{"policy of AWS", true, func(tx *Tx) { tx.Policy("arn:aws:iam::aws:policy/ReadOnlyAccess") }, func() { touch("caller") }, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			tx := d.Begin(c.record)
			c.read(&tx)
			old := tx.Group(acct, "g")
			now := old.Clone()
			now.Path += "y/"
			tx.PutGroup(old, now)
			c.meantime()
			_, err := d.Commit(t.Context(), &tx)
			if errors.Is(err, kv.ErrConflict) != c.conflict || err != nil && !c.conflict {
				t.Errorf("commit: %v; want a conflict: %v", err, c.conflict)
			}
		})
	}
}

// TestAttachAgainstDelete: a policy is either deleted or attached to, never both,
// and the same for groups and those who join.
func TestAttachAgainstDelete(t *testing.T) {
	d, _, _ := fresh(t)
	const users = 8
	change(t, d, func(tx *Tx) {
		for i := range users {
			tx.PutUser(nil, user(fmt.Sprint("u", i)))
		}
	})
	rounds := 30
	if testing.Short() {
		rounds = 10
	}
	deleted := 0
	for round := range rounds {
		p, g := managed(fmt.Sprint("p", round)), group(fmt.Sprint("g", round))
		change(t, d, func(tx *Tx) { tx.PutPolicy(nil, p); tx.PutGroup(nil, g) })
		var wg sync.WaitGroup
		for i := range users {
			wg.Go(func() {
				_, err := decide(t.Context(), d, func(tx *Tx) bool {
					if tx.Policy(p.ARN()) == nil || tx.Group(acct, g.Name) == nil {
						return false
					}
					old := tx.User(acct, fmt.Sprint("u", i))
					now := old.Clone()
					now.Attached, now.Groups = []string{p.ARN()}, []string{g.ID}
					tx.PutUser(old, now)
					return true
				})
				if err != nil {
					t.Error(err)
				}
			})
		}
		wg.Go(func() {
			gone, err := decide(t.Context(), d, func(tx *Tx) bool {
				if tx.View().AttachmentCount(acct, p.ARN()) > 0 || len(userNames(tx.View().GroupMembers(g.ID))) > 0 {
					return false
				}
				tx.DeletePolicy(tx.Policy(p.ARN()))
				tx.DeleteGroup(tx.Group(acct, g.Name))
				return true
			})
			if err != nil {
				t.Error(err)
			}
			if gone {
				deleted++
			}
		})
		wg.Wait()
		v := d.View()
		for u := range v.Users(acct, "", "") {
			if slices.Contains(u.Attached, p.ARN()) && v.Policy(p.ARN()) == nil || slices.Contains(u.Groups, g.ID) && v.GroupByID(g.ID) == nil {
				t.Fatalf("round %d: %s has a policy or group that was deleted", round, u.Name)
			}
		}
	}
	t.Logf("deleted in %d of %d rounds", deleted, rounds)
}

// TestGuards does the two orders of TestAttachAgainstDelete one by one.
func TestGuards(t *testing.T) {
	d, _, _ := fresh(t)
	g := group("g")
	change(t, d, func(tx *Tx) { tx.PutGroup(nil, g); tx.PutUser(nil, user("a")); tx.PutUser(nil, user("b")) })
	join := func(name string) *Tx {
		tx := d.Begin(false)
		old := tx.User(acct, name)
		now := old.Clone()
		now.Groups = []string{g.ID}
		tx.PutUser(old, now)
		return &tx
	}
	leave := func(*Tx) {
		change(t, d, func(tx *Tx) {
			for u := range tx.View().GroupMembers(g.ID) {
				now := u.Clone()
				now.Groups = nil
				tx.PutUser(u, now)
			}
		})
	}
	a, b, del := join("a"), join("b"), d.Begin(false)
	del.DeleteGroup(del.GroupByID(g.ID))
	for _, tx := range []*Tx{a, b} {
		if _, err := d.Commit(t.Context(), tx); err != nil {
			t.Fatalf("two that join conflict: %v", err)
		}
	}
	if _, err := d.Commit(t.Context(), &del); !errors.Is(err, kv.ErrConflict) {
		t.Fatalf("the group is deleted under those who joined: %v", err)
	}
	leave(nil)
	late, del := join("a"), d.Begin(false)
	del.DeleteGroup(del.GroupByID(g.ID))
	if _, err := d.Commit(t.Context(), &del); err != nil {
		t.Fatal(err)
	}
	if _, err := d.Commit(t.Context(), late); !errors.Is(err, kv.ErrConflict) {
		t.Fatalf("a user joins a group that was deleted: %v", err)
	}
}

func TestStalePutsFailAtOnce(t *testing.T) {
	d, _, _ := fresh(t)
	change(t, d, func(tx *Tx) { tx.PutUser(nil, user("bob")) })
	stale := d.View().User(acct, "bob")
	change(t, d, func(tx *Tx) { old := tx.User(acct, "bob"); tx.PutUser(old, old.Clone()) })
	for name, f := range map[string]func(*Tx){
		"a record of an older view": func(tx *Tx) { tx.PutUser(stale, stale.Clone()) },
		"a name that is taken":      func(tx *Tx) { tx.PutUser(nil, user("BOB")) },
		"a policy that is not there": func(tx *Tx) {
			u := user("x")
			u.Attached = []string{"arn:aws:iam::111122223333:policy/none"}
			tx.PutUser(nil, u)
		},
		"a group that is not there": func(tx *Tx) { u := user("x"); u.Groups = []string{"AGPAnone"}; tx.PutUser(nil, u) },
		"a lockout of nobody":       func(tx *Tx) { tx.PutLockout(nil, &Lockout{UserID: "AIDAnone"}) },
	} {
		tx := d.Begin(true)
		f(&tx)
		if _, err := d.Commit(t.Context(), &tx); err == nil || errors.Is(err, kv.ErrConflict) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestReadersSeeWholeCommits runs readers beside a writer that keeps two users
// alike in each commit.
func TestReadersSeeWholeCommits(t *testing.T) {
	d, _, _ := fresh(t)
	a, b := user("a"), user("b")
	change(t, d, func(tx *Tx) { tx.PutUser(nil, a); tx.PutUser(nil, b) })
	ctx, stop := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			var last int64
			for ctx.Err() == nil {
				v := d.View()
				x, y := v.User(acct, "a"), v.UserByID(b.ID)
				if x.Path != y.Path || v.Revision() < last {
					t.Errorf("paths %q and %q at revision %d after %d", x.Path, y.Path, v.Revision(), last)
					return
				}
				last = v.Revision()
			}
		})
	}
	for i := range 100 {
		rev := change(t, d, func(tx *Tx) {
			for _, name := range []string{"a", "b"} {
				old := tx.User(acct, name)
				now := old.Clone()
				now.Path = fmt.Sprintf("/%d/", i)
				tx.PutUser(old, now)
			}
		})
		if d.View().Revision() < rev {
			t.Fatal("the view has not what was committed")
		}
	}
	stop()
	wg.Wait()
}
