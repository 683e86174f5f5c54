package saml

import (
	"encoding/base64"
	"errors"
	"fmt"
	"os/exec"
	"strings"
	"testing"
	"time"
)

func TestSec_D02_CommentsInTexts(t *testing.T) {
	for _, name := range signedFixtures {
		doc := read(t, name)
		for what, inside := range map[string]string{
			"comment":   "user@corp.example<!---->.evil.example",
			"truncated": attacker + "<!--x-->user@corp.example",
			"CDATA":     "<![CDATA[user@corp.example]]>",
			"PI":        "user@corp.<?x y?>example",
			"element":   "user@corp.<x/>example",
		} {
			refused(t, name+" "+what, swap(t, doc, ">user@corp.example<", ">"+inside+"<"), "")
		}
		// Even where a canonical form leaves it out, so that the signature would still verify.
		refused(t, name, swap(t, doc, ">user@corp.example<", ">user@<!-- c -->corp.example<"), "comment")
		refused(t, name, swap(t, doc, "<samlp:Status>", "<!-- c --><samlp:Status>"), "comment")
	}
}

func TestSec_D03_RoundTrip(t *testing.T) {
	doc := read(t, "assertion-rsa.xml")
	for what, x := range map[string][2]string{
		"two colons":       {"<samlp:Status>", "<samlp:a:b/><samlp:Status>"},
		"colon first":      {"<samlp:Status>", "<:x/><samlp:Status>"},
		"colon last":       {"<samlp:Status>", "<samlp:/><samlp:Status>"},
		"attribute colons": {"<samlp:Status>", `<samlp:Status x:y:z="1">`},
		"attribute :x":     {"<samlp:Status>", `<samlp:Status :x="1">`},
		"directive":        {"<samlp:Status>", `<! <<!-- -->!x>--> ><samlp:Status>`},
		"unicode name":     {"<samlp:Status>", `<samlp:Ştatus/><samlp:Status>`},
		"xmlns attribute":  {"<samlp:Status>", `<samlp:Status xmlns:xmlns="urn:x">`},
		"xmlns element":    {"<samlp:Status>", `<xmlns:Status/><samlp:Status>`},
		"same twice":       {`Version="2.0"`, `Version="2.0" Version="2.0"`},
		"same by prefix":   {"<samlp:Status>", `<samlp:Status xmlns:b="urn:b" xmlns:c="urn:b" b:d="1" c:d="2">`},
		"end tag":          {"</samlp:Status>", "</samlp:Statuz>"},
		"end tag prefix":   {"</samlp:Status>", "</Status>"},
	} {
		refused(t, what, swap(t, doc, x[0], x[1]), "Invalid SAML response")
	}
}

func TestSec_D04_ExactlyOneAssertion(t *testing.T) {
	for _, name := range signedFixtures {
		doc := read(t, name)
		refused(t, name+" none", doc[:strings.Index(doc, "<samlp:Status>")]+"</samlp:Response>", "exactly one assertion")
		for what, another := range map[string]string{
			"SAML 2": `<x:Assertion xmlns:x="urn:oasis:names:tc:SAML:2.0:assertion" ID="_o" Version="2.0"/>`,
			"SAML 1": `<x:Assertion xmlns:x="urn:oasis:names:tc:SAML:1.0:assertion" AssertionID="_o"/>`,
			"none":   `<Assertion xmlns=""/>`,
		} {
			refused(t, name+" "+what+" before", swap(t, doc, "<samlp:Status>", another+"<samlp:Status>"), "exactly one assertion")
			refused(t, name+" "+what+" after", swap(t, doc, "</samlp:Response>", another+"</samlp:Response>"), "exactly one assertion")
		}
		refused(t, name+" encrypted", swap(t, doc, "</samlp:Response>", `<x:EncryptedAssertion xmlns:x="urn:oasis:names:tc:SAML:2.0:assertion"/></samlp:Response>`), "encrypted")
	}
}

func TestSec_D05_OneReferenceToTheRoot(t *testing.T) {
	for _, name := range []string{"response-rsa.xml", "assertion-ecdsa.xml"} {
		doc := read(t, name)
		from, until := strings.Index(doc, "<ds:Reference"), strings.Index(doc, "</ds:Reference>")+len("</ds:Reference>")
		reference := doc[from:until]
		id := "_r1"
		if name == "assertion-ecdsa.xml" {
			id = "_a1"
		}
		for what, with := range map[string]string{
			"none":         "",
			"two":          reference + reference,
			"other first":  strings.Replace(reference, "#"+id, "#_x", 1) + reference,
			"other second": reference + strings.Replace(reference, "#"+id, "#_x", 1),
			"empty URI":    strings.Replace(reference, "#"+id, "", 1),
			"no URI":       strings.Replace(reference, ` URI="#`+id+`"`, "", 1),
			"no hash":      strings.Replace(reference, "#"+id, id, 1),
			"whole":        strings.Replace(reference, "#"+id, "#", 1),
			"XPointer":     strings.Replace(reference, "#"+id, "#xpointer(/)", 1),
			"XPointer id":  strings.Replace(reference, "#"+id, "#xpointer(id('"+id+"'))", 1),
			"http":         strings.Replace(reference, "#"+id, "http://attacker.example/#"+id, 1),
			"case":         strings.Replace(reference, "#"+id, "#"+strings.ToUpper(id), 1),
		} {
			refused(t, name+" "+what, doc[:from]+with+doc[until:], "")
		}
		for _, twin := range []string{`ID="` + id + `"`, `Id="` + id + `"`, `id="` + id + `"`, `xmlns:w="urn:w" w:Id="` + id + `"`} {
			refused(t, name+" "+twin, swap(t, doc, "<samlp:Status>", "<samlp:Status "+twin+">"), "identifier twice")
		}
		refused(t, name+" xml:id", swap(t, doc, "<samlp:Status>", `<samlp:Status xml:id="`+id+`">`), "")
	}
}

func TestSec_D06_Algorithms(t *testing.T) {
	refused(t, "signed with SHA-1", read(t, "sha1.xml"), "Response signature invalid")
	if _, err := validateAnyway(t, "sha1.xml"); err != nil {
		t.Errorf("the fixture signed with SHA-1 should verify but for the list: %v", err)
	}
	doc := read(t, "assertion-ecdsa.xml")
	const more = "http://www.w3.org/2001/04/xmldsig-more#"
	for _, method := range []string{
		"http://www.w3.org/2000/09/xmldsig#rsa-sha1", "http://www.w3.org/2000/09/xmldsig#dsa-sha1", "http://www.w3.org/2009/xmldsig11#dsa-sha256",
		"http://www.w3.org/2000/09/xmldsig#hmac-sha1", more + "hmac-sha256", more + "hmac-sha512", more + "rsa-md5", more + "ecdsa-sha1", more + "rsa-sha256", "", "none",
	} {
		refused(t, method, swap(t, doc, more+"ecdsa-sha256", method), "Response signature invalid")
	}
	refused(t, "HMAC length", swap(t, doc, more+`ecdsa-sha256"/>`, more+`ecdsa-sha256"><ds:HMACOutputLength>1</ds:HMACOutputLength></ds:SignatureMethod>`), "Response signature invalid")
	for _, digest := range []string{"http://www.w3.org/2000/09/xmldsig#sha1", more + "md5", ""} {
		refused(t, "digest "+digest, swap(t, doc, "http://www.w3.org/2001/04/xmlenc#sha256", digest), "Response signature invalid")
	}
	const transform = `<ds:Transform Algorithm="http://www.w3.org/2000/09/xmldsig#enveloped-signature"/>`
	for _, algorithm := range []string{
		"http://www.w3.org/TR/1999/REC-xpath-19991116", "http://www.w3.org/2002/06/xmldsig-filter2", "http://www.w3.org/TR/1999/REC-xslt-19991116",
		"http://www.w3.org/2000/09/xmldsig#base64", "http://www.w3.org/TR/2001/REC-xml-c14n-20010315", "http://www.w3.org/2001/10/xml-exc-c14n#WithComments",
	} {
		other := `<ds:Transform Algorithm="` + algorithm + `"/>`
		for what, with := range map[string]string{"before": other + transform, "after": transform + other, "instead": other} {
			refused(t, algorithm+" "+what, swap(t, doc, transform, with), "Response signature invalid")
		}
		refused(t, algorithm+" canonical form", swap(t, doc, `<ds:CanonicalizationMethod Algorithm="http://www.w3.org/2001/10/xml-exc-c14n#"`, `<ds:CanonicalizationMethod Algorithm="`+algorithm+`"`), "Response signature invalid")
	}
	refused(t, "no transforms", swap(t, doc, transform, ""), "Response signature invalid")
}

// validateAnyway verifies the assertion of a fixture by the library alone.
func validateAnyway(t *testing.T, name string) (any, error) {
	t.Helper()
	root, err := parse([]byte(read(t, name)))
	if err != nil {
		t.Fatal(err)
	}
	a := detached(one(root, nsAssertion, "Assertion"))
	dropKeyInfo(a)
	return validate(a, provider(t).Certificates[0])
}

func TestSec_D07_ConfiguredCertificatesOnly(t *testing.T) {
	refused(t, "foreign key with its certificate", read(t, "foreign.xml"), "Response signature invalid")
	doc := read(t, "assertion-rsa.xml")
	from := strings.Index(doc, "<KeyInfo>")
	until := strings.Index(doc, "</KeyInfo>") + len("</KeyInfo>")
	foreign := read(t, "foreign.xml")
	foreign = foreign[strings.Index(foreign, "<ds:X509Certificate>")+len("<ds:X509Certificate>") : strings.Index(foreign, "</ds:X509Certificate>")]
	own := doc[from:until]
	data := "<KeyInfo><X509Data><X509Certificate>" + foreign + "</X509Certificate></X509Data></KeyInfo>"
	refused(t, "foreign certificate", doc[:from]+data+doc[until:], "Response signature invalid")
	refused(t, "foreign certificate first", doc[:from]+strings.Replace(own, "<X509Data>", "<X509Data><X509Certificate>"+foreign+"</X509Certificate>", 1)+doc[until:], "Response signature invalid")
	refused(t, "two KeyInfos", doc[:from]+own+data+doc[until:], "Response signature invalid")
	refused(t, "no base64", doc[:from]+"<KeyInfo><X509Data><X509Certificate>*</X509Certificate></X509Data></KeyInfo>"+doc[until:], "Response signature invalid")
	// What KeyInfo says otherwise does not count: the configured certificates do.
	for _, other := range []string{"", "<KeyInfo><KeyName>rsa</KeyName></KeyInfo>", "<KeyInfo><X509Data><X509SubjectName>CN=other</X509SubjectName></X509Data></KeyInfo>"} {
		if _, err := verify(t, doc[:from]+other+doc[until:]); err != nil {
			t.Errorf("%q: %v", other, err)
		}
	}
	// The key that the metadata has for encryption signs nothing.
	for _, c := range provider(t).Certificates {
		if strings.Contains(c.Subject.CommonName, "other") {
			t.Error("the encryption certificate is taken for signing")
		}
	}
}

func TestSec_D08_MissingSignature(t *testing.T) {
	refused(t, "unsigned", strings.ReplaceAll(strings.ReplaceAll(read(t, "response.xml"), "<!--response-->", ""), "<!--assertion-->", ""), "Response signature invalid")
	doc := read(t, "assertion-ecdsa.xml")
	sig := doc[strings.Index(doc, "<ds:Signature "):strings.Index(doc, "</ds:Signature>")]
	sig += "</ds:Signature>"
	without := strings.Replace(doc, sig, "", 1)
	for what, with := range map[string]string{
		"in another namespace": strings.ReplaceAll(sig, "http://www.w3.org/2000/09/xmldsig#", "http://www.w3.org/2000/09/xmldsig"),
		"empty":                `<ds:Signature xmlns:ds="http://www.w3.org/2000/09/xmldsig#"/>`,
		"twice":                sig + sig,
		"no value":             strings.Replace(sig, "<ds:SignatureValue>", "<ds:SignatureValue/><ds:Y>", 1),
	} {
		with = strings.ReplaceAll(with, "<ds:Y>", "<ds:KeyInfo>")
		if what == "no value" {
			with = strings.Replace(with, "</ds:SignatureValue>", "</ds:KeyInfo>", 1)
		}
		refused(t, what, strings.Replace(doc, sig, with, 1), "")
	}
	refused(t, "elsewhere", swap(t, without, "<saml:Subject>", "<saml:Subject>"+sig), "")
	refused(t, "beside", swap(t, without, "<samlp:Status>", sig+"<samlp:Status>"), "")
	for _, root := range []string{"LogoutRequest", "LogoutResponse", "AuthnRequest", "ArtifactResponse", "response", "Assertion"} {
		refused(t, root, swap(t, doc, "samlp:Response", "samlp:"+root), "")
	}
	refused(t, "bare assertion", doc[strings.Index(doc, "<saml:Assertion"):strings.Index(doc, "</samlp:Response>")], "")
}

// TestSec_D10_Bombs sends documents that would cost much; that each is refused
// within 10 ms is measured by BenchmarkVerify, not asserted.
func TestSec_D10_Bombs(t *testing.T) {
	doc := read(t, "assertion-ecdsa.xml")
	refused(t, "deep", strings.Repeat("<a>", 24000), "nested too deep")
	refused(t, "wide", "<a>"+strings.Repeat("<b/>", 17000)+"</a>", "too many elements")
	refused(t, "attributes", "<a "+strings.Repeat(`b="" `, 5000)+"/>", "too many attributes")
	refused(t, "namespaces", nested(40), "too many prefixes")
	refused(t, "kinds", "<a>"+kinds(400)+"</a>", "too many kinds")
	refused(t, "large", swap(t, doc, "<samlp:Status>", strings.Repeat(" ", 80000)+"<samlp:Status>"), "too large")
	for what, prolog := range map[string]string{
		"document type": `<!DOCTYPE x>`,
		"entity":        `<!DOCTYPE x [<!ENTITY a "user"><!ENTITY b "&a;&a;">]>`,
		"external":      `<!DOCTYPE x SYSTEM "http://attacker.example/x.dtd">`,
		"parameter":     `<!DOCTYPE x [<!ENTITY % p SYSTEM "file:///etc/passwd">%p;]>`,
		"instruction":   `<?xml-stylesheet href="http://attacker.example/"?>`,
	} {
		refused(t, what, swap(t, doc, "<samlp:Response", prolog+"<samlp:Response"), "Invalid SAML response")
	}
	refused(t, "entity used", swap(t, doc, ">user@corp.example<", ">&user;<"), "not well-formed")
	refused(t, "encoding", swap(t, doc, `encoding="UTF-8"`, `encoding="UTF-16"`), "Invalid SAML response")
	refused(t, "byte order mark", "\ufeff"+doc, "byte order mark")
	refused(t, "not UTF-8", swap(t, doc, ">user@corp.example<", ">user\xff<"), "not UTF-8")
	refused(t, "nul", swap(t, doc, ">user@corp.example<", ">user\x00<"), "not well-formed")
	refused(t, "nul reference", swap(t, doc, ">user@corp.example<", ">user&#0;<"), "not well-formed")
	refused(t, "after the end", doc+"<x/>", "")
	refused(t, "text after the end", doc+"x", "")
	refused(t, "cut", doc[:len(doc)/2], "")
	refused(t, "nothing but a space", " ", "")
}

func nested(n int) string {
	text := ""
	for i := range n {
		text += fmt.Sprintf(`<a xmlns:p%d="urn:p">`, i)
		if i%4 == 3 {
			text += "</a></a></a></a>"
		}
	}
	return "<r>" + text + "</r>"
}

func kinds(n int) (text string) {
	for i := range n {
		text += fmt.Sprintf("<k%d/>", i)
	}
	return text
}

func TestSec_D11_NoEncryption(t *testing.T) {
	doc := read(t, "assertion-ecdsa.xml")
	for _, name := range []string{"saml:EncryptedAssertion", "saml:EncryptedID", "saml:EncryptedAttribute"} {
		refused(t, name, swap(t, doc, "<saml:Conditions ", "<"+name+"/><saml:Conditions "), "encrypted assertions are not supported")
	}
	refused(t, "EncryptedData", swap(t, doc, "<saml:Conditions ", `<e:EncryptedData xmlns:e="http://www.w3.org/2001/04/xmlenc#"/><saml:Conditions `), "encrypted assertions are not supported")
}

func TestSec_D13_Namespaces(t *testing.T) {
	for _, name := range signedFixtures {
		doc := read(t, name)
		for what, x := range map[string][2]string{
			"undeclared prefix":    {"<samlp:Status>", "<nobody:x/><samlp:Status>"},
			"undeclared attribute": {"<samlp:Status>", `<samlp:Status nobody:x="">`},
			"out of scope":         {"<samlp:Status>", `<x xmlns:gone="urn:gone"/><gone:x/><samlp:Status>`},
			"relative":             {"<samlp:Status>", `<samlp:Status xmlns:r="relative">`},
			"relative path":        {"<samlp:Status>", `<samlp:Status xmlns:r="./x">`},
			"relative default":     {"<samlp:Status>", `<samlp:Status xmlns="x">`},
			"empty":                {"<samlp:Status>", `<samlp:Status xmlns:r="">`},
			"number":               {"<samlp:Status>", `<samlp:Status xmlns:r="1:x">`},
			"xml elsewhere":        {"<samlp:Status>", `<samlp:Status xmlns:xml="urn:x">`},
			"as xml":               {"<samlp:Status>", `<samlp:Status xmlns:r="http://www.w3.org/XML/1998/namespace">`},
			"as xmlns":             {"<samlp:Status>", `<samlp:Status xmlns:r="http://www.w3.org/2000/xmlns/">`},
			"default as xmlns":     {"<samlp:Status>", `<samlp:Status xmlns="http://www.w3.org/2000/xmlns/">`},
			"another meaning":      {"<samlp:Status>", `<samlp:Status xmlns:saml="urn:x">`},
			"meaning of samlp":     {"<samlp:Status>", `<x:Status xmlns:x="urn:oasis:names:tc:SAML:2.0:protocol" xmlns:samlp="urn:x"/><samlp:Status>`},
			"declared twice":       {"<samlp:Status>", `<samlp:Status xmlns:r="urn:x" xmlns:r="urn:x">`},
			"base":                 {"<samlp:Status>", `<samlp:Status xml:base="http://attacker.example/">`},
			"another response":     {`xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol"`, `xmlns:samlp="urn:oasis:names:tc:SAML:1.0:protocol"`},
			"another assertion":    {"urn:oasis:names:tc:SAML:2.0:assertion", "urn:oasis:names:tc:SAML:1.0:assertion"},
		} {
			refused(t, name+" "+what, swap(t, doc, x[0], x[1]), "")
		}
		// A canonical form that comes out empty: its digest is known to everybody.
		from, until := strings.Index(doc, "DigestValue>")+len("DigestValue>"), strings.Index(doc, "</")
		for until < from {
			until += strings.Index(doc[until+1:], "</") + 1
		}
		refused(t, name+" empty digest", doc[:from]+"47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="+doc[until:], "Response signature invalid")
		refused(t, name+" no digest", doc[:from]+doc[until:], "Response signature invalid")
	}
}

func TestSec_D17_Base64(t *testing.T) {
	doc := read(t, "assertion-rsa.xml") // of a length that needs padding
	for len(doc)%3 != 1 {
		doc += "\n"
	}
	p, e := provider(t), expect()
	text := encode(doc)
	for _, good := range []string{text, " " + text + "\r\n", text[:100] + "\r\n" + text[100:], text[:101] + " \t" + text[101:]} {
		if _, err := Verify(good, p, e); err != nil {
			t.Errorf("white space: %v", err)
		}
	}
	last := text[len(text)-3]
	for what, bad := range map[string]string{
		"no padding":       strings.TrimRight(text, "="),
		"half the padding": text[:len(text)-1],
		"more padding":     text + "=",
		"padding within":   text[:4] + "====" + text[4:],
		"bits beyond":      text[:len(text)-3] + string(last+1) + "==",
		"URL alphabet":     strings.ReplaceAll(base64.URLEncoding.EncodeToString([]byte(strings.ReplaceAll(doc, "groups", "gro~~~?ups"))), "\n", ""),
		"cut":              text[:len(text)/2+1],
		"twice":            text + text,
		"percent":          strings.ReplaceAll(text, "=", "%3D"),
		"no-break space":   text[:8] + "\u00a0" + text[8:],
		"nul":              text[:8] + "\x00" + text[8:],
		"XML itself":       doc,
		"empty":            "",
		"blank":            "  ",
	} {
		if _, err := Verify(bad, p, e); err == nil {
			t.Errorf("%s: accepted", what)
		}
	}
	if _, err := Verify(text+strings.Repeat(" ", MaxResponse), p, e); err == nil || !strings.Contains(err.Error(), "too large") {
		t.Errorf("beyond the limit: %v", err)
	}
}

// TestFixturesVerify asks xmlsec1 about the fixtures, where it is installed: a
// fixture that nobody accepts would prove nothing.
func TestFixturesVerify(t *testing.T) {
	tool, err := exec.LookPath("xmlsec1")
	if err != nil {
		t.Skip("xmlsec1 is not installed")
	}
	for _, name := range signedFixtures {
		key := "testdata/rsa.crt"
		if strings.Contains(name, "ecdsa") {
			key = "testdata/ecdsa.crt"
		}
		out, err := exec.Command(tool, "--verify", "--trusted-pem", key, "--pubkey-cert-pem", key, "--id-attr:ID", nsProtocol+":Response", "--id-attr:ID", nsAssertion+":Assertion", "testdata/"+name).CombinedOutput()
		if err != nil {
			t.Errorf("%s: %v\n%s", name, err, out)
		}
	}
}

// TestExpired holds which refusals are AWS's ExpiredTokenException.
func TestExpired(t *testing.T) {
	p, e := provider(t), expect()
	text := encode(read(t, "both-rsa.xml"))
	for _, x := range []struct {
		after time.Duration
		want  string
	}{
		{-62 * time.Second, ""},
		{-65 * time.Second, "not valid yet"},
		{4*time.Minute + 56*time.Second, ""},
		{4*time.Minute + 57*time.Second, "Response has expired"}, // the confirmation's NotOnOrAfter
		{5 * time.Minute, "Response has expired"},
		{2 * time.Hour, "Response has expired"},
	} {
		e.Now = clock.Add(x.after)
		_, err := Verify(text, p, e)
		if x.want == "" {
			if err != nil {
				t.Errorf("%v: %v", x.after, err)
			}
			continue
		}
		if err == nil || !strings.Contains(err.Error(), x.want) {
			t.Errorf("%v: got %v, want %s", x.after, err, x.want)
		}
		if s, ok := errors.AsType[*Error](err); ok && s.Expired != strings.Contains(x.want, "expired") {
			t.Errorf("%v: Expired is %v", x.after, s.Expired)
		}
	}
}
