package directory

import (
	"fmt"
	"strings"
)

// Tx is a change in the making. It reads from one View, on top of which it shows
// what it has itself put, and remembers what has to be still so when it commits.
// It is used by one goroutine, once: a Commit that conflicts is begun again from
// the start.
type Tx struct {
	view   *View
	record bool
	reads  map[string]int64 // key -> revision it must still have; 0: it must not exist
	puts   []put
	err    error
}

// put is one key that the Tx writes.
type put struct {
	key  string
	rec  record // nil for a small record
	data []byte // of a small record
	gone bool   // deleted; rec is what was there
}

// View is the snapshot that the Tx reads from. What is read from it directly is
// not remembered, and the Tx's own puts are not in it.
func (t *Tx) View() *View { return t.view }

// note remembers a read.
func (t *Tx) note(key string, rev int64) {
	if t.record {
		t.require(key, rev)
	}
}

// require makes the commit depend on the revision of a key. The first one noted
// counts: it is the view's.
func (t *Tx) require(key string, rev int64) {
	if t.reads == nil {
		t.reads = make(map[string]int64)
	}
	if _, known := t.reads[key]; !known {
		t.reads[key] = rev
	}
}

// pending finds the Tx's own put of a key.
func (t *Tx) pending(key string) *put {
	for i := range t.puts {
		if t.puts[i].key == key {
			return &t.puts[i]
		}
	}
	return nil
}

// lookup reads the record at key: the pending one, or else found.
func lookup[T any, P interface {
	*T
	record
}](t *Tx, key string, found P) P {
	if p := t.pending(key); p != nil {
		rec, _ := p.rec.(P)
		if p.gone {
			return nil
		}
		return rec
	}
	if found == nil {
		t.note(key, 0)
		return nil
	}
	t.note(found.key(), found.head().rev)
	return found
}

// plain tells whether reads need neither be remembered nor be overlaid.
func (t *Tx) plain() bool { return !t.record && len(t.puts) == 0 }

// lookupID reads the record with a unique id. An id that nothing has needs no
// memory: ids are random and not used again.
func lookupID[T any, P interface {
	*T
	entity
}](t *Tx, id string, found P) P {
	for i := range t.puts {
		if rec, ok := t.puts[i].rec.(P); ok && !t.puts[i].gone {
			if _, _, own := rec.identity(); own == id {
				return rec
			}
		}
	}
	if found != nil && len(t.puts) > 0 && t.pending(found.key()) != nil {
		return nil // deleted, or even succeeded by another of its name
	}
	if found != nil && t.record {
		t.note(found.key(), found.head().rev)
	}
	return found
}

// Account is View.Account.
func (t *Tx) Account(id string) *Account {
	a := t.view.Account(id)
	if t.plain() {
		return a
	}
	return lookup(t, accountKey(id), a)
}

// AccountByAlias is View.AccountByAlias.
func (t *Tx) AccountByAlias(alias string) *Account {
	key := aliasKey(alias)
	if p := t.pending(key); p != nil {
		if p.gone {
			return nil
		}
		return t.Account(string(p.data))
	}
	s, ok := t.view.small.Get(key)
	t.note(key, s.rev)
	if !ok {
		return nil
	}
	return t.Account(string(s.data))
}

// User is View.User.
func (t *Tx) User(account, name string) *User {
	u := t.view.User(account, name)
	if t.plain() {
		return u
	}
	return lookup(t, entityKey(account, KindUser, name), u)
}

// Role is View.Role.
func (t *Tx) Role(account, name string) *Role {
	r := t.view.Role(account, name)
	if t.plain() {
		return r
	}
	return lookup(t, entityKey(account, KindRole, name), r)
}

// Group is View.Group.
func (t *Tx) Group(account, name string) *Group {
	g := t.view.Group(account, name)
	if t.plain() {
		return g
	}
	return lookup(t, entityKey(account, KindGroup, name), g)
}

// PolicyByName is View.PolicyByName.
func (t *Tx) PolicyByName(account, name string) *Policy {
	p := t.view.PolicyByName(account, name)
	if t.plain() {
		return p
	}
	return lookup(t, entityKey(account, KindPolicy, name), p)
}

// Policy is View.Policy.
func (t *Tx) Policy(name string) *Policy {
	if t.plain() {
		return t.view.Policy(name)
	}
	e, ok := t.view.entity(name)
	if !ok || e.kind != "policy" || e.account == "aws" {
		return nil
	}
	if p := t.PolicyByName(e.account, e.name); p != nil && p.Name == e.name && p.Path == e.path {
		return p
	}
	return nil
}

// UserByID is View.UserByID.
func (t *Tx) UserByID(id string) *User { return lookupID(t, id, t.view.UserByID(id)) }

// RoleByID is View.RoleByID.
func (t *Tx) RoleByID(id string) *Role { return lookupID(t, id, t.view.RoleByID(id)) }

// GroupByID is View.GroupByID.
func (t *Tx) GroupByID(id string) *Group { return lookupID(t, id, t.view.GroupByID(id)) }

// PolicyByID is View.PolicyByID.
func (t *Tx) PolicyByID(id string) *Policy { return lookupID(t, id, t.view.PolicyByID(id)) }

// Key is View.Key.
func (t *Tx) Key(id string) *AccessKey {
	k := t.view.Key(id)
	if t.plain() {
		return k
	}
	return lookup(t, accessKeyKey(id), k)
}

// Lockout is View.Lockout.
func (t *Tx) Lockout(userID string) *Lockout {
	l := t.view.Lockout(userID)
	if t.plain() {
		return l
	}
	return lookup(t, lockKey(userID), l)
}

// fail makes the commit fail; the first reason counts.
func (t *Tx) fail(format string, args ...any) {
	if t.err == nil {
		t.err = fmt.Errorf("directory: "+format, args...)
	}
}

// isAWS tells whether a managed policy is one of AWS's: it cannot be deleted, so
// nothing has to be guarded.
func isAWS(policyARN string) bool {
	_, rest, _ := strings.Cut(policyARN, ":iam::")
	return strings.HasPrefix(rest, "aws:")
}
