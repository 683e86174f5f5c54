//go:build unix

package audit

import (
	"errors"
	"os"
	"path/filepath"
	"syscall"
)

// syncDir makes the name of a file durable, which the file's own fsync need not.
// Some file systems cannot sync a directory, and say so by EINVAL.
func syncDir(file string) error {
	real, err := filepath.EvalSymlinks(file)
	if err != nil {
		return err
	}
	d, err := os.Open(filepath.Dir(real))
	if err != nil {
		return err
	}
	defer d.Close()
	if err := d.Sync(); err != nil && !errors.Is(err, syscall.EINVAL) {
		return err
	}
	return nil
}
