package directory

import (
	"errors"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/deputy-sts/deputy/internal/kv/memkv"
)

func TestBootstrapOnce(t *testing.T) {
	store, ring := memkv.New(), newRing(t)
	list := []BootstrapAccount{
		{ID: acct, Name: "main", Admin: &BootstrapKey{"AKIAIOSFODNN7EXAMPLE", "secret"}, Root: &BootstrapKey{"AKIAROOTROOTROOTROOT", "root"}},
		{ID: "222222222222", Name: "other"},
	}
	var made atomic.Int32
	var wg sync.WaitGroup
	nodes := make([]*Directory, 4)
	for i := range nodes {
		nodes[i] = open(t, store, ring)
	}
	for _, d := range nodes {
		wg.Go(func() {
			switch err := d.Bootstrap(t.Context(), list); {
			case err == nil:
				made.Add(1)
			case !errors.Is(err, ErrBootstrapped):
				t.Error(err)
			}
			if d.Empty() {
				t.Error("empty after Bootstrap")
			}
		})
	}
	wg.Wait()
	if made.Load() != 1 {
		t.Errorf("%d of %d nodes made the first records", made.Load(), len(nodes))
	}
	v := nodes[0].View()
	k := v.Key("AKIAIOSFODNN7EXAMPLE")
	if k == nil || k.Secret != "secret" || !k.Active || v.UserByID(k.UserID).Attached[0] != "arn:aws:iam::aws:policy/AdministratorAccess" {
		t.Errorf("the admin's key is %v", k)
	}
	if root := v.Key("AKIAROOTROOTROOTROOT"); root == nil || root.UserID != "" || v.Account(acct).RootKeys[0] != root.ID {
		t.Error("the root user has no key")
	}
	if !v.Account(acct).Management || v.Account("222222222222").Management {
		t.Error("the first account alone is the management account")
	}
}

func TestBootstrapRefusesNonsense(t *testing.T) {
	key := &BootstrapKey{"AKIAIOSFODNN7EXAMPLE", "s"}
	for want, list := range map[string][]BootstrapAccount{
		"no account":                     nil,
		"not 12 digits":                  {{ID: "1"}},
		"given twice":                    {{ID: acct}, {ID: acct}},
		"AKIA":                           {{ID: acct, Admin: &BootstrapKey{"ASIAIOSFODNN7EXAMPLE", "s"}}},
		"no secret":                      {{ID: acct, Admin: &BootstrapKey{"AKIAIOSFODNN7EXAMPLE", ""}}},
		"of account 222222222222 is not": {{ID: acct, Admin: key}, {ID: "222222222222", Admin: &BootstrapKey{"AKIA-OSFODNN7EXAMPLE", "s"}}},
		"EXAMPLE is given twice":         {{ID: acct, Admin: key, Root: key}},
	} {
		d := open(t, memkv.New(), newRing(t))
		if err := d.Bootstrap(t.Context(), list); err == nil || !strings.Contains(err.Error(), want) || !d.Empty() {
			t.Errorf("%v; want %q", err, want)
		}
	}
}

func TestAccountAliases(t *testing.T) {
	d, store, _ := fresh(t)
	set := func(alias string) {
		change(t, d, func(tx *Tx) {
			old := tx.Account(acct)
			now := old.Clone()
			now.Alias = alias
			tx.PutAccount(old, now)
		})
	}
	set("one")
	set("two")
	v := d.View()
	if v.AccountByAlias("one") != nil || v.AccountByAlias("two") == nil || v.AccountByAlias("two").ID != acct {
		t.Error("the alias did not change")
	}
	tx := d.Begin(true)
	tx.PutAccount(nil, &Account{ID: "222222222222", Alias: "two"})
	if _, err := d.Commit(t.Context(), &tx); err == nil {
		t.Error("an alias belongs to two accounts")
	}
	set("")
	if _, left := stored(t, store)["alias/two"]; left || d.View().AccountByAlias("two") != nil {
		t.Error("the alias is still there")
	}
}

func TestTxSeesItsPuts(t *testing.T) {
	d, _, _ := fresh(t)
	change(t, d, func(tx *Tx) { tx.PutUser(nil, user("old")) })
	change(t, d, func(tx *Tx) {
		u, p := user("Bob"), managed("P")
		tx.PutPolicy(nil, p)
		tx.PutUser(nil, u)
		if tx.User(acct, "bob") != u || tx.UserByID(u.ID) != u || tx.Policy(p.ARN()) != p || tx.PolicyByID(p.ID) != p {
			t.Error("a put is not seen")
		}
		now := u.Clone()
		now.Attached = []string{p.ARN()}
		tx.PutUser(u, now)
		if tx.User(acct, "BOB") != now || tx.View().User(acct, "bob") != nil {
			t.Error("the second put is not seen, or it is in the view")
		}
		old := tx.User(acct, "old")
		tx.DeleteUser(old)
		if tx.User(acct, "old") != nil || tx.UserByID(old.ID) != nil {
			t.Error("a deleted user is seen")
		}
		tx.PutAccount(nil, &Account{ID: "222222222222", Alias: "two"})
		if a := tx.AccountByAlias("two"); a == nil || a.ID != "222222222222" {
			t.Error("an alias that was put is not seen")
		}
	})
	if v := d.View(); v.User(acct, "bob") == nil || v.User(acct, "old") != nil || v.AttachmentCount(acct, "arn:aws:iam::111122223333:policy/P") != 1 {
		t.Error("the commit did something else")
	}
}

// TestRenameOntoAFreedName: the name was another's until earlier in the same Tx.
func TestRenameOntoAFreedName(t *testing.T) {
	d, _, _ := fresh(t)
	first, second, g := user("a"), user("c"), group("G")
	change(t, d, func(tx *Tx) {
		tx.PutGroup(nil, g)
		first.Groups, second.Groups = []string{g.ID}, []string{g.ID}
		tx.PutUser(nil, first)
		tx.PutUser(nil, second)
	})
	change(t, d, func(tx *Tx) {
		tx.DeleteUser(tx.User(acct, "a"))
		old := tx.User(acct, "c")
		now := old.Clone()
		now.Name = "A"
		tx.PutUser(old, now)
		if tx.UserByID(second.ID) != now || tx.User(acct, "a") != now || tx.UserByID(first.ID) != nil || tx.User(acct, "c") != nil {
			t.Error("the Tx mixes the two up")
		}
	})
	v := d.View()
	u := v.UserByID(second.ID)
	if u == nil || u.Name != "A" || v.User(acct, "a") != u || v.UserByID(first.ID) != nil || v.User(acct, "c") != nil {
		t.Error("the view mixes the two up")
	}
	if got := userNames(v.GroupMembers(g.ID)); len(got) != 1 || got[0] != "A" || v.edges.Len() != 1 {
		t.Errorf("members: %q of %d edges", got, v.edges.Len())
	}
}

func TestOutboxIsOfTheCommit(t *testing.T) {
	d, store, ring := fresh(t)
	change(t, d, func(tx *Tx) {
		tx.PutUser(nil, user("a"))
		tx.Outbox("2", []byte("second"))
		tx.Outbox("1", []byte("first"))
	})
	lost := d.Begin(false)
	lost.Outbox("3", []byte("never"))
	lost.PutUser(nil, user("b"))
	change(t, d, func(tx *Tx) { tx.PutUser(nil, user("b")) })
	if _, err := d.Commit(t.Context(), &lost); err == nil {
		t.Fatal("no conflict")
	}
	got := open(t, store, ring).Pending() // another node sees them too
	if len(got) != 2 || got[0].ID != "1" || string(got[0].Line) != "first" || got[1].ID != "2" {
		t.Fatalf("pending: %v", got)
	}
	d.Drop("1")
	change(t, d, func(tx *Tx) { tx.PutUser(nil, user("c")) })
	if got := d.Pending(); len(got) != 1 || got[0].ID != "2" {
		t.Errorf("the delete did not ride with the commit: %v", got)
	}
	failing := d.Begin(true)
	old := failing.User(acct, "a")
	failing.PutUser(old, old.Clone())
	change(t, d, func(tx *Tx) { old := tx.User(acct, "a"); tx.PutUser(old, old.Clone()) })
	d.Drop("2", "2", "unknown")
	if _, err := d.Commit(t.Context(), &failing); err == nil {
		t.Fatal("no conflict") // and the deletes that rode with it are not lost
	}
	deadline := time.Now().Add(5 * time.Second)
	for len(d.Pending()) > 0 {
		if time.Now().After(deadline) {
			t.Fatal("the line is not dropped without a commit")
		}
		time.Sleep(5 * time.Millisecond)
	}
}

// TestLastUses: they are written once a minute, survive a restart, and cost
// neither memory nor a record for ids that nobody has (G19).
func TestSec_G19_LastUses(t *testing.T) {
	ring := newRing(t)
	synctest.Test(t, func(t *testing.T) {
		store := memkv.New()
		d := must(Open(t.Context(), store, ring, Options{}))
		u := user("bob")
		k := accessKey(u)
		change(t, d, func(tx *Tx) { tx.PutUser(nil, u); tx.PutKey(nil, k) })
		at := time.Now()
		d.Used(k.ID, "sts", "us-east-1", at)
		d.Used(k.ID, "iam", "us-east-1", at.Add(time.Second))
		d.Used(k.ID, "late", "us-east-1", at.Add(-time.Hour))
		for _, id := range []string{"AKIANOBODY", "AIDANOBODY", "", "AROAX"} {
			d.Used(id, "sts", "us-east-1", at)
		}
		if _, known := d.uses.last.Load("AKIANOBODY"); known {
			t.Error("an unknown id is remembered")
		}
		if got, service, region := d.LastUsed(k.ID); !got.Equal(at.Add(time.Second).Truncate(time.Second)) || service != "iam" || region != "us-east-1" {
			t.Errorf("last used %v %s %s", got, service, region)
		}
		before := d.View().Revision()
		time.Sleep(2 * time.Minute)
		if rev := d.View().Revision(); rev != before+1 {
			t.Errorf("%d commits for one use", rev-before)
		}
		d.Used(k.ID, "s3", "us-west-2", time.Now())
		d.Close() // writes what is left
		again := must(Open(t.Context(), store, ring, Options{}))
		if _, service, region := again.LastUsed(k.ID); service != "s3" || region != "us-west-2" {
			t.Errorf("after a restart: %s %s", service, region)
		}
		again.Close()
		store.Close()
	})
}

func TestNoUseOutlivesItsKey(t *testing.T) {
	d, store, _ := fresh(t)
	u := user("bob")
	k := accessKey(u)
	change(t, d, func(tx *Tx) { tx.PutUser(nil, u); tx.PutKey(nil, k) })
	d.Used(k.ID, "sts", "us-east-1", fixed())
	other := open(t, store, d.ring)
	rev := change(t, other, func(tx *Tx) { tx.DeleteKey(tx.Key(k.ID)) })
	if err := d.writeUses(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := d.WaitNewer(t.Context(), rev-1); err != nil {
		t.Fatal(err)
	}
	if _, left := stored(t, store)[usedKey(k.ID)]; left {
		t.Error("the use of a deleted key is in the store")
	}
	if at, _, _ := d.LastUsed(k.ID); !at.IsZero() {
		t.Error("the use of a deleted key is remembered")
	}
}

func TestWaitingEnds(t *testing.T) {
	d, store, _ := fresh(t)
	ctx, cancel := contextOf(t, 20*time.Millisecond)
	defer cancel()
	if err := d.WaitNewer(ctx, d.View().Revision()); err == nil {
		t.Error("waiting for what does not come ends well")
	}
	if len(d.waiting) != 0 {
		t.Error("who has given up still waits")
	}
	store.Close()
	tx := d.Begin(false)
	tx.PutUser(nil, user("x"))
	if _, err := d.Commit(t.Context(), &tx); err == nil {
		t.Error("a commit on a closed store")
	}
	if d.View().Account(acct) == nil {
		t.Error("the view is gone with the store")
	}
}
