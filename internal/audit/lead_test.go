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
	"strings"
	"sync"
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
	p.SetWriteDeadline(time.Now().Add(50 * time.Millisecond))
	full, _ := p.Write(make([]byte, 16<<20))
	p.SetWriteDeadline(time.Time{})
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
		for _, id := range acknowledged {
			if n := strings.Count(string(data), `"eventID":"`+id+`"`); n != 1 {
				t.Errorf("the acknowledged event %s is in the file %d times", id, n)
			}
		}
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

// TestPendingLinesAreRefused: what was handed over while a write failed is
// refused with it, counted, and not written later.
func TestPendingLinesAreRefused(t *testing.T) {
	w, drained := held(t, Options{Sync: SyncInterval, Interval: time.Hour})
	errs := make(chan error, 4)
	appendLine := func(id string, c Class) { errs <- w.Append(context.Background(), line(id), c) }
	go appendLine("leader", Issue)
	eventually(t, "the leader writes", func() bool { return w.busy[0].Load() != 0 })
	go appendLine("issue", Issue)
	go appendLine("change", Change)
	go appendLine("read", Read)
	eventually(t, "three lines are pending", func() bool {
		w.mu.Lock()
		defer w.mu.Unlock()
		return len(w.pending.items) == 3
	})
	w.file.f.SetWriteDeadline(time.Now()) // the write fails; a pipe cannot be cut, so for good
	refused := 0
	for range 4 {
		if err := <-errs; errors.Is(err, ErrUnavailable) {
			refused++
		} else if err != nil {
			t.Error(err)
		}
	}
	if refused != 3 {
		t.Errorf("%d calls were refused, want all but the read", refused)
	}
	if data := drained(); len(data) > 0 {
		t.Errorf("written after a failure: %q", data)
	}
	if w.lost != 3 {
		t.Errorf("%d lines are counted as lost, want the issues and the read", w.lost)
	}
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
