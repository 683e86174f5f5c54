package outbound

import (
	"crypto/ecdsa"
	"crypto/rsa"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math/big"

	"github.com/deputy-sts/deputy/internal/directory"
)

// Namespace is the claim under which a token says what OpenID has no name for.
const Namespace = "https://sts.amazonaws.com/"

// The documents' paths below the issuer's URL.
const (
	ConfigurationPath = "/.well-known/openid-configuration"
	KeySetPath        = "/.well-known/jwks.json"
)

// configuration is the discovery document (OpenID Connect Discovery 1.0, section
// 3), with what AWS's own has and the one required member that AWS leaves out.
type configuration struct {
	Issuer            string   `json:"issuer"`
	KeySet            string   `json:"jwks_uri"`
	ResponseTypes     []string `json:"response_types_supported"`
	SubjectTypes      []string `json:"subject_types_supported"`
	SigningAlgorithms []string `json:"id_token_signing_alg_values_supported"`
	Claims            []string `json:"claims_supported"`
}

// Configuration is the discovery document of the issuer with that URL.
func Configuration(url string) ([]byte, error) {
	return json.Marshal(configuration{
		Issuer: url, KeySet: url + KeySetPath,
		ResponseTypes: []string{"id_token"}, SubjectTypes: []string{"public"},
		SigningAlgorithms: algorithms[:],
		Claims:            []string{"sub", "iss", "aud", "exp", "iat", "jti", Namespace},
	})
}

// webKey is a public key (RFC 7517, RFC 7518 section 6).
type webKey struct {
	Type      string `json:"kty"`
	ID        string `json:"kid"`
	Use       string `json:"use"`
	Algorithm string `json:"alg"`
	N         string `json:"n,omitempty"`
	E         string `json:"e,omitempty"`
	Curve     string `json:"crv,omitempty"`
	X         string `json:"x,omitempty"`
	Y         string `json:"y,omitempty"`
}

// KeySet is the document with the public keys of an issuer, those that will sign
// and those that have signed included.
func KeySet(i *directory.TokenIssuer) ([]byte, error) {
	set := struct {
		Keys []webKey `json:"keys"`
	}{make([]webKey, 0, len(i.Keys))}
	for _, k := range i.Keys {
		w, err := public(k)
		if err != nil {
			return nil, err
		}
		set.Keys = append(set.Keys, w)
	}
	return json.Marshal(set)
}

func public(k *directory.SigningKey) (webKey, error) {
	w := webKey{ID: k.ID, Use: "sig", Algorithm: k.Algorithm}
	signer, err := k.Signer()
	if err != nil {
		return w, err
	}
	switch p := signer.Public().(type) {
	case *rsa.PublicKey:
		w.Type, w.N, w.E = "RSA", number(p.N.Bytes()), number(big.NewInt(int64(p.E)).Bytes())
		return w, nil
	case *ecdsa.PublicKey:
		point, err := p.Bytes() // 4, x, y
		if err != nil {
			return w, fmt.Errorf("outbound: key %s: %w", k.ID, err)
		}
		half := (len(point) - 1) / 2
		w.Type, w.Curve, w.X, w.Y = "EC", p.Params().Name, number(point[1:1+half]), number(point[1+half:])
		return w, nil
	}
	return w, fmt.Errorf("outbound: key %s is of no known kind", k.ID)
}

func number(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }
