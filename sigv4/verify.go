package sigv4

import (
	"context"
	"net/http"
	"sync"
	"sync/atomic"
	"time"
)

// Secret is what Lookup gives for an access key id.
type Secret struct {
	Key string // the secret access key
	Any any    // carried through to Result.Any, such as the principal
}

// Lookup finds the secret of an access key. sessionToken is what the request
// carries, empty for none; it is not verified yet. An error is returned by
// Verify as it is: use UnknownKey, InvalidToken and ExpiredToken for AWS's.
type Lookup func(ctx context.Context, accessKeyID, sessionToken string) (Secret, error)

// DefaultSkew is how far the time of a request may be from now: 15 minutes, as
// STS and IAM have it.
const DefaultSkew = 15 * time.Minute

// Verifier verifies requests. Set the fields before first use and do not copy
// it after; it may then be used by many goroutines at once.
type Verifier struct {
	Lookup  Lookup            // nil knows no key
	Now     func() time.Time  // nil is time.Now
	Skew    time.Duration     // 0 is DefaultSkew
	Regions func(string) bool // tells whether a region is one of ours; nil accepts any that is not empty

	works sync.Pool // of *work
	cache atomic.Pointer[keyCache]
}

// Result is what a verified request is known to be.
type Result struct {
	Credential    Credential
	RegionSet     string // Signature Version 4A only: the regions the signature is good for, as sent
	SessionToken  string // empty for a long-term key
	Presigned     bool   // authenticated by its query
	Time          time.Time
	SignedHeaders string // lower case, sorted, joined with ";"
	Any           any    // of Secret
}

// Verify tells who signed r for service ("sts"). body is the exact bytes that
// the caller will parse; r.Body is not read. The error is an *Error, or what
// Lookup returned; the result is nil then. Checks are made in AWS's order, so
// that the first thing wrong is the one that AWS would name.
func (v *Verifier) Verify(r *http.Request, body []byte, service string) (*Result, error) {
	w, _ := v.works.Get().(*work)
	if w == nil {
		w = new(work)
	}
	result, err := v.verify(w, r, body, service)
	w.release()
	v.works.Put(w)
	return result, err
}

// release lets go of the request. Room that one large request took is not kept.
func (w *work) release() {
	const most = 64 << 10
	w.claim = claim{}
	if cap(w.buf) > most || cap(w.query.text) > most {
		*w = work{}
	}
}

func (v *Verifier) verify(w *work, r *http.Request, body []byte, service string) (*Result, error) {
	amz, err := survey(r)
	if err != nil {
		return nil, err
	}
	if err := w.read(r); err != nil {
		return nil, err
	}
	signed, hosted, listOK := signedHeaders(w.signed)
	if !hosted {
		return nil, mismatch("'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization.")
	}
	w.signed = signed
	at, date, err := parseTimestamp(w.date, w.dateHeader)
	if err != nil {
		return nil, err
	}
	w.date = date
	if err := checkSkew(at, v.now(), v.skew()); err != nil {
		return nil, err
	}
	credential, err := w.scope()
	if err != nil {
		return nil, err
	}
	if err := w.checkScope(credential, service, v.Regions); err != nil {
		return nil, err
	}
	flaw := w.compose(r, wirePath(r.URL), body, amz)
	if !listOK {
		flaw = mismatchText
	}
	secret, err := v.secret(r.Context(), credential.AccessKeyID, w.token)
	if err != nil {
		// The same work as for a known key, so that the time tells nothing.
		v.signatureOK(w, decoy)
		return nil, err
	}
	if ok := v.signatureOK(w, secret.Key); flaw != "" || !ok {
		if flaw == "" {
			flaw = mismatchText
		}
		return nil, mismatch(flaw)
	}
	return &Result{
		Credential: credential, RegionSet: w.regionSet, SessionToken: w.token, Presigned: w.presigned,
		Time: at, SignedHeaders: w.signed, Any: secret.Any,
	}, nil
}

// decoy stands in for the secret of a key that is not known. Nobody holds
// credentials with it: what it verifies is not looked at.
const decoy = "0000000000000000000000000000000000000000"

// secret asks Lookup. An empty secret would verify for everybody.
func (v *Verifier) secret(ctx context.Context, id, token string) (Secret, error) {
	if v.Lookup == nil || id == "" {
		return Secret{}, UnknownKey()
	}
	s, err := v.Lookup(ctx, id, token)
	if err == nil && s.Key == "" {
		return Secret{}, UnknownKey()
	}
	return s, err
}

// signatureOK tells whether the claim's signature over w.buf was made with
// secret. The key of a good one is kept.
func (v *Verifier) signatureOK(w *work, secret string) bool {
	sum := fingerprint(w, secret)
	cache := v.keys()
	k := cache.find(w.credential, &sum)
	if k != nil {
		return k.matches(w)
	}
	if k = w.derive(secret, sum); k == nil || !k.matches(w) {
		return false
	}
	cache.keep(k)
	return true
}

func (v *Verifier) keys() *keyCache {
	if c := v.cache.Load(); c != nil {
		return c
	}
	v.cache.CompareAndSwap(nil, newKeyCache())
	return v.cache.Load()
}

func (v *Verifier) now() time.Time {
	if v.Now == nil {
		return time.Now()
	}
	return v.Now()
}

func (v *Verifier) skew() time.Duration {
	if v.Skew <= 0 {
		return DefaultSkew
	}
	return v.Skew
}
