package policy

import (
	"net/netip"
	"strings"
)

// condition is one operator and key of a Condition element, its values read
// ahead. Which of the slices is filled the operator's family says; a value that
// is not of the family is left out, for it matches nothing.
type condition struct {
	op       *operator
	set      setOperator
	ifExists bool
	key      string // lower case

	patterns []pattern
	arns     []arnPattern
	numbers  []number
	instants []instant
	nets     []netip.Prefix
	binaries []string
	yes, no  bool // famBool and famNull: the values that are wanted

	// For explanations: operator, key and values as written, and their place.
	operator, name string
	wanted         []string
	start, end     int
}

// compile reads the values. Variables are looked for if vars is set.
func (c *condition) compile(vars bool) {
	for _, v := range c.wanted {
		switch c.op.family {
		case famString:
			c.patterns = append(c.patterns, compilePattern(tokenizer{c.op.wild, vars}.tokens(v)))
		case famARN:
			c.arns = append(c.arns, compileARN(tokenizer{true, vars}.tokens(v)))
		case famNumeric:
			c.numbers = appendOK(c.numbers)(parseNumber(v))
		case famDate:
			c.instants = appendOK(c.instants)(parseWantedInstant(v))
		case famIP:
			c.nets = appendOK(c.nets)(parseNet(v))
		case famBinary:
			c.binaries = appendOK(c.binaries)(parseBinary(v))
		case famBool, famNull:
			b, ok := parseBool(v)
			c.yes, c.no = c.yes || ok && b, c.no || ok && !b
		}
	}
}

// appendOK appends a value that was read without error.
func appendOK[T any](list []T) func(T, bool) []T {
	return func(v T, ok bool) []T {
		if ok {
			return append(list, v)
		}
		return list
	}
}

// holds decides the condition. A key that is there without any value exists, so
// that IfExists leaves it to the operator, to which it is as good as absent.
//
// Source: IAM User Guide, reference_policies_elements_condition_operators and
// reference_policies_condition-single-vs-multi-valued-context-keys.
func (c *condition) holds(ev *evaluation) bool {
	values, present := ev.lookup(c.key)
	if c.op.family == famNull {
		if empty(values) {
			return c.yes
		}
		return c.no
	}
	if len(values) == 0 {
		return c.ifExists && !present || c.absent()
	}
	switch c.set {
	case forAll:
		return empty(values) || c.each(ev, values)
	case forAny:
		return c.some(ev, values)
	}
	// A plain operator on several values is undefined: no match, negated or not.
	return len(values) == 1 && c.one(ev, values[0])
}

// absent is what a key without values gives.
func (c *condition) absent() bool {
	switch c.set {
	case forAll:
		return true
	case forAny:
		return false
	}
	return c.op.negated
}

// empty tells whether the values are a "null data set": none, or empty strings
// alone.
func empty(values []string) bool {
	for _, v := range values {
		if v != "" {
			return false
		}
	}
	return true
}

func (c *condition) each(ev *evaluation, values []string) bool {
	for _, v := range values {
		if !c.one(ev, v) {
			return false
		}
	}
	return true
}

func (c *condition) some(ev *evaluation, values []string) bool {
	for _, v := range values {
		if c.one(ev, v) {
			return true
		}
	}
	return false
}

// one decides for one value of the request.
func (c *condition) one(ev *evaluation, v string) bool {
	switch c.op.family {
	case famString:
		return c.oneString(ev, v) != c.op.negated
	case famARN:
		// What is no ARN satisfies neither the operator nor its opposite.
		parts, ok := splitARN(v)
		return ok && c.oneARN(ev, &parts) != c.op.negated
	case famNumeric:
		return c.oneNumber(v) != c.op.negated
	case famDate:
		return c.oneInstant(v) != c.op.negated
	case famIP:
		return c.oneAddress(v) != c.op.negated
	case famBinary:
		return c.oneBinary(v)
	case famBool:
		b, ok := parseBool(v)
		return ok && (b && c.yes || !b && c.no)
	}
	return false
}

func (c *condition) oneString(ev *evaluation, v string) bool {
	for i := range c.patterns {
		if c.op.fold {
			if c.patterns[i].matchFold(ev, v) {
				return true
			}
		} else if c.patterns[i].match(ev, v) {
			return true
		}
	}
	return false
}

func (c *condition) oneARN(ev *evaluation, parts *[6]string) bool {
	for i := range c.arns {
		if c.arns[i].match(ev, parts) {
			return true
		}
	}
	return false
}

func (c *condition) oneNumber(v string) bool {
	n, ok := parseNumber(v)
	if !ok {
		return false
	}
	for _, w := range c.numbers {
		if c.op.order.holds(n.compare(w)) {
			return true
		}
	}
	return false
}

func (c *condition) oneInstant(v string) bool {
	t, ok := parseInstant(v)
	if !ok {
		return false
	}
	for _, w := range c.instants {
		if c.op.order.holds(t.compare(w)) {
			return true
		}
	}
	return false
}

// oneAddress takes addresses, and networks, which a network of the policy
// contains if it contains all of them.
func (c *condition) oneAddress(v string) bool {
	n, ok := parseNet(v)
	if !ok {
		return false
	}
	for _, w := range c.nets {
		if w.Bits() <= n.Bits() && w.Contains(n.Addr()) {
			return true
		}
	}
	return false
}

func (c *condition) oneBinary(v string) bool {
	v = strings.TrimRight(v, "=")
	for _, w := range c.binaries {
		if v == w {
			return true
		}
	}
	return false
}
