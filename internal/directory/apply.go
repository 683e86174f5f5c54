package directory

import (
	"fmt"
	"unique"

	"github.com/tidwall/btree"
)

// entity is a user, role, group or policy.
type entity interface {
	record
	identity() (account, name, id string)
	links() []edge
	tally(c *Counts, sign int)
}

func (u *User) identity() (account, name, id string)   { return u.Account, u.Name, u.ID }
func (r *Role) identity() (account, name, id string)   { return r.Account, r.Name, r.ID }
func (g *Group) identity() (account, name, id string)  { return g.Account, g.Name, g.ID }
func (p *Policy) identity() (account, name, id string) { return p.Account, p.Name, p.ID }

func (u *User) links() []edge {
	return edgesOf(edge{account: u.Account, name: u.Name, kind: KindUser}, u.Attached, u.Boundary, u.Groups)
}

func (r *Role) links() []edge {
	return edgesOf(edge{account: r.Account, name: r.Name, kind: KindRole}, r.Attached, r.Boundary, nil)
}

func (g *Group) links() []edge {
	return edgesOf(edge{account: g.Account, name: g.Name, kind: KindGroup}, g.Attached, "", nil)
}

func (p *Policy) links() []edge { return nil }

func (u *User) tally(c *Counts, sign int)  { c.Users += sign }
func (r *Role) tally(c *Counts, sign int)  { c.Roles += sign }
func (g *Group) tally(c *Counts, sign int) { c.Groups += sign }
func (p *Policy) tally(c *Counts, sign int) {
	c.Policies += sign
	c.Versions += sign * len(p.Versions)
}

// blank gives an empty record of the kind that lies at key, or nil when it is
// one of the small ones.
func blank(key string) record {
	kind, rest := cut(key)
	switch kind {
	case "account":
		return new(Account)
	case "key":
		return new(AccessKey)
	case "lock":
		return new(Lockout)
	case "saml":
		return new(SAMLProvider)
	case "mfa":
		return new(Device)
	case "oidc":
		return new(OIDCProvider)
	case "revoked":
		return new(Revocation)
	case "issuer":
		return new(TokenIssuer)
	case "delegation":
		return new(Delegation)
	case "a":
		switch _, kind, _ := cutEntity(rest); kind {
		case "user":
			return new(User)
		case "role":
			return new(Role)
		case "group":
			return new(Group)
		case "policy":
			return new(Policy)
		}
	}
	return nil
}

// parse makes a record of what was sealed at key; nil when it is a small one.
func (s *state) parse(key string, plain []byte) (record, error) {
	r := blank(key)
	if r == nil {
		return nil, nil
	}
	if err := decodeRecord(plain, r); err != nil {
		return nil, err
	}
	if r.key() != key {
		return nil, fmt.Errorf("it says that it is %q", r.key())
	}
	intern(r)
	r.head().partition = s.partition
	switch r := r.(type) {
	case *User:
		r.arn = r.ARN()
	case *Role:
		r.arn = r.ARN()
	}
	return r, nil
}

// intern lets records share the strings that many of them have.
func intern(r record) {
	one := func(p *string) { *p = unique.Make(*p).Value() }
	all := func(list []string) {
		for i := range list {
			one(&list[i])
		}
	}
	switch r := r.(type) {
	case *User:
		one(&r.Account)
		one(&r.Path)
		one(&r.Boundary)
		all(r.Attached)
		all(r.Groups)
	case *Role:
		one(&r.Account)
		one(&r.Path)
		one(&r.Boundary)
		all(r.Attached)
	case *Group:
		one(&r.Account)
		one(&r.Path)
		all(r.Attached)
	case *Policy:
		one(&r.Account)
		one(&r.Path)
	case *AccessKey:
		one(&r.Account)
		one(&r.UserID)
	case *OIDCProvider:
		one(&r.Account)
	case *Device:
		one(&r.Account)
		one(&r.Path)
	case *Revocation:
		one(&r.Account)
	}
}

// set puts what a commit wrote at key. The plain text is not kept, except of
// small records.
func (s *state) set(key string, plain []byte, rev int64) error {
	r, err := s.parse(key, plain)
	if err != nil {
		return err
	}
	sum := digestOf(key, plain)
	if r == nil {
		s.setSmall(key, &small{rev: rev, sum: sum, data: plain})
		return nil
	}
	r.head().rev, r.head().sum = rev, sum
	s.place(key, r)
	return nil
}

// remove takes away what is at key.
func (s *state) remove(key string) { s.place(key, nil) }

// place puts r at key, or nothing when r is nil, and brings the indexes along.
func (s *state) place(key string, r record) {
	kind, rest := cut(key)
	account, sub, name := "", "", ""
	if kind == "a" {
		account, sub, name = cutEntity(rest)
		kind = sub
	}
	switch kind {
	case "account":
		now, _ := r.(*Account)
		s.placeAccount(rest, now)
	case "key":
		now, _ := r.(*AccessKey)
		if now != nil {
			rest = now.ID // the record's own string, not a part of the store's
		}
		placeIn(s, s.keys, rest, now)
	case "lock":
		now, _ := r.(*Lockout)
		placeIn(s, s.locks, rest, now)
	case "mfa":
		now, _ := r.(*Device)
		s.placeDevice(rest, now)
	case "oidc":
		now, _ := r.(*OIDCProvider)
		s.placeOIDC(rest, now)
	case "revoked":
		now, _ := r.(*Revocation)
		if now != nil {
			rest = now.Subject
		}
		placeIn(s, s.revoked, rest, now)
	case "saml":
		now, _ := r.(*SAMLProvider)
		s.placeSAMLProvider(rest, now)
	case "issuer":
		now, _ := r.(*TokenIssuer)
		placeIn(s, s.issuers, rest, now)
	case "delegation":
		now, _ := r.(*Delegation)
		s.placeDelegation(rest, now)
	case "user":
		now, _ := r.(*User)
		placeEntity(s, s.users, s.userIDs, account, name, now)
	case "role":
		now, _ := r.(*Role)
		placeEntity(s, s.roles, s.roleIDs, account, name, now)
	case "group":
		now, _ := r.(*Group)
		placeEntity(s, s.groups, s.groupIDs, account, name, now)
	case "policy":
		now, _ := r.(*Policy)
		placeEntity(s, s.policies, s.policyIDs, account, name, now)
	default:
		s.setSmall(key, nil)
	}
}

func (s *state) setSmall(key string, now *small) {
	if now == nil {
		if old, was := s.small.Delete(key); was {
			s.sum.sub(old.sum)
		}
		return
	}
	if old, was := s.small.Set(key, *now); was {
		s.sum.sub(old.sum)
	}
	s.sum.add(now.sum)
}

func (s *state) placeAccount(id string, now *Account) {
	a, _ := s.accounts.Get(id)
	if a.rec != nil {
		s.sum.sub(a.rec.sum)
	}
	if now != nil {
		s.sum.add(now.sum)
	}
	a.rec = now
	if now != nil && now.Management {
		s.management = now.ID
	} else if s.management == id {
		s.management = ""
	}
	s.setAccount(id, a)
}

func (s *state) setAccount(id string, a account) {
	if a == (account{}) {
		s.accounts.Delete(id)
		return
	}
	s.accounts.Set(id, a)
}

func placeIn[T any, P interface {
	*T
	record
}](s *state, t *btree.Map[string, P], id string, now P) {
	var old P
	if now == nil {
		old, _ = t.Delete(id)
	} else {
		old, _ = t.Set(id, now)
		s.sum.add(now.head().sum)
	}
	if old != nil {
		s.sum.sub(old.head().sum)
	}
}

func placeEntity[T any, P interface {
	*T
	entity
}](s *state, t *byName[T], ids *btree.Map[string, P], acct, name string, now P) {
	var old P = find(t, acct, name)
	a, _ := s.accounts.Get(acct)
	var before, after []edge
	if old != nil {
		before = old.links()
		_, _, id := old.identity()
		if holder, _ := ids.Get(id); holder == old {
			ids.Delete(id) // not if a rename has put it elsewhere already
		}
		old.tally(&a.counts, -1)
		s.sum.sub(old.head().sum)
	}
	if now != nil {
		adopt(old, now)
		after = now.links()
		owner, own, id := now.identity()
		t.Set(entry[T]{account: owner, name: own, rec: now})
		ids.Set(id, now)
		now.tally(&a.counts, 1)
		s.sum.add(now.head().sum)
		acct = owner
	} else {
		t.Delete(entry[T]{account: acct, name: name})
	}
	s.setAccount(acct, a)
	s.relink(before, after)
}

// adopt lets a record keep those policies of the one before it that have not
// changed, and so what was compiled of them.
func adopt(old, now any) {
	switch now := now.(type) {
	case *User:
		if old := old.(*User); old != nil {
			keep(old.Inline, now.Inline)
		}
	case *Role:
		if old := old.(*Role); old != nil {
			keep(old.Inline, now.Inline)
			trust := []*Inline{now.Trust}
			keep([]*Inline{old.Trust}, trust)
			now.Trust = trust[0]
		}
	case *Group:
		if old := old.(*Group); old != nil {
			keep(old.Inline, now.Inline)
		}
	case *Policy:
		if old := old.(*Policy); old != nil {
			for i, v := range now.Versions {
				if was := old.Version(v.ID); was != nil && was.Document.same(v.Document) {
					now.Versions[i].Document = was.Document
				}
			}
		}
	}
}

func keep(old, now []*Inline) {
	for i := range now {
		for _, o := range old {
			if o.same(now[i]) {
				now[i] = o
				break
			}
		}
	}
}
