package saml

import (
	"crypto/tls"
	"strings"
	"testing"

	"github.com/beevik/etree"
	"github.com/russellhaering/goxmldsig"
)

// sign makes a response of response.xml, changed by pairs of texts, with the
// assertion signed by the provider's key.
func sign(t testing.TB, pairs ...string) string {
	t.Helper()
	doc := read(t, "response.xml")
	doc = strings.ReplaceAll(strings.ReplaceAll(doc, "<!--response-->", ""), "<!--assertion-->", "")
	return signed(t, swap(t, doc, pairs...))
}

// signed signs the first assertion of a response.
func signed(t testing.TB, doc string) string {
	t.Helper()
	pair, err := tls.LoadX509KeyPair("testdata/rsa.crt", "testdata/rsa.key")
	if err != nil {
		t.Fatal(err)
	}
	d := etree.NewDocument()
	if err := d.ReadFromString(doc); err != nil {
		t.Fatal(err)
	}
	a := all(d.Root(), nsAssertion, "Assertion")[0]
	c := dsig.NewDefaultSigningContext(dsig.TLSCertKeyStore(pair))
	c.Canonicalizer = dsig.MakeC14N10ExclusiveCanonicalizerWithPrefixList("")
	sig, err := c.ConstructSignature(detached(a), true)
	if err != nil {
		t.Fatal(err)
	}
	a.InsertChildAt(1, sig)
	text, err := d.WriteToString()
	if err != nil {
		t.Fatal(err)
	}
	return text
}
