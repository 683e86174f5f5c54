package arn

import (
	"strings"
	"unicode/utf8"
)

// The wildcards of a pattern for GlobTokens. No UTF-8 text holds these bytes,
// so a pattern made of them can carry '*' and '?' as ordinary characters: the
// value of a policy variable, or the literal ${*}.
const (
	Star = '\xff' // any run of characters, also none
	Any  = '\xfe' // exactly one character
)

// Glob tells whether the whole of s matches pattern, in which '*' stands for
// any run of characters (none included) and '?' for exactly one, a Unicode
// scalar value; in text that is no UTF-8 for one byte. Everything else stands
// for itself, and case counts.
//
// The time is bounded by len(pattern)*len(s) whatever the pattern; patterns of
// many stars cost no more than that.
func Glob(pattern, s string) bool { return glob(pattern, s, '*', '?') }

// GlobTokens is Glob for patterns whose wildcards are the bytes Star and Any.
func GlobTokens(pattern, s string) bool { return glob(pattern, s, Star, Any) }

// glob cuts the pattern at its stars. The first piece must begin s and the
// last must end it; each piece between is looked for as early as possible,
// which is right since a star can take up whatever it must.
func glob(p, s string, star, any byte) bool {
	i := strings.IndexByte(p, star)
	if i < 0 {
		return prefix(p, s, any) == len(s)
	}
	n := prefix(p[:i], s, any)
	if n < 0 {
		return false
	}
	p, s = p[i+1:], s[n:]
	for {
		i = strings.IndexByte(p, star)
		if i < 0 {
			return suffix(p, s, any)
		}
		if n = find(p[:i], s, any); n < 0 {
			return false
		}
		p, s = p[i+1:], s[n:]
	}
}

// prefix matches the starless piece at the beginning of s and returns how many
// bytes of s it took, or -1.
func prefix(piece, s string, any byte) int {
	n := 0
	for j := 0; j < len(piece); j++ {
		if n >= len(s) {
			return -1
		}
		c := s[n]
		switch {
		case piece[j] == c || piece[j] == any && c < utf8.RuneSelf:
			n++
		case piece[j] == any:
			n += width(s[n:])
		default:
			return -1
		}
	}
	return n
}

// suffix tells whether the starless piece ends s. It goes backwards over as
// many characters as the piece has, for with wildcards in it the bytes it
// takes are not known before.
func suffix(piece, s string, any byte) bool {
	if strings.IndexByte(piece, any) < 0 {
		return strings.HasSuffix(s, piece)
	}
	for j := len(piece) - 1; j >= 0; j-- {
		if s == "" {
			return false
		}
		switch {
		case piece[j] == any:
			_, w := utf8.DecodeLastRuneInString(s)
			s = s[:len(s)-w]
		case piece[j] == s[len(s)-1]:
			s = s[:len(s)-1]
		default:
			return false
		}
	}
	return true
}

// find looks for the leftmost place where the starless piece matches in s and
// returns the offset behind it, or -1. Wildcards at its ends only skip
// characters, whatever the place.
func find(piece, s string, any byte) int {
	at := 0
	for piece != "" && piece[0] == any {
		if at == len(s) {
			return -1
		}
		piece, at = piece[1:], at+width(s[at:])
	}
	core := piece
	for core != "" && core[len(core)-1] == any {
		core = core[:len(core)-1]
	}
	n := findCore(core, s[at:], any)
	if n < 0 {
		return -1
	}
	at += n
	if n = prefix(piece[len(core):], s[at:], any); n < 0 {
		return -1
	}
	return at + n
}

// findCore is find for a piece that neither begins nor ends with a wildcard.
func findCore(piece, s string, any byte) int {
	if strings.IndexByte(piece, any) < 0 {
		i := strings.Index(s, piece)
		if i < 0 {
			return -1
		}
		return i + len(piece)
	}
	// A piece has at most as many characters as s has bytes left.
	for at := 0; len(piece) <= len(s)-at; at++ {
		i := strings.IndexByte(s[at:], piece[0])
		if i < 0 {
			return -1
		}
		at += i
		if n := prefix(piece, s[at:], any); n >= 0 {
			return at + n
		}
	}
	return -1
}

// width is the length of the first character of s in bytes.
func width(s string) int {
	if s[0] < utf8.RuneSelf {
		return 1
	}
	_, w := utf8.DecodeRuneInString(s)
	return w
}
