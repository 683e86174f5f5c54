package saml

import (
	"fmt"
	"strings"
	"testing"
)

// BenchmarkVerify measures what a response costs, good or hostile.
func BenchmarkVerify(b *testing.B) {
	good := read(b, "both-rsa.xml")
	for name, doc := range map[string]string{
		"good":     good,
		"forged":   swap(b, good, "user@corp.example", attacker),
		"deep":     strings.Repeat("<a>", 20000),
		"wide":     "<a>" + strings.Repeat("<b/>", 17000) + "</a>",
		"big":      swap(b, good, "groups", strings.Repeat("x", 66000)),
		"elements": swap(b, good, `<saml:AttributeValue>a</saml:AttributeValue>`, strings.Repeat(`<saml:AttributeValue>a</saml:AttributeValue>`, 900)),
		"prefixes": swap(b, good, `<saml:AttributeValue>a</saml:AttributeValue>`, strings.Repeat(`<saml:AttributeValue xmlns:q="urn:q" xmlns:w="urn:w" xmlns:e="urn:e" q:a="1" w:a="1" e:a="1">a</saml:AttributeValue>`, 400)),
		"forms":    forms(),
	} {
		b.Run(name, func(b *testing.B) {
			p, e, text := provider(b), expect(), encode(doc)
			b.ReportMetric(float64(len(text)), "chars")
			for b.Loop() {
				_, _ = Verify(text, p, e)
			}
		})
	}
}

// forms is a document in which no start tag is like another.
func forms() string {
	var b strings.Builder
	b.WriteString(`<a xmlns:p="urn:p" xmlns:q="urn:q">`)
	for i := range 990 {
		fmt.Fprintf(&b, `<p:b%d p:a="" q:b="" c="" d="" e="" q:f=""/>`, i)
	}
	return b.String() + "</a>"
}
