package main

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode"
)

// change is one setting to be written.
type change struct {
	header string                   // of the section, when it must be made
	is     func(header string) bool // tells the section
	key    string
	sub    string // "" or the name of a setting inside key's block
	value  string
}

// errUnsafe is why a file is left as it is.
var errUnsafe = errors.New("the file is laid out so that the change would alter other settings; edit it by hand")

// apply returns the file with the setting changed and every other line as it
// was, placed where the AWS CLI places it.
func (c change) apply(data []byte) ([]byte, error) {
	if err := c.valid(); err != nil {
		return nil, err
	}
	lines, err := parseINI(data)
	if err != nil {
		return nil, err
	}
	e := editor{change: c, lines: lines, eol: "\n"}
	if len(lines) > 0 && strings.HasSuffix(lines[0].text, "\r\n") {
		e.eol = "\r\n"
	}
	if err := e.edit(); err != nil {
		return nil, err
	}
	var out []byte
	for _, l := range e.lines {
		out = append(out, l.text...)
	}
	return out, c.verify(data, out)
}

// valid refuses what could not be read back, or would be read as something else.
func (c change) valid() error {
	for what, text := range map[string]string{"section name": c.header, "value": c.value} {
		if strings.ContainsFunc(text, func(r rune) bool {
			return unicode.IsControl(r) && r != '\t' || r == '\u2028' || r == '\u2029' || r == '\ufffd'
		}) {
			return fmt.Errorf("invalid %s for key %s: newline and control characters are not allowed", what, c.key)
		}
	}
	names := []string{c.key}
	if c.sub != "" {
		names = append(names, c.sub)
	}
	for _, name := range names {
		if name == "" || strings.ContainsFunc(name, func(r rune) bool {
			return unicode.IsControl(r) || unicode.IsSpace(r) || strings.ContainsRune("=:[]#;\ufffd", r)
		}) {
			return fmt.Errorf("invalid key %q: letters, digits, _ and - make a key", name)
		}
	}
	return nil
}

// editor changes the lines of one file.
type editor struct {
	change
	lines []line
	eol   string
}

func (e *editor) edit() error {
	header := -1
	for i, l := range e.lines {
		if l.kind == lineHeader && e.is(l.name) {
			header = i
		}
	}
	if header < 0 {
		e.terminate(len(e.lines) - 1)
		e.insert(len(e.lines), "["+e.header+"]"+e.eol, e.entry(""))
		return nil
	}
	end := header + 1
	for end < len(e.lines) && e.lines[end].kind != lineHeader {
		end++
	}
	for i := header + 1; i < end; i++ {
		if l := e.lines[i]; l.kind == lineOption && l.name == strings.ToLower(e.key) {
			if e.sub != "" {
				return e.setInside(i)
			}
			return e.replace(i)
		}
	}
	at, indent := e.place(header, end)
	e.terminate(at - 1)
	e.insert(at, e.entry(indent))
	return nil
}

// entry is the setting as new lines.
func (e *editor) entry(indent string) string {
	if e.sub == "" {
		return indent + e.key + " = " + e.value + e.eol
	}
	return indent + e.key + " =" + e.eol + indent + "    " + e.sub + " = " + e.value + e.eol
}

// place finds where the AWS CLI puts a new setting: behind the last line of the
// section that looks like one, comments included; at the end of the file one
// line further.
func (e *editor) place(header, end int) (at int, indent string) {
	last := header
	for i := header + 1; i < end; i++ {
		if strings.ContainsAny(strings.TrimLeft(e.lines[i].text, "=:"), "=:") {
			last = i
		}
		if e.lines[i].kind == lineOption {
			indent = e.lines[i].indent
		}
	}
	at = last + 1
	if end == len(e.lines) {
		at = min(at+1, end)
	}
	for i := at; i < end; i++ { // never between an option and what goes on with it
		if e.lines[i].kind == lineMore {
			at = i + 1
		}
	}
	return at, indent
}

// replace writes the option at i anew, with the value's further lines gone.
func (e *editor) replace(i int) error {
	if nests(wholeValue(e.lines, i)) {
		return fmt.Errorf("%s holds settings of its own; set %s.NAME", e.key, e.key)
	}
	l := &e.lines[i]
	l.text = l.indent + l.spelt + " = " + e.value + e.end(l.text)
	for j := i + 1; j < len(e.lines) && e.lines[j].kind != lineOption && e.lines[j].kind != lineHeader; {
		if e.lines[j].kind == lineMore {
			e.lines = slices.Delete(e.lines, j, j+1)
		} else {
			j++
		}
	}
	return nil
}

// setInside sets a setting in the block of the option at i.
func (e *editor) setInside(i int) error {
	if value := wholeValue(e.lines, i); value != "" && !nests(value) {
		return fmt.Errorf("%s has a value of its own, and can't hold %s", e.key, e.sub)
	}
	last, indent, found := i, e.lines[i].indent+"    ", -1
	for j := i + 1; j < len(e.lines) && e.lines[j].kind != lineOption && e.lines[j].kind != lineHeader; j++ {
		l := e.lines[j]
		if l.kind != lineMore {
			continue
		}
		if last == i {
			indent = l.indent
		}
		last = j
		if name, _, ok := strings.Cut(l.value, "="); ok && strings.TrimSpace(name) == e.sub {
			found = j
		}
	}
	if found >= 0 {
		l := &e.lines[found]
		l.text = l.indent + e.sub + " = " + e.value + e.end(l.text)
		return nil
	}
	e.terminate(last)
	e.insert(last+1, indent+e.sub+" = "+e.value+e.eol)
	return nil
}

func (e *editor) insert(at int, texts ...string) {
	for i, text := range texts {
		e.lines = slices.Insert(e.lines, at+i, line{text: text})
	}
}

// terminate ends the line at i, if it is there and has no end.
func (e *editor) terminate(i int) {
	if i >= 0 && !strings.HasSuffix(e.lines[i].text, "\n") && !strings.HasSuffix(e.lines[i].text, "\r") {
		e.lines[i].text += e.eol
	}
}

// end is the line end that a text has, or the file's if it has none.
func (e *editor) end(text string) string {
	if i := strings.IndexAny(text, "\r\n"); i >= 0 {
		return text[i:]
	}
	return e.eol
}

// verify reads both states: the setting has its value, and every other setting
// the one that it had.
func (c change) verify(before, after []byte) error {
	was, err := readINI("", before)
	if err != nil {
		return err
	}
	is, err := readINI("", after)
	if err != nil {
		return errUnsafe
	}
	if got, ok := is.find(c.is).setting(c.key, c.sub); !ok || got != strings.TrimSpace(c.value) {
		return errUnsafe
	}
	if !sameBut(was, is, c) {
		return errUnsafe
	}
	return nil
}

// sameBut says whether all settings but the changed one are the same.
func sameBut(was, is *iniFile, c change) bool {
	if len(is.names) < len(was.names) || !slices.Equal(was.names, is.names[:len(was.names)]) {
		return false
	}
	for i, name := range is.names {
		var old section
		if i < len(was.sections) {
			old = was.sections[i]
		}
		for key := range union(old, is.sections[i]) {
			if c.is(name) && key == strings.ToLower(c.key) {
				if c.sub != "" && !sameBlockBut(old[key], is.sections[i][key], c.sub) {
					return false
				}
				continue
			}
			if a, b := old[key], is.sections[i][key]; a != b {
				return false
			}
		}
	}
	return true
}

func union(a, b section) map[string]bool {
	out := map[string]bool{}
	for k := range a {
		out[k] = true
	}
	for k := range b {
		out[k] = true
	}
	return out
}

// sameBlockBut compares two blocks of settings without one of them.
func sameBlockBut(a, b, sub string) bool {
	rest := func(block string) (out []string) {
		for one := range strings.SplitSeq(block, "\n") {
			if name, _, _ := strings.Cut(one, "="); strings.TrimSpace(name) != sub && one != "" {
				out = append(out, one)
			}
		}
		return out
	}
	return slices.Equal(rest(a), rest(b))
}
