package sts

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/url"
	"slices"
	"strings"
	"testing"
)

// rule is a statement whose effect on a probe can be told without the evaluator.
type rule struct {
	Effect, Action, Resource string
}

// rules are a policy of statements. An explicit Deny beats every Allow, and what
// nothing allows is denied: IAM User Guide, reference_policies_evaluation-logic.
type rules []rule

func (rs rules) allow(action, resource string) bool {
	allowed := false
	for _, r := range rs {
		matches := (r.Action == "*" || r.Action == "sts:*" || r.Action == action) &&
			(r.Resource == "*" || r.Resource == resource || strings.HasSuffix(r.Resource, "*") && strings.HasPrefix(resource, strings.TrimSuffix(r.Resource, "*")))
		if matches && r.Effect == "Deny" {
			return false
		}
		allowed = allowed || matches
	}
	return allowed
}

func (rs rules) text() string {
	b, err := json.Marshal(map[string]any{"Version": "2012-10-17", "Statement": []rule(rs)})
	if err != nil {
		panic(err)
	}
	return string(b)
}

// drawRules draws one to three statements; a third of the policies only deny.
func drawRules(g *rand.Rand) (rs rules) {
	pick := func(list ...string) string { return list[g.IntN(len(list))] }
	onlyDeny := g.IntN(3) == 0
	for range 1 + g.IntN(3) {
		effect := pick("Allow", "Allow", "Deny")
		if onlyDeny {
			effect = "Deny"
		}
		rs = append(rs, rule{
			effect, pick("sts:AssumeRole", "sts:AssumeRole", "sts:GetAccessKeyInfo", "sts:*", "*", "s3:GetObject"),
			pick("*", "*", roleARN(accountA, "to1"), roleARN(accountA, "to2"), roleARN(accountA, "to*"), roleARN(accountB, "to*")),
		})
	}
	return rs
}

// TestSec_B01_SessionsOnlyNarrow draws policies of a role and of its sessions,
// policies that only deny among them, and compares what the sessions may with a
// model: a session policy takes away and never adds, and neither does a session
// token of a user.
func TestSec_B01_SessionsOnlyNarrow(t *testing.T) {
	rounds := 200
	if testing.Short() {
		rounds = 40
	}
	g := rand.New(rand.NewPCG(4, 2))
	s := newStack(t)
	alice := s.user(accountA, "alice", statement("Allow", "sts:*", "*"))
	targets := []string{roleARN(accountA, "to1"), roleARN(accountA, "to2"), roleARN(accountA, "to3")}
	for i := range targets {
		s.role(accountA, fmt.Sprint("to", i+1), trusts(accountA))
	}
	seen := map[bool]int{}
	probe := func(what string, c credentials, allow func(action, resource string) bool) {
		t.Helper()
		for _, to := range targets {
			want := allow("sts:AssumeRole", to)
			if _, a := s.assume(c, to, ""); (a.Status == 200) != want {
				t.Errorf("%s enters %s: %s, want %v", what, to, a, want)
			}
			seen[want]++
		}
		want := allow("sts:GetAccessKeyInfo", "*")
		if a := s.do(c, "GetAccessKeyInfo", "AccessKeyId="+alice.AccessKeyID); (a.Status == 200) != want {
			t.Errorf("%s asks for a key: %s, want %v", what, a, want)
		}
	}
	for i := range rounds {
		of, inline, managed := drawRules(g), drawRules(g), drawRules(g)
		from := fmt.Sprint("from", i)
		s.role(accountA, from, trusts("arn:aws:iam::"+accountA+":user/alice"), of.text())
		arn := s.policy(accountA, fmt.Sprint("m", i), managed.text())
		either := func(action, resource string) bool {
			both := slices.Concat(inline, managed)
			return both.allow(action, resource) && of.allow(action, resource)
		}
		for _, session := range []struct {
			params string
			allow  func(action, resource string) bool
		}{
			{"", of.allow},
			{"Policy=" + url.QueryEscape(inline.text()), func(a, r string) bool { return inline.allow(a, r) && of.allow(a, r) }},
			{"PolicyArns.member.1.arn=" + url.QueryEscape(arn), func(a, r string) bool { return managed.allow(a, r) && of.allow(a, r) }},
			{"Policy=" + url.QueryEscape(inline.text()) + "&PolicyArns.member.1.arn=" + url.QueryEscape(arn), either},
		} {
			c, a := s.assume(alice, roleARN(accountA, from), session.params)
			if a.Status != 200 {
				t.Fatal(a)
			}
			probe(fmt.Sprintf("round %d, role %s, session %s", i, of.text(), session.params), c, session.allow)
		}
		user := s.user(accountA, fmt.Sprint("u", i), of.text())
		token := temporary(s.do(user, "GetSessionToken", ""))
		// The token asks STS for nothing but roles: TestSec_B26 of authz.
		probe(fmt.Sprintf("round %d, token of %s", i, of.text()), token, func(a, r string) bool { return a == "sts:AssumeRole" && of.allow(a, r) })
		if t.Failed() {
			return
		}
	}
	if seen[true] < rounds || seen[false] < rounds {
		t.Errorf("allowed and denied %v: too few of one to prove anything", seen)
	}
}
