package oidc

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"strings"
	"unicode/utf8"
)

// maxDepth bounds how deep objects and arrays may lie in each other.
const maxDepth = 12

var errJSON = errors.New("oidc: not a strict JSON object")

// parseObject reads a JSON object into map[string]any, []any, string, json.Number,
// bool and nil. Unlike encoding/json it refuses what two readers could read
// differently: a member twice, bytes that are not UTF-8, half a surrogate pair,
// anything after the object.
func parseObject(b []byte) (map[string]any, error) {
	d := json.NewDecoder(bytes.NewReader(b))
	d.UseNumber()
	v, err := parseValue(d, 0)
	object, ok := v.(map[string]any)
	if err != nil || !ok {
		return nil, errJSON
	}
	if _, err := d.Token(); err != io.EOF {
		return nil, errJSON
	}
	return object, nil
}

func parseValue(d *json.Decoder, depth int) (any, error) {
	t, err := d.Token()
	if err != nil || depth > maxDepth {
		return nil, errJSON
	}
	switch t := t.(type) {
	case json.Delim:
		if t == '{' {
			return parseMembers(d, depth)
		}
		return parseItems(d, depth)
	case string:
		// What is not UTF-8, or half a surrogate pair, comes as U+FFFD. A text that truly holds one is no
		// loss to refuse.
		if strings.ContainsRune(t, utf8.RuneError) {
			return nil, errJSON
		}
	}
	return t, nil
}

func parseMembers(d *json.Decoder, depth int) (any, error) {
	object := map[string]any{}
	for d.More() {
		name, err := d.Token()
		key, ok := name.(string)
		if err != nil || !ok || strings.ContainsRune(key, utf8.RuneError) {
			return nil, errJSON
		}
		if _, twice := object[key]; twice {
			return nil, errJSON
		}
		if object[key], err = parseValue(d, depth+1); err != nil {
			return nil, err
		}
	}
	_, err := d.Token()
	return object, err
}

func parseItems(d *json.Decoder, depth int) (any, error) {
	items := []any{}
	for d.More() {
		v, err := parseValue(d, depth+1)
		if err != nil {
			return nil, err
		}
		items = append(items, v)
	}
	_, err := d.Token()
	return items, err
}

// text is a member that must be a string; ok if it is one or absent.
func text(object map[string]any, name string) (s string, ok bool) {
	v, present := object[name]
	if !present {
		return "", true
	}
	s, ok = v.(string)
	return s, ok
}

// texts is a member that is a string or an array of strings.
func texts(v any) ([]string, bool) {
	switch v := v.(type) {
	case string:
		return []string{v}, true
	case []any:
		list := make([]string, 0, len(v))
		for _, item := range v {
			s, ok := item.(string)
			if !ok {
				return nil, false
			}
			list = append(list, s)
		}
		return list, true
	}
	return nil, false
}
