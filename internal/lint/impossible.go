package lint

import (
	"math/big"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/deputy-sts/deputy/policy"
)

// Whether conditions on one key contradict each other is found by trying: the
// evaluator is asked about every value of the key that could make a difference.
// Where those can't be listed (wildcards on all sides, variables, sets), nothing
// is said.

// maxTries bounds the values that are tried for a key.
const maxTries = 2000

// checkImpossible reports keys whose conditions no value meets, nor its absence.
func (d *document) checkImpossible(s *statement) {
	for _, group := range s.byKey() {
		if !d.decidable(group) {
			continue
		}
		tries, ok := candidates(group)
		if !ok || len(tries) > maxTries {
			continue
		}
		p, err := policy.Parse(d.conditionPolicy(group), policy.Any)
		if err != nil || slices.ContainsFunc(append(tries, nil), func(values []string) bool { return meets(p, group[0].key, values) }) {
			continue
		}
		var names []string
		for _, c := range group {
			names = append(names, c.opName)
		}
		what := "no request meets " + strings.Join(names, " and ") + " on " + quote(group[0].key)
		if len(group) > 1 {
			what += " together"
		}
		suggestion := "the statement never applies"
		if len(group) == 1 && len(group[0].values) == 0 {
			suggestion = "name a value"
		}
		d.report("impossible-condition", group[0].at, what, suggestion)
	}
}

// byKey gives the conditions on each key together, in the order of the text.
func (s *statement) byKey() (groups [][]*condition) {
	place := map[string]int{}
	for i := range s.conditions {
		c := &s.conditions[i]
		key := strings.ToLower(c.key)
		at, ok := place[key]
		if !ok {
			at = len(groups)
			place[key], groups = at, append(groups, nil)
		}
		groups[at] = append(groups[at], c)
	}
	return groups
}

// decidable tells whether the values that matter can be listed.
func (d *document) decidable(group []*condition) bool {
	if len(group) == 1 && (len(group[0].values) > 0 || group[0].op.Family == "Null") {
		return false // it can be met, or invalid-value says why not
	}
	families, finite, folds := map[string]bool{}, false, false
	for _, c := range group {
		exact := c.op.Family == "String" || c.op.Family == "ARN"
		for _, v := range c.values {
			if strings.Contains(v.Text, "${") || !c.op.Valid(v.Text) {
				return false
			}
			exact = exact && !(c.op.Wild() && strings.ContainsAny(v.Text, "*?"))
		}
		if c.op.Set != "" || c.op.Family == "Binary" {
			return false
		}
		absent := c.op.Family == "Null" && !slices.ContainsFunc(c.values, func(v *policy.Node) bool { return !strings.EqualFold(v.Text, "true") })
		folds = folds || strings.Contains(c.op.Name, "IgnoreCase")
		finite = finite || absent || exact && !c.op.Negated && !strings.Contains(c.op.Name, "IgnoreCase")
		if c.op.Family != "Null" {
			families[c.op.Family] = true
		}
	}
	texts := families["String"] || families["ARN"]
	return finite || len(families) == 1 && !texts && !folds
}

// candidates lists the values to try. For ordered types they are the bounds, what
// lies between two of them, and what lies beyond: a set made of intervals with
// these bounds holds one of them, unless it is empty.
func candidates(group []*condition) (tries [][]string, ok bool) {
	add := func(values ...string) {
		for _, v := range values {
			tries = append(tries, []string{v})
		}
	}
	var numbers []*big.Rat
	var dates []time.Time
	for _, c := range group {
		for _, v := range c.values {
			add(v.Text)
			switch c.op.Family {
			case "Numeric":
				r, ok := new(big.Rat).SetString(v.Text)
				if !ok || len(v.Text) > 100 {
					return nil, false
				}
				numbers = append(numbers, r)
			case "Date":
				t, ok := readDate(v.Text)
				if !ok {
					return nil, false
				}
				dates = append(dates, t)
			case "IPAddress":
				add(edges(v.Text)...)
			case "Bool":
				add("true", "false")
			}
		}
	}
	slices.SortFunc(numbers, (*big.Rat).Cmp)
	for i, r := range numbers {
		beyond := new(big.Rat).Add(r, big.NewRat(1, 1))
		if i+1 < len(numbers) {
			beyond = new(big.Rat).Mul(new(big.Rat).Add(r, numbers[i+1]), big.NewRat(1, 2))
		}
		add(beyond.FloatString(110), new(big.Rat).Sub(numbers[0], big.NewRat(1, 1)).FloatString(110))
	}
	slices.SortFunc(dates, time.Time.Compare)
	for i, t := range dates {
		beyond := t.Add(time.Second)
		if i+1 < len(dates) {
			beyond = t.Add(dates[i+1].Sub(t) / 2)
		}
		add(beyond.Format(time.RFC3339Nano), dates[0].Add(-time.Second).Format(time.RFC3339Nano))
	}
	return tries, true
}

// readDate reads the dates that people write; of others nothing is said.
func readDate(s string) (time.Time, bool) {
	if n, err := strconv.ParseInt(s, 10, 64); err == nil && len(s) != 4 && n >= 0 && n < 1<<37 {
		return time.Unix(n, 0).UTC(), true
	}
	for _, layout := range []string{time.RFC3339Nano, "2006-01-02T15:04Z07:00", "2006-01-02T15:04:05", "2006-01-02", "2006-01", "2006"} {
		if t, err := time.Parse(layout, s); err == nil && t.Year() >= 1 {
			return t.UTC(), true
		}
	}
	return time.Time{}, false
}

// edges are the first address of a network, and those before and behind it.
func edges(network string) (list []string) {
	p, err := netip.ParsePrefix(network)
	if err != nil {
		a, err := netip.ParseAddr(network)
		if err != nil {
			return nil
		}
		p = netip.PrefixFrom(a, a.BitLen())
	}
	first := p.Masked().Addr()
	last := first.AsSlice()
	for i := p.Bits(); i < len(last)*8; i++ {
		last[i/8] |= 0x80 >> (i % 8)
	}
	end, _ := netip.AddrFromSlice(last)
	for _, a := range []netip.Addr{first, first.Prev(), end, end.Next()} {
		if a.IsValid() {
			list = append(list, a.String())
		}
	}
	return list
}

// conditionPolicy writes a policy that allows all that meets the conditions.
func (d *document) conditionPolicy(group []*condition) string {
	var b strings.Builder
	b.WriteString(`{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*","Resource":"*","Condition":{`)
	for i, c := range group {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteString(`"` + c.opName + `":{` + d.text[c.at.start:c.at.end] + ":" + d.text[c.value.Start:c.value.End] + "}")
	}
	b.WriteString("}}}")
	return b.String()
}

// meets asks the evaluator whether the key with these values, absent for nil,
// meets the conditions.
func meets(p *policy.Policy, key string, values []string) bool {
	context := map[string][]string{}
	if values != nil {
		context[key] = values
	}
	r := policy.Request{Principal: &policy.Principal{Type: policy.User, Account: "111122223333"}, Action: "x:Y", Resource: "*", Context: policy.NewMap(context)}
	set := policy.Set{Identity: []*policy.Policy{p}}
	return set.Evaluate(&r, nil).Decision == policy.Allow
}
