package sts

import (
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/deputy-sts/deputy/internal/authz"
	"github.com/deputy-sts/deputy/internal/directory"
	"github.com/deputy-sts/deputy/policy"
)

// encoded is the encoded message in the text of a refusal, as clients find it.
func encoded(a answer) string {
	_, rest, _ := strings.Cut(a.XML, "Encoded authorization failure message: ")
	text, _, _ := strings.Cut(rest, "<")
	return text
}

// TestDecodeAuthorizationMessage: with the setting, a denied caller of the role's
// own account is given a message that says all, to whoever may open it.
func TestDecodeAuthorizationMessage(t *testing.T) {
	s := newStackWith(t, true)
	alice := s.user(accountA, "alice", `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"sts:*","Resource":"*"},{"Sid":"NotThere","Effect":"Deny","Action":"sts:AssumeRole","Resource":"arn:aws:iam::*:role/closed","Condition":{"StringEquals":{"aws:RequestedRegion":["eu-central-1","x"]}}}]}`)
	stranger := s.user(accountB, "bob", statement("Allow", "sts:*", "*"))
	nobody := s.user(accountA, "nobody")
	s.role(accountA, "closed", trusts(accountA))
	s.role(accountA, "shut", `{"Version":"2012-10-17","Statement":{"Sid":"Door","Effect":"Allow","Principal":{"AWS":"`+accountA+`"},"Action":"sts:AssumeRole","Condition":{"StringEquals":{"sts:ExternalId":"word"}}}}`)
	s.role(accountB, "far", trusts(accountB))
	open := func(c credentials, text string) answer {
		return s.do(c, "DecodeAuthorizationMessage", "EncodedMessage="+url.QueryEscape(text))
	}
	decode := func(text string) (m policy.Message) {
		t.Helper()
		a := open(alice, text)
		if a.Status != 200 {
			t.Fatal(a)
		}
		_, rest, _ := strings.Cut(a.XML, "<DecodedMessage>")
		body, _, _ := strings.Cut(rest, "</DecodedMessage>")
		body = strings.NewReplacer("&#34;", `"`, "&quot;", `"`, "&amp;", "&", "&lt;", "<", "&gt;", ">").Replace(body)
		if err := json.Unmarshal([]byte(body), &m); err != nil {
			t.Fatalf("%v: %s", err, body)
		}
		return m
	}
	_, a := s.assume(alice, roleARN(accountA, "closed"), "")
	if want := "User: arn:aws:iam::" + accountA + ":user/alice is not authorized to perform: sts:AssumeRole on resource: " + roleARN(accountA, "closed") + " with an explicit deny in an identity-based policy"; a.Message != want {
		t.Error(a)
	}
	m := decode(encoded(a))
	values := map[string]string{}
	for _, c := range m.Context.Conditions.Items {
		if len(c.Values.Items) > 0 {
			values[c.Key] = c.Values.Items[0].Value
		}
	}
	if m.Allowed || !m.ExplicitDeny || len(m.MatchedStatements.Items) != 1 || m.MatchedStatements.Items[0].StatementID != "NotThere" ||
		m.Context.Action != "sts:AssumeRole" || m.Context.Resource != roleARN(accountA, "closed") || m.Context.Principal.ARN != "arn:aws:iam::"+accountA+":user/alice" ||
		values["aws:requestedregion"] != "eu-central-1" || values["sts:rolesessionname"] != "work" || values["aws:principalaccount"] != accountA {
		t.Errorf("%+v", m)
	}
	_, implicit := s.assume(alice, roleARN(accountA, "shut"), "ExternalId=guess")
	if m := decode(encoded(implicit)); m.Allowed || m.ExplicitDeny || len(m.MatchedStatements.Items) != 0 || m.MatchedStatements.Items == nil {
		t.Errorf("%+v", m)
	}
	// Neither the text nor the length of the refusal tells of a role that is not there.
	_, none := s.assume(alice, roleARN(accountA, "none"), "ExternalId=guess")
	if len(encoded(none)) == 0 || len(encoded(none)) != len(encoded(implicit)) {
		t.Errorf("%d characters of a role that is not there, %d of one that does not trust", len(encoded(none)), len(encoded(implicit)))
	}
	// Across accounts, and for those who ask beside, there is nothing.
	if _, a := s.assume(alice, roleARN(accountB, "far"), ""); encoded(a) != "" || a.Code != "AccessDenied" {
		t.Errorf("across accounts: %s", a.XML)
	}
	message := encoded(implicit)
	invalid := "400 InvalidAuthorizationMessageException Message is not valid"
	for what, row := range map[string]struct {
		c    credentials
		text string
		want string
	}{
		"another account":         {stranger, message, invalid},
		"no permission":           {nobody, message, "403 AccessDenied User: arn:aws:iam::" + accountA + ":user/nobody is not authorized to perform: sts:DecodeAuthorizationMessage on resource: * because no identity-based policy allows the sts:DecodeAuthorizationMessage action"},
		"no permission, for junk": {nobody, "junk", "403 AccessDenied User: arn:aws:iam::" + accountA + ":user/nobody is not authorized to perform: sts:DecodeAuthorizationMessage on resource: * because no identity-based policy allows the sts:DecodeAuthorizationMessage action"},
		"junk":                    {alice, "junk", invalid},
		"a session token":         {alice, temporary(s.do(alice, "GetSessionToken", "")).SessionToken, invalid},
		"cut off":                 {alice, message[:len(message)-1], invalid},
		"too long":                {alice, message + strings.Repeat("A", 4), invalid},
	} {
		if a := open(row.c, row.text); a.String() != row.want {
			t.Errorf("%s: %s, want %s", what, a, row.want)
		}
	}
	for i := 0; i < len(message); i += 97 {
		flipped := []byte(message)
		if flipped[i] = 'A'; message[i] == 'A' {
			flipped[i] = 'B'
		}
		if a := open(alice, string(flipped)); a.String() != invalid {
			t.Errorf("character %d altered: %s", i, a)
		}
	}
	if a := open(alice, strings.Repeat("x", 10241)); a.Code != "ValidationError" {
		t.Error(a)
	}
	// The audit keeps the text alone: the whole trace stands beside it already.
	for _, line := range s.lines() {
		if strings.Contains(line, "Encoded authorization") {
			t.Fatal(line)
		}
	}
}

// TestExplainNothing: without the setting nobody is given a message.
func TestExplainNothing(t *testing.T) {
	s := newStack(t)
	nobody := s.user(accountA, "nobody")
	if a := s.do(nobody, "GetAccessKeyInfo", "AccessKeyId="+nobody.AccessKeyID); a.Code != "AccessDenied" || encoded(a) != "" {
		t.Error(a.XML)
	}
}

// TestLargeMessage: what does not fit is left out, the message stays.
func TestLargeMessage(t *testing.T) {
	s := newStackWith(t, true)
	var all []string
	for i := range 20 {
		var b strings.Builder
		for j := range 24 {
			fmt.Fprintf(&b, `,"arn:aws:s3:::%d-%d-%x"`, i, j, s.key(accountA, "x").Secret)
		}
		all = append(all, `{"Version":"2012-10-17","Statement":{"Effect":"Deny","Action":"*","Resource":["*"`+b.String()+`]}}`)
	}
	u := s.user(accountA, "u", all...)
	a := s.do(u, "GetAccessKeyInfo", "AccessKeyId="+u.AccessKeyID)
	text := encoded(a)
	if text == "" || len(text) > 10240 {
		t.Fatalf("%d characters: %s", len(text), a)
	}
	// Its own policies deny it all: another opens the message.
	reader := s.user(accountA, "reader", statement("Allow", "sts:*", "*"))
	if a := s.do(reader, "DecodeAuthorizationMessage", "EncodedMessage="+text); a.Status != 200 || !strings.Contains(a.XML, "explicitDeny") {
		t.Error(a)
	}
}

// TestListedKeys compares the keys that a call says it has with those that it
// answers for.
func TestListedKeys(t *testing.T) {
	s := newStack(t)
	alice := s.user(accountA, "alice", statement("Allow", "sts:*", "*"))
	s.role(accountA, "demo", trusts(accountA, "sts:AssumeRole", "sts:TagSession"))
	c, a := s.assume(alice, roleARN(accountA, "demo"), "Tags.member.1.Key=Team&Tags.member.1.Value=red")
	if a.Status != 200 {
		t.Fatal(a)
	}
	call := s.gate.NewCall(authz.Request{Principal: s.principal(c), Service: "s3", Action: "GetObject", Time: s.now})
	defer call.Release()
	call.Tx = s.directory.Begin(false)
	call.Decide("s3:GetObject", authz.Resource{ARN: "*", Tags: []directory.Tag{{Key: "A", Value: "1"}, {Key: "b", Value: "1"}, {Key: "B", Value: "2"}}})
	keys := slices.Collect(call.Keys())
	for key, want := range map[string]bool{"aws:principaltag/team": true, "aws:resourcetag/a": true, "aws:resourcetag/b": false, "aws:userid": true, "aws:tokenissuetime": true} {
		if got := slices.Contains(keys, key); got != want {
			t.Errorf("%s listed: %v", key, got)
		}
	}
	for _, key := range keys {
		if _, present := call.Lookup(key); !present && !strings.HasPrefix(key, "aws:") {
			t.Errorf("%s is listed and absent", key)
		}
	}
}

// FuzzDecodeAuthorizationMessage opens nothing that was not sealed for the account.
func FuzzDecodeAuthorizationMessage(f *testing.F) {
	s := newStackWith(f, true)
	alice := s.user(accountA, "alice", statement("Allow", "sts:*", "*"))
	f.Add("junk")
	f.Add(strings.Repeat("A", 2000))
	_, a := s.assume(s.user(accountB, "bob"), roleARN(accountB, "none"), "")
	f.Add(encoded(a))
	f.Fuzz(func(t *testing.T, text string) {
		s.t = t
		a := s.do(alice, "DecodeAuthorizationMessage", "EncodedMessage="+url.QueryEscape(text))
		if a.Status != 400 {
			t.Errorf("%q: %s", text, a)
		}
	})
}
