package sigv4

import (
	"crypto/ecdsa"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"hash"
	"hash/maphash"
	"strings"
	"sync"
	"sync/atomic"
)

// slots bounds the signing keys that a Verifier keeps: 8,192, some 7 MB when
// all are in use. It is a power of two.
const slots = 1 << 13

// keyCache keeps signing keys that a request has verified with. A key has two
// slots where it may lie, and a newer one drives out the older: no lock, no
// list, no memory beyond the table. Keys of failed requests are not kept, so
// that nobody without a secret can drive out anything.
type keyCache struct {
	seed maphash.Seed
	slot [slots]atomic.Pointer[key]
}

func newKeyCache() *keyCache { return &keyCache{seed: maphash.MakeSeed()} }

// find gives the key of a credential (access key id and scope, and by its
// shape the algorithm) and of the secret with that fingerprint. A secret that
// was changed under the same access key id has another.
func (c *keyCache) find(credential string, fingerprint *[sha256.Size]byte) *key {
	at := maphash.String(c.seed, credential) % slots
	for _, i := range [...]uint64{at, at ^ 1} {
		if k := c.slot[i].Load(); k != nil && k.credential == credential && hmac.Equal(k.fingerprint[:], fingerprint[:]) {
			return k
		}
	}
	return nil
}

func (c *keyCache) keep(k *key) {
	at := maphash.String(c.seed, k.credential) % slots
	if old := c.slot[at].Swap(k); old != nil && old.credential != k.credential {
		c.slot[at^1].Store(old)
	}
}

// key is what a secret becomes for one scope. Either macs or public is set.
type key struct {
	credential  string
	fingerprint [sha256.Size]byte // SHA-256 of the secret
	macs        sync.Pool         // of hash.Hash, keyed
	public      *ecdsa.PublicKey
}

func fingerprint(w *work, secret string) [sha256.Size]byte {
	w.key = append(w.key[:0], secret...)
	sum := sha256.Sum256(w.key)
	clear(w.key)
	return sum
}

// derive makes the key that the claim's signature should have been made with;
// nil if there can be none.
func (w *work) derive(secret string, fingerprint [sha256.Size]byte) *key {
	k := &key{credential: strings.Clone(w.credential), fingerprint: fingerprint}
	id, scope, _ := strings.Cut(k.credential, "/")
	if w.algorithm == ecdsaP256 {
		private, err := deriveECDSA(id, secret)
		if err != nil {
			return nil
		}
		k.public = &private.PublicKey
		return k
	}
	signing := []byte("AWS4" + secret)
	for part := range strings.SplitSeq(scope, "/") {
		signing = mac(signing, part)
	}
	k.macs.New = func() any { return hmac.New(sha256.New, signing) }
	return k
}

func mac(key []byte, text string) []byte {
	h := hmac.New(sha256.New, key)
	h.Write([]byte(text))
	return h.Sum(nil)
}

// matches tells whether the claim's signature is this key's over w.buf.
func (k *key) matches(w *work) bool {
	if k.public != nil {
		return verifyECDSA(k.public, w.buf, w.signature)
	}
	w.key = append(w.key[:0], w.signature...)
	return hmac.Equal(k.sign(w), w.key)
}

// sign gives the signature over w.buf in hex; it lies in w.buf, behind the text.
func (k *key) sign(w *work) []byte {
	h := k.macs.Get().(hash.Hash)
	h.Reset()
	h.Write(w.buf)
	h.Sum(w.sum[:0])
	k.macs.Put(h)
	at := len(w.buf)
	w.buf = hex.AppendEncode(w.buf, w.sum[:])
	return w.buf[at:]
}
