package audit

import (
	"bytes"
	"context"
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"
	"time"
)

// Writer appends lines to one audit file. Its methods may be called at once
// from any number of goroutines.
//
// Of the calls that wait for their line one leads: it writes what is pending,
// its own line and those of others, with one write, and tells the others. What
// comes meanwhile is pending for the next. A call that meets no other thus
// writes its line itself, and no goroutine waits for another. A goroutine of
// the writer, the keeper, does the rest: see keep.
type Writer struct {
	o       Options
	discard bool
	flushAt int           // pending bytes of reads at which the keeper writes them
	wake    chan struct{} // to the keeper: something is to be written, or has failed, or closed is set
	stopped chan struct{}
	syncing syncing
	busy    [2]atomic.Int64 // since when a write, a sync has been under way, in ns; 0: none

	mu      sync.Mutex
	pending *batch
	spare   *batch        // the other batch, while nobody writes it
	writing bool          // somebody leads, or has been appointed
	direct  bool          // the file is a regular one: calls may lead
	keeper  *waiter       // the keeper, when it waits for the leadership
	room    chan struct{} // closed when pending is taken; nil when nobody waits
	failure error         // why lines are refused; nil when all is well
	broken  bool          // failure is for good
	closed  bool
	last    Head   // of what is written
	lost    uint64 // reads and issues that could not be written since the last line

	owed atomic.Bool // see Owe

	recentMu sync.Mutex
	recent   recent

	// The leader's alone.
	file  *file
	head  Head
	out   []byte
	fresh map[uint64]struct{} // the changes of the batch being written
}

// Open opens or creates (mode 0600) the audit file and goes on with its chain.
// The start of a line at its end, left by a crash, is cut off and told to
// OnError; anything else at the end that is not this writer's is an error, as
// is a file that another process writes. A path that is not a regular file (a
// pipe, /dev/stderr) gets a new chain and is not synced. The empty path
// discards the lines, and does all else.
func Open(path string, o Options) (*Writer, error) {
	w := &Writer{
		o: o.withDefaults(), discard: path == "",
		wake: make(chan struct{}, 1), stopped: make(chan struct{}),
		pending: &batch{}, spare: &batch{}, fresh: map[uint64]struct{}{},
	}
	w.flushAt = min(w.o.Queue/2, 64<<10)
	w.syncing.init()
	if w.discard {
		close(w.stopped)
		return w, nil
	}
	f, tail, err := openFile(path, w.o.Now)
	if err != nil {
		return nil, err
	}
	w.file, w.head, w.last, w.direct = f, tail.head, tail.head, f.regular
	for _, id := range tail.ids {
		w.recent.add(id)
	}
	if tail.torn > 0 {
		w.o.OnError(fmt.Errorf("audit: cut %d bytes of an unfinished line off %s", tail.torn, path))
	}
	go w.keep()
	return w, nil
}

// Append hands a line over: a JSON object with at least one member, as
// Entry.AppendJSON makes it, without the members of the chain and without a
// newline. The line is copied; the caller may reuse it at once.
//
// It returns at once for Read: the line is written with the next, and at the
// latest within Options.Interval. For Issue and Change it returns when the line
// is written, or also synced, by Options.Sync. ErrUnavailable means that the
// line is not in the file, or not known to be: after Options.Timeout, or when
// ctx ended, it may still get there. A Change may be given again: it is written
// once, if its event is among the latest of this file (those in the last 4 MiB
// when it was opened and the changes written since, 16,384 in all), and waited
// for as the first time.
//
// Neither the time nor ctx ends a write to a regular file that the kernel
// holds up: the one call that does the write waits for it, all others are
// refused. (A pipe that nobody reads holds up no call.)
func (w *Writer) Append(ctx context.Context, line []byte, c Class) error {
	if len(line) < len(`{"":0}`) || len(line) > MaxLine || line[0] != '{' || line[len(line)-1] != '}' || bytes.IndexByte(line, '\n') >= 0 {
		return fmt.Errorf("%w: %.60q… of %d bytes", ErrLine, line, len(line))
	}
	if w.discard {
		w.discarded(line, c)
		return nil
	}
	sync := c == Change && w.o.Sync != SyncInterval || c == Issue && w.o.Sync == SyncIssue
	b, wt, err := w.enqueue(ctx, line, c, sync)
	switch {
	case b != nil:
		return w.finish(ctx, wt, w.lead(b, wt))
	case wt != nil:
		return w.follow(ctx, wt)
	}
	return err
}

func (w *Writer) discarded(line []byte, c Class) {
	if c == Change {
		w.recentMu.Lock()
		defer w.recentMu.Unlock()
		w.recent.add(eventID(line))
	}
}

// enqueue adds the line to the pending batch. It returns the batch when the
// caller is to lead, and else the waiter by which to follow, unless it is a
// read; when to lead, a waiter only if fsync is to be waited for.
func (w *Writer) enqueue(ctx context.Context, line []byte, c Class, sync bool) (*batch, *waiter, error) {
	if err := w.claim(ctx, len(line)); err != nil {
		if c != Change {
			w.lost++
		}
		w.mu.Unlock()
		return nil, nil, err
	}
	defer w.mu.Unlock()
	b := w.pending
	before := len(b.data)
	b.add(line, c)
	if c == Read {
		w.enqueuedRead(before, len(b.data))
		return nil, nil, nil
	}
	if w.direct && !w.writing {
		w.gather()
		b = w.take()
		if !sync {
			return b, nil, nil
		}
		return b, newWaiter(true), nil
	}
	wt := newWaiter(sync)
	b.waiters = append(b.waiters, wt)
	if !w.direct {
		w.signal()
	}
	return nil, wt, nil
}

// gather takes the leadership and lets the calls that are about to append do so
// first, so that one write serves them all: it costs more than to be scheduled
// again. mu is held, but not meanwhile.
func (w *Writer) gather() {
	w.writing = true
	w.mu.Unlock()
	runtime.Gosched()
	w.mu.Lock()
}

// claim returns with mu held, and when there is no error with room for a line
// in the pending batch. It waits for that, or makes it.
func (w *Writer) claim(ctx context.Context, size int) error {
	for {
		w.mu.Lock()
		if err := w.refusal(); err != nil {
			return err
		}
		if n := len(w.pending.data); n == 0 || n+size <= w.o.Queue {
			return nil
		}
		if w.direct && !w.writing {
			b := w.take()
			w.mu.Unlock()
			w.lead(b, nil)
			continue
		}
		if w.room == nil {
			w.room = make(chan struct{})
		}
		room := w.room
		w.mu.Unlock()
		if err := w.waitFor(ctx, room); err != nil {
			w.mu.Lock()
			return err
		}
	}
}

// enqueuedRead sees to it that a read is written though nobody waits for it.
func (w *Writer) enqueuedRead(before, after int) {
	if !w.direct || before < w.flushAt && after >= w.flushAt {
		w.signal()
		return
	}
	w.syncing.arm()
}

func (w *Writer) signal() {
	select {
	case w.wake <- struct{}{}:
	default:
	}
}

// started makes times of the monotonic clock, which no step of the wall clock moves.
var started = time.Now()

// refusal says why lines are refused now. mu is held.
func (w *Writer) refusal() error {
	if w.failure != nil {
		return w.failure
	}
	if w.closed {
		return fmt.Errorf("%w: closed", ErrUnavailable)
	}
	for i := range w.busy {
		if since := w.busy[i].Load(); since != 0 && time.Since(started) > time.Duration(since)+w.o.Timeout {
			return w.hangs()
		}
	}
	return nil
}

// Healthy is nil while lines can be written, and otherwise the error that
// Append would return. After a failure the writer tries by itself, so that it
// becomes nil again without an Append.
func (w *Writer) Healthy() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.refusal()
}

// Head returns the last line written. Kept elsewhere, it shows later (Check)
// that nothing up to it was cut off or chained anew.
func (w *Writer) Head() Head {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.last
}

// Owe notes that changes are kept elsewhere whose lines are not in the file. All
// who append to it share the note: who next succeeds can give them again.
func (w *Writer) Owe() { w.owed.Store(true) }

// TakeOwed tells whether Owe was called since TakeOwed was.
func (w *Writer) TakeOwed() bool { return w.owed.Load() && w.owed.CompareAndSwap(true, false) }

// Close writes and syncs what was handed over and closes the file. It gives up
// after Options.Timeout. Later Appends are refused.
func (w *Writer) Close() error {
	w.mu.Lock()
	again := w.closed
	w.closed = true
	w.mu.Unlock()
	w.signal()
	if err := w.waitFor(context.Background(), w.stopped); err != nil || w.discard || again {
		return err
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.failure
}
