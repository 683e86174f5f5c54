package audit

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
)

// MaxLine is the length in bytes of the longest line that Append takes.
const MaxLine = 1 << 20

// Report is what a sound file holds.
type Report struct {
	Lines    int
	FirstSeq uint64
	LastSeq  uint64
	LastHash string // hex
	Lost     uint64 // events that the writer tells it could not write
}

// Head returns the report's last line as a Head.
func (r Report) Head() Head {
	h := Head{Seq: r.LastSeq}
	decodeHash(&h.Hash, []byte(r.LastHash))
	return h
}

// What is wrong with a chain.
const (
	Removed   = "removed"   // lines are missing before this one (or, at the end, after the last)
	Changed   = "changed"   // the line, or the one before it, is not what was written
	Reordered = "reordered" // the line stands elsewhere than it was written, or twice
	Torn      = "torn"      // the last line has no end
	Malformed = "malformed" // not a line of this file at all
)

// ChainError says where a chain breaks first.
type ChainError struct {
	Line   int    // from 1; one past the last when lines are missing at the end
	What   string // one of the constants above
	Detail string
}

func (e *ChainError) Error() string {
	return fmt.Sprintf("audit line %d: %s: %s", e.Line, e.What, e.Detail)
}

// Check verifies a chain, or a part of one.
type Check struct {
	After Head // the line before the first: of the file before, when it was rotated
	Holds Head // unless zero, this line must be in the file: finds lines cut from the end
}

// Verify checks a whole chain, from its first line on. The parts of a rotated
// file are read as one (io.MultiReader), oldest first. The error is a
// *ChainError or the reader's; the report tells of the sound lines before it.
func Verify(r io.Reader) (Report, error) { return Check{}.Verify(r) }

// Verify is the function Verify with the check's bounds.
func (c Check) Verify(r io.Reader) (Report, error) {
	v := verifier{check: c, head: c.After, held: c.Holds == Head{} || c.Holds == c.After}
	lines := lineReader{r: bufio.NewReaderSize(r, 64<<10)}
	for {
		line, err := lines.next()
		if err == io.EOF {
			return v.report, v.end()
		}
		if errors.Is(err, io.ErrUnexpectedEOF) {
			return v.report, &ChainError{v.report.Lines + 1, Torn, fmt.Sprintf("%d bytes without an end of line", len(line))}
		}
		if err != nil {
			return v.report, v.located(err)
		}
		if err := v.line(line, &lines); err != nil {
			return v.report, err
		}
	}
}

type verifier struct {
	check  Check
	report Report
	head   Head
	held   bool
}

func (v *verifier) line(line []byte, rest *lineReader) error {
	n := v.report.Lines + 1
	l, err := readLink(line)
	switch {
	case err != nil:
		return &ChainError{n, Malformed, err.Error()}
	case !l.true:
		return &ChainError{n, Changed, fmt.Sprintf("the hash of line %d of the chain is not that of its text", l.head.Seq)}
	case !json.Valid(line):
		return &ChainError{n, Malformed, "not JSON"}
	case l.head.Seq <= v.head.Seq:
		return &ChainError{n, Reordered, fmt.Sprintf("line %d of the chain stands after line %d", l.head.Seq, v.head.Seq)}
	case l.head.Seq > v.head.Seq+1:
		return v.gap(n, l.head.Seq, rest)
	case l.prev != v.head.Hash:
		return &ChainError{n, Changed, fmt.Sprintf("line %d of the chain was written after another line than the one before it", l.head.Seq)}
	}
	v.head = l.head
	v.held = v.held || l.head == v.check.Holds
	if n == 1 {
		v.report.FirstSeq = l.head.Seq
	}
	v.report.Lines, v.report.LastSeq, v.report.LastHash = n, l.head.Seq, fmt.Sprintf("%x", l.head.Hash)
	v.report.Lost += l.lost
	return nil
}

// gap tells a line that stands further down from one that is gone.
func (v *verifier) gap(n int, seq uint64, rest *lineReader) error {
	want := v.head.Seq + 1
	for {
		line, err := rest.next()
		if err != nil {
			return &ChainError{n, Removed, fmt.Sprintf("lines %d to %d of the chain are missing", want, seq-1)}
		}
		if l, err := readLink(line); err == nil && l.head.Seq == want {
			return &ChainError{n, Reordered, fmt.Sprintf("line %d of the chain stands before line %d", seq, want)}
		}
	}
}

func (v *verifier) end() error {
	if v.held {
		return nil
	}
	what := Removed
	if v.head.Seq >= v.check.Holds.Seq {
		what = Changed
	}
	return &ChainError{v.report.Lines + 1, what, fmt.Sprintf("the file ends at line %d of the chain and does not hold %s", v.head.Seq, v.check.Holds)}
}

func (v *verifier) located(err error) error {
	if err == errLongLine {
		return &ChainError{v.report.Lines + 1, Malformed, err.Error()}
	}
	return fmt.Errorf("audit line %d: %w", v.report.Lines+1, err)
}

var errLongLine = errors.New("longer than any line that is written")

// lineReader reads lines without keeping more than one.
type lineReader struct {
	r   *bufio.Reader
	buf []byte
}

// next returns a line without its newline, good until the next call. It is
// io.EOF after the last and io.ErrUnexpectedEOF for a last line without newline.
func (l *lineReader) next() ([]byte, error) {
	l.buf = l.buf[:0]
	for {
		part, err := l.r.ReadSlice('\n')
		l.buf = append(l.buf, part...)
		switch {
		case err == nil:
			return l.buf[:len(l.buf)-1], nil
		case err == io.EOF && len(l.buf) > 0:
			return l.buf, io.ErrUnexpectedEOF
		case err != bufio.ErrBufferFull:
			return nil, err
		case len(l.buf) > MaxLine+1024:
			return nil, errLongLine
		}
	}
}
