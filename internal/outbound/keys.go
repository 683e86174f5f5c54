package outbound

import (
	"cmp"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/hex"
	"fmt"
	"time"

	"github.com/deputy-sts/deputy/internal/directory"
)

// The signature algorithms of tokens.
const (
	RS256 = "RS256" // RSA of 2,048 bits, PKCS #1 v1.5, SHA-256
	ES384 = "ES384" // ECDSA on P-384, SHA-384
)

var algorithms = [...]string{RS256, ES384}

const (
	// Period is how long a key signs.
	Period = 90 * 24 * time.Hour
	// Lead is how long a key is published before it signs; verifiers may keep what
	// they fetched for CacheFor.
	Lead = 24 * time.Hour
	// CacheFor is how long the documents may be kept by who fetched them.
	CacheFor = time.Hour
	// MaxLifetime of a token; a key stays published that long, and what clocks
	// differ, after it has signed its last.
	MaxLifetime = time.Hour

	clocksDiffer = 15 * time.Minute
)

// NewIssuer makes an issuer of an account, switched on, with a key for each
// algorithm that signs at once: nobody can have fetched its documents before.
func NewIssuer(account string, now time.Time) (*directory.TokenIssuer, error) {
	now = now.Truncate(time.Second) // tokens are issued at whole seconds, and one may be asked for in this one
	i := &directory.TokenIssuer{ID: newUUID(), Account: account, Enabled: true, Created: now}
	for _, a := range algorithms {
		k, err := newKey(a, now, now)
		if err != nil {
			return nil, err
		}
		i.Keys = append(i.Keys, k)
	}
	return i, nil
}

// newKey makes a key that signs from then on.
func newKey(algorithm string, created, from time.Time) (*directory.SigningKey, error) {
	var pair crypto.Signer
	var err error
	switch algorithm {
	case RS256:
		pair, err = rsa.GenerateKey(rand.Reader, 2048)
	case ES384:
		pair, err = ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	default:
		return nil, fmt.Errorf("outbound: no algorithm %q", algorithm)
	}
	if err != nil {
		return nil, fmt.Errorf("outbound: %w", err)
	}
	private, err := x509.MarshalPKCS8PrivateKey(pair)
	if err != nil {
		return nil, fmt.Errorf("outbound: %w", err)
	}
	var id [16]byte
	rand.Read(id[:])
	return &directory.SigningKey{ID: hex.EncodeToString(id[:]), Algorithm: algorithm, Created: created, From: from, Private: private}, nil
}

// Current is the key that signs: the newest of those whose time has come, or the
// first to come, when a clock that was ahead has left no other. Nil when the issuer
// has none of that algorithm.
func Current(i *directory.TokenIssuer, algorithm string, now time.Time) *directory.SigningKey {
	var current, first *directory.SigningKey
	for _, k := range i.Keys {
		if k.Algorithm != algorithm {
			continue
		}
		if first == nil || k.From.Before(first.From) {
			first = k
		}
		if !k.From.After(now) && (current == nil || !k.From.Before(current.From)) {
			current = k
		}
	}
	return cmp.Or(current, first)
}

// Rotated gives the issuer as it should be by now, or nil when it is: a key that
// ends within Lead has its successor published, and a key is dropped when no token
// that it signed can live.
func Rotated(i *directory.TokenIssuer, now time.Time) (*directory.TokenIssuer, error) {
	now = now.Truncate(time.Second)
	n := i.Clone()
	n.Keys = n.Keys[:0]
	for _, k := range i.Keys {
		if next := successor(i, k); next == nil || now.Before(next.From.Add(MaxLifetime+clocksDiffer)) {
			n.Keys = append(n.Keys, k)
		}
	}
	for _, a := range algorithms {
		last := newest(i, a)
		if last != nil && now.Before(last.From.Add(Period-Lead)) {
			continue
		}
		from := now.Add(Lead)
		if last == nil {
			from = now
		}
		k, err := newKey(a, now, from)
		if err != nil {
			return nil, err
		}
		n.Keys = append(n.Keys, k)
	}
	if len(n.Keys) == len(i.Keys) && n.Keys[len(n.Keys)-1] == i.Keys[len(i.Keys)-1] {
		return nil, nil
	}
	return n, nil
}

// newest is the last key of an algorithm to sign, or nil.
func newest(i *directory.TokenIssuer, algorithm string) *directory.SigningKey {
	var last *directory.SigningKey
	for _, k := range i.Keys {
		if k.Algorithm == algorithm && (last == nil || !k.From.Before(last.From)) {
			last = k
		}
	}
	return last
}

// successor is the first key of the same algorithm to sign after k, or nil.
func successor(i *directory.TokenIssuer, k *directory.SigningKey) *directory.SigningKey {
	var next *directory.SigningKey
	for _, o := range i.Keys {
		if o.Algorithm == k.Algorithm && o.From.After(k.From) && (next == nil || o.From.Before(next.From)) {
			next = o
		}
	}
	return next
}

// newUUID draws a random UUID (RFC 9562, version 4).
func newUUID() string {
	var b [16]byte
	rand.Read(b[:])
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}
