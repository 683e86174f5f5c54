package query

import (
	"encoding/base64"
	"reflect"
	"strconv"
	"time"
	"unicode/utf8"
)

// frameworkNamespace is the namespace of the errors that no service gives.
const frameworkNamespace = "http://webservices.amazon.com/AWSFault/2005-15-09"

// AppendXML appends the answer of an operation: out points to its output
// structure. Nil members are left out, empty lists and structures are empty
// elements, and characters that XML cannot hold become U+FFFD.
func AppendXML(dst []byte, api *API, op *Op, out any, requestID string) []byte {
	dst = appendRoot(dst, op.Response, api.Namespace)
	if op.Result != "" {
		dst = append(append(append(dst, '<'), op.Result...), '>')
		if v, s, err := pointed(out); err == nil {
			dst = s.appendXML(dst, v)
		}
		dst = append(append(append(dst, "</"...), op.Result...), '>')
	}
	dst = append(dst, "<ResponseMetadata><RequestId>"...)
	dst = appendText(dst, requestID)
	dst = append(dst, "</RequestId></ResponseMetadata></"...)
	return append(append(dst, op.Response...), '>')
}

// AppendErrorXML appends the answer of a refusal.
func AppendErrorXML(dst []byte, api *API, err *Error, requestID string) []byte {
	namespace := api.Namespace
	if err.Framework {
		namespace = frameworkNamespace
	}
	dst = appendRoot(dst, "ErrorResponse", namespace)
	dst = append(dst, "<Error><Type>"...)
	dst = append(dst, err.fault()...)
	dst = append(dst, "</Type><Code>"...)
	dst = appendText(dst, err.Name)
	dst = append(dst, "</Code><Message>"...)
	dst = appendText(dst, err.text())
	dst = append(dst, "</Message></Error><RequestId>"...)
	dst = appendText(dst, requestID)
	return append(dst, "</RequestId></ErrorResponse>"...)
}

func appendRoot(dst []byte, name, namespace string) []byte {
	dst = append(append(dst, '<'), name...)
	dst = append(dst, ` xmlns="`...)
	dst = appendText(dst, namespace)
	return append(dst, `">`...)
}

func (s *structure) appendXML(dst []byte, v reflect.Value) []byte {
	for i := range s.fields {
		f := &s.fields[i]
		fv := v.Field(f.index)
		if fv.IsNil() {
			continue
		}
		if fv.Kind() == reflect.Pointer {
			fv = fv.Elem()
		}
		dst = append(dst, f.open...)
		from := len(dst)
		dst = f.shape.appendXML(dst, fv)
		if len(dst) == from && f.kind >= kindStruct {
			dst = append(dst[:from-1], "/>"...)
			continue
		}
		dst = append(dst, f.close...)
	}
	return dst
}

func (s *shape) appendXML(dst []byte, v reflect.Value) []byte {
	switch s.kind {
	case kindString:
		return appendText(dst, v.String())
	case kindInt:
		return strconv.AppendInt(dst, v.Int(), 10)
	case kindBool:
		return strconv.AppendBool(dst, v.Bool())
	case kindTime:
		return appendTime(dst, v)
	case kindBlob:
		return base64.StdEncoding.AppendEncode(dst, v.Bytes())
	case kindStruct:
		return s.fields.appendXML(dst, v)
	case kindMap:
		for _, k := range sortedKeys(v) {
			dst = append(dst, "<entry><key>"...)
			dst = appendText(dst, k.String())
			dst = append(dst, "</key><value>"...)
			dst = s.item.appendXML(dst, v.MapIndex(k))
			dst = append(dst, "</value></entry>"...)
		}
		return dst
	}
	for i := range v.Len() {
		dst = append(dst, "<member>"...)
		dst = s.item.appendXML(dst, v.Index(i))
		dst = append(dst, "</member>"...)
	}
	return dst
}

// appendTime writes whole seconds in UTC, as both services do.
func appendTime(dst []byte, v reflect.Value) []byte {
	return timeOf(v).UTC().AppendFormat(dst, time.RFC3339) // the layout that package time writes fastest
}

// timeOf avoids the copy to the heap where the value can be pointed at, which is all but a map's.
func timeOf(v reflect.Value) time.Time {
	if v.CanAddr() {
		return *v.Addr().Interface().(*time.Time)
	}
	return v.Interface().(time.Time)
}

// appendText escapes for an element's text or an attribute in double quotes.
func appendText(dst []byte, s string) []byte {
	from := 0
	for i := 0; ; {
		for i < len(s) && plain[s[i]] {
			i++
		}
		if i == len(s) {
			return append(dst, s[from:]...)
		}
		r, size := utf8.DecodeRuneInString(s[i:])
		with := escapeXML(r, size)
		if with != "" {
			dst = append(dst, s[from:i]...)
			dst = append(dst, with...)
			from = i + size
		}
		i += size
	}
}

// plain are the ASCII characters that XML text and attributes hold as they are.
var plain = func() (t [256]bool) {
	for c := byte(' '); c < 0x7f; c++ {
		t[c] = c != '<' && c != '>' && c != '&' && c != '"' && c != '\''
	}
	return t
}()

// escapeXML gives what stands for r; empty: itself. Line ends and tabs are
// written as references, since parsers may change them.
func escapeXML(r rune, size int) string {
	switch r {
	case '<':
		return "&lt;"
	case '>':
		return "&gt;"
	case '&':
		return "&amp;"
	case '"':
		return "&quot;"
	case '\'':
		return "&#39;"
	case '\t':
		return "&#x9;"
	case '\n':
		return "&#xA;"
	case '\r':
		return "&#xD;"
	}
	if r < ' ' || r == 0xFFFE || r == 0xFFFF || r == utf8.RuneError && size == 1 {
		return "\uFFFD"
	}
	return ""
}
