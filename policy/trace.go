package policy

import (
	"maps"
	"slices"
	"strings"
)

// Trace records how a decision was made: each layer that was asked, each policy
// in it, each statement, and of a statement that did not match the first element
// that failed. An untraced evaluation stops at the first Deny; a traced one goes
// on, and gives the same result.
//
// The zero value is ready to use. Evaluate overwrites what an earlier one recorded;
// a Trace is for one goroutine at a time.
//
// A Trace holds values of the request's context. Where those are confidential,
// so is the trace.
type Trace struct {
	// Names gives a policy's name for the renderings; set it before Evaluate. Nil,
	// or "", leaves the policies to be numbered.
	Names func(*Policy) string

	Principal Principal
	Action    string
	Resource  string
	Result    Result
	// Layers stand in the order in which they were asked: RCP and SCP by levels,
	// resource or trust, identity, boundary, session. None when the action needs
	// no permission. A layer in which a policy is needed and there is none stands
	// here without policies.
	Layers []LayerTrace
	// Context is what the evaluation asked the request's context for, sorted by
	// key; and all else that is in it, if it is a Lister.
	Context []ContextValue
}

// ContextValue is a condition key, in lower case, and the request's values of it.
type ContextValue struct {
	Key    string   `json:"key"`
	Values []string `json:"values,omitempty"`
	// Absent tells that the request has no key of that name. A present one may
	// have no values.
	Absent bool `json:"absent,omitempty"`
}

// LayerTrace is what one layer, or one level of control policies, said.
type LayerTrace struct {
	Layer Layer `json:"layer"`
	// Level counts the levels of SCP and RCP from 0, the root; else it is 0.
	Level int `json:"level"`
	// Decision is Allow if a statement allows, ExplicitDeny if one denies.
	Decision Decision `json:"decision"`
	// Grant tells how a resource or trust policy names the caller: direct, entity
	// (its role, or the user behind a federated user), account; else "".
	Grant string `json:"grant,omitempty"`
	// Root tells that the identity layer allows without a policy, because the
	// caller is the root user or was made by it.
	Root     bool          `json:"root,omitempty"`
	Policies []PolicyTrace `json:"policies"`
}

// PolicyTrace is what one policy said.
type PolicyTrace struct {
	Policy     *Policy          `json:"-"`
	Name       string           `json:"name,omitempty"` // of Trace.Names
	Decision   Decision         `json:"decision"`
	Statements []StatementTrace `json:"statements"`
}

// StatementTrace is what one statement said.
type StatementTrace struct {
	Index  int    `json:"index"`
	Sid    string `json:"sid,omitempty"`
	Effect string `json:"effect"` // Allow or Deny
	// Position is the statement's in the text of its policy.
	Position

	Matched bool `json:"matched"`
	// Element is the first element that did not match: Action, Resource, Principal,
	// Condition, or NotAction, NotResource, NotPrincipal, which did not because they
	// list what was asked for. A statement that lacks the element (a resource policy's
	// without Principal) has the plain name here. Empty when Matched.
	Element string `json:"element,omitempty"`
	// Wanted are the values of that element in the policy.
	Wanted []string `json:"wanted,omitempty"`
	// Missing are the keys of the policy variables in Wanted that have no value.
	Missing []string `json:"missing,omitempty"`
	// Condition tells about the first condition that failed, if Element is that.
	Condition *ConditionTrace `json:"condition,omitempty"`
}

// ConditionTrace is a condition that failed.
type ConditionTrace struct {
	Operator string   `json:"operator"` // as the policy writes it
	Key      string   `json:"key"`      // as the policy writes it
	Wanted   []string `json:"wanted"`   // the values in the policy
	// Present are the request's values of the key. Absent tells that it has none
	// of that name.
	Present []string `json:"present"`
	Absent  bool     `json:"absent"`
	// Position is the key's in the text of the policy.
	Position

	condition *condition
}

// Position is a stretch of a policy's text: offsets in bytes, and the lines and
// columns (in characters, both from 1) of its first character and of what follows
// its last.
type Position struct {
	Start     int `json:"start"`
	End       int `json:"end"`
	Line      int `json:"line"`
	Column    int `json:"column"`
	EndLine   int `json:"endLine"`
	EndColumn int `json:"endColumn"`
}

// position finds lines and columns.
func (p *Policy) position(start, end int) Position {
	at := Position{Start: start, End: end}
	at.Line, at.Column = locate(p.text, start)
	at.EndLine, at.EndColumn = locate(p.text, end)
	return at
}

// MissingKeys lists the keys that the request does not have and that could have
// made a difference: those of all conditions, and of all policy variables, in
// statements about the action, the resource and the caller, and the variables of
// resources that did not match for want of a value. In lower case, each once,
// sorted.
func (t *Trace) MissingKeys() (keys []string) {
	for _, v := range t.Context {
		if v.Absent {
			keys = append(keys, v.Key)
		}
	}
	return keys
}

// recorder notes what an evaluation with a trace looks up. It asks the request's
// own context once for each key.
type recorder struct {
	from Context
	seen map[string]ContextValue
}

// Lookup implements Context.
func (r *recorder) Lookup(key string) ([]string, bool) {
	v, ok := r.seen[key]
	if !ok {
		values, present := r.from.Lookup(key)
		v = ContextValue{key, slices.Clone(values), !present}
		r.seen[key] = v
	}
	return v.Values, !v.Absent
}

// values lists what was noted, and the rest of a context that can be listed.
func (r *recorder) values() []ContextValue {
	if l, ok := r.from.(Lister); ok {
		for key := range l.Keys() {
			r.Lookup(key)
		}
	}
	return slices.SortedFunc(maps.Values(r.seen), func(a, b ContextValue) int { return strings.Compare(a.Key, b.Key) })
}

// record makes the evaluation note what it looks up.
func (ev *evaluation) record() *recorder {
	r := &recorder{from: ev.context, seen: map[string]ContextValue{}}
	if r.from == nil {
		r.from = Map(nil)
	}
	ev.context = r
	return r
}

// finish notes the question and the answer.
func (t *Trace) finish(r *Request, result Result, context []ContextValue) {
	t.Context = context
	t.Principal = Principal{}
	if r.Principal != nil {
		t.Principal = *r.Principal
	}
	t.Action, t.Resource, t.Result = r.Action, r.Resource, result
}

// layerTrace opens the record of a layer; nil without a trace.
func (ev *evaluation) layerTrace(l Layer, level int) *LayerTrace {
	if ev.trace == nil {
		return nil
	}
	ev.trace.Layers = append(ev.trace.Layers, LayerTrace{Layer: l, Level: level})
	return &ev.trace.Layers[len(ev.trace.Layers)-1]
}

// rootAllows notes in the layer asked last, the identity's, that root needs no policy.
func (ev *evaluation) rootAllows() {
	if ev.trace == nil {
		return
	}
	if lt := &ev.trace.Layers[len(ev.trace.Layers)-1]; lt.Decision != ExplicitDeny {
		lt.Decision, lt.Root = Allow, true
	}
}

// close notes what the layer allowed, unless it denied.
func (lt *LayerTrace) close(g grant) {
	if lt == nil || g == notNamed {
		return
	}
	if lt.Decision != ExplicitDeny {
		lt.Decision = Allow
	}
	if lt.Layer == LayerResource || lt.Layer == LayerTrust {
		lt.Grant = g.String()
	}
}

// traced asks one policy as evaluation.policy does, but every statement.
func (ev *evaluation) traced(p *Policy, layer Layer, lt *LayerTrace) (best grant) {
	pt := PolicyTrace{Policy: p, Statements: make([]StatementTrace, len(p.statements))}
	if names := ev.trace.Names; names != nil {
		pt.Name = names(p)
	}
	for i := range p.statements {
		st := &p.statements[i]
		g := ev.tracedStatement(p, i, layer, &pt.Statements[i])
		switch {
		case !st.deny:
			best = max(best, g)
		case g != notNamed:
			ev.deny(p, i, layer)
			pt.Decision, lt.Decision = ExplicitDeny, ExplicitDeny
		}
	}
	if best != notNamed && pt.Decision != ExplicitDeny {
		pt.Decision = Allow
	}
	lt.Policies = append(lt.Policies, pt)
	return best
}

func (ev *evaluation) tracedStatement(p *Policy, i int, layer Layer, rec *StatementTrace) (g grant) {
	st := &p.statements[i]
	*rec = StatementTrace{Index: i, Sid: st.sid, Effect: "Allow", Position: p.position(st.start, st.end)}
	if st.deny {
		rec.Effect = "Deny"
	}
	if st.matchAction(ev.action()) {
		g = ev.statement(st, layer, rec)
	} else {
		rec.failed(actionElement, nil)
	}
	rec.Matched = g != notNamed
	if rec.Matched || rec.Condition != nil {
		st.lookupAll(ev)
	}
	switch rec.Element {
	case "Action":
		rec.Wanted = st.actionTexts
	case "Resource":
		rec.Wanted = st.resourceTexts
		for j := range st.resources {
			rec.Missing = append(rec.Missing, st.resources[j].missing(ev)...)
		}
	case "Principal":
		rec.Wanted = p.principalTexts(st)
	case "Condition":
		rec.Wanted = rec.Condition.Wanted
		rec.Missing = rec.Condition.condition.missing(ev)
		rec.Condition.describe(ev, p)
	}
	rec.Element = st.written(rec.Element)
	return g
}

// principalTexts are the principals of a statement as the policy writes them.
func (p *Policy) principalTexts(st *statement) (texts []string) {
	for _, r := range p.refs[st.principalsFrom : st.principalsFrom+len(st.principals)] {
		texts = append(texts, r.Value)
	}
	return texts
}

// failed notes which element did not match.
func (t *StatementTrace) failed(e element, c *condition) {
	if t == nil {
		return
	}
	t.Element = [...]string{"", "Principal", "Action", "Resource", "Condition"}[e]
	if c != nil {
		t.Condition = &ConditionTrace{Operator: c.operator, Key: c.name, Wanted: c.wanted, condition: c}
	}
}

// written is the name of an element as the statement has it.
func (s *statement) written(element string) string {
	if element == "Action" && s.notAction || element == "Resource" && s.notResource || element == "Principal" && s.notPrincipal {
		return "Not" + element
	}
	return element
}

// lookupAll asks for the keys of all conditions, those too that were not reached,
// so that the trace knows them.
func (s *statement) lookupAll(ev *evaluation) {
	for i := range s.conditions {
		c := &s.conditions[i]
		ev.lookup(c.key)
		c.missing(ev)
	}
}

// describe fills in what the request had.
func (t *ConditionTrace) describe(ev *evaluation, p *Policy) {
	c := t.condition
	t.Position = p.position(c.start, c.end)
	values, present := ev.context.Lookup(c.key)
	t.Present, t.Absent = slices.Clone(values), !present
}

// missing lists the variables of the condition's values that have no value.
func (c *condition) missing(ev *evaluation) (keys []string) {
	for i := range c.patterns {
		keys = append(keys, c.patterns[i].missing(ev)...)
	}
	for i := range c.arns {
		for j := range c.arns[i].component {
			keys = append(keys, c.arns[i].component[j].missing(ev)...)
		}
	}
	return keys
}

// missing lists the variables that have no value.
func (p *pattern) missing(ev *evaluation) (keys []string) {
	for _, part := range p.parts {
		if v := part.variable; v != nil {
			if _, ok := ev.variable(v); !ok {
				keys = append(keys, v.key)
			}
		}
	}
	return keys
}
