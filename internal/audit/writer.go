package audit

import (
	"bytes"
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"time"
)

// Writer appends lines to one audit file. Its methods may be called at once
// from any number of goroutines; one goroutine writes, one syncs.
type Writer struct {
	o       Options
	discard bool
	wake    chan struct{} // to the writing goroutine: lines are pending, or closed is set
	stopped chan struct{}
	syncing syncing
	busy    [2]atomic.Int64 // since when a write, a sync has been under way, in ns; 0: none

	mu      sync.Mutex
	pending *batch
	spare   []byte        // for the next batch
	room    chan struct{} // closed when pending is taken; nil when nobody waits
	failure error         // why lines are refused; nil when all is well
	broken  bool          // failure is for good
	closed  bool
	last    Head   // of what is written
	lost    uint64 // reads and issues that could not be written since the last line

	recentMu sync.Mutex
	recent   recent

	// Of the writing goroutine alone.
	file  *file
	head  Head
	out   []byte
	fresh map[string]struct{}
}

// batch is what is written at once.
type batch struct {
	data    []byte // lines, one after the other
	items   []item
	sync    bool          // somebody waits for synced
	written chan struct{} // closed when written or failed; err is set before
	synced  chan struct{} // closed when synced or failed; syncErr is set before
	err     error
	syncErr error
}

type item struct {
	end   int // of the line in data
	class Class
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
		pending: newBatch(nil), fresh: map[string]struct{}{},
	}
	w.syncing.init()
	if w.discard {
		close(w.stopped)
		return w, nil
	}
	f, tail, err := openFile(path, w.o.Now)
	if err != nil {
		return nil, err
	}
	w.file, w.head, w.last = f, tail.head, tail.head
	for _, id := range tail.ids {
		w.recent.add(id)
	}
	if tail.torn > 0 {
		w.o.OnError(fmt.Errorf("audit: cut %d bytes of an unfinished line off %s", tail.torn, path))
	}
	go w.writeLoop()
	go w.syncLoop()
	return w, nil
}

// Append hands a line over: a JSON object with at least one member, as
// Entry.AppendJSON makes it, without the members of the chain and without a
// newline. The line is copied; the caller may reuse it at once.
//
// It returns at once for Read; for Issue and Change when the line is written,
// or also synced, by Options.Sync. ErrUnavailable means that the line is not
// in the file, or not known to be: after Options.Timeout, or when ctx ended,
// it may still get there. A Change may be given again; it is written once.
func (w *Writer) Append(ctx context.Context, line []byte, c Class) error {
	if len(line) < len(`{"":0}`) || len(line) > MaxLine || line[0] != '{' || line[len(line)-1] != '}' || bytes.IndexByte(line, '\n') >= 0 {
		return fmt.Errorf("%w: %.60q… of %d bytes", ErrLine, line, len(line))
	}
	if w.discard {
		w.discarded(line, c)
		return nil
	}
	sync := c == Change && w.o.Sync != SyncInterval || c == Issue && w.o.Sync == SyncIssue
	b, err := w.enqueue(ctx, line, c, sync)
	if err != nil || c == Read {
		return err
	}
	if sync {
		if err := w.await(ctx, b.synced); err != nil {
			return err
		}
		return b.syncErr
	}
	if err := w.await(ctx, b.written); err != nil {
		return err
	}
	return b.err
}

func (w *Writer) discarded(line []byte, c Class) {
	if c == Change {
		w.recentMu.Lock()
		defer w.recentMu.Unlock()
		w.recent.add(eventID(line))
	}
}

// enqueue adds the line to the pending batch, waiting for room when it is full.
func (w *Writer) enqueue(ctx context.Context, line []byte, c Class, sync bool) (*batch, error) {
	for {
		w.mu.Lock()
		if err := w.refusal(); err != nil {
			if c != Change {
				w.lost++
			}
			w.mu.Unlock()
			return nil, err
		}
		b := w.pending
		if len(b.data) == 0 || len(b.data)+len(line) <= w.o.Queue {
			first := len(b.items) == 0
			b.data = append(b.data, line...)
			b.items = append(b.items, item{len(b.data), c})
			b.sync = b.sync || sync
			w.mu.Unlock()
			if first {
				w.signal()
			}
			return b, nil
		}
		if w.room == nil {
			w.room = make(chan struct{})
		}
		room := w.room
		w.mu.Unlock()
		if err := w.await(ctx, room); err != nil {
			return nil, err
		}
	}
}

func (w *Writer) signal() {
	select {
	case w.wake <- struct{}{}:
	default:
	}
}

// started makes times of the monotonic clock, which no step of the wall clock moves.
var started = time.Now()

// timers are reused: every issue and change waits with one.
var timers = sync.Pool{New: func() any { return time.NewTimer(time.Hour) }}

// await waits for done, but never for ever: a disk may hang.
func (w *Writer) await(ctx context.Context, done <-chan struct{}) error {
	t := timers.Get().(*time.Timer)
	t.Reset(w.o.Timeout)
	defer timers.Put(t)
	defer t.Stop()
	select {
	case <-done:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("%w: %w", ErrUnavailable, context.Cause(ctx))
	case <-t.C:
		return fmt.Errorf("%w: the disk has not answered for %v", ErrUnavailable, w.o.Timeout)
	}
}

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
			return fmt.Errorf("%w: the disk has not answered for %v", ErrUnavailable, w.o.Timeout)
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

// Contains tells whether the event is among the latest of this file: those in
// the last 4 MiB when it was opened and the changes written since, 16,384 in
// all. After a crash it tells which records of the outbox are in the file.
func (w *Writer) Contains(eventID string) bool {
	w.recentMu.Lock()
	defer w.recentMu.Unlock()
	return w.recent.has([]byte(eventID))
}

// Close writes and syncs what was handed over and closes the file. It gives up
// after Options.Timeout. Later Appends are refused.
func (w *Writer) Close() error {
	w.mu.Lock()
	again := w.closed
	w.closed = true
	w.mu.Unlock()
	w.signal()
	if err := w.await(context.Background(), w.stopped); err != nil || w.discard || again {
		return err
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.failure
}
