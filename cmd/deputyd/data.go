package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/deputy-sts/deputy/internal/cli"
	"github.com/deputy-sts/deputy/internal/kv"
	"github.com/deputy-sts/deputy/internal/kv/boltkv"
	"github.com/deputy-sts/deputy/internal/seal"
)

// dataDir is where a server keeps its state.
type dataDir struct {
	path    string
	rootKey string // "" is root.key in path
	options boltkv.Options
}

func (d dataDir) store() string  { return filepath.Join(d.path, "deputy.db") }
func (d dataDir) audit() string  { return filepath.Join(d.path, "audit.log") }
func (d dataDir) socket() string { return filepath.Join(d.path, "admin.sock") }

func (d dataDir) key() string {
	if d.rootKey != "" {
		return d.rootKey
	}
	return filepath.Join(d.path, "root.key")
}

// open makes the directory and the root key when there is no store yet, and
// opens both. Over an existing store no key is ever made: a missing one is told
// by the directory, which knows the key id that the store wants.
func (d dataDir) open() (kv.Store, *seal.Ring, error) {
	if err := os.MkdirAll(d.path, 0o700); err != nil {
		return nil, nil, fmt.Errorf("--data %s: %w", d.path, err)
	}
	ring, err := d.ring()
	if err != nil {
		return nil, nil, err
	}
	store, err := boltkv.Open(d.store(), d.options)
	if err != nil {
		if errors.Is(err, boltkv.ErrCorrupt) {
			err = cli.Hint(err, "--store-accept-loss opens a store whose newest commit alone is damaged, at the state before it")
		}
		return nil, nil, fmt.Errorf("--data %s: %w", d.path, err)
	}
	return store, ring, nil
}

func (d dataDir) ring() (*seal.Ring, error) {
	_, err := os.Stat(d.store())
	if errors.Is(err, fs.ErrNotExist) {
		ring, _, err := seal.LoadOrCreate(d.key())
		return ring, rootKeyError(d.key(), err)
	}
	ring, err := seal.Load(d.key())
	if errors.Is(err, fs.ErrNotExist) {
		// Any key will do to read which one the store wants, and to say so.
		stranger, err := seal.NewKey()
		if err != nil {
			return nil, err
		}
		return seal.NewRing(stranger)
	}
	return ring, rootKeyError(d.key(), err)
}

// explain says of a root key that does not open the store what to do.
func (d dataDir) explain(err error) error {
	var unknown seal.ErrUnknownKey
	if !errors.As(err, &unknown) {
		return err
	}
	return cli.Hint(fmt.Errorf("--data %s: the store needs the root key %s, which is not in %s", d.path, unknown.KeyID, d.key()),
		"put the root key's file back, or name it by --root-key; without it nothing in the store can be read")
}

func rootKeyError(path string, err error) error {
	if err == nil {
		return nil
	}
	return cli.Hint(fmt.Errorf("root key %s: %w", path, err), "the root key is a file of mode 0600 that you own; --root-key names another")
}
