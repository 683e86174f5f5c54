package audit

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
)

// chained returns n lines of a chain, each with its newline.
func chained(n int) (lines [][]byte, heads []Head) {
	var h Head
	for i := range n {
		e := Entry{EventName: fmt.Sprint("Event", i+1), EventID: fmt.Sprint("id-", i+1)}
		lines = append(lines, h.appendLink(nil, e.AppendJSON(nil), 0))
		heads = append(heads, h)
	}
	return lines, heads
}

func verify(lines [][]byte) (Report, error) { return Verify(bytes.NewReader(slices.Concat(lines...))) }

func TestVerify(t *testing.T) {
	lines, heads := chained(9)
	r, err := verify(lines)
	if err != nil || r.Lines != 9 || r.FirstSeq != 1 || r.LastSeq != 9 || r.Head() != heads[8] {
		t.Errorf("a sound chain: %+v %v", r, err)
	}
	if r, err := verify(nil); err != nil || r != (Report{}) {
		t.Errorf("an empty file: %+v %v", r, err)
	}
	if h, err := ParseHead(heads[4].String()); err != nil || h != heads[4] {
		t.Errorf("head %s is read as %s: %v", heads[4], h, err)
	}
	for _, s := range []string{"", "1", "1:", "x:" + strings.Repeat("0", 64), "1:" + strings.Repeat("0", 63)} {
		if _, err := ParseHead(s); err == nil {
			t.Errorf("%q is taken for a head", s)
		}
	}
}

func TestVerifyFinds(t *testing.T) {
	lines, heads := chained(9)
	swap := func(i, j int) [][]byte {
		l := slices.Clone(lines)
		l[i], l[j] = l[j], l[i]
		return l
	}
	with := func(i int, line []byte) [][]byte {
		l := slices.Clone(lines)
		l[i] = line
		return l
	}
	// A line chained anew by someone who knows how: only the line after it tells.
	forged := heads[3]
	forgedLine := forged.appendLink(nil, []byte(`{"eventName":"Forged"}`), 0)
	notJSON := heads[3]
	for _, c := range []struct {
		name  string
		lines [][]byte
		line  int
		what  string
	}{
		{"first line removed", lines[1:], 1, Removed},
		{"line removed", slices.Delete(slices.Clone(lines), 4, 5), 5, Removed},
		{"three lines removed", slices.Delete(slices.Clone(lines), 4, 7), 5, Removed},
		{"value changed", with(4, bytes.Replace(lines[4], []byte("Event5"), []byte("Event6"), 1)), 5, Changed},
		{"number changed", with(4, bytes.Replace(lines[4], []byte(`"seq":5`), []byte(`"seq":6`), 1)), 5, Changed},
		{"line forged", with(4, forgedLine), 6, Changed},
		{"neighbours swapped", swap(4, 5), 5, Reordered},
		{"lines far apart swapped", swap(1, 7), 2, Reordered},
		{"line twice", slices.Insert(slices.Clone(lines), 5, lines[4]), 6, Reordered},
		{"last line cut short", with(8, lines[8][:len(lines[8])-1]), 9, Torn},
		{"last line cut in the middle", with(8, lines[8][:40]), 9, Torn},
		{"line cut in the middle", with(4, append(slices.Clone(lines[4][:40]), '\n')), 5, Malformed},
		{"line that is no JSON", with(4, notJSON.appendLink(nil, []byte(`{"a":}`), 0)), 5, Malformed},
		{"empty line", with(4, []byte("\n")), 5, Malformed},
		{"foreign line", with(4, []byte("{\"eventName\":\"x\"}\n")), 5, Malformed},
		{"endless line", with(4, append(bytes.Repeat([]byte{'x'}, 2*MaxLine), '\n')), 5, Malformed},
	} {
		r, err := verify(c.lines)
		var broken *ChainError
		if !errors.As(err, &broken) || broken.Line != c.line || broken.What != c.what || r.Lines != c.line-1 {
			t.Errorf("%s: %+v %v, want %s at line %d", c.name, r, err, c.what, c.line)
		}
	}
}

// TestVerifyEveryByte changes each byte of a chain, one after the other.
func TestVerifyEveryByte(t *testing.T) {
	lines, _ := chained(3)
	file := slices.Concat(lines...)
	for i := range file {
		for _, b := range []byte{file[i] ^ 1, file[i] ^ 0x20, '"'} {
			if b == file[i] {
				continue
			}
			changed := slices.Clone(file)
			changed[i] = b
			if _, err := Verify(bytes.NewReader(changed)); err == nil {
				t.Errorf("byte %d of %d changed from %q to %q unnoticed", i, len(file), file[i], b)
			}
		}
	}
}

func TestCheckOfParts(t *testing.T) {
	lines, heads := chained(9)
	if r, err := Verify(io.MultiReader(bytes.NewReader(slices.Concat(lines[:5]...)), bytes.NewReader(slices.Concat(lines[5:]...)))); err != nil || r.Lines != 9 {
		t.Errorf("two parts as one: %+v %v", r, err)
	}
	second := func(c Check, lines ...[]byte) error {
		_, err := c.Verify(bytes.NewReader(slices.Concat(lines...)))
		return err
	}
	if err := second(Check{After: heads[4]}, lines[5:]...); err != nil {
		t.Error(err)
	}
	if err := second(Check{After: heads[3]}, lines[5:]...); err == nil {
		t.Error("a missing line between the parts is not found")
	}
	if err := second(Check{After: Head{5, heads[3].Hash}}, lines[5:]...); err == nil {
		t.Error("a part after another line is not found")
	}
	if err := second(Check{Holds: heads[8]}, lines...); err != nil {
		t.Error(err)
	}
	var broken *ChainError
	if err := second(Check{Holds: heads[8]}, lines[:7]...); !errors.As(err, &broken) || broken.What != Removed || broken.Line != 8 {
		t.Errorf("two lines cut from the end: %v", err)
	}
	if err := second(Check{Holds: Head{3, heads[7].Hash}}, lines...); !errors.As(err, &broken) || broken.What != Changed {
		t.Errorf("another line 3: %v", err)
	}
}
