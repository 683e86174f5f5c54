package policy

import "strings"

// family is what an operator takes its values for.
type family uint8

const (
	famString family = iota
	famNumeric
	famDate
	famBool
	famBinary
	famIP
	famARN
	famNull
)

// order is a set of outcomes of a comparison.
type order uint8

const (
	less order = 1 << iota
	equal
	greater
)

// holds tells whether the outcome c of a comparison is in the set.
func (o order) holds(c int) bool {
	switch {
	case c < 0:
		return o&less != 0
	case c > 0:
		return o&greater != 0
	}
	return o&equal != 0
}

// operator is a condition operator without its prefix and suffix.
//
// A negated operator is the opposite of the positive one over all values of the
// policy: it holds when none matches.
type operator struct {
	name    string
	family  family
	negated bool
	wild    bool  // '*' and '?' are wildcards
	fold    bool  // without ASCII case
	order   order // numbers and dates: request value compared with policy value
}

// operators is the whole table. Source: IAM User Guide,
// reference_policies_elements_condition_operators.
var operators = [...]operator{
	{name: "StringEquals", family: famString},
	{name: "StringNotEquals", family: famString, negated: true},
	{name: "StringEqualsIgnoreCase", family: famString, fold: true},
	{name: "StringNotEqualsIgnoreCase", family: famString, fold: true, negated: true},
	{name: "StringLike", family: famString, wild: true},
	{name: "StringNotLike", family: famString, wild: true, negated: true},
	{name: "NumericEquals", family: famNumeric, order: equal},
	{name: "NumericNotEquals", family: famNumeric, order: equal, negated: true},
	{name: "NumericLessThan", family: famNumeric, order: less},
	{name: "NumericLessThanEquals", family: famNumeric, order: less | equal},
	{name: "NumericGreaterThan", family: famNumeric, order: greater},
	{name: "NumericGreaterThanEquals", family: famNumeric, order: greater | equal},
	{name: "DateEquals", family: famDate, order: equal},
	{name: "DateNotEquals", family: famDate, order: equal, negated: true},
	{name: "DateLessThan", family: famDate, order: less},
	{name: "DateLessThanEquals", family: famDate, order: less | equal},
	{name: "DateGreaterThan", family: famDate, order: greater},
	{name: "DateGreaterThanEquals", family: famDate, order: greater | equal},
	{name: "Bool", family: famBool},
	{name: "BinaryEquals", family: famBinary},
	{name: "IpAddress", family: famIP},
	{name: "NotIpAddress", family: famIP, negated: true},
	{name: "ArnEquals", family: famARN, wild: true},
	{name: "ArnLike", family: famARN, wild: true},
	{name: "ArnNotEquals", family: famARN, wild: true, negated: true},
	{name: "ArnNotLike", family: famARN, wild: true, negated: true},
	{name: "Null", family: famNull},
}

// setOperator says how the values of a multivalued key are asked.
type setOperator uint8

const (
	single setOperator = iota // the key has one value
	forAll                    // ForAllValues: each value
	forAny                    // ForAnyValue: at least one
)

// parseOperator splits a name like ForAllValues:StringEqualsIfExists. Names are
// case-sensitive.
func parseOperator(s string) (op *operator, set setOperator, ifExists, ok bool) {
	if rest, found := strings.CutPrefix(s, "ForAllValues:"); found {
		s, set = rest, forAll
	} else if rest, found := strings.CutPrefix(s, "ForAnyValue:"); found {
		s, set = rest, forAny
	}
	s, ifExists = strings.CutSuffix(s, "IfExists")
	for i := range operators {
		if operators[i].name == s {
			op = &operators[i]
			return op, set, ifExists, op.family != famNull || !ifExists
		}
	}
	return nil, set, ifExists, false
}
