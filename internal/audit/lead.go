package audit

import (
	"fmt"
	"time"
)

// maxTurns bounds how many batches of others a leader writes after its own
// before it appoints one of those who wait. Going on spares the wait for
// another goroutine to be scheduled, during which all others would queue up.
const maxTurns = 2

// take takes the pending batch, and the leadership. mu is held, and nobody
// else leads.
func (w *Writer) take() *batch {
	b := w.pending
	w.pending, w.spare = w.spare, nil
	w.writing = true
	b.lost, b.refused = w.lost, w.failure
	if w.room != nil {
		close(w.room)
		w.room = nil
	}
	return b
}

// takeAppointed is take for who has been given the leadership.
func (w *Writer) takeAppointed(wt *waiter) *batch {
	w.mu.Lock()
	defer w.mu.Unlock()
	wt.appointed = false
	return w.take()
}

// lead writes a batch that was taken, then a few of the batches that came
// meanwhile, and gives the leadership away. self, unless nil, is the caller's
// own waiter, which has a line in the batch. The error is the batch's.
func (w *Writer) lead(b *batch, self *waiter) error {
	err := w.write(b)
	next, heir := w.settle(b, self, err, maxTurns)
	for turns := maxTurns - 1; next != nil; turns-- {
		next, heir = w.settle(next, nil, w.write(next), turns)
	}
	if heir != nil {
		heir.ready <- verdict{lead: true}
	}
	return err
}

// write chains a batch and writes it, whole or not at all.
func (w *Writer) write(b *batch) error {
	if len(b.items) == 0 {
		return nil
	}
	if b.refused != nil {
		w.lose(b)
		return b.refused
	}
	w.busy[0].Store(int64(time.Since(started)) | 1)
	head := w.head
	w.out = w.chain(w.out[:0], b)
	err := w.file.append(w.out)
	w.busy[0].Store(0)
	if cap(w.out) > keepBuffer {
		w.out = nil
	}
	if err != nil {
		w.head = head
		clear(w.fresh)
		w.lose(b)
		return w.fail(err, w.file.broken)
	}
	w.remember()
	return nil
}

// settle tells those who wait what became of a batch and gives the leadership
// away: it returns the next batch for this leader, or who shall be told to
// lead, or neither when nobody needs to.
func (w *Writer) settle(b *batch, self *waiter, err error, turns int) (next *batch, heir *waiter) {
	if err == nil && len(b.items) > 0 {
		// Before the leadership is free: Close syncs once it has it.
		w.syncing.written(b, self)
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.last != w.head {
		w.last = w.head
		w.lost -= b.lost
	}
	w.direct = w.file.regular
	if len(b.waiters) > 0 {
		w.mu.Unlock()
		b.tell(self, err)
		w.mu.Lock()
	}
	b.reset()
	w.spare = b
	return w.handOver(turns)
}

// tell sends the verdict to those who do not wait for fsync, or need not any more.
func (b *batch) tell(self *waiter, err error) {
	for _, wt := range b.waiters {
		if wt != self && (err != nil || !wt.synced) {
			wt.ready <- verdict{err: err}
		}
	}
}

// handOver is the end of settle. mu is held.
func (w *Writer) handOver(turns int) (next *batch, heir *waiter) {
	switch {
	case w.keeper != nil:
		heir, w.keeper = w.keeper, nil
		return nil, heir
	case !w.direct:
		w.writing = false
		if len(w.pending.items) > 0 {
			w.signal()
		}
		return nil, nil
	}
	for _, wt := range w.pending.waiters {
		if wt.gone {
			continue
		}
		if turns > 0 {
			return w.take(), nil
		}
		wt.appointed = true
		return nil, wt
	}
	w.writing = false
	if len(w.pending.items) > 0 {
		w.syncing.arm() // reads, and lines nobody waits for any more
	}
	return nil, nil
}

// chain appends the batch's lines with their links, without the changes that
// are in the file already.
func (w *Writer) chain(dst []byte, b *batch) []byte {
	start, lost := 0, b.lost
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
	w.recentMu.Lock()
	key, known := w.recent.lookup(id)
	w.recentMu.Unlock()
	if _, again := w.fresh[key]; again || known {
		return false
	}
	w.fresh[key] = struct{}{}
	return true
}

// remember makes the changes just written known to first.
func (w *Writer) remember() {
	if len(w.fresh) == 0 {
		return
	}
	w.recentMu.Lock()
	defer w.recentMu.Unlock()
	for key := range w.fresh {
		w.recent.addKey(key)
	}
	clear(w.fresh)
}

// lose counts the lines of a batch that will not be written. Changes are not
// lost: they are given again.
func (w *Writer) lose(b *batch) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, it := range b.items {
		if it.class != Change {
			w.lost++
		}
	}
}

// fail makes the writer refuse lines, for good when the file cannot be trusted
// any more.
func (w *Writer) fail(cause error, broken bool) error {
	err := fmt.Errorf("%w: %w", ErrUnavailable, cause)
	w.mu.Lock()
	began := w.failure == nil || broken && !w.broken
	w.failure = err
	w.broken = w.broken || broken
	w.mu.Unlock()
	w.signal() // the keeper tries again
	if began {
		w.o.OnError(err)
	}
	return err
}
