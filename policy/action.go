package policy

import (
	"strings"

	"github.com/deputy-sts/deputy/arn"
)

// action is a compiled value of Action or NotAction, in lower case.
type action struct {
	pattern pattern
	form    actionForm
}

type actionForm uint8

const (
	noAction    actionForm = iota // matches nothing
	oneAction                     // a name without wildcards
	someActions                   // a name with wildcards
	allActions                    // "*"
)

// compileAction reads a value. Only a lone "*" crosses services, or "*:" before
// a name; else the part before the colon is a service's prefix as it stands.
func compileAction(s string) action {
	if s == "*" {
		return action{form: allActions}
	}
	service, name, ok := strings.Cut(fold(s), ":")
	if !ok || service == "" || name == "" || strings.ContainsAny(name, ":, ") ||
		service != "*" && strings.ContainsAny(service, "*?") {
		return action{}
	}
	a := action{pattern: compilePattern(tokenizer{wild: true}.tokens(service + ":" + name)), form: someActions}
	if a.pattern.form == exact {
		a.form = oneAction
	}
	return a
}

// match tells whether the action, in lower case, matches. Variables do not
// occur in actions, so nothing of the request is needed.
func (a *action) match(name string) bool {
	switch a.form {
	case allActions:
		return true
	case noAction:
		return false
	}
	p := &a.pattern
	rest, ok := strings.CutPrefix(name, p.lit)
	switch {
	case !ok:
		return false
	case p.form == exact:
		return rest == ""
	case p.form == prefix:
		return true
	}
	return arn.GlobTokens(p.rest, rest)
}

// service is the prefix that the action must have, or "" for any.
func (a *action) service() string {
	service, _, ok := strings.Cut(a.pattern.lit, ":")
	if !ok {
		return ""
	}
	return service
}

// hashAction is FNV-1a over a lower-case name, and the bit that stands for its
// service in a set of services; what has no colon is a service of its own.
func hashAction(name string) (hash uint32, service uint64) {
	hash = 2166136261
	for i := range len(name) {
		if name[i] == ':' && service == 0 {
			service = serviceBit(hash)
		}
		hash = (hash ^ uint32(name[i])) * 16777619
	}
	if service == 0 {
		service = serviceBit(hash)
	}
	return hash, service
}

func serviceBit(hash uint32) uint64 { return 1 << (hash >> 13 & 63) }
