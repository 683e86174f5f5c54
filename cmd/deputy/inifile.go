package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// loadINI reads a file of settings; one that does not exist is empty.
func loadINI(path string) (*iniFile, error) {
	data, err := readSettings(path)
	if errors.Is(err, fs.ErrNotExist) {
		return &iniFile{path: path}, nil
	}
	if err != nil {
		return nil, misconfigured(err, "name another file in AWS_CONFIG_FILE or AWS_SHARED_CREDENTIALS_FILE")
	}
	return readINI(path, data)
}

// readSettings reads a regular file, and nothing that would wait or never end.
func readSettings(path string) ([]byte, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%s: not a regular file", path)
	}
	return readBounded(path)
}

// editINI changes one setting of a file: under a lock, by a new file that takes
// the old one's place, so that no reader sees half of it. A link stays a link,
// the mode stays the mode; what must be made is the user's alone (0600, 0700).
func editINI(path string, c change) error {
	if err := c.valid(); err != nil {
		return err
	}
	path, err := throughLinks(path)
	if err != nil {
		return err
	}
	dir := filepath.Dir(path)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	unlock, err := lockDir(dir)
	if err != nil {
		return err
	}
	defer unlock()
	before, err := readSettings(path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	after, err := c.apply(before)
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	return replaceFile(path, after)
}

// throughLinks follows symbolic links to the file that is meant, which need not exist.
func throughLinks(path string) (string, error) {
	for range 40 {
		target, err := os.Readlink(path)
		if err != nil { // no link, or nothing there
			return path, nil
		}
		if !filepath.IsAbs(target) {
			target = filepath.Join(filepath.Dir(path), target)
		}
		path = target
	}
	return "", fmt.Errorf("%s: too many links", path)
}

func replaceFile(path string, data []byte) (err error) {
	f, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+"-*")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			os.Remove(f.Name())
		}
	}()
	if info, statErr := os.Stat(path); statErr == nil {
		keepOwner(f.Name(), info)
		if err := f.Chmod(info.Mode().Perm()); err != nil {
			return errors.Join(err, f.Close())
		}
	}
	_, err = f.Write(data)
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	return os.Rename(f.Name(), path)
}
