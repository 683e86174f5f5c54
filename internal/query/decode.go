package query

import (
	"encoding/base64"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"
)

// maxIndex is the largest number of a list's member; gaps are allowed, as AWS allows them.
const maxIndex = 10_000

// malformed is what AWS answers where a parameter's text has not the form of its
// type: without a message.
func malformed() *Error { return MalformedInput.Errorf("") }

// Decode reads the form into the structure that in points to. Parameters that the
// structure does not have are ignored, as AWS does; a parameter under a known name
// that has not the form of that member (a scalar with members, `X.1` for
// `X.member.1`, `member.01`, text in a number) is MalformedInput. Strings of the
// result alias the form: clone one that outlives the request.
func Decode(p *Params, in any) error {
	v, s, err := pointed(in)
	if err != nil {
		return err
	}
	return s.decode(p, v)
}

func (s *structure) decode(p *Params, v reflect.Value) error {
	for i := range p.aside {
		head, _, _ := strings.Cut(p.aside[i].name, ".")
		for j := range s.fields {
			if foldEqual(head, s.fields[j].name) {
				return MalformedInput.Errorf("The parameters of a POST request must be in its body")
			}
		}
	}
	return s.read(v, p.list, 0)
}

// read sets the members that ps name. ps is sorted, and the names have their first
// skip bytes in common.
func (s *structure) read(v reflect.Value, ps []param, skip int) error {
	for i := 0; i < len(ps); {
		name := ps[i].name[skip:]
		head, _, dotted := strings.Cut(name, ".")
		j := i + 1
		if dotted {
			j = i + run(ps[i:], ps[i].name[:skip+len(head)+1])
		}
		if at, known := s.byName[head]; known {
			f := &s.fields[at]
			if err := f.read(v.Field(f.index), ps[i:j], skip+len(head), dotted); err != nil {
				return err
			}
		}
		i = j
	}
	return nil
}

// run counts the parameters at the beginning of ps whose names begin with prefix.
func run(ps []param, prefix string) int {
	n := 0
	for n < len(ps) && strings.HasPrefix(ps[n].name, prefix) {
		n++
	}
	return n
}

// read sets a member: v is the struct's field, skip the length of its name's path.
func (f *field) read(v reflect.Value, ps []param, skip int, dotted bool) error {
	switch f.kind {
	case kindList, kindMap, kindStruct:
		if !dotted {
			if ps[0].value != "" {
				return malformed()
			}
			return nil // `Tags=`: no list
		}
		if f.kind == kindStruct {
			v.Set(reflect.New(v.Type().Elem()))
			v = v.Elem()
		}
		return f.shape.readMembers(v, ps, skip+1)
	}
	if dotted {
		return malformed()
	}
	return f.shape.readField(v, &ps[0].value)
}

func (s *shape) readMembers(v reflect.Value, ps []param, skip int) error {
	switch s.kind {
	case kindStruct:
		return s.fields.read(v, ps, skip)
	case kindList:
		return s.readList(v, ps, skip)
	}
	return s.readMap(v, ps, skip)
}

// readField sets a scalar's pointer.
func (s *shape) readField(v reflect.Value, text *string) error {
	if s.kind == kindString {
		*v.Addr().Interface().(**string) = text
		return nil
	}
	if s.kind == kindBlob {
		return s.readScalar(v, *text)
	}
	p := reflect.New(v.Type().Elem())
	if err := s.readScalar(p.Elem(), *text); err != nil {
		return err
	}
	v.Set(p)
	return nil
}

func (s *shape) readScalar(v reflect.Value, text string) error {
	switch s.kind {
	case kindString:
		v.SetString(text)
	case kindInt:
		n, ok := parseInt(text)
		if !ok || v.OverflowInt(n) {
			return malformed()
		}
		v.SetInt(n)
	case kindBool:
		if text != "true" && text != "false" {
			return malformed()
		}
		v.SetBool(text == "true")
	case kindTime:
		t, ok := parseTime(text)
		if !ok {
			return malformed()
		}
		v.Set(reflect.ValueOf(t))
	case kindBlob:
		b, err := base64.StdEncoding.DecodeString(text)
		if err != nil {
			return malformed()
		}
		v.SetBytes(b)
	default:
		if text != "" {
			return malformed()
		}
	}
	return nil
}

// element is a numbered part of a list or map, and where its parameters lie.
type element struct {
	n, from, to int
	skip        int
	dotted      bool
}

// elements finds the numbered parts under `member.` or `entry.`, in numeric order.
func elements(into []element, ps []param, skip int, word string) ([]element, error) {
	for i := 0; i < len(ps); {
		rest, ok := strings.CutPrefix(ps[i].name[skip:], word)
		if !ok {
			return nil, malformed()
		}
		digits, _, dotted := strings.Cut(rest, ".")
		n, ok := parseIndex(digits)
		if !ok {
			return nil, malformed()
		}
		e := element{n: n, from: i, to: i + 1, skip: skip + len(word) + len(digits), dotted: dotted}
		if dotted {
			e.skip++
			e.to = i + run(ps[i:], ps[i].name[:e.skip])
		}
		if len(into) > 0 && into[len(into)-1].n == n {
			return nil, malformed() // both `X.member.1` and `X.member.1.Y`
		}
		into = append(into, e)
		i = e.to
	}
	slices.SortFunc(into, func(a, b element) int { return a.n - b.n })
	return into, nil
}

func (s *shape) readList(v reflect.Value, ps []param, skip int) error {
	var room [8]element
	es, err := elements(room[:0], ps, skip, "member.")
	if err != nil {
		return err
	}
	list := reflect.MakeSlice(v.Type(), len(es), len(es))
	for i, e := range es {
		if err := s.item.readElement(list.Index(i), ps[e.from:e.to], e.skip, e.dotted); err != nil {
			return err
		}
	}
	v.Set(list)
	return nil
}

// readElement sets a value that is not behind a pointer.
func (s *shape) readElement(v reflect.Value, ps []param, skip int, dotted bool) error {
	if !dotted {
		return s.readScalar(v, ps[0].value)
	}
	if s.kind < kindStruct {
		return malformed()
	}
	return s.readMembers(v, ps, skip)
}

func (s *shape) readMap(v reflect.Value, ps []param, skip int) error {
	var room [8]element
	es, err := elements(room[:0], ps, skip, "entry.")
	if err != nil {
		return err
	}
	m := reflect.MakeMapWithSize(v.Type(), len(es))
	for _, e := range es {
		if !e.dotted || ps[e.from].name[e.skip:] != "key" || e.to-e.from < 2 {
			return malformed()
		}
		key := reflect.ValueOf(ps[e.from].value).Convert(v.Type().Key())
		if m.MapIndex(key).IsValid() {
			return malformed()
		}
		value := reflect.New(v.Type().Elem()).Elem()
		if err := s.readMapValue(value, ps[e.from+1:e.to], e.skip); err != nil {
			return err
		}
		m.SetMapIndex(key, value)
	}
	v.Set(m)
	return nil
}

func (s *shape) readMapValue(v reflect.Value, ps []param, skip int) error {
	const word = "value"
	switch name := ps[0].name[skip:]; {
	case name == word && len(ps) == 1:
		return s.item.readElement(v, ps, skip, false)
	case run(ps, ps[0].name[:skip]+word+".") == len(ps):
		return s.item.readElement(v, ps, skip+len(word)+1, true)
	}
	return malformed()
}

// parseIndex reads a member's number: 1 to maxIndex, without sign or leading zero.
func parseIndex(s string) (int, bool) {
	if s == "" || len(s) > 5 || s[0] == '0' {
		return 0, false
	}
	n := 0
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return 0, false
		}
		n = n*10 + int(s[i]-'0')
	}
	return n, n <= maxIndex
}

// parseInt reads an optional sign and one to ten digits; what they may amount to is the limits' matter.
func parseInt(s string) (int64, bool) {
	digits := s
	if s != "" && (s[0] == '+' || s[0] == '-') {
		digits = s[1:]
	}
	if digits == "" || len(digits) > 10 || digits[0] < '0' || digits[0] > '9' {
		return 0, false
	}
	n, err := strconv.ParseInt(s, 10, 64)
	return n, err == nil
}

// parseTime reads ISO 8601 with a zone, or seconds since 1970.
func parseTime(s string) (time.Time, bool) {
	if t, err := time.Parse(time.RFC3339, s); err == nil {
		return t.UTC(), true
	}
	whole, frac, _ := strings.Cut(s, ".")
	sec, err := strconv.ParseInt(whole, 10, 64)
	if err != nil || sec < 0 || sec > maxEpoch || len(frac) > 9 {
		return time.Time{}, false
	}
	nano, err := strconv.ParseUint((frac + "000000000")[:9], 10, 64)
	if err != nil {
		return time.Time{}, false
	}
	return time.Unix(sec, int64(nano)).UTC(), true
}

// maxEpoch is the last second of the year 9999.
const maxEpoch = 253402300799
