package boltkv

import (
	"encoding/binary"
	"hash/crc64"
)

// The file has two buckets. "records" holds the records, each as
//
//	revision (8 bytes) | CRC-64 of key, revision and value (8) | value
//
// and "meta" holds "format" (the version, one byte) and "state":
//
//	revision (8) | number of records (8) | sum of their CRCs (8) | CRC-64 of these (8)
//
// Numbers are big-endian. The CRCs find accidents, not attacks: values are
// sealed above.
var (
	recordsBucket = []byte("records")
	metaBucket    = []byte("meta")
	formatKey     = []byte("format")
	stateKey      = []byte("state")
)

const (
	format      = 1
	storedHead  = 16
	encodedSize = 32
)

var crcTable = crc64.MakeTable(crc64.ECMA)

// state is what the whole store stands at.
type state struct {
	revision   int64
	count, sum uint64
}

func (st state) encode() []byte {
	b := make([]byte, 0, encodedSize)
	b = binary.BigEndian.AppendUint64(b, uint64(st.revision))
	b = binary.BigEndian.AppendUint64(b, st.count)
	b = binary.BigEndian.AppendUint64(b, st.sum)
	return binary.BigEndian.AppendUint64(b, crc64.Checksum(b, crcTable))
}

func decodeState(b []byte) (state, bool) {
	if len(b) != encodedSize || binary.BigEndian.Uint64(b[24:]) != crc64.Checksum(b[:24], crcTable) {
		return state{}, false
	}
	return state{
		revision: int64(binary.BigEndian.Uint64(b)),
		count:    binary.BigEndian.Uint64(b[8:]),
		sum:      binary.BigEndian.Uint64(b[16:]),
	}, true
}

// stored is a record as it lies in the file.
type stored []byte

func newStored(key string, revision int64, value []byte) stored {
	b := make(stored, storedHead, storedHead+len(value))
	binary.BigEndian.PutUint64(b, uint64(revision))
	b = append(b, value...)
	binary.BigEndian.PutUint64(b[8:], b.checksum(key))
	return b
}

func (b stored) revision() int64 { return int64(binary.BigEndian.Uint64(b)) }
func (b stored) value() []byte   { return b[storedHead:] }

// sum is the checksum as it stands in the record; 0 when there is no room for one.
func (b stored) sum() uint64 {
	if len(b) < storedHead {
		return 0
	}
	return binary.BigEndian.Uint64(b[8:])
}

func (b stored) valid(key string) bool {
	return len(b) >= storedHead && b.revision() > 0 && b.sum() == b.checksum(key)
}

func (b stored) checksum(key string) uint64 {
	crc := crc64.Update(0, crcTable, []byte(key))
	crc = crc64.Update(crc, crcTable, b[:8])
	return crc64.Update(crc, crcTable, b[storedHead:])
}
