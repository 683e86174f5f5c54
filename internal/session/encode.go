package session

import (
	"encoding/base64"
	"encoding/binary"
	"time"
)

// The claims as bytes, version 1: fields in the order of their numbers, each
// the number (one byte), the length (uvarint) and the content. What is empty is
// left out; lists repeat their field. Numbers are uvarints. A field that the
// reader does not know makes the token invalid: it may be a restriction.
const (
	fieldEnd            = 0 // only zeros follow
	fieldKind           = 1
	fieldSecret         = 2 // 30 bytes, whose base64 the secret is
	fieldAccount        = 3 // number
	fieldPrincipalID    = 4
	fieldName           = 5
	fieldIssued         = 6 // number: Unix seconds
	fieldLifetime       = 7 // number: seconds
	fieldPolicy         = 8
	fieldPolicyARN      = 9  // repeated
	fieldTag            = 10 // repeated: length of the key (uvarint), key, value
	fieldTransitive     = 11 // repeated
	fieldSourceIdentity = 12
	fieldMFA            = 13 // number: Unix seconds + 1, or 0 when the time is not known
	fieldChained        = 14 // empty
	fieldProvider       = 15
	fieldKey            = 16 // repeated, as fieldTag
	fieldDefaultRegions = 17 // empty
	lastField           = fieldDefaultRegions
)

// appendClaims encodes c, whose form was checked. The secret comes as the bytes
// that it is made of; the access key id is bound to the token by its seal.
func appendClaims(b []byte, c *Claims, account uint64, secret []byte) []byte {
	b = append(b, fieldKind, 1, byte(c.Kind))
	b = appendField(b, fieldSecret, secret)
	b = appendNumber(b, fieldAccount, account)
	b = appendText(b, fieldPrincipalID, c.PrincipalID)
	b = appendText(b, fieldName, c.Name)
	b = appendNumber(b, fieldIssued, uint64(c.IssuedAt.Unix()))
	b = appendNumber(b, fieldLifetime, uint64(c.Expires.Unix()-c.IssuedAt.Unix()))
	b = appendText(b, fieldPolicy, c.Policy)
	for _, arn := range c.PolicyARNs {
		b = appendField(b, fieldPolicyARN, arn)
	}
	b = appendTags(b, fieldTag, c.Tags)
	for _, key := range c.Transitive {
		b = appendField(b, fieldTransitive, key)
	}
	b = appendText(b, fieldSourceIdentity, c.SourceIdentity)
	if c.MFA {
		b = appendNumber(b, fieldMFA, mfaNumber(c.MFATime))
	}
	if c.Chained {
		b = append(b, fieldChained, 0)
	}
	b = appendText(b, fieldProvider, c.Provider)
	b = appendTags(b, fieldKey, c.Keys)
	if c.DefaultRegions {
		b = append(b, fieldDefaultRegions, 0)
	}
	return b
}

func mfaNumber(t time.Time) uint64 {
	if t.IsZero() {
		return 0
	}
	return uint64(t.Unix()) + 1
}

// appendText leaves out what is empty.
func appendText(b []byte, field byte, s string) []byte {
	if s == "" {
		return b
	}
	return appendField(b, field, s)
}

func appendField[T string | []byte](b []byte, field byte, content T) []byte {
	b = append(b, field)
	b = binary.AppendUvarint(b, uint64(len(content)))
	return append(b, content...)
}

func appendNumber(b []byte, field byte, n uint64) []byte {
	at := len(b) + 1
	b = binary.AppendUvarint(append(b, field, 0), n)
	b[at] = byte(len(b) - at - 1)
	return b
}

func appendTags(b []byte, field byte, tags []Tag) []byte {
	var size [binary.MaxVarintLen64]byte
	for _, t := range tags {
		n := binary.PutUvarint(size[:], uint64(len(t.Key)))
		b = append(b, field)
		b = binary.AppendUvarint(b, uint64(n+len(t.Key)+len(t.Value)))
		b = append(b, size[:n]...)
		b = append(b, t.Key...)
		b = append(b, t.Value...)
	}
	return b
}

// secretText is the secret that secretBytes bytes make.
func secretText(raw string) string {
	var text [40]byte
	var in [secretBytes]byte
	copy(in[:], raw)
	base64.StdEncoding.Encode(text[:], in[:])
	return string(text[:])
}
