package cli

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// AppendJSON appends a value as JSON with an indent of four spaces, members in
// the order given, and a newline at the end. An Object without members is
// nothing at all, as an answer without members is for the AWS CLI. Characters
// that steer a terminal are written as \u escapes, which leaves the value what
// it is.
func AppendJSON(dst []byte, v any) []byte {
	if o, ok := v.(Object); ok && len(o) == 0 {
		return dst
	}
	return append(appendJSON(dst, v, "\n"), '\n')
}

// appendJSON writes v; newline is a line's end with the indent of v.
func appendJSON(dst []byte, v any, newline string) []byte {
	switch v := v.(type) {
	case Object:
		return appendBlock(dst, '{', '}', newline, len(v), func(dst []byte, i int, newline string) []byte {
			dst = append(appendQuoted(dst, v[i].Name), ": "...)
			return appendJSON(dst, v[i].Value, newline)
		})
	case []any:
		return appendBlock(dst, '[', ']', newline, len(v), func(dst []byte, i int, newline string) []byte {
			return appendJSON(dst, v[i], newline)
		})
	}
	text, quoted := scalar(v)
	if quoted {
		return appendQuoted(dst, text)
	}
	return append(dst, text...)
}

func appendBlock(dst []byte, open, end byte, newline string, n int, element func([]byte, int, string) []byte) []byte {
	if n == 0 {
		return append(dst, open, end)
	}
	dst = append(dst, open)
	for i := range n {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = append(dst, newline+"    "...)
		dst = element(dst, i, newline+"    ")
	}
	return append(append(dst, newline...), end)
}

func appendQuoted(dst []byte, s string) []byte {
	dst = append(dst, '"')
	for _, r := range s {
		switch {
		case r == '"' || r == '\\':
			dst = append(dst, '\\', byte(r))
		case r < ' ' && strings.ContainsRune("\n\r\t\b\f", r):
			dst = append(dst, '\\', "btn.fr"[r-'\b'])
		case steers(r):
			dst = appendUnicode(dst, r)
		default:
			dst = utf8.AppendRune(dst, r)
		}
	}
	return append(dst, '"')
}

// appendUnicode escapes a character, by a surrogate pair where it takes one.
func appendUnicode(dst []byte, r rune) []byte {
	if r > 0xffff {
		r -= 0x10000
		return fmt.Appendf(dst, `\u%04x\u%04x`, 0xd800+r>>10, 0xdc00+r&0x3ff)
	}
	return fmt.Appendf(dst, `\u%04x`, r)
}
