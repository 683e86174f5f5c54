package mfa

import (
	"crypto/hmac"
	"crypto/sha1"
	"crypto/subtle"
	"encoding/binary"
	"time"
)

const (
	period  = 30 // seconds of a step
	digits  = 6
	modulus = 1_000_000
)

// Step is the time step of RFC 6238, section 4.2, with T0 = 0.
func Step(at time.Time) int64 { return at.Unix() / period }

// Code is the code of a step: HOTP of RFC 4226, section 5.3, with the step as counter.
func Code(seed []byte, step int64) string {
	n := hotp(seed, uint64(step)) % modulus
	var b [digits]byte
	for i := digits - 1; i >= 0; i-- {
		b[i] = '0' + byte(n%10)
		n /= 10
	}
	return string(b[:])
}

// hotp is the truncated HMAC, 31 bits.
func hotp(seed []byte, counter uint64) uint32 {
	var message [8]byte
	binary.BigEndian.PutUint64(message[:], counter)
	m := hmac.New(sha1.New, seed)
	m.Write(message[:])
	sum := m.Sum(nil)
	at := sum[len(sum)-1] & 0x0f
	return binary.BigEndian.Uint32(sum[at:]) & 0x7fffffff
}

// isCode tells six ASCII digits. Nothing is trimmed: two ways to write one code
// would be two codes to whoever remembers those that were used.
func isCode(s string) bool {
	if len(s) != digits {
		return false
	}
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return true
}

func same(a, b string) bool { return subtle.ConstantTimeCompare([]byte(a), []byte(b)) == 1 }
