package policy

import "slices"

// Trace records how a decision was made: each layer that was asked, each policy
// in it, each statement, and of a statement that did not match the first element
// that failed. An untraced evaluation stops at the first Deny; a traced one goes
// on, and gives the same result.
//
// A Trace holds values of the request's context. Where those are confidential,
// so is the trace.
type Trace struct {
	Principal Principal
	Action    string
	Resource  string
	Result    Result
	// Layers stand in the order in which they were asked: RCP and SCP by levels,
	// resource or trust, identity, boundary, session. None when the action needs
	// no permission.
	Layers []LayerTrace
}

// LayerTrace is what one layer, or one level of control policies, said.
type LayerTrace struct {
	Layer Layer
	// Level counts the levels of SCP and RCP from 0, the root; else it is 0.
	Level int
	// Decision is Allow if a statement allows, ExplicitDeny if one denies.
	Decision Decision
	// Grant tells how a resource or trust policy names the caller: direct, entity
	// (its role, or the user behind a federated user), account; else "".
	Grant    string
	Policies []PolicyTrace
}

// PolicyTrace is what one policy said.
type PolicyTrace struct {
	Policy     *Policy
	Decision   Decision
	Statements []StatementTrace
}

// StatementTrace is what one statement said.
type StatementTrace struct {
	Index  int
	Sid    string
	Effect string // Allow or Deny
	// Start and End are the statement's place in the text of its policy in bytes,
	// Line and Column (in characters) that of Start, from 1.
	Start, End, Line, Column int

	Matched bool
	// Element is the first element that did not match: Action, Resource,
	// Principal or Condition (for the Not… forms too). Empty when Matched.
	Element string
	// Wanted are the values of that element in the policy.
	Wanted []string
	// Condition tells about the first condition that failed, if Element is that.
	Condition *ConditionTrace
}

// ConditionTrace is a condition that failed.
type ConditionTrace struct {
	Operator, Key string   // as the policy writes them
	Wanted        []string // the values in the policy
	// Present are the request's values of the key. Absent tells that it has none
	// of that name.
	Present []string
	Absent  bool
	// Missing are the keys of the policy variables in Wanted that have no value.
	Missing                  []string
	Start, End, Line, Column int // of the key in the policy
}

// MissingKeys lists the keys that conditions or policy variables asked for and
// the request does not have, in lower case, each once, sorted.
func (t *Trace) MissingKeys() []string {
	var keys []string
	for _, l := range t.Layers {
		for _, p := range l.Policies {
			for _, s := range p.Statements {
				if c := s.Condition; c != nil {
					keys = append(keys, c.Missing...)
					if c.Absent {
						keys = append(keys, fold(c.Key))
					}
				}
			}
		}
	}
	slices.Sort(keys)
	return slices.Compact(keys)
}

// finish notes the question and the answer.
func (t *Trace) finish(r *Request, result Result) {
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
	lt.Policies = append(lt.Policies, PolicyTrace{Policy: p, Statements: make([]StatementTrace, len(p.statements))})
	pt := &lt.Policies[len(lt.Policies)-1]
	for i := range p.statements {
		st, rec := &p.statements[i], &pt.Statements[i]
		*rec = StatementTrace{Index: i, Sid: st.sid, Effect: "Allow", Start: st.start, End: st.end}
		rec.Line, rec.Column = locate(p.text, st.start)
		g := notNamed
		if st.matchAction(ev.action()) {
			g = ev.statement(st, layer, rec)
		} else {
			rec.failed(actionElement, nil)
		}
		rec.Matched = g != notNamed
		rec.describe(ev, p, st)
		if !st.deny {
			best = max(best, g)
			continue
		}
		rec.Effect = "Deny"
		if g != notNamed {
			ev.deny(p, i, layer)
			pt.Decision, lt.Decision = ExplicitDeny, ExplicitDeny
		}
	}
	if best != notNamed && pt.Decision != ExplicitDeny {
		pt.Decision = Allow
	}
	return best
}

// failed notes which element did not match.
func (t *StatementTrace) failed(e element, c *condition) {
	if t == nil {
		return
	}
	t.Element = [...]string{"", "Principal", "Action", "Resource", "Condition"}[e]
	if c != nil {
		t.Condition = &ConditionTrace{Operator: c.operator, Key: c.name, Wanted: c.wanted, Start: c.start, End: c.end}
	}
}

// describe fills in what the failed element wanted and the request had.
func (t *StatementTrace) describe(ev *evaluation, p *Policy, st *statement) {
	switch t.Element {
	case "Action":
		t.Wanted = st.actionTexts
	case "Resource":
		t.Wanted = st.resourceTexts
	case "Principal":
		for _, r := range p.refs[st.principalsFrom : st.principalsFrom+len(st.principals)] {
			t.Wanted = append(t.Wanted, r.Value)
		}
	}
	c := t.Condition
	if c == nil {
		return
	}
	t.Wanted = c.Wanted
	c.Line, c.Column = locate(p.text, c.Start)
	c.Present = slices.Clone(ev.lookup(fold(c.Key)))
	c.Absent = ev.context == nil
	if ev.context != nil {
		_, present := ev.context.Lookup(fold(c.Key))
		c.Absent = !present
	}
	for i := range st.conditions {
		if st.conditions[i].start == c.Start {
			c.Missing = st.conditions[i].missing(ev)
		}
	}
}

// missing lists the variables of the condition's values that have no value.
func (c *condition) missing(ev *evaluation) (keys []string) {
	note := func(p *pattern) {
		for _, part := range p.parts {
			if v := part.variable; v != nil {
				if _, ok := ev.variable(v); !ok {
					keys = append(keys, v.key)
				}
			}
		}
	}
	for i := range c.patterns {
		note(&c.patterns[i])
	}
	for i := range c.arns {
		for j := range c.arns[i].component {
			note(&c.arns[i].component[j])
		}
	}
	return keys
}
