package main

import (
	"maps"
	"reflect"
	"slices"
	"strconv"
	"unicode/utf8"
)

// missingFlags names the flags of required members that have no value.
func missingFlags(v reflect.Value, members []*member) (missing []string) {
	for _, m := range members {
		if v.Field(m.index).IsNil() && limitsOf(v.Type().Field(m.index)).required {
			missing = append(missing, "--"+m.flag)
		}
	}
	return missing
}

// check notes required members that are missing and values below their lower
// bound, all before anything is sent.
func (f *filler) check(v reflect.Value, path string) {
	for i := range v.NumField() {
		field, value := v.Type().Field(i), v.Field(i)
		l, name := limitsOf(field), wireName(field)
		if f.bad[join(path, name)] {
			continue
		}
		if value.IsNil() {
			if l.required {
				f.problem("Missing required parameter in %s: %q", inside(path), name)
			}
			continue
		}
		f.checkValue(value, l, parseLimits(field.Tag.Get("item")), join(path, name))
	}
}

func (f *filler) checkValue(v reflect.Value, l, item limits, path string) {
	if f.bad[path] {
		return
	}
	switch v.Kind() {
	case reflect.Pointer:
		f.checkValue(v.Elem(), l, item, path)
	case reflect.Struct:
		f.check(v, path)
	case reflect.Slice:
		f.atLeast(v.Len(), l.min, "length", path)
		for i := range v.Len() {
			f.checkValue(v.Index(i), item, limits{}, path+"["+strconv.Itoa(i)+"]")
		}
	case reflect.String:
		f.atLeast(utf8.RuneCountInString(v.String()), l.min, "length", path)
	case reflect.Int:
		f.atLeast(int(v.Int()), l.min, "value", path)
	}
}

func (f *filler) atLeast(n, min int, what, path string) {
	if n >= min {
		return
	}
	valid := "min value"
	if what == "length" {
		valid = "min length"
	}
	f.problem("Invalid %s for parameter %s, value: %d, valid %s: %d", what, path, n, valid, min)
}

func sortedNames(object map[string]any) []string { return slices.Sorted(maps.Keys(object)) }
