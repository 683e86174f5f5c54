//go:build unix

package audit

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

func TestSec_G15_FullDisk(t *testing.T) {
	if _, err := os.Stat("/dev/full"); err != nil {
		t.Skip("no /dev/full")
	}
	var heard told
	w := open(t, "/dev/full", Options{OnError: heard.tell})
	for _, c := range []Class{Issue, Change} {
		if err := w.Append(context.Background(), line("1"), c); !errors.Is(err, ErrUnavailable) || !errors.Is(err, syscall.ENOSPC) {
			t.Errorf("class %d on a full disk: %v", c, err)
		}
	}
	if !strings.Contains(heard.String(), "no space left") {
		t.Errorf("told: %q", heard.String())
	}
}

// limitFiles lets this process write files of so many bytes at most: a full
// disk that can be emptied again.
func limitFiles(t *testing.T, bytes uint64) (lift func()) {
	t.Helper()
	var was syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_FSIZE, &was); err != nil {
		t.Skip(err)
	}
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &syscall.Rlimit{Cur: bytes, Max: was.Max}); err != nil {
		t.Skip(err)
	}
	lift = func() { syscall.Setrlimit(syscall.RLIMIT_FSIZE, &was) }
	t.Cleanup(lift)
	return lift
}

func TestSec_G15_DiskFillsAndIsEmptied(t *testing.T) {
	path := filepath.Join(t.TempDir(), "audit.jsonl")
	var heard told
	w := open(t, path, Options{OnError: heard.tell})
	lift := limitFiles(t, 10_000)
	written := 0
	var err error
	for i := 0; err == nil && i < 1000; i++ {
		if err = w.Append(context.Background(), line(strconv.Itoa(i)), Issue); err == nil {
			written++
		}
	}
	if !errors.Is(err, ErrUnavailable) || !errors.Is(w.Healthy(), ErrUnavailable) {
		t.Fatalf("%d lines fit, then %v", written, err)
	}
	if err := w.Append(context.Background(), line("again"), Change); !errors.Is(err, ErrUnavailable) {
		t.Errorf("while the disk is full: %v", err)
	}
	sound(t, path, written)
	lift()
	eventually(t, "the writer goes on", func() bool { return w.Healthy() == nil })
	mustAppend(t, w, "again", Change)
	if r := sound(t, path, written+1); r.Lost != 1 {
		t.Errorf("the chain tells of %d lost events, want the one issue", r.Lost)
	}
	if !strings.Contains(heard.String(), "writing goes on; 1 events") {
		t.Errorf("told: %q", heard.String())
	}
}

func TestSec_G15_HangingDisk(t *testing.T) {
	path := filepath.Join(t.TempDir(), "fifo")
	if err := syscall.Mkfifo(path, 0o600); err != nil {
		t.Skip(err)
	}
	reader, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer reader.Close()
	w := open(t, path, Options{Timeout: 200 * time.Millisecond, Queue: 4096})
	start := time.Now()
	for i := 0; err == nil && i < 10_000; i++ {
		err = w.Append(context.Background(), line(strconv.Itoa(i)), Class(i%2))
	}
	if !errors.Is(err, ErrUnavailable) {
		t.Fatalf("nobody reads the pipe, and Append says %v", err)
	}
	eventually(t, "Healthy tells it", func() bool { return w.Healthy() != nil })
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	for _, c := range []Class{Read, Issue, Change} {
		if err := w.Append(ctx, line("x"), c); !errors.Is(err, ErrUnavailable) {
			t.Errorf("class %d on a hanging disk: %v", c, err)
		}
	}
	if err := w.Close(); !errors.Is(err, ErrUnavailable) {
		t.Errorf("Close on a hanging disk: %v", err)
	}
	if took := time.Since(start); took > 5*time.Second {
		t.Errorf("it took %v", took)
	}
	// Read on, and the disk is well again.
	go func() {
		for s := bufio.NewScanner(reader); s.Scan(); {
		}
	}()
	eventually(t, "the writer drains and stops", func() bool { return w.Close() == nil })
}

func TestSec_G15_FileGone(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "logs")
	os.Mkdir(dir, 0o700)
	path := filepath.Join(dir, "audit.jsonl")
	var clock clock
	w := open(t, path, Options{Now: clock.now})
	mustAppend(t, w, "1", Change)
	os.WriteFile(path+".new", []byte("planted\n"), 0o600)
	os.Rename(path+".new", path)
	clock.Add(int64(time.Second))
	err := w.Append(context.Background(), line("2"), Issue)
	if !errors.Is(err, ErrUnavailable) || !strings.Contains(err.Error(), "replaced") {
		t.Errorf("a planted file: %v", err)
	}
	os.RemoveAll(dir)
	time.Sleep(2 * retryAfter)
	if err := w.Healthy(); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the directory is gone: %v", err)
	}
	os.Mkdir(dir, 0o700)
	eventually(t, "it writes again", func() bool { return w.Healthy() == nil })
	mustAppend(t, w, "2", Change)
	if data, err := os.ReadFile(path); err != nil || bytes.Count(data, []byte("\n")) != 1 {
		t.Errorf("the new file: %q %v", data, err)
	}
}

// TestSec_G16_Kill kills a process under writes, again and again, on one file.
func TestSec_G16_Kill(t *testing.T) {
	if path := os.Getenv("AUDIT_TEST_KILLED"); path != "" {
		writeUntilKilled(path, os.Getenv("AUDIT_TEST_ROUND"))
	}
	rounds := 5
	if os.Getenv("DEPUTY_LONG") != "" {
		rounds = 200
	}
	path := filepath.Join(t.TempDir(), "audit.jsonl")
	var acknowledged []string
	for round := range rounds {
		acknowledged = append(acknowledged, killed(t, path, round)...)
	}
	w := open(t, path, Options{})
	mustAppend(t, w, "last", Change)
	w.Close()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	r, err := Verify(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	eachOnce(t, data, acknowledged)
	t.Logf("%d kills, %d acknowledged, %d lines", rounds, len(acknowledged), r.Lines)
}

// killed runs the writing process for a while and returns what it acknowledged.
func killed(t *testing.T, path string, round int) (ids []string) {
	t.Helper()
	cmd := exec.Command(os.Args[0], "-test.run=^TestSec_G16_Kill$")
	cmd.Env = append(os.Environ(), "AUDIT_TEST_KILLED="+path, fmt.Sprint("AUDIT_TEST_ROUND=", round))
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	s := bufio.NewScanner(out)
	for s.Scan() {
		ids = append(ids, s.Text())
		if len(ids) == 20+13*round%200 {
			cmd.Process.Kill()
		}
	}
	cmd.Wait()
	if len(ids) == 0 {
		t.Fatal("the process acknowledged nothing")
	}
	return ids
}

func writeUntilKilled(path, round string) {
	w, err := Open(path, Options{})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	for g := range 8 {
		go func() {
			for i := 0; ; i++ {
				id := fmt.Sprintf("%s-%d-%d", round, g, i)
				if w.Append(context.Background(), line(id), Class(1+i%2)) == nil {
					os.Stdout.WriteString(id + "\n")
				}
			}
		}()
	}
	time.Sleep(time.Minute)
	os.Exit(1)
}
