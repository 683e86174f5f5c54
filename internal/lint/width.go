package lint

import (
	"slices"
	"strings"

	"github.com/deputy-sts/deputy/policy"
)

// checkWidth looks at what the statement allows beyond what its author may think.
func (d *document) checkWidth(s *statement) {
	if s.deny {
		return
	}
	if s.notPrincipal {
		d.report("not-principal-allow", of(s.principal), "NotPrincipal with Allow lets in everybody who is not listed, strangers included", "name those whom you mean in Principal")
	}
	if d.kind == policy.SCP || d.kind == policy.Session {
		return // they give nothing
	}
	if s.notAction && s.action != nil {
		d.report("not-action-allow", of(s.action), "NotAction with Allow allows every action of every service that is not listed", "list what to allow in Action, or what to forbid in a Deny")
	}
	if s.notResource && s.resource != nil {
		d.report("not-resource-allow", of(s.resource), "NotResource with Allow allows the actions on every resource that is not listed", "list the resources in Resource, or what to forbid in a Deny")
	}
	if d.kind == policy.Resource {
		d.checkPublic(s)
		return
	}
	d.checkFull(s)
}

// checkFull reports administrators, and those who become such by passing roles.
func (d *document) checkFull(s *statement) {
	everything := func(n *policy.Node) bool { return n.Text == "*" || n.Text == "*:*" }
	full := slices.IndexFunc(s.actions, everything)
	if !s.unconditional() || s.notAction || s.notResource || !slices.ContainsFunc(s.resources, everything) && full >= 0 {
		return
	}
	if full >= 0 {
		d.report("full-access", of(s.actions[full]), "every action is allowed on every resource", "name the actions that are needed")
		return
	}
	anyRole := func(n *policy.Node) bool { return covers(n.Text, "arn:aws:iam::111122223333:role/*") }
	pass := slices.IndexFunc(s.actions, func(n *policy.Node) bool { return policy.MatchAction(n.Text, "iam:PassRole") })
	if pass >= 0 && slices.ContainsFunc(s.resources, anyRole) {
		d.report("pass-role", of(s.actions[pass]), "whoever may pass every role can have all that a role of the account can do", "name the roles, and the services by a condition on iam:PassedToService")
	}
}

// checkPublic reports a resource that everybody can use.
func (d *document) checkPublic(s *statement) {
	if p := s.everybody(); p != nil && !s.limitsCaller() {
		d.report("public-access", of(p), "everybody may do this, without credentials too", "name the principals, or limit them by a condition like aws:PrincipalOrgID")
	}
}

// everybody is the principal "*", or nil.
func (s *statement) everybody() *policy.Node {
	for _, p := range s.principals {
		if p.value.Text == "*" && !s.notPrincipal {
			return p.value
		}
	}
	return nil
}

// callerKeys say who asks or where from.
var callerKeys = []string{"aws:PrincipalOrgID", "aws:PrincipalOrgPaths", "aws:PrincipalArn", "aws:PrincipalAccount", "aws:PrincipalServiceName",
	"aws:PrincipalIsAWSService", "aws:userid", "aws:username", "aws:SourceArn", "aws:SourceAccount", "aws:SourceOwner", "aws:SourceOrgID", "aws:SourceOrgPaths",
	"aws:SourceVpc", "aws:SourceVpce", "aws:SourceVpcArn", "aws:VpceAccount", "aws:VpceOrgID", "aws:VpceOrgPaths", "aws:FederatedProvider", "sts:ExternalId",
	"kms:CallerAccount", "s3:DataAccessPointAccount", "s3:DataAccessPointArn", "lambda:EventSourceToken", "elasticfilesystem:AccessPointArn"}

// limitsCaller tells whether a condition says who asks or where from.
func (s *statement) limitsCaller() bool {
	return slices.ContainsFunc(callerKeys, func(key string) bool { return s.limits(key, false) }) || s.limitsAddress()
}

// limitsAddress tells whether the caller's address is limited.
func (s *statement) limitsAddress() bool {
	return slices.ContainsFunc(s.conditions, func(c condition) bool {
		return (strings.EqualFold(c.key, "aws:SourceIp") || strings.EqualFold(c.key, "aws:VpcSourceIp")) && c.op.Family == "IPAddress" && !c.op.Negated &&
			!c.op.IfExists && c.op.Set != "ForAllValues" && !slices.ContainsFunc(c.values, func(v *policy.Node) bool { return strings.HasSuffix(v.Text, "/0") })
	})
}

// limits tells whether a condition holds the key to values that are not left open:
// a positive operator, with no value that begins with a wildcard. A key that every
// request has may stand under IfExists.
func (s *statement) limits(key string, always bool) bool {
	return slices.ContainsFunc(s.conditions, func(c condition) bool {
		if !strings.EqualFold(c.key, key) || c.op.Negated || c.op.Set == "ForAllValues" || c.op.IfExists && !always {
			return false
		}
		if c.op.Family == "Bool" {
			return !slices.ContainsFunc(c.values, func(v *policy.Node) bool { return !strings.EqualFold(v.Text, "true") })
		}
		return (c.op.Family == "String" || c.op.Family == "ARN") && !slices.ContainsFunc(c.values, func(v *policy.Node) bool { return leftOpen(c.op, v.Text) })
	})
}

// leftOpen tells whether the value begins with a wildcard. An operator without
// wildcards takes a lone "*" as a character, and is not what anybody means.
func leftOpen(op policy.Operator, value string) bool {
	if strings.Trim(value, "*?") == "" {
		return true
	}
	if op.Family == "ARN" {
		return strings.Trim(value, "arn:*?") == ""
	}
	return op.Wild() && (value[0] == '*' || value[0] == '?')
}
