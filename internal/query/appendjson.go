package query

import (
	"encoding/base64"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// AppendJSON appends the answer of an operation as the services give it to
// `Accept: application/json`: the XML's elements as objects, times as epoch seconds.
func AppendJSON(dst []byte, api *API, op *Op, out any, requestID string) []byte {
	dst = append(appendQuoted(append(dst, '{'), op.Response), ":{"...)
	if op.Result != "" {
		dst = append(appendQuoted(dst, op.Result), ':')
		if v, s, err := pointed(out); err == nil {
			dst = answers.structure(dst, s, v)
		} else {
			dst = append(dst, "{}"...)
		}
		dst = append(dst, ',')
	}
	dst = append(dst, `"ResponseMetadata":{"RequestId":`...)
	return append(appendQuoted(dst, requestID), "}}}"...)
}

// AppendErrorJSON appends the answer of a refusal; JSON has no namespaces, so the
// service does not matter.
func AppendErrorJSON(dst []byte, api *API, err *Error, requestID string) []byte {
	dst = append(dst, `{"Error":{"Code":`...)
	dst = appendQuoted(dst, err.Name)
	dst = append(dst, `,"Message":`...)
	dst = appendQuoted(dst, err.text())
	dst = append(dst, `,"Type":`...)
	dst = appendQuoted(dst, err.fault())
	dst = append(dst, `},"RequestId":`...)
	return append(appendQuoted(dst, requestID), '}')
}

// AppendAudit appends an input or output (a pointer to its structure) as
// CloudTrail shows it: members with the first letter lowered, times in words,
// sensitive members hidden, absent ones left out, null when nothing is there.
func AppendAudit(dst []byte, v any) []byte {
	sv, s, err := pointed(v)
	if err != nil {
		return append(dst, "null"...)
	}
	from := len(dst)
	dst = trail.structure(dst, s, sv)
	if len(dst) == from+2 {
		return append(dst[:from], "null"...)
	}
	return dst
}

// dialect is one of the two forms of JSON.
type dialect struct {
	audit bool
}

var answers, trail = dialect{}, dialect{audit: true}

// hidden is CloudTrail's word for what must not be recorded.
const hidden = `"HIDDEN_DUE_TO_SECURITY_REASONS"`

func (d dialect) structure(dst []byte, s *structure, v reflect.Value) []byte {
	dst = append(dst, '{')
	comma := false
	for i := range s.fields {
		f := &s.fields[i]
		fv := v.Field(f.index)
		if fv.IsNil() {
			continue
		}
		if comma {
			dst = append(dst, ',')
		}
		comma = true
		if d.audit {
			dst = append(append(append(dst, '"'), f.lowered...), `":`...)
		} else {
			dst = append(dst, f.key...)
		}
		if fv.Kind() == reflect.Pointer {
			fv = fv.Elem()
		}
		dst = d.value(dst, &f.shape, fv)
	}
	return append(dst, '}')
}

func (d dialect) value(dst []byte, s *shape, v reflect.Value) []byte {
	if d.audit && s.limits != nil && s.limits.sensitive {
		return append(dst, hidden...)
	}
	switch s.kind {
	case kindString:
		return appendQuoted(dst, v.String())
	case kindInt:
		return strconv.AppendInt(dst, v.Int(), 10)
	case kindBool:
		return strconv.AppendBool(dst, v.Bool())
	case kindTime:
		return d.time(dst, timeOf(v))
	case kindBlob:
		dst = base64.StdEncoding.AppendEncode(append(dst, '"'), v.Bytes())
		return append(dst, '"')
	case kindStruct:
		return d.structure(dst, s.fields, v)
	case kindMap:
		return d.object(dst, s, v)
	}
	dst = append(dst, '[')
	for i := range v.Len() {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = d.value(dst, s.item, v.Index(i))
	}
	return append(dst, ']')
}

func (d dialect) time(dst []byte, t time.Time) []byte {
	if d.audit {
		return append(appendWords(append(dst, '"'), t.UTC()), '"')
	}
	return strconv.AppendInt(dst, t.Unix(), 10)
}

// appendWords writes CloudTrail's Jan 2, 2006, 3:04:05 PM. It is in the line of
// every session that is issued, and several times as fast as package time.
func appendWords(dst []byte, t time.Time) []byte {
	year, month, day := t.Date()
	hour, minute, second := t.Clock()
	half := " AM"
	if hour >= 12 {
		half = " PM"
	}
	dst = append(dst, month.String()[:3]...)
	dst = strconv.AppendInt(append(dst, ' '), int64(day), 10)
	dst = strconv.AppendInt(append(dst, ", "...), int64(year), 10)
	dst = strconv.AppendInt(append(dst, ", "...), int64((hour+11)%12+1), 10)
	dst = append(dst, ':', byte('0'+minute/10), byte('0'+minute%10), ':', byte('0'+second/10), byte('0'+second%10))
	return append(dst, half...)
}

func (d dialect) object(dst []byte, s *shape, v reflect.Value) []byte {
	dst = append(dst, '{')
	for i, k := range sortedKeys(v) {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = append(appendQuoted(dst, k.String()), ':')
		dst = d.value(dst, s.item, v.MapIndex(k))
	}
	return append(dst, '}')
}

func sortedKeys(v reflect.Value) []reflect.Value {
	keys := v.MapKeys()
	slices.SortFunc(keys, func(a, b reflect.Value) int { return strings.Compare(a.String(), b.String()) })
	return keys
}

const hexDigits = "0123456789abcdef"

// appendQuoted writes a JSON string that is safe inside HTML and logs too.
func appendQuoted(dst []byte, s string) []byte {
	dst = append(dst, '"')
	from := 0
	for i := 0; i < len(s); {
		b := s[i]
		if b < utf8.RuneSelf {
			if b >= ' ' && b != '"' && b != '\\' && b != '<' && b != '>' && b != '&' && b != 0x7f {
				i++
				continue
			}
			dst = append(dst, s[from:i]...)
			dst = appendEscaped(dst, b)
			i++
			from = i
			continue
		}
		r, size := utf8.DecodeRuneInString(s[i:])
		if r == utf8.RuneError && size == 1 || unseen(r) {
			dst = append(dst, s[from:i]...)
			dst = append(dst, `\u`...)
			dst = append(dst, hexDigits[r>>12&15], hexDigits[r>>8&15], hexDigits[r>>4&15], hexDigits[r&15])
			from = i + size
		}
		i += size
	}
	return append(append(dst, s[from:]...), '"')
}

// unseen tells the characters beyond ASCII that end lines for some readers, steer
// a terminal (C1), or change what a person sees: bidirectional controls and those
// without width. All lie within four hexadecimal digits.
func unseen(r rune) bool {
	return r >= 0x80 && (r <= 0x9f || r == 0x61c || r >= 0x200b && r <= 0x200f || r >= 0x2028 && r <= 0x202e || r >= 0x2060 && r <= 0x206f || r == 0xfeff)
}

func appendEscaped(dst []byte, b byte) []byte {
	switch b {
	case '"', '\\':
		return append(dst, '\\', b)
	case '\n':
		return append(dst, `\n`...)
	case '\r':
		return append(dst, `\r`...)
	case '\t':
		return append(dst, `\t`...)
	}
	return append(dst, '\\', 'u', '0', '0', hexDigits[b>>4], hexDigits[b&15])
}
