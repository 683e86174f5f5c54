package session

import (
	"regexp"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestAccessKeyIDs(t *testing.T) {
	form := regexp.MustCompile(`^(AKIA|ASIA)[Q-Z2-7][A-Z2-7]{15}$`)
	rapid.Check(t, func(t *rapid.T) {
		account := rapid.StringMatching(`[0-9]{12}`).Draw(t, "account")
		prefix := rapid.SampledFrom([]string{LongTerm, Temporary}).Draw(t, "prefix")
		id := NewAccessKeyID(prefix, account)
		if !form.MatchString(id) || !strings.HasPrefix(id, prefix) {
			t.Fatalf("access key id %s", id)
		}
		if got, ok := AccountOf(id); !ok || got != account {
			t.Fatalf("the account of %s is %s, %v, want %s", id, got, ok, account)
		}
		if NewAccessKeyID(prefix, account) == id {
			t.Fatalf("%s twice", id)
		}
	})
}

// Published ids and their accounts: the first two of AWS's kind, as tools that
// decode them print it; the third has bit 47 unset.
func TestAccountOf(t *testing.T) {
	for id, want := range map[string]string{
		"ASIAQNZGKIQY56JQ7WML": "029608264753",
		"AKIASP2TPHJSQH3FJRUX": "171436882533",
		"AKIAAAAAAAAAAAAAAAAA": "000000000000",
		"AKIAIOSFODNN7EXAMPLE": "581039954779",
	} {
		if got, ok := AccountOf(id); !ok || got != want {
			t.Errorf("%s: %s, %v, want %s", id, got, ok, want)
		}
	}
	for _, id := range []string{
		"", "AKIA", "AKIASP2TPHJSQH3FJRU", "AKIASP2TPHJSQH3FJRUXX", "AROASP2TPHJSQH3FJRUX", "akiasp2tphjsqh3fjrux",
		"AKIASP2TPHJSQH3FJRU1", "AKIASP2TPHJSQH3FJR\n\n", "AKIASP2TPHJSQH3F====", "AKIA7777777777777777", "AKIASP2TPHJSQH3FJRé",
	} {
		if got, ok := AccountOf(id); ok {
			t.Errorf("%q: %s", id, got)
		}
	}
}

func TestSecretsAndUniqueIDs(t *testing.T) {
	secret := regexp.MustCompile(`^[A-Za-z0-9+/]{40}$`)
	unique := regexp.MustCompile(`^AROA[A-Z0-9]{17}$`)
	seen, count := map[string]bool{}, map[rune]int{}
	const n = 3600
	for range n {
		s, id := NewSecret(), NewUniqueID("AROA")
		if !secret.MatchString(s) || !unique.MatchString(id) || seen[s] || seen[id] {
			t.Fatalf("secret of %d characters, id %s", len(s), id)
		}
		seen[s], seen[id] = true, true
		for _, c := range id[4:] {
			count[c]++
		}
	}
	// 1,700 of each expected; the standard deviation is 41.
	for c, k := range count {
		if k < 1400 || k > 2000 {
			t.Errorf("%c came %d times of %d", c, k, n*17/36)
		}
	}
}
