package policy

import (
	"strings"
	"unicode/utf8"
	"unsafe"

	"github.com/deputy-sts/deputy/arn"
)

// Patterns are split into tokens once, when a document is compiled: text in
// which wildcards have become the bytes arn.Star and arn.Any, and variables. A
// variable's value is put in as text and never looked at again, so that a '*' or
// "${" in it is only itself.

type form uint8

const (
	exact   form = iota // the whole is lit
	prefix              // lit, then anything
	glob                // lit, then rest
	dynamic             // lit, then parts, which hold variables
)

// pattern is a compiled pattern of a resource or a condition value.
type pattern struct {
	lit   string // text up to the first wildcard or variable
	rest  string // tokens behind lit
	parts []part // what stands behind lit, if there are variables
	form  form
}

// part is a run of tokens or one variable.
type part struct {
	tokens   string
	variable *variable
}

// variable is ${key} or ${key, 'default'}.
type variable struct {
	name       string // the key as written
	key        string // lower case
	fallback   string
	hasDefault bool
}

// matchAll tells whether the pattern is "*".
func (p *pattern) matchAll() bool { return p.form == prefix && p.lit == "" }

// compilePattern makes a pattern of the parts.
func compilePattern(parts []part) pattern {
	if len(parts) == 0 {
		return pattern{}
	}
	var p pattern
	if parts[0].variable == nil {
		i := wildcard(parts[0].tokens)
		if i < 0 {
			i = len(parts[0].tokens)
		}
		p.lit, p.rest = parts[0].tokens[:i], parts[0].tokens[i:]
	}
	switch {
	case len(parts) > 1 || parts[0].variable != nil:
		p.form, p.parts = dynamic, parts
		if parts[0].variable == nil {
			p.parts = append([]part{{tokens: p.rest}}, parts[1:]...)
		}
	case p.rest == "":
		p.form = exact
	case allStars(p.rest):
		p.form = prefix
	default:
		p.form = glob
	}
	return p
}

// wildcard is the index of the first wildcard token, or -1.
func wildcard(s string) int {
	for i := range len(s) {
		if s[i] >= arn.Any {
			return i
		}
	}
	return -1
}

// allStars tells whether there are only stars. strings.Trim would not do: to it
// the tokens, which are no UTF-8, are one and the same.
func allStars(tokens string) bool {
	for i := range len(tokens) {
		if tokens[i] != arn.Star {
			return false
		}
	}
	return true
}

// tokenizer says what is special in a text.
type tokenizer struct {
	wild bool // * and ? are wildcards
	vars bool // ${…} is a variable
}

// tokens splits s into parts.
func (t tokenizer) tokens(s string) (parts []part) {
	var b strings.Builder
	flush := func() {
		if b.Len() > 0 {
			parts = append(parts, part{tokens: b.String()})
			b.Reset()
		}
	}
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case t.wild && c == '*':
			b.WriteByte(arn.Star)
		case t.wild && c == '?':
			b.WriteByte(arn.Any)
		case t.vars && strings.HasPrefix(s[i:], "${"):
			body, n := variableBody(s[i:])
			switch {
			case n == 0: // it never ends: text, and so is all that follows
				t.vars = false
				b.WriteByte(c)
				continue
			case body == "*" || body == "?" || body == "$":
				b.WriteString(body)
			default:
				flush()
				parts = append(parts, part{variable: parseVariable(body)})
			}
			i += n - 1
		default:
			b.WriteByte(c)
		}
	}
	flush()
	return parts
}

// variableBody gives what is between "${", with which s begins, and its "}",
// and the length of all of it; 0 if there is no end. A brace inside the quotes
// of a default is no end.
func variableBody(s string) (body string, n int) {
	quoted := false
	for i := 2; i < len(s); i++ {
		switch {
		case s[i] == '\'':
			quoted = !quoted
		case s[i] == '}' && !quoted:
			return s[2:i], i + 1
		}
	}
	if i := strings.IndexByte(s, '}'); i >= 0 {
		return s[2:i], i + 1
	}
	return "", 0
}

// parseVariable reads a variable. A default that is not in single quotes
// is none, and leaves a key that no request has.
func parseVariable(body string) *variable {
	key, def, ok := strings.Cut(body, ",")
	def = strings.Trim(def, " \t")
	if !ok || len(def) < 2 || def[0] != '\'' || def[len(def)-1] != '\'' {
		name := strings.Trim(body, " \t")
		return &variable{name: name, key: fold(name)}
	}
	name := strings.Trim(key, " \t")
	return &variable{name: name, key: fold(name), fallback: def[1 : len(def)-1], hasDefault: true}
}

// match tells whether the whole of s matches.
func (p *pattern) match(ev *evaluation, s string) bool {
	n := len(p.lit)
	if len(s) < n || n > 0 && s[n-1] != p.lit[n-1] || s[:n] != p.lit {
		return false
	}
	switch p.form {
	case exact:
		return len(s) == n
	case prefix:
		return true
	case glob:
		return arn.GlobTokens(p.rest, s[n:])
	}
	var buf [256]byte
	b, ok := ev.expand(buf[:0], p.parts)
	return ok && arn.GlobTokens(view(b), s[n:])
}

// matchFold is match without ASCII case, for patterns without wildcards.
func (p *pattern) matchFold(ev *evaluation, s string) bool {
	if p.form == exact {
		return equalFold(p.lit, s)
	}
	var buf [256]byte
	b, ok := ev.expand(append(buf[:0], p.lit...), p.parts)
	return ok && equalFold(view(b), s)
}

// expand appends the parts with the values of the variables in them; false if
// one has no value.
func (ev *evaluation) expand(b []byte, parts []part) ([]byte, bool) {
	for i := range parts {
		v := parts[i].variable
		if v == nil {
			b = append(b, parts[i].tokens...)
			continue
		}
		value, ok := ev.variable(v)
		if !ok {
			return b, false
		}
		b = append(b, value...)
	}
	return b, true
}

// variable gives the value of a key that has exactly one. A value that is no
// UTF-8 is none: its bytes could be taken for tokens.
func (ev *evaluation) variable(v *variable) (string, bool) {
	values, _ := ev.lookup(v.key)
	switch {
	case len(values) == 0:
		return v.fallback, v.hasDefault
	case len(values) > 1 || !utf8.ValidString(values[0]):
		return "", false
	}
	return values[0], true
}

// view reads b as a string without copying; b must not change meanwhile.
func view(b []byte) string { return unsafe.String(unsafe.SliceData(b), len(b)) }
