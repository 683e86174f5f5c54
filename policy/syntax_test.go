package policy

import (
	"errors"
	"fmt"
	"strings"
	"testing"
)

// stmt is a document of version 2012 with one statement of these elements.
func stmt(elements string) string {
	return `{"Version":"2012-10-17","Statement":{` + elements + `}}`
}

// message parses and gives AWS's text, "" for no error.
func message(text string, kind Kind) string {
	_, err := Parse(text, kind)
	var e *SyntaxError
	if errors.As(err, &e) {
		return e.Message
	}
	return ""
}

const iamPathText = `IAM resource path must either be "*" or start with user/, federated-user/, role/, group/, instance-profile/, mfa/, ` +
	`server-certificate/, policy/, sms-mfa/, saml-provider/, oidc-provider/, report/, access-report/.`

func TestMessages(t *testing.T) {
	action := `"Effect":"Allow","Action":"s3:GetObject",`
	resource := func(r string) string { return stmt(action + `"Resource":` + r) }
	actions := func(a string) string { return stmt(`"Effect":"Allow","Resource":"*","Action":` + a) }
	for i, c := range []struct {
		text, want string
	}{
		{`{"Version":`, msgSyntax},
		{`[]`, msgSyntax},
		{`{"Version":"2012-10-17"}`, msgSyntax},
		{`{"Version":"2012-10-17","Statement":[]}`, msgSyntax},
		{`{"Version":"2012-10-17","Statement":["x"]}`, msgSyntax},
		{`{"Version":"2012-10-18","Statement":{}}`, msgSyntax},
		{`{"Version":"2012-10-17","Id":5,"Statement":{}}`, msgSyntax},
		{`{"Version":"2012-10-17","Statements":{}}`, msgSyntax},
		{stmt(`"Effect":"Allow","Action":"a:b","NotAction":"a:b","Resource":"*"`), msgSyntax},
		{stmt(`"Effect":"Allow","Action":"a:b","Resource":"*","NotResource":"*"`), msgSyntax},
		{stmt(`"Effect":"Permit","Action":"a:b","Resource":"*"`), msgSyntax},
		{stmt(`"Action":"a:b","Resource":"*"`), msgSyntax},
		{stmt(`"Effect":"Allow","Action":5,"Resource":"*"`), msgSyntax},
		{stmt(`"Effect":"Allow","Action":["a:b",[]],"Resource":"*"`), msgSyntax},
		{stmt(`"Effect":"Allow","Action":"a:b","Resource":{}`), msgSyntax},
		{stmt(`"Sid":1,` + action + `"Resource":"*"`), msgSyntax},
		{stmt(action + `"Resource":"*","Condition":[]`), msgSyntax},
		{stmt(action + `"Resource":"*","Condition":{"StringEquals":"x"}`), msgSyntax},
		{stmt(action + `"Resource":"*","Condition":{"StringEquals":{"k":null}}`), msgSyntax},
		{stmt(action + `"Resource":"*","Condition":{"StringSame":{"k":"v"}}`), msgSyntax},
		{stmt(action + `"Resource":"*","Condition":{"StringSame":{}}`), ""},
		{stmt(action + `"Resource":"*","Condition":{"StringEquals":{"k":["v",5,true]}}`), ""},
		{`{"Statement":{` + action + `"Resource":"*"}}`, msgVersion},
		{`{"Version":"2008-10-17","Statement":{` + action + `"Resource":"*"}}`, msgVersion},
		{stmt(`"Effect":"allow","Action":"s3:GetObject","Resource":"*"`), msgLegacy},
		{stmt(action + `"Resource":"*","Condition":{"DateLessThan":{"aws:CurrentTime":"tomorrow"}}`), msgLegacy},
		{resource(`"arn:aws::::x"`), msgLegacy},
		{resource(`"arn:aws::x"`), msgLegacy},
		{resource(`"arn:aws:s3::b"`), msgLegacy},
		{stmt(`"Effect":"Allow","Resource":"arn:aws:s3::b"`), msgLegacy},
		{stmt(`"Effect":"Allow","Action":"a:b","NotResource":"arn:aws:s3::b"`), msgLegacy},
		{resource(`"arn:aws:x"`), ""},
		{resource(`["arn:error:s3:::b","arn:error:s3::b"]`), `Partition "error" is not valid for resource "arn:error:s3:::b".`},
		{resource(`["arn:error:s3::b","arn:error:s3:::b"]`), `Partition "error" is not valid for resource "arn:error:s3:::b".`},
		{resource(`"arn:error:s3::b"`), `Partition "error" is not valid for resource "arn:error:s3::b:*".`},
		{resource(`"ARN:aws:s3:::b"`), `Resource ARN:aws:s3:::b must be in ARN format or "*".`},
		{resource(`"a:b:c:d:e:f:g:h"`), `Partition "b" is not valid for resource "arn:b:c:d:e:f:g:h".`},
		{resource(`"aws:s3:::b"`), `Partition "s3" is not valid for resource "arn:s3:::b:*".`},
		{`{"Version":"2012-10-17","Statement":[{"Sid":"A",` + action + `"Resource":"*"},{"Sid":"A",` + action + `"Resource":"*"}]}`, msgSids},
		{`{"Version":"2012-10-17","Statement":[{"Sid":"",` + action + `"Resource":"*"},{"Sid":"",` + action + `"Resource":"*"}]}`, ""},
		{stmt(`"Sid":"a b",` + action + `"Resource":"*"`), msgSidText},
		{stmt(`"Effect":"Allow","Resource":"*"`), msgActions},
		{actions(`[]`), msgActions},
		{resource(`"bucket"`), `Resource bucket must be in ARN format or "*".`},
		{resource(`["arn:aws:s3:::b","zzz","aaa"]`), `Resource aaa must be in ARN format or "*".`},
		{resource(`"arn:error:s3:::b"`), `Partition "error" is not valid for resource "arn:error:s3:::b".`},
		{resource(`"arn:error"`), `Partition "error" is not valid for resource "arn:error:*:*:*:*".`},
		{resource(`"arn:error:s3"`), `Partition "error" is not valid for resource "arn:error:s3:*:*:*".`},
		{resource(`"arn:aws"`), msgVendor},
		{resource(`"arn:aws:s*:::b"`), msgVendor},
		{resource(`"arn:aws:iam:eu-west-1:111122223333:user/x"`), "IAM resource arn:aws:iam:eu-west-1:111122223333:user/x cannot contain region information."},
		{resource(`"arn:aws:s3:eu-west-1::b"`), "Resource arn:aws:s3:eu-west-1::b can not contain region information."},
		{resource(`"arn:aws:s3:eu-west-1:111122223333:accesspoint/p"`), ""},
		{resource(`"arn:aws:iam::111122223333:users/x"`), iamPathText},
		{resource(`["arn:aws:iam::111122223333:user/x","arn:*:iam::*:role/y","arn:aws:iam::*:root","arn:aws:s3:::*"]`), ""},
		{actions(`"GetObject"`), msgPreface},
		{actions(`"s3:Get:Object"`), msgColon},
		{actions(`"s 3:GetObject"`), "Vendor s 3 is not valid"},
		{actions(`["*","s3:*","*:*"]`), ""},
		{stmt(`"Effect":"Allow","Action":"a:b"`), msgResources},
		{resource(`[]`), msgResources},
		{stmt(action + `"Resource":"*","Principal":"*"`), msgNoPrinc},
		// The earlier check speaks.
		{`{"Statement":{"Effect":"allow","Action":"x","Resource":"x"}}`, msgVersion},
		{stmt(`"Effect":"allow","Action":"x","Resource":"x"`), msgLegacy},
		{stmt(`"Effect":"Allow","Action":"x","Resource":"x"`), `Resource x must be in ARN format or "*".`},
	} {
		if got := message(c.text, Managed); got != c.want {
			t.Errorf("%d: %s\n got %q\nwant %q", i, c.text, got, c.want)
		}
	}
}

func TestKinds(t *testing.T) {
	trust := func(principal, rest string) string {
		return stmt(`"Effect":"Allow","Principal":` + principal + `,` + rest)
	}
	assume, user := `"Action":"sts:AssumeRole"`, `{"AWS":"arn:aws:iam::111122223333:user/maren"}`
	deny := `"Effect":"Deny","Principal":"*","Action":"s3:*","Resource":"*"`
	for i, c := range []struct {
		kind       Kind
		text, want string
	}{
		{Inline, `{"Statement":{"Effect":"Allow","Action":"a:b","Resource":"*"}}`, ""},
		{Session, `{"Version":`, msgJSON},
		{Session, stmt(`"Effect":"Allow"`), msgActions},
		{Trust, `{`, msgJSON},
		{Trust, trust(user, assume), ""},
		{Trust, trust(`"*"`, `"Action":["sts:AssumeRoleWithWebIdentity","sts:TagSession","sts:SetSourceIdentity","sts:SetContext","sts:*"]`), ""},
		{Trust, trust(user, `"Action":"sts:InvalidAction"`), msgTrustSTS},
		{Trust, trust(user, `"Action":["sts:AssumeRole","STS:GetCallerIdentity"]`), msgTrustSTS},
		{Trust, trust(user, `"Action":"*"`), msgTrust},
		{Trust, trust(user, `"Action":"iam:PassRole"`), msgTrust},
		{Trust, trust(user, assume+`,"Resource":"*"`), "Has prohibited field Resource"},
		{Trust, stmt(`"Effect":"Allow",` + assume), msgPrincipal},
		{Trust, stmt(`"Effect":"Deny","NotPrincipal":` + user + `,` + assume), "Has prohibited field NotPrincipal"},
		{Trust, trust(`{"AWS":"arn:aws:iam::111122223333:user/*"}`, assume), `Invalid principal in policy: "AWS":"arn:aws:iam::111122223333:user/*"`},
		{Trust, trust(`{"AWS":"11112222333"}`, assume), `Invalid principal in policy: "AWS":"11112222333"`},
		{Trust, trust(`{"AWS":["111122223333","maren"]}`, assume), `Invalid principal in policy: "AWS":"maren"`},
		{Trust, trust(`{"AWS":"arn:aws:iam::111122223333:group/g"}`, assume), `Invalid principal in policy: "AWS":"arn:aws:iam::111122223333:group/g"`},
		{Trust, trust(`{"Service":"ec2"}`, assume), `Invalid principal in policy: "SERVICE":"ec2"`},
		{Trust, trust(`{"AWS":[]}`, assume), msgPrincipal},
		{Trust, trust(`{"Federated":"arn:aws:iam::111122223333:oidc-provider/https://x.example"}`, assume), msgFederated},
		{Trust, trust(`{"Federated":""}`, assume), msgFederated},
		{Trust, trust(`{"Federated":"*"}`, assume), msgFederated},
		{Trust, trust(`{"Federated":"arn:aws:iam::111122223333:role/x"}`, assume), msgFederated},
		{Trust, trust(`{"Federated":["www.amazon.com","arn:aws:iam::111122223333:oidc-provider/127.0.0.1:8443/a"]}`, assume), ""},
		{Trust, trust(user, assume+`,"Condition":{"stringEquals":{"k:v":"x"}}`), "Invalid Condition type : stringEquals"},
		{Inline, stmt(`"Effect":"Allow","Action":"a:b","Resource":"*","Condition":{"stringEquals":{"k:v":"x"}}`), msgSyntax},
		{Trust, trust(user, assume+`,"Condition":{"StringEquals":{"https://x.example:sub":"x"}}`), msgKeyColon},
		{Trust, trust(user, assume+`,"Condition":{"StringEquals":{"127.0.0.1:8443/a:sub":"x","aws:PrincipalTag/a:b":"x"}}`), ""},
		{Trust, trust(`{"Aws":"111122223333"}`, assume), msgSyntax},
		{Trust, trust(`"111122223333"`, assume), msgSyntax},
		{Trust, trust(`{"AWS":["arn:aws:sts::111122223333:assumed-role/R/S","arn:aws:sts::111122223333:federated-user/F","AIDAMARENQPZ7EXAMPLE","AROACOURIERQPZ7EXAMPL","*"],`+
			`"Service":["ec2.amazonaws.com"],"Federated":["accounts.google.com","arn:aws:iam::111122223333:saml-provider/P"],"CanonicalUser":"79a59df900b949e5"}`, assume), ""},
		{Resource, stmt(`"Sid":"a b","Effect":"Deny","NotPrincipal":` + user + `,"Action":"s3:*","Resource":"arn:aws:s3:::b"`), ""},
		{Resource, stmt(`"Effect":"Allow","Action":"s3:*","Resource":"*"`), msgPrincipal},
		{SCP, stmt(`"Effect":"Deny","Action":"*","Resource":"arn:*:iam::*:role/x"`), ""},
		{SCP, stmt(`"Effect":"Deny","Action":"*"`), msgOrg},
		{SCP, stmt(deny), msgOrg},
		{RCP, stmt(deny), ""},
		{RCP, stmt(strings.Replace(deny, "Deny", "Allow", 1)), msgOrg},
		{RCP, stmt(strings.Replace(deny, `"*"`, user, 1)), msgOrg},
		{RCP, stmt(strings.Replace(deny, "s3:*", "*", 1)), msgOrg},
		{RCP, stmt(strings.Replace(deny, `"Action"`, `"NotAction"`, 1)), msgOrg},
		{Any, stmt(`"Effect":"Allow","Principal":"*","Action":"s3:Get*, s3:Put*"`), ""},
		{Any, stmt(`"Effect":"Allow"`), msgActions},
	} {
		if got := message(c.text, c.kind); got != c.want {
			t.Errorf("%d: %s\n got %q\nwant %q", i, c.text, got, c.want)
		}
	}
}

func TestLimits(t *testing.T) {
	document := func(n int) string {
		base := stmt(`"Effect":"Allow","Action":"s3:*","Resource":"arn:aws:s3:::"`)
		return strings.Replace(base, ":::", ":::"+strings.Repeat("b", n-len(base)), 1)
	}
	for _, kind := range []Kind{Managed, Inline, Session, SCP} {
		limit := kind.Limit()
		if m := message(document(limit), kind); m != "" {
			t.Errorf("kind %d: %d characters: %s", kind, limit, m)
		}
		var e *SyntaxError
		if _, err := Parse(document(limit+1), kind); !errors.As(err, &e) || e.Limit != limit {
			t.Errorf("kind %d: %d characters: %v", kind, limit+1, err)
		}
		spaced := strings.Replace(document(limit), ",", " ,\n\t\r", 1)
		counts := kind == Session || kind == SCP
		if m := message(spaced, kind); (m != "") != counts {
			t.Errorf("kind %d: white space: %q", kind, m)
		}
	}
	if n := Size(`{ "a b" : "\" c" }`, Managed); n != len(`{"a b":"\" c"}`) {
		t.Errorf("size is %d", n)
	}
	if n := Size("\"é\"", Managed); n != 3 {
		t.Errorf("size in characters is %d", n)
	}
}

func TestPositions(t *testing.T) {
	text := "{\n \"Version\": \"2012-10-17\",\n \"Statement\": {\"é\": 1}}"
	_, err := Parse(text, Any)
	var e *SyntaxError
	if !errors.As(err, &e) || e.Line != 3 || e.Column != 16 || e.Offset != strings.Index(text, `"é"`) {
		t.Errorf("%+v", e)
	}
	if want := "3:16: a statement has no element \"é\" (Syntax errors in policy.)"; fmt.Sprint(err) != want {
		t.Errorf("%v", err)
	}
}
