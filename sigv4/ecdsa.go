package sigv4

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
)

// orderMinus2 is the order of P-256 less two, big-endian (SEC 2 section 2.4.2).
const orderMinus2 = "\xff\xff\xff\xff\x00\x00\x00\x00\xff\xff\xff\xff\xff\xff\xff\xff" +
	"\xbc\xe6\xfa\xad\xa7\x17\x9e\x84\xf3\xb9\xca\xc2\xfc\x63\x25\x4f"

// deriveECDSA makes the key pair of Signature Version 4A from a secret: the
// key derivation in counter mode of NIST SP 800-108, tried with growing
// counters until it falls below the order of the curve.
func deriveECDSA(accessKeyID, secret string) (*ecdsa.PrivateKey, error) {
	input := []byte("\x00\x00\x00\x01" + string(ecdsaP256) + "\x00" + accessKeyID + "\x00\x00\x00\x01\x00")
	counter := &input[len(input)-5]
	for *counter = 1; *counter < 255; *counter++ {
		h := hmac.New(sha256.New, []byte("AWS4A"+secret))
		h.Write(input)
		candidate := h.Sum(nil)
		if bytes.Compare(candidate, []byte(orderMinus2)) > 0 {
			continue
		}
		for i := len(candidate) - 1; i >= 0; i-- {
			if candidate[i]++; candidate[i] != 0 {
				break
			}
		}
		return ecdsa.ParseRawPrivateKey(elliptic.P256(), candidate)
	}
	return nil, errors.New("sigv4: no ECDSA key can be derived from this secret")
}

// verifyECDSA verifies a DER signature in hex.
func verifyECDSA(public *ecdsa.PublicKey, text []byte, signature string) bool {
	der, err := hex.DecodeString(signature)
	if err != nil {
		return false
	}
	sum := sha256.Sum256(text)
	return ecdsa.VerifyASN1(public, sum[:], der)
}
