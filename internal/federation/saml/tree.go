package saml

import (
	"encoding/xml"
	"errors"
	"strings"
	"time"

	"github.com/beevik/etree"
)

// The namespaces of SAML and of XML signatures.
const (
	nsAssertion = "urn:oasis:names:tc:SAML:2.0:assertion"
	nsProtocol  = "urn:oasis:names:tc:SAML:2.0:protocol"
	nsMetadata  = "urn:oasis:names:tc:SAML:2.0:metadata"
	nsSignature = "http://www.w3.org/2000/09/xmldsig#"
	nsExclusive = "http://www.w3.org/2001/10/xml-exc-c14n#"
)

// parse reads a document that scan has let through.
func parse(doc []byte) (*etree.Element, error) {
	d := etree.NewDocument()
	if err := d.ReadFromBytes(doc); err != nil || d.Root() == nil {
		return nil, errors.New("the document is not well-formed XML")
	}
	return d.Root(), nil
}

// is tells the namespace and name of an element.
func is(e *etree.Element, space, local string) bool {
	return e.Tag == local && e.NamespaceURI() == space
}

func nameOf(e *etree.Element) xml.Name { return xml.Name{Space: e.NamespaceURI(), Local: e.Tag} }

// all are the children of that name.
func all(e *etree.Element, space, local string) []*etree.Element {
	var found []*etree.Element
	for c := range e.ChildElementsSeq() {
		if is(c, space, local) {
			found = append(found, c)
		}
	}
	return found
}

// one is the only child of that name; nil if there is none or more than one.
func one(e *etree.Element, space, local string) *etree.Element {
	if found := all(e, space, local); len(found) == 1 {
		return found[0]
	}
	return nil
}

// atMostOne is the only child of that name, or nil; more are an error.
func atMostOne(e *etree.Element, space, local string) (*etree.Element, error) {
	switch found := all(e, space, local); len(found) {
	case 0:
		return nil, nil
	case 1:
		return found[0], nil
	}
	return nil, errors.New(local + " stands more than once")
}

// text is the whole text of an element without child elements.
func text(e *etree.Element) (string, error) {
	var b strings.Builder
	for _, c := range e.Child {
		t, ok := c.(*etree.CharData)
		if !ok {
			return "", errors.New(e.Tag + " holds more than a text")
		}
		b.WriteString(t.Data)
	}
	return strings.Trim(b.String(), " \t\r\n"), nil
}

// attr is the value of an attribute without a prefix.
func attr(e *etree.Element, local string) (string, bool) {
	for _, a := range e.Attr {
		if a.Space == "" && a.Key == local {
			return a.Value, true
		}
	}
	return "", false
}

// instant reads an attribute of the type dateTime. Absent is the zero time.
func instant(e *etree.Element, local string) (time.Time, error) {
	v, ok := attr(e, local)
	if !ok {
		return time.Time{}, nil
	}
	t, err := time.Parse(time.RFC3339Nano, v)
	if err != nil || t.Year() < 1970 {
		return time.Time{}, errors.New(local + " is not an instant")
	}
	return t.UTC(), nil
}

// detached is a copy of an element that stands alone, with the namespaces that
// were in scope where it stood. A prefix means the same in all of a scanned
// document; of the default namespaces the nearest counts.
func detached(e *etree.Element) *etree.Element {
	c := e.Copy()
	for up := e.Parent(); up != nil; up = up.Parent() {
		for _, a := range up.Attr {
			declaration := a.Space == "xmlns" || a.Space == "" && a.Key == "xmlns"
			if declaration && !hasAttr(c, a.Space, a.Key) {
				c.Attr = append(c.Attr, etree.Attr{Space: a.Space, Key: a.Key, Value: a.Value})
			}
		}
	}
	return c
}

func hasAttr(e *etree.Element, space, key string) bool {
	for _, a := range e.Attr {
		if a.Space == space && a.Key == key {
			return true
		}
	}
	return false
}
