package lint

import (
	"cmp"
	"slices"

	"github.com/deputy-sts/deputy/policy"
)

// Severity tells how bad a finding is.
type Severity uint8

const (
	Note    Severity = iota // could be written better; it does what it says
	Warning                 // probably not what is meant, or more than is wise
	Error                   // refused by AWS, without any effect, or open to strangers
)

// String gives the word: note, warning or error, which SARIF has too.
func (s Severity) String() string { return [...]string{"note", "warning", "error"}[s%3] }

// MarshalText gives the word of String.
func (s Severity) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// Finding is one thing found.
type Finding struct {
	Rule       string   `json:"rule"` // the id of a Rule
	Severity   Severity `json:"severity"`
	Message    string   `json:"message"`              // what is there, and what follows
	Suggestion string   `json:"suggestion,omitempty"` // what to do about it
	// Start and End are offsets in bytes; lines and columns count from 1, columns
	// in characters. The end is behind the last character.
	Start     int `json:"start"`
	End       int `json:"end"`
	Line      int `json:"line"`
	Column    int `json:"column"`
	EndLine   int `json:"endLine"`
	EndColumn int `json:"endColumn"`
}

// span is a stretch of the text.
type span struct{ start, end int }

func of(n *policy.Node) span { return span{n.Start, n.End} }

// maxFindings is where the rules stop: nobody reads so many.
const maxFindings = 1000

// report adds a finding of a rule, with the severity of the rule.
func (d *document) report(rule string, at span, message, suggestion string) {
	if !d.full() || rule == "syntax" {
		d.findings = append(d.findings, Finding{Rule: rule, Severity: severities[rule], Message: message, Suggestion: suggestion, Start: at.start, End: max(at.start, at.end)})
	}
}

// full tells that nothing more is reported, and need not be looked for.
func (d *document) full() bool { return len(d.findings) >= maxFindings }

// reported tells whether a rule has found something that begins there.
func (d *document) reported(start int, severity Severity) bool {
	return slices.ContainsFunc(d.findings, func(f Finding) bool { return f.Start == start && f.Severity == severity })
}

// sorted gives the findings in the order of the text, the worst first where
// several are in one place, none of them twice.
func (d *document) sorted() []Finding {
	slices.SortStableFunc(d.findings, func(a, b Finding) int {
		return cmp.Or(a.Start-b.Start, int(b.Severity)-int(a.Severity), cmp.Compare(a.Rule, b.Rule), cmp.Compare(a.Message, b.Message))
	})
	found := slices.Compact(d.findings)
	var lines []int // where they begin
	for i := range len(d.text) {
		if i == 0 || d.text[i-1] == '\n' {
			lines = append(lines, i)
		}
	}
	for i := range found {
		f := &found[i]
		f.Line, f.Column = d.locate(lines, f.Start)
		f.EndLine, f.EndColumn = d.locate(lines, f.End)
	}
	return found
}

// locate is policy.Locate with the places of the lines known.
func (d *document) locate(lines []int, offset int) (line, column int) {
	i, found := slices.BinarySearch(lines, offset)
	if !found {
		i--
	}
	if i < 0 {
		return policy.Locate(d.text, offset)
	}
	_, column = policy.Locate(d.text[lines[i]:], offset-lines[i])
	return i + 1, column
}
