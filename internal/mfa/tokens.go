package mfa

import (
	"bufio"
	"encoding/hex"
	"fmt"
	"io"
	"strings"
)

// Token is a hardware token as its maker lists it.
type Token struct {
	Serial string `json:"serial"` // such as GAHT12345678
	Seed   []byte `json:"seed"`
}

const (
	maxTokens  = 10_000
	maxLine    = 512
	minSeed    = 16 // bytes; RFC 4226, section 4, R6
	maxSeed    = 64
	minSerial  = 9 // of SerialNumber in the IAM API reference
	maxSerial  = 64
	hexForm    = "hex:"
	headerLine = "serial,seed"
)

// ParseTokens reads a list of hardware tokens: on each line a serial number, a
// comma, and the seed in Base32 or, after hex:, in hexadecimal. A first line
// "serial,seed", empty lines and lines that begin with # are passed over. An error
// names the line and never shows a seed.
func ParseTokens(r io.Reader) ([]Token, error) {
	var list []Token
	seen := map[string]bool{}
	lines := bufio.NewScanner(r)
	lines.Buffer(make([]byte, maxLine), maxLine)
	n := 0
	for lines.Scan() {
		n++
		line := strings.TrimSpace(lines.Text())
		if line == "" || line[0] == '#' || n == 1 && strings.EqualFold(line, headerLine) {
			continue
		}
		t, err := parseToken(line)
		if err == nil {
			err = t.Check()
		}
		switch lower := strings.ToLower(t.Serial); {
		case err != nil:
			return nil, fmt.Errorf("line %d: %w", n, err)
		case seen[lower]:
			return nil, fmt.Errorf("line %d: the serial number %s is there twice", n, t.Serial)
		case len(list) == maxTokens:
			return nil, fmt.Errorf("line %d: more than %d tokens", n, maxTokens)
		default:
			seen[lower] = true
		}
		list = append(list, t)
	}
	if err := lines.Err(); err != nil {
		return nil, fmt.Errorf("line %d: %w", n+1, err)
	}
	return list, nil
}

func parseToken(line string) (Token, error) {
	serial, text, ok := strings.Cut(line, ",")
	if !ok {
		return Token{}, fmt.Errorf("not of the form serial,seed")
	}
	t := Token{Serial: strings.TrimSpace(serial)}
	text = strings.TrimSpace(text)
	var err error
	if digits, isHex := strings.CutPrefix(text, hexForm); isHex {
		t.Seed, err = hex.DecodeString(digits)
	} else {
		t.Seed, err = unpadded.DecodeString(strings.ToUpper(strings.TrimRight(text, "=")))
	}
	if err != nil { // whose text may show what was there
		return t, fmt.Errorf("the seed of %q is neither Base32 nor hex: and hexadecimal digits", t.Serial)
	}
	return t, nil
}

// Check refuses a token that could not be used, or whose seed is too short.
func (t *Token) Check() error {
	if len(t.Serial) < minSerial || len(t.Serial) > maxSerial || !isSerial(t.Serial) {
		return fmt.Errorf("the serial number %.80q does not have %d to %d letters, digits and hyphens", t.Serial, minSerial, maxSerial)
	}
	if len(t.Seed) < minSeed || len(t.Seed) > maxSeed {
		return fmt.Errorf("the seed of %s has %d bytes, not %d to %d", t.Serial, len(t.Seed), minSeed, maxSeed)
	}
	return nil
}

// isSerial leaves no character that an ARN or a key of the store is made with.
func isSerial(s string) bool {
	for i := range len(s) {
		c := s[i]
		if !('0' <= c && c <= '9' || 'A' <= c && c <= 'Z' || 'a' <= c && c <= 'z' || c == '-') {
			return false
		}
	}
	return true
}
