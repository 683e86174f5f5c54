package authz

import (
	"cmp"
	"strings"

	"github.com/deputy-sts/deputy/internal/awsdata"
	"github.com/deputy-sts/deputy/internal/query"
	"github.com/deputy-sts/deputy/policy"
)

// Authorize asks whether the caller may do the call's own action to r. The error
// is AWS's AccessDenied with its reason.
func (c *Call) Authorize(r Resource) error {
	if c.action == "" {
		c.action = c.Service + ":" + c.Action
	}
	return c.AuthorizeAs(c.action, r)
}

// AuthorizeAs asks for another action than the call's: sts:TagSession,
// iam:PassRole. The action is written with its service.
func (c *Call) AuthorizeAs(action string, r Resource) error {
	if err := c.CheckCaller(); err != nil {
		return err
	}
	res := c.Decide(action, r)
	if res.Decision == policy.Allow {
		return nil
	}
	encoded := c.explain(action, r, res)
	refusal := c.refuse(action, r, res)
	refusal.Encoded = encoded
	return refusal
}

// Decide gives the decision alone. It counts as having asked.
func (c *Call) Decide(action string, r Resource) policy.Result {
	return c.decide(action, r, nil)
}

func (c *Call) decide(action string, r Resource, t *policy.Trace) policy.Result {
	c.asked = true
	c.gather()
	if c.broken != policy.LayerNone {
		return policy.Result{Layer: c.broken, Statement: -1}
	}
	if r.Account == "" {
		r.Account = c.Account()
	}
	c.resource = r
	c.memo, c.slab, c.torn = empty(c.memo), empty(c.slab), false
	c.set.Resource = r.Trust
	if r.IsTrust && r.Trust == nil {
		c.set.Resource = c.gate.noTrust
	}
	c.question = policy.Request{
		Principal: &c.asker, Action: action, Resource: c.gate.target(action, &c.resource),
		ResourceAccount: r.Account, Context: c,
	}
	if r.WithinOrganization {
		c.question.ResourceAccount = c.Account()
	}
	res := c.set.Evaluate(&c.question, t)
	if c.torn && res.Decision == policy.Allow {
		return policy.Result{Layer: policy.LayerIdentity, Statement: -1}
	}
	if res.Decision == policy.Allow && c.Principal != nil && c.Principal.Delegated && !c.withinDelegation() {
		return policy.Result{Layer: policy.LayerSession, Statement: -1}
	}
	return res
}

// withinDelegation tells whether the policy of a delegated session allows the
// question by itself. A resource policy that names a user or a session goes beyond
// a session policy, as AWS has it; what somebody was lent must not.
func (c *Call) withinDelegation() bool {
	only, q, asker := policy.Set{Identity: c.set.Session, Resource: c.gate.anybody}, c.question, c.asker
	// As a user (root would need no policy) of an account beyond: there a resource
	// policy, of which this one lets anybody in, is never enough.
	asker.Type, asker.Account = policy.User, "beyond"
	q.Principal, q.ResourceAccount = &asker, c.Account()
	return only.Evaluate(&q, nil).Decision == policy.Allow
}

// anybody is a resource policy that leaves all to the caller's own policies.
const anybody = `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":{"AWS":"*"},"Action":"*"}}`

// noTrust is the trust policy of a role that does not exist: it is evaluated like
// any other, so that its refusal takes the time of another, and allows nobody.
const noTrust = `{"Version":"2012-10-17","Statement":{"Effect":"Deny","Principal":{"AWS":"*"},"Action":"sts:*","Condition":{"Null":{"aws:CurrentTime":"true"}}}}`

func mustParse(text string) *policy.Policy {
	p, err := policy.Parse(text, policy.Any)
	if err != nil {
		panic("authz: " + err.Error())
	}
	return p
}

// target is the resource to decide on: "*" for an action that has no
// resource-level permissions.
func (g *Gate) target(action string, r *Resource) string {
	if r.IsTrust {
		return r.ARN
	}
	star, ok := g.onStar.Load(action)
	if !ok {
		service, name, _ := strings.Cut(action, ":")
		star = !awsdata.ResourceLevel(service, name)
		g.onStar.Store(action, star)
	}
	if star.(bool) {
		return "*"
	}
	return r.ARN
}

// refuse is the denial in AWS's words.
//
// Source: IAM User Guide, troubleshoot_access-denied.
func (c *Call) refuse(action string, r Resource, res policy.Result) *query.Error {
	if c.bearer != nil {
		return query.AccessDenied.Errorf("Not authorized to perform %s", action)
	}
	text := "User: " + c.asker.ARN + " is not authorized to perform: " + action
	if on := cmp.Or(r.Shown, r.ARN); on != "" {
		text += " on resource: " + on
	}
	if !c.terse(r, res) {
		if why := res.Reason(action); why != "" {
			text += " " + why
		}
		// Recorded beyond the guide's page: the ARN of a managed policy that denies.
		if name := c.denying(res); strings.HasPrefix(name, "arn:") && !r.Terse {
			text += ": " + name
		}
	}
	return query.AccessDenied.Errorf("%s", text)
}

// denying is what a reader calls the policy that denies explicitly, or "".
func (c *Call) denying(res policy.Result) string {
	if res.Decision != policy.ExplicitDeny || res.Policy == nil {
		return ""
	}
	return c.nameOf(res.Policy)
}

// terse tells whether the reason stays untold. Of a role to be entered it does,
// unless the caller's own policies deny it in its own account: that says nothing
// of the role.
func (c *Call) terse(r Resource, res policy.Result) bool {
	own := res.Layer == policy.LayerIdentity || res.Layer == policy.LayerBoundary || res.Layer == policy.LayerSession
	return r.Terse && !(res.Decision == policy.ExplicitDeny && own && (r.Account == "" || r.Account == c.Account()))
}

// Denied tells whether a policy explicitly denies the action, or whether it cannot
// be known, since one is missing. It counts as having asked: it is for what is
// allowed by itself unless somebody objects.
func (c *Call) Denied(action string, r Resource) bool {
	res := c.Decide(action, r)
	return res.Decision == policy.ExplicitDeny || c.broken != policy.LayerNone
}
