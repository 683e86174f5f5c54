package lint

import (
	"strings"

	"github.com/deputy-sts/deputy/arn"
)

// Patterns against patterns. Both sides are bounded by the size of a document.

// covers tells whether every text that the pattern a matches is matched by b too.
// It may say no where that is so.
func covers(b, a string) bool {
	if a == b || b == "*" {
		return true
	}
	// What a leaves open is once nothing and once a run that only a star of b can
	// take up.
	run := strings.Repeat("\x01", len(b)+1)
	one := strings.ReplaceAll(a, "?", "\x01")
	return arn.Glob(b, strings.ReplaceAll(one, "*", "")) && arn.Glob(b, strings.ReplaceAll(one, "*", run))
}

// The tokens of patterns that are compared: characters stand for themselves.
const (
	anyOne    rune = -1 - iota // one character
	noColon                    // one character that is no colon
	anyRun                     // any run of characters
	segment                    // a run of characters without a slash
	component                  // a run of characters without a colon
)

// takes tells whether a run can take up what the other side has next; where that
// is a run too, the caller ends one of them.
func takes(run, next rune) bool {
	return run == anyRun || run == segment && next != '/' || run == component && next != ':'
}

// patternTokens reads a pattern of a policy; a variable can be anything.
func patternTokens(s string) (out []rune) {
	for i := 0; i < len(s); {
		if strings.HasPrefix(s[i:], "${") {
			if n := strings.IndexByte(s[i:], '}'); n > 0 {
				out = append(out, anyRun)
				i += n + 1
				continue
			}
		}
		r := []rune(s[i:min(i+4, len(s))])[0]
		switch r {
		case '*':
			out = append(out, anyRun)
		case '?':
			out = append(out, anyOne)
		default:
			out = append(out, r)
		}
		i += len(string(r))
	}
	return out
}

// templateTokens reads the format of a resource's ARN, in which ${Name} stands for
// one character or more. What stands before the fifth colon has none, and a
// bucket's name has no slash, whence its objects differ from it.
func templateTokens(s string) (out []rune) {
	colons := 0
	for s != "" {
		head, rest, hole := strings.Cut(s, "${")
		colons += strings.Count(head, ":")
		for _, r := range head {
			if r == '*' {
				r = anyRun
			}
			out = append(out, r)
		}
		if !hole {
			break
		}
		name, tail, _ := strings.Cut(rest, "}")
		switch {
		case colons < 5:
			out = append(out, noColon, component)
		case name == "BucketName":
			out = append(out, anyOne, segment)
		default:
			out = append(out, anyOne, anyRun)
		}
		s = tail
	}
	return out
}

// overlap tells whether some text matches both.
func overlap(a, b []rune) bool {
	next := make([]bool, len(b)+1) // of the rest of a behind i: for each rest of b
	row := make([]bool, len(b)+1)
	for i := len(a); i >= 0; i-- {
		for j := len(b); j >= 0; j-- {
			row[j] = meet(a, b, i, j, row, next)
		}
		row, next = next, row
	}
	return next[0]
}

// meet decides for a[i:] and b[j:] from what is known of shorter rests.
func meet(a, b []rune, i, j int, row, next []bool) bool {
	endA, endB := i == len(a), j == len(b)
	switch {
	case endA && endB:
		return true
	case !endA && a[i] <= anyRun: // the run ends, or takes what b has next
		return next[j] || !endB && row[j+1] && takes(a[i], b[j])
	case !endB && b[j] <= anyRun:
		return row[j+1] || !endA && next[j] && takes(b[j], a[i])
	case endA || endB:
		return false
	}
	return (a[i] == b[j] || a[i] == anyOne || b[j] == anyOne || b[j] == noColon && a[i] != ':') && next[j+1]
}
