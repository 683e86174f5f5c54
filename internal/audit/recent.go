package audit

import (
	"bytes"
	"hash/maphash"
)

// recentIDs bounds how many event ids a writer remembers.
const recentIDs = 16384

// recent is a bounded set of the latest event ids, kept as 64-bit hashes: 16
// bytes and an entry of a map each. Two ids taken for one are a matter of 1 in 2^50.
type recent struct {
	seed maphash.Seed
	set  map[uint64]struct{}
	ring []uint64
	next int
}

func (r *recent) add(id []byte) {
	if len(id) > 0 {
		key, _ := r.lookup(id)
		r.addKey(key)
	}
}

// lookup returns what an id is known by, and whether it is.
func (r *recent) lookup(id []byte) (key uint64, known bool) {
	if r.set == nil {
		r.seed, r.set = maphash.MakeSeed(), map[uint64]struct{}{}
	}
	key = maphash.Bytes(r.seed, id)
	_, known = r.set[key]
	return key, known
}

// addKey adds what lookup returned.
func (r *recent) addKey(key uint64) {
	if _, ok := r.set[key]; ok {
		return
	}
	r.set[key] = struct{}{}
	if len(r.ring) < recentIDs {
		r.ring = append(r.ring, key)
		return
	}
	delete(r.set, r.ring[r.next])
	r.ring[r.next] = key
	r.next = (r.next + 1) % recentIDs
}

const idMember = `,"eventID":"`

// eventID returns the entry's own id. The members that can hold a caller's
// values all stand before it, hence the last.
func eventID(line []byte) []byte {
	start := bytes.LastIndex(line, []byte(idMember))
	if start < 0 {
		return nil
	}
	id, _, _ := bytes.Cut(line[start+len(idMember):], []byte{'"'})
	return id
}
