package session

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
)

// A typical session, for what fits in its token beside it.
func typical() Claims {
	c := role()
	c.Name, c.SourceIdentity = "ci-deploy-48213", "jane.doe@corp.example"
	return c
}

// word is a name of n characters such as people give, which does not compress.
func word(r *rand.Rand, n int) string {
	b := make([]byte, n)
	for i := range b {
		b[i] = "abcdefghijklmnopqrstuvwxyz0123456789-"[r.IntN(37)]
	}
	return string(b)
}

// statements are of a session policy that narrows a role to some buckets and tables.
func statements(r *rand.Rand, n int) string {
	var list []string
	for i := range n {
		switch i % 3 {
		case 0:
			list = append(list, `{"Effect":"Allow","Action":["s3:GetObject","s3:PutObject"],"Resource":["arn:aws:s3:::`+word(r, 14)+`/*"]}`)
		case 1:
			list = append(list, `{"Effect":"Allow","Action":["dynamodb:GetItem","dynamodb:Query"],"Resource":"arn:aws:dynamodb:us-east-1:111122223333:table/`+word(r, 12)+`"}`)
		case 2:
			list = append(list, `{"Effect":"Allow","Action":"secretsmanager:GetSecretValue","Resource":"arn:aws:secretsmanager:us-east-1:111122223333:secret:`+word(r, 12)+`","Condition":{"StringEquals":{"aws:ResourceTag/team":"`+word(r, 6)+`"}}}`)
		}
	}
	return `{"Version":"2012-10-17","Statement":[` + strings.Join(list, ",") + `]}`
}

// most counts how many of something fit, up to a bound.
func most(t testing.TB, i *Issuer, bound int, with func(c *Claims, n int)) int {
	t.Helper()
	fits := func(n int) bool {
		c := typical()
		with(&c, n)
		_, err := i.Issue(c)
		return err == nil
	}
	n := 0
	for n < bound && fits(n+1) {
		n++
	}
	return n
}

// TestWhatFits measures how much fits in a token; docs/sts.md has the figures (-v
// prints them). What AWS lets a request have always does: a policy with ARNs of 2,048
// characters together, and tags of everyday length.
func TestWhatFits(t *testing.T) {
	i := newIssuer(t)
	rnd := func() *rand.Rand { return rand.New(rand.NewPCG(1, 2)) }
	policy := func(c *Claims, n int) { c.Policy = statements(rnd(), n) }
	managed := func(c *Claims, n int) {
		r := rnd()
		for range n {
			c.PolicyARNs = append(c.PolicyARNs, "arn:aws:iam::111122223333:policy/"+word(r, 24))
		}
	}
	tags := func(key, value int) func(c *Claims, n int) {
		return func(c *Claims, n int) {
			r := rnd()
			for range n {
				c.Tags = append(c.Tags, Tag{word(r, key), word(r, value)})
			}
		}
	}
	inline := statements(rnd(), 13)
	if len(inline) < 1900 || len(inline) > 2048 {
		t.Fatalf("the largest policy has %d characters", len(inline))
	}
	beside := func(with func(*Claims, int)) func(*Claims, int) {
		return func(c *Claims, n int) { c.Policy = inline; with(c, n) }
	}
	bare := issue(t, i, typical()).TokenSize
	t.Logf("| nothing but the session | %d characters, %d %% |", bare, percent(bare, MaxTokenSize))
	for _, row := range []struct {
		what  string
		bound int
		with  func(*Claims, int)
		least int
	}{
		{"statements of a session policy (AWS allows about 13: 2,048 characters)", 200, policy, 26},
		{"managed policies' ARNs (AWS allows 10)", maxNames, managed, 10},
		{"tags of 10 and 15 characters (AWS allows 50)", 50, tags(10, 15), 50},
		{"tags of 20 and 40 characters", 50, tags(20, 40), 35},
		{"tags of 128 and 256 characters, the longest", 50, tags(128, 256), 5},
		{"tags of 10 and 15 characters beside a policy of 2,000", 50, beside(tags(10, 15)), 50},
		{"tags of 20 and 40 characters beside a policy of 2,000", 50, beside(tags(20, 40)), 25},
	} {
		got := most(t, i, row.bound, row.with)
		t.Logf("| %s | %d |", row.what, got)
		if got < row.least {
			t.Errorf("%s: %d fit, fewer than %d", row.what, got, row.least)
		}
	}
	c := typical()
	c.Policy = inline
	managed(&c, 10)
	c.Policy = c.Policy[:2048-10*57] // the bound is on both together; its text need not be a policy here
	tags(10, 15)(&c, 30)
	if _, err := i.Issue(c); err != nil {
		t.Errorf("policy, ARNs and 30 tags: %v", err)
	}
}

// TestPolicyOfWords: what compresses badly does not get larger than it is.
func TestPolicyOfWords(t *testing.T) {
	i := newIssuer(t)
	r := rand.New(rand.NewPCG(3, 4))
	c := typical()
	c.Policy = fmt.Sprintf(`{"Version":"2012-10-17","Statement":{"Sid":"%s"}}`, word(r, 1980))
	if _, err := i.Issue(c); err != nil {
		t.Error(err)
	}
}
