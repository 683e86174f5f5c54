package main

import (
	"fmt"
	"strings"
)

// maxDiff bounds the lines that are compared one by one, on each side.
const maxDiff = 3000

// contextLines stand around a change.
const contextLines = 3

// edit is a line of a diff: ' ' on both sides, '-' of the old one, '+' of the new.
type edit struct {
	kind byte
	line string // with its end
}

// unifiedDiff writes what changes, as diff -u does.
func unifiedDiff(name, before, after string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "--- %s\n+++ %s\n", name, name)
	edits := lineEdits(strings.SplitAfter(before, "\n"), strings.SplitAfter(after, "\n"))
	old, now, done := 1, 1, 0
	for i := 0; i < len(edits); {
		if edits[i].kind == ' ' {
			old, now, i = old+1, now+1, i+1
			continue
		}
		from := max(0, i-contextLines, done)
		to := hunkEnd(edits, i)
		olds, news := 0, 0
		for _, e := range edits[i:to] {
			if e.kind != '+' {
				olds++
			}
			if e.kind != '-' {
				news++
			}
		}
		lead := i - from
		fmt.Fprintf(&b, "@@ -%s +%s @@\n", extent(old-lead, olds+lead), extent(now-lead, news+lead))
		for _, e := range edits[from:to] {
			b.WriteByte(e.kind)
			b.WriteString(e.line)
			if !strings.HasSuffix(e.line, "\n") {
				b.WriteString("\n\\ No newline at end of file\n")
			}
		}
		old, now, i, done = old+olds, now+news, to, to
	}
	return b.String()
}

// hunkEnd finds the end of the changes from i on that are near each other, with
// the context behind.
func hunkEnd(edits []edit, i int) int {
	end := i
	for j := i; j < len(edits) && j-end <= 2*contextLines; j++ {
		if edits[j].kind != ' ' {
			end = j + 1
		}
	}
	return min(end+contextLines, len(edits))
}

func extent(start, n int) string {
	if n == 0 {
		start--
	}
	if n == 1 {
		return fmt.Sprint(start)
	}
	return fmt.Sprintf("%d,%d", start, n)
}

// lineEdits makes b of a by a longest common subsequence of lines; of very long
// texts it replaces what lies between the first and last difference.
func lineEdits(a, b []string) (edits []edit) {
	a, b = dropEmpty(a), dropEmpty(b)
	for len(a) > 0 && len(b) > 0 && a[0] == b[0] {
		edits = append(edits, edit{' ', a[0]})
		a, b = a[1:], b[1:]
	}
	var tail []edit
	for len(a) > 0 && len(b) > 0 && a[len(a)-1] == b[len(b)-1] {
		tail = append(tail, edit{' ', a[len(a)-1]})
		a, b = a[:len(a)-1], b[:len(b)-1]
	}
	edits = append(edits, middle(a, b)...)
	for i := len(tail) - 1; i >= 0; i-- {
		edits = append(edits, tail[i])
	}
	return edits
}

// dropEmpty takes away what SplitAfter leaves behind the last line.
func dropEmpty(lines []string) []string {
	if n := len(lines); n > 0 && lines[n-1] == "" {
		return lines[:n-1]
	}
	return lines
}

func middle(a, b []string) (edits []edit) {
	same := make([][]int32, len(a)+1) // lengths of the common subsequences of the rests
	if len(a) > maxDiff || len(b) > maxDiff {
		same = nil
	}
	for i := len(same) - 1; i >= 0; i-- {
		same[i] = make([]int32, len(b)+1)
		for j := len(b) - 1; j >= 0 && i < len(a); j-- {
			if a[i] == b[j] {
				same[i][j] = same[i+1][j+1] + 1
			} else {
				same[i][j] = max(same[i+1][j], same[i][j+1])
			}
		}
	}
	i, j := 0, 0
	for i < len(a) || j < len(b) {
		switch {
		case i < len(a) && j < len(b) && same != nil && a[i] == b[j]:
			edits = append(edits, edit{' ', a[i]})
			i, j = i+1, j+1
		case i < len(a) && (j == len(b) || same == nil || same[i+1][j] >= same[i][j+1]):
			edits = append(edits, edit{'-', a[i]})
			i++
		default:
			edits = append(edits, edit{'+', b[j]})
			j++
		}
	}
	return edits
}
