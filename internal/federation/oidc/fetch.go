package oidc

import (
	"context"
	"crypto/sha1"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"syscall"
	"time"
)

// Bounds of a fetch. An issuer is reached by its URL only; nothing of it is
// followed but the key set's URL in its discovery document.
const (
	fetchTime   = 5 * time.Second // for both documents together
	maxDocument = 256 << 10       // bytes of each
	maxHeaders  = 16 << 10
)

// fetcher gets documents of issuers. It follows no redirect, uses no proxy, keeps
// no connection, sends no cookie, and asks for no compression.
type fetcher struct {
	allow allowList
	roots *x509.CertPool // nil: the system's
	now   func() time.Time
	limit time.Duration // of a fetch; fetchTime
	names *net.Resolver // nil: the system's
}

// keys fetches the issuer's discovery document and the key set it names.
//
// Source: OpenID Connect Discovery 1.0, sections 3 and 4.
func (f *fetcher) keys(ctx context.Context, p *Provider) (keySet, error) {
	ctx, cancel := context.WithTimeout(ctx, f.limit)
	defer cancel()
	b, err := f.get(ctx, strings.TrimSuffix(p.Issuer, "/")+"/.well-known/openid-configuration", p.Thumbprints)
	if err != nil {
		return nil, err
	}
	d, err := parseObject(b)
	if err != nil {
		return nil, fmt.Errorf("%w: its discovery document: %w", ErrUnreachable, err)
	}
	if iss, _ := d["issuer"].(string); iss != p.Issuer {
		return nil, fmt.Errorf("%w: its discovery document is of another issuer, %.100q", ErrUnreachable, iss)
	}
	where, _ := d["jwks_uri"].(string)
	if b, err = f.get(ctx, where, p.Thumbprints); err != nil {
		return nil, err
	}
	set, err := parseKeySet(b)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrUnreachable, err)
	}
	return set, nil
}

// get fetches one document. Errors are ErrUnreachable.
func (f *fetcher) get(ctx context.Context, raw string, thumbprints []string) ([]byte, error) {
	u, err := f.allow.checkURL(raw)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrUnreachable, err)
	}
	transport := f.transport(u, thumbprints)
	defer transport.CloseIdleConnections()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), nil)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrUnreachable, err)
	}
	r.Header.Set("Accept", "application/json")
	r.Header.Set("User-Agent", "deputyd")
	resp, err := transport.RoundTrip(r)
	if err != nil {
		if errors.Is(err, ErrCertificate) {
			return nil, err
		}
		return nil, fmt.Errorf("%w: %w", ErrUnreachable, err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("%w: %s answers %d", ErrUnreachable, u.Host, resp.StatusCode)
	}
	b, err := io.ReadAll(io.LimitReader(resp.Body, maxDocument+1))
	switch {
	case err != nil:
		return nil, fmt.Errorf("%w: %w", ErrUnreachable, err)
	case len(b) > maxDocument:
		return nil, fmt.Errorf("%w: a document of more than %d bytes", ErrUnreachable, maxDocument)
	}
	return b, nil
}

// transport reaches one host, once.
func (f *fetcher) transport(u *url.URL, thumbprints []string) *http.Transport {
	isAllowed := f.allow.has(u.Hostname(), portOf(u))
	dialer := &net.Dialer{
		Timeout:  f.limit,
		Resolver: f.names,
		// The address that is dialled is looked at, not the name: what a name means may
		// change between two lookups.
		Control: func(_, address string, _ syscall.RawConn) error {
			at, err := netip.ParseAddrPort(address)
			if err != nil || !mayDial(at.Addr(), isAllowed) {
				return fmt.Errorf("oidc: %s is not an address that an issuer may have", address)
			}
			return nil
		},
	}
	return &http.Transport{
		DialContext:            dialer.DialContext,
		TLSClientConfig:        f.tls(u.Hostname(), thumbprints),
		TLSHandshakeTimeout:    f.limit,
		ResponseHeaderTimeout:  f.limit,
		MaxResponseHeaderBytes: maxHeaders,
		DisableKeepAlives:      true,
		DisableCompression:     true,
	}
}

// tls verifies a certificate itself: against the authorities, or, as AWS does for
// issuers that have none of them, against the registered thumbprints.
func (f *fetcher) tls(host string, thumbprints []string) *tls.Config {
	return &tls.Config{
		MinVersion:         tls.VersionTLS12,
		InsecureSkipVerify: true, // VerifyConnection does it
		VerifyConnection: func(s tls.ConnectionState) error {
			return f.verify(host, thumbprints, s.PeerCertificates)
		},
	}
}

// verify accepts a chain that leads to an authority, or to a certificate in it
// that has a registered thumbprint. In both cases it must be for the host and of today.
func (f *fetcher) verify(host string, thumbprints []string, chain []*x509.Certificate) error {
	if len(chain) == 0 {
		return ErrCertificate
	}
	o := x509.VerifyOptions{DNSName: host, Roots: f.roots, Intermediates: x509.NewCertPool(), CurrentTime: f.now()}
	for _, c := range chain[1:] {
		o.Intermediates.AddCert(c)
	}
	_, err := chain[0].Verify(o)
	if err == nil {
		return nil
	}
	o.Roots = x509.NewCertPool()
	pinned := false
	for _, c := range chain {
		if registered(c, thumbprints) {
			o.Roots.AddCert(c)
			pinned = true
		}
	}
	if pinned {
		if _, err = chain[0].Verify(o); err == nil {
			return nil
		}
	}
	return fmt.Errorf("%w: %w", ErrCertificate, err)
}

// registered tells a certificate by its SHA-1, which is what AWS's thumbprints are.
func registered(c *x509.Certificate, thumbprints []string) bool {
	sum := sha1.Sum(c.Raw)
	own := hex.EncodeToString(sum[:])
	for _, t := range thumbprints {
		if strings.EqualFold(t, own) {
			return true
		}
	}
	return false
}
