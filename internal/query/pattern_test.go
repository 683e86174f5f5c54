package query

import (
	"math/rand/v2"
	"regexp"
	"strings"
	"testing"
)

// modelPatterns are the patterns of the two models.
var modelPatterns = []string{
	`[\w+=,.@-]+`, `[\u0020-\u00FF]+`, `[\u0009\u000A\u000D\u0020-\u00FF]+`, `[\w]+`, `(\u002F)|(\u002F[\u0021-\u007E]+\u002F)`,
	`[\u0009\u000A\u000D\u0020-\u007E\u00A1-\u00FF]*`, `[\w+=/:,.@-]+`, `[\p{L}\p{Z}\p{N}_.:/=+\-@]+`,
	`[\u0009\u000A\u000D\u0020-\u007E\u0085\u00A0-\uD7FF\uE000-\uFFFD\u10000-\u10FFFF]+`, `[\w-]+`, `((/[A-Za-z0-9\.,\+@=_-]+)*)/`,
	`v[1-9][0-9]*(\.[A-Za-z0-9-]*)?`, `^o-[a-z0-9]{10,32}$`, `\u002F[\u0021-\u007F]*`, `[\w-]*`, `[\d]+`,
	`\d{12}`, `[A-Z0-9]+`, `^o-[0-9a-z]{10,32}\/r-[0-9a-z]{4,32}[0-9a-z-\/]*`,
	`^http(s?)://[a-zA-Z0-9._/-]*(\?[a-zA-Z0-9._=&-]*)?(#[a-zA-Z0-9._/-]*)?$`, `^[a-zA-Z0-9:/+=,.@_-]+$`, `[\w+=/:,.@-]*`, `[ -~]+`,
	`^p-[0-9a-zA-Z_]{8,128}$`, `^[a-zA-Z0-9:_.-]+$`, `[\w._-]+`, `[\w+=,.@\:-]*`, `[\w+=,.@:\/-]*`, `[\w+=,.@:-]*`, `[:\w]+`,
}

// The tables say what regexp says.
func TestPatternsAgainstRegexp(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	alphabet := []rune("aZz09_-+=,.@:/\\ \t\n\r<>~!\x7f\x00\u0085\u00a0\u00a1\u00ff\u0100\u2028\u3000漢٣\ud7ff\ue000\ufffd\uffff😀-/oprv1")
	for _, text := range modelPatterns {
		p, err := compilePattern(text)
		if err != nil {
			t.Fatal(err)
		}
		if strings.HasPrefix(strings.TrimPrefix(text, "^"), "[") && p.class == nil {
			t.Errorf("%s is not matched by a table", text)
		}
		slow := regexp.MustCompile("^(?:" + translate(strings.TrimSuffix(strings.TrimPrefix(text, "^"), "$")) + ")$")
		check := func(s string) {
			if got, want := p.match(s), slow.MatchString(s); got != want {
				t.Errorf("%s, %q: %t, regexp says %t", text, s, got, want)
			}
		}
		check("")
		for c := rune(0); c < 0x3000; c++ {
			check(string(c))
		}
		for range 300 {
			s := make([]rune, r.IntN(14))
			for i := range s {
				s[i] = alphabet[r.IntN(len(alphabet))]
			}
			check(string(s))
		}
	}
}

func TestPatternExamples(t *testing.T) {
	for _, c := range []struct {
		pattern, value string
		want           bool
	}{
		{`^[a-z0-9]([a-z0-9]|-(?!-)){1,61}[a-z0-9]$`, "my-alias", true},
		{`^[a-z0-9]([a-z0-9]|-(?!-)){1,61}[a-z0-9]$`, "my--alias", false},
		{`^[a-z0-9]([a-z0-9]|-(?!-)){1,61}[a-z0-9]$`, "ab", false},
		{`^[a-z0-9]([a-z0-9]|-(?!-)){1,61}[a-z0-9]$`, "abc-", false},
		{`^[a-z0-9]([a-z0-9]|-(?!-)){1,61}[a-z0-9]$`, "-abc", false},
		{`^[a-z0-9]([a-z0-9]|-(?!-)){1,61}[a-z0-9]$`, strings.Repeat("a", 64), false},
		{`[\w+=,.@-]*`, "é", false},
		{`[\w+=,.@-]*`, "a\n", false},
		{`\d{12}`, "111122223333\n", false},
		{`(\u002F)|(\u002F[\u0021-\u007E]+\u002F)`, "/", true},
		{`(\u002F)|(\u002F[\u0021-\u007E]+\u002F)`, "/a/b/", true},
		{`(\u002F)|(\u002F[\u0021-\u007E]+\u002F)`, "/a b/", false},
		{`(\u002F)|(\u002F[\u0021-\u007E]+\u002F)`, "/a", false},
		// Java's \u takes four digits: this holds U+1000, 0 to U+10FF, and F, so nothing beyond U+FFFF.
		{`[\u10000-\u10FFFF]+`, "0F", true},
		{`[\u10000-\u10FFFF]+`, "😀", false},
	} {
		p, err := compilePattern(c.pattern)
		if err != nil {
			t.Fatal(err)
		}
		if p.match(c.value) != c.want {
			t.Errorf("%s, %q: %t", c.pattern, c.value, !c.want)
		}
	}
	if _, err := compilePattern(`a(?=b)`); err == nil {
		t.Error("an unknown group must be refused")
	}
}
