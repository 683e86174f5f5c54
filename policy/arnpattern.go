package policy

import "strings"

// arnPattern is the compiled value of an ARN operator: one pattern for each of
// the six components. Wildcards do not cross the colons between them, and the
// value of a variable does not move those.
type arnPattern struct {
	component [6]pattern
	ok        bool // has six components; without them it matches nothing
}

// compileARN splits the parts at the first five colons that stand in the
// pattern itself.
func compileARN(parts []part) (a arnPattern) {
	var current []part
	n := 0
	for _, p := range parts {
		for p.variable == nil && n < 5 {
			before, after, found := strings.Cut(p.tokens, ":")
			if !found {
				break
			}
			if before != "" {
				current = append(current, part{tokens: before})
			}
			a.component[n] = compilePattern(current)
			current, p.tokens = nil, after
			n++
		}
		if p.variable != nil || p.tokens != "" {
			current = append(current, p)
		}
	}
	a.component[n] = compilePattern(current)
	a.ok = n == 5
	return a
}

// match compares the components of s, which has been split.
func (a *arnPattern) match(ev *evaluation, c *[6]string) bool {
	if !a.ok {
		return false
	}
	// The resource comes first: it is what differs most.
	for i := 5; i >= 0; i-- {
		if !a.component[i].match(ev, c[i]) {
			return false
		}
	}
	return true
}

// splitARN cuts s at its first five colons; false when there are fewer.
func splitARN(s string) (c [6]string, ok bool) {
	for i := range 5 {
		c[i], s, ok = strings.Cut(s, ":")
		if !ok {
			return c, false
		}
	}
	c[5] = s
	return c, true
}
