package sigv4

import (
	"bytes"
	"net/url"
	"strings"
)

const upperHex = "0123456789ABCDEF"

// unreserved tells the characters that the canonical form leaves as they are
// (RFC 3986 section 2.3).
func unreserved(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' ||
		c == '-' || c == '_' || c == '.' || c == '~'
}

func appendByte(dst []byte, c byte) []byte {
	if unreserved(c) {
		return append(dst, c)
	}
	return append(dst, '%', upperHex[c>>4], upperHex[c&15])
}

func appendEscaped(dst []byte, s string) []byte {
	for i := range len(s) {
		dst = appendByte(dst, s[i])
	}
	return dst
}

// appendRecoded decodes a component of a query and encodes it again, in the one
// spelling of the canonical form. Plus is a space, as it is to whoever parses
// the parameters afterwards. It is false for a bad escape.
func appendRecoded(dst []byte, s string) ([]byte, bool) {
	for i := 0; i < len(s); i++ {
		c := s[i]
		switch c {
		case '+':
			c = ' '
		case '%':
			if i+2 >= len(s) {
				return dst, false
			}
			hi, lo := unhex(s[i+1]), unhex(s[i+2])
			if hi < 0 || lo < 0 {
				return dst, false
			}
			c = byte(hi<<4 | lo)
			i += 2
		}
		dst = appendByte(dst, c)
	}
	return dst, true
}

func unhex(c byte) int {
	switch {
	case '0' <= c && c <= '9':
		return int(c - '0')
	case 'a' <= c && c <= 'f':
		return int(c-'a') + 10
	case 'A' <= c && c <= 'F':
		return int(c-'A') + 10
	}
	return -1
}

// appendPath writes the canonical form of a path as it is on the wire: empty,
// "." and ".." segments resolved, each other segment escaped once more, as all
// services but S3 want it. An escaped dot or slash stays what it is.
func appendPath(dst []byte, raw string) []byte {
	base := len(dst)
	for rest := raw; rest != ""; {
		var segment string
		segment, rest, _ = strings.Cut(rest, "/")
		switch segment {
		case "", ".":
		case "..":
			dst = dst[:base+max(0, bytes.LastIndexByte(dst[base:], '/'))]
		default:
			dst = appendEscaped(append(dst, '/'), segment)
		}
	}
	if len(dst) == base || strings.HasSuffix(raw, "/") {
		dst = append(dst, '/')
	}
	return dst
}

// wirePath is the path of a received request as its first line held it. Of a
// URL whose decoded path was changed since, the changed one counts: it is what
// the handlers see.
func wirePath(u *url.URL) string {
	if u.RawPath == "" {
		if u.Path == "/" {
			return "/"
		}
		return u.EscapedPath()
	}
	if p, err := url.PathUnescape(u.RawPath); err == nil && p == u.Path {
		return u.RawPath
	}
	return u.EscapedPath()
}
