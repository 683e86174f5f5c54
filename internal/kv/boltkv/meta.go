package boltkv

import (
	"encoding/binary"
	"fmt"
	"hash/fnv"
	"io"
)

// bbolt's meta pages are the first two; each commit overwrites the older one.
// Behind a page header they have eight numbers of 64 bits, the last an FNV-1a of
// the others.
const (
	metaAt   = 16
	metaSize = 64
	metaSum  = 56
)

// checkMetas fails when one of the two meta pages is damaged. bbolt then goes
// silently by the other, the state before the last commit, because a write
// that a power cut tore looks the same. But 64 bytes lie within one sector, and
// those are not torn, so an acknowledged commit was damaged later.
func checkMetas(file io.ReaderAt, pageSize int) error {
	for i := range 2 {
		var meta [metaSize]byte
		if _, err := file.ReadAt(meta[:], int64(i*pageSize+metaAt)); err != nil {
			return err
		}
		h := fnv.New64a()
		h.Write(meta[:metaSum])
		if h.Sum64() != binary.NativeEndian.Uint64(meta[metaSum:]) {
			return fmt.Errorf("%w: meta page %d, and with it perhaps the last commit; restore it from a backup", ErrCorrupt, i)
		}
	}
	return nil
}
