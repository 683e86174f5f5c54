package samldiff

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/beevik/etree"
	gosaml2 "github.com/russellhaering/gosaml2"
	"github.com/russellhaering/goxmldsig"

	"github.com/deputy-sts/deputy/internal/federation/saml"
)

// clock is that of the fixtures.
var clock = time.Date(2026, 11, 22, 1, 2, 3, 0, time.UTC)

const data = "../testdata/"

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func read(t testing.TB, name string) string {
	t.Helper()
	b, err := os.ReadFile(data + name)
	check(t, err)
	return string(b)
}

// said is what a reader takes from a response.
type said struct {
	err      error
	subject  string
	values   map[string][]string
	warnings string
}

// both reads a response by both libraries.
type both struct {
	provider *saml.Provider
	theirs   *gosaml2.SAMLServiceProvider
}

func newBoth(t testing.TB) *both {
	t.Helper()
	p, err := saml.ReadMetadata(read(t, "metadata.xml"))
	check(t, err)
	// AWS does not look at the dates in a certificate of metadata, nor do we; gosaml2 does.
	var lasting []*x509.Certificate
	for _, c := range p.Certificates {
		c := *c
		c.NotBefore, c.NotAfter = clock.AddDate(-1, 0, 0), clock.AddDate(1, 0, 0)
		lasting = append(lasting, &c)
	}
	return &both{p, &gosaml2.SAMLServiceProvider{
		IdentityProviderIssuer: p.Issuer, AssertionConsumerServiceURL: "https://signin.aws.amazon.com/saml", AudienceURI: "urn:amazon:webservices",
		IDPCertificateStore: &dsig.MemoryX509CertificateStore{Roots: lasting}, Clock: dsig.NewFakeClockAt(clock),
	}}
}

func (b *both) ours(doc string) (s said) {
	in := saml.Signin{Partition: "aws"}
	a, err := saml.Verify(base64.StdEncoding.EncodeToString([]byte(doc)), b.provider, saml.Expect{
		Audience: in.Audiences([]string{saml.AWS}), Recipient: in.Recipients([]string{saml.AWS}), Now: clock,
	})
	if err != nil {
		return said{err: err}
	}
	s.subject, s.values = a.Subject, map[string][]string{}
	for _, x := range a.Attributes {
		s.values[x.Name] = append(s.values[x.Name], x.Values...)
	}
	return s
}

func (b *both) gosaml2(doc string) (s said) {
	defer func() { // a library that panics has refused
		if v := recover(); v != nil {
			s = said{err: fmt.Errorf("panic: %v", v)}
		}
	}()
	info, err := b.theirs.RetrieveAssertionInfo(base64.StdEncoding.EncodeToString([]byte(doc)))
	if err != nil {
		return said{err: err}
	}
	s.subject, s.values = info.NameID, map[string][]string{}
	for name, x := range info.Values {
		for _, v := range x.Values {
			s.values[name] = append(s.values[name], v.Value)
		}
	}
	if w := info.WarningInfo; w.InvalidTime || w.NotInAudience {
		s.warnings = fmt.Sprintf("%+v", *w)
	}
	return s
}

// stricter is what we refuse though gosaml2 takes it, by the beginning of our text.
var stricter = []struct{ text, why string }{
	{"Invalid SAML response: ", "the form: gosaml2 reads what our scan and our rules of exactly one do not let through (comments, other elements, attributes twice, names, times, recipients)"},
	{"Response signature invalid", "the shape of a signature, its algorithms and its place: one reference, two transforms, the certificate of the metadata"},
	{"Response does not contain the required audience", "gosaml2 only warns"},
	{"Response has expired", "gosaml2 only warns, or does not look at SessionNotOnOrAfter"},
	{"Token must be redeemed within 5 minutes of issuance", "AWS's rule"},
	{"Issuer not present in specified provider", "the issuer of the part that is not signed"},
}

// looser is what we take though gosaml2 refuses it, by a part of its text.
var looser = []struct{ text, why string }{
	{"Missing x509 Element", "a signature need not name its certificate: those of the metadata are tried"},
	{"missing X509Certificate within KeyInfo", "likewise"},
	{"missing Issuer element", "the issuer of a response is optional (saml-core 3.2.2); the assertion has its own, which is signed"},
	{"expected element <Issuer>", "likewise: an element of another name space is none, and nothing outside of the signature is believed"},
	{"parsing time", "the time of a response that is not signed is not read"},
	{"Unrecognized Issuer value", "white space around the issuer of the response, which is not signed; the assertion's own is compared as it is"},
	{"NotInAudience:true", "AWS takes its sign-in address as an audience too"},
}

// subject is the one of all fixtures: whoever is read in an altered one was signed.
const subject = "user@corp.example"

// compare holds that what we take gosaml2 takes too, and reads alike, but for what
// the tables explain.
func (b *both) compare(t *testing.T, counts map[string]int, what, doc string) {
	t.Helper()
	our, their := b.ours(doc), b.gosaml2(doc)
	switch {
	case our.err != nil && their.err != nil:
		counts["refused by both"]++
	case our.err == nil && (their.err != nil || their.warnings != ""):
		text := fmt.Sprint(their.err, their.warnings)
		for _, class := range looser {
			if strings.Contains(text, class.text) && our.subject == subject {
				counts["only we take: "+class.text]++
				return
			}
		}
		t.Errorf("%s: we take it, gosaml2 does not: %s\n%s", what, text, doc)
	case our.err == nil:
		counts["taken by both"]++
		if our.subject != their.subject || !same(our.values, their.values) {
			t.Errorf("%s: we read %q %v, gosaml2 %q %v\n%s", what, our.subject, our.values, their.subject, their.values, doc)
		}
	default:
		for _, class := range stricter {
			if strings.HasPrefix(our.err.Error(), class.text) {
				counts["only we refuse: "+class.text]++
				return
			}
		}
		t.Errorf("%s: only we refuse, without an explanation: %v\n%s", what, our.err, doc)
	}
}

func same(a, b map[string][]string) bool {
	if len(a) != len(b) {
		return false
	}
	for name := range a {
		if !slices.Equal(a[name], b[name]) {
			return false
		}
	}
	return true
}

var fixtures = []string{"response-rsa.xml", "assertion-rsa.xml", "both-rsa.xml", "assertion-ecdsa.xml", "default-rsa.xml"}

// TestFixtures: what xmlsec1 has signed is read alike; what it signed by a key that
// is not the provider's, or with SHA-1, is refused by us whatever gosaml2 says.
func TestFixtures(t *testing.T) {
	b, counts := newBoth(t), map[string]int{}
	for _, name := range fixtures {
		b.compare(t, counts, name, read(t, name))
	}
	if counts["taken by both"] != len(fixtures)-1 || counts["only we take: Missing x509 Element"] != 1 {
		t.Error(counts)
	}
	for _, name := range []string{"foreign.xml", "sha1.xml"} {
		if s := b.ours(read(t, name)); s.err == nil {
			t.Errorf("%s is taken", name)
		}
	}
}

// sign makes a response with other words in it, signed anew by the provider.
func sign(t testing.TB, pairs ...string) string {
	t.Helper()
	doc := strings.NewReplacer("<!--response-->", "", "<!--assertion-->", "").Replace(read(t, "response.xml"))
	for i := 0; i < len(pairs); i += 2 {
		doc = strings.ReplaceAll(doc, pairs[i], pairs[i+1])
	}
	key, err := tls.LoadX509KeyPair(data+"rsa.crt", data+"rsa.key")
	check(t, err)
	d := etree.NewDocument()
	check(t, d.ReadFromString(doc))
	a := d.FindElement("//Assertion")
	c := dsig.NewDefaultSigningContext(dsig.TLSCertKeyStore(key))
	c.Canonicalizer = dsig.MakeC14N10ExclusiveCanonicalizerWithPrefixList("")
	whole := a.Copy()
	for _, x := range d.Root().Attr {
		if x.Space == "xmlns" {
			whole.CreateAttr("xmlns:"+x.Key, x.Value)
		}
	}
	signature, err := c.ConstructSignature(whole, true)
	check(t, err)
	a.InsertChildAt(1, signature)
	text, err := d.WriteToString()
	check(t, err)
	return text
}

// TestSigned compares responses that are signed, with conditions that hold or not.
func TestSigned(t *testing.T) {
	b, counts := newBoth(t), map[string]int{}
	for i, change := range [][]string{
		nil,
		{"user@corp.example", "someone else"}, {"Blüte &amp; Baum", "a &lt; b &gt; c &quot;d&quot; &#x3b1;"}, {"Blüte &amp; Baum", "  kept  "},
		{"urn:amazon:webservices", "https://signin.aws.amazon.com/saml"}, {"urn:amazon:webservices", "urn:other"},
		{"2026-11-22T01:07:00Z", "2026-11-22T01:02:04Z"}, {"2026-11-22T01:07:00Z", "2026-11-22T01:02:03Z"}, {"2026-11-22T01:07:00Z", "2026-11-22T00:00:00Z"},
		{"2026-11-22T01:01:00Z", "2026-11-22T01:02:03Z"}, {"2026-11-22T01:01:00Z", "2026-11-22T03:00:00Z"}, {"2026-11-22T02:02:00Z", "2026-11-22T01:02:03Z"},
		{"2026-11-22T01:02:00.123Z", "2026-11-22T00:56:00Z"}, {"2026-11-22T09:02:00Z", "2026-11-22T01:00:00Z"},
		{`Recipient="https://signin.aws.amazon.com/saml"`, `Recipient="https://evil.example/"`}, {`Destination="https://signin.aws.amazon.com/saml"`, `Destination="https://evil.example/"`},
		{"https://idp.example/saml", "https://idp.example/other"}, {"status:Success", "status:Requester"}, {"cm:bearer", "cm:sender-vouches"},
		{"persistent", "transient"}, {">staff<", "><"},
	} {
		b.compare(t, counts, fmt.Sprint(i, change), sign(t, change...))
	}
	t.Log(counts)
	if counts["taken by both"] < 4 {
		t.Error(counts)
	}
}

// TestMutated changes signed documents by chance: elements and attributes moved,
// copied, taken away, renamed, and texts changed. DEPUTY_SEED gives other documents.
func TestMutated(t *testing.T) {
	b, counts := newBoth(t), map[string]int{}
	seed := uint64(1)
	if text := os.Getenv("DEPUTY_SEED"); text != "" {
		var err error
		seed, err = strconv.ParseUint(text, 10, 64)
		check(t, err)
	}
	r := rand.New(rand.NewPCG(seed, 1))
	const n = 1500
	for i := range n {
		name := fixtures[r.IntN(len(fixtures))]
		d := etree.NewDocument()
		check(t, d.ReadFromString(read(t, name)))
		for range 1 + r.IntN(3) {
			mutate(r, d)
		}
		doc, err := d.WriteToString()
		check(t, err)
		b.compare(t, counts, fmt.Sprintf("%s, seed %d, document %d", name, seed, i), doc)
	}
	t.Log(counts)
	if counts["refused by both"] < n/3 {
		t.Errorf("of %d documents: %v", n, counts)
	}
}

func mutate(r *rand.Rand, d *etree.Document) {
	all := d.FindElements("//*")
	any := func() *etree.Element { return all[r.IntN(len(all))] }
	e := any()
	switch r.IntN(9) {
	case 0:
		if p := e.Parent(); p != nil && p.Tag != "" {
			p.RemoveChild(e)
		}
	case 1:
		any().AddChild(e.Copy())
	case 2:
		to := any()
		to.InsertChildAt(r.IntN(len(to.Child)+1), e.Copy())
	case 3:
		if len(e.Attr) > 0 {
			x := e.Attr[r.IntN(len(e.Attr))]
			e.RemoveAttr(x.FullKey())
		}
	case 4:
		if len(e.Attr) > 0 {
			x := &e.Attr[r.IntN(len(e.Attr))]
			x.Value += "x"
		}
	case 5:
		e.CreateAttr("ID", []string{"_r1", "_a1", "_x"}[r.IntN(3)])
	case 6:
		if len(e.ChildElements()) == 0 {
			e.SetText(e.Text() + " ")
		}
	case 7:
		e.InsertChildAt(0, etree.NewComment(" c "))
	case 8: // swaps the subjects of two elements
		o := any()
		if len(e.ChildElements()) == 0 && len(o.ChildElements()) == 0 {
			x, y := e.Text(), o.Text()
			e.SetText(y)
			o.SetText(x)
		}
	}
}
