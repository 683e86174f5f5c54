package arn

import (
	"math/rand/v2"
	"os"
	"strings"
	"testing"
	"unicode/utf8"
)

func TestParse(t *testing.T) {
	for _, s := range []string{
		"arn:aws:iam::111122223333:role/path/R",
		"arn:aws:s3:::bucket/key:with:colons",
		"arn:aws-cn:sts:cn-north-1:111122223333:assumed-role/R/S",
		"arn:aws:rds:eu-west-1:111122223333:db:one",
	} {
		a, err := Parse(s)
		if err != nil || a.String() != s {
			t.Errorf("Parse(%q) = %+v, %v", s, a, err)
		}
	}
	want := ARN{"aws", "rds", "eu-west-1", "111122223333", "db:one"}
	if a, _ := Parse("arn:aws:rds:eu-west-1:111122223333:db:one"); a != want {
		t.Errorf("got %+v, want %+v", a, want)
	}
	for _, s := range []string{"", "*", "arn", "arn:aws:iam::1", "ARN:aws:iam::1:user/x", "urn:aws:iam::1:user/x", "arn::iam::1:user/x",
		"arn:aws:::1:user/x", "arn:aws:iam::1:"} {
		if a, err := Parse(s); err == nil {
			t.Errorf("Parse(%q) = %+v", s, a)
		}
	}
}

func TestMatch(t *testing.T) {
	for _, c := range []struct {
		pattern, s string
		want       bool
	}{
		{"arn:aws:sns:us-west-2:111122223333:alerts", "arn:aws:sns:us-west-2:111122223333:alerts", true},
		{"arn:aws:sns:us-west-2:111122223333:alerts", "arn:aws:sns:us-west-2:111122223333:Alerts", false},
		{"arn:aws:sns:*:111122223333:al*", "arn:aws:sns:us-west-2:111122223333:alerts", true},
		{"arn:aws:sns:*:news", "arn:aws:sns:us-east-1:111122223333:news", false},
		{"arn:aws:sns:us-east-1:*:news", "arn:aws:sns:us-east-1:111122223333:old:news", false},
		{"arn:aws:sns:us-east-1:*:*news", "arn:aws:sns:us-east-1:111122223333:old:news", true},
		{"arn:aws:iam:*:111122223333:role/A", "arn:aws:iam::111122223333:role/A", true},
		{"*", "arn:aws:iam::111122223333:role/A", false},
		{"arn:*", "arn:aws:iam::111122223333:role/A", false},
		{"arn:*:*:*:*:*", "arn:aws:iam::111122223333:role/A", true},
		{"arn:*:*:*:*:*", "role/A", false},
	} {
		if got := Match(c.pattern, c.s); got != c.want {
			t.Errorf("Match(%q, %q) = %v", c.pattern, c.s, got)
		}
	}
}

func TestKnownPartition(t *testing.T) {
	if !KnownPartition("aws") || !KnownPartition("aws-us-gov") || KnownPartition("AWS") || KnownPartition("") || KnownPartition("aws-") {
		t.Error("wrong partitions")
	}
}

func TestGlob(t *testing.T) {
	for _, c := range []struct {
		pattern, s string
		want       bool
	}{
		{"", "", true}, {"", "a", false}, {"*", "", true}, {"*", "a:/b", true}, {"?", "", false}, {"?", "a", true}, {"?", "ab", false},
		{"a*b", "ab", true}, {"a*b", "axxb", true}, {"a*b", "axxbc", false}, {"*b*", "abc", true}, {"a*", "ba", false},
		{"a?c", "abc", true}, {"a?c", "ac", false}, {"**", "x", true}, {"a**b", "ab", true}, {"*?", "", false}, {"?*", "a", true},
		{"*aab", "aaab", true}, {"*a?b*", "xaabxaxb", true}, {"ab*ba", "aba", false}, {"ab*ba", "abba", true},
		// ? is one character, however many bytes it takes.
		{"?", "é", true}, {"??", "é", false}, {"x?y", "x€y", true}, {"*??xq", "€xq", false}, {"*?xq", "€xq", true}, {"a?", "a😀", true},
		{"*?", "€", true}, {"?*?", "€", false}, {"?*?", "€€", true}, {"*€?", "a€b", true},
		// Nothing else is special.
		{"a.c", "abc", false}, {"[ab]", "a", false}, {`\*`, "*", false}, {`\*`, `\x`, true}, {"a+", "aa", false},
		{"\xff", "anything", false}, {"\xfe", "a", false},
		// A piece must not be used twice by the first and last part.
		{"aa*aa", "aaa", false}, {"a?*?a", "aba", false},
	} {
		if got := Glob(c.pattern, c.s); got != c.want {
			t.Errorf("Glob(%q, %q) = %v", c.pattern, c.s, got)
		}
	}
	if !GlobTokens("*\xff?\xfe", "*anything?x") || GlobTokens("*", "x") || !GlobTokens("*", "*") {
		t.Error("GlobTokens takes * or ? for wildcards")
	}
}

// naive is the definition, over characters.
func naive(p, s []rune) bool {
	switch {
	case len(p) == 0:
		return len(s) == 0
	case p[0] == '*':
		return naive(p[1:], s) || len(s) > 0 && naive(p, s[1:])
	}
	return len(s) > 0 && (p[0] == '?' || p[0] == s[0]) && naive(p[1:], s[1:])
}

func TestSec_B15_GlobAgainstDefinition(t *testing.T) {
	n := 200_000
	if os.Getenv("DEPUTY_LONG") != "" {
		n = 100_000_000
	}
	r := rand.New(rand.NewPCG(1, 2))
	letters := []rune("aab*?é€:/")
	word := func(most int, set []rune) string {
		var b strings.Builder
		for range r.IntN(most) {
			b.WriteRune(set[r.IntN(len(set))])
		}
		return b.String()
	}
	matched := 0
	for range n {
		p, s := word(8, letters), word(9, letters)
		want := naive([]rune(p), []rune(s))
		if got := Glob(p, s); got != want {
			t.Fatalf("Glob(%q, %q) = %v", p, s, got)
		}
		if want {
			matched++
		}
	}
	if matched < n/50 || matched > n/2 {
		t.Errorf("%d of %d pairs match: the pairs are no test", matched, n)
	}
}

// slow are patterns that make matchers of the usual kinds take quadratic time or
// worse.
func slow() map[string][2]string {
	a := strings.Repeat("a", 2048)
	return map[string][2]string{
		"stars":    {strings.Repeat("*a", 1023) + "*b", a},
		"long":     {"*" + strings.Repeat("a", 1022) + "b*", a},
		"any":      {"*" + strings.Repeat("a?", 511) + "b*", a},
		"anyhead":  {"*?" + strings.Repeat("a", 1020) + "b*", a},
		"allany":   {"*" + strings.Repeat("?", 1022) + "b*", a},
		"mixed":    {"*" + strings.Repeat("a?", 511) + "b*", a[:2045] + "€"},
		"anymid":   {"*a" + strings.Repeat("?", 1020) + "b*", a},
		"widemid":  {"*" + strings.Repeat("€?", 200) + "b*", strings.Repeat("€", 682)},
		"wide":     {"*" + strings.Repeat("?", 600) + "b*", strings.Repeat("€", 682)},
		"pieces":   {strings.Repeat("*a?aaaaaab", 200) + "*", a},
		"middle":   {"*" + strings.Repeat("a?", 255) + "ab" + strings.Repeat("?a", 255) + "*", a},
		"blocks":   {strings.Repeat("*"+strings.Repeat("a?", 33)+"aa", 29) + "*ab*", a},
		"chance":   {"*" + strings.Repeat("ab?", 341) + "c*", strings.Repeat("ab", 1024)},
		"nearly":   {"*" + strings.Repeat("a", 510) + "?" + strings.Repeat("a", 510) + "b*", a},
		"starsany": {strings.Repeat("*?", 1023) + "*b", a},
	}
}

// TestSec_B14_GlobBlowUp bounds the steps of 2,048 bytes by 2,048, which at the
// two nanoseconds of a slow machine are half a millisecond.
func TestSec_B14_GlobBlowUp(t *testing.T) {
	const most = 250_000
	for name, c := range slow() {
		if len(c[0]) > 2048 || len(c[1]) > 2048 {
			t.Fatalf("%s is too long: %d, %d", name, len(c[0]), len(c[1]))
		}
		ok, steps := glob(c[0], c[1], '*', '?')
		if ok {
			t.Errorf("%s: matches", name)
		}
		if steps > most {
			t.Errorf("%s takes %d steps", name, steps)
		}
	}
}

// TestFindParallel compares the two ways of finding a piece.
func TestFindParallel(t *testing.T) {
	n := 20_000
	if os.Getenv("DEPUTY_LONG") != "" {
		n = 10_000_000
	}
	r := rand.New(rand.NewPCG(3, 4))
	found := 0
	for range n {
		var piece, s strings.Builder
		piece.WriteByte('a')
		for range r.IntN(1 << r.IntN(9)) {
			piece.WriteString([]string{"a", "a", "?", "?", "é", "😀"}[r.IntN(6)])
		}
		piece.WriteByte('a')
		// A text in which the piece stands, more often than not, perhaps cut short;
		// bytes that are no characters are in it too.
		for range r.IntN(200) {
			s.WriteString([]string{"a", "é", "\xc3", "\xa9", "😀"}[r.IntN(5)])
		}
		for _, c := range piece.String() {
			if c == '?' {
				s.WriteString([]string{"a", "é", "😀", "€", "\xff"}[r.IntN(5)])
			} else if r.IntN(300) > 0 {
				s.WriteRune(c)
			}
		}
		want := -1
		for at := range s.Len() {
			if took, ok := prefix(piece.String(), s.String()[at:], '?'); ok {
				want = at + took
				break
			}
		}
		if got, _ := findParallel(piece.String(), s.String(), '?'); got != want {
			t.Fatalf("%q in %q: %d, want %d", piece.String(), s.String(), got, want)
		}
		if want >= 0 {
			found++
		}
	}
	if found < n/5 || found > n-n/20 {
		t.Errorf("%d of %d are found: the texts are no test", found, n)
	}
}

func BenchmarkGlobWorst(b *testing.B) {
	for name, c := range slow() {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				Glob(c[0], c[1])
			}
		})
	}
}

func FuzzParse(f *testing.F) {
	f.Add("arn:aws:iam::111122223333:role/R")
	f.Add("arn:aws:s3:::b/k:x")
	f.Add(":::::")
	f.Fuzz(func(t *testing.T, s string) {
		a, err := Parse(s)
		if err == nil && a.String() != s {
			t.Errorf("Parse(%q).String() = %q", s, a)
		}
		if err == nil && !Match(s, s) && !strings.ContainsAny(s, "*?") {
			t.Errorf("%q does not match itself", s)
		}
	})
}

func FuzzGlob(f *testing.F) {
	f.Add("a*b?c", "axbyc")
	f.Fuzz(func(t *testing.T, p, s string) {
		got, steps := glob(p, s, '*', '?')
		if most := 20*(len(p)+len(s)) + len(p)*len(s)/32 + 64; steps > most && utf8.ValidString(p) {
			t.Errorf("Glob(%q, %q) takes %d steps of %d", p, s, steps, most)
		}
		if strings.Count(p, "*") <= 3 && len(p) < 32 && len(s) < 40 && utf8.ValidString(p) && utf8.ValidString(s) {
			if want := naive([]rune(p), []rune(s)); got != want {
				t.Errorf("Glob(%q, %q) = %v", p, s, got)
			}
		}
	})
}
