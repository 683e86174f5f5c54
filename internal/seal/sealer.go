package seal

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"maps"
	"sync"
	"sync/atomic"
	"time"
)

const (
	version   = 1
	saltSize  = 16
	nonceSize = 12
	tagSize   = 16

	saltAt     = 1 + idSize
	headerSize = saltAt + saltSize // version, key id, salt
	textAt     = headerSize + nonceSize

	// Overhead is how many bytes a sealed text is longer than its plaintext.
	Overhead = textAt + tagSize

	// A subkey seals at most this often and this long. With random nonces of 96
	// bits, 2^24 seals repeat one with a probability of 2^-49 (NIST SP 800-38D,
	// 8.3 asks for 2^-32 at most).
	subkeySeals = 1 << 24
	subkeyAge   = time.Hour

	// maxSealers bounds the purposes that keep a subkey at hand; purposes are
	// constants, so there are six.
	maxSealers = 64
)

// sealer makes the sealed texts of one purpose.
type sealer struct {
	purpose string
	key     Key
	mu      sync.Mutex // held to renew the subkey
	current atomic.Pointer[subkey]
}

// subkey is an AES-GCM key derived for one salt and purpose.
type subkey struct {
	header [headerSize]byte
	aead   cipher.AEAD
	born   time.Time
	seals  atomic.Int64
}

func deriveSubkey(k *Key, salt []byte, purpose string) (*subkey, error) {
	key, err := hkdf.Key(sha256.New, k.secret[:], salt, "deputy seal v1 "+purpose, keySize)
	if err != nil {
		return nil, err
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	aead, err := cipher.NewGCM(block)
	if err != nil {
		return nil, err
	}
	s := &subkey{aead: aead}
	s.header[0] = version
	copy(s.header[1:], k.id[:])
	copy(s.header[saltAt:], salt)
	return s, nil
}

// sealer gives the sealer of a purpose, one for all callers.
func (r *Ring) sealer(purpose string) *sealer {
	if s := (*r.sealers.Load())[purpose]; s != nil {
		return s
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	known := *r.sealers.Load()
	if s := known[purpose]; s != nil {
		return s
	}
	s := &sealer{purpose: purpose, key: r.keys[0]}
	if len(known) < maxSealers {
		more := maps.Clone(known)
		more[purpose] = s
		r.sealers.Store(&more)
	}
	return s
}

// take gives a subkey that may be used for one more seal.
func (s *sealer) take() *subkey {
	if k := s.current.Load(); k.usable() {
		return k
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if k := s.current.Load(); k.usable() {
		return k
	}
	var salt [saltSize]byte
	rand.Read(salt[:]) // never fails: it ends the process instead
	k, err := deriveSubkey(&s.key, salt[:], s.purpose)
	if err != nil {
		// HKDF and AES refuse only wrong sizes, and ours are constants.
		panic(err)
	}
	k.born = time.Now()
	k.seals.Store(1)
	s.current.Store(k)
	return k
}

// usable counts a seal and tells whether it is within the bounds.
func (k *subkey) usable() bool {
	return k != nil && time.Since(k.born) < subkeyAge && k.seals.Add(1) <= subkeySeals
}

// Seal encrypts plaintext for a purpose and binds it to aad, which is not part
// of the result and must be given to Open again.
func (r *Ring) Seal(purpose string, aad, plaintext []byte) []byte {
	return r.AppendSeal(make([]byte, 0, len(plaintext)+Overhead), purpose, aad, plaintext)
}

// AppendSeal appends what Seal returns to dst, which must not overlap plaintext.
func (r *Ring) AppendSeal(dst []byte, purpose string, aad, plaintext []byte) []byte {
	k := r.sealer(purpose).take()
	bound := boundTo(k.header[:], purpose, aad)
	defer bounds.Put(bound)
	start := len(dst)
	dst = append(dst, k.header[:]...)
	dst = append(dst, make([]byte, nonceSize)...)
	nonce := dst[start+headerSize : start+textAt]
	rand.Read(nonce)
	return k.aead.Seal(dst, nonce, plaintext, *bound)
}

// bounds keeps the buffers in which associated data are put together.
var bounds = sync.Pool{New: func() any { return new([]byte) }}

// boundTo puts together what a text is bound to: its header, its purpose, and
// the caller's associated data, which go last and need no length.
func boundTo(header []byte, purpose string, aad []byte) *[]byte {
	b := bounds.Get().(*[]byte)
	*b = append((*b)[:0], header...)
	*b = append(*b, byte(len(purpose)>>8), byte(len(purpose)))
	*b = append(*b, purpose...)
	*b = append(*b, aad...)
	return b
}
