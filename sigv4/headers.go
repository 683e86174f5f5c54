package sigv4

import (
	"encoding/binary"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// survey counts the x-amz-* headers of a request, and refuses those that may
// come once only but came twice.
func survey(r *http.Request) (amz int, err error) {
	for name, values := range r.Header {
		if amzHeader(name) && len(values) > 0 {
			amz++
		}
		if len(values) > 1 && once(name) {
			return 0, malformed("Duplicate header: " + name)
		}
	}
	// net/http moves the first Host to r.Host; HTTP/2 may leave one beside it.
	if h := r.Header["Host"]; len(h) > 0 && h[0] != r.Host && r.Host != "" {
		return 0, malformed("Duplicate header: Host")
	}
	return amz, nil
}

func once(name string) bool {
	switch name {
	case "Authorization", "Host", "Content-Type", "Content-Length", "X-Amz-Date", "X-Amz-Security-Token":
		return true
	}
	return false
}

// amzHeader tells the headers that must be signed: x-amz-*, not x-amzn-*.
func amzHeader(name string) bool {
	const prefix = "x-amz-"
	return len(name) >= len(prefix) && name[1] == '-' && strings.EqualFold(name[:len(prefix)], prefix)
}

// tokenChars are the characters of a header name in lower case (RFC 9110
// section 5.6.2).
var tokenChars = func() (t [256]bool) {
	for _, c := range "!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyz" {
		t[c] = true
	}
	return t
}()

// signedHeaders gives the canonical form of a SignedHeaders list, lower case
// and sorted, and whether host is in it. ok is false for a list that names
// nothing, something twice, or what is no header name.
func signedHeaders(list string) (canonical string, host, ok bool) {
	last, sorted := "", true
	for rest, more := list, true; more; {
		var name string
		name, rest, more = strings.Cut(rest, ";")
		host = host || name == "host"
		if name <= last || !lowerToken(name) {
			sorted = false
		}
		last = name
	}
	if sorted {
		return list, host, true
	}
	names := strings.Split(strings.ToLower(list), ";")
	slices.Sort(names)
	ok = len(slices.Compact(slices.Clone(names))) == len(names) && !slices.ContainsFunc(names, func(n string) bool { return !lowerToken(n) })
	return strings.Join(names, ";"), slices.Contains(names, "host"), ok
}

func lowerToken(name string) bool {
	for i := range len(name) {
		if !tokenChars[name[i]] {
			return false
		}
	}
	return name != ""
}

// appendKey writes the key under which http.Header holds the lower-case name.
func appendKey(dst []byte, name string) []byte {
	start := true
	for i := range len(name) {
		c := name[i]
		if start && 'a' <= c && c <= 'z' {
			c -= 'a' - 'A'
		}
		start = c == '-'
		dst = append(dst, c)
	}
	return dst
}

// appendHeader writes one line of the canonical headers. It is false for a
// header that is not there, and for a value with control characters or bytes
// above ASCII, which no client signs. What net/http takes out of the headers
// is put back: the host, the framing. key is room for the header's key.
func appendHeader(dst, key []byte, r *http.Request, name string, bodyLen int) (line, room []byte, ok bool) {
	dst = append(append(dst, name...), ':')
	key = appendKey(key[:0], name)
	values := r.Header[string(key)]
	switch {
	case name == "host":
		dst, ok = appendValue(dst, host(r))
	case len(values) > 0:
		dst, ok = appendValues(dst, values)
	case name == "content-length":
		// Of a chunked body net/http drops the length that the client may have
		// signed; the body that was read has it.
		n := r.ContentLength
		if n < 0 {
			n = int64(bodyLen)
		}
		dst, ok = strconv.AppendInt(dst, n, 10), true
	case name == "transfer-encoding" && len(r.TransferEncoding) > 0:
		dst, ok = appendValues(dst, r.TransferEncoding)
	}
	return append(dst, '\n'), key, ok
}

func host(r *http.Request) string {
	if r.Host == "" && r.URL != nil {
		return r.URL.Host
	}
	return r.Host
}

// appendValues joins the values of a repeated header by commas, in order.
func appendValues(dst []byte, values []string) (_ []byte, ok bool) {
	for i, v := range values {
		if i > 0 {
			dst = append(dst, ',')
		}
		if dst, ok = appendValue(dst, v); !ok {
			return dst, false
		}
	}
	return dst, true
}

// appendValue writes a value without leading and trailing blanks, each run of
// blanks as one space, also inside quotes.
func appendValue(dst []byte, v string) ([]byte, bool) {
	base := len(dst)
	dst = append(dst, v...)
	if visible(dst[base:]) {
		return dst, true
	}
	dst = dst[:base]
	blank := false
	for i := range len(v) {
		c := v[i]
		switch {
		case c == ' ' || c == '\t':
			blank = true
			continue
		case c < ' ' || c > '~':
			return dst, false
		case blank && len(dst) > base:
			dst = append(dst, ' ')
		}
		blank = false
		dst = append(dst, c)
	}
	return dst, true
}

// visible tells whether all bytes are printable ASCII and no blank, eight at a
// time: session tokens are a thousand bytes long. It may be false for fewer
// than it must, never true for more.
func visible(b []byte) bool {
	const ones, high = 0x0101010101010101, 0x8080808080808080
	for ; len(b) >= 8; b = b[8:] {
		x := binary.LittleEndian.Uint64(b)
		del := x ^ 0x7f*ones
		if x&high != 0 || (x-0x21*ones)&^x&high != 0 || (del-ones)&^del&high != 0 {
			return false
		}
	}
	for _, c := range b {
		if c <= ' ' || c > '~' {
			return false
		}
	}
	return true
}
