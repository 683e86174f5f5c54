package authz

import (
	"strconv"

	"github.com/deputy-sts/deputy/internal/audit"
	"github.com/deputy-sts/deputy/policy"
)

// explain notes why a call is denied, for the audit: which layer, which policy,
// which statement. A denied caller has the time that a second evaluation takes.
func (c *Call) explain(action string, r Resource, res policy.Result) {
	b := audit.AppendString([]byte(`{"decision":`), res.Decision.String())
	b = audit.AppendString(append(b, `,"action":`...), action)
	b = audit.AppendString(append(b, `,"resource":`...), r.ARN)
	b = audit.AppendString(append(b, `,"layer":`...), res.Layer.String())
	if res.Policy != nil {
		b = audit.AppendString(append(b, `,"policy":`...), c.nameOf(res.Policy))
		b = strconv.AppendInt(append(b, `,"statement":`...), int64(res.Statement), 10)
	}
	c.note.why = append(b, '}')
	c.note.whyOwn = !r.IsTrust || r.Account == "" || r.Account == c.Account()
}

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
