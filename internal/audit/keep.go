package audit

import (
	"fmt"
	"sync"
	"sync/atomic"
	"time"
)

// retryAfter is how long after a failure the writer tries again.
const retryAfter = 250 * time.Millisecond

// keep is the goroutine that syncs, so that lines can be written while the disk
// works; writes the reads that no other line took along, and all lines of a
// file that is not a regular one; and tries again after a failure.
func (w *Writer) keep() {
	defer close(w.stopped)
	s, self := &w.syncing, &waiter{ready: make(chan verdict, 1)}
	due, retry := time.NewTimer(time.Hour), time.NewTimer(time.Hour)
	due.Stop()
	retry.Stop()
	retrying := false
	for {
		select {
		case <-s.soon:
			due.Reset(w.o.Interval)
			continue
		case <-due.C:
			s.armed.Store(false)
			w.flush(self)
			w.sync()
		case <-s.now:
			w.sync()
		case <-w.wake:
			w.flush(self)
		case <-retry.C:
			retrying = false
			w.recover(self)
		}
		failing, closed := w.state()
		if closed {
			w.flush(self)
			w.sync()
			w.file.close()
			return
		}
		if failing && !retrying {
			retry.Reset(retryAfter)
			retrying = true
		}
	}
}

// state tells whether trying again may help, and whether no more lines come.
func (w *Writer) state() (failing, closed bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.failure != nil && !w.broken, w.closed
}

// flush writes what is pending. When it returns, all lines handed over before
// the call have been written or refused.
func (w *Writer) flush(self *waiter) {
	w.acquire(self)
	w.lead(w.takeAppointed(self), nil)
}

// acquire makes the keeper the leader, before all who wait. It waits as long as
// the disk does: without the leadership there is nothing to be done.
func (w *Writer) acquire(self *waiter) {
	w.mu.Lock()
	if !w.writing {
		w.writing = true
		w.mu.Unlock()
		return
	}
	w.keeper = self
	w.mu.Unlock()
	<-self.ready
}

// recover tries whether lines can be written again.
func (w *Writer) recover(self *waiter) {
	w.acquire(self)
	if err := w.file.try(); err != nil {
		w.fail(err, w.file.broken)
	} else {
		w.resume()
	}
	w.lead(w.takeAppointed(self), nil)
}

// resume takes lines again, unless they are refused for good.
func (w *Writer) resume() {
	w.mu.Lock()
	if w.broken {
		w.mu.Unlock()
		return
	}
	w.failure = nil
	lost := w.lost
	w.mu.Unlock()
	w.o.OnError(fmt.Errorf("audit: writing goes on; %d events were not recorded", lost))
}

// syncing is what leaders tell the keeper of fsync.
type syncing struct {
	now, soon chan struct{} // somebody waits; something is to be written or synced
	armed     atomic.Bool   // the timer runs, or soon says that it shall

	mu             sync.Mutex
	waiting, spare []*waiter
}

func (s *syncing) init() {
	s.now, s.soon = make(chan struct{}, 1), make(chan struct{}, 1)
}

// written is told of every batch that is in the file, and of the leader's own waiter.
func (s *syncing) written(b *batch, self *waiter) {
	waits := self != nil && self.synced
	for _, wt := range b.waiters {
		waits = waits || wt.synced
	}
	if !waits {
		s.arm()
		return
	}
	s.mu.Lock()
	if self != nil && self.synced {
		s.waiting = append(s.waiting, self)
	}
	for _, wt := range b.waiters {
		if wt.synced && wt != self {
			s.waiting = append(s.waiting, wt)
		}
	}
	s.mu.Unlock()
	select {
	case s.now <- struct{}{}:
	default:
	}
}

// arm has what is pending written and all synced within the interval.
func (s *syncing) arm() {
	if s.armed.Load() || s.armed.Swap(true) {
		return
	}
	select {
	case s.soon <- struct{}{}:
	default:
	}
}

// sync syncs the file and wakes those whose lines were written before. After a
// failure nobody knows what is on the disk (the kernel may have dropped the
// pages and will not tell again): the writer refuses until it is opened anew.
// That holds for lines written while the fsync that failed was under way, too,
// whatever the next one says.
func (w *Writer) sync() {
	s := &w.syncing
	s.mu.Lock()
	waiting := s.waiting
	s.waiting, s.spare = s.spare, nil
	s.mu.Unlock()
	w.busy[1].Store(int64(time.Since(started)) | 1)
	err := w.file.sync()
	w.busy[1].Store(0)
	if err != nil {
		w.fail(err, true)
	}
	w.mu.Lock()
	err = nil
	if w.broken {
		err = w.failure
	}
	w.mu.Unlock()
	for _, wt := range waiting {
		wt.ready <- verdict{err: err}
	}
	clear(waiting)
	s.mu.Lock()
	s.spare = waiting[:0]
	s.mu.Unlock()
}
