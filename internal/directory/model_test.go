package directory

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/deputy-sts/deputy/internal/kv/memkv"
	"pgregory.net/rapid"
)

// model is what a directory should hold, as plain maps.
type model struct {
	users    map[string]*User // by account/lower name
	groups   map[string]*Group
	policies map[string]*Policy
}

// TestModel does random changes, several to a Tx, on a directory and on a model,
// and compares all that a view says after each, also after opening the store anew.
func TestModel(t *testing.T) {
	ring := newRing(t)
	rapid.Check(t, func(rt *rapid.T) {
		store := memkv.New()
		defer store.Close()
		d := must(Open(t.Context(), store, ring, Options{}))
		defer func() { d.Close() }()
		m := &model{map[string]*User{}, map[string]*Group{}, map[string]*Policy{}}
		rt.Repeat(map[string]func(*rapid.T){
			"change": func(rt *rapid.T) {
				tx := d.Begin(rapid.Bool().Draw(rt, "record"))
				for range rapid.IntRange(1, 4).Draw(rt, "steps") {
					m.step(rt, &tx)
				}
				if _, err := d.Commit(t.Context(), &tx); err != nil {
					rt.Fatalf("commit: %v", err)
				}
			},
			"reopen": func(rt *rapid.T) {
				before := d.View()
				d.Close()
				d = must(Open(t.Context(), store, ring, Options{}))
				if a, b := before.Digest(), d.View().Digest(); a != b {
					rt.Fatalf("digest %s became %s", a, b)
				}
			},
			"": func(rt *rapid.T) { m.check(rt, d.View()) },
		})
	})
}

var modelNames = []string{"a", "A", "b", "B", "ab", "aB", "c"}

func (m *model) step(rt *rapid.T, tx *Tx) {
	account := rapid.SampledFrom([]string{acct, "222222222222"}).Draw(rt, "account")
	name := rapid.SampledFrom(modelNames).Draw(rt, "name")
	key := account + "/" + strings.ToLower(name)
	switch rapid.SampledFrom([]string{"user", "user", "user", "group", "policy"}).Draw(rt, "kind") {
	case "user":
		m.stepUser(rt, tx, account, name, key)
	case "group":
		old := tx.Group(account, name)
		if (old != nil) != (m.groups[key] != nil) {
			rt.Fatalf("group %s: %v, model %v", key, old, m.groups[key])
		}
		if old == nil {
			g := group(name)
			g.Account = account
			tx.PutGroup(nil, g)
			m.groups[key] = g.Clone()
		} else if !slices.ContainsFunc(slices.Collect(maps.Values(m.users)), func(u *User) bool { return slices.Contains(u.Groups, old.ID) }) {
			tx.DeleteGroup(old)
			delete(m.groups, key)
		}
	case "policy":
		old := tx.PolicyByName(account, name)
		if (old != nil) != (m.policies[key] != nil) {
			rt.Fatalf("policy %s: %v, model %v", key, old, m.policies[key])
		}
		if old == nil {
			p := managed(name)
			p.Account = account
			tx.PutPolicy(nil, p)
			m.policies[key] = p.Clone()
		} else if !slices.ContainsFunc(slices.Collect(maps.Values(m.users)), func(u *User) bool {
			return slices.Contains(u.Attached, old.ARN()) || u.Boundary == old.ARN()
		}) {
			tx.DeletePolicy(old)
			delete(m.policies, key)
		}
	}
}

func (m *model) stepUser(rt *rapid.T, tx *Tx, account, name, key string) {
	old := tx.User(account, name)
	if want := m.users[key]; (old != nil) != (want != nil) || old != nil && old.ID != want.ID {
		rt.Fatalf("user %s: %v, model %v", key, old, want)
	}
	if old == nil {
		u := user(name)
		u.Account = account
		m.links(rt, account, u)
		tx.PutUser(nil, u)
		m.users[key] = u.Clone()
		return
	}
	if again := tx.UserByID(old.ID); again != old {
		rt.Fatalf("by id %v, by name %v", again, old)
	}
	switch rapid.IntRange(0, 2).Draw(rt, "what") {
	case 0:
		tx.DeleteUser(old)
		delete(m.users, key)
	case 1:
		now := old.Clone()
		m.links(rt, account, now)
		tx.PutUser(old, now)
		m.users[key] = now.Clone()
	case 2:
		to := rapid.SampledFrom(modelNames).Draw(rt, "to")
		other := account + "/" + strings.ToLower(to)
		if other != key && m.users[other] != nil {
			return
		}
		now := old.Clone()
		now.Name = to
		tx.PutUser(old, now)
		delete(m.users, key)
		m.users[other] = now.Clone()
	}
}

// links gives u random groups and policies that exist.
func (m *model) links(rt *rapid.T, account string, u *User) {
	u.Groups, u.Attached, u.Boundary = nil, nil, ""
	for _, k := range slices.Sorted(maps.Keys(m.groups)) {
		if g := m.groups[k]; g.Account == account && rapid.Bool().Draw(rt, "join") {
			u.Groups = append(u.Groups, g.ID)
		}
	}
	for _, k := range slices.Sorted(maps.Keys(m.policies)) {
		if p := m.policies[k]; p.Account == account && rapid.Bool().Draw(rt, "attach") {
			u.Attached = append(u.Attached, p.ARN())
			u.Boundary = p.ARN()
		}
	}
}

func (m *model) check(rt *rapid.T, v *View) {
	for _, account := range []string{acct, "222222222222"} {
		var want, got []string
		for _, k := range slices.Sorted(maps.Keys(m.users)) {
			if u := m.users[k]; u.Account == account {
				want = append(want, fmt.Sprint(u.Name, u.ID, u.Groups, u.Attached, u.Boundary))
			}
		}
		for u := range v.Users(account, "", "") {
			got = append(got, fmt.Sprint(u.Name, u.ID, u.Groups, u.Attached, u.Boundary))
			if v.UserByID(u.ID) != u || v.User(account, strings.ToUpper(u.Name)) != u {
				rt.Fatalf("indexes of %s", u.Name)
			}
		}
		if !slices.Equal(got, want) {
			rt.Fatalf("users of %s\n got %q\nwant %q", account, got, want)
		}
		if c := v.Counts(account); c.Users != len(want) {
			rt.Fatalf("%d users counted, %d there", c.Users, len(want))
		}
	}
	for _, g := range m.groups {
		var want []string
		for _, k := range slices.Sorted(maps.Keys(m.users)) {
			if slices.Contains(m.users[k].Groups, g.ID) {
				want = append(want, m.users[k].Name)
			}
		}
		if got := userNames(v.GroupMembers(g.ID)); !slices.Equal(got, append([]string{}, want...)) {
			rt.Fatalf("members of %s: %q, want %q", g.Name, got, want)
		}
	}
	for _, p := range m.policies {
		var want Uses
		for _, u := range m.users {
			if slices.Contains(u.Attached, p.ARN()) {
				want.Attached++
			}
			if u.Boundary == p.ARN() {
				want.Boundary++
			}
		}
		if got := (Uses{v.AttachmentCount(p.Account, p.ARN()), v.BoundaryCount(p.Account, p.ARN())}); got != want {
			rt.Fatalf("uses of %s: %v, want %v", p.Name, got, want)
		}
	}
	if n := v.userIDs.Len(); n != len(m.users) {
		rt.Fatalf("%d ids of users, %d users", n, len(m.users))
	}
}
