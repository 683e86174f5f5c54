package awsdata

import (
	"compress/gzip"
	"io"
	"iter"
	"strings"
)

// unpack decompresses an embedded file into one string, of which all answers
// are parts. The format ends with its length, so that no buffer grows.
func unpack(file string, packed string) string {
	r, err := gzip.NewReader(strings.NewReader(packed))
	if err != nil {
		panic("awsdata: " + file + ": " + err.Error())
	}
	n := len(packed)
	size := int(packed[n-4]) | int(packed[n-3])<<8 | int(packed[n-2])<<16 | int(packed[n-1])<<24
	var text strings.Builder
	text.Grow(size)
	if _, err := io.Copy(&text, r); err != nil {
		panic("awsdata: " + file + ": " + err.Error())
	}
	return text.String()
}

// members walks the members of a JSON object without decoding the values: an
// index over megabytes in a few milliseconds. The text is ours, compact, valid
// (a test decodes all of it) and with names that hold no escapes.
func members(object string) iter.Seq2[string, string] {
	return func(yield func(name, value string) bool) {
		for i := 1; i < len(object) && object[i] == '"'; i++ {
			end := skip(object, i)
			name := object[i+1 : end-1]
			i = end + 1
			end = skip(object, i)
			if !yield(name, object[i:end]) {
				return
			}
			i = end
		}
	}
}

// skip returns the index behind the JSON value that begins at i.
func skip(s string, i int) int {
	depth := 0
	for i < len(s) {
		switch s[i] {
		case '"':
			i = skipString(s, i)
			if depth == 0 {
				return i
			}
			continue
		case '{', '[':
			depth++
		case '}', ']':
			depth--
			if depth == 0 {
				return i + 1
			}
			if depth < 0 {
				return i
			}
		case ',':
			if depth == 0 {
				return i
			}
		}
		i++
	}
	return i
}

func skipString(s string, i int) int {
	for i++; i < len(s); i++ {
		n := strings.IndexByte(s[i:], '"')
		if n < 0 {
			return len(s)
		}
		i += n
		slashes := 0
		for s[i-1-slashes] == '\\' {
			slashes++
		}
		if slashes%2 == 0 {
			return i + 1
		}
	}
	return i
}

// text returns the content of a JSON string without escapes, such as our names and times.
func text(value string) string {
	if len(value) < 2 {
		return ""
	}
	return value[1 : len(value)-1]
}
