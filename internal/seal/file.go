package seal

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"
)

const (
	fileHead  = "deputy root keys v1"
	fileLimit = 64 << 10 // bytes; a key takes 58

	fileNotice = `# Whoever has this file can open every secret in the store and make sessions of
# every role; without it the store cannot be read. Keep a copy apart from the
# backups of the data. The first key seals, all of them open.
`
)

// LoadOrCreate reads the key file at path or, if there is none, makes one with
// a new key; created tells which. An existing file is never altered. The file
// has mode 0600 whatever the umask and is on disk when the call returns.
// Errors are as for Load.
func LoadOrCreate(path string) (r *Ring, created bool, err error) {
	if r, err = Load(path); !errors.Is(err, fs.ErrNotExist) {
		removeLeftovers(filepath.Dir(path))
		return r, false, err
	}
	k, err := NewKey()
	if err != nil {
		return nil, false, err
	}
	switch err := create(path, fileHead+"\n"+fileNotice+k.line()+"\n"); {
	case errors.Is(err, fs.ErrExist): // another process was faster
		r, err = Load(path)
		return r, false, err
	case err != nil:
		return nil, false, fmt.Errorf("seal: cannot make the root key file %s: %w", path, err)
	}
	removeLeftovers(filepath.Dir(path))
	r, err = Load(path)
	return r, err == nil, err
}

// leftoverAge is when a half-made key file can't be another process's any more.
const leftoverAge = time.Minute

// removeLeftovers removes what a process killed in create has left: it may be a
// copy of a key.
func removeLeftovers(dir string) {
	names, _ := filepath.Glob(filepath.Join(dir, temporary))
	for _, name := range names {
		if info, err := os.Lstat(name); err == nil && time.Since(info.ModTime()) > leftoverAge {
			os.Remove(name)
		}
	}
}

// temporary is the pattern of the names under which key files are made.
const temporary = ".root-key-*"

// create writes a file that appears under its name only when it is complete.
func create(path, text string) error {
	dir := filepath.Dir(path)
	f, err := os.CreateTemp(dir, temporary) // O_EXCL, mode 0600 less the umask
	if err != nil {
		return err
	}
	defer os.Remove(f.Name())
	defer f.Close()
	if err := f.Chmod(0o600); err != nil && !errors.Is(err, errors.ErrUnsupported) {
		return err
	}
	if _, err := io.WriteString(f, text); err != nil {
		return err
	}
	if err := f.Sync(); err != nil {
		return err
	}
	if err := f.Close(); err != nil {
		return err
	}
	// A link, unlike a rename, fails when the name is taken.
	if err := os.Link(f.Name(), path); err != nil {
		return err
	}
	return syncDir(dir)
}

// Load reads the key file at path. It refuses a file that others than its owner
// may read or write, that belongs to another user, or that is no regular file
// (a symbolic link included); the error says what to do. A missing file is
// fs.ErrNotExist.
//
// The file is text: the line "deputy root keys v1", then a line "key ID BASE64"
// for each key, the current one first. Empty lines and lines that begin with #
// are skipped.
func Load(path string) (*Ring, error) {
	f, err := openPrivate(path)
	if err != nil {
		return nil, fmt.Errorf("seal: root key file: %w", err)
	}
	defer f.Close()
	keys, err := parse(io.LimitReader(f, fileLimit))
	if err != nil {
		return nil, fmt.Errorf("seal: root key file %s: %w", path, err)
	}
	return NewRing(keys[0], keys[1:]...)
}

func parse(r io.Reader) ([]Key, error) {
	var keys []Key
	lines := bufio.NewScanner(r)
	head := false
	for n := 1; lines.Scan(); n++ {
		line := strings.TrimSpace(lines.Text())
		switch {
		case line == "" || strings.HasPrefix(line, "#"):
		case !head:
			if line != fileHead {
				return nil, fmt.Errorf("line %d is not %q: not a root key file, or one of a newer version", n, fileHead)
			}
			head = true
		default:
			k, err := parseLine(line)
			if err != nil {
				return nil, fmt.Errorf("line %d: %w", n, err)
			}
			keys = append(keys, k)
		}
	}
	if err := lines.Err(); err != nil {
		return nil, err
	}
	if len(keys) == 0 {
		return nil, errors.New("it holds no key; restore it from a copy")
	}
	return keys, nil
}
