//go:build unix

package audit

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// unsyncable opens a writer on a pipe that it takes for a regular file: lines
// can be written, and every fsync fails.
func unsyncable(t *testing.T, o Options) *Writer {
	t.Helper()
	r, p, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.Close() })
	w, err := Open(filepath.Join(t.TempDir(), "audit.jsonl"), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { w.Close() })
	w.file.mu.Lock()
	defer w.file.mu.Unlock()
	w.file.f.Close()
	w.file.f = p
	w.file.checked = time.Now().Add(time.Hour) // its path is not looked at
	return w
}

// TestWhoWaitsForSync: who waits for fsync learns that it failed; for all
// others it is tried within the interval, and the writer refuses from then on.
func TestWhoWaitsForSync(t *testing.T) {
	for _, c := range []struct {
		sync  Sync
		class Class
		waits bool
	}{
		{SyncChange, Change, true}, {SyncChange, Issue, false}, {SyncChange, Read, false},
		{SyncIssue, Change, true}, {SyncIssue, Issue, true}, {SyncIssue, Read, false},
		{SyncInterval, Change, false}, {SyncInterval, Issue, false}, {SyncInterval, Read, false},
	} {
		var heard told
		w := unsyncable(t, Options{Sync: c.sync, Interval: 20 * time.Millisecond, OnError: heard.tell})
		err := w.Append(context.Background(), line("1"), c.class)
		if waits := errors.Is(err, ErrUnavailable); waits != c.waits || !waits && err != nil {
			t.Errorf("audit.sync=%v, class %d: %v", c.sync, c.class, err)
		}
		eventually(t, "the failed fsync is known", func() bool { return errors.Is(w.Healthy(), ErrUnavailable) })
		if c.sync == SyncIssue && c.class == Read {
			time.Sleep(retryAfter * 5 / 4) // trying again must not help
		}
		if err := w.Append(context.Background(), line("2"), Issue); !errors.Is(err, ErrUnavailable) {
			t.Errorf("after a failed fsync: %v", err)
		}
		if err := w.Close(); !errors.Is(err, ErrUnavailable) {
			t.Errorf("Close after a failed fsync: %v", err)
		}
		if heard.String() == "" {
			t.Error("nobody was told")
		}
	}
}

// TestWrittenWhileSyncFails: the fsync after one that failed succeeds, since the
// kernel tells of lost pages once; it says nothing of the lines that were
// written while the first was under way.
func TestWrittenWhileSyncFails(t *testing.T) {
	w := unsyncable(t, Options{Sync: SyncChange})
	if err := w.Append(context.Background(), line("1"), Change); !errors.Is(err, ErrUnavailable) {
		t.Fatal(err)
	}
	sound, err := os.Create(filepath.Join(t.TempDir(), "sound"))
	if err != nil {
		t.Fatal(err)
	}
	w.file.mu.Lock()
	w.file.f.Close()
	w.file.f = sound
	w.file.mu.Unlock()
	if err := w.file.sync(); err != nil {
		t.Fatal(err)
	}
	wt := newWaiter(true)
	w.syncing.written(&batch{}, wt)
	if v := <-wt.ready; !errors.Is(v.err, ErrUnavailable) {
		t.Errorf("a line that may be lost is acknowledged: %v", v.err)
	}
}

func TestSyncDir(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "audit.jsonl")
	if err := syncDir(path); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("no file: %v", err)
	}
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := syncDir(path); err != nil {
		t.Error(err)
	}
}

func TestParseSync(t *testing.T) {
	for _, s := range []Sync{SyncChange, SyncIssue, SyncInterval} {
		if got, err := ParseSync(s.String()); err != nil || got != s {
			t.Errorf("%v is read as %v: %v", s, got, err)
		}
	}
	if _, err := ParseSync("always"); err == nil {
		t.Error("an unknown setting is taken")
	}
}
