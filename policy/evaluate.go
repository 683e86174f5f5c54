package policy

import "strings"

// evaluation is the state of one decision. It lives on the stack of Evaluate.
type evaluation struct {
	principal *Principal
	hash      uint32
	service   uint64
	resource  string
	context   Context
	bounded   bool // there is a permissions boundary
	trace     *Trace
	denied    Result // the first explicit deny

	// The action in lower case: in long if that is not empty, else in buf[:size]. A
	// string of buf kept here would make the evaluation escape to the heap.
	long string
	size int
	buf  [64]byte
}

// anonymous is the caller of a request that names none.
var anonymous Principal

// Evaluate decides. With a Trace it records there how; with nil it allocates
// nothing (save for a variable whose values are longer than 256 bytes, and for
// values that are no valid IP addresses). Only the Decision Allow lets a request
// through.
//
// A request of sts:GetCallerIdentity by a signed caller and of
// sts:GetSessionToken by a user or root is always allowed, as AWS does it.
func (s *Set) Evaluate(r *Request, t *Trace) Result {
	ev := evaluation{principal: r.Principal, resource: r.Resource, context: r.Context, bounded: s.Boundary != nil, trace: t}
	if ev.principal == nil {
		ev.principal = &anonymous
	}
	ev.fold(r.Action)
	ev.hash, ev.service = hashAction(ev.action())
	if t == nil {
		return ev.decide(s, ev.crosses(r.ResourceAccount))
	}
	t.Layers = nil
	rec := ev.record()
	result := ev.decide(s, ev.crosses(r.ResourceAccount))
	t.finish(r, result, rec.values())
	return result
}

// fold sets the action in lower case, in the buffer if it fits.
func (ev *evaluation) fold(action string) {
	if len(action) > len(ev.buf) {
		ev.long = fold(action)
		return
	}
	ev.size = len(action)
	for i := range len(action) {
		ev.buf[i] = lower(action[i])
	}
}

// action gives the action in lower case.
func (ev *evaluation) action() string {
	if ev.long != "" {
		return ev.long
	}
	return view(ev.buf[:ev.size])
}

// lookup gives the values of a key, none if it is absent.
func (ev *evaluation) lookup(key string) (values []string, present bool) {
	if ev.context == nil {
		return nil, false
	}
	return ev.context.Lookup(key)
}

// crosses tells whether the resource belongs to another account than the caller.
func (ev *evaluation) crosses(account string) bool {
	if account == "" {
		if c, ok := splitARN(ev.resource); ok && isAccountID(c[4]) {
			account = c[4]
		}
	}
	return account != "" && account != ev.principal.Account
}

// exempt tells whether the request needs no permission and heeds no denial.
func (ev *evaluation) exempt() bool {
	switch ev.action() {
	case "sts:getcalleridentity":
		return ev.principal.Type.signed() || ev.principal.Type == Service
	case "sts:getsessiontoken":
		return ev.principal.Type == User || ev.principal.Type == Root
	}
	return false
}

// entersRole tells whether the action is one that the trust policy of a role
// must grant.
func (ev *evaluation) entersRole() bool {
	switch ev.action() {
	case "sts:assumerole", "sts:assumerolewithsaml", "sts:assumerolewithwebidentity",
		"sts:tagsession", "sts:setsourceidentity", "sts:setcontext":
		return true
	}
	return false
}

// layer is that of the resource's policy.
func (ev *evaluation) layer() Layer {
	if ev.entersRole() {
		if c, ok := splitARN(ev.resource); ok && c[2] == "iam" && strings.HasPrefix(c[5], "role/") {
			return LayerTrust
		}
	}
	return LayerResource
}

// underRCP tells whether resource control policies can reach the request. AWS
// asks them for the services of its list alone, and of STS for what enters a role;
// giving up a grant of KMS they never reach.
//
// Source: Organizations User Guide, orgs_manage_policies_rcps, with the services
// that were added until February 2026; KMS Developer Guide,
// resource-control-policies.
func (ev *evaluation) underRCP() bool {
	if ev.action() == "kms:retiregrant" {
		return false
	}
	service, _, _ := strings.Cut(ev.action(), ":")
	switch service {
	case "s3", "kms", "sqs", "secretsmanager", "ecr", "aoss", "cognito-idp", "cognito-identity", "logs", "dynamodb":
		return true
	case "sts":
		return ev.entersRole()
	}
	return false
}

// keyOfKMS tells whether the request is about a key of KMS. Beside trust
// policies, key policies are the ones that must allow by themselves: without them
// identity policies give nothing, not even in the same account.
//
// Source: IAM User Guide, reference_policies_evaluation-logic_policy-eval-denyallow
// (resource-based policies); KMS Developer Guide, key-policies.
func (ev *evaluation) keyOfKMS() bool {
	if !strings.HasPrefix(ev.action(), "kms:") {
		return false
	}
	c, ok := splitARN(ev.resource)
	return ok && c[2] == "kms" && strings.HasPrefix(c[5], "key/")
}

// decide is the evaluation logic of AWS. The layers are gone through in the order
// in which AWS names them in its messages; an explicit deny in any ends it.
//
// Source: IAM User Guide, reference_policies_evaluation-logic_policy-eval-denyallow
// and reference_policies_evaluation-logic-cross-account.
func (ev *evaluation) decide(s *Set, cross bool) Result {
	if ev.exempt() {
		return Result{Decision: Allow, Statement: -1}
	}
	c := ev.principal
	iam, linked := c.Type.signed(), c.serviceLinked()
	resource := ev.layer()
	var v verdicts
	v.resourceLayer, v.needed = resource, cross || resource == LayerTrust || s.Resource != nil && ev.keyOfKMS()
	v.cross = cross
	if len(s.RCPs) > 0 && !linked && ev.underRCP() && !ev.controls(s.RCPs, LayerRCP, nil) {
		return ev.denied
	}
	v.scp = true
	if iam && !linked && !ev.controls(s.SCPs, LayerSCP, &v.scp) {
		return ev.denied
	}
	if !ev.resourcePolicy(s.Resource, resource, !iam || v.needed, &v.grant) {
		return ev.denied
	}
	if iam && !ev.own(s, &v) {
		return ev.denied
	}
	if ev.denied.Decision == ExplicitDeny {
		return ev.denied
	}
	if !iam {
		return v.foreign()
	}
	return v.combine()
}

// verdicts is what the layers say when none denies.
type verdicts struct {
	resourceLayer                    Layer
	cross                            bool
	needed                           bool  // the resource policy must name the caller
	grant                            grant // of the resource policy
	scp, identity, boundary, session bool
}

// foreign decides for callers that are no IAM principals: services, bearers of
// tokens and assertions, anonymous ones. Only the resource policy can allow them.
func (v *verdicts) foreign() Result {
	if v.grant == notNamed {
		return implicit(v.resourceLayer)
	}
	return Result{Decision: Allow, Layer: v.resourceLayer, Statement: -1}
}

// combine decides for IAM principals.
func (v *verdicts) combine() Result {
	shortcut := !v.cross && v.grant >= byEntity
	switch {
	case !v.scp:
		return implicit(LayerSCP)
	case shortcut && v.grant == directly:
		return Result{Decision: Allow, Layer: v.resourceLayer, Statement: -1}
	case v.needed && v.grant == notNamed:
		return implicit(v.resourceLayer)
	case !v.identity && !shortcut:
		return implicit(LayerIdentity)
	case !v.boundary:
		return implicit(LayerBoundary)
	case !v.session:
		return implicit(LayerSession)
	case shortcut:
		return Result{Decision: Allow, Layer: v.resourceLayer, Statement: -1}
	}
	return Result{Decision: Allow, Layer: LayerIdentity, Statement: -1}
}

func implicit(l Layer) Result { return Result{Layer: l, Statement: -1} }

// controls asks the levels of control policies; false means an explicit deny
// that ends the evaluation. Each level must allow, if all is asked for.
func (ev *evaluation) controls(levels [][]*Policy, layer Layer, all *bool) bool {
	for i, level := range levels {
		allowed, ok := ev.union(level, layer, i)
		if !ok {
			return false
		}
		if all != nil {
			*all = *all && allowed
		}
	}
	return true
}

// resourcePolicy asks the policy of the resource for the closest grant.
func (ev *evaluation) resourcePolicy(p *Policy, layer Layer, needed bool, best *grant) bool {
	if p == nil {
		if needed {
			ev.layerTrace(layer, 0)
		}
		return true
	}
	lt := ev.layerTrace(layer, 0)
	g, ok := ev.policy(p, layer, directly, lt)
	*best = g
	lt.close(g)
	return ok
}

// own asks the policies of the principal itself.
func (ev *evaluation) own(s *Set, v *verdicts) bool {
	var ok bool
	if v.identity, ok = ev.union(s.Identity, LayerIdentity, 0); !ok {
		return false
	}
	c := ev.principal
	if c.Type == Root || c.byRoot() {
		v.identity = true
		ev.rootAllows()
	}
	v.boundary = true
	if s.Boundary != nil {
		one := [1]*Policy{s.Boundary}
		if v.boundary, ok = ev.union(one[:], LayerBoundary, 0); !ok {
			return false
		}
	}
	v.session = true
	if s.HasSession || len(s.Session) > 0 || c.Type == FederatedUser {
		if v.session, ok = ev.union(s.Session, LayerSession, 0); !ok {
			return false
		}
	}
	return true
}

// union asks several policies of a layer: one that allows is enough.
func (ev *evaluation) union(ps []*Policy, layer Layer, level int) (allowed, ok bool) {
	lt := ev.layerTrace(layer, level)
	best := notNamed
	for _, p := range ps {
		g, ok := ev.policy(p, layer, byAccount-best, lt)
		if !ok {
			return false, false
		}
		if g != notNamed {
			best = byAccount
		}
	}
	if layer == LayerRCP {
		best = byAccount // RCPFullAWSAccess stands beside them
	}
	lt.close(best)
	return best != notNamed, true
}

// policy asks one policy. It returns the closest grant of an Allow, and false
// when a Deny ends the evaluation. With want == notNamed no Allow is looked at;
// a grant of want or closer is as good as any. With a trace all is looked at.
func (ev *evaluation) policy(p *Policy, layer Layer, want grant, lt *LayerTrace) (best grant, ok bool) {
	if lt != nil {
		return ev.traced(p, layer, lt), true
	}
	if p.index.services&ev.service == 0 || !p.index.concerns(ev.resource) {
		return notNamed, true
	}
	name := ev.action()
	named, wild := p.index.find(name, ev.hash), p.index.wild
	for len(named) > 0 || len(wild) > 0 {
		var i int32
		var known bool
		if known = len(wild) == 0 || len(named) > 0 && named[0] < wild[0]; known {
			i, named = named[0], named[1:]
		} else {
			i, wild = wild[0], wild[1:]
		}
		st := &p.statements[i]
		if !st.deny && best >= want || !known && !st.matchAction(name) {
			continue
		}
		g := ev.statement(st, layer, nil)
		if g != notNamed && st.deny {
			ev.deny(p, int(i), layer)
			return best, false
		}
		best = max(best, g)
	}
	return best, true
}

// statement decides about everything but the action. A nil trace is not written.
func (ev *evaluation) statement(st *statement, layer Layer, t *StatementTrace) grant {
	if !st.matchResource(ev, layer) {
		t.failed(resourceElement, nil)
		return notNamed
	}
	g := st.matchPrincipal(ev, layer)
	if g == notNamed {
		t.failed(principalElement, nil)
		return notNamed
	}
	for i := range st.conditions {
		if !st.conditions[i].holds(ev) {
			t.failed(conditionElement, &st.conditions[i])
			return notNamed
		}
	}
	return g
}

// deny notes the first explicit deny.
func (ev *evaluation) deny(p *Policy, i int, layer Layer) {
	if ev.denied.Decision != ExplicitDeny {
		ev.denied = Result{Decision: ExplicitDeny, Layer: layer, Policy: p, Statement: i}
	}
}
