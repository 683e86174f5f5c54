package sigv4

import (
	"bytes"
	"net/url"
	"slices"
	"strings"
)

// The query parameters that carry authentication. None may be given twice, in
// any case or encoding, and none beside an Authorization header.
const (
	paramAlgorithm = iota
	paramCredential
	paramDate
	paramExpires
	paramSignedHeaders
	paramSignature
	paramToken
	paramRegionSet
	paramPayload
	params
)

var paramNames = [params]string{
	"X-Amz-Algorithm", "X-Amz-Credential", "X-Amz-Date", "X-Amz-Expires", "X-Amz-SignedHeaders",
	"X-Amz-Signature", "X-Amz-Security-Token", "X-Amz-Region-Set", "X-Amz-Content-Sha256",
}

// query is a parsed query string: its canonical pairs, and the authentication
// parameters among them, decoded.
type query struct {
	text  []byte // canonical names and values, end to end
	pairs []pair
	auth  [params]string
	has   [params]bool // given under its exact name
	odd   bool         // one was given in another case
}

// pair holds the offsets of a name and its value in query.text.
type pair struct{ from, name, value int }

// parse reads a raw query. It fails for a bad escape and for an authentication
// parameter that is given twice.
func (q *query) parse(raw string) error {
	q.text, q.pairs = q.text[:0], q.pairs[:0]
	q.auth, q.has, q.odd = [params]string{}, [params]bool{}, false
	var seen [params]bool
	for raw != "" {
		var part string
		part, raw, _ = strings.Cut(raw, "&")
		if part == "" {
			continue
		}
		name, value, _ := strings.Cut(part, "=")
		p, ok := q.recode(name, value)
		if !ok {
			return badQuery()
		}
		// An encoded name of this kind equals its decoded form.
		spelled := q.text[p.from:p.name]
		if i := authParam(spelled); i >= 0 {
			if seen[i] {
				return malformed("Duplicate query parameter: " + paramNames[i])
			}
			seen[i] = true
			if string(spelled) == paramNames[i] {
				q.has[i] = true
				q.auth[i], _ = url.QueryUnescape(value)
			} else {
				q.odd = true
			}
		}
		q.pairs = append(q.pairs, p)
	}
	return nil
}

func (q *query) recode(name, value string) (p pair, ok bool) {
	p.from = len(q.text)
	if q.text, ok = appendRecoded(q.text, name); !ok {
		return p, false
	}
	p.name = len(q.text)
	q.text, ok = appendRecoded(q.text, value)
	p.value = len(q.text)
	return p, ok
}

// authParam tells which authentication parameter a name is, without regard to
// case; -1 for none.
func authParam(name []byte) int {
	if len(name) < len("X-Amz-Date") || name[1] != '-' {
		return -1
	}
	for i, n := range paramNames {
		if len(n) == len(name) && strings.EqualFold(n, string(name)) {
			return i
		}
	}
	return -1
}

// any tells whether an authentication parameter is there at all.
func (q *query) any() bool { return q.odd || q.has != [params]bool{} }

// append writes the canonical query: all pairs but the signature's, sorted by
// the bytes of the encoded name, then of the encoded value.
func (q *query) append(dst []byte) []byte {
	slices.SortFunc(q.pairs, func(a, b pair) int {
		if c := bytes.Compare(q.text[a.from:a.name], q.text[b.from:b.name]); c != 0 {
			return c
		}
		return bytes.Compare(q.text[a.name:a.value], q.text[b.name:b.value])
	})
	first := true
	for _, p := range q.pairs {
		name := q.text[p.from:p.name]
		if string(name) == paramNames[paramSignature] {
			continue
		}
		if !first {
			dst = append(dst, '&')
		}
		first = false
		dst = append(append(dst, name...), '=')
		dst = append(dst, q.text[p.name:p.value]...)
	}
	return dst
}

// present tells whether a raw query holds the parameter i, in any case or
// encoding. A query that does not parse is treated as holding it.
func present(raw string, i int) bool {
	if raw == "" {
		return false
	}
	var q query
	if q.parse(raw) != nil {
		return true
	}
	for _, p := range q.pairs {
		if authParam(q.text[p.from:p.name]) == i {
			return true
		}
	}
	return false
}
