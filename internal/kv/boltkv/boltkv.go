// Package boltkv is the kv engine that keeps a store in one file of bbolt: the
// default of a server that stands alone.
//
// It owns the file and its safety. The file is private to the user that runs
// the server, held by one process at a time, and read through once at Open,
// because bbolt's data pages carry no checksum: every record has one, and the
// sum of all of them stands beside the revision, so that a flipped bit, a lost
// page or a stale one is found at start and not by a user. Commits that arrive
// while the disk is busy share the next transaction and its sync. After a write
// or sync that failed the store accepts nothing more until a restart: what is
// on disk is then unknown, and a second sync that succeeds proves nothing. Only
// a write that a full disk refused, with the last commit still standing, is
// tried again with the next commit.
//
// What the bytes mean, and that they are sealed, is the directory's.
package boltkv

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"os"
	"path/filepath"
	"sync"
	"time"

	"go.etcd.io/bbolt"

	"github.com/deputy-sts/deputy/internal/kv"
)

// lockWait is how long Open waits for another process to let go of the file.
const lockWait = 500 * time.Millisecond

// ErrCorrupt says that the file is damaged or is no store of this version.
var ErrCorrupt = errors.New("boltkv: the store's file is damaged")

// Options of Open. The zero value is right for a server.
type Options struct {
	History      int  // changes remembered for Watch; 0: kv.DefaultHistory
	AcceptLoss   bool // open a file with one damaged meta page, at the state before the last commit
	AllowNetwork bool // open a file on a network file system, whose locks and syncs cannot be relied on
}

// Store is a kv.Store in a bbolt file. Use Open.
type Store struct {
	db   *bbolt.DB
	feed *kv.Feed
	done chan struct{} // closed when the committer has ended
	wake chan struct{} // holds a token while there is something in queue

	mu     sync.Mutex
	queue  []*request
	closed bool
	broken error // why nothing can be written any more

	state state // what the file stands at; the committer's own
}

// Open opens the store in the file at path, or makes an empty one with mode
// 0600 whatever the umask. It fails within a second when another process holds
// the file; when the file may be read by others, belongs to another user or is
// a symbolic link; when it lies on a network file system (see Options); and
// with ErrCorrupt when it is damaged. The whole file is read for that.
func Open(path string, opts Options) (*Store, error) {
	if name, ok := networkFS(filepath.Dir(path)); ok && !opts.AllowNetwork {
		return nil, fmt.Errorf("boltkv: %s lies on a network file system (%s), whose locks and syncs cannot be relied on; choose a local directory", path, name)
	}
	db, file, created, err := openFile(path)
	if err != nil {
		return nil, err
	}
	s := &Store{db: db, done: make(chan struct{}), wake: make(chan struct{}, 1)}
	err = guarded(func() error {
		if !opts.AcceptLoss {
			if err := checkMetas(file, db.Info().PageSize); err != nil {
				return err
			}
		}
		if err := prepare(db); err != nil {
			return err
		}
		s.state, err = verify(db, path)
		return err
	})
	if err == nil && created {
		err = syncDir(filepath.Dir(path))
	}
	if err != nil {
		closeGuarded(db) // what Open found is the error to tell
		return nil, fmt.Errorf("boltkv: %s: %w", path, err)
	}
	s.feed = kv.NewFeed(s.state.revision, opts.History)
	go s.run()
	return s, nil
}

// openFile opens the database and says whether it made the file, which is the
// database's to close.
func openFile(path string) (db *bbolt.DB, file *os.File, created bool, err error) {
	o := &bbolt.Options{
		Timeout:      lockWait,
		FreelistType: bbolt.FreelistMapType,
		NoStatistics: true,
		OpenFile: func(name string, flag int, _ os.FileMode) (f *os.File, err error) {
			f, created, err = openPrivate(name, flag)
			file = f
			return f, err
		},
	}
	err = guarded(func() (err error) {
		db, err = bbolt.Open(path, 0o600, o)
		return err
	})
	switch {
	case err == nil:
		return db, file, created, nil
	case file == nil: // openPrivate's errors say all
		return nil, nil, false, fmt.Errorf("boltkv: %w", err)
	}
	release(file)
	return nil, nil, false, fmt.Errorf("boltkv: %s: %w", path, explain(err))
}

// Load implements kv.Store. The records are copied out of the file at once: an
// iterator that kept a transaction open could stop the commits for ever.
func (s *Store) Load(ctx context.Context) (iter.Seq2[kv.Record, error], int64, error) {
	if err := errors.Join(ctx.Err(), s.usable()); err != nil {
		return nil, 0, err
	}
	var records []kv.Record
	var at state
	err := guarded(func() error {
		return s.db.View(func(tx *bbolt.Tx) (err error) {
			records, at, err = readAll(ctx, tx)
			return err
		})
	})
	if err != nil {
		return nil, 0, fmt.Errorf("boltkv: load: %w", explain(err))
	}
	return func(yield func(kv.Record, error) bool) {
		for _, r := range records {
			if err := ctx.Err(); err != nil {
				yield(kv.Record{}, err)
				return
			}
			if !yield(r, nil) {
				return
			}
		}
	}, at.revision, nil
}

// usable tells why the store cannot be read or written.
func (s *Store) usable() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.closed:
		return kv.ErrClosed
	case s.broken != nil:
		return s.broken
	}
	return nil
}

// Watch implements kv.Store. Changes of before Open are forgotten.
func (s *Store) Watch(ctx context.Context, after int64) iter.Seq2[kv.Change, error] {
	return s.feed.Watch(ctx, after)
}

// Close implements kv.Store. Commits that were handed over before are done.
func (s *Store) Close() error {
	s.mu.Lock()
	first := !s.closed
	s.closed = true
	s.mu.Unlock()
	s.signal()
	<-s.done
	if !first {
		return nil
	}
	s.feed.Close()
	return closeGuarded(s.db)
}
