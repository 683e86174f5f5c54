package seal

import (
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
)

// ErrCorrupt says that a text was not sealed by a key of the ring for this
// purpose and associated data, or was altered since.
var ErrCorrupt = errors.New("seal: the sealed text is damaged, or was sealed for something else")

// ErrUnknownKey says that a text names a root key that the ring does not hold.
// Match it with errors.As or, whatever the key, errors.Is(err, ErrUnknownKey{}).
type ErrUnknownKey struct{ KeyID string }

func (e ErrUnknownKey) Error() string {
	return "seal: sealed under the root key " + e.KeyID + ", which is missing"
}

// Is matches any ErrUnknownKey when target names no key.
func (e ErrUnknownKey) Is(target error) bool {
	t, ok := target.(ErrUnknownKey)
	return ok && (t.KeyID == "" || t == e)
}

// Ring holds root keys: the current one seals, all of them open. It is safe for
// use by many goroutines, and none of them waits for another but when a salt is
// renewed.
type Ring struct {
	keys    []Key // the current one first
	opened  opened
	mu      sync.Mutex // guards additions to sealers
	sealers atomic.Pointer[map[string]*sealer]
}

// NewRing makes a ring that seals with current and opens with all.
func NewRing(current Key, others ...Key) (*Ring, error) {
	r := &Ring{keys: append([]Key{current}, others...)}
	for i, k := range r.keys {
		if k == (Key{}) {
			return nil, errors.New("seal: an empty key")
		}
		if slices.ContainsFunc(r.keys[:i], func(o Key) bool { return o.id == k.id }) {
			return nil, fmt.Errorf("seal: two keys with the id %s", k.ID())
		}
	}
	r.sealers.Store(&map[string]*sealer{})
	return r, nil
}

// KeyID is the id of the key that seals.
func (r *Ring) KeyID() string { return r.keys[0].ID() }

// KeyIDs are the ids of all keys, the current one first.
func (r *Ring) KeyIDs() []string {
	ids := make([]string, len(r.keys))
	for i, k := range r.keys {
		ids[i] = k.ID()
	}
	return ids
}

// String names the keys' ids.
func (r *Ring) String() string { return fmt.Sprintf("key ring %v", r.KeyIDs()) }

// GoString is String: %#v must not show keys.
func (r *Ring) GoString() string { return r.String() }

func (r *Ring) key(id []byte) (*Key, error) {
	for i := range r.keys {
		if string(r.keys[i].id[:]) == string(id) {
			return &r.keys[i], nil
		}
	}
	return nil, ErrUnknownKey{hex.EncodeToString(id)}
}

var canary = []byte("this opens under the store's root key")

// NewCanary seals a known text. Stored beside the data, it tells at the next
// start whether the ring is the data's.
func (r *Ring) NewCanary() []byte { return r.Seal(Canary, nil, canary) }

// CheckCanary tells whether the ring holds the key of a text made by NewCanary:
// nil, an ErrUnknownKey with the id of the missing key, or ErrCorrupt.
func (r *Ring) CheckCanary(sealed []byte) error {
	text, err := r.Open(Canary, nil, sealed)
	if err != nil {
		return err
	}
	if string(text) != string(canary) {
		return ErrCorrupt
	}
	return nil
}
