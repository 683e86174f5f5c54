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
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

// told collects what a writer tells.
type told struct {
	mu  sync.Mutex
	all []string
}

func (t *told) tell(err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.all = append(t.all, err.Error())
}

func (t *told) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return strings.Join(t.all, "\n")
}

// clock stands still until it is moved, by Add of nanoseconds.
type clock struct{ atomic.Int64 }

func (c *clock) now() time.Time { return time.Unix(0, c.Load()) }

func open(t *testing.T, path string, o Options) *Writer {
	t.Helper()
	w, err := Open(path, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { w.Close() })
	return w
}

func line(id string) []byte { return (&Entry{EventName: "E", EventID: id}).AppendJSON(nil) }

func mustAppend(t *testing.T, w *Writer, id string, c Class) {
	t.Helper()
	if err := w.Append(context.Background(), line(id), c); err != nil {
		t.Fatal(err)
	}
}

func sound(t *testing.T, path string, lines int) Report {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	r, err := Verify(bytes.NewReader(data))
	if err != nil || r.Lines != lines {
		t.Errorf("%s: %+v %v, want %d lines", path, r, err, lines)
	}
	return r
}

// eachOnce checks that the events are in the file, each on one line.
func eachOnce(t *testing.T, file []byte, ids []string) {
	t.Helper()
	times := map[string]int{}
	for line := range bytes.Lines(file) {
		times[string(eventID(line))]++
	}
	for _, id := range ids {
		if n := times[id]; n != 1 {
			t.Errorf("the acknowledged event %s is in the file %d times", id, n)
		}
	}
}

// eventually waits for something that happens on another goroutine.
func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for range 1000 {
		if ok() {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Fatalf("never: %s", what)
}

func TestWriterContinues(t *testing.T) {
	path := filepath.Join(t.TempDir(), "audit.jsonl")
	umask := syscall.Umask(0) // the mode must not hang on it
	defer syscall.Umask(umask)
	for i := range 3 {
		w := open(t, path, Options{})
		for j, c := range []Class{Read, Issue, Change, Read} {
			mustAppend(t, w, fmt.Sprint(i, "-", j), c)
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		if r := sound(t, path, 4*(i+1)); w.Head() != r.Head() {
			t.Errorf("the writer's head is %s, the file's %s", w.Head(), r.Head())
		}
		if err := w.Append(context.Background(), line("late"), Read); !errors.Is(err, ErrUnavailable) {
			t.Errorf("after Close: %v", err)
		}
	}
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v %v", info.Mode(), err)
	}
}

func TestAppendWaits(t *testing.T) {
	for _, s := range []Sync{SyncChange, SyncIssue, SyncInterval} {
		path := filepath.Join(t.TempDir(), "audit.jsonl")
		w := open(t, path, Options{Sync: s})
		for i, c := range []Class{Issue, Change, Issue, Change} {
			mustAppend(t, w, fmt.Sprint(i), c)
			sound(t, path, i+1)
		}
	}
}

func TestAppendTakesLinesOnly(t *testing.T) {
	path := filepath.Join(t.TempDir(), "audit.jsonl")
	for _, w := range []*Writer{open(t, path, Options{}), open(t, "", Options{})} {
		for _, s := range []string{"", "{}", "x", `{"a":1}` + "\n", "{\"a\":\n1}", `["a"]`, `{"a":"` + strings.Repeat("x", MaxLine) + `"}`} {
			if err := w.Append(context.Background(), []byte(s), Issue); !errors.Is(err, ErrLine) {
				t.Errorf("%.20q: %v", s, err)
			}
		}
	}
	sound(t, path, 0)
}

func TestDiscard(t *testing.T) {
	w := open(t, "", Options{})
	mustAppend(t, w, "c", Change)
	mustAppend(t, w, "i", Issue)
	if !w.knows("c") || w.knows("x") || w.Healthy() != nil || w.Close() != nil {
		t.Error("a writer without a file does not behave as one")
	}
}

func TestConcurrentAppend(t *testing.T) {
	path := filepath.Join(t.TempDir(), "audit.jsonl")
	w := open(t, path, Options{Queue: 8 << 10})
	const workers, each = 16, 100
	var done sync.WaitGroup
	for g := range workers {
		done.Go(func() {
			for i := range each {
				buf := line(fmt.Sprint(g, "-", i))
				if err := w.Append(context.Background(), buf, Class(i%50/48+i%2)); err != nil {
					t.Error(err)
				}
				clear(buf) // the writer must not need it any more
				w.knows("x")
				w.Healthy()
			}
		})
	}
	done.Wait()
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	sound(t, path, workers*each)
	data, _ := os.ReadFile(path)
	for g := range workers {
		last := -1
		for i := range each {
			at := bytes.Index(data, fmt.Appendf(nil, `"eventID":"%d-%d"`, g, i))
			if at < last {
				t.Fatalf("line %d of worker %d is missing or out of order", i, g)
			}
			last = at
		}
	}
}

func TestChangeOnce(t *testing.T) {
	path := filepath.Join(t.TempDir(), "audit.jsonl")
	w := open(t, path, Options{})
	for range 3 {
		mustAppend(t, w, "a", Change)
		mustAppend(t, w, "b", Change)
	}
	w.Close()
	sound(t, path, 2)
	w = open(t, path, Options{})
	if !w.knows("a") || !w.knows("b") || w.knows("c") || w.knows("") {
		t.Error("the file's events are not known after opening it")
	}
	var done sync.WaitGroup
	for range 8 {
		done.Go(func() {
			for _, id := range []string{"a", "c"} {
				if err := w.Append(context.Background(), line(id), Change); err != nil {
					t.Error(err)
				}
			}
		})
	}
	done.Wait()
	w.Close()
	sound(t, path, 3)
}

func TestRecentIsBounded(t *testing.T) {
	var r recent
	id := func(i int) []byte { return fmt.Append(nil, i) }
	for i := range 3 * recentIDs {
		r.add(id(i))
		r.add(id(i))
	}
	if len(r.set) != recentIDs || r.has(id(2*recentIDs-1)) || !r.has(id(2*recentIDs)) || !r.has(id(3*recentIDs-1)) {
		t.Errorf("%d ids are kept", len(r.set))
	}
}

func TestTornLineIsCut(t *testing.T) {
	whole, _ := chained(3)
	file := bytes.Join(whole, nil)
	for cut := len(whole[0]) + len(whole[1]); cut < len(file); cut += 7 {
		path := filepath.Join(t.TempDir(), "audit.jsonl")
		os.WriteFile(path, file[:cut], 0o600)
		var heard told
		w := open(t, path, Options{OnError: heard.tell})
		mustAppend(t, w, "next", Issue)
		w.Close()
		sound(t, path, 3)
		torn := cut - len(whole[0]) - len(whole[1])
		if torn > 0 != strings.Contains(heard.String(), fmt.Sprintf("cut %d bytes", torn)) {
			t.Errorf("after %d bytes of a line: %q", torn, heard.String())
		}
	}
	path := filepath.Join(t.TempDir(), "audit.jsonl")
	os.WriteFile(path, whole[0][:20], 0o600)
	mustAppend(t, open(t, path, Options{}), "next", Issue)
	sound(t, path, 1)
}

func TestOpenRefuses(t *testing.T) {
	whole, _ := chained(2)
	for name, content := range map[string]string{
		"text":           "hello\n",
		"unended text":   "hello",
		"foreign JSON":   "{\"a\":1}\n",
		"changed end":    string(bytes.Replace(bytes.Join(whole, nil), []byte("Event2"), []byte("Event3"), 1)),
		"huge last line": strings.Repeat("x", 5<<20) + "\n",
		"huge torn line": strings.Repeat("{", 5<<20),
	} {
		path := filepath.Join(t.TempDir(), "audit.jsonl")
		os.WriteFile(path, []byte(content), 0o600)
		if _, err := Open(path, Options{}); !errors.Is(err, errForeign) || !strings.Contains(err.Error(), path) {
			t.Errorf("%s: %v", name, err)
		}
		if now, _ := os.ReadFile(path); string(now) != content {
			t.Errorf("%s was changed", name)
		}
	}
	dir := t.TempDir()
	for _, path := range []string{dir, filepath.Join(dir, "none", "audit.jsonl")} {
		if _, err := Open(path, Options{}); err == nil {
			t.Errorf("%s was opened", path)
		}
	}
	path := filepath.Join(dir, "audit.jsonl")
	open(t, path, Options{})
	if _, err := Open(path, Options{}); err == nil || !strings.Contains(err.Error(), "another process") {
		t.Errorf("two writers of one file: %v", err)
	}
}

func TestRotation(t *testing.T) {
	dir := t.TempDir()
	path, older := filepath.Join(dir, "audit.jsonl"), filepath.Join(dir, "audit.jsonl.1")
	var clock clock
	w := open(t, path, Options{Now: clock.now})
	mustAppend(t, w, "1", Change)
	if err := os.Rename(path, older); err != nil {
		t.Fatal(err)
	}
	mustAppend(t, w, "2", Change) // still to the renamed file: it was looked at just now
	clock.Add(int64(time.Second))
	mustAppend(t, w, "3", Change)
	mustAppend(t, w, "4", Change)
	first := sound(t, older, 2)
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if r, err := (Check{After: first.Head()}).Verify(bytes.NewReader(data)); err != nil || r.Lines != 2 || r.FirstSeq != 3 {
		t.Errorf("the part after a rotation: %+v %v", r, err)
	}
	w.Close()
	w = open(t, path, Options{})
	mustAppend(t, w, "5", Issue)
	parts := make([]io.Reader, 0, 2)
	for _, p := range []string{older, path} {
		data, _ := os.ReadFile(p)
		parts = append(parts, bytes.NewReader(data))
	}
	if r, err := Verify(io.MultiReader(parts...)); err != nil || r.Lines != 5 {
		t.Errorf("both parts: %+v %v", r, err)
	}
}

// knows tells whether a change of this id would not be written again.
func (w *Writer) knows(id string) bool {
	w.recentMu.Lock()
	defer w.recentMu.Unlock()
	return w.recent.has([]byte(id))
}

func (r *recent) has(id []byte) bool {
	if len(id) == 0 {
		return false
	}
	_, known := r.lookup(id)
	return known
}
