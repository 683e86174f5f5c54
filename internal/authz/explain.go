package authz

import (
	"encoding/json"

	"github.com/deputy-sts/deputy/policy"
)

// explanation is the additionalEventData of a denied call.
type explanation struct {
	Decision string            `json:"decision"`
	Action   string            `json:"action"`
	Resource string            `json:"resource"`
	Layer    string            `json:"layer"`
	Policy   string            `json:"policy,omitempty"`    // that denies
	Sid      string            `json:"sid,omitempty"`       // of the statement that denies
	Index    *int              `json:"statement,omitempty"` // the same by its place from 0
	Layers   map[string]string `json:"layers,omitempty"`    // what each layer said
	Failed   []failure         `json:"failed,omitempty"`    // why statements of the deciding layer did not match
}

// failure is the first element of an Allow that did not match.
type failure struct {
	Policy    string   `json:"policy"`
	Index     int      `json:"statement"`
	Sid       string   `json:"sid,omitempty"`
	Element   string   `json:"element"`
	Operator  string   `json:"operator,omitempty"`
	Key       string   `json:"key,omitempty"`
	Wanted    []string `json:"wanted,omitempty"`
	Present   []string `json:"present,omitempty"`
	AbsentKey bool     `json:"absent,omitempty"`
}

// Bounds of an explanation: it stands in a line of the audit, and a denied caller
// decides how often.
const (
	failuresShown = 16
	valuesShown   = 8
)

// explain decides once more, with a trace, and notes why the call is denied: the
// layer, the policy and statement that deny, or the first element that failed of
// each statement that might have allowed.
//
// It gives the encoded message for the caller, or "".
func (c *Call) explain(action string, r Resource, res policy.Result) (encoded string) {
	x := explanation{Decision: res.Decision.String(), Action: action, Resource: r.ARN, Layer: res.Layer.String()}
	if c.broken == policy.LayerNone {
		var t policy.Trace
		c.decide(action, r, &t)
		c.describe(&x, res, &t)
		encoded = c.encode(&r, &t)
	} else {
		x.Policy = "missing or not valid"
	}
	b, err := json.Marshal(x)
	if err != nil {
		c.gate.log.Error("an explanation could not be written", "request", c.RequestID, "error", err)
		return encoded
	}
	c.note.why = json.RawMessage(b)
	c.note.whyOwn = !r.IsTrust || r.Account == "" || r.Account == c.Account()
	return encoded
}

func (c *Call) describe(x *explanation, res policy.Result, t *policy.Trace) {
	if res.Policy != nil {
		x.Policy = c.nameOf(res.Policy)
		x.Index = new(res.Statement)
	}
	x.Layers = make(map[string]string, len(t.Layers))
	for _, l := range t.Layers {
		said, _ := t.Layer(l.Layer)
		x.Layers[l.Layer.String()] = said.String()
		if l.Layer != res.Layer {
			continue
		}
		for _, p := range l.Policies {
			for _, s := range p.Statements {
				x.note(c, res, p.Policy, s)
			}
		}
	}
}

func (x *explanation) note(c *Call, res policy.Result, p *policy.Policy, s policy.StatementTrace) {
	switch {
	case p == res.Policy && s.Index == res.Statement:
		x.Sid = s.Sid
	case s.Effect == "Allow" && !s.Matched && len(x.Failed) < failuresShown:
		f := failure{Policy: c.nameOf(p), Index: s.Index, Sid: s.Sid, Element: s.Element, Wanted: few(s.Wanted)}
		if k := s.Condition; k != nil {
			f.Operator, f.Key, f.Present, f.AbsentKey = k.Operator, k.Key, few(k.Present), k.Absent
		}
		x.Failed = append(x.Failed, f)
	}
}

func few(values []string) []string { return values[:min(len(values), valuesShown)] }

// nameOf finds what a reader calls a policy of the last decision.
func (c *Call) nameOf(p *policy.Policy) string {
	switch p {
	case c.set.Boundary:
		return c.boundary()
	case c.set.Resource:
		return "trust policy"
	}
	for name, q := range c.identity() {
		if q == p {
			return name
		}
	}
	for name, q := range c.sessionPolicies() {
		if q == p && name != "" {
			return name
		}
	}
	return "session policy"
}
