package saml

import (
	"crypto/ecdsa"
	"crypto/x509"
	"encoding/asn1"
	"encoding/base64"
	"errors"
	"math/big"
	"slices"
	"strings"

	"github.com/beevik/etree"
	"github.com/russellhaering/goxmldsig"
)

// What a signature may be made with: SHA-1, HMAC, DSA, inclusive canonical forms
// and all other transforms stay out (D06).
var (
	signatureMethods = []string{
		"http://www.w3.org/2001/04/xmldsig-more#rsa-sha256",
		"http://www.w3.org/2001/04/xmldsig-more#rsa-sha384",
		"http://www.w3.org/2001/04/xmldsig-more#rsa-sha512",
		"http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256",
		"http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha384",
		"http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha512",
	}
	digestMethods = []string{
		"http://www.w3.org/2001/04/xmlenc#sha256",
		"http://www.w3.org/2001/04/xmldsig-more#sha384",
		"http://www.w3.org/2001/04/xmlenc#sha512",
	}
)

const enveloped = nsSignature + "enveloped-signature"

// signatureOf is the signature that stands in an element as its child, or nil.
func signatureOf(e *etree.Element) (*etree.Element, error) {
	return atMostOne(e, nsSignature, "Signature")
}

// verified checks the signature that stands in e over e itself, and gives what was
// signed, parsed from the verified bytes.
func verified(e *etree.Element, certificates []*x509.Certificate) (*etree.Element, error) {
	sig, err := signatureOf(e)
	if err != nil {
		return nil, err
	}
	if sig == nil {
		return nil, errors.New("there is no signature")
	}
	id, _ := attr(e, "ID")
	keyInfo, err := checkSignature(sig, id)
	if err != nil {
		return nil, err
	}
	candidates, err := named(keyInfo, certificates)
	if err != nil {
		return nil, err
	}
	alone := detached(e)
	dropKeyInfo(alone)
	for _, c := range candidates {
		signed, err := validate(alone, c)
		if err != nil {
			continue
		}
		got, _ := attr(signed, "ID")
		if nameOf(signed) != nameOf(e) || got != id {
			return nil, errors.New("the signature is over something else")
		}
		return signed, nil
	}
	return nil, errors.New("the signature does not verify")
}

func validate(e *etree.Element, c *x509.Certificate) (*etree.Element, error) {
	if key, ok := c.PublicKey.(*ecdsa.PublicKey); ok {
		var err error
		if e, err = asn1Signature(e, key); err != nil {
			return nil, err
		}
	}
	v := dsig.NewDefaultValidationContext(&dsig.MemoryX509CertificateStore{Roots: []*x509.Certificate{c}})
	// As AWS, which does not look at the expiry of certificates in metadata: their
	// validity is the document's (IAM User Guide, id_roles_providers_create_saml).
	v.Clock = dsig.NewFakeClockAt(c.NotBefore)
	return v.Validate(e)
}

// asn1Signature is a copy of e whose ECDSA signature is written as crypto/x509 and
// so the library want it. XML has r and s one after the other, each as long as the
// curve's order (RFC 6931, 2.3.6). The value is no part of what is signed.
func asn1Signature(e *etree.Element, key *ecdsa.PublicKey) (*etree.Element, error) {
	e = e.Copy()
	value := one(one(e, nsSignature, "Signature"), nsSignature, "SignatureValue")
	t, err := text(value)
	if err != nil {
		return nil, err
	}
	raw, err := base64.StdEncoding.Strict().DecodeString(withoutSpace(t))
	size := (key.Params().N.BitLen() + 7) / 8
	if err != nil || len(raw) != 2*size {
		return nil, errors.New("the signature is none of the certificate's key")
	}
	der, err := asn1.Marshal(struct{ R, S *big.Int }{new(big.Int).SetBytes(raw[:size]), new(big.Int).SetBytes(raw[size:])})
	if err != nil {
		return nil, err
	}
	value.SetText(base64.StdEncoding.EncodeToString(der))
	return e, nil
}

// checkSignature accepts one shape: SignedInfo with one reference, to the element
// of that id, by the enveloped-signature transform and the exclusive canonical
// form; SignatureValue; and at most one KeyInfo, which it gives back.
func checkSignature(sig *etree.Element, id string) (keyInfo *etree.Element, err error) {
	parts := sig.ChildElements()
	if len(parts) < 2 || len(parts) > 3 || !is(parts[0], nsSignature, "SignedInfo") || !is(parts[1], nsSignature, "SignatureValue") {
		return nil, errors.New("the signature has an unusual shape")
	}
	if _, err := text(parts[1]); err != nil {
		return nil, err
	}
	if len(parts) == 3 {
		if keyInfo = parts[2]; !is(keyInfo, nsSignature, "KeyInfo") {
			return nil, errors.New("the signature has an unusual shape")
		}
	}
	info := parts[0].ChildElements()
	if len(info) != 3 || !is(info[0], nsSignature, "CanonicalizationMethod") || !is(info[1], nsSignature, "SignatureMethod") || !is(info[2], nsSignature, "Reference") {
		return nil, errors.New("the signature must have one reference")
	}
	if err := exclusive(info[0]); err != nil {
		return nil, err
	}
	if err := listed(info[1], signatureMethods, "the signature is made by a method that is not accepted"); err != nil {
		return nil, err
	}
	return keyInfo, checkReference(info[2], id)
}

func checkReference(ref *etree.Element, id string) error {
	if uri, _ := attr(ref, "URI"); id == "" || uri != "#"+id {
		return errors.New("the signature refers to something else")
	}
	parts := ref.ChildElements()
	if len(parts) != 3 || !is(parts[0], nsSignature, "Transforms") || !is(parts[1], nsSignature, "DigestMethod") || !is(parts[2], nsSignature, "DigestValue") {
		return errors.New("the signature's reference has an unusual shape")
	}
	digest, err := text(parts[2])
	if err != nil || digest == "" {
		return errors.New("the signature's digest is not one")
	}
	if err := listed(parts[1], digestMethods, "the signature's digest is made by a method that is not accepted"); err != nil {
		return err
	}
	transforms := parts[0].ChildElements()
	if len(transforms) != 2 || !is(transforms[0], nsSignature, "Transform") || !is(transforms[1], nsSignature, "Transform") {
		return errTransforms
	}
	if err := listed(transforms[0], []string{enveloped}, errTransforms.Error()); err != nil {
		return err
	}
	return exclusive(transforms[1])
}

var errTransforms = errors.New("the signature has other transforms than the two that are accepted")

// listed accepts an element without children whose algorithm is on the list.
func listed(e *etree.Element, list []string, refusal string) error {
	algorithm, _ := attr(e, "Algorithm")
	if !slices.Contains(list, algorithm) || len(e.ChildElements()) > 0 {
		return errors.New(refusal)
	}
	return nil
}

// exclusive accepts the exclusive canonical form without comments.
func exclusive(e *etree.Element) error {
	algorithm, _ := attr(e, "Algorithm")
	if algorithm != nsExclusive {
		return errors.New("the signature is over a canonical form that is not accepted")
	}
	for i, c := range e.ChildElements() {
		if i > 0 || !is(c, nsExclusive, "InclusiveNamespaces") || len(c.ChildElements()) > 0 {
			return errors.New("the signature is over a canonical form that is not accepted")
		}
	}
	return nil
}

// named are the certificates that may have made a signature: the one that its
// KeyInfo holds, which must be a configured one to the byte (D07), or else all.
// Nothing else in a KeyInfo counts.
func named(keyInfo *etree.Element, configured []*x509.Certificate) ([]*x509.Certificate, error) {
	if keyInfo == nil {
		return configured, nil
	}
	var first *etree.Element
	for _, data := range all(keyInfo, nsSignature, "X509Data") {
		if found := all(data, nsSignature, "X509Certificate"); first == nil && len(found) > 0 {
			first = found[0]
		}
	}
	if first == nil {
		return configured, nil
	}
	der, err := certificateText(first)
	if err != nil {
		return nil, err
	}
	for _, c := range configured {
		if slices.Equal(c.Raw, der) {
			return []*x509.Certificate{c}, nil
		}
	}
	return nil, errors.New("the signature is made with a certificate that the provider does not have")
}

func certificateText(e *etree.Element) ([]byte, error) {
	t, err := text(e)
	if err != nil {
		return nil, err
	}
	der, err := base64.StdEncoding.Strict().DecodeString(withoutSpace(t))
	if err != nil {
		return nil, errors.New("a certificate is not base64")
	}
	return der, nil
}

// withoutSpace takes XML's white space out.
func withoutSpace(s string) string {
	return strings.Map(func(r rune) rune {
		if strings.ContainsRune(" \t\r\n", r) {
			return -1
		}
		return r
	}, s)
}

// dropKeyInfo takes the KeyInfo out of the signature in e, which no signature is
// over: the library must not look into it, for the choice is made.
func dropKeyInfo(e *etree.Element) {
	if sig := one(e, nsSignature, "Signature"); sig != nil {
		for _, k := range all(sig, nsSignature, "KeyInfo") {
			sig.RemoveChild(k)
		}
	}
}
