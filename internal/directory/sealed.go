package directory

import (
	"errors"
	"fmt"
	"strconv"

	"github.com/deputy-sts/deputy/internal/kv"
	"github.com/deputy-sts/deputy/internal/seal"
)

// schema is the version of the form that records are written in. It is the first
// byte of a value in the store, and part of what the seal binds. A version that
// an older program could not read raises it; new fields alone do not.
const schema = 1

// ErrNewer says that a newer version of the program has written the store.
var ErrNewer = errors.New("the store was written by a newer version of deputyd")

func associated(key string, version byte) []byte {
	b := make([]byte, 0, len(key)+4)
	b = append(append(b, key...), 0)
	return strconv.AppendUint(b, uint64(version), 10)
}

func sealValue(ring *seal.Ring, key string, plain []byte) []byte {
	value := make([]byte, 1, 1+len(plain)+seal.Overhead)
	value[0] = schema
	return ring.AppendSeal(value, seal.Record, associated(key, schema), plain)
}

func openValue(ring *seal.Ring, key string, value []byte) ([]byte, error) {
	if len(value) == 0 {
		return nil, fmt.Errorf("directory: record %q is empty", key)
	}
	if value[0] > schema {
		return nil, fmt.Errorf("directory: %w: record %q has form %d, this version knows %d; start the newer version",
			ErrNewer, key, value[0], schema)
	}
	if key == keyCanary {
		return nil, ring.CheckCanary(value[1:])
	}
	plain, err := ring.Open(seal.Record, associated(key, value[0]), value[1:])
	if err != nil {
		return nil, fmt.Errorf("directory: record %q does not open (altered, swapped, or sealed with another root key): %w", key, err)
	}
	return plain, nil
}

// stamp adds the records that mark the store as ours to the first commit of all.
func (d *Directory) stamp(v *View, checks []kv.Check, ops []kv.Op) ([]kv.Check, []kv.Op) {
	if _, done := v.small.Get(keyCanary); done {
		return checks, ops
	}
	checks = append(checks, kv.Check{Key: keyCanary}, kv.Check{Key: keySchema})
	return checks, append(ops,
		kv.Op{Key: keyCanary, Value: append([]byte{schema}, d.ring.NewCanary()...)},
		kv.Op{Key: keySchema, Value: sealValue(d.ring, keySchema, []byte(strconv.Itoa(schema)))})
}

// vet looks at the marks of a store that is not empty; marks has their values by
// key. A wrong root key or a newer store is told as such.
func (d *Directory) vet(marks map[string][]byte) error {
	mark, ok := marks[keySchema]
	bird, sealed := marks[keyCanary]
	if !ok || !sealed {
		return fmt.Errorf("directory: the store holds records, but not %s and %s: it is not one of deputyd's, or it was damaged", keySchema, keyCanary)
	}
	if len(mark) > 0 && mark[0] > schema {
		return fmt.Errorf("directory: %w: its form is %d, this version knows %d; start the newer version", ErrNewer, mark[0], schema)
	}
	if _, err := openValue(d.ring, keyCanary, bird); err != nil {
		return fmt.Errorf("directory: the root key does not fit this store: %w", err)
	}
	_, err := openValue(d.ring, keySchema, mark)
	return err
}
