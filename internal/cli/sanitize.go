package cli

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// Sanitize makes text from elsewhere fit to be shown on one line of a terminal:
// line ends and tabs become spaces; other control characters (C0, DEL, C1, and
// with them every escape sequence's start), bidirectional controls, zero-width
// characters and invalid UTF-8 go away.
func Sanitize(s string) string {
	return sanitize(s, func(r rune) rune {
		switch r {
		case '\n', '\t', '\u2028', '\u2029':
			return ' '
		}
		return visible(r)
	})
}

// SanitizeLines is Sanitize for output of several lines: newlines and tabs stay.
func SanitizeLines(s string) string {
	return sanitize(s, func(r rune) rune {
		switch r {
		case '\n', '\t':
			return r
		}
		return visible(r)
	})
}

func sanitize(s string, of func(rune) rune) string {
	if harmless(s) {
		return s
	}
	return strings.Map(of, strings.ToValidUTF8(s, ""))
}

// harmless tells plain ASCII, which is most of what is printed.
func harmless(s string) bool {
	for i := range len(s) {
		if s[i] < ' ' || s[i] >= 0x7f {
			return false
		}
	}
	return true
}

// visible returns r, or -1 for what steers a terminal or hides from the eye.
func visible(r rune) rune {
	if steers(r) {
		return -1
	}
	return r
}

// steers tells controls, format characters (Cf: bidirectional controls,
// zero-width characters, tags) and line separators.
func steers(r rune) bool {
	if r < utf8.RuneSelf {
		return r < ' ' || r == 0x7f
	}
	return unicode.IsControl(r) || unicode.In(r, unicode.Cf, unicode.Zl, unicode.Zp)
}
