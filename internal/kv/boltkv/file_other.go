//go:build !unix

package boltkv

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
)

// openPrivate opens or makes a regular file. Access is governed by the
// directory's access list here, which modes do not show.
func openPrivate(path string, flag int) (f *os.File, created bool, err error) {
	info, err := os.Lstat(path)
	if err == nil && !info.Mode().IsRegular() {
		return nil, false, fmt.Errorf("%s is not a regular file", path)
	}
	created = errors.Is(err, fs.ErrNotExist)
	f, err = os.OpenFile(path, flag, 0o600)
	return f, created, err
}

// release lets go of a file that bbolt panicked over.
func release(f *os.File) { f.Close() }

// syncDir does nothing: directories cannot be synced here.
func syncDir(string) error { return nil }

// full says whether a write was refused for want of space; not told apart here.
func full(error) bool { return false }
