package policy

import (
	"strings"
	"testing"
)

const (
	roleARN   = "arn:aws:iam::111122223333:role/Courier"
	objectARN = "arn:aws:s3:::ledger/q2.csv"
	keyARN    = "arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab"
)

func aUser() *Principal {
	return &Principal{Type: User, Account: "111122223333", ARN: "arn:aws:iam::111122223333:user/maren", ID: "AIDAMARENQPZ7EXAMPLE4"}
}

func aSession() *Principal {
	return &Principal{Type: AssumedRole, Account: "111122223333", ARN: "arn:aws:sts::111122223333:assumed-role/Courier/run-7",
		ID: "AROACOURIERQPZ7EXAMPL:run-7", IssuerARN: roleARN, IssuerID: "AROACOURIERQPZ7EXAMPL"}
}

// allowAll, denyAll and allowNone are policies of any layer but the resource's.
func allowAll(t testing.TB) *Policy {
	return mustParse(t, stmt(`"Effect":"Allow","Action":"*","Resource":"*"`), Any)
}

func denyAll(t testing.TB) *Policy {
	return mustParse(t, stmt(`"Effect":"Deny","Action":"*","Resource":"*"`), Any)
}

func allowNone(t testing.TB) *Policy {
	return mustParse(t, stmt(`"Effect":"Allow","Action":"x:y","Resource":"*"`), Any)
}

// granting is a resource policy for one principal.
func granting(t testing.TB, effect, principal string) *Policy {
	return mustParse(t, stmt(`"Effect":"`+effect+`","Action":"*","Principal":`+principal), Any)
}

func list(ps ...*Policy) []*Policy { return ps }

// TestLayers fixes which layer is named when it says no, and AWS's words for it.
func TestLayers(t *testing.T) {
	all, none, deny := list(allowAll(t)), list(allowNone(t)), list(denyAll(t))
	account := granting(t, "Allow", `{"AWS":"111122223333"}`)
	other := granting(t, "Allow", `{"AWS":"444455556666"}`)
	for _, c := range []struct {
		name     string
		who      *Principal
		action   string
		resource string
		owner    string
		set      Set
		want     Decision
		layer    Layer
		reason   string
	}{
		{"nothing", aUser(), "s3:GetObject", objectARN, "", Set{}, ImplicitDeny, LayerIdentity, "because no identity-based policy allows the s3:GetObject action"},
		{"identity", aUser(), "s3:GetObject", objectARN, "", Set{Identity: all}, Allow, LayerIdentity, ""},
		{"identity deny", aUser(), "s3:GetObject", objectARN, "", Set{Identity: list(all[0], deny[0])}, ExplicitDeny, LayerIdentity, "with an explicit deny in an identity-based policy"},
		{"boundary", aUser(), "s3:GetObject", objectARN, "", Set{Identity: all, Boundary: none[0]}, ImplicitDeny, LayerBoundary, "because no permissions boundary allows the s3:GetObject action"},
		{"boundary deny", aUser(), "s3:GetObject", objectARN, "", Set{Identity: all, Boundary: deny[0]}, ExplicitDeny, LayerBoundary, "with an explicit deny in a permissions boundary"},
		{"session", aSession(), "s3:GetObject", objectARN, "", Set{Identity: all, Session: none}, ImplicitDeny, LayerSession, "because no session policy allows the s3:GetObject action"},
		{"session policies gone", aSession(), "s3:GetObject", objectARN, "", Set{Identity: all, HasSession: true}, ImplicitDeny, LayerSession, "because no session policy allows the s3:GetObject action"},
		{"session deny", aSession(), "s3:GetObject", objectARN, "", Set{Identity: all, Session: deny}, ExplicitDeny, LayerSession, "with an explicit deny in a session policy"},
		{"scp", aUser(), "s3:GetObject", objectARN, "", Set{Identity: all, SCPs: [][]*Policy{all, none}}, ImplicitDeny, LayerSCP, "because no service control policy allows the s3:GetObject action"},
		{"scp level empty", aUser(), "s3:GetObject", objectARN, "", Set{Identity: all, SCPs: [][]*Policy{all, {}}}, ImplicitDeny, LayerSCP, "because no service control policy allows the s3:GetObject action"},
		{"scp before identity", aUser(), "s3:GetObject", objectARN, "", Set{SCPs: [][]*Policy{none}}, ImplicitDeny, LayerSCP, "because no service control policy allows the s3:GetObject action"},
		{"scp deny", aUser(), "s3:GetObject", objectARN, "", Set{Identity: all, SCPs: [][]*Policy{all, deny}}, ExplicitDeny, LayerSCP, "with an explicit deny in a service control policy"},
		{"rcp deny first", aUser(), "s3:GetObject", objectARN, "", Set{Identity: deny, SCPs: [][]*Policy{deny}, RCPs: [][]*Policy{{}, deny}}, ExplicitDeny, LayerRCP, "with an explicit deny in a resource control policy"},
		{"rcp and iam", aUser(), "iam:GetUser", "arn:aws:iam::111122223333:user/maren", "", Set{Identity: all, RCPs: [][]*Policy{deny}}, Allow, LayerIdentity, ""},
		{"rcp and a trust policy", aUser(), "sts:AssumeRole", roleARN, "", Set{Identity: all, Resource: account, RCPs: [][]*Policy{deny}}, ExplicitDeny, LayerRCP, "with an explicit deny in a resource control policy"},
		{"rcp and other sts", aUser(), "sts:GetFederationToken", "*", "", Set{Identity: all, RCPs: [][]*Policy{deny}}, Allow, LayerIdentity, ""},
		{"rcp and a grant", aUser(), "kms:RetireGrant", "*", "", Set{Identity: all, RCPs: [][]*Policy{deny}}, Allow, LayerIdentity, ""},
		{"rcp and a service that has none", aUser(), "ec2:RunInstances", "*", "", Set{Identity: all, RCPs: [][]*Policy{deny}}, Allow, LayerIdentity, ""},
		{"key of kms, policy silent", aUser(), "KMS:Decrypt", keyARN, "", Set{Identity: all, Resource: other}, ImplicitDeny, LayerResource, "because no resource-based policy allows the KMS:Decrypt action"},
		{"key of kms, account", aUser(), "kms:Decrypt", keyARN, "", Set{Identity: all, Resource: account}, Allow, LayerIdentity, ""},
		{"key of kms, account alone", aUser(), "kms:Decrypt", keyARN, "", Set{Resource: account}, ImplicitDeny, LayerIdentity, "because no identity-based policy allows the kms:Decrypt action"},
		{"key of kms, user", aUser(), "kms:Decrypt", keyARN, "", Set{Resource: granting(t, "Allow", `{"AWS":"arn:aws:iam::111122223333:user/maren"}`)}, Allow, LayerResource, ""},
		{"key of kms, policy not given", aUser(), "kms:Decrypt", keyARN, "", Set{Identity: all}, Allow, LayerIdentity, ""},
		{"alias of kms", aUser(), "kms:UpdateAlias", "arn:aws:kms:eu-west-1:111122223333:alias/a", "", Set{Identity: all, Resource: other}, Allow, LayerIdentity, ""},
		{"resource of another account", aUser(), "s3:GetObject", objectARN, "444455556666", Set{Identity: all}, ImplicitDeny, LayerResource, "because no resource-based policy allows the s3:GetObject action"},
		{"cross account, identity", aUser(), "s3:GetObject", objectARN, "444455556666", Set{Resource: account}, ImplicitDeny, LayerIdentity, "because no identity-based policy allows the s3:GetObject action"},
		{"cross account, both", aUser(), "s3:GetObject", objectARN, "444455556666", Set{Identity: all, Resource: account}, Allow, LayerIdentity, ""},
		{"resource deny", aUser(), "s3:GetObject", objectARN, "", Set{Identity: all, Resource: granting(t, "Deny", `"*"`)}, ExplicitDeny, LayerResource, "with an explicit deny in a resource-based policy"},
		{"trust nobody", aUser(), "sts:AssumeRole", roleARN, "", Set{Identity: all}, ImplicitDeny, LayerTrust, "because no role trust policy allows the sts:AssumeRole action"},
		{"trust other", aUser(), "sts:assumerole", roleARN, "", Set{Identity: all, Resource: other}, ImplicitDeny, LayerTrust, "because no role trust policy allows the sts:assumerole action"},
		{"trust account, no identity", aUser(), "sts:AssumeRole", roleARN, "", Set{Resource: account}, ImplicitDeny, LayerIdentity, "because no identity-based policy allows the sts:AssumeRole action"},
		{"trust account", aUser(), "sts:AssumeRole", roleARN, "", Set{Identity: all, Resource: account}, Allow, LayerIdentity, ""},
		{"trust user", aUser(), "sts:AssumeRole", roleARN, "", Set{Resource: granting(t, "Allow", `{"AWS":"arn:aws:iam::111122223333:user/maren"}`)}, Allow, LayerTrust, ""},
		{"trust deny", aUser(), "sts:TagSession", roleARN, "", Set{Identity: all, Resource: granting(t, "Deny", `"*"`)}, ExplicitDeny, LayerTrust, "with an explicit deny in the role trust policy"},
		{"trust role, boundary", aSession(), "sts:AssumeRole", roleARN, "", Set{Resource: granting(t, "Allow", `{"AWS":"`+roleARN+`"}`), Boundary: none[0]}, ImplicitDeny, LayerBoundary, "because no permissions boundary allows the sts:AssumeRole action"},
		{"identity policies need a resource", aUser(), "s3:GetObject", objectARN, "", Set{Identity: list(mustParse(t, stmt(`"Effect":"Allow","Action":"*"`), Any))}, ImplicitDeny, LayerIdentity, "because no identity-based policy allows the s3:GetObject action"},
		{"caller identity", aUser(), "STS:GetCallerIdentity", "*", "", Set{Identity: deny}, Allow, LayerNone, ""},
		{"caller identity, anonymous", nil, "sts:GetCallerIdentity", "*", "", Set{}, ImplicitDeny, LayerResource, "because no resource-based policy allows the sts:GetCallerIdentity action"},
		{"session token", aUser(), "sts:GetSessionToken", "*", "", Set{Identity: deny}, Allow, LayerNone, ""},
		{"session token, role", aSession(), "sts:GetSessionToken", "*", "", Set{Identity: deny}, ExplicitDeny, LayerIdentity, "with an explicit deny in an identity-based policy"},
		{"no colon", aUser(), "GetObject", objectARN, "", Set{Identity: list(all[0], deny[0])}, ExplicitDeny, LayerIdentity, "with an explicit deny in an identity-based policy"},
		{"long action", aUser(), "s3:" + strings.Repeat("X", 200), objectARN, "", Set{Identity: all}, Allow, LayerIdentity, ""},
	} {
		r := &Request{Principal: c.who, Action: c.action, Resource: c.resource, ResourceAccount: c.owner}
		var trace Trace
		got := c.set.Evaluate(r, &trace)
		if got.Decision != c.want || got.Layer != c.layer || got.Reason(c.action) != c.reason {
			t.Errorf("%s: %v %v %q", c.name, got.Decision, got.Layer, got.Reason(c.action))
		}
		if plain := c.set.Evaluate(r, nil); plain != got {
			t.Errorf("%s: without a trace %+v, with %+v", c.name, plain, got)
		}
		if (got.Policy != nil) != (c.want == ExplicitDeny) || (got.Statement >= 0) != (c.want == ExplicitDeny) {
			t.Errorf("%s: names policy %v, statement %d", c.name, got.Policy != nil, got.Statement)
		}
	}
}

func TestZeroValues(t *testing.T) {
	if got := (&Set{}).Evaluate(&Request{}, nil); got.Decision != ImplicitDeny {
		t.Errorf("nothing may do nothing to nothing: %v", got.Decision)
	}
	if p := (Principal{}); Decision(0) != ImplicitDeny || p.Type != Anonymous {
		t.Error("a zero value allows or is somebody")
	}
	if got := (&Set{Identity: list(&Policy{})}).Evaluate(&Request{Principal: aUser(), Action: "a:b", Resource: "*"}, nil); got.Decision != ImplicitDeny {
		t.Errorf("an empty policy: %v", got.Decision)
	}
	if m := NewMap(map[string][]string{"A:b": {"2"}, "A:B": {"1"}}); len(m) != 1 || strings.Join(m["a:b"], "") != "12" {
		t.Errorf("keys that differ by case: %v", m)
	}
}

func TestServiceLinkedRole(t *testing.T) {
	c := aSession()
	c.IssuerARN = "arn:aws:iam::111122223333:role/aws-service-role/x.amazonaws.com/AWSServiceRoleForX"
	s := Set{Identity: list(allowAll(t)), SCPs: [][]*Policy{{denyAll(t)}}, RCPs: [][]*Policy{{denyAll(t)}}}
	if got := s.Evaluate(&Request{Principal: c, Action: "s3:ListAllMyBuckets", Resource: "*"}, nil); got.Decision != Allow {
		t.Errorf("control policies bind a service-linked role: %+v", got)
	}
	c.IssuerARN = roleARN
	if got := s.Evaluate(&Request{Principal: c, Action: "s3:ListAllMyBuckets", Resource: "*"}, nil); got.Layer != LayerRCP {
		t.Errorf("another role: %+v", got)
	}
}

func TestSec_B16_Complements(t *testing.T) {
	for _, c := range []struct {
		name, statement, action, resource string
		want                              Decision
	}{
		{"NotAction allows other services", `"Effect":"Allow","NotAction":"iam:*","Resource":"*"`, "s3:GetObject", objectARN, Allow},
		{"NotAction does not allow the listed", `"Effect":"Allow","NotAction":"iam:*","Resource":"*"`, "IAM:CreateUser", "arn:aws:iam::111122223333:user/x", ImplicitDeny},
		{"NotAction spares the listed", `"Effect":"Deny","NotAction":["iam:*","s3:Get*"],"Resource":"*"`, "s3:GetObject", objectARN, ImplicitDeny},
		{"NotAction denies the rest", `"Effect":"Deny","NotAction":["iam:*","s3:Get*"],"Resource":"*"`, "s3:PutObject", objectARN, ExplicitDeny},
		{"NotResource", `"Effect":"Deny","Action":"*","NotResource":"arn:aws:s3:::ledger/*"`, "s3:GetObject", objectARN, ImplicitDeny},
		{"NotResource, another", `"Effect":"Deny","Action":"*","NotResource":"arn:aws:s3:::ledger/*"`, "s3:GetObject", "arn:aws:s3:::ledgers", ExplicitDeny},
		{"NotResource of *", `"Effect":"Deny","Action":"*","NotResource":"arn:aws:s3:::ledger/*"`, "s3:ListAllMyBuckets", "*", ExplicitDeny},
		{"NotResource, no value", `"Effect":"Deny","Action":"*","NotResource":"arn:aws:s3:::ledger/${aws:username}"`, "s3:GetObject", "arn:aws:s3:::ledger/", ExplicitDeny},
		{"NotResource *", `"Effect":"Deny","Action":"*","NotResource":"*"`, "s3:GetObject", objectARN, ImplicitDeny},
	} {
		s := Set{Identity: list(mustParse(t, stmt(c.statement), Any))}
		if got := s.Evaluate(&Request{Principal: aUser(), Action: c.action, Resource: c.resource}, nil).Decision; got != c.want {
			t.Errorf("%s: %v", c.name, got)
		}
	}
	spared := mustParse(t, stmt(`"Effect":"Deny","NotPrincipal":{"AWS":["111122223333"]},"Action":"*"`), Any)
	s := Set{Identity: list(allowAll(t)), Resource: spared}
	r := &Request{Principal: aUser(), Action: "s3:GetObject", Resource: objectARN}
	if got := s.Evaluate(r, nil).Decision; got != Allow {
		t.Errorf("NotPrincipal does not spare the account: %v", got)
	}
	s.Boundary = allowAll(t)
	if got := s.Evaluate(r, nil).Decision; got != ExplicitDeny {
		t.Errorf("NotPrincipal spares a principal with a boundary: %v", got)
	}
	// With Allow it would grant by complement: it grants nothing.
	s = Set{Resource: mustParse(t, stmt(`"Effect":"Allow","NotPrincipal":{"AWS":"444455556666"},"Action":"*"`), Any)}
	if got := s.Evaluate(r, nil).Decision; got != ImplicitDeny {
		t.Errorf("NotPrincipal with Allow: %v", got)
	}
}

func TestSec_B17_ExternalIdIsExact(t *testing.T) {
	trust := mustParse(t, stmt(`"Effect":"Allow","Principal":{"AWS":"444455556666"},"Action":"sts:AssumeRole",`+
		`"Condition":{"StringEquals":{"sts:ExternalId":"Unit-7*"}}`), Trust)
	caller := &Principal{Type: User, Account: "444455556666", ARN: "arn:aws:iam::444455556666:user/odile", ID: "AIDAODILEQPZ7EXAMPLE4"}
	s := Set{Identity: list(allowAll(t)), Resource: trust}
	for _, c := range []struct {
		values []string
		want   Decision
	}{
		{[]string{"Unit-7*"}, Allow}, {nil, ImplicitDeny}, {[]string{}, ImplicitDeny}, {[]string{""}, ImplicitDeny}, {[]string{"unit-7*"}, ImplicitDeny},
		{[]string{"Unit-7x"}, ImplicitDeny}, {[]string{"Unit-7"}, ImplicitDeny}, {[]string{"Unit-7* "}, ImplicitDeny}, {[]string{"*"}, ImplicitDeny},
		{[]string{"Unit-7*", "Unit-7*"}, ImplicitDeny},
	} {
		ctx := Map{}
		if c.values != nil {
			ctx["sts:externalid"] = c.values
		}
		r := &Request{Principal: caller, Action: "sts:AssumeRole", Resource: roleARN, Context: ctx}
		if got := s.Evaluate(r, nil).Decision; got != c.want {
			t.Errorf("%q: %v", c.values, got)
		}
	}
}
