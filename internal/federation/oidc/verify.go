package oidc

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"time"
)

// DefaultStale is how long the keys of an issuer serve when it cannot be reached.
const DefaultStale = 12 * time.Hour

// Provider is what an account has registered of an issuer.
type Provider struct {
	Account     string   // 12 digits; whose provider it is
	Issuer      string   // URL, https://… exactly as tokens have it in iss
	Audiences   []string // client ids; nil with AnyAudience
	Thumbprints []string // SHA-1 of certificates, 40 hex digits each
	// AnyAudience leaves the audience to the trust policy: for the issuers that need
	// no registration.
	AnyAudience bool
}

// Options configure a Verifier.
type Options struct {
	// Allow names the hosts whose issuers may be on plain http, on a port, on
	// loopback or a private address: HOST or HOST:PORT.
	Allow []string
	// Stale bounds how long an issuer's keys serve while it cannot be reached; 0 is
	// DefaultStale, less than 10 minutes is none.
	Stale  time.Duration
	Roots  *x509.CertPool   // authorities of certificates; nil: the system's
	Now    func() time.Time // nil: time.Now
	Logger *slog.Logger     // nil discards
}

// Verifier verifies tokens. It is safe for any number of goroutines.
type Verifier struct {
	allow allowList
	cache cache
	now   func() time.Time
	log   *slog.Logger
}

// New makes a Verifier; it fails on an entry of Allow that is none.
func New(o Options) (*Verifier, error) {
	allow, err := readAllowed(o.Allow)
	if err != nil {
		return nil, err
	}
	v := &Verifier{allow: allow, now: o.Now, log: o.Logger}
	if v.now == nil {
		v.now = time.Now
	}
	if v.log == nil {
		v.log = slog.New(slog.DiscardHandler)
	}
	if o.Stale == 0 {
		o.Stale = DefaultStale
	}
	f := &fetcher{allow: allow, roots: o.Roots, now: v.now, limit: fetchTime}
	v.cache = cache{fetch: v.logged(f.keys), now: v.now, stale: o.Stale}
	return v, nil
}

func (v *Verifier) logged(fetch func(context.Context, *Provider) (keySet, error)) func(context.Context, *Provider) (keySet, error) {
	return func(ctx context.Context, p *Provider) (keySet, error) {
		keys, err := whole(ctx, p, fetch)
		if err != nil {
			v.log.Warn("the keys of an OpenID Connect issuer can't be fetched", "account", p.Account, "issuer", p.Issuer, "err", err)
		}
		return keys, err
	}
}

// whole makes a failure of a panic: nothing that an issuer sends may end the
// process, and a fetch runs on a goroutine of its own.
func whole(ctx context.Context, p *Provider, fetch func(context.Context, *Provider) (keySet, error)) (keys keySet, err error) {
	defer func() {
		if v := recover(); v != nil {
			keys, err = nil, fmt.Errorf("%w: panic: %v", ErrUnreachable, v)
		}
	}()
	return fetch(ctx, p)
}

// CheckIssuer says whether a URL may be registered as an issuer's: an ErrIssuer.
func (v *Verifier) CheckIssuer(raw string) error {
	_, err := v.allow.checkURL(raw)
	return err
}

// Verify measures a token against the provider that it claims to be of. It may
// wait for the issuer, at most 5 seconds. What can be told from the token alone
// is looked at before a fetch, the audience only when the signature is good:
// nobody learns a client id by guessing.
func (v *Verifier) Verify(ctx context.Context, t *Token, p *Provider) (*Claims, error) {
	if t.Issuer != p.Issuer {
		return nil, fmt.Errorf("%w: the issuer is not the provider's", ErrClaims)
	}
	c, err := t.readClaims(v.now())
	if err != nil {
		return nil, err
	}
	k, err := v.cache.key(ctx, p, t.keyID)
	if err != nil {
		return nil, err
	}
	if !k.fits(t.alg) {
		return nil, ErrKey
	}
	if _, err := t.signed.Verify(k.key); err != nil {
		return nil, errors.Join(ErrKey, err)
	}
	return c, c.checkAudience(p)
}
