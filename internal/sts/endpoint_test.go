package sts

import (
	"testing"
	"time"

	"github.com/deputy-sts/deputy/internal/directory"
	"github.com/deputy-sts/deputy/sigv4"
)

// at sends a signed request to a host, for a region.
func (s *stack) at(host, region string, c credentials, action, params string) answer {
	s.t.Helper()
	form := "Action=" + action + "&Version=2011-06-15&" + params
	r := s.request(form)
	r.Host = host
	check(s.t, sigv4.Sign(r, []byte(form), c, region, "sts", s.now))
	return s.send(r, []byte(form))
}

func (s *stack) editAccount(id string, f func(*directory.Account)) {
	s.t.Helper()
	s.change(func(tx *directory.Tx) {
		old := tx.Account(id)
		now := old.Clone()
		f(now)
		tx.PutAccount(old, now)
	})
}

// TestGlobalEndpoint: tokens of the global endpoint are good in the regions that
// every account has, unless the account they are for chose version 2; those of a
// region are good everywhere, and so are long-term keys.
func TestGlobalEndpoint(t *testing.T) {
	const global, regional = "sts.amazonaws.com", "sts.eu-central-1.amazonaws.com"
	s := newStack(t)
	alice := s.user(accountA, "alice", statement("Allow", "sts:*", "*"))
	s.role(accountB, "far", trusts(accountA))
	for _, row := range []struct {
		host, action, params string
		version              int
		everywhere           bool
	}{
		{global, "GetSessionToken", "", 0, false},
		{global, "GetSessionToken", "", 1, false},
		{global, "GetSessionToken", "", 2, true},
		{"STS.amazonaws.com:443", "GetFederationToken", "Name=bob", 1, false},
		{regional, "GetSessionToken", "", 1, true},
		{"sts.test", "GetSessionToken", "", 0, true},
		// The account of the role counts, which stays at version 1.
		{global, "AssumeRole", "RoleArn=" + roleARN(accountB, "far") + "&RoleSessionName=work", 2, false},
	} {
		s.editAccount(accountA, func(a *directory.Account) { a.TokenVersion = row.version })
		a := s.at(row.host, "us-east-1", alice, row.action, row.params)
		if a.Status != 200 {
			t.Fatalf("%+v: %s", row, a)
		}
		c := temporary(a)
		for region, good := range map[string]bool{"us-east-1": true, "eu-central-1": true, "ap-east-1": row.everywhere} {
			want := "200"
			if !good {
				want = "403 InvalidClientTokenId The security token included in the request is invalid"
			}
			if got := s.at(regional, region, c, "GetCallerIdentity", ""); got.String() != want {
				t.Errorf("%+v used in %s: %s, want %s", row, region, got, want)
			}
		}
	}
	if a := s.at(regional, "ap-east-1", alice, "GetCallerIdentity", ""); a.Status != 200 {
		t.Errorf("a long-term key in a region to opt into: %s", a)
	}
}

// TestRegionDisabled: where STS is off for an account nothing issues credentials
// for it, whoever asks; those that exist stay good, and the global endpoint stays on.
func TestRegionDisabled(t *testing.T) {
	s := newStack(t)
	alice, carol := s.user(accountA, "alice", statement("Allow", "sts:*", "*")), s.user(accountB, "carol", statement("Allow", "sts:*", "*"))
	s.role(accountA, "near", trusts("*"))
	old := temporary(s.do(alice, "GetSessionToken", ""))
	s.editAccount(accountA, func(a *directory.Account) { a.RegionsOff = []string{"eu-central-1"} })
	const off = "403 RegionDisabledException STS is not activated in this region for account:111122223333. Your account administrator can activate STS in this region using the IAM Console."
	assume := "RoleSessionName=work&RoleArn=" + roleARN(accountA, "near")
	for name, row := range map[string]struct {
		host, action, params, want string
		c                          credentials
	}{
		"session token":   {"sts.test", "GetSessionToken", "", off, alice},
		"federation":      {"sts.test", "GetFederationToken", "Name=bob", off, alice},
		"role":            {"sts.test", "AssumeRole", assume, off, alice},
		"from elsewhere":  {"sts.test", "AssumeRole", assume, off, carol},
		"another account": {"sts.test", "GetSessionToken", "", "200", carol},
		"global":          {"sts.amazonaws.com", "GetSessionToken", "", "200", alice},
		"who am I":        {"sts.test", "GetCallerIdentity", "", "200", old},
	} {
		if a := s.at(row.host, "eu-central-1", row.c, row.action, row.params); a.String() != row.want {
			t.Errorf("%s: %s, want %s", name, a, row.want)
		}
	}
}

// TestChainingDuration: an operator may let the chained sessions of a role last
// longer than AWS's hour; the role's own limit stays.
func TestChainingDuration(t *testing.T) {
	s := newStack(t)
	alice := s.user(accountA, "alice", statement("Allow", "sts:*", "*"))
	s.role(accountA, "first", trusts(accountA), statement("Allow", "sts:*", "*"))
	s.role(accountA, "second", trusts(accountA))
	first, _ := s.assume(alice, roleARN(accountA, "first"), "")
	const hour = "400 ValidationError The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining."
	const most = "400 ValidationError The requested DurationSeconds exceeds the MaxSessionDuration set for this role."
	for _, row := range []struct {
		role, chaining int
		seconds, want  string
	}{
		{7200, 0, "3600", "200"}, {7200, 0, "3601", hour}, {7200, 5400, "5400", "200"}, {7200, 5400, "5401", hour},
		{4000, 5400, "4001", most}, {7200, 600, "3600", "200"},
	} {
		s.editRole(accountA, "second", func(r *directory.Role) { r.MaxSessionDuration, r.ChainingDuration = row.role, row.chaining })
		_, a := s.assume(first, roleARN(accountA, "second"), "DurationSeconds="+row.seconds)
		if row.want == hour && row.chaining > 3600 {
			row.want = a.String() // its text is ours: AWS has no such limit
			if a.Status != 400 || a.Code != "ValidationError" {
				t.Errorf("%+v: %s", row, a)
			}
		}
		if a.String() != row.want {
			t.Errorf("%+v: %s", row, a)
		}
		if a.Status == 200 && a.Role().Credentials.Expiration.Sub(s.now) > time.Duration(row.role)*time.Second {
			t.Errorf("%+v: until %v", row, a.Role().Credentials.Expiration)
		}
	}
}
