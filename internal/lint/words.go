package lint

import (
	"strconv"
	"strings"

	"github.com/deputy-sts/deputy/policy"
)

// quote writes a name of the document for a message, shortened when it is long.
func quote(s string) string {
	if runes := []rune(s); len(runes) > 100 {
		s = string(runes[:100]) + "…"
	}
	return strconv.Quote(s)
}

// didYouMean names the nearest of the words, or nothing when none is near.
func didYouMean(word string, words []string) string {
	if near := nearest(word, words); near != "" {
		return "did you mean " + near + "?"
	}
	return ""
}

// nearOperator suggests an operator with the prefix and suffix that are there.
func nearOperator(name string) string {
	prefix, rest, found := strings.Cut(name, ":")
	if !found {
		prefix, rest = "", name
	} else {
		prefix = nearest(prefix, []string{"ForAllValues", "ForAnyValue"}) + ":"
	}
	base, ifExists := strings.CutSuffix(rest, "IfExists")
	near := nearest(base, policy.Operators())
	switch {
	case near == "" || prefix == ":":
		return "operators are " + strings.Join(policy.Operators(), ", ")
	case ifExists && near != "Null":
		near += "IfExists"
	}
	return "did you mean " + prefix + near + "?"
}

// nearest is the word at the least distance, without regard to case; "" if all
// are further than a third of the word's length.
func nearest(word string, words []string) string {
	word = strings.ToLower(word)
	best, least := "", len(word)/3+1
	for _, w := range words {
		if abs(len(w)-len(word)) > least {
			continue
		}
		if d := distance(word, strings.ToLower(w)); d < least || d == least && best != "" && w < best {
			best, least = w, d
		}
	}
	return best
}

func abs(n int) int { return max(n, -n) }

// distance counts the bytes to insert, remove or replace, and the neighbours to
// swap, between two names (the restricted distance of Damerau and Levenshtein).
func distance(a, b string) int {
	before, last, row := make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range last {
		last[j] = j
	}
	for i := 1; i <= len(a); i++ {
		row[0] = i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			row[j] = min(last[j]+1, row[j-1]+1, last[j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
		}
		before, last, row = last, row, before
	}
	return last[len(b)]
}
