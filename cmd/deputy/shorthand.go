package main

import (
	"fmt"
	"strings"
)

// parseShorthand reads the AWS CLI's shorthand of a structure: Key=k,Value=v.
// A value may be quoted, hold commas as \, and be a list [a,b], a structure
// {k=v}, or, up to the next key, words with commas between them.
func parseShorthand(text string) (map[string]any, error) {
	p := shorthand{text: text}
	v := p.pairs()
	return v, p.err
}

// shorthand is a text being read. The first error stands and ends the text.
type shorthand struct {
	text string
	at   int
	err  error
}

func (p *shorthand) fail(expected string) {
	received := "EOF"
	if p.at < len(p.text) {
		received = p.text[p.at : p.at+1]
	}
	p.end(fmt.Errorf("Expected: '%s', received: '%s' at position %d of the shorthand", expected, received, p.at))
}

func (p *shorthand) end(err error) {
	if p.err == nil {
		p.err = err
	}
	p.at = len(p.text)
}

func (p *shorthand) current() byte {
	if p.at < len(p.text) {
		return p.text[p.at]
	}
	return 0
}

func (p *shorthand) space() {
	for p.at < len(p.text) && strings.IndexByte(" \t\n\r\v\f", p.text[p.at]) >= 0 {
		p.at++
	}
}

func (p *shorthand) expect(c byte) {
	p.space()
	if p.at >= len(p.text) || p.text[p.at] != c {
		p.fail(string(c))
		return
	}
	p.at++
	p.space()
}

// pairs reads key=value pairs up to the end.
func (p *shorthand) pairs() map[string]any {
	out := map[string]any{}
	for {
		key := p.key()
		p.expect('=')
		p.put(out, key, p.values())
		if p.at >= len(p.text) {
			return out
		}
		p.expect(',')
	}
}

func (p *shorthand) put(out map[string]any, key string, value any) {
	if _, twice := out[key]; twice {
		p.end(fmt.Errorf("%q stands twice in the shorthand", key))
	}
	out[key] = value
}

func (p *shorthand) key() string {
	start := p.at
	for p.at < len(p.text) && isKey(p.text[p.at]) {
		p.at++
	}
	return p.text[start:p.at]
}

func isKey(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || strings.IndexByte("-_.#/:", c) >= 0
}

// values reads what follows a key: one value, or several with commas between
// them when what follows a comma is no next key.
func (p *shorthand) values() any {
	if c := p.current(); c == '[' || c == '{' {
		return p.value("")
	}
	first := p.word("")
	list := []any{first}
	for p.space(); p.current() == ','; p.space() {
		comma := p.at
		p.expect(',')
		start := p.at
		word := p.word("=")
		if p.at == start && p.at == len(p.text) {
			p.fail("a value")
		}
		p.space()
		if p.at == start || p.at < len(p.text) && p.current() != ',' {
			p.at = comma
			break
		}
		list = append(list, word)
	}
	if len(list) == 1 {
		return first
	}
	return list
}

// value reads a list, a structure or a word that ends at one of the characters.
func (p *shorthand) value(ends string) any {
	switch p.current() {
	case '[':
		list := []any{}
		p.bracketed(']', func() { list = append(list, p.value("]}")) })
		return list
	case '{':
		out := map[string]any{}
		p.bracketed('}', func() {
			key := p.key()
			p.expect('=')
			p.put(out, key, p.value("]}"))
		})
		return out
	}
	return p.word(ends)
}

func (p *shorthand) bracketed(end byte, element func()) {
	p.at++
	for p.space(); p.err == nil && p.current() != end; p.space() {
		element()
		p.space()
		if p.current() != end {
			p.expect(',')
		}
	}
	p.at = min(p.at+1, len(p.text))
}

// word reads a quoted word, or one that ends at a comma or one of the characters.
func (p *shorthand) word(ends string) string {
	if c := p.current(); c == '"' || c == '\'' {
		return p.quoted(c)
	}
	var out strings.Builder
	for ; p.at < len(p.text); p.at++ {
		switch c := p.text[p.at]; {
		case c == '\\' && strings.HasPrefix(p.text[p.at:], `\,`):
			p.at++
			out.WriteByte(',')
		case c == ',' || strings.IndexByte(ends, c) >= 0:
			return strings.TrimRight(out.String(), " \t\r\n")
		case c == '"' || c == '\'':
			p.fail(",")
		default:
			out.WriteByte(c)
		}
	}
	return strings.TrimRight(out.String(), " \t\r\n")
}

func (p *shorthand) quoted(quote byte) string {
	var out strings.Builder
	for p.at++; p.at < len(p.text); p.at++ {
		c := p.text[p.at]
		if c == '\\' && p.at+1 < len(p.text) && (p.text[p.at+1] == quote || p.text[p.at+1] == '\\') {
			p.at++
			out.WriteByte(p.text[p.at])
			continue
		}
		if c == quote {
			p.at++
			return out.String()
		}
		out.WriteByte(c)
	}
	p.fail(string(quote))
	return ""
}
