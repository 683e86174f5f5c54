package policy

import (
	"iter"
	"maps"
	"slices"
)

// Context gives the condition keys of a request. Keys reach Lookup in lower
// case (ASCII), whatever the policy wrote. A key that is present without values
// is an empty set. A server can so compute keys only when a policy asks.
//
// Lookup is called from Evaluate, perhaps more than once for a key, and must
// give the same answer during one evaluation. The values are not changed.
type Context interface {
	Lookup(key string) (values []string, present bool)
}

// Lister is a Context that can list its keys, in lower case. A Trace then shows
// those too that no policy asked for.
type Lister interface {
	Context
	Keys() iter.Seq[string]
}

// Map is a Context and a Lister; its keys are in lower case.
type Map map[string][]string

// NewMap makes a Map of m, whose keys may be of any case. Keys that differ only
// by case are one key with the values of both.
func NewMap(m map[string][]string) Map {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	out := make(Map, len(m))
	for _, k := range keys {
		f := fold(k)
		out[f] = append(out[f], m[k]...)
	}
	return out
}

// Lookup implements Context.
func (m Map) Lookup(key string) ([]string, bool) {
	v, ok := m[key]
	return v, ok
}

// Keys implements Lister.
func (m Map) Keys() iter.Seq[string] { return maps.Keys(m) }

// ContextKeys lists the condition keys that the policy asks for, in conditions and
// in variables, as it writes them and in the order of its statements; a key that is
// there several times, in whatever case, stands once. The operations
// GetContextKeysForCustomPolicy and GetContextKeysForPrincipalPolicy tell these.
func (p *Policy) ContextKeys() (keys []string) {
	seen := map[string]bool{}
	add := func(name string) {
		if f := fold(name); !seen[f] {
			seen[f] = true
			keys = append(keys, name)
		}
	}
	for i := range p.statements {
		st := &p.statements[i]
		for j := range st.resources {
			st.resources[j].variables(add)
		}
		for j := range st.conditions {
			c := &st.conditions[j]
			add(c.name)
			for k := range c.patterns {
				c.patterns[k].variables(add)
			}
			for k := range c.arns {
				for n := range c.arns[k].component {
					c.arns[k].component[n].variables(add)
				}
			}
		}
	}
	return keys
}

// variables gives the names of the variables in a pattern.
func (p *pattern) variables(add func(name string)) {
	for _, part := range p.parts {
		if part.variable != nil {
			add(part.variable.name)
		}
	}
}
