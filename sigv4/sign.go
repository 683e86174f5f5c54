package sigv4

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Credentials sign requests. SessionToken is empty for a long-term key.
type Credentials struct {
	AccessKeyID, SecretAccessKey, SessionToken string
}

// MaxExpires is the longest life that Presign writes into a URL. STS and IAM,
// and the Verifier, hold every URL to 15 minutes whatever it says.
const MaxExpires = 7 * 24 * time.Hour

// Sign authenticates r by its header: it sets X-Amz-Date, X-Amz-Security-Token
// if there is a token, and Authorization, in place of older ones. body is what
// will be sent. All headers that r has are signed but for those that the
// transport or a proxy may change. A Date header is left as it is; at is the
// time that counts.
func Sign(r *http.Request, body []byte, c Credentials, region, service string, at time.Time) error {
	if r.Header == nil {
		r.Header = http.Header{}
	}
	h := r.Header
	h.Del("Authorization")
	h.Del("X-Amz-Security-Token")
	if c.SessionToken != "" {
		h.Set("X-Amz-Security-Token", c.SessionToken)
	}
	date := at.UTC().Format(basic)
	h.Set("X-Amz-Date", date)
	if len(h["X-Amz-Content-Sha256"]) > 0 {
		sum := sha256.Sum256(body)
		h.Set("X-Amz-Content-Sha256", hex.EncodeToString(sum[:]))
	}
	w := &work{claim: claim{algorithm: hmacSHA256, date: date, signed: signable(h)}}
	if err := w.prepare(r, c, region, service, r.URL.RawQuery); err != nil {
		return err
	}
	if err := w.seal(r, body, c); err != nil {
		return err
	}
	h.Set("Authorization", string(hmacSHA256)+" Credential="+w.credential+", SignedHeaders="+w.signed+", Signature="+w.signature)
	return nil
}

// Presign gives the URL of r with authentication in its query, good for
// whoever holds it. Headers that r has are signed and must be sent with it.
// expires is 1 s to MaxExpires, rounded down to seconds. r is not changed.
func Presign(r *http.Request, body []byte, c Credentials, region, service string, at time.Time, expires time.Duration) (string, error) {
	seconds := int64(expires / time.Second)
	if seconds < 1 || expires > MaxExpires {
		return "", fmt.Errorf("sigv4: presigning for %v: not between 1 s and %v", expires, MaxExpires)
	}
	w := &work{claim: claim{algorithm: hmacSHA256, date: at.UTC().Format(basic), signed: signable(r.Header)}}
	if err := w.prepare(r, c, region, service, r.URL.RawQuery); err != nil {
		return "", err
	}
	params := []string{
		paramNames[paramAlgorithm], string(hmacSHA256),
		paramNames[paramCredential], w.credential,
		paramNames[paramDate], w.date,
		paramNames[paramExpires], strconv.FormatInt(seconds, 10),
		paramNames[paramSignedHeaders], w.signed,
	}
	if c.SessionToken != "" {
		params = append(params, paramNames[paramToken], c.SessionToken)
	}
	b := []byte(r.URL.RawQuery)
	for name, value := range pairs(params) {
		if len(b) > 0 {
			b = append(b, '&')
		}
		b = append(append(b, name...), '=')
		b = appendEscaped(b, value)
	}
	if err := w.query.parse(string(b)); err != nil {
		return "", err
	}
	if err := w.seal(r, body, c); err != nil {
		return "", err
	}
	u := *r.URL
	u.RawQuery = string(b) + "&" + paramNames[paramSignature] + "=" + w.signature
	return u.String(), nil
}

func pairs(list []string) func(yield func(string, string) bool) {
	return func(yield func(string, string) bool) {
		for p := range slices.Chunk(list, 2) {
			if !yield(p[0], p[1]) {
				return
			}
		}
	}
}

// signable lists the headers to sign, in canonical form. Left out are those
// that net/http writes itself or that proxies change on the way.
func signable(h http.Header) string {
	names := []string{"host"}
	for name, values := range h {
		switch lower := strings.ToLower(name); lower {
		case "host", "authorization", "user-agent", "x-amzn-trace-id", "accept-encoding", "content-length",
			"connection", "expect", "te", "trailer", "transfer-encoding", "upgrade":
		default:
			if len(values) > 0 {
				names = append(names, lower)
			}
		}
	}
	slices.Sort(names)
	return strings.Join(names, ";")
}

// prepare checks what is to be signed, and sets the scope.
func (w *work) prepare(r *http.Request, c Credentials, region, service, rawQuery string) error {
	switch {
	case c.AccessKeyID == "" || c.SecretAccessKey == "":
		return errors.New("sigv4: no credentials to sign with")
	case region == "" || service == "":
		return errors.New("sigv4: signing needs a region and a service")
	case strings.Contains(c.AccessKeyID+region+service, "/"):
		return errors.New("sigv4: an access key id, region or service holds a slash")
	case r.URL.Opaque != "":
		return errors.New("sigv4: an opaque URL cannot be signed")
	}
	if err := w.query.parse(rawQuery); err != nil {
		return fmt.Errorf("sigv4: signing: %w", err)
	}
	if w.query.any() {
		return errors.New("sigv4: the query holds authentication already")
	}
	w.credential = strings.Join([]string{c.AccessKeyID, w.date[:len("YYYYMMDD")], region, service, terminator}, "/")
	return nil
}

// seal makes the signature.
func (w *work) seal(r *http.Request, body []byte, c Credentials) error {
	signing := r
	if r.Method == "" {
		signing = r.WithContext(r.Context())
		signing.Method = http.MethodGet
	}
	amz, err := survey(signing)
	if err != nil {
		return fmt.Errorf("sigv4: signing: %w", err)
	}
	canonical, _, ok := signedHeaders(w.signed)
	if !ok || w.compose(signing, r.URL.EscapedPath(), body, amz) != "" {
		return errors.New("sigv4: a header has a name or value that cannot be signed")
	}
	w.signed = canonical
	w.signature = string(w.derive(c.SecretAccessKey, [sha256.Size]byte{}).sign(w))
	return nil
}
