package policy

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"
)

// testCase is a case of testdata/policy-cases; the README there describes it.
type testCase struct {
	ID      string `json:"id"`
	Name    string `json:"name"`
	Request struct {
		Principal testPrincipal `json:"principal"`
		Action    string        `json:"action"`
		Resource  struct {
			ARN     string `json:"arn"`
			Account string `json:"account"`
		} `json:"resource"`
		Context map[string][]string `json:"context"`
	} `json:"request"`
	Policies struct {
		Identity []json.RawMessage   `json:"identity"`
		Resource json.RawMessage     `json:"resource"`
		Boundary json.RawMessage     `json:"boundary"`
		Session  []json.RawMessage   `json:"session"`
		SCPs     [][]json.RawMessage `json:"scps"`
		RCPs     [][]json.RawMessage `json:"rcps"`
	} `json:"policies"`
	Expect string `json:"expect"`
}

type testPrincipal struct {
	Type        string `json:"type"`
	Account     string `json:"account"`
	ARN         string `json:"arn"`
	ID          string `json:"id"`
	Service     string `json:"service"`
	Provider    string `json:"provider"`
	CanonicalID string `json:"canonicalId"`
	Issuer      struct {
		ARN string `json:"arn"`
		ID  string `json:"id"`
	} `json:"issuer"`
}

func (p testPrincipal) principal(t testing.TB) *Principal {
	for typ := Anonymous; typ <= SAML; typ++ {
		if typ.String() == p.Type {
			return &Principal{Type: typ, Account: p.Account, ARN: p.ARN, ID: p.ID, IssuerARN: p.Issuer.ARN, IssuerID: p.Issuer.ID,
				Service: p.Service, Provider: p.Provider, CanonicalID: p.CanonicalID}
		}
	}
	t.Fatalf("no principal type %q", p.Type)
	return nil
}

func mustParse(t testing.TB, text string, kind Kind) *Policy {
	t.Helper()
	p, err := Parse(text, kind)
	if err != nil {
		t.Fatalf("%s\n%v", text, err)
	}
	return p
}

func parseAll(t testing.TB, texts []json.RawMessage) (ps []*Policy) {
	for _, x := range texts {
		ps = append(ps, mustParse(t, string(x), Any))
	}
	return ps
}

func parseLevels(t testing.TB, levels [][]json.RawMessage) (out [][]*Policy) {
	for _, l := range levels {
		out = append(out, parseAll(t, l))
	}
	return out
}

func (c *testCase) build(t testing.TB) (*Set, *Request) {
	s := &Set{Identity: parseAll(t, c.Policies.Identity), Session: parseAll(t, c.Policies.Session),
		SCPs: parseLevels(t, c.Policies.SCPs), RCPs: parseLevels(t, c.Policies.RCPs)}
	if c.Policies.Resource != nil {
		s.Resource = mustParse(t, string(c.Policies.Resource), Any)
	}
	if c.Policies.Boundary != nil {
		s.Boundary = mustParse(t, string(c.Policies.Boundary), Any)
	}
	return s, &Request{Principal: c.Request.Principal.principal(t), Action: c.Request.Action, Resource: c.Request.Resource.ARN,
		ResourceAccount: c.Request.Resource.Account, Context: NewMap(c.Request.Context)}
}

func readCases(t testing.TB) (cases []testCase) {
	files, err := filepath.Glob("../testdata/policy-cases/*.json")
	if err != nil || len(files) == 0 {
		t.Fatalf("no cases: %v", err)
	}
	for _, f := range files {
		b, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		var list []testCase
		if err := json.Unmarshal(b, &list); err != nil {
			t.Fatalf("%s: %v", f, err)
		}
		cases = append(cases, list...)
	}
	return cases
}

func TestCases(t *testing.T) {
	cases := readCases(t)
	if len(cases) < 534 {
		t.Errorf("only %d cases", len(cases))
	}
	for _, c := range cases {
		t.Run(c.ID, func(t *testing.T) {
			s, r := c.build(t)
			plain := s.Evaluate(r, nil)
			if got := plain.Decision.String(); got != c.Expect {
				t.Errorf("%s: got %s, want %s", c.Name, got, c.Expect)
			}
			var trace Trace
			if traced := s.Evaluate(r, &trace); traced != plain {
				t.Errorf("with a trace: %+v, without: %+v", traced, plain)
			}
		})
	}
}
