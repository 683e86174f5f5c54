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
// same revision are taken from it. The marks of the store (meta/…) come behind
// the entities, but with a wrong key nothing else opens either, and the error
// should say why: when a record fails, it looks on for the marks.
func (d *Directory) load(ctx context.Context, prev *state) (*state, error) {
	all, rev, err := d.store.Load(ctx)
	if err != nil {
		return nil, fmt.Errorf("directory: cannot load the store: %w", err)
	}
	s := newState(prev.partition)
	s.rev = rev
	marks := map[string][]byte{}
	var failed error
	empty := true
	for r, err := range all {
		if err != nil {
			return nil, fmt.Errorf("directory: cannot load the store: %w", err)
		}
		empty = false
		if strings.HasPrefix(r.Key, "meta/") {
			marks[r.Key] = r.Value
		}
		if failed == nil {
			failed = d.take(s, prev, r)
		}
	}
	if empty {
		return s, nil
	}
	if err := d.vet(marks); err != nil {
		return nil, err
	}
	return s, failed
}

// take puts a loaded record into s.
func (d *Directory) take(s, prev *state, r kv.Record) error {
	if was := prev.at(r.Key); was != nil && was.head().rev == r.Revision {
		s.place(r.Key, was)
		return nil
	}
	return d.apply(s, r.Key, r.Value, r.Revision)
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

// follow applies the store's changes until ctx ends.
func (d *Directory) follow(ctx context.Context) {
	pause := time.Duration(0)
	for ctx.Err() == nil {
		err := d.watch(ctx, &pause)
		switch {
		case ctx.Err() != nil || errors.Is(err, kv.ErrClosed):
			return
		case errors.Is(err, kv.ErrCompacted):
			err = d.reload(ctx)
			d.fault(faultReload, err)
		default:
			d.fault(faultWatch, fmt.Errorf("directory: cannot follow the store: %w", err))
		}
		if err == nil {
			pause = 0
			continue
		}
		d.log.Error("the store's changes cannot be followed; the last view goes on to be served", "error", err)
		pause = min(max(2*pause, 50*time.Millisecond), 5*time.Second)
		select {
		case <-time.After(pause):
		case <-ctx.Done():
		}
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
	s, err := d.load(ctx, d.writer)
	if err != nil {
		return err
	}
	d.mu.Lock()
	clear(d.faults)
	d.mu.Unlock()
	d.writer = s
	d.publish()
	d.log.Info("the store was read again, because changes of it were missed", "revision", s.rev)
	return nil
}
