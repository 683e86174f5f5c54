package boltkv

import (
	"context"
	"errors"
	"fmt"
	"os"
	"runtime/debug"

	"go.etcd.io/bbolt"

	"github.com/deputy-sts/deputy/internal/kv"
)

// guarded runs f and turns what a damaged file makes of it into ErrCorrupt:
// bbolt panics on a page that is not what it should be, and touching a page
// behind the end of a cut file is a fault.
func guarded(f func() error) (err error) {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("%w: %v", ErrCorrupt, p)
		}
	}()
	return f()
}

func closeGuarded(db *bbolt.DB) error { return guarded(db.Close) }

// prepare makes the buckets of a new file, and refuses one that is not ours.
func prepare(db *bbolt.DB) error {
	empty := false
	err := db.View(func(tx *bbolt.Tx) error {
		k, _ := tx.Cursor().First()
		empty = k == nil
		if empty {
			return nil
		}
		meta := tx.Bucket(metaBucket)
		if meta == nil || tx.Bucket(recordsBucket) == nil {
			return errors.New("a bbolt file, but not a store of this program")
		}
		if f := meta.Get(formatKey); len(f) != 1 || f[0] != format {
			return fmt.Errorf("the store has the format %v, this program knows %d: use a newer one", f, format)
		}
		return nil
	})
	if err != nil || !empty {
		return err
	}
	return db.Update(func(tx *bbolt.Tx) error {
		if _, err := tx.CreateBucket(recordsBucket); err != nil {
			return err
		}
		meta, err := tx.CreateBucket(metaBucket)
		if err != nil {
			return err
		}
		if err := meta.Put(formatKey, []byte{format}); err != nil {
			return err
		}
		return meta.Put(stateKey, state{}.encode())
	})
}

// verify reads the whole file and says what it stands at.
func verify(db *bbolt.DB, path string) (st state, err error) {
	err = db.View(func(tx *bbolt.Tx) error {
		info, err := os.Stat(path)
		if err != nil {
			return err
		}
		if info.Size() < tx.Size() {
			return fmt.Errorf("%w: it has %d bytes and should have %d; restore it from a backup", ErrCorrupt, info.Size(), tx.Size())
		}
		if st, err = walk(tx, func(string, stored) error { return nil }); err != nil {
			return err
		}
		// Now that every page in use has been touched: the free pages.
		var first error
		for err := range tx.Check() {
			if first == nil {
				first = fmt.Errorf("%w: %w; restore it from a backup", ErrCorrupt, err)
			}
		}
		return first
	})
	return st, err
}

// walk visits all records in order, checking each and the sum of all. The
// visited bytes are valid only inside f.
func walk(tx *bbolt.Tx, f func(key string, b stored) error) (state, error) {
	want, ok := decodeState(tx.Bucket(metaBucket).Get(stateKey))
	if !ok {
		return state{}, fmt.Errorf("%w: its state record; restore it from a backup", ErrCorrupt)
	}
	got := state{revision: want.revision}
	last := ""
	err := tx.Bucket(recordsBucket).ForEach(func(k, b []byte) error {
		key := string(k)
		if !stored(b).valid(key) || key <= last || stored(b).revision() > want.revision {
			return fmt.Errorf("%w: record %q; restore it from a backup", ErrCorrupt, key)
		}
		last = key
		got.count++
		got.sum += stored(b).sum()
		return f(key, b)
	})
	if err == nil && got != want {
		err = fmt.Errorf("%w: %d records instead of %d, or other ones; restore it from a backup", ErrCorrupt, got.count, want.count)
	}
	return want, err
}

// readAll copies all records out of the file.
func readAll(ctx context.Context, tx *bbolt.Tx) ([]kv.Record, state, error) {
	var records []kv.Record
	at, err := walk(tx, func(key string, b stored) error {
		records = append(records, kv.Record{
			Key: key, Value: append([]byte{}, b.value()...), Revision: b.revision(),
		})
		return ctx.Err()
	})
	return records, at, err
}
