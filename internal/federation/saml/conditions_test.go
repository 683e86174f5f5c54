package saml

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// TestSec_D09_Conditions signs one response for each thing that can be missing,
// wrong or there twice.
func TestSec_D09_Conditions(t *testing.T) {
	const (
		restriction = "<saml:AudienceRestriction><saml:Audience>urn:amazon:webservices</saml:Audience></saml:AudienceRestriction>"
		data        = `<saml:SubjectConfirmationData NotOnOrAfter="2026-11-22T01:07:00Z" Recipient="https://signin.aws.amazon.com/saml"/>`
		method      = `<saml:SubjectConfirmation Method="urn:oasis:names:tc:SAML:2.0:cm:bearer">`
		issuer      = "<saml:Issuer>https://idp.example/saml</saml:Issuer>"
		success     = `<samlp:StatusCode Value="urn:oasis:names:tc:SAML:2.0:status:Success"/>`
		nameID      = `<saml:NameID Format="urn:oasis:names:tc:SAML:2.0:nameid-format:persistent">user@corp.example</saml:NameID>`
		issued      = `IssueInstant="2026-11-22T01:02:00.123Z"`
	)
	confirmation := method + "\n        " + data + "\n      </saml:SubjectConfirmation>"
	for _, x := range []struct {
		what, old, new, want string
	}{
		{"as it should be", "groups", "groups", ""},
		{"no audience restriction", restriction, "", "required audience"},
		{"no audience", restriction, "<saml:AudienceRestriction/>", "required audience"},
		{"another audience", "urn:amazon:webservices<", "urn:amazon:webservices2<", "required audience"},
		{"audience with a slash", "urn:amazon:webservices<", "https://signin.aws.amazon.com/saml/<", "required audience"},
		{"audience by http", "urn:amazon:webservices<", "http://signin.aws.amazon.com/saml<", "required audience"},
		{"audience in capitals", "urn:amazon:webservices<", "URN:amazon:webservices<", "required audience"},
		{"audience beside another", restriction, strings.Replace(restriction, "<saml:Audience>", "<saml:Audience>urn:other</saml:Audience><saml:Audience>", 1), ""},
		{"second restriction, which does not hold", restriction, restriction + "<saml:AudienceRestriction><saml:Audience>urn:other</saml:Audience></saml:AudienceRestriction>", "required audience"},
		{"second restriction", restriction, restriction + restriction, ""},
		{"audience of the sign-in", "urn:amazon:webservices<", "https://signin.aws.amazon.com/saml<", ""},
		{"audience of a region", "urn:amazon:webservices<", "https://eu-central-1.signin.aws.amazon.com/saml<", ""},
		{"unknown condition", restriction, restriction + `<saml:Condition xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:type="xs:other"/>`, "condition"},
		{"one-time use", restriction, restriction + "<saml:OneTimeUse/>", ""},
		{"no recipient", ` Recipient="https://signin.aws.amazon.com/saml"`, "", "Recipient"},
		{"another recipient", ` Recipient="https://signin.aws.amazon.com/saml"`, ` Recipient="https://signin.aws.amazon.com.evil.example/saml"`, "recipient"},
		{"recipient with a query", ` Recipient="https://signin.aws.amazon.com/saml"`, ` Recipient="https://signin.aws.amazon.com/saml?x"`, "recipient"},
		{"recipient of user info", ` Recipient="https://signin.aws.amazon.com/saml"`, ` Recipient="https://signin.aws.amazon.com@evil.example/saml"`, "recipient"},
		{"recipient that is the word", ` Recipient="https://signin.aws.amazon.com/saml"`, ` Recipient="aws"`, "recipient"},
		{"recipient of a region", ` Recipient="https://signin.aws.amazon.com/saml"`, ` Recipient="https://us-east-1.signin.aws.amazon.com/saml"`, ""},
		{"another destination", `Destination="https://signin.aws.amazon.com/saml"`, `Destination="https://other.example/saml"`, "destination"},
		{"no destination", ` Destination="https://signin.aws.amazon.com/saml"`, ``, ""},
		{"no confirmation", confirmation, "", "SubjectConfirmation"},
		{"two confirmations", confirmation, confirmation + confirmation, "SubjectConfirmation"},
		{"confirmation by holder of key", "cm:bearer", "cm:holder-of-key", "bearer"},
		{"confirmation by nothing", ` Method="urn:oasis:names:tc:SAML:2.0:cm:bearer"`, "", "bearer"},
		{"no confirmation data", data, "", "SubjectConfirmation"},
		{"two confirmation data", data, data + data, "SubjectConfirmation"},
		{"confirmation without an end", `<saml:SubjectConfirmationData NotOnOrAfter="2026-11-22T01:07:00Z"`, `<saml:SubjectConfirmationData`, "NotOnOrAfter"},
		{"confirmation that ended", `NotOnOrAfter="2026-11-22T01:07:00Z"`, `NotOnOrAfter="2026-11-22T01:02:03Z"`, "expired"},
		{"confirmation that begins", `<saml:SubjectConfirmationData `, `<saml:SubjectConfirmationData NotBefore="2026-11-22T01:00:00Z" `, "NotBefore"},
		{"end that is no instant", `NotOnOrAfter="2026-11-22T01:07:00Z"`, `NotOnOrAfter="tomorrow"`, "instant"},
		{"end without a zone", `NotOnOrAfter="2026-11-22T01:07:00Z"`, `NotOnOrAfter="2026-11-22T01:07:00"`, "instant"},
		{"no conditions", "<saml:Conditions NotBefore=\"2026-11-22T01:01:00Z\" NotOnOrAfter=\"2026-11-22T02:02:00Z\">\n      " + restriction + "\n    </saml:Conditions>", "", "audience"},
		{"conditions that ended", `NotOnOrAfter="2026-11-22T02:02:00Z"`, `NotOnOrAfter="2026-11-22T01:02:03Z"`, "expired"},
		{"conditions to come", `NotBefore="2026-11-22T01:01:00Z"`, `NotBefore="2026-11-22T01:03:04Z"`, "not valid yet"},
		{"conditions within the skew", `NotBefore="2026-11-22T01:01:00Z"`, `NotBefore="2026-11-22T01:03:03Z"`, ""},
		{"conditions without times", ` NotBefore="2026-11-22T01:01:00Z" NotOnOrAfter="2026-11-22T02:02:00Z"`, "", ""},
		{"issued long ago", issued, `IssueInstant="2026-11-22T00:57:02Z"`, "Token must be redeemed within 5 minutes of issuance"},
		{"issued just in time", issued, `IssueInstant="2026-11-22T00:57:03Z"`, ""},
		{"issued in the future", issued, `IssueInstant="2026-11-22T01:03:04Z"`, "not valid yet"},
		{"not issued", " " + issued, "", "IssueInstant"},
		{"session that ended", `SessionNotOnOrAfter="2026-11-22T09:02:00Z"`, `SessionNotOnOrAfter="2026-11-22T01:02:03Z"`, "expired"},
		{"no session's end", ` SessionNotOnOrAfter="2026-11-22T09:02:00Z"`, ``, ""},
		{"another issuer", "https://idp.example/saml</saml:Issuer>", "https://other.example/saml</saml:Issuer>", "Issuer not present in specified provider"},
		{"issuer with a slash", "https://idp.example/saml</saml:Issuer>", "https://idp.example/saml/</saml:Issuer>", "Issuer not present in specified provider"},
		{"issuer that is a person", "    " + issuer, `    <saml:Issuer Format="urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress">https://idp.example/saml</saml:Issuer>`, "issuer"},
		{"two issuers", issuer, issuer + issuer, "more than once"},
		{"no issuer of the assertion", "    " + issuer, "", "issuer"},
		{"status of failure", "status:Success", "status:Requester", "authentication failed"},
		{"failure within success", success, `<samlp:StatusCode Value="urn:oasis:names:tc:SAML:2.0:status:Responder">` + success + `</samlp:StatusCode>`, "authentication failed"},
		{"no status", success, "", "no status"},
		{"two statuses", "</samlp:Status>", "</samlp:Status><samlp:Status>" + success + "</samlp:Status>", "no status"},
		{"two status codes", success, success + success, "no status"},
		{"answers to different requests", `Version="2.0" IssueInstant="2026-11-22T01:02:00Z"`, `InResponseTo="_q2" Version="2.0" IssueInstant="2026-11-22T01:02:00Z"`, ""},
		{"no subject", nameID, "", "NameID"},
		{"empty subject", ">user@corp.example</saml:NameID>", "></saml:NameID>", "NameID"},
		{"two subjects", nameID, nameID + nameID, "NameID"},
		{"no authentication", "saml:AuthnStatement", "saml:Advice", "AuthnStatement"},
		{"version 1", `ID="_a1" Version="2.0"`, `ID="_a1" Version="1.1"`, "SAML 2.0"},
		{"version 1 outside", `ID="_r1" Version="2.0"`, `ID="_r1" Version="1.1"`, "SAML 2.0"},
		{"no ID", ` ID="_r1"`, "", "identifier"},
		{"an ID that is none", ` ID="_r1"`, ` ID="#_r1"`, "identifier"},
	} {
		_, err := verify(t, sign(t, x.old, x.new))
		switch {
		case x.want == "" && err != nil:
			t.Errorf("%s: %v", x.what, err)
		case x.want != "" && (err == nil || !strings.Contains(err.Error(), x.want)):
			t.Errorf("%s: got %v, want %q", x.what, err, x.want)
		}
	}
	_, err := verify(t, sign(t, `Version="2.0" IssueInstant="2026-11-22T01:02:00Z"`, `InResponseTo="_q2" Version="2.0" IssueInstant="2026-11-22T01:02:00Z"`,
		"<saml:SubjectConfirmationData ", `<saml:SubjectConfirmationData InResponseTo="_q1" `))
	if err == nil || !strings.Contains(err.Error(), "different requests") {
		t.Errorf("answers to different requests: %v", err)
	}
}

// TestSec_D15_RoleAttribute holds which pairs the Role attribute gives.
func TestSec_D15_RoleAttribute(t *testing.T) {
	const role, idp = "arn:aws:iam::111122223333:role/R", "arn:aws:iam::111122223333:saml-provider/P"
	for v, want := range map[string]bool{
		role + "," + idp: true, idp + "," + role: true, " " + role + " ,\n" + idp + " ": true,
		role: false, idp: false, "": false, ",": false, role + "," + role: false, idp + "," + idp: false,
		role + ";" + idp: false, role + "," + idp + "," + idp: false, role + "," + idp + ",": false, "," + role + "," + idp: false,
	} {
		p, ok := pair(v)
		if ok != want || ok && p != (Pair{role, idp}) {
			t.Errorf("%q: %v %v", v, p, ok)
		}
	}
	a := &Assertion{Attributes: []Attribute{{attributes + "Role", []string{role + "," + idp, idp + "," + role, "x"}}}}
	c, err := a.Claims()
	if err != nil || len(c.Pairs) != 1 {
		t.Errorf("%v %v", c, err)
	}
	a.Attributes = append(a.Attributes, a.Attributes[0])
	if _, err := a.Claims(); err == nil || !strings.Contains(err.Error(), "twice") {
		t.Errorf("the attribute twice: %v", err)
	}
}

// TestSec_D16_Durations holds SessionDuration to its bounds.
func TestSec_D16_Durations(t *testing.T) {
	for v, want := range map[string]int{
		"900": 900, "43200": 43200, "899": 0, "43201": 0, "-900": 0, "+900": 0, "": 0, "9e2": 0, "900.0": 0, "0x384": 0,
		"4294968196": 0, "18446744073709552516": 0, "９００": 0,
	} {
		a := &Assertion{Attributes: []Attribute{{attributes + "SessionDuration", []string{v}}}}
		c, err := a.Claims()
		if (err == nil) != (want > 0) || want > 0 && c.SessionDuration != want {
			t.Errorf("%q: %v %v", v, c, err)
		}
	}
}

// TestSeveralValues refuses AWS's attributes that have not exactly one value.
func TestSeveralValues(t *testing.T) {
	for _, name := range []string{"RoleSessionName", "SourceIdentity", "SessionDuration", "PrincipalTag:x"} {
		for _, values := range [][]string{nil, {"900", "900"}} {
			a := &Assertion{Attributes: []Attribute{{attributes + name, values}}}
			if _, err := a.Claims(); err == nil {
				t.Errorf("%s with %d values is accepted", name, len(values))
			}
		}
	}
}

func TestContext(t *testing.T) {
	a := &Assertion{Attributes: []Attribute{
		{"urn:oid:0.9.2342.19200300100.1.3", []string{"a@x"}},
		{"http://schemas.xmlsoap.org/ws/2005/05/identity/claims/emailaddress", []string{"b@x"}},
		{"urn:oid:2.5.4.3", []string{"cn"}}, {"2.5.4.3", []string{"common"}},
		{"groups", []string{"g"}}, {"saml:aud", []string{"forged"}}, {"aud", []string{"forged"}},
	}}
	c, err := a.Claims()
	if err != nil {
		t.Fatal(err)
	}
	want := []Attribute{{"mail", []string{"a@x", "b@x"}}, {"cn", []string{"cn"}}, {"commonname", []string{"common"}}}
	if diff := cmp.Diff(want, c.Context); diff != "" {
		t.Error(diff)
	}
}

func TestSignin(t *testing.T) {
	s := Signin{Partition: "aws", ProviderID: "SAMLPX"}
	own := []string{AWS, "https://sts.corp.example/saml"}
	for u, want := range map[string]bool{
		"https://signin.aws.amazon.com/saml": true, "https://us-east-1.signin.aws.amazon.com/saml": true, "https://ap-southeast-2.signin.aws.amazon.com/saml/acs/SAMLPX": true,
		"https://signin.aws.amazon.com/saml/acs/SAMLPX": true, "https://sts.corp.example/saml": true,
		"https://signin.aws.amazon.com/saml/acs/SAMLPY": false, "https://signin.aws.amazon.com/saml/acs/": false, "https://evil.signin.aws.amazon.com/saml": false,
		"https://us-east-1.evil.signin.aws.amazon.com/saml": false, "https://us-east-.signin.aws.amazon.com/saml": false, "https://signin.amazonaws.cn/saml": false,
		"HTTPS://signin.aws.amazon.com/saml": false, "aws": false, "": false, "https://x-y-1signin.aws.amazon.com/saml": false,
	} {
		if got := s.Recipients(own)(u); got != want {
			t.Errorf("recipient %q: %v", u, got)
		}
	}
	if s.Audiences([]string{"x"})("urn:amazon:webservices") || !s.Audiences([]string{"x"})("x") {
		t.Error("a list without aws takes AWS's, or not its own")
	}
	for partition, urn := range map[string]string{"aws": "urn:amazon:webservices", "aws-cn": "urn:amazon:webservices:cn-north-1", "aws-us-gov": "urn:amazon:webservices:govcloud"} {
		if !(Signin{Partition: partition}).Audiences([]string{AWS})(urn) {
			t.Errorf("%s does not take %s", partition, urn)
		}
	}
}

// TestWindow holds the bound that one-time use is remembered for.
func TestWindow(t *testing.T) {
	if Window != 5*time.Minute {
		t.Error("AWS's text says 5 minutes")
	}
}
