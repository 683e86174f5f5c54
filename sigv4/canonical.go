package sigv4

import (
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"strings"
)

// work is the room that one request is verified or signed in. It holds no
// secret once that is done, and is used again.
type work struct {
	claim
	query query

	buf []byte // the canonical request, then the string to sign
	key []byte // names of headers, and other short things
	sum [sha256.Size]byte
}

// compose puts the string to sign into w.buf, for the claim's signed headers
// (in canonical form), date and scope. amz is how many x-amz-* headers the
// request has: all must be among the signed ones. It says what is wrong with a
// request that cannot be signed soundly, and composes all the same, so that
// such a request takes no less time.
func (w *work) compose(r *http.Request, path string, body []byte, amz int) (flaw string) {
	flaw = w.canonical(r, path, body, amz)
	w.buf = w.stringToSign(w.buf)
	return flaw
}

func (w *work) canonical(r *http.Request, path string, body []byte, amz int) (flaw string) {
	b := append(w.buf[:0], r.Method...)
	b = append(b, '\n')
	b = appendPath(b, path)
	b = append(b, '\n')
	b = w.query.append(b)
	b = append(b, '\n')
	b, amz, flaw = w.headers(b, r, len(body), amz)
	b = append(b, '\n')
	b = append(b, w.signed...)
	b = append(b, '\n')
	w.sum = sha256.Sum256(body)
	w.buf = hex.AppendEncode(b, w.sum[:])
	if !w.payloadOK(r, w.buf[len(b):]) {
		flaw = mismatchText
	}
	if flaw == "" && amz != 0 {
		flaw = unsignedText(r, w.signed)
	}
	return flaw
}

// headers writes the signed headers and takes the x-amz-* ones off amz.
func (w *work) headers(b []byte, r *http.Request, bodyLen, amz int) (_ []byte, left int, flaw string) {
	for rest, more := w.signed, true; more; {
		var name string
		var ok bool
		name, rest, more = strings.Cut(rest, ";")
		if b, w.key, ok = appendHeader(b, w.key, r, name, bodyLen); !ok {
			flaw = mismatchText
		}
		if strings.HasPrefix(name, "x-amz-") {
			amz--
		}
	}
	return b, amz, flaw
}

// stringToSign replaces a canonical request by the string that is signed for it.
func (w *work) stringToSign(canonical []byte) []byte {
	w.sum = sha256.Sum256(canonical)
	b := append(canonical[:0], w.algorithm...)
	b = append(b, '\n')
	b = append(b, w.date...)
	b = append(b, '\n')
	_, scope, _ := strings.Cut(w.credential, "/")
	b = append(b, scope...)
	b = append(b, '\n')
	return hex.AppendEncode(b, w.sum[:])
}

// payloadOK compares what a request states of its payload with the hash of the
// body. A marker such as UNSIGNED-PAYLOAD is no such hash.
func (w *work) payloadOK(r *http.Request, hash []byte) bool {
	for _, stated := range r.Header["X-Amz-Content-Sha256"] {
		if stated != string(hash) {
			return false
		}
	}
	return !w.query.has[paramPayload] || w.payload == string(hash)
}

// unsignedText names an x-amz-* header that the signature does not cover.
func unsignedText(r *http.Request, signed string) string {
	for name := range r.Header {
		lower := strings.ToLower(name)
		if amzHeader(name) && !strings.Contains(";"+signed+";", ";"+lower+";") {
			return "'" + echo(lower) + "' must be a 'SignedHeader' in the AWS Authorization."
		}
	}
	return mismatchText
}
