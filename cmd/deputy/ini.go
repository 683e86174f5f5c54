package main

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"
)

// lineKind is what a line of an INI file is to the AWS CLI's reader, which is
// Python's RawConfigParser: full-line comments only, and what is indented
// deeper than an option goes on with its value.
type lineKind uint8

const (
	lineNothing lineKind = iota // empty or a comment
	lineHeader
	lineOption
	lineMore // goes on with the value of the option before it
)

// line is one line of an INI file.
type line struct {
	text   string // all of it, with its end
	kind   lineKind
	name   string // of a header: what the brackets hold; of an option: its key in lower case
	spelt  string // of an option: its key as written
	value  string // of an option: what follows on the same line; of more: the line without space around it
	indent string
	blank  bool // nothing, and no comment either
}

// parseINI takes a file apart, losing nothing: the texts of all lines are the file.
func parseINI(data []byte) ([]line, error) {
	if !utf8.Valid(data) {
		return nil, errors.New("not UTF-8 text")
	}
	p := iniParser{seen: map[string]bool{}}
	var lines []line
	for n, text := range splitLines(string(data)) {
		l, err := p.line(text)
		if err != nil {
			return nil, fmt.Errorf("line %d: %w", n+1, err)
		}
		lines = append(lines, l)
	}
	return lines, nil
}

// iniParser remembers what the meaning of a line depends on.
type iniParser struct {
	section             string
	inSection, inOption bool
	level               int // how deep the last header or option is indented
	seen                map[string]bool
}

func (p *iniParser) line(text string) (line, error) {
	content := strings.TrimSpace(text)
	l := line{text: text, indent: text[:strings.Index(text, content)]}
	switch {
	case content == "" || content[0] == '#' || content[0] == ';':
		l.blank = content == ""
		return l, nil
	case p.inOption && len(l.indent) > p.level:
		l.kind, l.value = lineMore, content
		return l, nil
	}
	if err := l.classify(content, p.inSection); err != nil {
		return l, err
	}
	p.level, p.inOption = len(l.indent), l.kind == lineOption
	if l.kind == lineHeader {
		p.inSection, p.section = true, l.name
	}
	id := "[" + p.section + "]"
	if p.inOption {
		id += " " + l.name
	}
	if p.seen[id] {
		return l, fmt.Errorf("%s stands twice", id)
	}
	p.seen[id] = true
	return l, nil
}

// classify reads a line that goes on with nothing.
func (l *line) classify(content string, inSection bool) error {
	if end := strings.LastIndexByte(content, ']'); content[0] == '[' && end > 1 {
		l.kind, l.name = lineHeader, content[1:end]
		return nil
	}
	if !inSection {
		return errors.New("a setting before the first [section]")
	}
	at := strings.IndexAny(content, "=:")
	if at <= 0 || strings.TrimSpace(content[:at]) == "" {
		return errors.New("neither [section] nor key = value")
	}
	l.kind = lineOption
	l.spelt = strings.TrimSpace(content[:at])
	l.name = strings.ToLower(l.spelt)
	l.value = strings.TrimSpace(content[at+1:])
	return nil
}

// splitLines splits after each line's end, be it \n, \r\n or \r.
func splitLines(s string) []string {
	var out []string
	for s != "" {
		end := strings.IndexAny(s, "\r\n")
		switch {
		case end < 0:
			end = len(s)
		case strings.HasPrefix(s[end:], "\r\n"):
			end += 2
		default:
			end++
		}
		out = append(out, s[:end])
		s = s[end:]
	}
	return out
}

// section holds the settings under one header: by lower-case key, the value.
// The value of a key that has settings of its own begins with a newline.
type section map[string]string

// setting reads a key, or with sub one of the settings that the key holds.
func (s section) setting(key, sub string) (value string, ok bool) {
	value, ok = s[strings.ToLower(key)]
	if !ok || sub == "" {
		return value, ok
	}
	if !nests(value) {
		return "", false
	}
	block := value
	value, ok = "", false
	for one := range strings.SplitSeq(block, "\n") { // given twice, the last stands
		if k, v, found := strings.Cut(one, "="); found && strings.TrimSpace(k) == sub {
			value, ok = strings.TrimSpace(v), true
		}
	}
	return value, ok
}

// nests says whether a value is a block of settings.
func nests(value string) bool { return strings.HasPrefix(value, "\n") }

// iniFile is a file that was read: its sections by what stands in the brackets,
// in the order of the file.
type iniFile struct {
	path     string
	names    []string
	sections []section
}

// readINI makes sections of a file's content.
func readINI(path string, data []byte) (*iniFile, error) {
	lines, err := parseINI(data)
	if err != nil {
		return nil, misconfigured(fmt.Errorf("Unable to parse config file: %s: %w", path, err), "mend the line; deputy and the AWS CLI read the file alike")
	}
	f := &iniFile{path: path}
	for i := 0; i < len(lines); i++ {
		switch l := lines[i]; l.kind {
		case lineHeader:
			f.names = append(f.names, l.name)
			f.sections = append(f.sections, section{})
		case lineOption:
			f.sections[len(f.sections)-1][l.name] = wholeValue(lines, i)
		}
	}
	return f, nil
}

// wholeValue is the value of the option at i with the lines that go on with it.
func wholeValue(lines []line, i int) string {
	value := lines[i].value
	var gap int
	for _, l := range lines[i+1:] {
		switch {
		case l.kind == lineMore:
			value += strings.Repeat("\n", gap+1) + l.value
			gap = 0
		case l.kind != lineNothing:
			return strings.TrimRight(value, " \t\n")
		case l.blank:
			gap++
		}
	}
	return strings.TrimRight(value, " \t\n")
}

// find returns the last section whose header is one that is asked for.
func (f *iniFile) find(is func(header string) bool) section {
	if f == nil {
		return nil
	}
	for i := len(f.names) - 1; i >= 0; i-- {
		if is(f.names[i]) {
			return f.sections[i]
		}
	}
	return nil
}

// words splits a header as a shell would: `profile "a b"` has two.
func words(header string) []string {
	var out []string
	var word bytes.Buffer
	open, started := byte(0), false
	for i := range len(header) {
		c := header[i]
		switch {
		case open != 0 && c == open:
			open = 0
		case open == 0 && (c == '"' || c == '\''):
			open, started = c, true
		case open == 0 && (c == ' ' || c == '\t'):
			if started {
				out = append(out, word.String())
			}
			word.Reset()
			started = false
		default:
			word.WriteByte(c)
			started = true
		}
	}
	if started {
		out = append(out, word.String())
	}
	if open != 0 {
		return nil
	}
	return out
}
