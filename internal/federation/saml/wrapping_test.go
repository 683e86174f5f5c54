package saml

import (
	"fmt"
	"slices"
	"testing"

	"github.com/beevik/etree"
)

// wrapping is a way to hide what was signed and to show something else: the forged
// element e, made from the signed one, and the original o, with its signature sig.
// It gives what stands in the place of the original.
//
// The eight are those of "On Breaking SAML: Be Whoever You Want to Be" (Somorovsky
// and others, USENIX Security 2012), by the numbers that SAML Raider gave them.
// There 1 and 2 are about signed responses, 3 to 8 about signed assertions; here
// each is done to both.
type wrapping func(e, o *etree.Element, put func(parent, child *etree.Element)) []*etree.Element

var wrappings = map[string]wrapping{
	// The forged one has the signature, and the original within the signature.
	"XSW1": func(e, o *etree.Element, put func(p, c *etree.Element)) []*etree.Element {
		sig := take(o, e)
		put(sig, o)
		return []*etree.Element{e}
	},
	// The forged one has the signature beside the original.
	"XSW2": func(e, o *etree.Element, put func(p, c *etree.Element)) []*etree.Element {
		take(o, e)
		put(e, o)
		return []*etree.Element{e}
	},
	// The forged one, unsigned, before the original.
	"XSW3": func(e, o *etree.Element, _ func(p, c *etree.Element)) []*etree.Element {
		return []*etree.Element{e, o}
	},
	// The forged one, unsigned, around the original.
	"XSW4": func(e, o *etree.Element, put func(p, c *etree.Element)) []*etree.Element {
		put(e, o)
		return []*etree.Element{e}
	},
	// The forged one has the signature; the original without it follows.
	"XSW5": func(e, o *etree.Element, _ func(p, c *etree.Element)) []*etree.Element {
		take(o, e)
		return []*etree.Element{e, o}
	},
	// As 5, with the original in the signature's KeyInfo.
	"XSW6": func(e, o *etree.Element, put func(p, c *etree.Element)) []*etree.Element {
		sig := take(o, e)
		k := one(sig, nsSignature, "KeyInfo")
		if k == nil {
			k = child(sig, nsSignature, "KeyInfo")
		}
		put(k, o)
		return []*etree.Element{e}
	},
	// The forged one in Extensions, beside the original.
	"XSW7": func(e, o *etree.Element, put func(p, c *etree.Element)) []*etree.Element {
		x := element(nsProtocol, "Extensions")
		put(x, e)
		return []*etree.Element{x, o}
	},
	// The original in an Object of the forged one's signature.
	"XSW8": func(e, o *etree.Element, put func(p, c *etree.Element)) []*etree.Element {
		sig := take(o, e)
		put(child(sig, nsSignature, "Object"), o)
		return []*etree.Element{e}
	},
}

// take moves the signature of one element to where it stands in another.
func take(from, to *etree.Element) *etree.Element {
	sig := one(from, nsSignature, "Signature")
	from.RemoveChild(sig)
	to.InsertChildAt(1, sig)
	return sig
}

func element(space, local string) *etree.Element {
	e := etree.NewElement(local)
	e.CreateAttr("xmlns", space)
	return e
}

func child(parent *etree.Element, space, local string) *etree.Element {
	e := element(space, local)
	parent.AddChild(e)
	return e
}

// positions are where a hidden element stands among the children of another.
var positions = map[string]func(parent, child *etree.Element){
	"first":  func(p, c *etree.Element) { p.InsertChildAt(0, c) },
	"middle": func(p, c *etree.Element) { p.InsertChildAt(len(p.Child)/2, c) },
	"last":   func(p, c *etree.Element) { p.AddChild(c) },
}

// identifiers are what the forged element is called.
var identifiers = map[string]func(e *etree.Element){
	"same ID": func(*etree.Element) {},
	"new ID":  func(e *etree.Element) { e.CreateAttr("ID", "_forged") },
	"no ID":   func(e *etree.Element) { e.RemoveAttr("ID") },
}

// TestSec_D01_SignatureWrapping builds every wrapping of every fixture.
func TestSec_D01_SignatureWrapping(t *testing.T) {
	p, x, tried := provider(t), expect(), 0
	for _, name := range signedFixtures {
		for _, signed := range []string{"Response", "Assertion"} {
			for wrap := range wrappings {
				for position := range positions {
					for id := range identifiers {
						for _, inner := range []bool{false, true} { // whether the forged response keeps the assertion's own signature
							if testing.Short() && (position == "middle" || id == "no ID") {
								continue
							}
							doc := wrapped(t, name, signed, wrap, position, id, inner)
							if doc == "" {
								continue
							}
							tried++
							what := fmt.Sprintf("%s %s %s %s %s %v", name, signed, wrap, position, id, inner)
							if a, err := Verify(encode(doc), p, x); err == nil {
								t.Errorf("%s: accepted, with the subject %q\n%s", what, a.Subject, doc)
							}
							if subject := signedSubject(t, doc, p); subject == attacker {
								t.Errorf("%s: beneath the scan, the forged subject is read\n%s", what, doc)
							}
						}
					}
				}
			}
		}
	}
	if tried < 500 && !testing.Short() {
		t.Errorf("only %d documents", tried)
	}
	t.Logf("%d documents", tried)
}

// signedSubject reads a document as if nothing had counted its elements: it gives
// the subject that the verification says was signed, or "".
func signedSubject(t *testing.T, doc string, p *Provider) string {
	t.Helper()
	root, err := parse([]byte(doc))
	if err != nil {
		t.Fatal(err)
	}
	signed, err := verifiedAssertion(root, p)
	if err != nil {
		return ""
	}
	a, err := readAssertion(signed)
	if err != nil {
		return ""
	}
	return a.Subject
}

// wrapped gives the document; "" if the element is not signed in the fixture.
func wrapped(t *testing.T, name, signed, wrap, position, id string, inner bool) string {
	t.Helper()
	d := etree.NewDocument()
	if err := d.ReadFromString(read(t, name)); err != nil {
		t.Fatal(err)
	}
	o := d.Root()
	if signed == "Assertion" {
		o = one(o, nsAssertion, "Assertion")
	}
	if one(o, nsSignature, "Signature") == nil {
		return ""
	}
	o = detached(o)
	e := o.Copy()
	e.RemoveChild(one(e, nsSignature, "Signature"))
	a := e
	if signed == "Response" {
		if a = one(e, nsAssertion, "Assertion"); one(a, nsSignature, "Signature") != nil && !inner {
			a.RemoveChild(one(a, nsSignature, "Signature"))
		}
	}
	subject := one(one(a, nsAssertion, "Subject"), nsAssertion, "NameID")
	subject.SetText(attacker)
	identifiers[id](e)
	parts := wrappings[wrap](e, o, positions[position])
	if signed == "Response" {
		root := parts[0]
		for i, more := range parts[1:] { // a document has one root
			root.InsertChildAt(min(i+1, len(root.Child)), more)
		}
		d.SetRoot(root)
	} else {
		root := d.Root()
		at := slices.Index(root.Child, etree.Token(one(root, nsAssertion, "Assertion")))
		root.RemoveChildAt(at)
		for i, part := range parts {
			root.InsertChildAt(at+i, part)
		}
	}
	text, err := d.WriteToString()
	if err != nil {
		t.Fatal(err)
	}
	return text
}
