// Package oidctest owns an OpenID Connect issuer for tests: a server on loopback
// with keys of its own, that signs what it is told to and counts who asks for its
// keys. It exists so that the tests of every room that takes tokens speak to a
// real issuer. It leaves what is to be hostile about a token or a document to the
// tests, which can replace both.
package oidctest

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/go-jose/go-jose/v4"
)

// Paths of the two documents.
const (
	Discovery = "/.well-known/openid-configuration"
	KeySet    = "/keys"
)

// Issuer is an issuer on loopback. Close it.
type Issuer struct {
	*httptest.Server
	// Path is part of the issuer's URL: "" or "/tenant".
	Path string
	// Fetches counts the requests for the key set, Requests all.
	Fetches, Requests atomic.Int64

	mu       sync.Mutex
	keys     map[string]crypto.Signer
	order    []string
	replaced map[string]http.HandlerFunc
}

// New starts an issuer with the keys rsa and ec (P-256); on TLS if secured, with
// the certificate of httptest.
func New(secured bool) *Issuer {
	i := &Issuer{keys: map[string]crypto.Signer{}, replaced: map[string]http.HandlerFunc{}}
	i.Server = httptest.NewUnstartedServer(http.HandlerFunc(i.serve))
	i.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelDebug) // refused certificates are what tests are about
	if secured {
		i.StartTLS()
	} else {
		i.Start()
	}
	i.SetKey("rsa", RSA())
	i.SetKey("ec", EC(elliptic.P256()))
	return i
}

// RSA gives a key pair of 2048 bits, the same one each time: they take long to make.
var RSA = sync.OnceValue(func() crypto.Signer {
	k, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic("oidctest: " + err.Error())
	}
	return k
})

// EC makes a key pair.
func EC(c elliptic.Curve) crypto.Signer {
	k, err := ecdsa.GenerateKey(c, rand.Reader)
	if err != nil {
		panic("oidctest: " + err.Error())
	}
	return k
}

// Issuer is the URL that tokens name.
func (i *Issuer) Issuer() string { return i.URL + i.Path }

// Host is HOST:PORT, as the setting that allows it has it.
func (i *Issuer) Host() string { return i.Listener.Addr().String() }

// Key is the key of that id.
func (i *Issuer) Key(id string) crypto.Signer {
	i.mu.Lock()
	defer i.mu.Unlock()
	return i.keys[id]
}

// SetKey publishes a key, in place of the one of that id; nil takes it back.
func (i *Issuer) SetKey(id string, k crypto.Signer) {
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.keys == nil {
		i.keys = map[string]crypto.Signer{}
	}
	if !slices.Contains(i.order, id) {
		i.order = append(i.order, id)
	}
	i.keys[id] = k
}

// Replace answers a path by h; nil answers it as usual again.
func (i *Issuer) Replace(path string, h http.HandlerFunc) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.replaced[path] = h
}

func (i *Issuer) serve(w http.ResponseWriter, r *http.Request) {
	i.Requests.Add(1)
	if r.URL.Path == i.Path+KeySet {
		i.Fetches.Add(1)
	}
	i.mu.Lock()
	h := i.replaced[strings.TrimPrefix(r.URL.Path, i.Path)]
	i.mu.Unlock()
	switch {
	case h != nil:
		h(w, r)
	case r.URL.Path == i.Path+Discovery:
		w.Header().Set("Content-Type", "application/json")
		fmt.Fprintf(w, `{"issuer":%q,"jwks_uri":%q}`, i.Issuer(), i.Issuer()+KeySet)
	case r.URL.Path == i.Path+KeySet:
		w.Header().Set("Content-Type", "application/json")
		w.Write(i.JWKS())
	default:
		http.NotFound(w, r)
	}
}

// JWKS is the key set as it is published.
func (i *Issuer) JWKS() []byte {
	i.mu.Lock()
	defer i.mu.Unlock()
	var set jose.JSONWebKeySet
	for _, id := range i.order {
		if k := i.keys[id]; k != nil {
			set.Keys = append(set.Keys, jose.JSONWebKey{Key: k.Public(), KeyID: id, Use: "sig"})
		}
	}
	b, err := json.Marshal(set)
	if err != nil {
		panic("oidctest: " + err.Error())
	}
	return b
}

// Claims are good ones at a time, good for an hour; more overrides them, and a nil
// value leaves one out.
func (i *Issuer) Claims(now time.Time, more map[string]any) map[string]any {
	claims := map[string]any{
		"iss": i.Issuer(), "sub": "subject-1", "aud": "client-1",
		"iat": now.Unix(), "exp": now.Add(time.Hour).Unix(),
	}
	maps.Copy(claims, more)
	maps.DeleteFunc(claims, func(_ string, v any) bool { return v == nil })
	return claims
}

// Token signs good claims with the key ec.
func (i *Issuer) Token(now time.Time, more map[string]any) string {
	return i.Sign("ec", "ES256", i.Claims(now, more))
}

// Sign signs claims with one of the keys.
func (i *Issuer) Sign(id, alg string, claims any) string {
	body, err := json.Marshal(claims)
	if err != nil {
		panic("oidctest: " + err.Error())
	}
	return Sign(i.Key(id), fmt.Sprintf(`{"alg":%q,"kid":%q,"typ":"JWT"}`, alg, id), alg, string(body))
}

// Sign makes a token of any header and body, signed as alg says, whatever the
// header claims.
func Sign(k crypto.Signer, header, alg, body string) string {
	input := Part(header) + "." + Part(body)
	return input + "." + base64.RawURLEncoding.EncodeToString(Signature(k, alg, input))
}

// Part is a part of a token.
func Part(s string) string { return base64.RawURLEncoding.EncodeToString([]byte(s)) }

// Signature signs the first two parts of a token: ES256 to ES512, RS256 to RS512,
// PS256 to PS512.
func Signature(k crypto.Signer, alg, input string) []byte {
	h := map[string]crypto.Hash{"256": crypto.SHA256, "384": crypto.SHA384, "512": crypto.SHA512}[alg[2:]]
	hasher := h.New()
	hasher.Write([]byte(input))
	digest := hasher.Sum(nil)
	if key, ok := k.(*ecdsa.PrivateKey); ok {
		r, s, err := ecdsa.Sign(rand.Reader, key, digest)
		if err != nil {
			panic("oidctest: " + err.Error())
		}
		size := (key.Params().BitSize + 7) / 8
		return append(r.FillBytes(make([]byte, size)), s.FillBytes(make([]byte, size))...)
	}
	var o crypto.SignerOpts = h
	if alg[0] == 'P' {
		o = &rsa.PSSOptions{SaltLength: rsa.PSSSaltLengthEqualsHash, Hash: h}
	}
	signature, err := k.Sign(rand.Reader, digest, o)
	if err != nil {
		panic("oidctest: " + err.Error())
	}
	return signature
}
