//go:build !unix

package seal

import (
	"fmt"
	"os"
)

// openPrivate opens a regular file. Access is governed by the directory's
// access list here, which modes do not show.
func openPrivate(path string) (*os.File, error) {
	info, err := os.Lstat(path)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%s is not a regular file", path)
	}
	return os.Open(path)
}

// syncDir does nothing: directories cannot be synced here.
func syncDir(string) error { return nil }
