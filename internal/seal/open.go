package seal

import (
	"encoding/binary"
	"sync/atomic"
)

// Open decrypts what Seal made for the same purpose and aad. It fails with
// ErrUnknownKey or ErrCorrupt.
func (r *Ring) Open(purpose string, aad, sealed []byte) ([]byte, error) {
	return r.AppendOpen(nil, purpose, aad, sealed)
}

// AppendOpen appends what Open returns to dst, which must not overlap sealed.
func (r *Ring) AppendOpen(dst []byte, purpose string, aad, sealed []byte) ([]byte, error) {
	if len(sealed) < Overhead || sealed[0] != version {
		return nil, ErrCorrupt
	}
	header := sealed[:headerSize]
	k := r.opened.find(header, purpose)
	fresh := k == nil
	if fresh {
		root, err := r.key(header[1:saltAt])
		if err != nil {
			return nil, err
		}
		if k, err = deriveSubkey(root, header[saltAt:], purpose); err != nil {
			return nil, err
		}
	}
	bound := boundTo(header, purpose, aad)
	text, err := k.aead.Open(dst, sealed[headerSize:textAt], sealed[textAt:], *bound)
	bounds.Put(bound)
	if err != nil {
		return nil, ErrCorrupt
	}
	if fresh {
		// Only what opened is kept: whoever makes up salts fills nothing.
		r.opened.keep(k, purpose)
	}
	return text, nil
}

const (
	openedSets = 512
	openedWays = 4
)

// opened keeps the subkeys that opened something: a table of 512 sets of 4, found
// by their random salt, read and written without a lock. A full set loses one
// of its subkeys, which costs its next user a derivation (about 2 µs).
type opened struct {
	slots [openedSets][openedWays]atomic.Pointer[openedKey]
	next  atomic.Uint32
}

type openedKey struct {
	purpose string
	*subkey
}

func (o *opened) set(header []byte) *[openedWays]atomic.Pointer[openedKey] {
	return &o.slots[binary.LittleEndian.Uint16(header[saltAt:])%openedSets]
}

func (o *opened) find(header []byte, purpose string) *subkey {
	set := o.set(header)
	for i := range set {
		k := set[i].Load()
		if k != nil && string(k.header[:]) == string(header) && k.purpose == purpose {
			return k.subkey
		}
	}
	return nil
}

func (o *opened) keep(k *subkey, purpose string) {
	e := &openedKey{purpose: purpose, subkey: k}
	set := o.set(k.header[:])
	for i := range set {
		if set[i].Load() == nil && set[i].CompareAndSwap(nil, e) {
			return
		}
	}
	set[o.next.Add(1)%openedWays].Store(e)
}
