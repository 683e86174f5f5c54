package directory

import (
	"context"
	"errors"
	"maps"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/deputy-sts/deputy/internal/kv"
)

// use is when, for which service and where an access key, user or role was last
// used.
type use struct {
	At      time.Time `json:"at"`
	Service string    `json:"service,omitempty"`
	Region  string    `json:"region,omitempty"`
	extra   extra
}

// uses holds the last uses in memory; those that changed go to the store once a
// minute. A request only stores a pointer.
type uses struct {
	last  sync.Map // id -> *lastUse; of ids that exist
	mu    sync.Mutex
	dirty map[string]bool
}

type lastUse struct {
	atomic.Pointer[use]
	dirty atomic.Bool // is in uses.dirty
}

const (
	usesEvery  = time.Minute // between writes
	usesCoarse = time.Second // closer uses of the same kind are one
	usesBatch  = 50          // ids in a commit: a check and a put for each
)

// Used notes that an access key, user or role was used. It does not wait and
// touches the store later. Unknown ids are ignored, so that no caller can make
// the memory grow.
func (d *Directory) Used(id, service, region string, at time.Time) {
	v, ok := d.uses.last.Load(id)
	if !ok {
		if d.View().holder(id) == nil {
			return
		}
		v, _ = d.uses.last.LoadOrStore(id, new(lastUse))
	}
	l := v.(*lastUse)
	was := l.Load()
	if was != nil && at.Sub(was.At) < usesCoarse && (at.Before(was.At) || was.Service == service && was.Region == region) {
		return
	}
	now := &use{At: at.UTC().Truncate(time.Second), Service: service, Region: region}
	if was != nil {
		now.extra = was.extra
	}
	if l.CompareAndSwap(was, now) && !l.dirty.Swap(true) {
		d.uses.mark(id)
	}
}

// LastUsed says when, for which service and in which region an access key, user
// or role was last used; the zero time when it never was.
func (d *Directory) LastUsed(id string) (at time.Time, service, region string) {
	if v, ok := d.uses.last.Load(id); ok {
		if u := v.(*lastUse).Load(); u != nil {
			return u.At, u.Service, u.Region
		}
	}
	return time.Time{}, "", ""
}

func (u *uses) mark(id string) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.dirty == nil {
		u.dirty = map[string]bool{}
	}
	u.dirty[id] = true
}

// learn takes what the store says, if it is newer.
func (u *uses) learn(id string, plain []byte) {
	now := new(use)
	var err error
	if now.extra, err = decode(plain, now); err != nil {
		return // a time of use is not worth refusing the store for
	}
	v, _ := u.last.LoadOrStore(id, new(lastUse))
	l := v.(*lastUse)
	for {
		was := l.Load()
		if was != nil && !was.At.Before(now.At) || l.CompareAndSwap(was, now) {
			return
		}
	}
}

// forget drops the uses of what was deleted at a key of the store.
func (u *uses) forget(key string) {
	kind, id := cut(key)
	if kind == "used" || kind == "key" {
		u.last.Delete(id)
	}
}

// holder finds what an id belongs to: an access key, a user or a role.
func (v *View) holder(id string) record {
	switch {
	case strings.HasPrefix(id, "AIDA"):
		return orNil(v.UserByID(id))
	case strings.HasPrefix(id, "AROA"):
		return orNil(v.RoleByID(id))
	}
	return orNil(v.Key(id))
}

// flushUses writes the uses, and takes away what has ended, once a minute until ctx ends.
func (d *Directory) flushUses(ctx context.Context) {
	tick := time.NewTicker(usesEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		if err := d.writeUses(ctx); err != nil && ctx.Err() == nil {
			d.log.Warn("times of last use are kept for the next minute", "error", err)
		}
		if err := d.sweep(ctx); err != nil && ctx.Err() == nil {
			d.log.Warn("revocations that have ended stay for another minute", "error", err)
		}
	}
}

// writeUses writes what is dirty. What fails stays dirty.
func (d *Directory) writeUses(ctx context.Context) error {
	d.uses.mu.Lock()
	dirty := d.uses.dirty
	d.uses.dirty = nil
	d.uses.mu.Unlock()
	for len(dirty) > 0 {
		batch := make([]string, 0, usesBatch)
		for id := range dirty {
			if batch = append(batch, id); len(batch) == usesBatch {
				break
			}
		}
		if err := d.writeBatch(ctx, batch); err != nil {
			d.uses.mu.Lock()
			if d.uses.dirty == nil {
				d.uses.dirty = map[string]bool{}
			}
			maps.Copy(d.uses.dirty, dirty)
			d.uses.mu.Unlock()
			return err
		}
		for _, id := range batch {
			delete(dirty, id)
		}
	}
	return nil
}

// writeBatch writes the uses of some ids, each under the condition that what it
// belongs to is still there: nothing of a deleted user may come back.
func (d *Directory) writeBatch(ctx context.Context, ids []string) error {
	for try := 0; ; try++ {
		v := d.View()
		checks, ops := d.stamp(v, nil, nil)
		for _, id := range ids {
			value, ok := d.uses.last.Load(id)
			holder := v.holder(id)
			if !ok || holder == nil {
				continue
			}
			l := value.(*lastUse)
			l.dirty.Store(false)
			u := l.Load()
			plain, err := encode(u, u.extra)
			if err != nil {
				return err
			}
			checks = append(checks, kv.Check{Key: holder.key(), Revision: holder.head().rev})
			ops = append(ops, kv.Op{Key: usedKey(id), Value: sealValue(d.ring, usedKey(id), plain)})
		}
		if len(checks) == 0 {
			return nil
		}
		_, err := d.store.Commit(ctx, checks, ops)
		if err == nil {
			return nil
		}
		if !errors.Is(err, kv.ErrConflict) || try == 5 {
			d.undo(ids)
			return err
		}
		if err := d.WaitNewer(ctx, v.rev); err != nil {
			d.undo(ids)
			return err
		}
	}
}

// undo marks uses as not written.
func (d *Directory) undo(ids []string) {
	for _, id := range ids {
		if v, ok := d.uses.last.Load(id); ok {
			v.(*lastUse).dirty.Store(true)
		}
	}
}
