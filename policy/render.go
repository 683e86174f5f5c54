package policy

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
)

// Renderings of a Trace, for people and for programs.

// MarshalJSON writes the trace as an object: decision, layer, reason, principal,
// action, resource, missingKeys,
// context, layers.
func (t *Trace) MarshalJSON() ([]byte, error) {
	return json.Marshal(struct {
		Decision    Decision       `json:"decision"`
		Layer       Layer          `json:"layer"`
		Reason      string         `json:"reason,omitempty"`
		Principal   string         `json:"principal"`
		Action      string         `json:"action"`
		Resource    string         `json:"resource"`
		MissingKeys []string       `json:"missingKeys,omitempty"`
		Context     []ContextValue `json:"context,omitempty"`
		Layers      []LayerTrace   `json:"layers"`
	}{t.Result.Decision, t.Result.Layer, t.Result.Reason(t.Action), t.Principal.name(), t.Action, t.Resource, t.MissingKeys(), t.Context, t.Layers})
}

// name is what a person calls the caller.
func (c *Principal) name() string {
	for _, s := range []string{c.ARN, c.Service, c.Provider, c.ID} {
		if s != "" {
			return s
		}
	}
	return "anonymous"
}

// WriteText writes the trace for people: the decision and why, then each layer
// that was asked with its policies and statements.
func (t *Trace) WriteText(w io.Writer) error {
	p := &printer{w: w}
	p.line(0, "%v: %s may%s %s on %s", t.Result.Decision, t.Principal.name(), not(t.Result.Decision == Allow), t.Action, t.Resource)
	if reason := t.Result.Reason(t.Action); reason != "" {
		p.line(1, "%s", reason)
	}
	if t.Result.Decision == Allow && t.Result.Layer == LayerNone {
		p.line(1, "the action needs no permission")
	}
	for i := range t.Layers {
		p.layer(&t.Layers[i])
	}
	if keys := t.MissingKeys(); len(keys) > 0 {
		p.line(0, "not in the request: %s", strings.Join(keys, ", "))
	}
	return p.err
}

func not(yes bool) string {
	if yes {
		return ""
	}
	return " not"
}

// printer writes indented lines until the first error.
type printer struct {
	w   io.Writer
	err error
}

func (p *printer) line(depth int, format string, args ...any) {
	if p.err == nil {
		_, p.err = fmt.Fprintf(p.w, strings.Repeat("  ", depth)+format+"\n", args...)
	}
}

func (p *printer) layer(l *LayerTrace) {
	head := l.Layer.String()
	if l.Layer == LayerSCP || l.Layer == LayerRCP {
		head = fmt.Sprintf("%s level %d", head, l.Level)
	}
	if l.Grant != "" {
		head += " (names the caller: " + l.Grant + ")"
	}
	if l.Root {
		head += " (root needs no policy)"
	}
	p.line(0, "%s: %v", head, l.Decision)
	if len(l.Policies) == 0 && !l.Root {
		p.line(1, "no policy")
	}
	for i := range l.Policies {
		pt := &l.Policies[i]
		name := pt.Name
		if name == "" {
			name = fmt.Sprintf("policy %d", i+1)
		}
		p.line(1, "%s: %v", name, pt.Decision)
		for j := range pt.Statements {
			p.statement(&pt.Statements[j])
		}
	}
}

func (p *printer) statement(s *StatementTrace) {
	name := fmt.Sprintf("statement %d", s.Index+1)
	if s.Sid != "" {
		name += " " + s.Sid
	}
	name += fmt.Sprintf(", line %d, %s: ", s.Line, s.Effect)
	missing := ""
	if len(s.Missing) > 0 {
		missing = " (no value for " + strings.Join(s.Missing, ", ") + ")"
	}
	switch {
	case s.Matched:
		p.line(2, "%smatches", name)
	case s.Condition != nil:
		p.line(2, "%s%s%s", name, s.Condition, missing)
	case s.Element == "NotPrincipal" && s.Effect == "Allow":
		p.line(2, "%sNotPrincipal grants nothing", name)
	case strings.HasPrefix(s.Element, "Not"):
		p.line(2, "%s%s lists it: %s", name, s.Element, strings.Join(s.Wanted, ", "))
	case len(s.Wanted) == 0:
		p.line(2, "%shas no %s that matches", name, s.Element)
	default:
		p.line(2, "%s%s does not match %s%s", name, s.Element, strings.Join(s.Wanted, ", "), missing)
	}
}

// String says what was wanted and what was there.
func (c *ConditionTrace) String() string {
	s := fmt.Sprintf("%s %s wants %s; the request has ", c.Operator, c.Key, quoted(c.Wanted))
	switch {
	case c.Absent:
		s += "no such key"
	case len(c.Present) == 0:
		s += "no value"
	default:
		s += quoted(c.Present)
	}
	return s
}

func quoted(values []string) string {
	out := make([]string, len(values))
	for i, v := range values {
		out[i] = fmt.Sprintf("%q", v)
	}
	return strings.Join(out, ", ")
}
