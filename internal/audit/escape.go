package audit

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"time"
	"unicode/utf8"
)

// Raw is JSON text made by AppendString, AppendValue and punctuation: it is
// copied into an entry without being checked again. For text from elsewhere
// use json.RawMessage.
type Raw []byte

const hexDigits = "0123456789abcdef"

// plain tells the ASCII bytes that stand in a JSON string as they are.
var plain = func() (t [utf8.RuneSelf]bool) {
	for c := range t {
		t[c] = c >= 0x20 && c != '"' && c != '\\' && c != 0x7f
	}
	return t
}()

// AppendString appends s as a JSON string. Control characters (C0, DEL, C1),
// line separators, bidirectional controls and zero-width characters become \u
// escapes, invalid UTF-8 becomes U+FFFD.
func AppendString(dst []byte, s string) []byte {
	dst = append(dst, '"')
	dst = appendEscaped(dst, s, true)
	return append(dst, '"')
}

// appendEscaped copies s with what must not stand raw escaped. Quotes and
// backslashes are left alone in text that is JSON already.
func appendEscaped[T string | []byte](dst []byte, s T, quotes bool) []byte {
	start := 0
	for i := 0; i < len(s); {
		c := s[i]
		if c < utf8.RuneSelf {
			if plain[c] || !quotes && (c == '"' || c == '\\') {
				i++
				continue
			}
			dst = append(dst, s[start:i]...)
			dst = appendControl(dst, c, quotes)
			i++
			start = i
			continue
		}
		r, size := decodeRune(s[i:])
		if r == utf8.RuneError && size == 1 {
			dst = append(dst, s[start:i]...)
			dst = append(dst, `\ufffd`...)
			i++
			start = i
			continue
		}
		if unseen(r) {
			dst = append(dst, s[start:i]...)
			dst = appendHex4(dst, r)
			start = i + size
		}
		i += size
	}
	return append(dst, s[start:]...)
}

func decodeRune[T string | []byte](s T) (rune, int) {
	var b [utf8.UTFMax]byte
	n := copy(b[:], s)
	return utf8.DecodeRune(b[:n])
}

// appendControl writes an ASCII byte that is not plain. Outside of strings,
// which is the only place where valid JSON has one, it is white space.
func appendControl(dst []byte, c byte, quotes bool) []byte {
	switch {
	case c == 0x7f:
		return appendHex4(dst, rune(c))
	case !quotes:
		return append(dst, ' ')
	case c == '"' || c == '\\':
		return append(dst, '\\', c)
	case c == '\n':
		return append(dst, '\\', 'n')
	case c == '\r':
		return append(dst, '\\', 'r')
	case c == '\t':
		return append(dst, '\\', 't')
	}
	return appendHex4(dst, rune(c))
}

func appendHex4(dst []byte, r rune) []byte {
	return append(dst, '\\', 'u', hexDigits[r>>12&15], hexDigits[r>>8&15], hexDigits[r>>4&15], hexDigits[r&15])
}

// unseen tells the characters beyond ASCII, all within four hex digits, that
// end lines for some readers or that change what a person sees.
func unseen(r rune) bool {
	switch {
	case r < 0x80:
		return false
	case r <= 0x9f, r == 0x61c, r >= 0x200b && r <= 0x200f, r >= 0x2028 && r <= 0x202e, r >= 0x2060 && r <= 0x206f, r == 0xfeff:
		return true
	}
	return false
}

// AppendValue appends v as JSON on one line; see Entry for what v can be. A
// value that cannot be encoded is told as a string, so that the event is kept.
func AppendValue(dst []byte, v any) []byte {
	switch v := v.(type) {
	case nil:
		return append(dst, "null"...)
	case Raw:
		return append(dst, v...)
	case *Raw:
		return append(dst, *v...)
	case json.RawMessage:
		if !json.Valid(v) {
			return AppendString(dst, string(v))
		}
		return appendEscaped(dst, []byte(v), false)
	case string:
		return AppendString(dst, v)
	case bool:
		return strconv.AppendBool(dst, v)
	case int:
		return strconv.AppendInt(dst, int64(v), 10)
	case int64:
		return strconv.AppendInt(dst, v, 10)
	case time.Time:
		return append(appendTime(append(dst, '"'), v), '"')
	case []string:
		return appendSlice(dst, v, AppendString)
	case []any:
		return appendSlice(dst, v, AppendValue)
	case map[string]string:
		return appendMap(dst, v, AppendString)
	case map[string]any:
		return appendMap(dst, v, AppendValue)
	}
	text, err := json.Marshal(v)
	if err != nil {
		return AppendString(dst, fmt.Sprintf("not encodable: %T", v))
	}
	return appendEscaped(dst, text, false)
}

func appendSlice[T any](dst []byte, list []T, element func([]byte, T) []byte) []byte {
	dst = append(dst, '[')
	for i, v := range list {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = element(dst, v)
	}
	return append(dst, ']')
}

func appendMap[T any](dst []byte, m map[string]T, element func([]byte, T) []byte) []byte {
	dst = append(dst, '{')
	for i, name := range slices.Sorted(maps.Keys(m)) {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = append(AppendString(dst, name), ':')
		dst = element(dst, m[name])
	}
	return append(dst, '}')
}
