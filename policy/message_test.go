package policy

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
)

// indent is the canonical form of a JSON text.
func indent(t *testing.T, v any) string {
	t.Helper()
	b, err := json.MarshalIndent(v, "", " ")
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// TestMessage has the shape of the example in the AWS CLI's reference, and of a
// Deny with a condition as users of AWS have published it.
func TestMessage(t *testing.T) {
	deny := mustParse(t, `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"},
		{"Sid":"VisualEditor0","Effect":"Deny","NotAction":["iam:GetUser","iam:ListUsers"],"Resource":"*",
		"Condition":{"BoolIfExists":{"aws:MultiFactorAuthPresent":false}}}]}`, Any)
	var trace Trace
	(&Set{Identity: []*Policy{deny}}).Evaluate(&Request{Principal: aUser(), Action: "iam:CreateUser", Resource: "arn:aws:iam::111122223333:user/new",
		Context: Map{"aws:currenttime": {"2031-04-01T12:00:00Z"}, "aws:tagkeys": {}}}, &trace)
	var want any
	err := json.Unmarshal([]byte(`{"allowed":false,"explicitDeny":true,"matchedStatements":{"items":[{"statementId":"VisualEditor0","effect":"DENY",
		"principals":{"items":[{"value":"AIDAMARENQPZ7EXAMPLE4"}]},"principalGroups":{"items":[]},
		"actions":{"items":[{"value":"iam:GetUser"},{"value":"iam:ListUsers"}]},"resources":{"items":[{"value":"*"}]},
		"conditions":{"items":[{"key":"aws:MultiFactorAuthPresent","values":{"items":[{"value":"false"}]}}]}}]},"failures":{"items":[]},
		"context":{"principal":{"id":"AIDAMARENQPZ7EXAMPLE4","name":"maren","arn":"arn:aws:iam::111122223333:user/maren"},"action":"iam:CreateUser",
		"resource":"arn:aws:iam::111122223333:user/new","conditions":{"items":[{"key":"aws:currenttime","values":{"items":[{"value":"2031-04-01T12:00:00Z"}]}},
		{"key":"aws:tagkeys","values":{"items":[]}}]}}}`), &want)
	if err != nil {
		t.Fatal(err)
	}
	var got any
	if err := json.Unmarshal([]byte(indent(t, trace.Message())), &got); err != nil {
		t.Fatal(err)
	}
	if g, w := indent(t, got), indent(t, want); g != w {
		t.Errorf("got %s\nwant %s", g, w)
	}
}

// No list of a message is null, whatever the decision.
func TestMessageNulls(t *testing.T) {
	for _, s := range []*Set{{}, {Identity: list(allowAll(t))}, {Resource: mustParse(t, `{"Statement":{"Effect":"Deny","Principal":{"AWS":[]},"NotAction":[],"Resource":[]}}`, Any)}} {
		for _, p := range []*Principal{nil, aUser(), aSession()} {
			var trace Trace
			s.Evaluate(&Request{Principal: p, Action: "s3:GetObject", Resource: "arn:aws:s3:::b"}, &trace)
			if m := indent(t, trace.Message()); strings.Contains(m, "null") {
				t.Error(m)
			}
		}
	}
}

func TestDeciding(t *testing.T) {
	two := mustParse(t, "{\"Version\":\"2012-10-17\",\"Statement\":[{\"Sid\":\"A\",\"Effect\":\"Allow\",\"Action\":\"s3:Get*\",\"Resource\":\"*\"},\n"+
		" {\"Sid\":\"B\",\"Effect\":\"Allow\",\"Action\":\"*\",\"Resource\":\"*\"},\n {\"Sid\":\"C\",\"Effect\":\"Deny\",\"Action\":\"s3:Put*\",\"Resource\":\"*\"}]}", Any)
	for action, want := range map[string][]string{"s3:GetObject": {"A", "B"}, "s3:PutObject": {"C"}, "ec2:RunInstances": {"B"}} {
		var trace Trace
		(&Set{Identity: []*Policy{two}}).Evaluate(&Request{Principal: aUser(), Action: action, Resource: "arn:aws:s3:::b/k"}, &trace)
		var got []string
		for _, m := range trace.Deciding() {
			got = append(got, m.Statement.Sid)
			if at := m.Statement.Position; m.Statement.Sid == "B" && (at.Line != 2 || at.Column != 2 || at.EndLine != 2 || at.EndColumn != 58) {
				t.Errorf("B stands at %+v", at)
			}
			if m.Policy != two || m.Layer != LayerIdentity {
				t.Errorf("%+v", m)
			}
		}
		if !slices.Equal(got, want) {
			t.Errorf("%s: %v decide, want %v", action, got, want)
		}
	}
	var trace Trace
	(&Set{Identity: []*Policy{two}, Boundary: two, SCPs: [][]*Policy{{two}, {}}}).Evaluate(&Request{Principal: aUser(), Action: "s3:GetObject", Resource: "*"}, &trace)
	if d := trace.Deciding(); d != nil {
		t.Errorf("an implicit deny is decided by %v", d)
	}
	for layer, want := range map[Layer]Decision{LayerIdentity: Allow, LayerBoundary: Allow, LayerSCP: ImplicitDeny} {
		if d, asked := trace.Layer(layer); d != want || !asked {
			t.Errorf("%v: %v, asked %v", layer, d, asked)
		}
	}
	if _, asked := trace.Layer(LayerSession); asked {
		t.Error("there is no session policy, and yet it was asked")
	}
}

// Whoever decides without a policy, or for want of one, stands in the trace.
func TestTraceLayersWithoutPolicies(t *testing.T) {
	root := &Principal{Type: Root, Account: "111122223333", ARN: "arn:aws:iam::111122223333:root", ID: "111122223333"}
	fed := &Principal{Type: FederatedUser, Account: "111122223333", IssuerARN: aUser().ARN, IssuerID: aUser().ID}
	all := list(allowAll(t))
	for _, c := range []struct {
		name    string
		set     Set
		r       Request
		layer   Layer
		decided Decision
	}{
		{"root", Set{}, Request{Principal: root, Action: "s3:GetObject", Resource: "arn:aws:s3:::b"}, LayerIdentity, Allow},
		{"federated user", Set{Identity: all}, Request{Principal: fed, Action: "s3:GetObject", Resource: "arn:aws:s3:::b"}, LayerSession, ImplicitDeny},
		{"other account", Set{Identity: all}, Request{Principal: aUser(), Action: "s3:GetObject", Resource: "arn:aws:s3:::b", ResourceAccount: "444455556666"}, LayerResource, ImplicitDeny},
		{"role", Set{Identity: all}, Request{Principal: aUser(), Action: "sts:AssumeRole", Resource: roleARN}, LayerTrust, ImplicitDeny},
		{"anonymous", Set{}, Request{Action: "s3:GetObject", Resource: "arn:aws:s3:::b"}, LayerResource, ImplicitDeny},
	} {
		var trace Trace
		result := c.set.Evaluate(&c.r, &trace)
		if d, asked := trace.Layer(c.layer); !asked || d != c.decided || result.Layer != c.layer || result.Decision != c.decided {
			t.Errorf("%s: %+v, layer %v asked %v", c.name, result, d, asked)
		}
	}
}

// MissingKeys has the keys of conditions behind the one that failed, and of
// those that hold because the key is absent.
func TestMissingKeys(t *testing.T) {
	p := mustParse(t, `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:*","Resource":"arn:aws:s3:::${aws:UserName}/*"},
		{"Effect":"Allow","Action":"s3:*","Resource":"*","Condition":{"StringEquals":{"k:one":"${k:two}","K:Here":"x"},"BoolIfExists":{"k:three":"true"}}},
		{"Effect":"Deny","Action":"ec2:*","Resource":"*","Condition":{"Bool":{"k:never":"true"}}}]}`, Any)
	var trace Trace
	(&Set{Identity: []*Policy{p}}).Evaluate(&Request{Principal: aUser(), Action: "s3:GetObject", Resource: "arn:aws:s3:::b", Context: Map{"k:here": {"y"}}}, &trace)
	if got, want := trace.MissingKeys(), []string{"aws:username", "k:one", "k:three", "k:two"}; !slices.Equal(got, want) {
		t.Errorf("missing %v, want %v", got, want)
	}
}

func TestContextKeys(t *testing.T) {
	p := mustParse(t, `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:*","Resource":["arn:aws:s3:::${aws:UserName}/*","arn:aws:s3:::${*}${ k:Tag , 'x'}"],
		"Condition":{"StringEquals":{"aws:username":"${K:Two}","k:One":"x"},"ArnLike":{"k:Arn":"arn:aws:iam::${k:Three}:user/*"},"NumericEquals":{"k:n":"${k:text}"}}},
		{"Effect":"Deny","Action":"*","Resource":"*","Condition":{"Null":{"k:TWO":"true","k:last":"true"}}}]}`, Any)
	if got, want := p.ContextKeys(), []string{"aws:UserName", "k:Tag", "K:Two", "k:One", "k:Arn", "k:Three", "k:n", "k:last"}; !slices.Equal(got, want) {
		t.Errorf("keys %v, want %v", got, want)
	}
	old := mustParse(t, `{"Statement":{"Effect":"Allow","Action":"s3:*","Resource":"arn:aws:s3:::${aws:username}"}}`, Any)
	if got := old.ContextKeys(); got != nil {
		t.Errorf("a document of 2008 has the variables %v", got)
	}
}

// What NotAction, NotResource and NotPrincipal leave out is told as such.
func TestTraceOfComplements(t *testing.T) {
	p := mustParse(t, `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":"*","NotAction":["ec2:*","s3:Get*"],"Resource":"*"},
		{"Effect":"Deny","Principal":"*","Action":"*","NotResource":"arn:aws:s3:::ledger/*"},
		{"Effect":"Deny","NotPrincipal":{"AWS":"111122223333"},"Action":"*","Resource":"*"},
		{"Effect":"Allow","NotPrincipal":{"AWS":"444455556666"},"Action":"*","Resource":"*"},
		{"Effect":"Allow","Action":"*","Resource":"*"}]}`, Any)
	var trace Trace
	(&Set{Resource: p}).Evaluate(&Request{Principal: aUser(), Action: "s3:GetObject", Resource: objectARN}, &trace)
	var text strings.Builder
	if err := trace.WriteText(&text); err != nil {
		t.Fatal(err)
	}
	for i, want := range []string{"NotAction lists it: ec2:*, s3:Get*", "NotResource lists it: arn:aws:s3:::ledger/*", "NotPrincipal lists it: 111122223333",
		"NotPrincipal grants nothing", "has no Principal that matches"} {
		s := trace.Layers[0].Policies[0].Statements[i]
		if s.Matched || !strings.HasPrefix(want, s.Element) && i < 4 || !strings.Contains(text.String(), want) {
			t.Errorf("statement %d fails by %s, and the text is\n%s", i+1, s.Element, &text)
		}
	}
}
