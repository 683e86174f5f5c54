package query

import (
	"encoding/base64"
	"reflect"
	"strconv"
)

// EncodeForm writes the form of a request: in points to the operation's input
// structure, anything else panics. It is what Decode reads.
func EncodeForm(api *API, op *Op, in any) []byte {
	v, s, err := pointed(in)
	if err != nil {
		panic(err)
	}
	e := encoder{dst: make([]byte, 0, 512)}
	e.pair("Action", op.Name)
	e.pair("Version", api.Version)
	e.structure(v, s)
	return e.dst
}

// encoder writes pairs; path is the name of what it writes at the moment.
type encoder struct {
	dst, path []byte
}

func (e *encoder) pair(name, value string) {
	if len(e.dst) > 0 {
		e.dst = append(e.dst, '&')
	}
	e.dst = appendForm(e.dst, name)
	e.dst = append(e.dst, '=')
	e.dst = appendForm(e.dst, value)
}

// under writes one value with more of a name, and takes the name back.
func (e *encoder) under(name string, s *shape, v reflect.Value) {
	n := len(e.path)
	if n > 0 {
		e.path = append(e.path, '.')
	}
	e.path = append(e.path, name...)
	e.value(s, v)
	e.path = e.path[:n]
}

func (e *encoder) structure(v reflect.Value, s *structure) {
	for i := range s.fields {
		f := &s.fields[i]
		fv := v.Field(f.index)
		if fv.IsNil() {
			continue
		}
		if fv.Kind() == reflect.Pointer {
			fv = fv.Elem()
		}
		e.under(f.name, &f.shape, fv)
	}
}

func (e *encoder) value(s *shape, v reflect.Value) {
	switch s.kind {
	case kindString:
		e.pair(string(e.path), v.String())
	case kindInt:
		e.pair(string(e.path), strconv.FormatInt(v.Int(), 10))
	case kindBool:
		e.pair(string(e.path), strconv.FormatBool(v.Bool()))
	case kindTime:
		e.pair(string(e.path), string(appendTime(nil, v)))
	case kindBlob:
		e.pair(string(e.path), base64.StdEncoding.EncodeToString(v.Bytes()))
	case kindStruct:
		e.structure(v, s.fields)
	case kindList:
		if v.Len() == 0 {
			e.pair(string(e.path), "")
		}
		for i := range v.Len() {
			e.under("member."+strconv.Itoa(i+1), s.item, v.Index(i))
		}
	case kindMap:
		for i, k := range sortedKeys(v) {
			entry := "entry." + strconv.Itoa(i+1)
			e.under(entry+".key", s.key, k)
			e.under(entry+".value", s.item, v.MapIndex(k))
		}
	}
}

// appendForm escapes all but RFC 3986's unreserved characters, which every signer agrees on.
func appendForm(dst []byte, s string) []byte {
	const upper = "0123456789ABCDEF"
	for i := range len(s) {
		c := s[i]
		switch {
		case '0' <= c && c <= '9', 'A' <= c && c <= 'Z', 'a' <= c && c <= 'z', c == '-', c == '.', c == '_', c == '~':
			dst = append(dst, c)
		default:
			dst = append(dst, '%', upper[c>>4], upper[c&15])
		}
	}
	return dst
}
