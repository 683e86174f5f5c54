package sts

import (
	"testing"

	"github.com/deputy-sts/deputy/internal/directory"
	"github.com/deputy-sts/deputy/internal/session"
)

// withdrawal takes something away from the user bob or the role demo; the
// credentials that were there before, and those asked for after, must show it.
type withdrawal struct {
	name string
	do   func(s *stack, key string)
	// What the next request with each credential is answered, "" for yes: bob's
	// key, a session token that bob had before, a session of demo from before,
	// and a new session of demo that the administrator asks for.
	key, token, role, fresh string
}

// TestSec_B19_WithdrawnAtOnce has users, keys, roles, groups and policies made
// inactive, deleted or changed, with credentials in hand from before.
func TestSec_B19_WithdrawnAtOnce(t *testing.T) {
	const gone, denied = "InvalidClientTokenId", "AccessDenied"
	editGroup := func(s *stack, f func(*directory.Group)) {
		s.change(func(tx *directory.Tx) {
			old := tx.Group(accountA, "crew")
			now := old.Clone()
			f(now)
			tx.PutGroup(old, now)
		})
	}
	for _, w := range []withdrawal{
		{"nothing", func(*stack, string) {}, "", "", "", ""},
		// A session token outlives the key that asked for it, as AWS has it.
		{"key inactive", func(s *stack, key string) {
			s.change(func(tx *directory.Tx) {
				old := tx.Key(key)
				now := old.Clone()
				now.Active = false
				tx.PutKey(old, now)
			})
		}, gone, "", "", ""},
		{"key deleted", func(s *stack, key string) { s.change(func(tx *directory.Tx) { tx.DeleteKey(tx.Key(key)) }) }, gone, "", "", ""},
		{"user deleted", func(s *stack, key string) {
			s.change(func(tx *directory.Tx) { tx.DeleteKey(tx.Key(key)); tx.DeleteUser(tx.User(accountA, "bob")) })
		}, gone, gone, "", ""},
		{"role deleted", func(s *stack, _ string) {
			s.change(func(tx *directory.Tx) { tx.DeleteRole(tx.Role(accountA, "demo")) })
		}, "", "", gone, denied},
		{"user leaves the group", func(s *stack, _ string) { s.editUser(accountA, "bob", func(u *directory.User) { u.Groups = nil }) }, denied, denied, "", ""},
		{"group deleted", func(s *stack, _ string) {
			s.change(func(tx *directory.Tx) {
				old := tx.User(accountA, "bob")
				now := old.Clone()
				now.Groups = nil
				tx.PutUser(old, now)
				tx.DeleteGroup(tx.Group(accountA, "crew"))
			})
		}, denied, denied, "", ""},
		{"group loses its policy", func(s *stack, _ string) { editGroup(s, func(g *directory.Group) { g.Attached = nil }) }, denied, denied, "", ""},
		{"group denies", func(s *stack, _ string) {
			editGroup(s, func(g *directory.Group) { g.Inline = inline([]string{statement("Deny", "sts:*", "*")}) })
		}, denied, denied, "", ""},
		{"policy has another version", func(s *stack, _ string) {
			s.change(func(tx *directory.Tx) {
				old := tx.PolicyByName(accountA, "enter")
				now := old.Clone()
				now.Versions = append(now.Versions, &directory.Version{ID: "v2", Document: &directory.Inline{Text: statement("Allow", "s3:*", "*")}})
				now.Default = "v2"
				tx.PutPolicy(old, now)
			})
		}, denied, denied, denied, denied},
		{"role loses its policy", func(s *stack, _ string) { s.editRole(accountA, "demo", func(r *directory.Role) { r.Attached = nil }) }, "", "", denied, denied},
		{"role is bounded", func(s *stack, _ string) {
			bound := s.policy(accountA, "bound", statement("Allow", "s3:*", "*"))
			s.editRole(accountA, "demo", func(r *directory.Role) { r.Boundary = bound })
		}, "", "", denied, denied},
		{"user is bounded", func(s *stack, _ string) {
			bound := s.policy(accountA, "bound", statement("Allow", "s3:*", "*"))
			s.editUser(accountA, "bob", func(u *directory.User) { u.Boundary = bound })
		}, denied, denied, "", ""},
	} {
		s := newStack(t)
		admin := s.user(accountA, "admin", statement("Allow", "*", "*"))
		enter := s.policy(accountA, "enter", statement("Allow", "sts:AssumeRole", "*"))
		group := &directory.Group{Account: accountA, Name: "crew", Path: "/", ID: session.NewUniqueID("AGPA"), Attached: []string{enter}}
		s.change(func(tx *directory.Tx) { tx.PutGroup(nil, group) })
		bob := s.user(accountA, "bob")
		s.editUser(accountA, "bob", func(u *directory.User) { u.Groups = []string{group.ID} })
		s.role(accountA, "door", trusts(accountA))
		s.role(accountA, "demo", trusts(accountA))
		s.editRole(accountA, "demo", func(r *directory.Role) { r.Attached = []string{enter} })
		token := temporary(s.do(bob, "GetSessionToken", ""))
		role, a := s.assume(admin, roleARN(accountA, "demo"), "")
		if a.Status != 200 {
			t.Fatal(a)
		}

		w.do(s, bob.AccessKeyID)
		expect := func(who string, c credentials, want string) {
			if _, a := s.assume(c, roleARN(accountA, "door"), ""); a.Code != want {
				t.Errorf("%s: %s gets %s, want %q", w.name, who, a, want)
			}
		}
		expect("the key", bob, w.key)
		expect("the session token", token, w.token)
		expect("the session", role, w.role)
		fresh, a := s.assume(admin, roleARN(accountA, "demo"), "")
		if a.Status != 200 {
			if a.Code != w.fresh {
				t.Errorf("%s: a new session: %s", w.name, a)
			}
			continue
		}
		expect("a new session", fresh, w.fresh)
	}
}
