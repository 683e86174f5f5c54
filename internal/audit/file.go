package audit

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"
	"time"
)

// file is the audit file as the leader sees it, whose alone it is: always at
// the end of a line. Only sync and the handle are shared with the keeper.
type file struct {
	path    string
	now     func() time.Time
	regular bool
	size    int64
	checked time.Time // when the path was last seen to be this file
	broken  bool      // part of a line could not be taken back

	mu sync.Mutex
	f  *os.File
}

// tail is what the end of a file says.
type tail struct {
	head Head
	ids  [][]byte
	torn int64
}

// tailWindow is how much of the end of a file is read at open.
const tailWindow = 4 << 20

func openFile(path string, now func() time.Time) (*file, tail, error) {
	f := &file{path: path, now: now, checked: now()}
	t, err := f.open()
	if err != nil {
		return nil, tail{}, fmt.Errorf("audit: %w", err)
	}
	return f, t, nil
}

func (f *file) open() (t tail, err error) {
	h, err := os.OpenFile(f.path, os.O_RDWR|os.O_APPEND|os.O_CREATE, 0o600)
	if err != nil {
		return t, err
	}
	defer func() {
		if err != nil {
			h.Close()
		}
	}()
	info, err := h.Stat()
	if err != nil {
		return t, err
	}
	f.f, f.regular, f.size = h, info.Mode().IsRegular(), 0
	if !f.regular {
		return t, nil
	}
	if err := lock(h); err != nil {
		return t, fmt.Errorf("%s: another process writes it: %w", f.path, err)
	}
	if info.Size() == 0 {
		// It may be new, here or in the place of one that was renamed.
		if err := syncDir(f.path); err != nil {
			return t, fmt.Errorf("the directory of %s: %w", f.path, err)
		}
	}
	t, err = readTail(h, info.Size())
	if err != nil {
		return t, fmt.Errorf("%s: %w", f.path, err)
	}
	f.size = info.Size() - t.torn
	if t.torn > 0 {
		err = h.Truncate(f.size)
	}
	return t, err
}

var errForeign = errors.New("its end is not a line of this audit: move the file away, or name another")

// readTail finds the last whole line, which must be sound, and what follows it.
func readTail(r io.ReaderAt, size int64) (tail, error) {
	window := make([]byte, min(size, tailWindow))
	if _, err := r.ReadAt(window, size-int64(len(window))); err != nil && err != io.EOF {
		return tail{}, err
	}
	end := bytes.LastIndexByte(window, '\n') + 1
	t := tail{torn: int64(len(window) - end)}
	if end == 0 {
		if t.torn > 0 && (t.torn < size || window[0] != '{' && window[0] != 0) {
			return tail{}, errForeign
		}
		return t, nil
	}
	whole := window[:end-1]
	start := bytes.LastIndexByte(whole, '\n') + 1
	if start == 0 && int64(len(window)) < size {
		return tail{}, errForeign
	}
	last, err := readLink(whole[start:])
	if err != nil || !last.true {
		return tail{}, errForeign
	}
	t.head = last.head
	for line := range bytes.SplitSeq(whole, []byte{'\n'}) {
		if id := eventID(line); len(id) > 0 {
			t.ids = append(t.ids, id)
		}
	}
	return t, nil
}

// append writes whole lines, or none.
func (f *file) append(lines []byte) error {
	if err := f.follow(); err != nil {
		return err
	}
	n, err := f.f.Write(lines)
	if err == nil {
		f.size += int64(n)
		return nil
	}
	return f.takeBack(n, err)
}

// takeBack cuts off what was written of lines that could not be written whole.
func (f *file) takeBack(n int, cause error) error {
	if n == 0 && !f.regular {
		return cause
	}
	if !f.regular {
		f.broken = true
		return cause
	}
	if err := f.f.Truncate(f.size); err != nil {
		f.broken = true
		return errors.Join(cause, err)
	}
	return cause
}

// try tells whether lines could be written now, by writing blanks and taking
// them back. Of what is not a regular file only the next line can tell.
func (f *file) try() error {
	if f.broken {
		return errors.New("the file holds a part of a line")
	}
	f.checked = time.Time{}
	if err := f.follow(); err != nil || !f.regular {
		return err
	}
	n, err := f.f.Write(bytes.Repeat([]byte{' '}, 4096))
	if err == nil && n > 0 {
		return f.takeBack(n, nil)
	}
	return f.takeBack(n, err)
}

// follow looks, once a second, whether the path still names this file, and
// goes on in a new one when it was renamed or removed.
func (f *file) follow() error {
	if !f.regular || f.now().Sub(f.checked) < time.Second {
		return nil
	}
	old, err := f.f.Stat()
	if err != nil {
		return err
	}
	now, err := os.Stat(f.path)
	if err == nil && os.SameFile(old, now) {
		f.checked = f.now()
		return nil
	}
	if err == nil && now.Size() > 0 {
		return fmt.Errorf("%s was replaced by another file", f.path)
	}
	return f.reopen()
}

// reopen leaves the renamed file, synced, for an empty one at the path.
func (f *file) reopen() error {
	if err := f.f.Sync(); err != nil {
		f.broken = true
		return err
	}
	next := &file{path: f.path}
	if _, err := next.open(); err != nil {
		return err
	}
	if next.size > 0 {
		next.close()
		return fmt.Errorf("%s was replaced by another file", f.path)
	}
	f.mu.Lock()
	old := f.f
	f.f, f.regular, f.size, f.checked = next.f, next.regular, next.size, f.now()
	f.mu.Unlock()
	return old.Close()
}

// sync syncs what was written before the call. A file left meanwhile was
// synced by reopen.
func (f *file) sync() error {
	f.mu.Lock()
	h, regular := f.f, f.regular
	f.mu.Unlock()
	if !regular {
		return nil
	}
	err := h.Sync()
	if errors.Is(err, os.ErrClosed) {
		return nil
	}
	return err
}

func (f *file) close() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.f.Close()
}
