package seal

import (
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strings"
)

const (
	idSize  = 4
	keySize = 32
)

// Key is a root key: 32 random bytes and the id that sealed texts carry. The id
// is derived from the bytes, so a mistyped key never passes for a good one.
// However it is printed, only the id shows.
type Key struct {
	id     [idSize]byte
	secret [keySize]byte
}

// NewKey makes a random key.
func NewKey() (Key, error) {
	var secret [keySize]byte
	if _, err := rand.Read(secret[:]); err != nil {
		return Key{}, err
	}
	return keyOf(secret)
}

func keyOf(secret [keySize]byte) (Key, error) {
	id, err := hkdf.Key(sha256.New, secret[:], nil, "deputy key id v1", idSize)
	if err != nil {
		return Key{}, err
	}
	return Key{id: [idSize]byte(id), secret: secret}, nil
}

// ID is the key's id: 8 hexadecimal digits. It is no secret.
func (k Key) ID() string { return hex.EncodeToString(k.id[:]) }

// Format prints the id only, whatever the verb.
func (k Key) Format(f fmt.State, _ rune) { io.WriteString(f, "root key "+k.ID()) }

// LogValue is Format for log/slog.
func (k Key) LogValue() slog.Value { return slog.StringValue("root key " + k.ID()) }

// line is the key's line in the key file: "key ID BASE64".
func (k Key) line() string {
	return "key " + k.ID() + " " + base64.StdEncoding.EncodeToString(k.secret[:])
}

// parseLine reads a line of the key file. Its errors never quote the line.
func parseLine(line string) (Key, error) {
	fields := strings.Fields(line)
	if len(fields) != 3 || fields[0] != "key" {
		return Key{}, errors.New(`not of the form "key ID BASE64"`)
	}
	raw, err := base64.StdEncoding.Strict().DecodeString(fields[2])
	if err != nil || len(raw) != keySize {
		return Key{}, fmt.Errorf("the key is not %d bytes of base64", keySize)
	}
	k, err := keyOf([keySize]byte(raw))
	if err != nil {
		return Key{}, err
	}
	if k.ID() != fields[1] {
		return Key{}, errors.New("the key and its id do not belong together: the line was altered")
	}
	return k, nil
}
