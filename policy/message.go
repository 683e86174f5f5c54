package policy

import "strings"

// What SimulatePrincipalPolicy, SimulateCustomPolicy and
// DecodeAuthorizationMessage tell of a Trace.

// Match is a statement that matched, and where it stands.
type Match struct {
	Layer     Layer
	Level     int     // of an SCP or RCP
	Policy    *Policy // that holds the statement
	Name      string  // of Trace.Names
	Statement *StatementTrace
}

// Deciding lists the statements that made the result: the Deny statements that
// match if it is ExplicitDeny, the Allow statements if it is Allow. Nothing makes
// an ImplicitDeny. The MatchedStatements of AWS's policy simulator are these.
func (t *Trace) Deciding() (out []Match) {
	effect := map[Decision]string{Allow: "Allow", ExplicitDeny: "Deny"}[t.Result.Decision]
	for i := range t.Layers {
		l := &t.Layers[i]
		for _, p := range l.Policies {
			for k := range p.Statements {
				if s := &p.Statements[k]; s.Matched && s.Effect == effect {
					out = append(out, Match{l.Layer, l.Level, p.Policy, p.Name, s})
				}
			}
		}
	}
	return out
}

// Layer tells what the layer said, all its levels together, and whether it was
// asked at all. Each level of control policies must allow.
func (t *Trace) Layer(layer Layer) (d Decision, asked bool) {
	for i := range t.Layers {
		switch l := &t.Layers[i]; {
		case l.Layer != layer:
		case !asked:
			d, asked = l.Decision, true
		case l.Decision == ExplicitDeny || d == ExplicitDeny:
			d = ExplicitDeny
		case l.Decision == ImplicitDeny:
			d = ImplicitDeny
		}
	}
	return d, asked
}

// Items is a list as Message writes it.
type Items[T any] struct {
	Items []T `json:"items"`
}

// MessageValue is an item that is a text.
type MessageValue struct {
	Value string `json:"value"`
}

// MessageCondition is a condition key with the values that a statement wants or
// the request has; AWS leaves the operator out.
type MessageCondition struct {
	Key    string              `json:"key"`
	Values Items[MessageValue] `json:"values"`
}

// MessageStatement is a statement that decided. Actions and Resources hold also
// what NotAction and NotResource name; Principals is the caller's id in a policy
// that names nobody.
type MessageStatement struct {
	StatementID     string                  `json:"statementId"`
	Effect          string                  `json:"effect"` // ALLOW or DENY
	Principals      Items[MessageValue]     `json:"principals"`
	PrincipalGroups Items[MessageValue]     `json:"principalGroups"` // always empty
	Actions         Items[MessageValue]     `json:"actions"`
	Resources       Items[MessageValue]     `json:"resources"`
	Conditions      Items[MessageCondition] `json:"conditions"`
}

// MessagePrincipal is the caller; Name is that of a user.
type MessagePrincipal struct {
	ID   string `json:"id"`
	Name string `json:"name,omitempty"`
	ARN  string `json:"arn"`
}

// MessageContext is the question that was asked. Conditions are the keys that the
// request has, among those that Trace.Context lists.
type MessageContext struct {
	Principal  MessagePrincipal        `json:"principal"`
	Action     string                  `json:"action"`
	Resource   string                  `json:"resource"`
	Conditions Items[MessageCondition] `json:"conditions"`
}

// Message is what sts:DecodeAuthorizationMessage shows of a decision; as JSON it
// is the DecodedMessage. No list is null.
//
// Source: the example of decode-authorization-message in the AWS CLI's
// reference, and messages that users of AWS published.
type Message struct {
	Allowed           bool                    `json:"allowed"`
	ExplicitDeny      bool                    `json:"explicitDeny"`
	MatchedStatements Items[MessageStatement] `json:"matchedStatements"`
	Failures          Items[MessageValue]     `json:"failures"` // always empty
	Context           MessageContext          `json:"context"`
}

// Message renders the trace for DecodeAuthorizationMessage. The statements are
// those of Deciding. It holds what policies and the request's context hold: it is
// for those who may see them.
func (t *Trace) Message() *Message {
	m := &Message{Allowed: t.Result.Decision == Allow, ExplicitDeny: t.Result.Decision == ExplicitDeny, Failures: values(nil),
		Context: MessageContext{Principal: t.Principal.message(), Action: t.Action, Resource: t.Resource}}
	m.MatchedStatements.Items = []MessageStatement{}
	for _, d := range t.Deciding() {
		m.MatchedStatements.Items = append(m.MatchedStatements.Items, d.message(&t.Principal))
	}
	m.Context.Conditions.Items = []MessageCondition{}
	for _, v := range t.Context {
		if !v.Absent {
			m.Context.Conditions.Items = append(m.Context.Conditions.Items, MessageCondition{v.Key, values(v.Values)})
		}
	}
	return m
}

func (c *Principal) message() MessagePrincipal {
	p := MessagePrincipal{ID: c.ID, ARN: c.ARN}
	if c.Type == User {
		p.Name = c.ARN[strings.LastIndexByte(c.ARN, '/')+1:]
	}
	return p
}

func (m *Match) message(c *Principal) MessageStatement {
	st := &m.Policy.statements[m.Statement.Index]
	out := MessageStatement{StatementID: st.sid, Effect: strings.ToUpper(m.Statement.Effect), Principals: values([]string{c.ID}),
		PrincipalGroups: values(nil), Actions: values(st.actionTexts), Resources: values(st.resourceTexts)}
	if st.hasPrincipal {
		out.Principals = values(m.Policy.principalTexts(st))
	}
	out.Conditions.Items = make([]MessageCondition, len(st.conditions))
	for i := range st.conditions {
		out.Conditions.Items[i] = MessageCondition{st.conditions[i].name, values(st.conditions[i].wanted)}
	}
	return out
}

func values(texts []string) Items[MessageValue] {
	items := make([]MessageValue, len(texts))
	for i, t := range texts {
		items[i].Value = t
	}
	return Items[MessageValue]{items}
}
