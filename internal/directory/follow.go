package directory

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/deputy-sts/deputy/internal/kv"
)

// follower's names for what can be broken beside records
const (
	faultWatch  = "watch"
	faultReload = "reload"
)

// load makes a state of all that is in the store. Records that prev has at the
// same revision are taken from it. The error is the first of the records that do
// not open, unless the store as a whole is not for us; the state has all others.
//
// The marks of the store (meta/…) come behind the entities, but with a wrong key
// nothing else opens either, and the error should say why: so it reads to the end.
func (d *Directory) load(ctx context.Context, prev *state) (*state, map[string]error, error) {
	all, rev, err := d.store.Load(ctx)
	if err != nil {
		return nil, nil, fmt.Errorf("directory: cannot load the store: %w", err)
	}
	s := newState(prev.partition)
	s.rev = rev
	marks, broken := map[string][]byte{}, map[string]error{}
	empty := true
	for r, err := range all {
		if err != nil {
			return nil, nil, fmt.Errorf("directory: cannot load the store: %w", err)
		}
		empty = false
		if strings.HasPrefix(r.Key, "meta/") {
			marks[r.Key] = r.Value
		}
		if err := d.take(s, prev, r); err != nil && len(broken) < maxBroken {
			broken[r.Key] = err
		}
	}
	if empty {
		return s, nil, nil
	}
	return s, broken, d.vet(marks)
}

// maxBroken bounds how many records that do not open are remembered.
const maxBroken = 100

// take puts a loaded record into s. In place of one that does not open stays the
// one before, if prev has it.
func (d *Directory) take(s, prev *state, r kv.Record) error {
	was := prev.at(r.Key)
	if was != nil && was.head().rev == r.Revision {
		s.place(r.Key, was)
		return nil
	}
	err := d.apply(s, r.Key, r.Value, r.Revision)
	if err == nil {
		return nil
	}
	if was != nil {
		s.place(r.Key, was)
	} else if old, ok := prev.small.Get(r.Key); ok {
		s.setSmall(r.Key, &old)
	}
	return err
}

// at finds the record, other than a small one, at a key of the store.
func (s *state) at(key string) record {
	kind, rest := cut(key)
	switch kind {
	case "account":
		a, _ := s.accounts.Get(rest)
		return orNil(a.rec)
	case "key":
		k, _ := s.keys.Get(rest)
		return orNil(k)
	case "lock":
		l, _ := s.locks.Get(rest)
		return orNil(l)
	case "saml":
		p, _ := s.samlProviders.Get(rest)
		return orNil(p)
	case "mfa":
		d, _ := s.devices.Get(rest)
		return orNil(d)
	case "oidc":
		p, _ := s.oidc.Get(rest)
		return orNil(p)
	case "revoked":
		r, _ := s.revoked.Get(rest)
		return orNil(r)
	case "issuer":
		i, _ := s.issuers.Get(rest)
		return orNil(i)
	case "delegation":
		d, _ := s.delegations.Get(rest)
		return orNil(d)
	}
	account, kind, name := cutEntity(rest)
	switch kind {
	case "user":
		return orNil(find(s.users, account, name))
	case "role":
		return orNil(find(s.roles, account, name))
	case "group":
		return orNil(find(s.groups, account, name))
	case "policy":
		return orNil(find(s.policies, account, name))
	}
	return nil
}

func orNil[T any, P interface {
	*T
	record
}](p P) record {
	if p == nil {
		return nil
	}
	return p
}

// apply opens a value and puts it into s.
func (d *Directory) apply(s *state, key string, value []byte, rev int64) error {
	plain, err := openValue(d.ring, key, value)
	if err != nil {
		return err
	}
	if err := s.set(key, plain, rev); err != nil {
		return fmt.Errorf("directory: record %q is damaged: %w", key, err)
	}
	if id, ok := strings.CutPrefix(key, "used/"); ok {
		d.uses.learn(id, plain)
	}
	return nil
}

// follow applies the store's changes until ctx ends or the store is closed. When
// it cannot follow, because changes were forgotten or the store does not answer,
// it reads everything again, as soon as that works.
func (d *Directory) follow(ctx context.Context) {
	pause := time.Duration(0)
	for ctx.Err() == nil {
		err := d.watch(ctx, &pause)
		if ctx.Err() != nil {
			return
		}
		if errors.Is(err, kv.ErrClosed) {
			d.fault(faultWatch, err)
			return
		}
		if !errors.Is(err, kv.ErrCompacted) {
			d.fault(faultWatch, fmt.Errorf("directory: cannot follow the store: %w", err))
			d.log.Error("the store's changes cannot be followed; the last view goes on to be served", "error", err)
			d.rest(ctx, &pause)
		}
		if err := d.reload(ctx); err != nil && ctx.Err() == nil {
			d.fault(faultReload, err)
			d.log.Error("the store cannot be read again; the last view goes on to be served", "error", err)
			d.rest(ctx, &pause)
		}
	}
}

// rest waits, longer each time until a change has come.
func (d *Directory) rest(ctx context.Context, pause *time.Duration) {
	*pause = min(max(2**pause, 50*time.Millisecond), 5*time.Second)
	select {
	case <-time.After(*pause):
	case <-ctx.Done():
	}
}

// watch applies changes until the store ends the watch, and says why it did.
func (d *Directory) watch(ctx context.Context, pause *time.Duration) error {
	for change, err := range d.store.Watch(ctx, d.writer.rev) {
		if err != nil {
			return err
		}
		*pause = 0
		d.fault(faultWatch, nil)
		d.change(change)
	}
	return errors.New("the watch ended")
}

// change applies one commit. A record of it that does not open leaves the one
// before in force and the node unhealthy: what the new one says is not known, and
// to deny everyone for one damaged record would serve whoever damaged it.
func (d *Directory) change(c kv.Change) {
	for _, op := range c.Ops {
		if op.Delete {
			d.writer.remove(op.Key)
			d.uses.forget(op.Key)
			d.fault(op.Key, nil)
			continue
		}
		err := d.apply(d.writer, op.Key, op.Value, c.Revision)
		if err != nil {
			d.log.Error("a record of the store does not open; the one before stays in force", "key", op.Key, "revision", c.Revision, "error", err)
		}
		d.fault(op.Key, err)
	}
	d.writer.rev = c.Revision
	d.publish()
}

// reload replaces the state by what the store holds now.
func (d *Directory) reload(ctx context.Context) error {
	s, broken, err := d.load(ctx, d.writer)
	if err != nil {
		return err
	}
	for key, err := range broken {
		d.log.Error("a record of the store does not open; the one before stays in force", "key", key, "error", err)
	}
	d.mu.Lock()
	d.faults = broken
	d.mu.Unlock()
	d.writer = s
	d.publish()
	d.log.Info("the store was read again, because changes of it were missed", "revision", s.rev)
	return nil
}
