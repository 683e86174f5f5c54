//go:build unix

package boltkv

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"go.etcd.io/bbolt"
	"golang.org/x/sys/unix"

	"github.com/deputy-sts/deputy/internal/kv"
)

func TestSec_F11_StoreFileIsPrivate(t *testing.T) {
	for _, umask := range []int{0, 0o777, 0o022} {
		path := filepath.Join(t.TempDir(), "store.db")
		old := syscall.Umask(umask)
		s, err := Open(path, Options{})
		syscall.Umask(old)
		if err != nil {
			t.Fatalf("umask %#o: %v", umask, err)
		}
		s.Close()
		if info, err := os.Stat(path); err != nil || info.Mode() != 0o600 {
			t.Errorf("umask %#o: mode %v, error %v", umask, info.Mode(), err)
		}
	}
	refused := func(path, why string) {
		t.Helper()
		if s, err := Open(path, Options{}); err == nil || !strings.Contains(err.Error(), why) {
			t.Errorf("error %v, want one about %q", err, why)
			if err == nil {
				s.Close()
			}
		}
	}
	dir := t.TempDir()
	path := filepath.Join(dir, "store.db")
	open(t, path).Close()
	for _, mode := range []os.FileMode{0o640, 0o604, 0o620, 0o602, 0o644, 0o666} {
		os.Chmod(path, mode)
		refused(path, "chmod 600")
	}
	os.Chmod(path, 0o600)
	link := filepath.Join(dir, "link")
	os.Symlink(path, link)
	refused(link, "symbolic link")
	dangling := filepath.Join(dir, "dangling")
	os.Symlink(filepath.Join(dir, "nowhere"), dangling)
	refused(dangling, "symbolic link")
	pipe := filepath.Join(dir, "pipe")
	syscall.Mkfifo(pipe, 0o600)
	refused(pipe, "not a regular file")
	if os.Geteuid() == 0 {
		os.Chown(path, 1, -1)
		refused(path, "another user")
		os.Chown(path, 0, -1)
	}
	open(t, path)
}

// After a write that failed nothing is accepted until a restart, even when the
// disk works again; what was acknowledged before is there then.
func TestSec_G11_ReadOnlyAfterFailedWrite(t *testing.T) {
	path := filepath.Join(t.TempDir(), "store.db")
	s := open(t, path)
	if _, err := s.Commit(t.Context(), nil, []kv.Op{put("a", "1")}); err != nil {
		t.Fatal(err)
	}
	fd := fdOf(t, path)
	saved, err := unix.FcntlInt(uintptr(fd), unix.F_DUPFD_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	readOnly, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer readOnly.Close()
	if err := unix.Dup2(int(readOnly.Fd()), fd); err != nil { // now writes fail
		t.Fatal(err)
	}
	_, err = s.Commit(t.Context(), nil, []kv.Op{put("a", "2")})
	if !errors.Is(err, kv.ErrUnavailable) || !errors.Is(err, syscall.EBADF) {
		t.Errorf("the failed write: %v", err)
	}
	if err := unix.Dup2(saved, fd); err != nil { // and succeed again
		t.Fatal(err)
	}
	unix.Close(saved)
	if err := s.Writable(); !errors.Is(err, kv.ErrUnavailable) {
		t.Errorf("writable after the failed write: %v", err)
	}
	for range 3 {
		if _, err := s.Commit(t.Context(), nil, []kv.Op{put("a", "3")}); !errors.Is(err, kv.ErrUnavailable) {
			t.Errorf("after the failed write: %v", err)
		}
	}
	if _, _, err := s.Load(t.Context()); !errors.Is(err, kv.ErrUnavailable) {
		t.Errorf("load after the failed write: %v", err)
	}
	for c := range s.Watch(t.Context(), 0) { // watchers keep what they have
		if c.Revision == 1 {
			break
		}
	}
	if err := s.Close(); err != nil {
		t.Errorf("close: %v", err)
	}
	got, err := loaded(t, path)
	if err != nil || len(got) != 1 || got["a"] != "1" {
		t.Errorf("after a restart: %v, error %v", got, err)
	}
}

// TestSec_G08_FullDiskIsTriedAgain: commits that a full disk refuses leave
// nothing behind, and the first one after there is space succeeds. The writes
// go to /dev/full meanwhile.
func TestSec_G08_FullDiskIsTriedAgain(t *testing.T) {
	path := filepath.Join(t.TempDir(), "store.db")
	s := open(t, path)
	want := map[string]string{}
	commit := func(key, value string) error {
		_, err := s.Commit(t.Context(), nil, []kv.Op{put(key, value)})
		if err == nil {
			want[key] = value
		}
		return err
	}
	for i := range 40 {
		if err := commit(fmt.Sprint("a", i%7), strings.Repeat("x", i*50)); err != nil {
			t.Fatal(err)
		}
	}
	fd := fdOf(t, path)
	saved, err := unix.FcntlInt(uintptr(fd), unix.F_DUPFD_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(saved)
	full, err := os.OpenFile("/dev/full", os.O_RDWR, 0)
	if err != nil {
		t.Skip(err)
	}
	defer full.Close()
	for round := range 20 {
		if err := unix.Dup2(int(full.Fd()), fd); err != nil {
			t.Fatal(err)
		}
		for range 3 {
			if err := commit("a1", "refused"); !errors.Is(err, kv.ErrUnavailable) || !errors.Is(err, syscall.ENOSPC) {
				t.Fatalf("round %d, full: %v", round, err)
			}
		}
		if err := s.Writable(); err != nil {
			t.Fatalf("full for good: %v", err)
		}
		if err := unix.Dup2(saved, fd); err != nil {
			t.Fatal(err)
		}
		for i := range 3 {
			if err := commit(fmt.Sprint("b", round*3+i), strings.Repeat("y", round*90)); err != nil {
				t.Fatalf("round %d, space again: %v", round, err)
			}
		}
	}
	sound(t, s)
	s.Close()
	got, err := loaded(t, path)
	if err != nil || !maps.Equal(got, want) {
		t.Errorf("after a restart: %d records, want %d, error %v", len(got), len(want), err)
	}
}

// sound checks bbolt's own structure: pages used twice, or lost.
func sound(t *testing.T, s *Store) {
	t.Helper()
	err := s.db.View(func(tx *bbolt.Tx) (err error) {
		for e := range tx.Check() {
			err = errors.Join(err, e)
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
}

// fdOf is the store's descriptor: the one of this process that is open on path.
func fdOf(t *testing.T, path string) int {
	t.Helper()
	want, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	for fd := 3; fd < 1000; fd++ {
		var st unix.Stat_t
		if unix.Fstat(fd, &st) == nil && st.Ino == want.Sys().(*syscall.Stat_t).Ino {
			return fd
		}
	}
	t.Fatal("the store's descriptor is not to be found")
	return 0
}
