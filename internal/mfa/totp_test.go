package mfa

import (
	"testing"
	"time"
)

var rfcSeed = []byte("12345678901234567890")

// TestRFC4226 holds the values of RFC 4226, appendix D.
func TestRFC4226(t *testing.T) {
	for i, want := range []string{"755224", "287082", "359152", "969429", "338314", "254676", "287922", "162583", "399871", "520489"} {
		if got := Code(rfcSeed, int64(i)); got != want {
			t.Errorf("counter %d: %s, not %s", i, got, want)
		}
	}
	for i, want := range []uint32{1284755224, 1094287082, 137359152, 1726969429, 1640338314, 868254676, 1918287922, 82162583, 673399871, 645520489} {
		if got := hotp(rfcSeed, uint64(i)); got != want {
			t.Errorf("counter %d: %d, not %d", i, got, want)
		}
	}
}

// TestRFC6238 holds the values for SHA-1 of RFC 6238, appendix B, of which a code
// here has the last six digits.
func TestRFC6238(t *testing.T) {
	for at, want := range map[int64]string{
		59: "94287082", 1111111109: "07081804", 1111111111: "14050471",
		1234567890: "89005924", 2000000000: "69279037", 20000000000: "65353130",
	} {
		if got := Code(rfcSeed, Step(time.Unix(at, 0))); got != want[2:] {
			t.Errorf("at %d: %s, not %s", at, got, want[2:])
		}
	}
}
