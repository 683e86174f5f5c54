package query

import (
	"reflect"
	"slices"
	"strconv"
	"strings"
	"sync"
	"unicode/utf8"
)

// ValidateOptions say how a service words its refusals.
type ValidateOptions struct {
	Echo bool // STS repeats the refused value and lists an enum's values; IAM does neither
}

// Validate checks every member of the structure that in points to against the
// model's limits, and reports all failures in one ValidationError with AWS's text:
// `2 validation errors detected: Value … at 'x' failed to satisfy constraint: …; …`.
// Lengths are in Unicode characters. Values of sensitive members are never repeated,
// others up to 64 characters; the number counts all failures even where the text,
// held to 1 KiB, does not list them all.
func Validate(in any, o ValidateOptions) error {
	v, s, err := pointed(in)
	if err != nil {
		return err
	}
	return s.validate(v, o)
}

func (s *structure) validate(v reflect.Value, o ValidateOptions) error {
	c := checkers.Get().(*checker)
	defer c.release()
	c.o = o
	c.structure(v, s)
	if c.count == 0 {
		return nil
	}
	return c.err()
}

var checkers = sync.Pool{New: func() any { return &checker{path: make([]place, 0, 8)} }}

// release keeps the room for the path, and nothing of the input.
func (c *checker) release() {
	clear(c.path[:cap(c.path)])
	*c = checker{path: c.path[:0]}
	checkers.Put(c)
}

// checker collects the failures of one input.
type checker struct {
	o      ValidateOptions
	path   []place // where the value that is looked at stands
	count  int
	full   bool // the text has reached its bound
	text   []byte
	saying string // the sentence of the first failure that has one
	said   int    // how many of the failures have one
}

// place is one step of the way to a value: a member's name, or a list's index when
// name is empty.
type place struct {
	name  string
	index int
}

// appendPath writes `tags.1.member.key`.
func (c *checker) appendPath(dst []byte) []byte {
	for i, p := range c.path {
		if i > 0 {
			dst = append(dst, '.')
		}
		if p.name == "" {
			dst = strconv.AppendInt(dst, int64(p.index), 10)
		} else {
			dst = append(dst, p.name...)
		}
	}
	return dst
}

func (c *checker) structure(v reflect.Value, s *structure) {
	c.path = append(c.path, place{})
	for _, i := range s.order {
		f := &s.fields[i]
		fv := v.Field(f.index)
		c.path[len(c.path)-1].name = f.lowered
		switch {
		case !fv.IsNil():
			if fv.Kind() == reflect.Pointer {
				fv = fv.Elem()
			}
			c.value(fv, &f.shape)
		case f.limits != nil && f.limits.required:
			c.fail(reflect.Value{}, &f.shape, "not be null", "")
		}
	}
	c.path = c.path[:len(c.path)-1]
}

func (c *checker) value(v reflect.Value, s *shape) {
	if s.limits != nil {
		c.limits(v, s)
	}
	switch s.kind {
	case kindStruct:
		c.structure(v, s.fields)
	case kindList:
		switch {
		case s.item.kind != kindStruct && s.item.limits == nil:
			return
		case s.item.kind != kindStruct && !c.o.Echo:
			c.scalars(v, s)
			return
		}
		for i := range v.Len() {
			c.part(v.Index(i), s.item, i, "member")
		}
	case kindMap:
		// In the order of the keys, so that messages do not change from run to run.
		for i, k := range sortedKeys(v) {
			c.part(k, s.key, i, "key")
			c.part(v.MapIndex(k), s.item, i, "value")
		}
	}
}

// scalars checks a list in IAM's way: whatever is wrong with whichever item is one
// failure of the list, which tells all that its items must be.
//
// Source: recorded replies to UntagRole and UntagPolicy.
func (c *checker) scalars(v reflect.Value, s *shape) {
	for i := range v.Len() {
		probe := checker{o: c.o}
		if probe.value(v.Index(i), s.item); probe.count > 0 {
			c.fail(v, s, "satisfy constraint: ["+s.item.limits.all()+"]", "")
			return
		}
	}
}

// all tells all limits of an item of a list, in AWS's order.
func (l *limits) all() string {
	var musts []string
	if l.hasMax {
		musts = append(musts, "have length less than or equal to "+strconv.FormatInt(l.max, 10))
	}
	if l.hasMin {
		musts = append(musts, "have length greater than or equal to "+strconv.FormatInt(l.min, 10))
	}
	if l.enum != nil {
		musts = append(musts, "satisfy enum value set: ["+strings.Join(l.enum, ", ")+"]")
	}
	if l.pattern != nil {
		musts = append(musts, "satisfy regular expression pattern: "+l.pattern.text)
	}
	return "Member must " + strings.Join(append(musts, "not be null"), ", Member must ")
}

// part checks the i-th part of a list or map.
func (c *checker) part(v reflect.Value, s *shape, i int, name string) {
	c.path = append(c.path, place{index: i + 1}, place{name: name})
	c.value(v, s)
	c.path = c.path[:len(c.path)-2]
}

func (c *checker) limits(v reflect.Value, s *shape) {
	switch l := s.limits; s.kind {
	case kindString:
		c.str(v.String(), v, s)
	case kindInt:
		c.bounds(v.Int(), "value", v, s)
	case kindList, kindMap, kindBlob:
		if l.hasMin || l.hasMax {
			c.bounds(int64(v.Len()), "length", v, s)
		}
	}
}

func (c *checker) str(text string, v reflect.Value, s *shape) {
	l := s.limits
	if l.enum != nil && !slices.Contains(l.enum, text) {
		set := "satisfy enum value set"
		if c.o.Echo {
			set += ": [" + strings.Join(l.enum, ", ") + "]"
		}
		c.fail(v, s, set, "")
	}
	if l.pattern != nil && !l.pattern.match(text) {
		c.fail(v, s, "satisfy regular expression pattern: "+l.pattern.text, l.says)
	}
	if l.hasMin || l.hasMax {
		c.bounds(int64(utf8.RuneCountInString(text)), "length", v, s)
	}
}

func (c *checker) bounds(n int64, what string, v reflect.Value, s *shape) {
	l := s.limits
	if l.hasMin && n < l.min {
		c.fail(v, s, "have "+what+" greater than or equal to "+strconv.FormatInt(l.min, 10), "")
	}
	if l.hasMax && n > l.max {
		c.fail(v, s, "have "+what+" less than or equal to "+strconv.FormatInt(l.max, 10), "")
	}
}

// fail notes one failure; v is invalid when nothing was given.
func (c *checker) fail(v reflect.Value, s *shape, must, says string) {
	c.count++
	if says != "" {
		if c.said++; c.said == 1 {
			c.saying = sayingStart + string(c.appendPath(nil)) + says
		}
	}
	var one []byte
	if c.count > 1 {
		one = append(one, "; "...)
	}
	one = append(one, "Value "...)
	if c.o.Echo && (!v.IsValid() || s.limits == nil || !s.limits.sensitive) {
		one = appendEcho(one, v, s)
	}
	one = append(one, "at '"...)
	one = append(c.appendPath(one), "' failed to satisfy constraint: Member must "...)
	one = append(one, must...)
	if c.full = c.full || len(c.text)+len(one) > maxMessage-64; !c.full {
		c.text = append(c.text, one...)
	}
}

// appendEcho repeats a value and a space; a structure, or a list of them, has no text worth repeating.
func appendEcho(dst []byte, v reflect.Value, s *shape) []byte {
	text := ""
	switch {
	case !v.IsValid():
		return append(dst, "null "...)
	case s.kind == kindString:
		text = v.String()
	case s.kind == kindInt:
		text = strconv.FormatInt(v.Int(), 10)
	case s.kind == kindList && s.item.kind == kindString && (s.item.limits == nil || !s.item.limits.sensitive):
		items, _ := v.Interface().([]string)
		text = "[" + strings.Join(items[:min(len(items), maxEcho)], ", ") + "]"
	default:
		return dst
	}
	dst = append(dst, '\'')
	dst = append(dst, cut(text, maxEcho)...)
	return append(dst, "' "...)
}

func (c *checker) err() *Error {
	if c.said == c.count {
		return &Error{Code: ValidationError, Message: c.saying}
	}
	plural := "s"
	if c.count == 1 {
		plural = ""
	}
	return &Error{Code: ValidationError, Message: strconv.Itoa(c.count) + " validation error" + plural + " detected: " + string(c.text)}
}
