package sts

import (
	"crypto/tls"
	"encoding/base64"
	"encoding/json"
	"encoding/xml"
	"net/http"
	"net/url"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/beevik/etree"
	"github.com/russellhaering/goxmldsig"

	"github.com/deputy-sts/deputy/internal/authz"
	"github.com/deputy-sts/deputy/internal/directory"
	"github.com/deputy-sts/deputy/internal/federation/saml"
	"github.com/deputy-sts/deputy/internal/query"
	"github.com/deputy-sts/deputy/internal/stsapi"
)

const samlData = "../federation/saml/testdata/"

func fixture(t testing.TB, name string) string {
	t.Helper()
	b, err := os.ReadFile(samlData + name)
	check(t, err)
	return string(b)
}

// corp is a stack with the identity provider of the fixtures, which account A has
// registered as Corp, and the roles that its responses name.
type corp struct {
	*stack
	provider string
}

func newCorp(t testing.TB) *corp {
	t.Helper()
	s := &corp{stack: newStack(t), provider: "arn:aws:iam::" + accountA + ":saml-provider/Corp"}
	s.register(accountA, "Corp")
	for _, name := range []string{"Dev", "path/Ops"} {
		s.role(accountA, name, s.trusts(`"StringEquals":{"saml:aud":"https://signin.aws.amazon.com/saml"}`), allowAll)
	}
	return s
}

func (s *corp) register(account, name string) {
	s.t.Helper()
	doc := fixture(s.t, "metadata.xml")
	p, err := saml.ReadMetadata(doc)
	check(s.t, err)
	r := &directory.SAMLProvider{Account: account, Name: name, ID: "SAMLPROVIDERID" + account, Metadata: doc, Issuer: p.Issuer, Created: s.now}
	for _, c := range p.Certificates {
		r.Certificates = append(r.Certificates, c.Raw)
	}
	s.change(func(tx *directory.Tx) { tx.PutSAMLProvider(nil, r) })
}

// trusts lets in who the provider vouches for, under the condition.
func (s *corp) trusts(condition string) string {
	return `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":{"Federated":"` + s.provider +
		`"},"Action":["sts:AssumeRoleWithSAML","sts:TagSession","sts:SetSourceIdentity"],"Condition":{` + condition + `}}}`
}

// response makes a response of the provider, changed by pairs of texts and signed
// anew. Each has an id of its own. The & of the fixture cannot be in a session tag.
func (s *corp) response(id string, pairs ...string) string {
	s.t.Helper()
	doc := strings.ReplaceAll(strings.ReplaceAll(fixture(s.t, "response.xml"), "<!--response-->", ""), "<!--assertion-->", "")
	for i, pairs := 0, append([]string{`ID="_a1"`, `ID="` + id + `"`, "&amp;", "+"}, pairs...); i < len(pairs); i += 2 {
		if !strings.Contains(doc, pairs[i]) {
			s.t.Fatalf("no %q in the response", pairs[i])
		}
		doc = strings.ReplaceAll(doc, pairs[i], pairs[i+1])
	}
	key, err := tls.LoadX509KeyPair(samlData+"rsa.crt", samlData+"rsa.key")
	check(s.t, err)
	d := etree.NewDocument()
	check(s.t, d.ReadFromString(doc))
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
	check(s.t, err)
	a.InsertChildAt(1, signature)
	text, err := d.WriteToString()
	check(s.t, err)
	return text
}

// enter calls AssumeRoleWithSAML unsigned; more is pairs of parameters.
func (s *corp) enter(role, response string, more ...string) answer {
	s.t.Helper()
	form := url.Values{
		"Action": {"AssumeRoleWithSAML"}, "Version": {"2011-06-15"}, "PrincipalArn": {s.provider},
		"RoleArn": {"arn:aws:iam::" + accountA + ":role/" + role}, "SAMLAssertion": {base64.StdEncoding.EncodeToString([]byte(response))},
	}
	for i := 0; i < len(more); i += 2 {
		form.Set(more[i], more[i+1])
	}
	return s.unsigned(form)
}

// unsigned sends a request without a signature.
func (s *stack) unsigned(form url.Values) answer {
	s.t.Helper()
	p, err := query.ParseForm(http.MethodPost, "", "application/x-www-form-urlencoded", []byte(form.Encode()))
	if err != nil {
		return s.failed(err)
	}
	op := stsapi.API.Op(form.Get("Action"))
	call := s.gate.NewCall(authz.Request{
		RequestID: "id", Service: "sts", Action: op.Name, Region: "eu-central-1", Host: "sts.test", SourceIP: s.from, TLS: s.tls, Time: s.now,
	})
	defer call.Release()
	out, err := s.mux.Serve(s.t.Context(), call, op, p)
	if err != nil {
		call.Refused(err)
		return s.failed(err)
	}
	text := query.AppendXML(nil, &stsapi.API, op, out, "id")
	check(s.t, xml.Unmarshal(text, new(struct{})))
	return answer{Status: 200, XML: string(text), Out: out}
}

// TestSAML enters a role and works with the session.
func TestSAML(t *testing.T) {
	s := newCorp(t)
	a := s.enter("Dev", s.response("_first"))
	if a.Status != 200 {
		t.Fatal(a)
	}
	out := a.Out.(*stsapi.AssumeRoleWithSAMLResponse)
	for what, pair := range map[string][2]string{
		"Arn":            {*out.AssumedRoleUser.Arn, "arn:aws:sts::111122223333:assumed-role/Dev/user@corp.example"},
		"Subject":        {*out.Subject, "user@corp.example"},
		"SubjectType":    {*out.SubjectType, "persistent"},
		"Issuer":         {*out.Issuer, "https://idp.example/saml"},
		"Audience":       {*out.Audience, "https://signin.aws.amazon.com/saml"},
		"NameQualifier":  {*out.NameQualifier, "7n+PTR1WQ1GrTBW3PD1/0dvkFjc="}, // echo -n https://idp.example/saml111122223333/Corp | openssl sha1 -binary | base64
		"SourceIdentity": {*out.SourceIdentity, "user"},
		"Expiration":     {out.Credentials.Expiration.String(), s.now.Add(time.Hour).String()},
	} {
		if pair[0] != pair[1] {
			t.Errorf("%s: %s, want %s", what, pair[0], pair[1])
		}
	}
	if out.PackedPolicySize == nil || out.SessionTokenSize == nil {
		t.Error("sizes are missing")
	}
	c := fromAPI(out.Credentials)
	if who := s.do(c, "GetCallerIdentity", ""); !strings.Contains(who.XML, "assumed-role/Dev/user@corp.example") {
		t.Error(who, who.XML)
	}
	lines := s.lines()
	var e struct {
		UserIdentity      map[string]any
		RequestParameters map[string]any
	}
	check(t, json.Unmarshal([]byte(lines[0]), &e))
	if e.UserIdentity["type"] != "SAMLUser" || e.UserIdentity["identityProvider"] != s.provider || e.RequestParameters["sAMLAssertion"] != authz.Hidden {
		t.Errorf("audit: %s", lines[0])
	}
	if all := strings.Join(lines, "\n"); strings.Contains(all, c.SecretAccessKey) || strings.Contains(all, c.SessionToken) {
		t.Error("the audit holds a secret")
	}
}

// TestSAMLKeys asks for each condition key, at the door and with the session.
func TestSAMLKeys(t *testing.T) {
	s := newCorp(t)
	n := 0
	enter := func(role string) answer { n++; return s.enter(role, s.response("_k"+string(rune('a'+n)))) }
	qualifier := "7n+PTR1WQ1GrTBW3PD1/0dvkFjc="
	for key, value := range map[string]string{
		"saml:aud": "https://signin.aws.amazon.com/saml", "SAML:iss": "https://idp.example/saml", "saml:sub": "user@corp.example",
		"saml:sub_type": "persistent", "saml:namequalifier": qualifier, "saml:doc": accountA + "/Corp", "sts:RoleSessionName": "user@corp.example",
		"sts:SourceIdentity": "user", "aws:RequestTag/Team": "Blüte + Baum", "saml:eduPersonAffiliation": "member",
	} {
		for _, right := range []bool{true, false} {
			if !right {
				value += "x"
			}
			s.editRole(accountA, "Dev", func(r *directory.Role) {
				bound, err := directory.BindTrust(s.directory.View(), s.trusts(`"ForAnyValue:StringEquals":{"`+key+`":"`+value+`"}`))
				check(t, err)
				r.Trust = bound
			})
			want := "200"
			if !right {
				want = "403 AccessDenied Not authorized to perform sts:AssumeRoleWithSAML"
			}
			if a := enter("Dev"); a.String() != want {
				t.Errorf("%s = %s: %s", key, value, a)
			}
		}
	}
}

// TestSAMLRefusals holds AWS's answers.
func TestSAMLRefusals(t *testing.T) {
	const denied = "403 AccessDenied Not authorized to perform sts:AssumeRoleWithSAML"
	const invalid = "400 InvalidIdentityToken "
	const role = "arn:aws:iam::111122223333:role/Dev,"
	for name, row := range map[string]struct {
		change []string // of the response
		role   string
		more   []string
		before func(*corp)
		want   string
	}{
		"good":                      {want: "200"},
		"other order":               {change: []string{role + "arn:aws:iam::111122223333:saml-provider/Corp", "arn:aws:iam::111122223333:saml-provider/Corp," + strings.TrimSuffix(role, ",")}, want: "200"},
		"a role that is not named":  {role: "Other", want: denied},
		"a role that is not there":  {change: []string{"role/Dev", "role/Gone"}, role: "Gone", want: denied},
		"a role that trusts nobody": {change: []string{"role/Dev", "role/Shut"}, role: "Shut", want: denied},
		"another's pair":            {change: []string{role + "arn:aws:iam::111122223333:saml-provider/Corp", role + "arn:aws:iam::111122223333:saml-provider/Other"}, want: denied},
		"Identity Center's role":    {change: []string{"role/Dev", "role/AWSReservedSSO_Dev"}, role: "AWSReservedSSO_Dev", want: denied},
		"no provider":               {more: []string{"PrincipalArn", "arn:aws:iam::111122223333:saml-provider/None"}, want: invalid + "Specified provider doesn't exist"},
		"another account's":         {more: []string{"PrincipalArn", "arn:aws:iam::444455556666:saml-provider/Corp"}, want: invalid + "Specified provider doesn't exist"},
		"not a provider":            {more: []string{"PrincipalArn", "arn:aws:iam::111122223333:oidc-provider/idp"}, want: "400 ValidationError arn:aws:iam::111122223333:oidc-provider/idp is invalid"},
		"not a role":                {more: []string{"RoleArn", "arn:aws:iam::111122223333:user/Dev"}, want: "400 ValidationError arn:aws:iam::111122223333:user/Dev is invalid"},
		"not base64":                {more: []string{"SAMLAssertion", "????"}, want: ""},
		"no session name":           {change: []string{"Attributes/RoleSessionName", "Attributes/NoSessionName"}, want: invalid + "RoleSessionName is required in AuthnResponse"},
		"a session name of blanks":  {change: []string{">user@corp.example</saml:AttributeValue>", ">a b</saml:AttributeValue>"}, want: invalid + "RoleSessionName in AuthnResponse must match [a-zA-Z_0-9+=,.@-]{2,64}"},
		"a reserved identity":       {change: []string{">user</saml:AttributeValue>", ">aws:user</saml:AttributeValue>"}, want: invalid + `Source Identity must match [\w+=,.@-]{2,64} and not begin with "aws:"`},
		"another audience":          {change: []string{"<saml:Audience>urn:amazon:webservices<", "<saml:Audience>urn:else<"}, want: invalid + "Response does not contain the required audience."},
		"another issuer":            {change: []string{"https://idp.example/saml<", "https://idp.example/other<"}, want: invalid + "Issuer not present in specified provider"},
		"too old":                   {before: func(s *corp) { s.now = s.now.Add(4*time.Minute + 58*time.Second) }, want: "400 ExpiredTokenException Response has expired"},
		"expired metadata": {before: func(s *corp) {
			s.change(func(tx *directory.Tx) {
				old := tx.SAMLProvider(s.provider)
				now := old.Clone()
				now.ValidUntil = s.now
				tx.PutSAMLProvider(old, now)
			})
		}, want: invalid + "The metadata document of the specified provider has expired"},
		"longer than the role lets": {more: []string{"DurationSeconds", "3601"}, want: "400 ValidationError The requested DurationSeconds exceeds the MaxSessionDuration set for this role."},
		"a bad session policy":      {more: []string{"Policy", "{}"}, want: ""},
	} {
		t.Run(name, func(t *testing.T) {
			s := newCorp(t)
			s.register(accountB, "Corp")
			s.role(accountA, "Shut", trusts(accountA))
			s.role(accountA, "AWSReservedSSO_Dev", s.trusts(""))
			if row.before != nil {
				row.before(s)
			}
			if row.role == "" {
				row.role = "Dev"
			}
			a := s.enter(row.role, s.response("_x", row.change...), row.more...)
			if row.want == "" && a.Status != 400 || row.want != "" && a.String() != row.want {
				t.Errorf("%s, want %s", a, row.want)
			}
		})
	}
}

// TestSAMLEnds: a session ends with the earlier of what was asked for and what the
// provider says.
func TestSAMLEnds(t *testing.T) {
	s := newCorp(t)
	s.editRole(accountA, "Dev", func(r *directory.Role) { r.MaxSessionDuration = 43200 })
	for i, row := range []struct{ ends, seconds, want string }{
		{"2026-11-22T09:02:00Z", "900", "2026-11-22T01:17:03Z"}, {"2026-11-22T01:17:00Z", "3600", "2026-11-22T01:17:00Z"},
		{"2026-11-22T09:02:00Z", "43200", "2026-11-22T09:02:00Z"},
	} {
		a := s.enter("Dev", s.response("_e"+string(rune('a'+i)), "2026-11-22T09:02:00Z", row.ends), "DurationSeconds", row.seconds)
		if a.Status != 200 {
			t.Fatal(a)
		}
		if got := a.Out.(*stsapi.AssumeRoleWithSAMLResponse).Credentials.Expiration.Format(time.RFC3339); got != row.want {
			t.Errorf("%+v: %s", row, got)
		}
	}
}

// TestSec_D14_AnAssertionServesOnce: of many who present one at once, one comes in,
// whatever they do to what its signature leaves out; after a refusal it is spent too.
func TestSec_D14_AnAssertionServesOnce(t *testing.T) {
	s := newCorp(t)
	response := s.response("_once")
	var mu sync.Mutex
	var all sync.WaitGroup
	got := map[string]int{}
	for i := range 40 {
		all.Go(func() {
			role := "Dev"
			if i%2 == 1 {
				role = "path/Ops"
			}
			a := s.enter(role, strings.Replace(response, `ID="_r1"`, `ID="_r`+string(rune('a'+i%20))+`"`, 1))
			mu.Lock()
			defer mu.Unlock()
			got[a.String()]++
		})
	}
	all.Wait()
	const used = "400 InvalidIdentityToken The SAML assertion was used already"
	if got["200"] != 1 || got[used] != 39 {
		t.Error(got)
	}
	// A provider that is deleted and made again has another id, and the same issuer.
	s.change(func(tx *directory.Tx) { tx.DeleteSAMLProvider(tx.SAMLProvider(s.provider)) })
	s.register(accountA, "Corp")
	s.change(func(tx *directory.Tx) {
		old := tx.SAMLProvider(s.provider)
		now := old.Clone()
		now.ID = "ANOTHERPROVIDERID"
		tx.PutSAMLProvider(old, now)
	})
	if a := s.enter("Dev", response); a.String() != used {
		t.Errorf("after the provider was made again: %s", a)
	}
	s.role(accountA, "Shut", trusts(accountA))
	refused := s.response("_refused", "role/path/Ops", "role/Shut")
	if a := s.enter("Shut", refused); a.Status != 403 {
		t.Error(a)
	}
	if a := s.enter("Dev", refused); a.String() != used {
		t.Error(a)
	}
}
