package audit

import (
	"fmt"
	"sync"
	"sync/atomic"
	"time"
)

// retryAfter is how long after a failure the writer tries again.
const retryAfter = 250 * time.Millisecond

// keepBuffer bounds the buffers kept between batches.
const keepBuffer = 2 << 20

func newBatch(data []byte) *batch {
	return &batch{data: data[:0], written: make(chan struct{}), synced: make(chan struct{})}
}

// writeLoop is the goroutine that writes.
func (w *Writer) writeLoop() {
	retry := time.NewTimer(time.Hour)
	retry.Stop()
	defer close(w.syncing.writerDone)
	for {
		select {
		case <-w.wake:
		case <-retry.C:
		}
		b, failing, closed := w.take()
		switch {
		case b != nil:
			w.busy[0].Store(int64(time.Since(started)) | 1)
			failing = !w.write(b)
			w.busy[0].Store(0)
		case failing && !closed:
			failing = !w.recover()
		}
		if failing {
			retry.Reset(retryAfter)
		}
		if closed && b == nil {
			return
		}
		if closed {
			w.signal()
		}
	}
}

// take takes the pending batch, if there is one.
func (w *Writer) take() (b *batch, failing, closed bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.pending.items) > 0 {
		b = w.pending
		w.pending = newBatch(w.spare)
		w.spare = nil
		if w.room != nil {
			close(w.room)
			w.room = nil
		}
	}
	return b, w.failure != nil && !w.broken, w.closed
}

// write chains and writes a batch and wakes those who wait for it.
func (w *Writer) write(b *batch) bool {
	w.mu.Lock()
	lost := w.lost
	w.mu.Unlock()
	head := w.head
	w.out = w.chain(w.out[:0], b, lost)
	err := w.file.append(w.out)
	if err != nil {
		w.head = head
		b.err = w.fail(err, w.file.broken, b)
		b.syncErr = b.err
		close(b.written)
		close(b.synced)
		clear(w.fresh)
		return false
	}
	w.remember()
	w.mu.Lock()
	if w.head != head {
		w.lost -= lost
	}
	w.last = w.head
	w.mu.Unlock()
	close(b.written)
	w.syncing.written(b)
	w.reuse(b)
	return true
}

// chain appends the batch's lines with their links, without the changes that
// are in the file already.
func (w *Writer) chain(dst []byte, b *batch, lost uint64) []byte {
	start := 0
	for _, it := range b.items {
		line := b.data[start:it.end]
		start = it.end
		if it.class == Change && !w.first(line) {
			continue
		}
		dst = w.head.appendLink(dst, line, lost)
		lost = 0
	}
	return dst
}

// first tells whether a change has not been written yet.
func (w *Writer) first(line []byte) bool {
	id := eventID(line)
	if len(id) == 0 {
		return true
	}
	if _, ok := w.fresh[string(id)]; ok {
		return false
	}
	w.recentMu.Lock()
	defer w.recentMu.Unlock()
	if w.recent.has(id) {
		return false
	}
	w.fresh[string(id)] = struct{}{}
	return true
}

// remember makes the ids of the changes just written known to Contains.
func (w *Writer) remember() {
	if len(w.fresh) == 0 {
		return
	}
	w.recentMu.Lock()
	defer w.recentMu.Unlock()
	for id := range w.fresh {
		w.recent.add([]byte(id))
	}
	clear(w.fresh)
}

// reuse keeps the buffers of a written batch, unless a burst has made them large.
func (w *Writer) reuse(b *batch) {
	if cap(w.out) > keepBuffer {
		w.out = nil
	}
	if cap(b.data) <= keepBuffer {
		w.mu.Lock()
		w.spare = b.data
		w.mu.Unlock()
	}
}

// fail makes the writer refuse lines, for good when the file cannot be trusted
// any more, and counts those of a batch that are lost.
func (w *Writer) fail(cause error, broken bool, b *batch) error {
	err := fmt.Errorf("%w: %w", ErrUnavailable, cause)
	w.mu.Lock()
	began := w.failure == nil || broken && !w.broken
	w.failure = err
	w.broken = w.broken || broken
	if b != nil {
		for _, it := range b.items {
			if it.class != Change {
				w.lost++
			}
		}
	}
	w.mu.Unlock()
	if began {
		w.o.OnError(err)
	}
	return err
}

// recover tries whether lines can be written again.
func (w *Writer) recover() bool {
	if err := w.file.try(); err != nil {
		w.fail(err, w.file.broken, nil)
		return false
	}
	w.mu.Lock()
	if w.broken {
		w.mu.Unlock()
		return false
	}
	w.failure = nil
	lost := w.lost
	w.mu.Unlock()
	w.o.OnError(fmt.Errorf("audit: writing goes on; %d events were not recorded", lost))
	return true
}

// syncing is what the two goroutines share.
type syncing struct {
	now, soon  chan struct{} // somebody waits; something is unsynced
	armed      atomic.Bool   // the timer runs, or soon says that it shall
	writerDone chan struct{}

	mu      sync.Mutex
	waiting []*batch
}

func (s *syncing) init() {
	s.now, s.soon, s.writerDone = make(chan struct{}, 1), make(chan struct{}, 1), make(chan struct{})
}

// written is told of every batch that is in the file.
func (s *syncing) written(b *batch) {
	wake := s.soon
	if b.sync {
		s.mu.Lock()
		s.waiting = append(s.waiting, b)
		s.mu.Unlock()
		wake = s.now
	} else if s.armed.Swap(true) {
		return
	}
	select {
	case wake <- struct{}{}:
	default:
	}
}

// syncLoop is the goroutine that syncs, so that lines can be written while the
// disk works.
func (w *Writer) syncLoop() {
	s := &w.syncing
	timer := time.NewTimer(time.Hour)
	timer.Stop()
	defer close(w.stopped)
	for {
		select {
		case <-s.soon:
			timer.Reset(w.o.Interval)
			continue
		case <-timer.C:
			s.armed.Store(false)
		case <-s.now:
		case <-s.writerDone:
			w.sync()
			w.file.close()
			return
		}
		w.sync()
	}
}

// sync syncs the file and wakes those whose lines were written before. After a
// failure nobody knows what is on the disk (the kernel may have dropped the
// pages and will not tell again): the writer refuses until it is opened anew.
func (w *Writer) sync() {
	w.syncing.mu.Lock()
	waiting := w.syncing.waiting
	w.syncing.waiting = nil
	w.syncing.mu.Unlock()
	w.busy[1].Store(int64(time.Since(started)) | 1)
	err := w.file.sync()
	w.busy[1].Store(0)
	if err != nil {
		err = w.fail(err, true, nil)
	}
	for _, b := range waiting {
		b.syncErr = err
		close(b.synced)
	}
}
