package saml

import (
	"errors"
	"time"

	"github.com/beevik/etree"
)

// Assertion is what a provider has signed about a user.
type Assertion struct {
	ID     string
	Issuer string
	Issued time.Time // IssueInstant

	Subject string // the NameID
	Format  string // its Format, a URI

	Recipient   string    // of the subject's confirmation
	SessionEnds time.Time // the earliest SessionNotOnOrAfter; zero: none
	Attributes  []Attribute

	confirmed               time.Time // the confirmation's NotOnOrAfter
	notBefore, notOnOrAfter time.Time // of the Conditions; zero: none
	audiences               [][]string
	inResponseTo            string
}

// Attribute is a named list of texts.
type Attribute struct {
	Name   string
	Values []string
}

const (
	bearer      = "urn:oasis:names:tc:SAML:2.0:cm:bearer"
	unspecified = "urn:oasis:names:tc:SAML:1.1:nameid-format:unspecified"
	entity      = "urn:oasis:names:tc:SAML:2.0:nameid-format:entity"
)

// readAssertion reads a verified element.
func readAssertion(e *etree.Element) (*Assertion, error) {
	a := &Assertion{}
	a.ID, _ = attr(e, "ID")
	var err error
	if a.Issued, err = instant(e, "IssueInstant"); err != nil {
		return nil, err
	}
	if a.Issued.IsZero() {
		return nil, errors.New("the assertion has no IssueInstant")
	}
	for _, read := range []func(*etree.Element) error{a.readIssuer, a.readSubject, a.readConditions, a.readStatements} {
		if err := read(e); err != nil {
			return nil, err
		}
	}
	return a, nil
}

func (a *Assertion) readIssuer(e *etree.Element) (err error) {
	i := one(e, nsAssertion, "Issuer")
	if i == nil {
		return errors.New("the assertion has no issuer")
	}
	if format, ok := attr(i, "Format"); ok && format != entity && format != unspecified {
		return errors.New("the issuer is no entity")
	}
	a.Issuer, err = text(i)
	return err
}

// readSubject wants a NameID and exactly one confirmation, by bearer, with the
// Recipient and NotOnOrAfter that the browser profile demands and AWS too.
func (a *Assertion) readSubject(e *etree.Element) (err error) {
	subject := one(e, nsAssertion, "Subject")
	if subject == nil {
		return errors.New("the assertion has no subject")
	}
	name := one(subject, nsAssertion, "NameID")
	if name == nil {
		return errors.New("the subject has no NameID")
	}
	if a.Subject, err = text(name); err != nil {
		return err
	}
	if a.Subject == "" {
		return errors.New("the subject has no NameID")
	}
	if a.Format, _ = attr(name, "Format"); a.Format == "" {
		a.Format = unspecified
	}
	c := one(subject, nsAssertion, "SubjectConfirmation")
	if c == nil {
		return errors.New("the subject must have exactly one SubjectConfirmation")
	}
	if method, _ := attr(c, "Method"); method != bearer {
		return errors.New("the subject is not confirmed by bearer")
	}
	return a.readConfirmation(one(c, nsAssertion, "SubjectConfirmationData"))
}

func (a *Assertion) readConfirmation(data *etree.Element) (err error) {
	if data == nil {
		return errors.New("the SubjectConfirmation has no data")
	}
	if _, early := attr(data, "NotBefore"); early { // saml-profiles 4.1.4.2
		return errors.New("the SubjectConfirmation has a NotBefore")
	}
	a.Recipient, _ = attr(data, "Recipient")
	a.inResponseTo, _ = attr(data, "InResponseTo")
	if a.confirmed, err = instant(data, "NotOnOrAfter"); err != nil {
		return err
	}
	if a.Recipient == "" || a.confirmed.IsZero() {
		return errors.New("the SubjectConfirmation has no Recipient or no NotOnOrAfter")
	}
	return nil
}

// readConditions refuses conditions that it does not know: who does not understand
// one must not rely on the assertion (saml-core 2.5.1).
func (a *Assertion) readConditions(e *etree.Element) (err error) {
	c := one(e, nsAssertion, "Conditions")
	if c == nil {
		return errAudience
	}
	if a.notBefore, err = instant(c, "NotBefore"); err != nil {
		return err
	}
	if a.notOnOrAfter, err = instant(c, "NotOnOrAfter"); err != nil {
		return err
	}
	for child := range c.ChildElementsSeq() {
		switch n := nameOf(child); {
		case n.Space == nsAssertion && n.Local == "AudienceRestriction":
			list, err := texts(child, "Audience")
			if err != nil {
				return err
			}
			a.audiences = append(a.audiences, list)
		case n.Space == nsAssertion && (n.Local == "OneTimeUse" || n.Local == "ProxyRestriction"):
			// Every assertion is used once here, and none is made from another.
		default:
			return errors.New("the assertion has a condition that is not known")
		}
	}
	return nil
}

var errAudience = errors.New("the assertion names no audience")

// readStatements reads the sessions and the attributes.
func (a *Assertion) readStatements(e *etree.Element) error {
	authn := all(e, nsAssertion, "AuthnStatement")
	if len(authn) == 0 {
		return errors.New("the assertion has no AuthnStatement")
	}
	for _, s := range authn {
		ends, err := instant(s, "SessionNotOnOrAfter")
		if err != nil {
			return err
		}
		if !ends.IsZero() && (a.SessionEnds.IsZero() || ends.Before(a.SessionEnds)) {
			a.SessionEnds = ends
		}
	}
	for _, s := range all(e, nsAssertion, "AttributeStatement") {
		for _, x := range all(s, nsAssertion, "Attribute") {
			name, _ := attr(x, "Name")
			values, err := texts(x, "AttributeValue")
			if err != nil {
				return err
			}
			a.Attributes = append(a.Attributes, Attribute{name, values})
		}
	}
	return nil
}

// texts are the texts of the children of that name. A child with children of its
// own (a NameID as eduPersonTargetedID) gives the text of its only child.
func texts(e *etree.Element, local string) ([]string, error) {
	var list []string
	for _, c := range all(e, nsAssertion, local) {
		if inner := c.ChildElements(); len(inner) == 1 && is(inner[0], nsAssertion, "NameID") {
			c = inner[0]
		}
		t, err := text(c)
		if err != nil {
			return nil, err
		}
		list = append(list, t)
	}
	return list, nil
}

// check compares the assertion with the time and with whom it is meant for.
func (a *Assertion) check(e Expect) error {
	switch now := e.Now; {
	case a.Issued.Sub(now) > ahead, !a.notBefore.IsZero() && a.notBefore.Sub(now) > ahead:
		return malformed(errors.New("the assertion is not valid yet"))
	case !a.notOnOrAfter.IsZero() && !now.Before(a.notOnOrAfter), !now.Before(a.confirmed):
		return expired("Response has expired")
	case !a.SessionEnds.IsZero() && !now.Before(a.SessionEnds):
		return expired("Response has expired")
	case now.Sub(a.Issued) > Window:
		return expired("Token must be redeemed within 5 minutes of issuance")
	}
	if !e.Recipient(a.Recipient) {
		return malformed(errors.New("the recipient is another service"))
	}
	if len(a.audiences) == 0 {
		return invalid("Response does not contain the required audience.")
	}
	for _, list := range a.audiences { // each restriction has to hold (saml-core 2.5.1.4)
		if !anyOf(list, e.Audience) {
			return invalid("Response does not contain the required audience.")
		}
	}
	return nil
}

func anyOf(list []string, good func(string) bool) bool {
	for _, s := range list {
		if good(s) {
			return true
		}
	}
	return false
}
