//go:build !(linux || darwin || freebsd || netbsd || openbsd || dragonfly)

package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"
)

// lockWait is how long an edit waits for another to end.
const lockWait = 10 * time.Second

// lockDir keeps other edits of files in the directory away, by a file that only
// one of them can make.
func lockDir(dir string) (unlock func(), err error) {
	name := filepath.Join(dir, ".deputy.lock")
	for deadline := time.Now().Add(lockWait); ; time.Sleep(20 * time.Millisecond) {
		f, err := os.OpenFile(name, os.O_CREATE|os.O_EXCL, 0o600)
		if err == nil {
			f.Close()
			return func() { os.Remove(name) }, nil
		}
		if !errors.Is(err, fs.ErrExist) {
			return nil, err
		}
		if time.Now().After(deadline) {
			return nil, fmt.Errorf("%s: left by another edit; remove it if none is under way", name)
		}
	}
}

// keepOwner does nothing here: a new file has the right owner.
func keepOwner(string, os.FileInfo) {}
