package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"reflect"
	"strconv"
	"strings"
	"unicode/utf8"
)

// maxFile bounds what is read of any file, in bytes.
const maxFile = 1 << 20

// filler puts values into an operation's input and collects what is wrong with
// them, in the AWS CLI's words.
type filler struct {
	getenv   func(string) string
	problems []string
	bad      map[string]bool // the places in the input whose value was not taken
}

// refuse notes a problem of the value at path, which is then not checked further.
func (f *filler) refuse(path, format string, args ...any) {
	if f.bad == nil {
		f.bad = map[string]bool{}
	}
	f.bad[path] = true
	f.problem(format, args...)
}

func (f *filler) problem(format string, args ...any) {
	f.problems = append(f.problems, fmt.Sprintf(format, args...))
}

// fromJSON fills the input from a JSON text or a file of it.
func (f *filler) fromJSON(v reflect.Value, flag, text string) error {
	text, err := f.file(flag, text)
	if err != nil {
		return err
	}
	value, err := decodeJSON(text)
	if err != nil {
		return badValue(flag, "Invalid JSON received: "+err.Error())
	}
	f.fill(v, value, "")
	return nil
}

// fromWords fills a member from the words of its flag: text, JSON, the AWS
// CLI's shorthand, or file:// and a file of these.
func (f *filler) fromWords(v reflect.Value, m *member) error {
	words := m.words
	flag := "--" + m.flag
	if len(words) == 1 {
		text, err := f.file(flag, words[0])
		if err != nil {
			return err
		}
		words = []string{text}
	}
	value, err := parseWords(m, words)
	if err != nil {
		return badValue(flag, err.Error())
	}
	f.fill(v, value, m.name)
	return nil
}

// parseWords makes words into the value of a member.
func parseWords(m *member, words []string) (any, error) {
	first := strings.TrimSpace(words[0])
	if m.isList() {
		if len(words) == 1 && strings.HasPrefix(first, "[") {
			return decodeJSON(first)
		}
		list := make([]any, len(words))
		for i, word := range words {
			var err error
			if list[i], err = parseWord(m.typ.Elem(), word); err != nil {
				return nil, err
			}
		}
		return list, nil
	}
	return parseWord(m.typ.Elem(), words[0])
}

func parseWord(t reflect.Type, word string) (any, error) {
	if t.Kind() != reflect.Struct {
		return word, nil
	}
	if trimmed := strings.TrimSpace(word); strings.HasPrefix(trimmed, "{") {
		return decodeJSON(trimmed)
	}
	return parseShorthand(word)
}

func decodeJSON(text string) (any, error) {
	dec := json.NewDecoder(strings.NewReader(text))
	dec.UseNumber()
	var v any
	if err := dec.Decode(&v); err != nil {
		return nil, err
	}
	if _, err := dec.Token(); err != io.EOF {
		return nil, errors.New("more after its end")
	}
	return v, nil
}

// file returns the content of the file that a value names by file:// or
// fileb://, and any other value as it is.
func (f *filler) file(flag, value string) (string, error) {
	name, ok := strings.CutPrefix(value, "file://")
	if !ok {
		if name, ok = strings.CutPrefix(value, "fileb://"); !ok {
			return value, nil
		}
	}
	data, err := readBounded(expandPath(f.getenv, name))
	if err == nil && !utf8.Valid(data) {
		err = errors.New("not UTF-8 text")
	}
	if err != nil {
		return "", badValue(flag, fmt.Sprintf("Unable to load paramfile %s: %v", value, err))
	}
	return string(data), nil
}

// readBounded reads a file of at most maxFile bytes.
func readBounded(path string) ([]byte, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	var b bytes.Buffer
	if _, err := io.Copy(&b, io.LimitReader(file, maxFile+1)); err != nil {
		return nil, err
	}
	if b.Len() > maxFile {
		return nil, fmt.Errorf("%s: larger than %d bytes", path, maxFile)
	}
	return b.Bytes(), nil
}

func badValue(flag, what string) error {
	return usage(fmt.Errorf("Error parsing parameter '%s': %s", flag, what), "text, JSON, shorthand such as Key=k,Value=v, or file:// and a file of these")
}

// fill puts a value of JSON's kinds into v, which is at path in the input.
func (f *filler) fill(v reflect.Value, value any, path string) {
	switch v.Kind() {
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		f.fill(v.Elem(), value, path)
	case reflect.Struct:
		f.fillStruct(v, value, path)
	case reflect.Slice:
		list, ok := value.([]any)
		if !ok {
			f.wrongType(path, value, "<class 'list'>, <class 'tuple'>")
			return
		}
		v.Set(reflect.MakeSlice(v.Type(), len(list), len(list)))
		for i, item := range list {
			f.fill(v.Index(i), item, fmt.Sprintf("%s[%d]", path, i))
		}
	case reflect.String:
		text, ok := value.(string)
		if !ok {
			f.wrongType(path, value, "<class 'str'>")
		}
		v.SetString(text)
	case reflect.Int:
		f.fillInt(v, value, path)
	default:
		f.refuse(path, "Parameter %s has no form here; give it by --cli-input-json", path)
	}
}

func (f *filler) fillInt(v reflect.Value, value any, path string) {
	text := fmt.Sprint(value)
	_, isNumber := value.(json.Number)
	_, isText := value.(string)
	n, err := strconv.ParseInt(strings.TrimSpace(text), 10, 64)
	switch {
	case !isNumber && !isText:
		f.wrongType(path, value, "<class 'int'>")
	case err != nil:
		f.refuse(path, "Invalid value for parameter %s: invalid literal for int() with base 10: '%s'", path, text)
	default:
		v.SetInt(n)
	}
}

func (f *filler) fillStruct(v reflect.Value, value any, path string) {
	object, ok := value.(map[string]any)
	if !ok {
		f.wrongType(path, value, "<class 'dict'>")
		return
	}
	known := make(map[string]int, v.NumField())
	names := make([]string, v.NumField())
	for i := range names {
		names[i] = wireName(v.Type().Field(i))
		known[names[i]] = i
	}
	for _, name := range sortedNames(object) {
		i, ok := known[name]
		if !ok {
			f.problem("Unknown parameter in %s: %q, must be one of: %s", inside(path), name, strings.Join(names, ", "))
			continue
		}
		f.fill(v.Field(i), object[name], join(path, name))
	}
}

func (f *filler) wrongType(path string, value any, valid string) {
	f.refuse(path, "Invalid type for parameter %s, type: %s, valid types: %s", inside(path), pythonType(value), valid)
}

func pythonType(value any) string {
	switch value := value.(type) {
	case nil:
		return "<class 'NoneType'>"
	case bool:
		return "<class 'bool'>"
	case json.Number:
		if strings.ContainsAny(value.String(), ".eE") {
			return "<class 'float'>"
		}
		return "<class 'int'>"
	case []any:
		return "<class 'list'>"
	case map[string]any:
		return "<class 'dict'>"
	}
	return "<class 'str'>"
}

func join(path, name string) string {
	if path == "" {
		return name
	}
	return path + "." + name
}

func inside(path string) string {
	if path == "" {
		return "input"
	}
	return path
}
