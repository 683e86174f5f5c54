//go:build linux || darwin || freebsd || netbsd || openbsd || dragonfly

package main

import (
	"errors"
	"fmt"
	"os"
	"syscall"
	"time"
)

// lockWait is how long an edit waits for another to end.
const lockWait = 10 * time.Second

// lockDir keeps other edits of files in the directory away. The lock is on the
// directory itself, so that nothing is left behind.
func lockDir(dir string) (unlock func(), err error) {
	f, err := os.Open(dir)
	if err != nil {
		return nil, err
	}
	for deadline := time.Now().Add(lockWait); ; time.Sleep(20 * time.Millisecond) {
		err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		if err == nil {
			return func() { f.Close() }, nil
		}
		if !errors.Is(err, syscall.EWOULDBLOCK) && !errors.Is(err, syscall.EINTR) || time.Now().After(deadline) {
			f.Close()
			return nil, fmt.Errorf("%s: waiting for another edit to end: %w", dir, err)
		}
	}
}

// keepOwner gives the file the owner that the one it replaces has, which only
// root can do and only root need do.
func keepOwner(name string, replaced os.FileInfo) {
	if st, ok := replaced.Sys().(*syscall.Stat_t); ok && os.Geteuid() == 0 {
		_ = os.Lchown(name, int(st.Uid), int(st.Gid))
	}
}
