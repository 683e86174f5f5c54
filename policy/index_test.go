package policy

import (
	"strings"
	"testing"
)

// TestPolicyLeftAside: a policy whose resources all begin with another name is
// not looked into, and that must show in no decision.
func TestPolicyLeftAside(t *testing.T) {
	const (
		named    = `{"Effect":"Allow","Action":"s3:*","Resource":["arn:aws:s3:::ledger/a*","arn:aws:s3:::ledger/b?"]}`
		variable = `{"Effect":"Allow","Action":"s3:*","Resource":"arn:aws:s3:::ledger/${aws:username}"}`
		not      = `{"Effect":"Deny","Action":"s3:*","NotResource":"arn:aws:s3:::ledger/*"}`
		nothing  = `{"Effect":"Deny","Principal":"*","Action":"s3:*"}`
		every    = `{"Effect":"Allow","Action":"s3:*","Resource":"*"}`
	)
	for _, c := range []struct {
		statements, common string
		resource           string
		want               Decision
	}{
		{named, "arn:aws:s3:::ledger/", "arn:aws:s3:::ledger/ab", Allow},
		{named, "arn:aws:s3:::ledger/", "arn:aws:s3:::ledger/b1", Allow},
		{named, "arn:aws:s3:::ledger/", "arn:aws:s3:::ledger/", ImplicitDeny},
		{named, "arn:aws:s3:::ledger/", "arn:aws:s3:::ledger", ImplicitDeny},
		{named, "arn:aws:s3:::ledger/", "arn:aws:s3:::Ledger/ab", ImplicitDeny},
		{named, "arn:aws:s3:::ledger/", "*", ImplicitDeny},
		{named + "," + variable, "arn:aws:s3:::ledger/", "arn:aws:s3:::ledger/maren", Allow},
		{named + "," + not, "", "arn:aws:s3:::other/x", ExplicitDeny},
		{named + "," + nothing, "", "arn:aws:s3:::other/x", ImplicitDeny},
		{named + "," + every, "", "arn:aws:s3:::other/x", Allow},
		{every + "," + named, "", "*", Allow},
	} {
		p := mustParse(t, `{"Version":"2012-10-17","Statement":[`+c.statements+`]}`, Any)
		if p.index.common != c.common {
			t.Errorf("%s: common to its resources is %q", c.statements, p.index.common)
		}
		s := Set{Identity: list(p)}
		r := Request{Principal: aUser(), Action: "s3:GetObject", Resource: c.resource, Context: Map{"aws:username": {"maren"}}}
		if got := s.Evaluate(&r, nil).Decision; got != c.want {
			t.Errorf("%s on %s: %v", c.statements, c.resource, got)
		}
	}
	// A resource policy without Resource is about what it is attached to.
	p := mustParse(t, `{"Version":"2012-10-17","Statement":[`+nothing+`]}`, Any)
	r := Request{Principal: aUser(), Action: "s3:GetObject", Resource: objectARN}
	if got := (&Set{Resource: p}).Evaluate(&r, nil).Decision; got != ExplicitDeny {
		t.Errorf("resource policy: %v", got)
	}
}

// BenchmarkNoCommonName is the large set with a statement in each policy that
// keeps it from being left aside by its name: every policy is looked into.
func BenchmarkNoCommonName(b *testing.B) {
	s := readSet(b, "large")
	for i, p := range s.set.Identity {
		text := strings.Replace(p.Text(), `"Statement": [`, `"Statement": [{"Effect":"Allow","Action":"sqs:SendMessage","Resource":"*"},`, 1)
		if s.set.Identity[i] = mustParse(b, text, Any); s.set.Identity[i].index.common != "" {
			b.Fatal("it still has a common name")
		}
	}
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		s.set.Evaluate(&s.requests[i%len(s.requests)], nil)
	}
}
