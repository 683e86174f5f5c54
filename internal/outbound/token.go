package outbound

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/rand"
	"crypto/rsa"
	_ "crypto/sha256" // crypto.SHA256.New
	_ "crypto/sha512" // crypto.SHA384.New
	"encoding/asn1"
	"encoding/base64"
	"fmt"
	"math/big"

	"github.com/deputy-sts/deputy/internal/directory"
)

// Sign makes a token of claims, which are a JSON object, in the compact form of
// RFC 7515. The key must be one of an issuer's (Current).
func Sign(k *directory.SigningKey, claims []byte) (string, error) {
	signer, err := k.Signer()
	if err != nil {
		return "", err
	}
	text := base64.RawURLEncoding.AppendEncode(nil, []byte(`{"alg":"`+k.Algorithm+`","kid":"`+k.ID+`","typ":"JWT"}`))
	text = append(text, '.')
	text = base64.RawURLEncoding.AppendEncode(text, claims)
	signature, err := sign(signer, k.Algorithm, text)
	if err != nil {
		return "", fmt.Errorf("outbound: key %s: %w", k.ID, err)
	}
	text = append(text, '.')
	return string(base64.RawURLEncoding.AppendEncode(text, signature)), nil
}

// sign gives the signature in the form of RFC 7518, sections 3.3 and 3.4.
func sign(signer crypto.Signer, algorithm string, text []byte) ([]byte, error) {
	switch key := signer.(type) {
	case *rsa.PrivateKey:
		if algorithm == RS256 {
			return key.Sign(rand.Reader, digest(crypto.SHA256, text), crypto.SHA256)
		}
	case *ecdsa.PrivateKey:
		if algorithm == ES384 && key.Curve.Params().BitSize == 384 {
			der, err := key.Sign(rand.Reader, digest(crypto.SHA384, text), crypto.SHA384)
			if err != nil {
				return nil, err
			}
			return concatenated(der)
		}
	}
	return nil, fmt.Errorf("it is no key for %q", algorithm)
}

func digest(h crypto.Hash, text []byte) []byte {
	w := h.New()
	w.Write(text)
	return w.Sum(nil)
}

// concatenated is R and S of P-384, 48 bytes each, of a signature in ASN.1.
func concatenated(der []byte) ([]byte, error) {
	var s struct{ R, S *big.Int }
	if rest, err := asn1.Unmarshal(der, &s); err != nil || len(rest) > 0 {
		return nil, fmt.Errorf("a signature in another form: %w", err)
	}
	out := make([]byte, 96)
	s.R.FillBytes(out[:48])
	s.S.FillBytes(out[48:])
	return out, nil
}
