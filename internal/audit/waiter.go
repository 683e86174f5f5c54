package audit

import (
	"context"
	"fmt"
	"runtime"
	"sync"
	"time"
)

// batch is what is written at once. A writer has two: the pending one, guarded
// by Writer.mu, and the one that the leader writes, which is the leader's.
type batch struct {
	data    []byte // lines, one after the other
	items   []item
	waiters []*waiter // those who wait for it, but for who writes it at once
	lost    uint64    // Writer.lost when it was taken
	refused error     // Writer.failure when it was taken
}

type item struct {
	end   int // of the line in data
	class Class
}

func (b *batch) add(line []byte, c Class) {
	b.data = append(b.data, line...)
	b.items = append(b.items, item{len(b.data), c})
}

// keepBuffer bounds the buffers kept between batches: a burst may have made them large.
const keepBuffer = 2 << 20

func (b *batch) reset() {
	if cap(b.data) > keepBuffer {
		b.data = nil
	}
	clear(b.waiters)
	b.data, b.items, b.waiters = b.data[:0], b.items[:0], b.waiters[:0]
	b.lost, b.refused = 0, nil
}

// waiter is one call of Append that waits for the fate of its line, or for its
// turn to lead. Between two uses ready is empty.
type waiter struct {
	ready  chan verdict // room for one, so that nobody waits for a waiter
	timer  *time.Timer
	synced bool // waits for fsync, not only for write

	// Guarded by Writer.mu.
	appointed bool // a verdict to lead was sent, or is about to be
	gone      bool // waits no more: must not be appointed
}

// verdict ends a wait: with what became of the line, or with the leadership.
type verdict struct {
	err  error
	lead bool
}

// waiters are reused, as channels and timers are dear.
var waiters = sync.Pool{New: func() any {
	return &waiter{ready: make(chan verdict, 1), timer: time.NewTimer(time.Hour)}
}}

func newWaiter(synced bool) *waiter {
	wt := waiters.Get().(*waiter)
	wt.synced = synced
	return wt
}

// follow waits for the line's fate, and leads when it is appointed. It does
// not wait for ever: a disk may hang.
func (w *Writer) follow(ctx context.Context, wt *waiter) error {
	v, err := w.await(ctx, wt)
	if err != nil {
		return err
	}
	if v.lead {
		return w.finish(ctx, wt, w.lead(w.takeAppointed(wt), wt))
	}
	waiters.Put(wt)
	return v.err
}

// finish is the rest of a call that has led its line into the file.
func (w *Writer) finish(ctx context.Context, wt *waiter, err error) error {
	if wt == nil {
		return err
	}
	if err != nil || !wt.synced {
		waiters.Put(wt)
		return err
	}
	v, err := w.await(ctx, wt)
	if err != nil {
		return err
	}
	waiters.Put(wt)
	return v.err
}

// await returns a verdict, or an error after which the waiter must not be
// used again, since a verdict may still come.
func (w *Writer) await(ctx context.Context, wt *waiter) (verdict, error) {
	if !wt.synced {
		// A write takes microseconds: less than to set a timer, sleep and be woken.
		for range 8 {
			runtime.Gosched()
			select {
			case v := <-wt.ready:
				return v, nil
			default:
			}
		}
	}
	wt.timer.Reset(w.o.Timeout)
	defer wt.timer.Stop()
	select {
	case v := <-wt.ready:
		return v, nil
	case <-ctx.Done():
		return w.leave(wt, fmt.Errorf("%w: %w", ErrUnavailable, context.Cause(ctx)))
	case <-wt.timer.C:
		return w.leave(wt, w.hangs())
	}
}

// leave gives up, unless the waiter has been appointed meanwhile: without it
// nobody would lead.
func (w *Writer) leave(wt *waiter, cause error) (verdict, error) {
	w.mu.Lock()
	appointed := wt.appointed
	wt.gone = !appointed
	w.mu.Unlock()
	if appointed {
		return <-wt.ready, nil
	}
	return verdict{}, cause
}

func (w *Writer) hangs() error {
	return fmt.Errorf("%w: the disk has not answered for %v", ErrUnavailable, w.o.Timeout)
}

// waitFor waits for done as await does for a verdict.
func (w *Writer) waitFor(ctx context.Context, done <-chan struct{}) error {
	t := time.NewTimer(w.o.Timeout)
	defer t.Stop()
	select {
	case <-done:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("%w: %w", ErrUnavailable, context.Cause(ctx))
	case <-t.C:
		return w.hangs()
	}
}
