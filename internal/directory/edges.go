package directory

import (
	"slices"
	"strings"

	"github.com/tidwall/btree"
)

// relation is how an entity refers to a group or a managed policy.
type relation uint8

const (
	member relation = iota
	attached
	boundary
)

// edge says that the user, role or group (kind, name) of account refers to
// target: a group's id, or the ARN of a managed policy, which may be AWS's.
type edge struct {
	account, target, name string
	relation              relation
	kind                  Kind
}

// compare orders edges so that those to one target, and of them those of one
// relation and kind, are neighbours in the order of names.
func (e edge) compare(o edge) int {
	if c := strings.Compare(e.account, o.account); c != 0 {
		return c
	}
	if c := strings.Compare(e.target, o.target); c != 0 {
		return c
	}
	if e.relation != o.relation {
		return int(e.relation) - int(o.relation)
	}
	if e.kind != o.kind {
		return int(e.kind) - int(o.kind)
	}
	return compareNames(e.name, o.name)
}

type edges = btree.BTreeG[edge]

func newEdges() *edges {
	return btree.NewBTreeGOptions(func(a, b edge) bool { return a.compare(b) < 0 },
		btree.Options{Degree: degree, NoLocks: true})
}

// tally counts the edges from an account to a policy.
type tally struct {
	account, target    string
	attached, boundary int32
}

type tallies = btree.BTreeG[tally]

func newTallies() *tallies {
	return btree.NewBTreeGOptions(func(a, b tally) bool {
		if a.account != b.account {
			return a.account < b.account
		}
		return a.target < b.target
	}, btree.Options{Degree: degree, NoLocks: true})
}

// edgesOf lists the edges of an entity with these policies, boundary and groups.
func edgesOf(e edge, policies []string, limit string, groups []string) []edge {
	list := make([]edge, 0, len(policies)+len(groups)+1)
	add := func(r relation, target string) {
		e.relation, e.target = r, target
		list = append(list, e)
	}
	for _, p := range policies {
		add(attached, p)
	}
	if limit != "" {
		add(boundary, limit)
	}
	for _, g := range groups {
		add(member, g)
	}
	return list
}

// relink replaces the edges of an entity.
func (s *state) relink(old, now []edge) {
	for _, e := range old {
		if slices.Contains(now, e) {
			continue
		}
		if _, was := s.edges.Delete(e); was {
			s.count(e, -1)
		}
	}
	for _, e := range now {
		if slices.Contains(old, e) {
			continue
		}
		if _, was := s.edges.Set(e); !was {
			s.count(e, 1)
		}
	}
}

func (s *state) count(e edge, n int32) {
	if e.relation == member {
		return
	}
	t, ok := s.tallies.Get(tally{account: e.account, target: e.target})
	if !ok {
		t = tally{account: e.account, target: e.target}
	}
	if e.relation == attached {
		t.attached += n
	} else {
		t.boundary += n
	}
	if t.attached == 0 && t.boundary == 0 {
		s.tallies.Delete(t)
		return
	}
	s.tallies.Set(t)
}
