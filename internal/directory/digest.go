package directory

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"math/bits"
)

// digest is a number of 128 bits. The sum of the digests of all records is the
// same in whatever order they came, and a change of one record changes it by a
// subtraction and an addition: nodes that have applied the same commits have the
// same sum. It finds faults, not forgers: those meet the seals of the records.
type digest struct{ hi, lo uint64 }

func digestOf(key string, plain []byte) digest {
	h := sha256.New()
	var n [8]byte
	binary.BigEndian.PutUint64(n[:], uint64(len(key)))
	h.Write(n[:])
	h.Write([]byte(key))
	h.Write(plain)
	var out [sha256.Size]byte
	h.Sum(out[:0])
	return digest{binary.BigEndian.Uint64(out[:8]), binary.BigEndian.Uint64(out[8:16])}
}

func (d *digest) add(o digest) {
	var carry uint64
	d.lo, carry = bits.Add64(d.lo, o.lo, 0)
	d.hi, _ = bits.Add64(d.hi, o.hi, carry)
}

func (d *digest) sub(o digest) {
	var borrow uint64
	d.lo, borrow = bits.Sub64(d.lo, o.lo, 0)
	d.hi, _ = bits.Sub64(d.hi, o.hi, borrow)
}

// String is 32 hex digits.
func (d digest) String() string {
	var b [16]byte
	binary.BigEndian.PutUint64(b[:8], d.hi)
	binary.BigEndian.PutUint64(b[8:], d.lo)
	return hex.EncodeToString(b[:])
}
