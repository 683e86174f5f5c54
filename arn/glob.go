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
// Whatever the pattern, it takes no more than len(pattern)*len(s) steps, and for
// patterns that are UTF-8 about 20*(len(pattern)+len(s)) + len(pattern)*len(s)/32,
// so that 2,048 bytes by 2,048 stay well below a millisecond.
func Glob(pattern, s string) bool {
	ok, _ := glob(pattern, s, '*', '?')
	return ok
}

// GlobTokens is Glob for patterns whose wildcards are the bytes Star and Any.
func GlobTokens(pattern, s string) bool {
	ok, _ := glob(pattern, s, Star, Any)
	return ok
}

// glob cuts the pattern at its stars. The first piece must begin s and the
// last must end it; each piece between is looked for as early as possible,
// which is right since a star can take up whatever it must. Steps are the bytes
// looked at.
func glob(p, s string, star, any byte) (ok bool, steps int) {
	i := strings.IndexByte(p, star)
	if i < 0 {
		n, ok := prefix(p, s, any)
		return ok && n == len(s), n
	}
	n, ok := prefix(p[:i], s, any)
	if steps = n; !ok {
		return false, steps
	}
	p, s = p[i+1:], s[n:]
	for {
		i = strings.IndexByte(p, star)
		if i < 0 {
			return suffix(p, s, any), steps + len(p)
		}
		n, took := find(p[:i], s, any)
		if steps += took; n < 0 {
			return false, steps
		}
		p, s = p[i+1:], s[n:]
	}
}

// prefix matches the starless piece at the beginning of s and returns how many
// bytes of s it took, or how far it came.
func prefix(piece, s string, any byte) (n int, ok bool) {
	for j := 0; j < len(piece); j++ {
		if n >= len(s) {
			return n, false
		}
		c := s[n]
		switch {
		case piece[j] == c || piece[j] == any && c < utf8.RuneSelf:
			n++
		case piece[j] == any:
			n += width(s[n:])
		default:
			return n, false
		}
	}
	return n, true
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
func find(piece, s string, any byte) (end, steps int) {
	at := 0
	for piece != "" && piece[0] == any {
		if at == len(s) {
			return -1, at
		}
		piece, at = piece[1:], at+width(s[at:])
	}
	core := piece
	for core != "" && core[len(core)-1] == any {
		core = core[:len(core)-1]
	}
	n, steps := findCore(core, s[at:], any)
	if steps += at; n < 0 {
		return -1, steps
	}
	at += n
	n, ok := prefix(piece[len(core):], s[at:], any)
	if steps += n; !ok {
		return -1, steps
	}
	return at + n, steps
}

// patience is how often findCore looks at a byte before it goes on in parallel.
const patience = 16

// findCore is find for a piece that neither begins nor ends with a wildcard.
func findCore(piece, s string, any byte) (end, steps int) {
	if strings.IndexByte(piece, any) < 0 {
		i := strings.Index(s, piece)
		if i < 0 {
			return -1, len(s)
		}
		return i + len(piece), i + len(piece)
	}
	// A piece has at most as many characters as s has bytes left.
	for at := 0; len(piece) <= len(s)-at; at++ {
		i := strings.IndexByte(s[at:], piece[0])
		if i < 0 {
			return -1, steps + len(s) - at
		}
		at += i
		n, ok := prefix(piece, s[at:], any)
		if steps += i + n; ok {
			return at + n, steps
		}
		if steps > patience*(at+len(piece)) && validPiece(piece, any) {
			n, took := findParallel(piece, s[at:], any)
			if steps += took; n < 0 {
				return -1, steps
			}
			return at + n, steps
		}
	}
	return -1, steps
}

// width is the length of the first character of s in bytes.
func width(s string) int {
	if s[0] < utf8.RuneSelf {
		return 1
	}
	_, w := utf8.DecodeRuneInString(s)
	return w
}
