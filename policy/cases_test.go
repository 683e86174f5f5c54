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

func readCases(t testing.TB, pattern string) (cases []testCase) {
	files, err := filepath.Glob(pattern)
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

// reference gives the policies to the second evaluator.
func (c *testCase) reference() *refSet {
	all := func(texts []json.RawMessage) (ds []refDoc) {
		for _, x := range texts {
			ds = append(ds, refParse(string(x)))
		}
		return ds
	}
	one := func(text json.RawMessage) refDoc {
		if text == nil {
			return nil
		}
		return refParse(string(text))
	}
	levels := func(texts [][]json.RawMessage) (out [][]refDoc) {
		for _, l := range texts {
			out = append(out, all(l))
		}
		return out
	}
	p := &c.Policies
	return &refSet{identity: all(p.Identity), session: all(p.Session), resource: one(p.Resource), boundary: one(p.Boundary), scps: levels(p.SCPs), rcps: levels(p.RCPs)}
}

// sampleCases are where the cases of the README there lie.
const sampleCases = "../testdata/policy-cases/*.json"

func TestCases(t *testing.T) {
	cases := readCases(t, sampleCases)
	if len(cases) < 534 {
		t.Errorf("only %d cases", len(cases))
	}
	runCases(t, cases)
}

// TestRules goes through the rules sentence by sentence, with what holds and what
// does not; "source" is the section, of the rules' own numbering or of AWS's guide.
func TestRules(t *testing.T) {
	cases := readCases(t, "testdata/spec-cases.json")
	if len(cases) < 905 {
		t.Errorf("only %d cases", len(cases))
	}
	runCases(t, cases)
}

func runCases(t *testing.T, cases []testCase) {
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
			if got, _ := refDecide(c.reference(), r); got.String() != c.Expect {
				t.Errorf("%s: the second evaluator gives %v, want %s", c.Name, got, c.Expect)
			}
		})
	}
}
