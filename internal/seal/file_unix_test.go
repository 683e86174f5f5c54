//go:build unix

package seal

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

func TestSec_F11_KeyFileIsPrivate(t *testing.T) {
	for _, umask := range []int{0, 0o777, 0o022} {
		path := filepath.Join(t.TempDir(), "root.key")
		old := syscall.Umask(umask)
		_, _, err := LoadOrCreate(path)
		syscall.Umask(old)
		if err != nil {
			t.Fatalf("umask %#o: %v", umask, err)
		}
		if info, err := os.Stat(path); err != nil || info.Mode() != 0o600 {
			t.Errorf("umask %#o: mode %v, error %v", umask, info.Mode(), err)
		}
	}
	refused := func(path, why string) {
		t.Helper()
		for range 2 {
			if _, created, err := LoadOrCreate(path); err == nil || created || !strings.Contains(err.Error(), why) {
				t.Errorf("created %v, error %v, want one about %q", created, err, why)
			}
		}
	}
	dir := t.TempDir()
	path := filepath.Join(dir, "root.key")
	if _, _, err := LoadOrCreate(path); err != nil {
		t.Fatal(err)
	}
	for _, mode := range []os.FileMode{0o640, 0o604, 0o620, 0o602, 0o610, 0o644, 0o666} {
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
	refused(dir, "not a regular file")
	pipe := filepath.Join(dir, "pipe")
	syscall.Mkfifo(pipe, 0o600)
	refused(pipe, "not a regular file")
	if os.Geteuid() == 0 {
		os.Chown(path, 1, -1)
		refused(path, "another user")
	}
}
