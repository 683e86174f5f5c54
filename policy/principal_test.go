package policy

import (
	"slices"
	"strings"
	"testing"
)

func TestNames(t *testing.T) {
	session, user := aSession(), aUser()
	root := &Principal{Type: Root, Account: "111122223333", ARN: "arn:aws:iam::111122223333:root", ID: "111122223333", CanonicalID: "79a5"}
	federated := &Principal{Type: FederatedUser, Account: "111122223333", ARN: "arn:aws:sts::111122223333:federated-user/kiosk", ID: "111122223333:kiosk",
		IssuerARN: user.ARN, IssuerID: user.ID}
	byRoot := &Principal{Type: FederatedUser, Account: "111122223333", ARN: "arn:aws:sts::111122223333:federated-user/kiosk", ID: "111122223333:kiosk",
		IssuerARN: root.ARN, IssuerID: root.ID}
	service := &Principal{Type: Service, Service: "ec2.amazonaws.com"}
	web := &Principal{Type: WebIdentity, Provider: "accounts.google.com"}
	for _, c := range []struct {
		typ, value string
		who        *Principal
		want       grant
	}{
		{"AWS", "*", &anonymous, directly}, {"AWS", "*", service, directly}, {"AWS", "*", web, directly}, {"AWS", "*", user, directly},
		{"AWS", "111122223333", user, byAccount}, {"AWS", "111122223333", root, directly}, {"AWS", "111122223333", byRoot, byAccount},
		{"AWS", "arn:aws:iam::111122223333:root", user, byAccount}, {"AWS", "arn:aws:iam::111122223333:root", root, directly},
		{"AWS", "arn:aws:iam::111122223333:root", byRoot, byAccount},
		{"AWS", "arn:aws-cn:iam::111122223333:root", user, notNamed}, {"AWS", "444455556666", user, notNamed},
		{"AWS", "111122223333", web, notNamed}, {"AWS", "111122223333", &anonymous, notNamed},
		{"AWS", user.ARN, user, directly}, {"AWS", user.ID, user, directly}, {"AWS", strings.ToUpper(user.ARN), user, notNamed},
		{"AWS", "arn:aws:iam::111122223333:user/*", user, notNamed}, {"AWS", "arn:aws:iam::111122223333:user/mare?", user, notNamed},
		{"AWS", user.ARN, federated, byEntity}, {"AWS", user.ID, federated, byEntity}, {"AWS", federated.ARN, federated, directly},
		{"AWS", roleARN, session, byEntity}, {"AWS", session.IssuerID, session, byEntity}, {"AWS", session.ARN, session, directly},
		{"AWS", session.ID, session, notNamed}, {"AWS", "arn:aws:sts::111122223333:assumed-role/Courier/*", session, notNamed},
		{"AWS", "", &Principal{Type: User}, notNamed}, {"AWS", "", &Principal{Type: AssumedRole}, notNamed},
		{"CanonicalUser", "79a5", root, directly}, {"CanonicalUser", "", user, notNamed}, {"CanonicalUser", "79a5", user, notNamed},
		{"Service", "ec2.amazonaws.com", service, directly}, {"Service", "EC2.amazonaws.com", service, notNamed}, {"Service", "*", service, notNamed},
		{"Service", "ec2.amazonaws.com", user, notNamed}, {"Service", "", &anonymous, notNamed},
		{"Federated", "accounts.google.com", web, directly}, {"Federated", "accounts.google.com", user, notNamed}, {"Federated", "", &anonymous, notNamed},
		{"AWS", "accounts.google.com", web, notNamed},
	} {
		p := compilePrincipal(c.typ, c.value)
		if got := p.names(c.who); got != c.want {
			t.Errorf("%s %q names %v %s: %q", c.typ, c.value, c.who.Type, c.who.ARN, got)
		}
	}
}

func TestPrincipals(t *testing.T) {
	text := `{"Statement":[
	 {"Effect":"Allow","Action":"a:b","Principal":{"AWS":["arn:aws:iam::111122223333:user/maren","*"],"Service":"ec2.amazonaws.com"}},
	 {"Effect":"Deny","Action":"a:b","NotPrincipal":{"Federated":"accounts.google.com"}},
	 {"Effect":"Deny","Action":"a:b"},
	 {"Effect":"Deny","Action":"a:b","Principal":"*"}]}`
	refs := mustParse(t, text, Any).Principals()
	var got []string
	for _, r := range refs {
		got = append(got, r.Type+" "+r.Value)
		if text[r.Start:r.End] != `"`+r.Value+`"` {
			t.Errorf("%s stands at %q", r.Value, text[r.Start:r.End])
		}
	}
	want := []string{"AWS arn:aws:iam::111122223333:user/maren", "AWS *", "Service ec2.amazonaws.com", "Federated accounts.google.com", "AWS *"}
	if !slices.Equal(got, want) {
		t.Errorf("got %q", got)
	}
}

// A server stores the id of a principal: a namesake made later does not match.
func TestMapPrincipals(t *testing.T) {
	trust := granting(t, "Allow", `{"AWS":["arn:aws:iam::111122223333:user/maren"],"Service":"ec2.amazonaws.com"}`)
	var asked []string
	mapped := trust.MapPrincipals(func(typ, value string) string {
		asked = append(asked, typ+" "+value)
		return "AIDAMARENQPZ7EXAMPLE4"
	})
	if !slices.Equal(asked, []string{"AWS arn:aws:iam::111122223333:user/maren"}) {
		t.Errorf("asked for %q", asked)
	}
	if mapped.Text() != trust.Text() || !slices.Equal(mapped.Principals(), trust.Principals()) {
		t.Error("the copy shows other principals")
	}
	namesake := aUser()
	namesake.ID = "AIDANAMESAKEQPZ7EXAMP"
	decide := func(p *Policy, who *Principal) Decision {
		return (&Set{Resource: p}).Evaluate(&Request{Principal: who, Action: "sts:AssumeRole", Resource: roleARN}, nil).Decision
	}
	if decide(trust, namesake) != Allow || decide(mapped, aUser()) != Allow || decide(mapped, namesake) != ImplicitDeny {
		t.Errorf("by ARN %v, by id %v, namesake %v", decide(trust, namesake), decide(mapped, aUser()), decide(mapped, namesake))
	}
	if decide(mapped, &Principal{Type: Service, Service: "ec2.amazonaws.com"}) != Allow {
		t.Error("other principals are lost")
	}
}
