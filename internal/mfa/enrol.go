package mfa

import (
	"bytes"
	"crypto/rand"
	"encoding/base32"
	"image"
	"image/color"
	"image/png"
	"net/url"

	"github.com/boombuler/barcode/qr"
)

// seedSize in bytes: 64 characters of Base32, as AWS's virtual devices have.
const seedSize = 40

// NewSeed draws the seed of a virtual device.
func NewSeed() []byte {
	b := make([]byte, seedSize)
	rand.Read(b)
	return b
}

var unpadded = base32.StdEncoding.WithPadding(base32.NoPadding)

// Base32 is how people and apps are given a seed (RFC 4648, without padding).
func Base32(seed []byte) string { return unpadded.EncodeToString(seed) }

// URI is what the QR code of a virtual device says: its name at the account's
// alias or id, and the seed.
//
// Source: VirtualMFADevice in the IAM API reference.
func URI(device, account string, seed []byte) string {
	return "otpauth://totp/" + url.PathEscape(device+"@"+account) + "?secret=" + Base32(seed)
}

const (
	scale = 4 // pixels of a module
	quiet = 4 // modules of white around, as ISO/IEC 18004 wants
)

// QRCode draws a text of at most 2,000 bytes as a PNG.
func QRCode(text string) ([]byte, error) {
	code, err := qr.Encode(text, qr.L, qr.Unicode)
	if err != nil {
		return nil, err
	}
	size := code.Bounds().Dx()
	side := (size + 2*quiet) * scale
	picture := image.NewPaletted(image.Rect(0, 0, side, side), color.Palette{color.White, color.Black})
	for y := range size * scale {
		for x := range size * scale {
			if code.At(x/scale, y/scale) == color.Black {
				picture.SetColorIndex(x+quiet*scale, y+quiet*scale, 1)
			}
		}
	}
	var b bytes.Buffer
	err = png.Encode(&b, picture)
	return b.Bytes(), err
}
