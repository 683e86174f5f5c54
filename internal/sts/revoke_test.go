package sts

import (
	"fmt"
	"testing"
	"time"

	"github.com/deputy-sts/deputy/internal/authz"
	"github.com/deputy-sts/deputy/internal/directory"
	"github.com/deputy-sts/deputy/policy"
)

// TestSec_B19_Revoked ends sessions of each kind in each way that reaches them,
// and no others: the credentials are refused at the next request, those issued
// afterwards are not, and long-term keys never are.
func TestSec_B19_Revoked(t *testing.T) {
	type who struct{ role, chained, named, user, federated, root, rootFederated bool }
	for what, row := range map[string]struct {
		subject func(s *stack) string
		ended   who
	}{
		"nobody":       {func(*stack) string { return "AROANOBODY" }, who{}},
		"a role":       {func(s *stack) string { return s.directory.View().Role(accountA, "first").ID }, who{role: true, named: true}},
		"the chained":  {func(s *stack) string { return s.directory.View().Role(accountA, "second").ID }, who{chained: true}},
		"one name":     {func(s *stack) string { return s.directory.View().Role(accountA, "first").ID + ":other" }, who{named: true}},
		"a user":       {func(s *stack) string { return s.directory.View().User(accountA, "alice").ID }, who{user: true, federated: true}},
		"a federated":  {func(*stack) string { return accountA + ":bob" }, who{federated: true, rootFederated: true}},
		"the root":     {func(*stack) string { return accountA }, who{root: true, rootFederated: true}},
		"another root": {func(*stack) string { return accountB }, who{}},
	} {
		s := newStack(t)
		alice, root := s.user(accountA, "alice", statement("Allow", "sts:*", "*")), s.root(accountA)
		s.role(accountA, "first", trusts(accountA), statement("Allow", "sts:*", "*"))
		s.role(accountA, "second", trusts(accountA), statement("Allow", "sts:*", "*"))
		sessions := func() map[string]credentials {
			m := map[string]credentials{}
			m["role"], _ = s.assume(alice, roleARN(accountA, "first"), "")
			m["chained"], _ = s.assume(m["role"], roleARN(accountA, "second"), "")
			m["named"], _ = s.assume(alice, roleARN(accountA, "first"), "RoleSessionName=other")
			m["user"] = temporary(s.do(alice, "GetSessionToken", ""))
			m["federated"] = temporary(s.do(alice, "GetFederationToken", "Name=bob"))
			m["root"] = temporary(s.do(root, "GetSessionToken", ""))
			m["root's federated"] = temporary(s.do(root, "GetFederationToken", "Name=bob"))
			return m
		}
		old := sessions()
		s.now = s.now.Add(time.Second)
		s.change(func(tx *directory.Tx) { tx.Revoke(row.subject(s), accountA, s.now) })
		e := row.ended
		for name, ended := range map[string]bool{
			"role": e.role, "chained": e.chained, "named": e.named, "user": e.user, "federated": e.federated, "root": e.root, "root's federated": e.rootFederated,
		} {
			want := "200"
			if ended {
				want = "403 InvalidClientTokenId The security token included in the request is invalid."
			}
			if a := s.do(old[name], "GetCallerIdentity", ""); a.String() != want {
				t.Errorf("%s revoked, %s: %s, want %s", what, name, a, want)
			}
		}
		for name, c := range sessions() {
			if a := s.do(c, "GetCallerIdentity", ""); a.Status != 200 {
				t.Errorf("%s revoked, %s issued afterwards: %s", what, name, a)
			}
		}
	}
}

// TestRevokeOlderSessions is AWS's own way: a policy on the role that denies by
// the time of issue. It spares the sessions issued since, and long-term keys.
//
// Source: IAM User Guide, id_roles_use_revoke-sessions.
func TestRevokeOlderSessions(t *testing.T) {
	s := newStack(t)
	all := statement("Allow", "*", "*")
	alice := s.user(accountA, "alice", all)
	s.role(accountA, "demo", trusts(accountA), all)
	old, _ := s.assume(alice, roleARN(accountA, "demo"), "")
	token := temporary(s.do(alice, "GetSessionToken", ""))
	s.now = s.now.Add(time.Minute)
	revoke := fmt.Sprintf(`{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Action":["*"],"Resource":["*"],"Condition":{"DateLessThan":{"aws:TokenIssueTime":"%s"}}}]}`, s.now.Format("2006-01-02T15:04:05.000Z"))
	deny := []*directory.Inline{{Name: "p0", Text: all}, {Name: "AWSRevokeOlderSessions", Text: revoke}}
	s.editRole(accountA, "demo", func(r *directory.Role) { r.Inline = deny })
	s.editUser(accountA, "alice", func(u *directory.User) { u.Inline = deny })
	fresh, _ := s.assume(alice, roleARN(accountA, "demo"), "")
	for what, row := range map[string]struct {
		c    credentials
		want bool
	}{"before": {old, false}, "since": {fresh, true}, "a user's session": {token, false}, "the user": {alice, true}} {
		if got := s.probe(row.c, "s3:GetObject", authz.Resource{ARN: "arn:aws:s3:::b/x"}); (got.Decision == policy.Allow) != row.want {
			t.Errorf("%s: %v", what, got.Decision)
		}
		// It denies; that nobody but the caller is told who it is stays as it was.
		if a := s.do(row.c, "GetCallerIdentity", ""); a.Status != 200 {
			t.Errorf("%s: %s", what, a)
		}
	}
}
