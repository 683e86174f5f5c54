package query

import (
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"
)

// pattern is a whole-value regular expression of the model, in Java's dialect.
// Nearly all are one character class repeated, and are matched by a table; the
// few others are translated for regexp when first asked.
type pattern struct {
	text     string // as the model has it, and as messages show it
	class    *class // nil: use slow
	atLeast  int    // how many characters a class wants, 0 or 1
	noDouble bool   // "--" is refused: the account alias's -(?!-)
	slow     func() *regexp.Regexp
}

func compilePattern(text string) (*pattern, error) {
	p := &pattern{text: text}
	body := strings.TrimSuffix(strings.TrimPrefix(text, "^"), "$")
	if c, rest, err := parseClass(body); err == nil && (rest == "*" || rest == "+") {
		p.class = c
		p.atLeast = strings.Count(rest, "+")
		return p, nil
	}
	if strings.Contains(body, "-(?!-)") {
		// In the one pattern that has it every hyphen is matched here, so that
		// "not followed by another" is "never two".
		p.noDouble = true
		body = strings.ReplaceAll(body, "-(?!-)", "-")
	}
	if strings.Contains(body, "(?") {
		return nil, fmt.Errorf("query: pattern %q: unknown group", text)
	}
	p.slow = sync.OnceValue(func() *regexp.Regexp {
		return regexp.MustCompile("^(?:" + translate(body) + ")$")
	})
	return p, nil
}

func (p *pattern) match(s string) bool {
	if p.class != nil {
		return len(s) >= p.atLeast && p.class.all(s)
	}
	if p.noDouble && strings.Contains(s, "--") {
		return false
	}
	return p.slow().MatchString(s)
}

// translate writes Java's \uHHHH, which takes exactly four digits, in Go's way;
// the rest of what the models use is the same in both.
func translate(java string) string {
	var b strings.Builder
	for i := 0; i < len(java); i++ {
		if java[i] != '\\' || i+1 == len(java) {
			b.WriteByte(java[i])
			continue
		}
		if java[i+1] == 'u' && i+6 <= len(java) {
			b.WriteString(`\x{` + java[i+2:i+6] + `}`)
			i += 5
			continue
		}
		b.WriteString(java[i : i+2])
		i++
	}
	return b.String()
}

// class is a set of characters: a bit for each of ASCII, ranges and Unicode's
// tables for the rest.
type class struct {
	ascii  [2]uint64
	ranges []rune // pairs, both ends included
	tables []*unicode.RangeTable
}

func (c *class) all(s string) bool {
	for i := 0; i < len(s); {
		b := s[i]
		if b < utf8.RuneSelf {
			if c.ascii[b>>6]>>(b&63)&1 == 0 {
				return false
			}
			i++
			continue
		}
		r, size := utf8.DecodeRuneInString(s[i:])
		if !c.has(r) {
			return false
		}
		i += size
	}
	return true
}

func (c *class) has(r rune) bool {
	for i := 0; i < len(c.ranges); i += 2 {
		if c.ranges[i] <= r && r <= c.ranges[i+1] {
			return true
		}
	}
	return unicode.In(r, c.tables...)
}

func (c *class) add(lo, hi rune) {
	for r := lo; r <= hi && r < utf8.RuneSelf; r++ {
		c.ascii[r>>6] |= 1 << (r & 63)
	}
	if hi >= utf8.RuneSelf {
		c.ranges = append(c.ranges, max(lo, utf8.RuneSelf), hi)
	}
}

func (c *class) addTable(t *unicode.RangeTable) {
	for r := rune(0); r < utf8.RuneSelf; r++ {
		if unicode.Is(t, r) {
			c.add(r, r)
		}
	}
	c.tables = append(c.tables, t)
}

var errNoClass = errors.New("query: no character class")

// parseClass reads one [...] and gives what follows it.
func parseClass(s string) (*class, string, error) {
	if !strings.HasPrefix(s, "[") || strings.HasPrefix(s, "[^") {
		return nil, s, errNoClass
	}
	c := new(class)
	s = s[1:]
	for {
		if s == "" {
			return nil, s, errNoClass
		}
		if s[0] == ']' {
			return c, s[1:], nil
		}
		lo, rest, set, err := classAtom(c, s)
		if err != nil {
			return nil, s, err
		}
		s = rest
		if set {
			continue
		}
		hi := lo
		if len(s) > 1 && s[0] == '-' && s[1] != ']' {
			if hi, s, set, err = classAtom(c, s[1:]); err != nil || set || hi < lo {
				return nil, s, errNoClass
			}
		}
		c.add(lo, hi)
	}
}

// classAtom reads one character, or adds a whole set (\w, \d, \p{L}) and says so.
func classAtom(c *class, s string) (r rune, rest string, set bool, err error) {
	if s[0] == '[' || s[0] == '&' && strings.HasPrefix(s, "&&") {
		return 0, s, false, errNoClass // Java nests and intersects classes; no model does
	}
	if s[0] != '\\' {
		r, size := utf8.DecodeRuneInString(s)
		return r, s[size:], false, nil
	}
	if len(s) < 2 {
		return 0, s, false, errNoClass
	}
	switch e := s[1]; {
	case e == 'w':
		c.add('0', '9')
		c.add('A', 'Z')
		c.add('_', '_')
		c.add('a', 'z')
		return 0, s[2:], true, nil
	case e == 'd':
		c.add('0', '9')
		return 0, s[2:], true, nil
	case e == 'p' && len(s) > 4 && s[2] == '{':
		name, rest, _ := strings.Cut(s[3:], "}")
		table := unicode.Categories[name]
		if table == nil {
			return 0, s, false, errNoClass
		}
		c.addTable(table)
		return 0, rest, true, nil
	case e == 'u' && len(s) >= 6:
		n, err := strconv.ParseUint(s[2:6], 16, 16)
		if err != nil {
			return 0, s, false, errNoClass
		}
		return rune(n), s[6:], false, nil
	case e < utf8.RuneSelf && !unicode.IsLetter(rune(e)) && !unicode.IsDigit(rune(e)):
		return rune(e), s[2:], false, nil
	}
	return 0, s, false, errNoClass
}
