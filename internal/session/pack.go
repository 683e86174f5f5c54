package session

import (
	"bytes"
	"compress/flate"
	"encoding/base64"
	"encoding/binary"
	"io"
	"strings"
	"sync"

	"github.com/deputy-sts/deputy/internal/seal"
)

// What is sealed begins with a byte that says how the claims lie in it. Zeros
// may follow in each case: they pad the token.
const (
	bodyPlain    = 1 // the claims; a zero in place of a field's number ends them
	bodyDeflated = 2 // their size when inflated (uvarint), the claims deflated (RFC 1951); no longer made
	bodyPrimed   = 3 // as bodyDeflated, with the dictionary as what came before
)

const (
	// maxBody is how many bytes fit in a token once sealed: of 4,096 characters of base64.
	maxBody = MaxTokenSize/4*3 - seal.Overhead

	// maxInflated bounds the claims that a compressed token may hold, so that a
	// token of 4 KiB never costs more than 64 KiB to open: 43 KiB are flate's own.
	// Policies and tags that compress to a token seldom have more.
	maxInflated = 8 << 10

	// maxPairs and maxNames bound the lists in the claims, for the same reason:
	// tags with context keys (50 tags are allowed), and transitive keys with
	// policy ARNs (50 and 10 are).
	maxPairs = 96
	maxNames = 64
)

// percent of a whole, rounded up.
func percent(n, of int) int { return (100*n + of - 1) / of }

// fit makes of s.body (bodyPlain and the claims) what is sealed: compressed
// when it would not fit otherwise, and padded so that the token has at least
// minSize characters.
func (s *scratch) fit(minSize int) error {
	if len(s.body) > maxBody {
		if err := s.deflate(); err != nil {
			return err
		}
	}
	least := (minSize+3)/4*3 - seal.Overhead // makes a text of minSize characters, or up to 3 more
	if missing := least - len(s.body); missing > 0 {
		s.body = append(s.body, make([]byte, missing)...)
	}
	return nil
}

// deflaters compress at the usual level; the fastest makes no use of a dictionary.
var deflaters = sync.Pool{New: func() any {
	w, err := flate.NewWriterDict(io.Discard, flate.DefaultCompression, []byte(dictionary))
	if err != nil {
		panic(err) // the level is a constant of the same package
	}
	return w
}}

func (s *scratch) deflate() error {
	claims := s.body[1:]
	var out bytes.Buffer
	out.WriteByte(bodyPrimed)
	out.Write(binary.AppendUvarint(nil, uint64(len(claims))))
	w := deflaters.Get().(*flate.Writer)
	defer deflaters.Put(w)
	w.Reset(&out)
	if _, err := w.Write(claims); err != nil {
		return err
	}
	if err := w.Close(); err != nil {
		return err
	}
	text := base64.StdEncoding.EncodedLen(out.Len() + seal.Overhead)
	if part := max(percent(text, MaxTokenSize), percent(len(claims), maxInflated)); part > 100 {
		return ErrTooLarge{Percent: part}
	}
	s.body = append(s.body[:0], out.Bytes()...)
	return nil
}

// unpack gives the claims that lie in s.body.
func (s *scratch) unpack() (string, bool) {
	if len(s.body) == 0 {
		return "", false
	}
	switch rest := s.body[1:]; s.body[0] {
	case bodyPlain:
		return string(rest), true
	case bodyDeflated, bodyPrimed:
		n, used := binary.Uvarint(rest)
		if used <= 0 || n > maxInflated {
			return "", false
		}
		var before []byte
		if s.body[0] == bodyPrimed {
			before = []byte(dictionary)
		}
		return inflate(rest[used:], int(n), before)
	}
	return "", false
}

type inflater struct {
	in    bytes.Reader
	flate io.ReadCloser
	chunk [512]byte
}

var inflaters = sync.Pool{New: func() any {
	i := &inflater{}
	i.flate = flate.NewReader(&i.in)
	return i
}}

// inflate gives exactly size bytes, all that deflated holds but for zeros behind.
func inflate(deflated []byte, size int, before []byte) (string, bool) {
	i := inflaters.Get().(*inflater)
	defer inflaters.Put(i)
	i.in.Reset(deflated)
	if i.flate.(flate.Resetter).Reset(&i.in, before) != nil {
		return "", false
	}
	var out strings.Builder
	out.Grow(size)
	for {
		n, err := i.flate.Read(i.chunk[:])
		if out.Len()+n > size {
			return "", false
		}
		out.Write(i.chunk[:n])
		if err == io.EOF {
			return out.String(), out.Len() == size && zeros(deflated[len(deflated)-i.in.Len():])
		}
		if err != nil {
			return "", false
		}
	}
}

func zeros[T string | []byte](s T) bool {
	for i := range len(s) {
		if s[i] != 0 {
			return false
		}
	}
	return true
}
