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
