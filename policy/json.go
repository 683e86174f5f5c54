package policy

import (
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"
)

// The JSON reader of policies. encoding/json will not do: it takes the last of
// two keys of one name, ignores the case of names, folds U+017F and U+212A
// into letters, turns invalid UTF-8 into U+FFFD, and knows no positions. Each of
// these lets a document mean one thing to its author and another to us.

// maxDepth bounds the nesting; a policy has no use for more than seven levels.
const maxDepth = 20

type nodeKind uint8

const (
	nullNode nodeKind = iota
	boolNode
	numberNode
	stringNode
	arrayNode
	objectNode
)

func (k nodeKind) String() string {
	return [...]string{"null", "a boolean", "a number", "a string", "an array", "an object"}[k]
}

// node is a JSON value and where it stands: text[start:end], quotes and
// brackets included.
type node struct {
	kind       nodeKind
	start, end int
	text       string // a string decoded; a number or boolean as written
	items      []node
	members    []member
}

// member is a name and value of an object.
type member struct {
	name       string
	start, end int // of the name, quotes included
	value      node
}

// reader walks over the text. The first error stays.
type reader struct {
	s   string
	pos int
	err *fault
}

// fault is something wrong at an offset; checks make SyntaxErrors of it.
type fault struct {
	offset int
	detail string
}

// readJSON reads a whole document.
func readJSON(s string) (node, *fault) {
	r := &reader{s: s}
	switch {
	case strings.HasPrefix(s, "\ufeff"):
		r.fail(0, "the document begins with a byte order mark")
	case !utf8.ValidString(s):
		r.fail(invalidAt(s), "the document is not valid UTF-8")
	}
	n := r.value(1)
	r.space()
	if r.err == nil && r.pos < len(s) {
		r.fail(r.pos, "something follows the end of the document")
	}
	return n, r.err
}

func invalidAt(s string) int {
	for i, c := range s {
		if c == utf8.RuneError {
			if _, w := utf8.DecodeRuneInString(s[i:]); w == 1 {
				return i
			}
		}
	}
	return 0
}

func (r *reader) fail(at int, format string, args ...any) {
	if r.err == nil {
		r.err = &fault{at, fmt.Sprintf(format, args...)}
	}
}

// space skips JSON white space.
func (r *reader) space() {
	for r.pos < len(r.s) && strings.IndexByte(" \t\n\r", r.s[r.pos]) >= 0 {
		r.pos++
	}
}

// peek gives the next byte behind white space, or 0 at the end.
func (r *reader) peek() byte {
	r.space()
	if r.pos < len(r.s) {
		return r.s[r.pos]
	}
	return 0
}

// take consumes c if it is next.
func (r *reader) take(c byte) bool {
	if r.peek() == c && r.pos < len(r.s) {
		r.pos++
		return true
	}
	return false
}

func (r *reader) value(depth int) node {
	if r.err != nil {
		return node{}
	}
	c := r.peek()
	n := node{start: r.pos}
	switch {
	case r.pos == len(r.s):
		r.fail(r.pos, "the document ends where a value should be")
	case depth > maxDepth:
		r.fail(r.pos, "the document is nested more than %d levels deep", maxDepth)
	case c == '{':
		n.kind, n.members = objectNode, r.object(depth)
	case c == '[':
		n.kind, n.items = arrayNode, r.array(depth)
	case c == '"':
		n.kind, n.text = stringNode, r.str()
	case c == '-' || '0' <= c && c <= '9':
		n.kind, n.text = numberNode, r.number()
	default:
		n.kind, n.text = r.word()
	}
	n.end = r.pos
	return n
}

func (r *reader) word() (nodeKind, string) {
	for _, w := range []string{"true", "false", "null"} {
		if strings.HasPrefix(r.s[r.pos:], w) {
			r.pos += len(w)
			if w == "null" {
				return nullNode, w
			}
			return boolNode, w
		}
	}
	c, _ := utf8.DecodeRuneInString(r.s[r.pos:])
	r.fail(r.pos, "%q begins no JSON value", c)
	return nullNode, ""
}

func (r *reader) array(depth int) (items []node) {
	r.pos++
	if r.take(']') {
		return nil
	}
	for r.err == nil {
		items = append(items, r.value(depth+1))
		if r.take(']') {
			return items
		}
		if !r.take(',') {
			r.fail(r.pos, "a comma or ] should be here")
		}
	}
	return items
}

func (r *reader) object(depth int) (members []member) {
	r.pos++
	if r.take('}') {
		return nil
	}
	for r.err == nil {
		if r.peek() != '"' {
			r.fail(r.pos, "a name in double quotes should be here")
			return members
		}
		m := member{start: r.pos}
		m.name = r.str()
		m.end = r.pos
		if !r.take(':') {
			r.fail(r.pos, "a colon should be here")
		}
		m.value = r.value(depth + 1)
		members = append(members, m)
		if r.take('}') {
			r.unique(members)
			return members
		}
		if !r.take(',') {
			r.fail(r.pos, "a comma or } should be here")
		}
	}
	return members
}

// unique refuses two names in an object that are one, or one but for case: no
// element and no condition key of the language depends on case.
func (r *reader) unique(members []member) {
	if len(members) < 2 {
		return
	}
	seen := make(map[string]string, len(members))
	for i := range members {
		name := members[i].name
		other, twice := seen[fold(name)]
		switch {
		case !twice:
			seen[fold(name)] = name
		case other == name:
			r.fail(members[i].start, "%q is here twice", name)
		default:
			r.fail(members[i].start, "%q and %q differ by case alone", other, name)
		}
	}
}

func (r *reader) digits() int {
	from := r.pos
	for r.pos < len(r.s) && '0' <= r.s[r.pos] && r.s[r.pos] <= '9' {
		r.pos++
	}
	return r.pos - from
}

// next consumes one of the bytes in set.
func (r *reader) next(set string) bool {
	if r.pos < len(r.s) && strings.IndexByte(set, r.s[r.pos]) >= 0 {
		r.pos++
		return true
	}
	return false
}

// number follows RFC 8259, section 6.
func (r *reader) number() string {
	from := r.pos
	r.next("-")
	zero := r.pos < len(r.s) && r.s[r.pos] == '0'
	n := r.digits()
	ok := n == 1 || n > 1 && !zero
	if ok && r.next(".") {
		ok = r.digits() > 0
	}
	if ok && r.next("eE") {
		r.next("+-")
		ok = r.digits() > 0
	}
	if !ok {
		r.fail(from, "this is no JSON number")
	}
	return r.s[from:r.pos]
}

// str reads a string; a string without escapes shares the text's memory.
func (r *reader) str() string {
	r.pos++
	from := r.pos
	for r.pos < len(r.s) {
		switch c := r.s[r.pos]; {
		case c == '"':
			r.pos++
			return r.s[from : r.pos-1]
		case c == '\\':
			return r.escaped(from)
		case c < ' ':
			r.fail(r.pos, "a control character stands in a string")
			return ""
		}
		r.pos++
	}
	r.fail(from-1, "the string does not end")
	return ""
}

// escaped goes on with a string from its first backslash.
func (r *reader) escaped(from int) string {
	b := []byte(r.s[from:r.pos])
	for r.pos < len(r.s) && r.err == nil {
		switch c := r.s[r.pos]; {
		case c == '"':
			r.pos++
			return string(b)
		case c == '\\':
			b = utf8.AppendRune(b, r.escape())
		case c < ' ':
			r.fail(r.pos, "a control character stands in a string")
		default:
			b = append(b, c)
			r.pos++
		}
	}
	r.fail(from-1, "the string does not end")
	return ""
}

// escape reads one escape sequence, or two that make a surrogate pair.
func (r *reader) escape() rune {
	at := r.pos
	r.pos++
	if r.pos == len(r.s) {
		return 0
	}
	c := r.s[r.pos]
	r.pos++
	if c != 'u' {
		if i := strings.IndexByte(`"\/bfnrt`, c); i >= 0 {
			return rune("\"\\/\b\f\n\r\t"[i])
		}
		r.fail(at, "this is no escape sequence of JSON")
		return 0
	}
	hi := r.hex(at)
	if hi < 0xd800 || hi > 0xdfff {
		return hi
	}
	if hi < 0xdc00 && strings.HasPrefix(r.s[r.pos:], `\u`) {
		r.pos += 2
		if lo := r.hex(at); 0xdc00 <= lo && lo <= 0xdfff {
			return 0x10000 + (hi-0xd800)<<10 + (lo - 0xdc00)
		}
	}
	r.fail(at, "a surrogate stands alone")
	return 0
}

func (r *reader) hex(at int) rune {
	if len(r.s)-r.pos >= 4 {
		if v, err := strconv.ParseUint(r.s[r.pos:r.pos+4], 16, 32); err == nil {
			r.pos += 4
			return rune(v)
		}
	}
	r.fail(at, `\u needs four hexadecimal digits`)
	return 0
}
