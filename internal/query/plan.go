package query

import (
	"cmp"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// kind is what a value is on the wire.
type kind uint8

const (
	kindString kind = iota
	kindInt
	kindBool
	kindTime
	kindBlob
	kindStruct
	kindList
	kindMap
)

// shape is how values of one Go type are read, checked and written.
type shape struct {
	kind   kind
	limits *limits    // nil: none
	fields *structure // of kindStruct
	key    *shape     // of kindMap
	item   *shape     // of kindList; the value of kindMap
}

// limits are the model's, from a field's tag.
type limits struct {
	required, sensitive bool
	min, max            int64 // a string's characters, a list's length, a number's value
	hasMin, hasMax      bool
	enum                []string
	pattern             *pattern
	says                string // the text that replaces the pattern's failure, see says.go
}

// structure is the plan of a struct.
type structure struct {
	fields []field
	byName map[string]int
	order  []int // the order in which failures are reported
}

// field is a member of a structure. Every scalar and structure in a field is a
// pointer; in lists and maps they are values.
type field struct {
	shape
	index       int
	name        string // on the wire
	lowered     string // in messages and in the audit trail
	open, close string // its XML tags
	key         string // in JSON: "name":
}

// plans remembers what compile made, by reflect.Type. It only ever grows by the
// program's own types.
var plans sync.Map

// planOf gives the plan of a struct type, or the reason why the type cannot have one.
func planOf(t reflect.Type) (*structure, error) {
	if s, ok := plans.Load(t); ok {
		return s.(*structure), nil
	}
	s, err := compile(t, nil)
	if err != nil {
		return nil, err
	}
	kept, _ := plans.LoadOrStore(t, s)
	return kept.(*structure), nil
}

func compile(t reflect.Type, outer []reflect.Type) (*structure, error) {
	if t.Kind() != reflect.Struct {
		return nil, fmt.Errorf("query: %v is no structure", t)
	}
	if slices.Contains(outer, t) {
		return nil, fmt.Errorf("query: %v holds itself", t)
	}
	outer = append(outer, t)
	s := &structure{fields: make([]field, t.NumField()), byName: make(map[string]int, t.NumField()), order: make([]int, t.NumField())}
	for i := range s.fields {
		f, err := compileField(t.Field(i), outer)
		if err != nil {
			return nil, fmt.Errorf("query: %v.%s: %w", t, t.Field(i).Name, err)
		}
		f.index = i
		s.fields[i] = f
		s.byName[f.name] = i
		s.order[i] = i
	}
	slices.SortStableFunc(s.order, func(a, b int) int { return cmp.Compare(s.fields[a].rank(), s.fields[b].rank()) })
	return s, nil
}

// rank puts the duration first, as STS reports it; the rest stays in the model's order.
func (f *field) rank() int {
	if f.name == "DurationSeconds" {
		return 0
	}
	return 1
}

func compileField(sf reflect.StructField, outer []reflect.Type) (f field, err error) {
	f.name = cmp.Or(sf.Tag.Get("wire"), sf.Name)
	f.lowered = strings.ToLower(f.name[:1]) + f.name[1:]
	f.open, f.close = "<"+f.name+">", "</"+f.name+">"
	f.key = strconv.Quote(f.name) + ":"
	t := sf.Type
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	} else if t.Kind() != reflect.Slice && t.Kind() != reflect.Map {
		return f, fmt.Errorf("%v is no pointer", t)
	}
	if f.shape, err = shapeOf(t, outer); err != nil {
		return f, err
	}
	for _, part := range []struct {
		tag string
		of  *shape
	}{{"valid", &f.shape}, {"item", f.item}, {"value", f.item}, {"key", f.shape.key}} {
		text := sf.Tag.Get(part.tag)
		if text == "" || part.of == nil {
			continue
		}
		if part.of.limits, err = parseLimits(text); err != nil {
			return f, err
		}
	}
	return f, nil
}

var (
	timeType  = reflect.TypeFor[time.Time]()
	bytesType = reflect.TypeFor[[]byte]()
	scalars   = map[reflect.Type]kind{
		reflect.TypeFor[string](): kindString,
		reflect.TypeFor[int]():    kindInt,
		reflect.TypeFor[bool]():   kindBool,
		timeType:                  kindTime,
		bytesType:                 kindBlob,
	}
)

func shapeOf(t reflect.Type, outer []reflect.Type) (s shape, err error) {
	if k, ok := scalars[t]; ok {
		return shape{kind: k}, nil
	}
	switch t.Kind() {
	case reflect.Struct:
		s.kind = kindStruct
		s.fields, err = compile(t, outer)
		return s, err
	case reflect.Slice:
		s.kind = kindList
		item, err := shapeOf(t.Elem(), outer)
		s.item = &item
		return s, err
	case reflect.Map:
		if t.Key().Kind() != reflect.String {
			break
		}
		s.kind = kindMap
		item, err := shapeOf(t.Elem(), outer)
		s.key, s.item = &shape{kind: kindString}, &item
		return s, err
	}
	return s, fmt.Errorf("no wire form for %v", t)
}

// parseLimits reads a tag as internal/gen writes it; the pattern stands last.
func parseLimits(tag string) (*limits, error) {
	l := new(limits)
	for tag != "" {
		var one string
		if strings.HasPrefix(tag, "pattern=") {
			one, tag = tag, ""
		} else {
			one, tag, _ = strings.Cut(tag, ",")
		}
		name, value, _ := strings.Cut(one, "=")
		var err error
		switch name {
		case "required":
			l.required = true
		case "sensitive":
			l.sensitive = true
		case "min":
			l.hasMin = true
			l.min, err = strconv.ParseInt(value, 10, 64)
		case "max":
			l.hasMax = true
			l.max, err = strconv.ParseInt(value, 10, 64)
		case "enum":
			l.enum = strings.Split(value, "|")
		case "says":
			if l.says = sayings[value]; l.says == "" {
				err = fmt.Errorf("unknown text %q", value)
			}
		case "pattern":
			l.pattern, err = compilePattern(value)
		default:
			err = fmt.Errorf("unknown limit %q", name)
		}
		if err != nil {
			return nil, err
		}
	}
	return l, nil
}

// pointed gives the struct that v points to, and its plan.
func pointed(v any) (reflect.Value, *structure, error) {
	p := reflect.ValueOf(v)
	if p.Kind() != reflect.Pointer || p.IsNil() {
		return reflect.Value{}, nil, fmt.Errorf("query: %T is no pointer to a structure", v)
	}
	s, err := planOf(p.Type().Elem())
	return p.Elem(), s, err
}
