//go:build unix

package audit

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync"
	"syscall"
	"testing"
	"time"
)

// held opens a writer on a pipe that it takes for a regular file, filled so
// that the next write blocks the call that leads. drained reads it to its end.
func held(t *testing.T, o Options) (w *Writer, drained func() []byte) {
	t.Helper()
	r, p, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	w, err = Open(filepath.Join(t.TempDir(), "audit.jsonl"), o)
	if err != nil {
		t.Fatal(err)
	}
	full := fill(t, p)
	w.file.mu.Lock()
	w.file.f.Close()
	w.file.f = p
	w.file.mu.Unlock()
	w.file.checked = time.Now().Add(time.Hour) // its path is not looked at
	drained = sync.OnceValue(func() []byte {
		all := make(chan []byte)
		go func() {
			data, _ := io.ReadAll(r)
			r.Close()
			all <- data
		}()
		w.Close()
		return (<-all)[full:]
	})
	t.Cleanup(func() { drained() })
	return w, drained
}

// fill writes to a pipe what it takes until a write would block, and returns
// how many bytes that are.
func fill(t *testing.T, p *os.File) (full int) {
	t.Helper()
	c, err := p.SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	page := make([]byte, 4<<10)
	err = c.Write(func(fd uintptr) bool {
		for {
			n, err := syscall.Write(int(fd), page)
			switch {
			case err == syscall.EINTR:
			case err == syscall.EAGAIN && len(page) == 1:
				return true
			case err == syscall.EAGAIN:
				page = page[:1]
			case err != nil:
				t.Error(err)
				return true
			default:
				full += n
			}
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	return full
}

// TestSec_G15_LeaderHangs: a write of a regular file that does not return holds
// up the call that does it and no other, and no line of theirs twice or half.
func TestSec_G15_LeaderHangs(t *testing.T) {
	const timeout = 150 * time.Millisecond
	w, drained := held(t, Options{Timeout: timeout, Sync: SyncInterval})
	leader := make(chan error, 1)
	go func() { leader <- w.Append(context.Background(), line("leader"), Issue) }()
	eventually(t, "the leader writes", func() bool { return w.busy[0].Load() != 0 })

	start := time.Now()
	var done sync.WaitGroup
	for i := range 20 {
		done.Go(func() {
			ctx := context.Background()
			if i%2 == 0 {
				var cancel context.CancelFunc
				ctx, cancel = context.WithTimeout(ctx, timeout/4)
				defer cancel()
			}
			if err := w.Append(ctx, line(fmt.Sprint("follower", i)), Class(1+i%3/2)); !errors.Is(err, ErrUnavailable) {
				t.Errorf("a follower of a leader that hangs: %v", err)
			}
		})
	}
	done.Wait()
	if took := time.Since(start); took > 5*time.Second {
		t.Errorf("the followers waited for %v", took)
	}
	eventually(t, "Healthy tells it", func() bool { return errors.Is(w.Healthy(), ErrUnavailable) })
	if err := w.Append(context.Background(), line("refused"), Change); !errors.Is(err, ErrUnavailable) {
		t.Errorf("while the disk hangs: %v", err)
	}
	select {
	case err := <-leader:
		t.Fatalf("the leader's write returned: %v", err)
	default:
	}

	data := drained()
	if err := <-leader; err != nil {
		t.Errorf("the leader, once its write returned: %v", err)
	}
	// The followers' lines, which were only said not to be known to be there,
	// were pending when Close wrote the rest.
	if r, err := Verify(bytes.NewReader(data)); err != nil || r.Lines != 21 || r.Lost != 0 {
		t.Errorf("the file: %+v %v", r, err)
	}
}

// TestLeadershipIsNotLost: calls that give up, just when it is their turn, must
// leave a writer that goes on, and no acknowledged line may be missing.
func TestLeadershipIsNotLost(t *testing.T) {
	for _, s := range []Sync{SyncInterval, SyncIssue} {
		path := filepath.Join(t.TempDir(), "audit.jsonl")
		w := open(t, path, Options{Sync: s, Queue: 4 << 10, Interval: 5 * time.Millisecond})
		var done sync.WaitGroup
		var mu sync.Mutex
		var acknowledged []string
		for g := range 16 {
			done.Go(func() {
				for i := range 100 {
					ctx, cancel := context.WithTimeout(context.Background(), time.Duration(1+i*7%60)*5*time.Microsecond)
					id := fmt.Sprint(g, "-", i)
					err := w.Append(ctx, line(id), Class((g+i)%3))
					cancel()
					if err != nil && !errors.Is(err, context.DeadlineExceeded) {
						t.Error(err)
					}
					if err == nil {
						mu.Lock()
						acknowledged = append(acknowledged, id)
						mu.Unlock()
					}
				}
			})
		}
		done.Wait()
		mustAppend(t, w, "last", Change)
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if r, err := Verify(bytes.NewReader(data)); err != nil || r.Head() != w.Head() {
			t.Errorf("the file: %+v %v", r, err)
		}
		eachOnce(t, data, acknowledged)
	}
}

// TestReadsAreWritten: alone within the interval, before the line after them,
// and before a queue of them is full.
func TestReadsAreWritten(t *testing.T) {
	written := func(w *Writer, seq uint64) func() bool {
		return func() bool { return w.Head().Seq >= seq }
	}
	dir := t.TempDir()
	w := open(t, filepath.Join(dir, "alone"), Options{Interval: 10 * time.Millisecond})
	for i := range 3 {
		mustAppend(t, w, fmt.Sprint(i), Read)
		eventually(t, "a read is written", written(w, uint64(i+1)))
	}

	w = open(t, filepath.Join(dir, "along"), Options{Interval: time.Hour})
	mustAppend(t, w, "read", Read)
	mustAppend(t, w, "issue", Issue)
	sound(t, filepath.Join(dir, "along"), 2)
	if w.Head().Seq != 2 {
		t.Errorf("the head is %s", w.Head())
	}

	w = open(t, filepath.Join(dir, "many"), Options{Interval: time.Hour})
	for i := range 1000 {
		mustAppend(t, w, fmt.Sprint(i), Read)
	}
	eventually(t, "many reads are written", written(w, 100))

	w = open(t, filepath.Join(dir, "full"), Options{Interval: time.Hour, Queue: 1})
	mustAppend(t, w, "1", Read)
	mustAppend(t, w, "2", Read)
	eventually(t, "the first read makes room", written(w, 1))
}

// leading makes the test the leader, with a line of each class pending. The
// calls end in errs.
func leading(t *testing.T, w *Writer, ctx context.Context, classes ...Class) (self *waiter, errs chan error) {
	t.Helper()
	self = &waiter{ready: make(chan verdict, 1)}
	w.acquire(self)
	errs = make(chan error, len(classes))
	for i, c := range classes {
		go func() { errs <- w.Append(ctx, line(fmt.Sprint(i)), c) }()
	}
	eventually(t, "the lines are pending", func() bool {
		w.mu.Lock()
		defer w.mu.Unlock()
		return len(w.pending.items) == len(classes)
	})
	return self, errs
}

// TestPendingLinesAreRefused: what was handed over while a write failed is
// refused with it, counted, and not written later.
func TestPendingLinesAreRefused(t *testing.T) {
	path := filepath.Join(t.TempDir(), "audit.jsonl")
	w := open(t, path, Options{})
	self, errs := leading(t, w, context.Background(), Issue, Change, Read)
	w.fail(errors.New("a write failed"), false)
	w.lead(w.takeAppointed(self), nil)
	refused := 0
	for range 3 {
		if err := <-errs; errors.Is(err, ErrUnavailable) {
			refused++
		} else if err != nil {
			t.Error(err)
		}
	}
	if refused != 2 {
		t.Errorf("%d calls were refused, want all but the read", refused)
	}
	sound(t, path, 0)
	eventually(t, "the writer goes on", func() bool { return w.Healthy() == nil })
	mustAppend(t, w, "1", Change)
	if r := sound(t, path, 1); r.Lost != 2 {
		t.Errorf("the chain tells of %d lost events, want the issue and the read", r.Lost)
	}
}

// TestAppointedLeads: who was appointed leads, even if its time is over before
// it learns that.
func TestAppointedLeads(t *testing.T) {
	path := filepath.Join(t.TempDir(), "audit.jsonl")
	w := open(t, path, Options{Interval: time.Hour})
	ctx, cancel := context.WithCancel(context.Background())
	_, errs := leading(t, w, ctx, Issue)
	w.mu.Lock()
	_, heir := w.handOver(0)
	w.mu.Unlock()
	cancel()
	time.Sleep(20 * time.Millisecond)
	heir.ready <- verdict{lead: true}
	if err := <-errs; err != nil {
		t.Error(err)
	}
	mustAppend(t, w, "next", Issue)
	sound(t, path, 2)
}

// TestNobodyAppointed: lines that nobody waits for any more are written all the same.
func TestNobodyAppointed(t *testing.T) {
	path := filepath.Join(t.TempDir(), "audit.jsonl")
	w := open(t, path, Options{Interval: 10 * time.Millisecond})
	ctx, cancel := context.WithCancel(context.Background())
	_, errs := leading(t, w, ctx, Issue, Change)
	cancel()
	for range 2 {
		if err := <-errs; !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
	}
	w.mu.Lock()
	_, heir := w.handOver(maxTurns)
	w.mu.Unlock()
	if heir != nil {
		t.Fatal("one who is gone was appointed")
	}
	eventually(t, "the lines are written", func() bool { return w.Head().Seq == 2 })
	sound(t, path, 2)
}

func TestAppendAllocatesNothing(t *testing.T) {
	w := open(t, filepath.Join(t.TempDir(), "audit.jsonl"), Options{Sync: SyncInterval})
	entry := sample("").AppendJSON(nil)
	for c := range Change + 1 {
		n := testing.AllocsPerRun(2000, func() {
			if err := w.Append(context.Background(), entry, c); err != nil {
				t.Error(err)
			}
		})
		if n > 0 {
			t.Errorf("class %d: %v allocations", c, n)
		}
	}
}
