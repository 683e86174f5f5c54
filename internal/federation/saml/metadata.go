package saml

import (
	"crypto/ecdsa"
	"crypto/rsa"
	"crypto/x509"
	"errors"
	"slices"
	"time"

	"github.com/beevik/etree"
)

// Provider is what metadata says of an identity provider.
type Provider struct {
	Issuer       string // its entityID
	Certificates []*x509.Certificate
	ValidUntil   time.Time // zero: the document does not say
}

// metadataBounds hold for metadata, which describes one provider. Those of real
// ones have up to some hundred elements and a few attributes for whole federations.
var metadataBounds = bounds{bytes: 10_000_000, depth: 32, elements: 5000, attributes: 32, prefixes: 64, comments: true}

const (
	// maxCertificates bounds how many keys a response is tried with.
	maxCertificates = 10
	// minRSA is the size of RSA keys that AWS asks for, in bits.
	minRSA = 1024
	// maxIssuer is how long an entityID may be (saml-metadata 2.2.1).
	maxIssuer = 1024
)

// ReadMetadata reads a metadata document: one EntityDescriptor with the
// certificates that the provider signs with. Errors say what is wrong with it.
// Whether it is still valid is the caller's question.
func ReadMetadata(doc string) (*Provider, error) {
	s, err := scan([]byte(doc), metadataBounds)
	if err != nil {
		return nil, err
	}
	switch {
	case s.root.Space != nsMetadata || s.root.Local != "EntityDescriptor" || s.local["EntityDescriptor"] != 1:
		return nil, errors.New("the document must be one EntityDescriptor")
	case s.local["IDPSSODescriptor"] != 1:
		return nil, errors.New("the document must have one IDPSSODescriptor")
	}
	root, err := parse([]byte(doc))
	if err != nil {
		return nil, err
	}
	idp := one(root, nsMetadata, "IDPSSODescriptor")
	if idp == nil {
		return nil, errors.New("the document must have one IDPSSODescriptor")
	}
	p := &Provider{}
	if p.Issuer, _ = attr(root, "entityID"); p.Issuer == "" || len(p.Issuer) > maxIssuer {
		return nil, errors.New("the document has no entityID, or one that is too long")
	}
	if p.ValidUntil, err = earliest(root, idp); err != nil {
		return nil, err
	}
	return p, p.readKeys(idp)
}

// earliest is the sooner validUntil of the elements that have one.
func earliest(list ...*etree.Element) (until time.Time, err error) {
	for _, e := range list {
		t, err := instant(e, "validUntil")
		if err != nil {
			return until, err
		}
		if !t.IsZero() && (until.IsZero() || t.Before(until)) {
			until = t
		}
	}
	return until, nil
}

// readKeys takes the certificates that are for signing, or for no stated use.
func (p *Provider) readKeys(idp *etree.Element) error {
	for _, k := range all(idp, nsMetadata, "KeyDescriptor") {
		if use, ok := attr(k, "use"); ok && use != "signing" {
			continue
		}
		for _, info := range all(k, nsSignature, "KeyInfo") {
			for _, data := range all(info, nsSignature, "X509Data") {
				for _, c := range all(data, nsSignature, "X509Certificate") {
					if err := p.addKey(c); err != nil {
						return err
					}
				}
			}
		}
	}
	if len(p.Certificates) == 0 {
		return errors.New("the document has no certificate to verify signatures with")
	}
	return nil
}

func (p *Provider) addKey(e *etree.Element) error {
	der, err := certificateText(e)
	if err != nil {
		return err
	}
	c, err := ParseCertificate(der)
	if err != nil {
		return err
	}
	if slices.ContainsFunc(p.Certificates, c.Equal) {
		return nil
	}
	if p.Certificates = append(p.Certificates, c); len(p.Certificates) > maxCertificates {
		return errors.New("the document has too many certificates")
	}
	return nil
}

// ParseCertificate reads a certificate (DER) of a key that can sign assertions.
func ParseCertificate(der []byte) (*x509.Certificate, error) {
	c, err := x509.ParseCertificate(der)
	if err != nil {
		return nil, errors.New("a certificate cannot be read")
	}
	switch key := c.PublicKey.(type) {
	case *rsa.PublicKey:
		if key.N.BitLen() < minRSA || key.N.BitLen() > 8192 {
			return nil, errors.New("a certificate's RSA key must have 1024 to 8192 bits")
		}
	case *ecdsa.PublicKey:
	default:
		return nil, errors.New("a certificate's key is neither RSA nor ECDSA")
	}
	return c, nil
}
