package simulate

import (
	"encoding/json"
	"strings"
)

// Case is a case in the form of testdata/policy-cases/README.md.
type Case struct {
	ID       string   `json:"id"`
	Request  Request  `json:"request"`
	Policies Policies `json:"policies"`
	Expect   string   `json:"expect,omitempty"`
	raw      json.RawMessage
}

// Request of a Case.
type Request struct {
	Principal Principal           `json:"principal"`
	Action    string              `json:"action"`
	Resource  Resource            `json:"resource"`
	Context   map[string][]string `json:"context,omitempty"`
}

// Resource of a Request.
type Resource struct {
	ARN     string `json:"arn"`
	Account string `json:"account,omitempty"`
}

// Principal of a Request.
type Principal struct {
	Type    string  `json:"type"`
	Account string  `json:"account,omitempty"`
	ARN     string  `json:"arn,omitempty"`
	ID      string  `json:"id,omitempty"`
	Service string  `json:"service,omitempty"`
	Issuer  *Issuer `json:"issuer,omitempty"`
}

// Issuer is the role of a session, or the user behind a federated user.
type Issuer struct {
	ARN string `json:"arn"`
	ID  string `json:"id"`
}

// Policies of a Case, by layer.
type Policies struct {
	Identity []Document   `json:"identity,omitempty"`
	Resource *Document    `json:"resource,omitempty"`
	Boundary *Document    `json:"boundary,omitempty"`
	Session  []Document   `json:"session,omitempty"`
	SCPs     [][]Document `json:"scps,omitempty"`
	RCPs     [][]Document `json:"rcps,omitempty"`
}

// Document is a policy.
type Document struct {
	Version   string     `json:"Version,omitempty"`
	Statement statements `json:"Statement"`
}

// Statement of a Document.
type Statement struct {
	Effect       string                       `json:"Effect"`
	Principal    principals                   `json:"Principal,omitempty"`
	NotPrincipal principals                   `json:"NotPrincipal,omitempty"`
	Action       values                       `json:"Action,omitempty"`
	NotAction    values                       `json:"NotAction,omitempty"`
	Resource     values                       `json:"Resource,omitempty"`
	NotResource  values                       `json:"NotResource,omitempty"`
	Condition    map[string]map[string]values `json:"Condition,omitempty"`
}

// values is a value or a list of them; booleans and numbers become text.
type values []string

func (v *values) UnmarshalJSON(b []byte) error {
	var list []json.RawMessage
	if json.Unmarshal(b, &list) != nil {
		list = []json.RawMessage{b}
	}
	for _, x := range list {
		var s string
		if json.Unmarshal(x, &s) != nil {
			s = string(x)
		}
		*v = append(*v, s)
	}
	return nil
}

// statements is a statement or a list of them.
type statements []Statement

func (s *statements) UnmarshalJSON(b []byte) error {
	if strings.HasPrefix(strings.TrimSpace(string(b)), "{") {
		*s = make(statements, 1)
		return json.Unmarshal(b, &(*s)[0])
	}
	return json.Unmarshal(b, (*[]Statement)(s))
}

// principals are values by type. A bare "*" is read as one of AWS; the type "*"
// writes one.
type principals map[string]values

func (p principals) MarshalJSON() ([]byte, error) {
	if _, bare := p["*"]; bare {
		return []byte(`"*"`), nil
	}
	return json.Marshal(map[string]values(p))
}

func (p *principals) UnmarshalJSON(b []byte) error {
	if string(b) == `"*"` {
		*p = principals{"AWS": {"*"}}
		return nil
	}
	return json.Unmarshal(b, (*map[string]values)(p))
}

// documents are all policies of the case.
func (c *Case) documents() []Document {
	p := &c.Policies
	all := append(append([]Document(nil), p.Identity...), p.Session...)
	for _, levels := range [][][]Document{p.SCPs, p.RCPs} {
		for _, l := range levels {
			all = append(all, l...)
		}
	}
	for _, d := range []*Document{p.Resource, p.Boundary} {
		if d != nil {
			all = append(all, *d)
		}
	}
	return all
}

// anyStatement tells whether f holds for a statement of the case.
func (c *Case) anyStatement(f func(*Document, *Statement) bool) bool {
	for _, d := range c.documents() {
		for i := range d.Statement {
			if f(&d, &d.Statement[i]) {
				return true
			}
		}
	}
	return false
}

// condition is one operator and key, with the values of the request.
type condition struct {
	operator, base string // as written; without set prefix and IfExists
	key            string
	wanted         values
	present        []string
	absent         bool
}

// anyCondition tells whether f holds for a condition of the case.
func (c *Case) anyCondition(f func(condition) bool) bool {
	return c.anyStatement(func(_ *Document, s *Statement) bool {
		for operator, keys := range s.Condition {
			_, base, found := strings.Cut(operator, ":")
			if !found {
				base = operator
			}
			for key, wanted := range keys {
				x := condition{operator: operator, base: strings.TrimSuffix(base, "IfExists"), key: key, wanted: wanted, absent: true}
				for k, v := range c.Request.Context {
					if strings.EqualFold(k, key) {
						x.present, x.absent = v, false
					}
				}
				if f(x) {
					return true
				}
			}
		}
		return false
	})
}
