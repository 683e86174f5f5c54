package main

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// trailNote names the file that says where a server keeps its trail when that is
// not DIR/audit.log, so that a change made while it does not run is recorded in
// the same one.
func (d dataDir) trailNote() string { return filepath.Join(d.path, "audit.path") }

// keepTrail notes where the trail is, or that it is in its usual place.
func (d dataDir) keepTrail(path string) error {
	if path == d.audit() {
		if err := os.Remove(d.trailNote()); !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		return nil
	}
	path, err := filepath.Abs(path)
	if err != nil {
		return err
	}
	if old, err := d.trail(); err == nil && old == path {
		return nil
	}
	f, err := os.CreateTemp(d.path, "audit.path.*") // mode 0600
	if err != nil {
		return err
	}
	_, err = f.WriteString(path + "\n")
	if err = errors.Join(err, f.Sync(), f.Close()); err == nil {
		err = os.Rename(f.Name(), d.trailNote())
	}
	if err != nil {
		os.Remove(f.Name())
	}
	return err
}

// trail is where the last server kept its trail.
func (d dataDir) trail() (string, error) {
	note, err := os.ReadFile(d.trailNote())
	if errors.Is(err, fs.ErrNotExist) {
		return d.audit(), nil
	}
	if err != nil {
		return "", err
	}
	path := strings.TrimSuffix(string(note), "\n")
	if !filepath.IsAbs(path) {
		return "", errors.New(d.trailNote() + " does not hold the path of the audit trail; --audit-path names it")
	}
	return path, nil
}
