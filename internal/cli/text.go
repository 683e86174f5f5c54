package cli

import (
	"slices"
	"strings"
)

// AppendText appends a value in the AWS CLI's text format: the scalars of a
// structure TAB-joined on one line in the order of their sorted names, then
// its structures and lists in that order, each line of which begins with the
// member's name in capitals. In a list of structures every line has the same
// columns. true, false and nothing are Python's words. Unlike the AWS CLI's,
// the values are sanitized.
func AppendText(dst []byte, v any) []byte { return appendText(dst, v, "", nil) }

// appendText writes v under a name ("" at the top); columns, when not nil, are
// the scalars that a structure of a list has a column for.
func appendText(dst []byte, v any, name string, columns []string) []byte {
	switch v := v.(type) {
	case Object:
		return appendStructure(dst, v, name, columns)
	case []any:
		return appendList(dst, v, name)
	}
	return appendLine(dst, "", textOf(v))
}

func appendStructure(dst []byte, o Object, name string, columns []string) []byte {
	sorted := slices.Clone(o)
	slices.SortStableFunc(sorted, func(a, b Member) int { return strings.Compare(a.Name, b.Name) })
	if columns == nil {
		columns = scalarNames(Object(sorted))
	}
	cells := make([]string, len(columns))
	var rest []Member
	for _, m := range sorted {
		if i, ok := slices.BinarySearch(columns, m.Name); ok {
			cells[i] = textOf(m.Value)
		} else {
			rest = append(rest, m)
		}
	}
	if len(cells) > 0 {
		dst = appendLine(dst, name, cells...)
	}
	for _, m := range rest {
		dst = appendText(dst, m.Value, m.Name, nil)
	}
	return dst
}

func appendList(dst []byte, list []any, name string) []byte {
	switch {
	case slices.ContainsFunc(list, isObject):
		columns := scalarNames(list...)
		for _, v := range list {
			dst = appendText(dst, v, name, columns)
		}
		return dst
	case slices.ContainsFunc(list, isList):
		scalars := slices.DeleteFunc(slices.Clone(list), isList)
		if len(scalars) > 0 {
			dst = appendScalars(dst, scalars, name)
		}
		for _, v := range list {
			if isList(v) {
				dst = appendText(dst, v, name, nil)
			}
		}
		return dst
	case len(list) == 0:
		return dst
	}
	return appendScalars(dst, list, name)
}

// appendScalars writes a line for each under a name, and all on one line at the top.
func appendScalars(dst []byte, list []any, name string) []byte {
	cells := make([]string, len(list))
	for i, v := range list {
		cells[i] = textOf(v)
		if name != "" {
			dst = appendLine(dst, name, cells[i])
		}
	}
	if name == "" {
		dst = appendLine(dst, "", cells...)
	}
	return dst
}

func appendLine(dst []byte, name string, cells ...string) []byte {
	if name != "" {
		dst = append(append(dst, strings.ToUpper(name)...), '\t')
	}
	for i, cell := range cells {
		if i > 0 {
			dst = append(dst, '\t')
		}
		dst = append(dst, cell...)
	}
	return append(dst, '\n')
}

// scalarNames returns the sorted names of the scalar members of all structures.
func scalarNames(list ...any) []string {
	names := []string{}
	for _, v := range list {
		o, _ := v.(Object)
		for _, m := range o {
			if !isObject(m.Value) && !isList(m.Value) {
				names = append(names, m.Name)
			}
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

func isObject(v any) bool { _, ok := v.(Object); return ok }

func isList(v any) bool { _, ok := v.([]any); return ok }

// textOf is a value in a column. A structure where another element of the list
// has a scalar does not occur in the services' models; it shows as JSON.
func textOf(v any) string {
	switch v {
	case nil:
		return "None"
	case true:
		return "True"
	case false:
		return "False"
	}
	if isObject(v) || isList(v) {
		return SanitizeLines(string(appendJSON(nil, v, "\n")))
	}
	text, _ := scalar(v)
	return SanitizeLines(text)
}
