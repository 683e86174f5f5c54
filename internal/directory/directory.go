package directory

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/deputy-sts/deputy/internal/kv"
	"github.com/deputy-sts/deputy/internal/seal"
)

// Options of Open. The zero value is fine.
type Options struct {
	Now       func() time.Time // nil: time.Now
	Partition string           // of all ARNs; "": aws
	Logger    *slog.Logger     // nil: none
}

// Directory is the state of the service over a store.
type Directory struct {
	store  kv.Store
	ring   *seal.Ring
	now    func() time.Time
	log    *slog.Logger
	view   atomic.Pointer[View]
	writer *state // the follower's alone

	stop    context.CancelFunc
	running sync.WaitGroup

	mu      sync.Mutex
	waiting []waiter
	faults  map[string]error // by key of the store, or by what is broken

	uses  uses
	drops drops
}

// waiter waits until the view has a revision.
type waiter struct {
	rev  int64
	done chan struct{}
}

// Open loads the store and follows its changes until Close; ctx counts for the
// loading alone. It refuses a store that another root key or a newer version has
// written, and one with a record that does not open, whose key the error names.
// It writes nothing: a store that is empty gets its first records by Bootstrap
// or the first Commit.
func Open(ctx context.Context, store kv.Store, ring *seal.Ring, o Options) (*Directory, error) {
	d := &Directory{store: store, ring: ring, now: o.Now, log: o.Logger, faults: map[string]error{}}
	if d.now == nil {
		d.now = time.Now
	}
	if d.log == nil {
		d.log = slog.New(slog.DiscardHandler)
	}
	if o.Partition == "" {
		o.Partition = "aws"
	}
	d.drops.wake = make(chan struct{}, 1)
	loaded, broken, err := d.load(ctx, newState(o.Partition))
	if err == nil && len(broken) > 0 {
		err = broken[slices.Min(slices.Collect(maps.Keys(broken)))]
	}
	if err != nil {
		return nil, err
	}
	d.writer = loaded
	d.view.Store(d.writer.snapshot())
	follow, stop := context.WithCancel(context.Background())
	d.stop = stop
	d.running.Go(func() { d.follow(follow) })
	d.running.Go(func() { d.flushUses(follow) })
	d.running.Go(func() { d.flushDrops(follow) })
	return d, nil
}

// Close writes what is still to be written, and stops following. It leaves the
// store open.
func (d *Directory) Close() error {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	err := errors.Join(d.writeUses(ctx), d.writeDrops(ctx))
	d.stop()
	d.running.Wait()
	if errors.Is(err, kv.ErrClosed) {
		return nil
	}
	return err
}

// View is the newest snapshot. It costs an atomic load.
func (d *Directory) View() *View { return d.view.Load() }

// Empty tells whether there is no account yet.
func (d *Directory) Empty() bool { return d.View().accounts.Len() == 0 }

// Begin starts a change on the newest view. With record, the commit depends on
// every record that is read through the Tx, and on the absence of those that were
// looked for by name in vain; without, on the records that it writes.
func (d *Directory) Begin(record bool) Tx { return Tx{view: d.View(), record: record} }

// Commit writes what the Tx has put, if all that it depends on is still so, and
// waits until the view shows it. The revision is that of the commit, or the
// view's when the Tx has put nothing. kv.ErrConflict: wait for a newer view
// (WaitNewer) and decide again; kv.ErrUnavailable: nothing was written, or it is
// not known (see kv.Store). When ctx ends while the view is waited for, the revision is not 0
// beside the error: the change is done.
func (d *Directory) Commit(ctx context.Context, t *Tx) (int64, error) {
	if t.err != nil {
		return 0, t.err
	}
	if len(t.puts) == 0 {
		return t.view.rev, nil
	}
	ops := make([]kv.Op, 0, len(t.puts)+2)
	for i := range t.puts {
		op, err := d.op(&t.puts[i])
		if err != nil {
			return 0, err
		}
		ops = append(ops, op)
	}
	checks := make([]kv.Check, 0, len(t.reads)+1)
	for key, rev := range t.reads {
		checks = append(checks, kv.Check{Key: key, Revision: rev})
	}
	checks, ops = d.stamp(t.view, checks, ops)
	dropped := d.drops.take(maxOps-len(ops), t)
	for _, id := range dropped {
		ops = append(ops, kv.Op{Key: outboxKey(id), Delete: true})
	}
	rev, err := d.store.Commit(ctx, checks, ops)
	if err != nil {
		d.drops.add(dropped)
		if damaged := d.damaged(t); errors.Is(err, kv.ErrConflict) && damaged != nil {
			return 0, damaged
		}
		return 0, err
	}
	return rev, d.wait(ctx, rev)
}

// damaged finds a record that t depends on and that does not open: a conflict
// about it would never end.
func (d *Directory) damaged(t *Tx) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	for key, err := range d.faults {
		if _, reads := t.reads[key]; reads {
			return err
		}
	}
	return nil
}

// maxOps is how many operations etcd takes in one transaction.
const maxOps = 128

// op seals a put.
func (d *Directory) op(p *put) (kv.Op, error) {
	if p.gone {
		return kv.Op{Key: p.key, Delete: true}, nil
	}
	plain := p.data
	if p.rec != nil {
		var err error
		if plain, err = encodeRecord(p.rec); err != nil {
			return kv.Op{}, fmt.Errorf("directory: record %q: %w", p.key, err)
		}
	}
	return kv.Op{Key: p.key, Value: sealValue(d.ring, p.key, plain)}, nil
}

// WaitNewer waits until the view is newer than rev.
func (d *Directory) WaitNewer(ctx context.Context, rev int64) error { return d.wait(ctx, rev+1) }

// wait waits until the view has reached rev.
func (d *Directory) wait(ctx context.Context, rev int64) error {
	if d.View().rev >= rev {
		return nil
	}
	w := waiter{rev, make(chan struct{})}
	d.mu.Lock()
	if d.View().rev >= rev {
		d.mu.Unlock()
		return nil
	}
	d.waiting = append(d.waiting, w)
	d.mu.Unlock()
	select {
	case <-w.done:
		return nil
	case <-ctx.Done():
		d.forget(w)
		return fmt.Errorf("directory: revision %d is not in view: %w", rev, context.Cause(ctx))
	}
}

func (d *Directory) forget(w waiter) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for i := range d.waiting {
		if d.waiting[i] == w {
			d.waiting[i] = d.waiting[len(d.waiting)-1]
			d.waiting = d.waiting[:len(d.waiting)-1]
			return
		}
	}
}

// publish shows what the writer has applied and wakes those who waited for it.
func (d *Directory) publish() {
	v := d.writer.snapshot()
	d.mu.Lock()
	defer d.mu.Unlock()
	d.view.Store(v)
	left := d.waiting[:0]
	for _, w := range d.waiting {
		if w.rev <= v.rev {
			close(w.done)
		} else {
			left = append(left, w)
		}
	}
	clear(d.waiting[len(left):])
	d.waiting = left
}

// Health is nil when all is well, and otherwise says what is wrong: records that
// do not open, or a store whose changes cannot be followed. The view goes on to
// be served.
func (d *Directory) Health() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	var all []error
	for _, err := range d.faults {
		all = append(all, err)
	}
	return errors.Join(all...)
}

// fault notes that what is broken, or is again well when err is nil.
func (d *Directory) fault(what string, err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if err == nil {
		delete(d.faults, what)
		return
	}
	if d.faults == nil {
		d.faults = map[string]error{}
	}
	d.faults[what] = err
}
