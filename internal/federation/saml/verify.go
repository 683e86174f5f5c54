package saml

import (
	"encoding/base64"
	"errors"
	"time"

	"github.com/beevik/etree"
)

// MaxResponse is how long a response may be, in characters of base64: AWS's limit.
const MaxResponse = 100_000

// responseBounds hold for the XML of a response. Responses of real providers have
// some 30 to 100 elements, with many groups and roles a few hundred; goxmldsig takes
// 1,000.
var responseBounds = bounds{bytes: MaxResponse * 3 / 4, depth: 32, elements: 1000, attributes: 24, prefixes: 24}

// Window is for how long after its IssueInstant a response can be redeemed.
const Window = 5 * time.Minute

// ahead is how far a provider's clock may be ahead of ours.
const ahead = time.Minute

// Expect is what a response has to be meant for.
type Expect struct {
	Audience  func(string) bool // accepted audiences
	Recipient func(string) bool // accepted recipients and destinations
	Now       time.Time
}

// Verify reads a response of the POST binding: base64 of a samlp:Response that
// holds exactly one assertion, and in which the response, the assertion or both
// carry a signature of the provider. What it returns was all signed. Errors are *Error.
//
// Of the response around an assertion that is signed alone, nothing is believed:
// what it says can only lead to a refusal.
func Verify(response string, p *Provider, e Expect) (*Assertion, error) {
	doc, err := decode(response)
	if err != nil {
		return nil, err
	}
	root, err := readResponse(doc)
	if err != nil {
		return nil, malformed(err)
	}
	if err := checkIssuers(root, p); err != nil {
		return nil, err
	}
	signed, err := verifiedAssertion(root, p)
	if err != nil {
		return nil, invalid("Response signature invalid")
	}
	if err := checkStatus(root); err != nil {
		return nil, malformed(err)
	}
	if d, ok := attr(root, "Destination"); ok && d != "" && !e.Recipient(d) {
		return nil, malformed(errors.New("the destination is another service"))
	}
	a, err := readAssertion(signed)
	if err != nil {
		return nil, malformed(err)
	}
	if a.Issuer != p.Issuer {
		return nil, errIssuer
	}
	if to, ok := attr(root, "InResponseTo"); ok && a.inResponseTo != "" && a.inResponseTo != to {
		return nil, malformed(errors.New("the response and its assertion answer different requests"))
	}
	return a, a.check(e)
}

var errIssuer = invalid("Issuer not present in specified provider")

// decode is strict about base64, but for white space: variants must not make one
// response many (D17).
func decode(response string) ([]byte, error) {
	if len(response) > MaxResponse {
		return nil, malformed(errors.New("it is too large"))
	}
	doc, err := base64.StdEncoding.Strict().DecodeString(withoutSpace(response))
	if err != nil || len(doc) == 0 {
		return nil, invalid("Invalid base64 SAMLResponse")
	}
	return doc, nil
}

// readResponse scans and parses a document and holds it to the shape of a
// response: its counts are those of the whole document, wherever an element hides.
func readResponse(doc []byte) (*etree.Element, error) {
	s, err := scan(doc, responseBounds)
	if err != nil {
		return nil, err
	}
	switch {
	case s.root.Space != nsProtocol || s.root.Local != "Response":
		return nil, errors.New("the document is no response")
	case s.local["EncryptedAssertion"]+s.local["EncryptedID"]+s.local["EncryptedAttribute"]+s.local["EncryptedData"] > 0:
		return nil, errors.New("encrypted assertions are not supported")
	case s.local["Response"] != 1 || s.local["Assertion"] != 1:
		return nil, errors.New("the response must hold exactly one assertion")
	case s.local["Object"] > 0:
		return nil, errors.New("the signature has an unusual shape")
	}
	root, err := parse(doc)
	if err != nil {
		return nil, err
	}
	return root, checkPlaces(root, s)
}

// checkPlaces holds the assertion and the signatures to where they belong.
func checkPlaces(root *etree.Element, s *shape) error {
	if !is(root, nsProtocol, "Response") {
		return errors.New("the document is no response")
	}
	a := one(root, nsAssertion, "Assertion")
	if a == nil {
		return errors.New("the response must hold exactly one assertion")
	}
	for _, e := range []*etree.Element{root, a} {
		if v, _ := attr(e, "Version"); v != "2.0" {
			return errors.New("the response is not of SAML 2.0")
		}
		if id, _ := attr(e, "ID"); !isName(id) {
			return errors.New("the response or its assertion has no identifier")
		}
	}
	found := len(all(root, nsSignature, "Signature")) + len(all(a, nsSignature, "Signature"))
	if s.local["Signature"] != found || s.local["SignedInfo"] != found || s.local["SignatureValue"] != found || s.local["Reference"] != found {
		return errors.New("the response has a signature out of place")
	}
	return nil
}

// checkIssuers compares what the unverified response says: it only chooses the
// words of a refusal that would come anyway.
func checkIssuers(root *etree.Element, p *Provider) error {
	for _, e := range []*etree.Element{root, one(root, nsAssertion, "Assertion")} {
		i, err := atMostOne(e, nsAssertion, "Issuer")
		if err != nil {
			return malformed(err)
		}
		if i == nil {
			continue // of the assertion, readAssertion finds it missing
		}
		if name, err := text(i); err != nil || name != p.Issuer {
			return errIssuer
		}
	}
	return nil
}

// verifiedAssertion gives the assertion as it was signed. Every signature that is
// there must verify, and one must be there.
func verifiedAssertion(root *etree.Element, p *Provider) (*etree.Element, error) {
	sig, err := signatureOf(root)
	if err != nil {
		return nil, err
	}
	if sig != nil {
		if root, err = verified(root, p.Certificates); err != nil {
			return nil, err
		}
	}
	a := one(root, nsAssertion, "Assertion")
	if a == nil {
		return nil, errors.New("the response must hold exactly one assertion")
	}
	own, err := signatureOf(a)
	if err != nil {
		return nil, err
	}
	if own == nil && sig != nil {
		return a, nil
	}
	return verified(a, p.Certificates)
}

const statusSuccess = "urn:oasis:names:tc:SAML:2.0:status:Success"

func checkStatus(root *etree.Element) error {
	status := one(root, nsProtocol, "Status")
	if status == nil {
		return errors.New("the response has no status")
	}
	code := one(status, nsProtocol, "StatusCode")
	if code == nil {
		return errors.New("the response has no status")
	}
	if v, _ := attr(code, "Value"); v != statusSuccess {
		return errors.New("the provider reports that authentication failed")
	}
	return nil
}
