package session

import (
	"crypto/rand"
	"encoding/base32"
	"encoding/base64"
	"encoding/binary"
	"strconv"
)

// Prefixes of access key ids.
const (
	LongTerm  = "AKIA" // keys of users and of the root user
	Temporary = "ASIA" // keys of sessions
)

const (
	keyIDBytes  = 10 // behind the prefix, before base32
	keyIDSize   = 20 // characters of an access key id, the prefix of 4 included
	accountMask = 0x7fffffffff80
	modern      = 1 << 47 // keys below AKIAQ are of AWS's older kind, which names no account
	maxAccount  = 999_999_999_999
)

// NewAccessKeyID makes an access key id of 20 characters: the prefix (LongTerm
// or Temporary) and 16 of base32, which hold the account of 12 digits in bits 7
// to 46 of their first 6 bytes, as AWS's do (GetAccessKeyInfo and secret
// scanners rely on it), and 39 random bits. An account of another form is a
// mistake of the caller and encoded as 000000000000.
func NewAccessKeyID(prefix, account string) string {
	n, _ := accountNumber(account)
	var raw [keyIDBytes]byte
	rand.Read(raw[:])
	text := keyID(prefix, n, raw)
	return string(text[:])
}

// keyID makes the id of an account's number and random bytes.
func keyID(prefix string, account uint64, raw [keyIDBytes]byte) (text [keyIDSize]byte) {
	var head [8]byte
	copy(head[2:], raw[:6])
	v := binary.BigEndian.Uint64(head[:])
	v = v&^uint64(accountMask) | modern | account<<7
	binary.BigEndian.PutUint64(head[:], v)
	copy(raw[:6], head[2:])
	copy(text[:4], prefix)
	base32.StdEncoding.Encode(text[4:], raw[:])
	return text
}

// AccountOf reads the account out of an access key id that begins with AKIA or
// ASIA; false when it is of another form. Keys of AWS's older kind (AKIAI…,
// AKIAJ…) name an account that they need not belong to: who has the key's
// record goes by that.
func AccountOf(accessKeyID string) (string, bool) {
	if len(accessKeyID) != keyIDSize || accessKeyID[:4] != LongTerm && accessKeyID[:4] != Temporary {
		return "", false
	}
	n, ok := accountBits(accessKeyID)
	if !ok {
		return "", false
	}
	return accountText(n), true
}

// accountBits decodes the account of a well-sized id.
func accountBits(id string) (uint64, bool) {
	var text [16]byte
	var head [10]byte
	copy(text[:], id[4:])
	// The decoder skips line ends, which then leave it too few characters.
	if n, err := base32.StdEncoding.Decode(head[:], text[:]); err != nil || n != len(head) {
		return 0, false
	}
	v := uint64(binary.BigEndian.Uint16(head[:]))<<32 | uint64(binary.BigEndian.Uint32(head[2:]))
	n := v & accountMask >> 7
	return n, n <= maxAccount
}

// accountText writes 12 digits; fmt would cost the hot path of Open more than all else here.
func accountText(n uint64) string {
	var digits [12]byte
	for i := len(digits) - 1; i >= 0; i-- {
		digits[i] = byte('0' + n%10)
		n /= 10
	}
	return string(digits[:])
}

// accountNumber reads 12 digits.
func accountNumber(account string) (uint64, bool) {
	if len(account) != 12 {
		return 0, false
	}
	n, err := strconv.ParseUint(account, 10, 64)
	return n, err == nil
}

// secretBytes is how many random bytes make the 40 characters of a secret.
const secretBytes = 30

// NewSecret makes a secret access key: 40 characters of [A-Za-z0-9+/], 240
// random bits.
func NewSecret() string {
	var raw [secretBytes]byte
	rand.Read(raw[:])
	return base64.StdEncoding.EncodeToString(raw[:])
}

const (
	uniqueIDSize = 21
	uniqueChars  = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
)

// NewUniqueID makes the id that an entity keeps for life: the prefix (AIDA
// user, AROA role, AGPA group, ANPA policy, AIPA instance profile…) and random
// characters of [A-Z0-9], 21 in all.
func NewUniqueID(prefix string) string {
	const fair = 256 / len(uniqueChars) * len(uniqueChars) // bytes from here on would favour the first letters
	id := append(make([]byte, 0, uniqueIDSize), prefix...)
	for len(id) < uniqueIDSize {
		var raw [24]byte
		rand.Read(raw[:])
		for _, b := range raw {
			if int(b) < fair && len(id) < uniqueIDSize {
				id = append(id, uniqueChars[int(b)%len(uniqueChars)])
			}
		}
	}
	return string(id)
}
