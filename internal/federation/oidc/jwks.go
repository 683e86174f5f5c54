package oidc

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rsa"
	"encoding/json"
	"fmt"

	"github.com/go-jose/go-jose/v4"
)

// Bounds of a key set. Source: IAM User Guide, id_roles_providers_create_oidc
// (100 RSA and 100 EC keys), of which the sum is bounded here.
const (
	maxKeys    = 100
	minRSA     = 2048     // bits
	maxRSA     = 4096     // what go-jose reads, and ample: verifying takes a request's time
	maxKeyJSON = 32 << 10 // bytes of one key, certificates included
)

// publicKey is a key that may sign tokens of one family.
type publicKey struct {
	key any                     // *rsa.PublicKey or *ecdsa.PublicKey, never anything else
	alg jose.SignatureAlgorithm // the only one it may be used with; "": any of its family
}

// fits says whether the key may verify tokens of the algorithm.
func (k publicKey) fits(alg jose.SignatureAlgorithm) bool {
	if k.alg != "" && k.alg != alg {
		return false
	}
	switch key := k.key.(type) {
	case *rsa.PublicKey:
		return alg == jose.RS256 || alg == jose.RS384 || alg == jose.RS512
	case *ecdsa.PublicKey:
		return curves[alg] == key.Curve
	}
	return false
}

// family is what a key id must not change: the kind of its key and its algorithm.
func (k publicKey) family() string {
	switch key := k.key.(type) {
	case *rsa.PublicKey:
		return "RSA " + string(k.alg)
	case *ecdsa.PublicKey:
		return key.Params().Name + " " + string(k.alg)
	}
	return ""
}

var curves = map[jose.SignatureAlgorithm]elliptic.Curve{jose.ES256: elliptic.P256(), jose.ES384: elliptic.P384(), jose.ES512: elliptic.P521()}

// keySet is the usable keys of an issuer by their ids.
type keySet map[string]publicKey

// parseKeySet reads a JWK Set (RFC 7517). Keys that are not for us (symmetric,
// private, for encryption, too small, unknown) are left out one by one, for an
// issuer may publish them for others; an id that two keys have is nobody's.
func parseKeySet(b []byte) (keySet, error) {
	object, err := parseObject(b)
	if err != nil {
		return nil, fmt.Errorf("oidc: key set: %w", err)
	}
	list, ok := object["keys"].([]any)
	if !ok || len(list) > maxKeys {
		return nil, fmt.Errorf("oidc: a key set without keys, or with more than %d", maxKeys)
	}
	set, twice := keySet{}, map[string]bool{}
	for _, item := range list {
		id, key, ok := parseKey(item)
		if !ok {
			continue
		}
		if _, has := set[id]; has {
			twice[id] = true
		}
		set[id] = key
	}
	for id := range twice {
		delete(set, id)
	}
	return set, nil
}

// parseKey reads one key.
func parseKey(item any) (id string, k publicKey, ok bool) {
	object, ok := item.(map[string]any)
	if !ok || !forSignatures(object) {
		return "", k, false
	}
	// The forms that hold certificates or private parts are not ours to read.
	plain := map[string]any{}
	for _, name := range []string{"kty", "kid", "alg", "n", "e", "crv", "x", "y"} {
		if v, has := object[name]; has {
			plain[name] = v
		}
	}
	b, err := json.Marshal(plain)
	if err != nil || len(b) > maxKeyJSON {
		return "", k, false
	}
	var key jose.JSONWebKey
	if err := key.UnmarshalJSON(b); err != nil || key.KeyID == "" || len(key.KeyID) > maxKeyID {
		return "", k, false
	}
	if key.Algorithm != "" && !known(key.Algorithm) {
		return "", k, false
	}
	k.alg = jose.SignatureAlgorithm(key.Algorithm)
	switch pub := key.Key.(type) {
	case *rsa.PublicKey:
		bits := pub.N.BitLen()
		ok = bits >= minRSA && bits <= maxRSA && pub.E >= 3 && pub.E&1 == 1
	case *ecdsa.PublicKey: // on its curve: UnmarshalJSON has looked
		ok = true
	default:
		ok = false
	}
	k.key = key.Key
	return key.KeyID, k, ok && (k.alg == "" || k.fits(k.alg))
}

// forSignatures says what use and key_ops allow, and that nothing private lies open.
func forSignatures(object map[string]any) bool {
	if use, ok := text(object, "use"); !ok || use != "" && use != "sig" {
		return false
	}
	for _, private := range []string{"d", "k", "p", "q"} {
		if _, has := object[private]; has {
			return false
		}
	}
	ops, has := object["key_ops"]
	if !has {
		return true
	}
	list, ok := texts(ops)
	for _, op := range list {
		if op == "verify" {
			return ok
		}
	}
	return false
}
