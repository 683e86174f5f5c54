package sts

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/deputy-sts/deputy/internal/authz"
	"github.com/deputy-sts/deputy/internal/query"
	"github.com/deputy-sts/deputy/internal/stsapi"
	"github.com/deputy-sts/deputy/sigv4"
)

type event struct {
	EventName           string
	ErrorCode           string
	ReadOnly            bool
	RecipientAccountId  string
	SharedEventID       string
	EventID             string
	RequestParameters   map[string]any
	ResponseElements    map[string]any
	AdditionalEventData map[string]any
	Resources           []map[string]string
	UserIdentity        map[string]any
}

func (s *stack) events() (events []event) {
	s.t.Helper()
	for _, line := range s.lines() {
		var e event
		check(s.t, json.Unmarshal([]byte(line), &e))
		events = append(events, e)
	}
	return events
}

// TestAudit holds what is recorded of AssumeRole: one entry in the role's account,
// another in the caller's; no secret and no token; and the reason of a denial
// where the role's own policy is read, not where the stranger's account reads.
func TestAudit(t *testing.T) {
	s := newStack(t)
	alice := s.user(accountA, "alice", statement("Allow", "sts:*", "*"))
	s.role(accountA, "near", trusts(accountA))
	s.role(accountB, "far", trusts(accountA))
	s.role(accountB, "shut", `{"Version":"2012-10-17","Statement":{"Sid":"Door","Effect":"Allow","Principal":{"AWS":"`+accountA+`"},"Action":"sts:AssumeRole","Condition":{"StringEquals":{"sts:ExternalId":"the-secret-word"}}}}`)
	near, _ := s.assume(alice, roleARN(accountA, "near"), "")
	far, _ := s.assume(alice, roleARN(accountB, "far"), "")
	s.assume(alice, roleARN(accountB, "shut"), "ExternalId=a-guess")
	s.do(alice, "AssumeRole", "RoleArn="+roleARN(accountA, "near")+"&RoleSessionName=work&SerialNumber=arn:aws:iam::111122223333:mfa/x&TokenCode=135790")
	s.do(near, "GetCallerIdentity", "")

	events := s.events()
	all := strings.Join(s.lines(), "\n")
	for what, secret := range map[string]string{
		"secret": near.SecretAccessKey, "token": near.SessionToken, "long-term secret": alice.SecretAccessKey,
		"secret across": far.SecretAccessKey, "token across": far.SessionToken, "one-time code": "135790",
	} {
		if strings.Contains(all, secret) {
			t.Errorf("the audit holds the %s", what)
		}
	}
	if len(events) != 7 {
		t.Fatalf("%d events:\n%s", len(events), all)
	}
	one, mine, theirs, refused, denied, code, who := events[0], events[1], events[2], events[3], events[4], events[5], events[6]
	credentials, _ := one.ResponseElements["credentials"].(map[string]any)
	if one.EventName != "AssumeRole" || !one.ReadOnly || one.RecipientAccountId != accountA || one.SharedEventID != "" || credentials["accessKeyId"] != near.AccessKeyID ||
		len(one.Resources) != 1 || one.Resources[0]["ARN"] != roleARN(accountA, "near") || one.Resources[0]["accountId"] != accountA {
		t.Errorf("in one account: %+v", one)
	}
	if mine.RecipientAccountId != accountA || theirs.RecipientAccountId != accountB || mine.SharedEventID == "" || mine.SharedEventID != theirs.SharedEventID || mine.EventID == theirs.EventID {
		t.Errorf("across accounts: %+v\n%+v", mine, theirs)
	}
	if refused.RecipientAccountId != accountA || refused.ErrorCode != "AccessDenied" || refused.AdditionalEventData != nil || refused.ResponseElements != nil {
		t.Errorf("denied, for the caller's account: %+v", refused)
	}
	if text, _ := json.Marshal(denied.AdditionalEventData); denied.RecipientAccountId != accountB || denied.AdditionalEventData["layer"] != "trust" || !strings.Contains(string(text), "sts:ExternalId") {
		t.Errorf("denied, for the role's account: %+v", denied)
	}
	if code.ErrorCode != "AccessDenied" || code.RequestParameters["tokenCode"] != authz.Hidden {
		t.Errorf("with a code: %+v", code)
	}
	if issuer, _ := who.UserIdentity["sessionContext"].(map[string]any); who.UserIdentity["type"] != "AssumedRole" || issuer == nil {
		t.Errorf("by a session: %+v", who)
	}
}

// BenchmarkAssumeRole is the way of a request without HTTP: form, signature,
// decision, credentials, audit, answer.
func BenchmarkAssumeRole(b *testing.B) {
	s := newStack(b)
	alice := s.user(accountA, "alice", statement("Allow", "sts:*", "*"))
	s.role(accountA, "demo", trusts("arn:aws:iam::"+accountA+":root"))
	form := []byte("Action=AssumeRole&Version=2011-06-15&RoleSessionName=work&RoleArn=" + roleARN(accountA, "demo"))
	r := s.request(string(form))
	check(b, sigv4.Sign(r, form, alice, "eu-central-1", "sts", s.now))
	op := stsapi.API.Op("AssumeRole")
	var dst []byte
	whole := func() {
		p, err := query.ParseForm("POST", "", "application/x-www-form-urlencoded", form)
		check(b, err)
		principal, _, err := s.authn.Authenticate(r, form, "sts")
		check(b, err)
		c := s.gate.NewCall(authz.Request{Principal: principal, RequestID: "id", Service: "sts", Action: "AssumeRole", Region: "eu-central-1", SourceIP: s.from, TLS: true, UserAgent: "bench"})
		out, err := s.mux.Serve(b.Context(), c, op, p)
		check(b, err)
		c.Release()
		dst = query.AppendXML(dst[:0], &stsapi.API, op, out, "id")
	}
	b.Run("whole", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			whole()
		}
	})
	b.Run("handler", func(b *testing.B) {
		b.ReportAllocs()
		principal, _, err := s.authn.Authenticate(r, form, "sts")
		check(b, err)
		p, err := query.ParseForm("POST", "", "application/x-www-form-urlencoded", form)
		check(b, err)
		for b.Loop() {
			c := s.gate.NewCall(authz.Request{Principal: principal, RequestID: "id", Service: "sts", Action: "AssumeRole", Region: "eu-central-1", SourceIP: s.from, TLS: true, UserAgent: "bench"})
			_, err := s.mux.Serve(b.Context(), c, op, p)
			check(b, err)
			c.Release()
		}
	})
	b.Run("authenticate", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			_, _, err := s.authn.Authenticate(r, form, "sts")
			check(b, err)
		}
	})
}
