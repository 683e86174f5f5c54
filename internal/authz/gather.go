package authz

import (
	"iter"
	"strings"

	"github.com/deputy-sts/deputy/internal/awsdata"
	"github.com/deputy-sts/deputy/internal/directory"
	"github.com/deputy-sts/deputy/policy"
)

// named yields policies with what a reader calls them: the ARN of a managed
// policy, the name of an inline one. A nil policy is missing or does not compile.
type named = iter.Seq2[string, *policy.Policy]

// gather collects what applies to the caller, once for each Tx: the identity
// policies of the user and of its groups, or of the role; the boundary; the
// session policies. Whatever it reads is recorded by the Tx, so that a change
// commits only if its decision still stands.
func (c *Call) gather() {
	if c.gathered {
		return
	}
	c.gathered, c.broken = true, policy.LayerNone
	c.set = policy.Set{Identity: c.set.Identity[:0], Session: c.set.Session[:0]}
	c.asker = c.who()
	if c.Principal == nil {
		return
	}
	for name, p := range c.identity() {
		if c.usable(policy.LayerIdentity, name, p) {
			c.set.Identity = append(c.set.Identity, p)
		}
	}
	if arn := c.boundary(); arn != "" {
		p, _ := c.ManagedPolicy(arn)
		if c.usable(policy.LayerBoundary, arn, p) {
			c.set.Boundary = p
		}
	}
	if c.Principal.AssumedRoot {
		c.taskPolicies()
		return
	}
	c.set.HasSession = c.Principal.HasSessionPolicy
	for name, p := range c.sessionPolicies() {
		if c.usable(policy.LayerSession, name, p) {
			c.set.Session = append(c.set.Session, p)
		}
	}
}

// taskPolicies limits a session of AssumeRoot: root may all that its task policy,
// which only denies, leaves. A session policy would have to allow.
func (c *Call) taskPolicies() {
	for name, p := range c.sessionPolicies() {
		if c.usable(policy.LayerIdentity, name, p) {
			c.set.Identity = append(c.set.Identity, p)
		}
	}
	if len(c.set.Identity) == 0 {
		c.usable(policy.LayerIdentity, "a task policy", nil)
	}
}

// usable notes a policy that cannot be evaluated: it may hold a Deny, so the
// caller is denied everything until it is mended.
func (c *Call) usable(layer policy.Layer, name string, p *policy.Policy) bool {
	if p == nil {
		c.broken = layer
		c.gate.log.Error("a policy is missing or does not compile; its principal is denied everything",
			"principal", c.Principal.ARN, "layer", layer.String(), "policy", name, "request", c.RequestID)
	}
	return p != nil
}

// who is the caller as the policy language sees it.
func (c *Call) who() policy.Principal {
	p := c.Principal
	switch {
	case c.bearer != nil:
		return policy.Principal{Type: c.bearer.Type, Provider: c.bearer.Provider}
	case p == nil:
		return policy.Principal{Type: policy.Anonymous}
	}
	a := policy.Principal{Account: p.Account, ARN: p.ARN, ID: p.ID}
	switch p.Kind {
	case directory.Root:
		a.Type = policy.Root
	case directory.UserKind:
		a.Type = policy.User
	case directory.RoleSession:
		a.Type = policy.AssumedRole
		a.IssuerARN, a.IssuerID = p.Role.ARN(), p.Role.ID
	case directory.FederatedUser:
		a.Type = policy.FederatedUser
		if p.User != nil {
			a.IssuerARN, a.IssuerID = p.User.ARN(), p.User.ID
		} else if root := c.Tx.Account(p.Account); root != nil {
			a.IssuerARN, a.IssuerID = root.ARN(), root.ID
		}
	default:
		a.Type = policy.Anonymous
	}
	return a
}

// identity yields the policies of the user and its groups, or of the role.
func (c *Call) identity() named {
	return func(yield func(string, *policy.Policy) bool) {
		p := c.Principal
		switch {
		case p.Role != nil:
			c.attached(p.Role.Inline, p.Role.Attached, yield)
		case p.User != nil:
			if !c.attached(p.User.Inline, p.User.Attached, yield) {
				return
			}
			for _, id := range p.User.Groups {
				g := c.Tx.GroupByID(id)
				if g == nil {
					if !yield(id, nil) {
						return
					}
				} else if !c.attached(g.Inline, g.Attached, yield) {
					return
				}
			}
		}
	}
}

func (c *Call) attached(inline []*directory.Inline, arns []string, yield func(string, *policy.Policy) bool) bool {
	for _, i := range inline {
		if !yield(i.Name, i.Policy()) {
			return false
		}
	}
	for _, arn := range arns {
		p, _ := c.ManagedPolicy(arn)
		if !yield(arn, p) {
			return false
		}
	}
	return true
}

// boundary is the ARN of the caller's permissions boundary, or empty.
func (c *Call) boundary() string {
	switch p := c.Principal; {
	case p.Role != nil:
		return p.Role.Boundary
	case p.User != nil:
		return p.User.Boundary
	}
	return ""
}

// sessionPolicies yields what was passed when the session was made. The managed
// ones count with the default version they have now.
func (c *Call) sessionPolicies() named {
	return func(yield func(string, *policy.Policy) bool) {
		for _, p := range c.Principal.SessionPolicies {
			if !yield("", p) {
				return
			}
		}
		for _, arn := range c.Principal.SessionPolicyARNs {
			p, _ := c.ManagedPolicy(arn)
			if !yield(arn, p) {
				return
			}
		}
	}
}

// ManagedPolicy gives the compiled default version of a policy, customer managed
// or AWS managed; false if there is no such policy or it does not compile.
func (c *Call) ManagedPolicy(arn string) (*policy.Policy, bool) {
	if managedByAWS(arn) {
		return c.gate.awsManaged(arn)
	}
	p := c.Tx.Policy(arn)
	if p == nil {
		return nil, false
	}
	for _, v := range p.Versions {
		if v.ID == p.Default {
			compiled := v.Document.Policy()
			return compiled, compiled != nil
		}
	}
	return nil, false
}

// managedByAWS tells the policies that AWS keeps, whose account is "aws".
func managedByAWS(arn string) bool {
	_, rest, ok := strings.Cut(arn, ":iam::")
	return ok && strings.HasPrefix(rest, "aws:policy/")
}

// awsManaged gives a policy that AWS keeps, compiled once for the process.
func (g *Gate) awsManaged(arn string) (*policy.Policy, bool) {
	if p, ok := g.managed.Load(arn); ok {
		return p.(*policy.Policy), true
	}
	m, ok := awsdata.ManagedPolicyByARN(arn)
	if !ok {
		return nil, false
	}
	p, err := policy.Parse(m.Document, policy.Any)
	if err != nil {
		g.log.Error("a policy managed by AWS does not compile", "arn", arn, "error", err)
		return nil, false
	}
	g.managed.Store(arn, p)
	return p, true
}
