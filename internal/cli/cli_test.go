package cli

import (
	"bytes"
	"errors"
	"fmt"
	"regexp"
	"runtime/debug"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"pgregory.net/rapid"
)

func TestReport(t *testing.T) {
	plain := errors.New("it broke")
	for _, c := range []struct {
		err  error
		code int
		out  string
	}{
		{nil, 0, ""},
		{plain, 1, "p: error: it broke\n"},
		{Exit(3, nil), 3, ""},
		{Exit(0, nil), 0, ""},
		{Exit(252, plain), 252, "p: error: it broke\n"},
		{Exit(2, Hint(plain, "mend %s", "it")), 2, "p: error: it broke\np: hint: mend it\n"},
		{fmt.Errorf("doing: %w", Hint(Exit(9, plain), "mend it")), 9, "p: error: doing: it broke\np: hint: mend it\n"},
		{errors.Join(Hint(plain, "one"), Hint(Hint(plain, "three"), "two")), 1, "p: error: it broke it broke\np: hint: one\np: hint: two\np: hint: three\n"},
		{errors.New("a\nd: error: forged\x1b[2J"), 1, "p: error: a d: error: forged[2J\n"},
	} {
		var out bytes.Buffer
		e := &Env{Name: "p", Stderr: &out}
		if code := e.Report(c.err); code != c.code || out.String() != c.out {
			t.Errorf("%v: code %d, %q", c.err, code, out.String())
		}
	}
	if err := Exit(4, plain); !errors.Is(err, plain) {
		t.Error("what is wrapped in Exit is not found")
	}
}

func TestSec_J06_Sanitize(t *testing.T) {
	for in, want := range map[string]string{
		"plain": "plain", "é漢😀": "é漢😀", "": "", "a\r\nb\tc": "a b c", "\x1b[31mred\x1b[0m": "[31mred[0m", "\x1b]0;title\x07": "]0;title",
		"\u009b31m": "31m", "\x7f\x00\x08": "", "a\u202eb\u2066c\u2069": "abc", "a\u200b\u200d\ufeffb": "ab", "a\u2028b": "a b", "\xffa\xc3": "a",
		"role\rfake": "rolefake", "tag\U000e0041": "tag",
	} {
		if got := Sanitize(in); got != want {
			t.Errorf("%q becomes %q, want %q", in, got, want)
		}
	}
	if got := SanitizeLines("a\r\n\tb\x1b\u2028"); got != "a\n\tb" {
		t.Errorf("lines become %q", got)
	}
	rapid.Check(t, func(t *rapid.T) {
		s := string(rapid.SliceOf(rapid.Byte()).Draw(t, "bytes")) + rapid.String().Draw(t, "s")
		for _, r := range Sanitize(s) {
			if unicode.IsControl(r) || unicode.In(r, unicode.Cf, unicode.Zl, unicode.Zp) || r == utf8.RuneError && !strings.ContainsRune(s, r) {
				t.Fatalf("%U is left of %q", r, s)
			}
		}
	})
}

func TestVersion(t *testing.T) {
	if v := Version("deputy"); !regexp.MustCompile(`^deputy \S+ \((.*, )?go1\.\S+, \w+/\w+\)$`).MatchString(v) {
		t.Errorf("%q", v)
	}
	info := &debug.BuildInfo{Main: debug.Module{Version: "v1.2.3"}, Settings: []debug.BuildSetting{{Key: "vcs.revision", Value: "0123456789abcdef"}, {Key: "vcs.modified", Value: "true"}}}
	if v := describe("deputyd", info); !strings.HasPrefix(v, "deputyd v1.2.3 (0123456789ab, modified, go1.") {
		t.Errorf("%q", v)
	}
}
