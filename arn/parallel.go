package arn

import (
	"strings"
	"unicode/utf8"
)

// findParallel is findCore for a piece that is UTF-8 between its wildcards. It
// follows 64 places of the piece at once, as bits of a word (Baeza-Yates and
// Gonnet, "A new approach to text searching", 1992), so that it takes
// len(piece)*len(s)/64 steps however the two are made. It is dear to set up:
// findCore comes here when its own way does not get on.
func findParallel(piece, s string, any byte) (end, steps int) {
	// Bit i: what precedes the block of the piece under way matches up to and with
	// byte i of s.
	var most [64]uint64
	carry := most[:]
	if words := (len(s) + 63) / 64; words > len(carry) {
		carry = make([]uint64, words)
	}
	for first := 0; first < len(piece); first += 64 {
		b := newBlock(piece[first:min(first+64, len(piece))], any)
		last := first+64 >= len(piece)
		n, found := b.run(s, carry, first == 0, last)
		steps += n
		if last && found {
			return n, steps
		}
		if !found {
			break
		}
	}
	return -1, steps
}

// block is up to 64 bytes of a piece, a bit for each.
type block struct {
	literals [256]uint64 // by byte: where the piece has it
	holes    uint64      // where the piece has a wildcard
	end      uint64      // the last bit
}

func newBlock(piece string, any byte) (b block) {
	for j := range len(piece) {
		if piece[j] == any {
			b.holes |= 1 << j
		} else {
			b.literals[piece[j]] |= 1 << j
		}
	}
	b.end = 1 << (len(piece) - 1)
	return b
}

// run takes the block through s. Its first byte may match anywhere if it is the
// first block, else behind the places in carry, which run replaces by its own. It
// tells whether the block matches at all; the last one stops where it does, and n
// is the offset behind that place.
func (b *block) run(s string, carry []uint64, first, last bool) (n int, found bool) {
	var state, before uint64
	start := 0 // of the next character
	for i := range len(s) {
		enter := before
		if first {
			enter = 1
		}
		word, bit := &carry[i/64], uint(i%64)
		before = *word >> bit & 1
		next := (state<<1 | enter)
		if i == start {
			start += width(s[i:])
			next &= b.literals[s[i]] | b.holes
		} else {
			// Inside a character: a wildcard that has taken its first byte stays.
			next = next&b.literals[s[i]] | state&b.holes
		}
		state = next
		*word &^= 1 << bit
		if state&b.end == 0 {
			continue
		}
		if found = true; last {
			return i + 1, true
		}
		*word |= 1 << bit
	}
	return len(s), found
}

// validPiece tells whether the text between the wildcards is UTF-8.
func validPiece(piece string, any byte) bool {
	for {
		i := strings.IndexByte(piece, any)
		if i < 0 {
			return utf8.ValidString(piece)
		}
		if !utf8.ValidString(piece[:i]) {
			return false
		}
		piece = piece[i+1:]
	}
}
