package saml

import (
	"strings"
	"testing"
)

// FuzzResponse looks for a document that is accepted and says something else than
// the signed ones do.
func FuzzResponse(f *testing.F) {
	for _, name := range append([]string{"sha1.xml", "foreign.xml", "response.xml"}, signedFixtures...) {
		f.Add(read(f, name))
	}
	p, e := provider(f), expect()
	f.Fuzz(func(t *testing.T, doc string) {
		a, err := Verify(encode(doc), p, e)
		if err != nil {
			return
		}
		if a.Subject != "user@corp.example" || a.ID != "_a1" || len(a.Attributes) != 8 {
			t.Errorf("%+v", a)
		}
	})
}

// FuzzMetadata looks for panics, and for metadata without what it is for.
func FuzzMetadata(f *testing.F) {
	f.Add(read(f, "metadata.xml"))
	f.Fuzz(func(t *testing.T, doc string) {
		p, err := ReadMetadata(doc)
		if err == nil && (p.Issuer == "" || len(p.Certificates) == 0 || !strings.Contains(doc, "IDPSSODescriptor")) {
			t.Errorf("%+v", p)
		}
	})
}
