package audit

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"strconv"
)

// Head is the end of a chain: the number and the hash of its last line. The
// zero Head is the beginning.
type Head struct {
	Seq  uint64
	Hash [sha256.Size]byte
}

// String writes a head as SEQ:HASH, the hash in hex.
func (h Head) String() string { return fmt.Sprintf("%d:%x", h.Seq, h.Hash) }

// ParseHead reads what Head.String wrote.
func ParseHead(s string) (Head, error) {
	var h Head
	seq, hash, ok := bytes.Cut([]byte(s), []byte(":"))
	n, err := strconv.ParseUint(string(seq), 10, 64)
	if !ok || err != nil || !decodeHash(&h.Hash, hash) {
		return Head{}, fmt.Errorf("not a head of an audit file, SEQ:HASH: %.100q", s)
	}
	h.Seq = n
	return h, nil
}

const (
	chainStart = `,"chain":{"seq":`
	chainPrev  = `,"prev":"`
	chainLost  = `","lost":`
	hashStart  = `,"hash":"`
	hashEnd    = `"}`
	hashSize   = 2 * sha256.Size
	tailSize   = len(hashStart) + hashSize + len(hashEnd)
)

// appendLink appends line, an object with a member, its chain members and a
// newline, and moves the head on. lost, when not 0, is how many events could
// not be written since the line before.
func (h *Head) appendLink(dst, line []byte, lost uint64) []byte {
	start := len(dst)
	dst = append(dst, line[:len(line)-1]...)
	dst = append(dst, chainStart...)
	dst = strconv.AppendUint(dst, h.Seq+1, 10)
	dst = append(dst, chainPrev...)
	dst = hex.AppendEncode(dst, h.Hash[:])
	if lost > 0 {
		dst = append(dst, chainLost...)
		dst = strconv.AppendUint(dst, lost, 10)
		dst = append(dst, '}')
	} else {
		dst = append(dst, hashEnd...)
	}
	h.Seq++
	h.Hash = sha256.Sum256(dst[start:])
	dst = append(dst, hashStart...)
	dst = hex.AppendEncode(dst, h.Hash[:])
	return append(dst, hashEnd+"\n"...)
}

// link is what a written line says of its place in the chain.
type link struct {
	head Head
	prev [sha256.Size]byte
	lost uint64
	true bool // the hash is that of the line's bytes
}

var errNoLink = errors.New("no chain members at its end")

// readLink reads a line without its newline. It looks at the end only, where
// the writer puts the chain: the same names inside a string or a value have
// their quotes escaped or lie further in.
func readLink(line []byte) (link, error) {
	var l link
	body := len(line) - tailSize
	if body < 0 || !bytes.HasPrefix(line[body:], []byte(hashStart)) || !bytes.HasSuffix(line, []byte(hashEnd)) ||
		!decodeHash(&l.head.Hash, line[body+len(hashStart):len(line)-len(hashEnd)]) {
		return l, errNoLink
	}
	start := bytes.LastIndex(line[:body], []byte(chainStart))
	if start < 0 || !l.readChain(line[start+len(chainStart):body]) {
		return l, errNoLink
	}
	l.true = sha256.Sum256(line[:body]) == l.head.Hash
	return l, nil
}

// readChain reads `N,"prev":"HASH"}`, perhaps with `,"lost":N` before the brace.
func (l *link) readChain(s []byte) bool {
	seq, rest, ok := bytes.Cut(s, []byte(chainPrev))
	n, err := strconv.ParseUint(string(seq), 10, 64)
	if !ok || err != nil || n == 0 || len(rest) < hashSize || !decodeHash(&l.prev, rest[:hashSize]) {
		return false
	}
	l.head.Seq = n
	rest = rest[hashSize:]
	if string(rest) == hashEnd {
		return true
	}
	lost, ok := bytes.CutPrefix(rest, []byte(chainLost))
	if !ok || !bytes.HasSuffix(lost, []byte("}")) {
		return false
	}
	l.lost, err = strconv.ParseUint(string(lost[:len(lost)-1]), 10, 64)
	return err == nil
}

// decodeHash reads a hash in the one form that is written.
func decodeHash(dst *[sha256.Size]byte, s []byte) bool {
	if len(s) != hashSize || bytes.ContainsAny(s, "ABCDEF") {
		return false
	}
	_, err := hex.Decode(dst[:], s)
	return err == nil
}
