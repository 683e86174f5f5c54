package saml

import (
	"strings"
	"testing"
	"time"
)

func TestReadMetadata(t *testing.T) {
	p := provider(t)
	if p.Issuer != "https://idp.example/saml" || !p.ValidUntil.Equal(time.Date(2036, 1, 2, 3, 4, 5, 0, time.UTC)) {
		t.Errorf("%q until %v", p.Issuer, p.ValidUntil)
	}
	var names []string
	for _, c := range p.Certificates {
		names = append(names, c.Subject.CommonName)
	}
	if got := strings.Join(names, " "); got != "rsa.idp.example ecdsa.idp.example" {
		t.Errorf("certificates of %s", got)
	}
}

// TestSec_D16_Metadata holds what a metadata document has to be.
func TestSec_D16_Metadata(t *testing.T) {
	doc := read(t, "metadata.xml")
	const idp = `<md:IDPSSODescriptor protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol" WantAuthnRequestsSigned="false">`
	cert := doc[strings.Index(doc, "<ds:X509Certificate>"):strings.Index(doc, "</ds:X509Certificate>")]
	ed25519 := "<ds:X509Certificate>MIIBNDCB56ADAgECAgEBMAUGAytlcDAAMB4XDTI2MTEyMjAwMDAwMFoXDTM2MTEyMjAwMDAwMFowADAqMAUGAytlcAMhAAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f"
	for what, x := range map[string][2]string{
		"another root":         {"md:EntityDescriptor", "md:EntitiesDescriptor"},
		"several descriptors":  {idp, `<md:EntityDescriptor entityID="x"/>` + idp},
		"several providers":    {"</md:IDPSSODescriptor>", "</md:IDPSSODescriptor>" + idp + "</md:IDPSSODescriptor>"},
		"a service provider":   {"md:IDPSSODescriptor", "md:SPSSODescriptor"},
		"no entityID":          {`entityID="https://idp.example/saml"`, ""},
		"long entityID":        {`https://idp.example/saml`, strings.Repeat("x", 1025)},
		"no signing key":       {`use="signing"`, `use="encryption"`},
		"no base64":            {cert, "<ds:X509Certificate>*"},
		"no certificate":       {cert, "<ds:X509Certificate>AAAA"},
		"another kind of key":  {cert, ed25519},
		"a comment in it":      {cert, cert[:60] + "<!-- -->" + cert[60:]},
		"validUntil":           {"2036-01-02T03:04:05Z", "2036"},
		"validUntil overflow":  {"2036-01-02T03:04:05Z", "292277026596-12-04T15:30:08Z"},
		"another namespace":    {"urn:oasis:names:tc:SAML:2.0:metadata", "urn:oasis:names:tc:SAML:1.0:metadata"},
		"a document type":      {"<md:EntityDescriptor", "<!DOCTYPE x><md:EntityDescriptor"},
		"an entity":            {"https://idp.example/saml", "&x;"},
		"an instruction":       {"<md:EntityDescriptor", "<?x?><md:EntityDescriptor"},
		"CDATA":                {"<md:NameIDFormat>", "<md:NameIDFormat><![CDATA[x]]>"},
		"too many elements":    {"<md:NameIDFormat>", strings.Repeat("<md:NameIDFormat/>", 6000) + "<md:NameIDFormat>"},
		"a byte order mark":    {`<?xml version`, "\ufeff" + `<?xml version`},
		"too much":             {"<md:NameIDFormat>", strings.Repeat(" ", 10_000_000) + "<md:NameIDFormat>"},
		"text around the root": {"</md:EntityDescriptor>", "</md:EntityDescriptor>x"},
		"no end":               {"</md:EntityDescriptor>", ""},
	} {
		if p, err := ReadMetadata(swap(t, doc, x[0], x[1])); err == nil {
			t.Errorf("%s: accepted, of %q", what, p.Issuer)
		}
	}
	if p, err := ReadMetadata(swap(t, doc, idp, strings.Replace(idp, "<md:IDPSSODescriptor", `<md:IDPSSODescriptor validUntil="2030-01-01T00:00:00Z"`, 1))); err != nil || p.ValidUntil.Year() != 2030 {
		t.Errorf("the sooner validUntil: %v %v", p, err)
	}
	many := ""
	for range maxCertificates + 5 { // the same one again is one
		many += cert + "</ds:X509Certificate>"
	}
	if p, err := ReadMetadata(swap(t, doc, cert+"</ds:X509Certificate>", many)); err != nil || len(p.Certificates) != 2 {
		t.Errorf("a certificate that stands often: %v %v", p, err)
	}
}
