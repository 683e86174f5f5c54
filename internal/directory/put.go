package directory

import "slices"

// The Puts take the record as it was read (nil for one that is new) and as it
// shall be: a Clone that was changed. The commit fails with kv.ErrConflict when
// the old one has changed meanwhile, or when a new one's name is taken. The new
// record belongs to the Tx then. Account and unique id do not change.
//
// Puts and Deletes see to what must not be forgotten: a name that changes frees
// the old one; an attachment, a boundary or a membership that is added depends on
// its target's existence and touches its guard; a policy or group that is deleted
// is guarded, so that nothing can have been attached or have joined meanwhile; a
// deleted entity leaves no record with its id behind.

// write puts rec in place of old.
func (t *Tx) write(old, rec record) {
	key := rec.key()
	rec.head().partition = t.view.partition
	rec.head().arn = ""
	if old != nil && old.key() != key {
		t.erase(old)
		old = nil
	}
	if p := t.pending(key); p != nil {
		*p = put{key: key, rec: rec}
		return
	}
	t.stand(key, old)
	t.puts = append(t.puts, put{key: key, rec: rec})
}

// stand makes the commit depend on old's being what is at key. If it is not even
// so in the view (a record read elsewhere, a name that nobody looked up), no newer
// view will mend it: that is a mistake of the caller, not a conflict.
func (t *Tx) stand(key string, old record) {
	var rev, seen int64
	if old != nil {
		rev = old.head().rev
	}
	if r := t.view.at(key); r != nil {
		seen = r.head().rev
	}
	if rev != seen {
		t.fail("the record %q is put in place of revision %d, but the view has %d", key, rev, seen)
	}
	t.require(key, rev)
}

// erase deletes a record.
func (t *Tx) erase(old record) {
	key := old.key()
	if p := t.pending(key); p != nil {
		*p = put{key: key, rec: old, gone: true}
		return
	}
	t.stand(key, old)
	t.puts = append(t.puts, put{key: key, rec: old, gone: true})
}

// clear deletes a small record or one that need not exist, whatever its revision.
func (t *Tx) clear(key string) { t.blind(put{key: key, gone: true}) }

// blind writes a small record whatever was there.
func (t *Tx) blind(now put) {
	if p := t.pending(now.key); p != nil {
		*p = now
		return
	}
	t.puts = append(t.puts, now)
}

// PutAccount writes an account and keeps its alias unique.
func (t *Tx) PutAccount(old, now *Account) {
	was := ""
	if old == nil {
		t.write(nil, now)
	} else {
		t.write(old, now)
		was = old.Alias
	}
	if was == now.Alias {
		return
	}
	if was != "" {
		s, _ := t.view.small.Get(aliasKey(was))
		t.require(aliasKey(was), s.rev)
		t.clear(aliasKey(was))
	}
	if now.Alias != "" {
		key := aliasKey(now.Alias)
		if p := t.pending(key); p == nil {
			if _, taken := t.view.small.Get(key); taken {
				t.fail("the alias %q is taken", now.Alias)
			}
			t.require(key, 0)
		}
		t.blind(put{key: key, data: []byte(now.ID)})
	}
}

// PutUser writes a user.
func (t *Tx) PutUser(old, now *User) { putEntity(t, old, now) }

// PutRole writes a role.
func (t *Tx) PutRole(old, now *Role) { putEntity(t, old, now) }

// PutGroup writes a group.
func (t *Tx) PutGroup(old, now *Group) { putEntity(t, old, now) }

// PutPolicy writes a customer managed policy.
func (t *Tx) PutPolicy(old, now *Policy) { putEntity(t, old, now) }

func putEntity[T any, P interface {
	*T
	entity
}](t *Tx, old, now P) {
	if old == nil {
		t.write(nil, now)
		t.link(nil, now.links())
		return
	}
	t.write(old, now)
	t.link(old.links(), now.links())
}

// link touches what an entity refers to newly.
func (t *Tx) link(old, now []edge) {
	for _, e := range now {
		known := slices.ContainsFunc(old, func(o edge) bool { return o.relation == e.relation && o.target == e.target })
		switch {
		case known:
		case e.relation == member:
			t.Touch(KindGroup, e.target)
		case isAWS(e.target):
		default:
			if p := t.Policy(e.target); p != nil {
				t.Touch(KindPolicy, p.ID)
			} else {
				t.fail("%s %q refers to the policy %q, which does not exist", e.kind, e.name, e.target)
			}
		}
	}
}

// DeleteUser deletes a user and its lockout. Its access keys are the caller's to
// delete first.
func (t *Tx) DeleteUser(u *User) {
	t.erase(u)
	t.clear(lockKey(u.ID))
	t.clear(usedKey(u.ID))
}

// DeleteRole deletes a role.
func (t *Tx) DeleteRole(r *Role) {
	t.erase(r)
	t.clear(usedKey(r.ID))
}

// DeleteGroup deletes a group that nobody is in; the caller has looked.
func (t *Tx) DeleteGroup(g *Group) {
	t.erase(g)
	t.Guard(KindGroup, g.ID)
	t.clear(guardKey(g.Account, KindGroup, g.ID))
}

// DeletePolicy deletes a customer managed policy that is attached to nothing; the
// caller has looked.
func (t *Tx) DeletePolicy(p *Policy) {
	t.erase(p)
	t.Guard(KindPolicy, p.ID)
	t.clear(guardKey(p.Account, KindPolicy, p.ID))
}

// PutKey writes an access key.
func (t *Tx) PutKey(old, now *AccessKey) { putPlain(t, old, now) }

// DeleteKey deletes an access key.
func (t *Tx) DeleteKey(k *AccessKey) {
	t.erase(k)
	t.clear(usedKey(k.ID))
}

// PutLockout writes the count of the failures of a user, who must exist: names
// that nobody has do not make the store grow.
func (t *Tx) PutLockout(old, now *Lockout) {
	if u := t.view.UserByID(now.UserID); u != nil {
		t.require(u.key(), u.rev)
	} else if t.UserByID(now.UserID) == nil {
		t.fail("there is no user with the id %s", now.UserID)
	}
	putPlain(t, old, now)
}

// DeleteLockout forgets a user's failures.
func (t *Tx) DeleteLockout(l *Lockout) { t.erase(l) }

func putPlain[T any, P interface {
	*T
	record
}](t *Tx, old, now P) {
	if old == nil {
		t.write(nil, now)
	} else {
		t.write(old, now)
	}
}

// Guard makes the commit depend on nobody's having attached to or joined a policy
// or group since the view.
func (t *Tx) Guard(k Kind, id string) {
	account, _, _ := t.target(k, id)
	if account == "" {
		return // made by this Tx: nobody else can know it
	}
	key := guardKey(account, k, id)
	s, _ := t.view.small.Get(key)
	t.require(key, s.rev)
}

// Touch says that this commit attaches something to, or lets it join, a policy or
// group: it must still exist, and whoever guards it meanwhile conflicts. Two that
// touch the same do not conflict with each other.
func (t *Tx) Touch(k Kind, id string) {
	account, key, rev := t.target(k, id)
	if account == "" {
		if !t.makes(k, id) {
			t.fail("there is no %s with the id %s", k, id)
		}
		return
	}
	t.require(key, rev)
	t.blind(put{key: guardKey(account, k, id)})
}

// target finds a policy or group of the view by id.
func (t *Tx) target(k Kind, id string) (account, key string, rev int64) {
	switch k {
	case KindGroup:
		if g := t.view.GroupByID(id); g != nil {
			return g.Account, g.key(), g.rev
		}
	case KindPolicy:
		if p := t.view.PolicyByID(id); p != nil {
			return p.Account, p.key(), p.rev
		}
	}
	return "", "", 0
}

// makes tells whether this Tx itself puts the policy or group.
func (t *Tx) makes(k Kind, id string) bool {
	if k == KindGroup {
		return t.GroupByID(id) != nil
	}
	return t.PolicyByID(id) != nil
}

// Outbox writes an audit line into the same commit. It is Pending until it is
// dropped. The id is unique among all nodes.
func (t *Tx) Outbox(id string, line []byte) {
	t.blind(put{key: outboxKey(id), data: line})
}
