//go:build unix

package boltkv

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"syscall"
)

// openPrivate opens the file at path, or makes it with mode 0600 whatever the
// umask, and refuses one that is not the process's own and nobody else's to
// read. It looks at the open handle, so nothing can be swapped in between.
func openPrivate(path string, flag int) (f *os.File, created bool, err error) {
	flag = flag&^os.O_CREATE | syscall.O_NOFOLLOW | syscall.O_NONBLOCK
	f, err = os.OpenFile(path, flag|os.O_CREATE|os.O_EXCL, 0o600)
	if created = err == nil; created {
		err = f.Chmod(0o600)
	} else if errors.Is(err, fs.ErrExist) {
		f, err = os.OpenFile(path, flag, 0)
	}
	if errors.Is(err, syscall.ELOOP) {
		err = fmt.Errorf("%s is a symbolic link; name the file itself", path)
	}
	if err == nil {
		err = private(f)
	}
	if err != nil {
		if f != nil {
			f.Close()
		}
		return nil, false, err
	}
	return f, created, nil
}

func private(f *os.File) error {
	info, err := f.Stat()
	if err != nil {
		return err
	}
	switch stat, ok := info.Sys().(*syscall.Stat_t); {
	case !info.Mode().IsRegular():
		return fmt.Errorf("%s is not a regular file", f.Name())
	case !ok || int(stat.Uid) != os.Geteuid():
		return fmt.Errorf("%s belongs to another user; chown it to the one that runs this", f.Name())
	case info.Mode().Perm()&0o077 != 0:
		return fmt.Errorf("%s may be read or written by others (mode %#o); chmod 600 it", f.Name(), info.Mode().Perm())
	}
	return nil
}

// release lets go of a file that bbolt panicked over. Closing is not enough: the
// mapping that it leaves behind would keep the lock.
func release(f *os.File) {
	syscall.Flock(int(f.Fd()), syscall.LOCK_UN)
	f.Close()
}

// syncDir makes a new name in dir durable. Some file systems cannot sync a
// directory, and say so by EINVAL.
func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer d.Close()
	if err := d.Sync(); err != nil && !errors.Is(err, syscall.EINVAL) {
		return &fs.PathError{Op: "sync", Path: dir, Err: err}
	}
	return nil
}

// full says whether a write (no sync, whose failure may be about pages that were
// thought to be written) was refused because there is no space, or no quota.
// bbolt gives the write's own error; its sync's has no path.
func full(err error) bool {
	var at *fs.PathError
	return errors.As(err, &at) && at.Op == "write" && (at.Err == syscall.ENOSPC || at.Err == syscall.EDQUOT)
}
