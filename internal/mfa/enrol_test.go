package mfa

import (
	"bytes"
	"encoding/base32"
	"image/color"
	"image/png"
	"strings"
	"testing"
)

func TestSeed(t *testing.T) {
	a, b := NewSeed(), NewSeed()
	text := Base32(a)
	back, err := base32.StdEncoding.DecodeString(text)
	if err != nil || !bytes.Equal(back, a) || len(text) != 64 || bytes.Equal(a, b) {
		t.Errorf("%q %v", text, err)
	}
	if got, want := URI("al ice+x", "acme", []byte("12345")), "otpauth://totp/al%20ice+x@acme?secret=GEZDGNBV"; got != want {
		t.Errorf("%s, not %s", got, want)
	}
}

// TestQRCode reads back what was drawn, by a decoder of its own.
func TestQRCode(t *testing.T) {
	seen := map[int]bool{}
	for _, n := range []int{1, 8, 20, 30, 60, 90, 110} {
		text := URI(strings.Repeat("x", n), account, NewSeed())
		picture, err := QRCode(text)
		check(t, err)
		got, version := readQR(t, picture)
		if got != text {
			t.Errorf("version %d says %q, not %q", version, got, text)
		}
		seen[version] = true
	}
	if len(seen) < 3 {
		t.Errorf("only the versions %v", seen)
	}
	if _, err := QRCode(strings.Repeat("x", 2000)); err != nil {
		t.Error(err)
	}
	if _, err := QRCode(strings.Repeat("x", 3000)); err == nil {
		t.Error("3,000 bytes fit")
	}
}

// Of ISO/IEC 18004, for error correction level L: the data codewords, the blocks
// they lie in, and the centres of the alignment patterns, by version.
var qrTables = map[int]struct {
	data, blocks int
	centres      []int
}{
	5: {108, 1, []int{6, 30}}, 6: {136, 2, []int{6, 34}}, 7: {156, 2, []int{6, 22, 38}},
	8: {194, 2, []int{6, 24, 42}}, 9: {232, 2, []int{6, 26, 46}},
}

// readQR decodes an undamaged code of level L in byte mode.
func readQR(t *testing.T, data []byte) (string, int) {
	t.Helper()
	picture, err := png.Decode(bytes.NewReader(data))
	check(t, err)
	size := picture.Bounds().Dx()/scale - 2*quiet
	version := (size - 17) / 4
	dark := func(row, col int) bool {
		g := color.GrayModel.Convert(picture.At((col+quiet)*scale+1, (row+quiet)*scale+2)).(color.Gray)
		return g.Y < 128
	}
	format := 0
	for _, p := range [][2]int{{8, 0}, {8, 1}, {8, 2}, {8, 3}, {8, 4}, {8, 5}, {8, 7}, {8, 8}, {7, 8}, {5, 8}, {4, 8}, {3, 8}, {2, 8}, {1, 8}, {0, 8}} {
		format <<= 1
		if dark(p[0], p[1]) {
			format |= 1
		}
	}
	format ^= 0x5412
	table, ok := qrTables[version]
	if !ok || format>>13 != 1 {
		t.Fatalf("version %d, level %d", version, format>>13)
	}
	var words []byte
	bits, word := 0, byte(0)
	for right, up := size-1, true; right > 0; right, up = right-2, !up {
		if right == 6 {
			right--
		}
		for i := range size {
			row := i
			if up {
				row = size - 1 - i
			}
			for _, col := range []int{right, right - 1} {
				if isFunction(row, col, size, version, table.centres) {
					continue
				}
				word <<= 1
				if dark(row, col) != masked(format>>10&7, row, col) {
					word |= 1
				}
				if bits++; bits%8 == 0 {
					words = append(words, word)
				}
			}
		}
	}
	var plain []byte
	for block := range table.blocks {
		for i := block; i < table.data; i += table.blocks {
			plain = append(plain, words[i])
		}
	}
	if plain[0]>>4 != 4 {
		t.Fatalf("mode %d", plain[0]>>4)
	}
	n := int(plain[0]<<4 | plain[1]>>4)
	text := make([]byte, n)
	for i := range text {
		text[i] = plain[i+1]<<4 | plain[i+2]>>4
	}
	return string(text), version
}

func isFunction(row, col, size, version int, centres []int) bool {
	near := func(a, b int) bool { return a-b >= -2 && a-b <= 2 }
	switch {
	case row == 6 || col == 6,
		row < 9 && (col < 9 || col >= size-8),
		row >= size-8 && col < 9,
		version >= 7 && (row < 6 && col >= size-11 || col < 6 && row >= size-11):
		return true
	}
	last := centres[len(centres)-1]
	for _, r := range centres {
		for _, c := range centres {
			if r == 6 && (c == 6 || c == last) || r == last && c == 6 {
				continue
			}
			if near(row, r) && near(col, c) {
				return true
			}
		}
	}
	return false
}

func masked(mask, r, c int) bool {
	switch mask {
	case 0:
		return (r+c)%2 == 0
	case 1:
		return r%2 == 0
	case 2:
		return c%3 == 0
	case 3:
		return (r+c)%3 == 0
	case 4:
		return (r/2+c/3)%2 == 0
	case 5:
		return r*c%2+r*c%3 == 0
	case 6:
		return (r*c%2+r*c%3)%2 == 0
	}
	return ((r+c)%2+r*c%3)%2 == 0
}
