package bench

import (
	"fmt"
	"net/netip"
	"path"
	"strings"
	"time"
)

// floor is what an evaluator can cost that was made for these sets and nothing
// else: a list of statements for each action, conditions as closures over parsed
// values, the few context keys of the sets as fields of a struct. It is the
// yardstick, not a rival: it knows neither the language nor its corner cases.
type floor struct {
	lists map[string]*floorLists
}

type floorLists struct{ deny, allow []*floorStatement }

type floorStatement struct {
	resources []floorPattern
	tests     []func(*floorRequest) bool
}

// floorRequest is a request with its values parsed, which a server would have to
// do for each decision, and which is measured.
type floorRequest struct {
	action, arn, user, prefix, agent string
	hasPrefix, secure                bool
	address                          netip.Addr
	now                              time.Time
	scratch                          [256]byte
}

func (f *floorRequest) read(r *Request, arn string) {
	f.action, f.arn, f.user = r.Action, arn, r.User
	f.prefix, f.hasPrefix = r.Context["s3:prefix"]
	f.agent, f.secure = r.Context["aws:UserAgent"], r.Context["aws:SecureTransport"] == "true"
	f.address, _ = netip.ParseAddr(r.Context["aws:SourceIp"])
	f.now, _ = time.Parse(time.RFC3339, r.Context["aws:CurrentTime"])
}

const userVariable = "${aws:username}"

// floorPattern is text up to the first special character, and the rest.
type floorPattern struct {
	head, tail string
	variable   bool
}

func newFloorPattern(s string) floorPattern {
	i := strings.IndexAny(s, "*?$")
	if i < 0 {
		i = len(s)
	}
	return floorPattern{s[:i], s[i:], strings.Contains(s, userVariable)}
}

func (p *floorPattern) match(s string, r *floorRequest) bool {
	s, ok := strings.CutPrefix(s, p.head)
	switch {
	case !ok || p.tail == "*":
		return ok
	case !p.variable:
		return wildcard(p.tail, s)
	}
	b := r.scratch[:0]
	for tail, found := p.tail, true; found; {
		var text string
		text, tail, found = strings.Cut(tail, userVariable)
		b = append(b, text...)
		if found {
			b = append(b, r.user...)
		}
	}
	return wildcard(b, s)
}

// wildcard is the usual two-index match of '*' and '?'.
func wildcard[P string | []byte](p P, s string) bool {
	i, j, star, back := 0, 0, -1, 0
	for j < len(s) {
		switch {
		case i < len(p) && p[i] == '*':
			star, back, i = i, j, i+1
		case i < len(p) && (p[i] == '?' || p[i] == s[j]):
			i, j = i+1, j+1
		case star >= 0:
			back++
			i, j = star+1, back
		default:
			return false
		}
	}
	for i < len(p) && p[i] == '*' {
		i++
	}
	return i == len(p)
}

func newFloor(s *Set) (*floor, error) {
	f := &floor{map[string]*floorLists{}}
	for _, a := range knownActions {
		f.lists[a] = &floorLists{}
	}
	for _, d := range s.Documents {
		for _, st := range d.Statement {
			if err := f.add(&st); err != nil {
				return nil, err
			}
		}
	}
	return f, nil
}

func (f *floor) add(st *Statement) error {
	c := &floorStatement{}
	for _, r := range st.Resource {
		c.resources = append(c.resources, newFloorPattern(r))
	}
	for _, operator := range sortedKeys(st.Condition) {
		for key, values := range st.Condition[operator] {
			test, err := floorTest(key, values)
			if err != nil {
				return err
			}
			c.tests = append(c.tests, test)
		}
	}
	for _, name := range knownActions {
		if !covers(st.Action, name) {
			continue
		}
		l := f.lists[name]
		if st.Effect == "Deny" {
			l.deny = append(l.deny, c)
		} else {
			l.allow = append(l.allow, c)
		}
	}
	return nil
}

// covers tells whether one of the patterns stands for the action.
func covers(patterns []string, name string) bool {
	for _, p := range patterns {
		if ok, _ := path.Match(p, name); ok {
			return true
		}
	}
	return false
}

// floorTest makes a closure of a condition; in the sets the key tells the operator.
func floorTest(key string, values []string) (func(*floorRequest) bool, error) {
	switch key {
	case "aws:SecureTransport":
		want := values[0] == "true"
		return func(r *floorRequest) bool { return r.secure == want }, nil
	case "aws:SourceIp":
		var nets []netip.Prefix
		for _, v := range values {
			n, err := netip.ParsePrefix(v)
			if err != nil {
				return nil, err
			}
			nets = append(nets, n)
		}
		return func(r *floorRequest) bool { return inNets(nets, r.address) }, nil
	case "aws:CurrentTime":
		end, err := time.Parse(time.RFC3339, values[0])
		return func(r *floorRequest) bool { return r.now.Before(end) }, err
	case "s3:prefix", "aws:UserAgent":
		var patterns []floorPattern
		for _, v := range values {
			patterns = append(patterns, newFloorPattern(v))
		}
		if key == "s3:prefix" {
			return func(r *floorRequest) bool { return r.hasPrefix && matchAny(patterns, r.prefix, r) }, nil
		}
		return func(r *floorRequest) bool { return matchAny(patterns, r.agent, r) }, nil
	}
	return nil, fmt.Errorf("the floor does not know %s", key)
}

func inNets(nets []netip.Prefix, a netip.Addr) bool {
	for _, n := range nets {
		if n.Contains(a) {
			return true
		}
	}
	return false
}

func matchAny(patterns []floorPattern, s string, r *floorRequest) bool {
	for i := range patterns {
		if patterns[i].match(s, r) {
			return true
		}
	}
	return false
}

func (st *floorStatement) holds(r *floorRequest) bool {
	if !matchAny(st.resources, r.arn, r) {
		return false
	}
	for _, test := range st.tests {
		if !test(r) {
			return false
		}
	}
	return true
}

// allowed decides.
func (f *floor) allowed(r *floorRequest) bool {
	l := f.lists[r.action]
	if l == nil {
		return false
	}
	for _, st := range l.deny {
		if st.holds(r) {
			return false
		}
	}
	for _, st := range l.allow {
		if st.holds(r) {
			return true
		}
	}
	return false
}
