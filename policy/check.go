package policy

import (
	"slices"
	"strings"

	"github.com/deputy-sts/deputy/arn"
)

// check looks for what is well formed and yet refused, in the order of AWS. Kind
// Any is asked only for what a decision cannot do without.
func (d *document) check() error {
	checks := []func() *SyntaxError{d.checkEffects, d.checkActionsExist}
	if d.kind != Any {
		checks = []func() *SyntaxError{d.checkCharacters, d.checkVersion, d.checkEffects, d.checkDates, d.checkLegacy, d.checkSids,
			d.checkActionsExist, d.checkResources, d.checkActions, d.checkResourcesExist, d.checkPrincipals, d.checkTrust, d.checkControls}
	}
	for _, c := range checks {
		if err := c(); err != nil {
			return err
		}
	}
	return nil
}

// checkCharacters holds to the characters that IAM takes in a document.
// Source: the pattern of the policyDocument parameters.
func (d *document) checkCharacters() *SyntaxError {
	for i, c := range d.text {
		if c > 0xff {
			return d.fault(msgSyntax, i, "%q is outside of the characters of a policy, U+0020 to U+00FF", c)
		}
	}
	return nil
}

func (d *document) checkVersion() *SyntaxError {
	if d.kind == Managed && d.version != version2012 {
		return d.fault(msgVersion, 0, "a managed policy needs \"Version\": \"2012-10-17\"")
	}
	return nil
}

func (d *document) checkEffects() *SyntaxError {
	for i := range d.statements {
		if e := d.statements[i].effect; e.text != "Allow" && e.text != "Deny" {
			return d.fault(msgLegacy, e.start, "Effect is case-sensitive: Allow or Deny")
		}
	}
	return nil
}

func (d *document) checkDates() *SyntaxError {
	for i := range d.statements {
		for j := range d.statements[i].conditions {
			c := &d.statements[i].conditions[j]
			if c.op.family != famDate {
				continue
			}
			for _, v := range c.wanted {
				if _, ok := parseWantedInstant(v); !ok {
					return d.fault(msgLegacy, c.start, "%q is no date for %s", v, c.operator)
				}
			}
		}
	}
	return nil
}

// checkLegacy finds ARNs that AWS's older parser cannot read. It speaks ahead of
// all else that can be wrong, but not behind a resource with a fault of its own.
func (d *document) checkLegacy() *SyntaxError {
	for i := range d.statements {
		values := d.statements[i].resourceVal
		if slices.ContainsFunc(values, func(v node) bool { return d.resourceFault(v.text) != "" }) {
			return nil
		}
		for _, v := range values {
			if what := legacyFault(v.text); what != "" {
				return d.fault(msgLegacy, v.start, "the ARN %s", what)
			}
		}
	}
	return nil
}

// legacyFault says what the older parser dislikes about an ARN: that there is no
// service, or that something between its first colons and its end is missing.
// "arn:aws:x" passes.
func legacyFault(s string) string {
	rest, ok := strings.CutPrefix(s, "arn:")
	if !ok {
		return ""
	}
	_, rest, ok = strings.Cut(rest, ":")
	switch {
	case ok && strings.HasPrefix(rest, ":"):
		return "names no service"
	case strings.Contains(s, "::") && strings.Count(s, ":") < 5:
		return "has fewer than six components"
	}
	return ""
}

func (d *document) checkSids() *SyntaxError {
	seen := map[string]bool{}
	for i := range d.statements {
		if sid := d.statements[i].sid; sid != nil && sid.text != "" {
			if seen[sid.text] {
				return d.fault(msgSids, sid.start, "another statement has this Sid")
			}
			seen[sid.text] = true
		}
	}
	for i := range d.statements {
		sid := d.statements[i].sid
		if sid == nil || d.kind == Resource {
			continue
		}
		for j := range len(sid.text) {
			if c := lower(sid.text[j]); (c < 'a' || c > 'z') && (c < '0' || c > '9') {
				return d.fault(msgSidText, sid.start, "a Sid has letters and digits")
			}
		}
	}
	return nil
}

func (d *document) checkActionsExist() *SyntaxError {
	for i := range d.statements {
		s := &d.statements[i]
		if either(s.action, s.notAction) == nil || len(s.actionValues) == 0 && d.kind != Any {
			return d.fault(msgActions, s.node.start, "the statement has no Action or NotAction")
		}
	}
	return nil
}

// checkResources looks at the resources of each statement, in alphabetical order:
// of "arn:error:s3:::b" and "arn:error:s3::b" AWS reports the former.
func (d *document) checkResources() *SyntaxError {
	if d.kind == Trust {
		return nil // they may not be there at all: checkTrust
	}
	for i := range d.statements {
		values := slices.Clone(d.statements[i].resourceVal)
		slices.SortFunc(values, func(a, b node) int { return strings.Compare(a.text, b.text) })
		for _, v := range values {
			if message := d.resourceFault(v.text); message != "" {
				return d.fault(message, v.start, "%q is no ARN pattern that a policy can have", v.text)
			}
		}
	}
	return nil
}

// iamPaths are what the resource part of an IAM ARN can begin with.
var iamPaths = []string{"user/", "federated-user/", "role/", "group/", "instance-profile/", "mfa/", "server-certificate/", "policy/",
	"sms-mfa/", "saml-provider/", "oidc-provider/", "report/", "access-report/"}

// resourceFault is AWS's text about a resource pattern, or "". A wildcard can
// stand for the partition, but not be part of its name; policies that AWS manages
// do the one and never the other.
func (d *document) resourceFault(s string) string {
	if s == "*" {
		return ""
	}
	head, rest, ok := strings.Cut(s, ":")
	if !ok {
		return "Resource " + s + ` must be in ARN format or "*".`
	}
	control := d.kind == SCP || d.kind == RCP
	partition, rest, more := strings.Cut(rest, ":")
	if partition != "*" && !arn.KnownPartition(partition) {
		return badPartition(partition, rest) // AWS writes arn: before whatever the head is
	}
	if head != "arn" {
		return "Resource " + s + ` must be in ARN format or "*".`
	}
	service, rest, _ := strings.Cut(rest, ":")
	if !more || strings.ContainsAny(service, "*?") && !control {
		return msgVendor
	}
	if control {
		return ""
	}
	region, rest, _ := strings.Cut(rest, ":")
	_, path, whole := strings.Cut(rest, ":")
	switch {
	case service == "iam" && region != "":
		return "IAM resource " + s + " cannot contain region information."
	case service == "s3" && region != "" && !strings.HasPrefix(path, "accesspoint"):
		return "Resource " + s + " can not contain region information."
	case service == "iam" && whole && !iamPath(path):
		return `IAM resource path must either be "*" or start with ` + strings.Join(iamPaths, ", ") + "."
	}
	return ""
}

// badPartition writes the ARN out with "*" for what is missing, as AWS does.
func badPartition(partition, rest string) string {
	parts := strings.SplitN(rest, ":", 4)
	for len(parts) < 4 {
		parts = append(parts, "*")
	}
	if rest == "" {
		parts[0] = "*"
	}
	return `Partition "` + partition + `" is not valid for resource "arn:` + partition + ":" + strings.Join(parts, ":") + `".`
}

// iamPath tells whether an IAM ARN can end so. The root user is a resource of
// sts:AssumeRoot.
func iamPath(path string) bool {
	if path == "*" || path == "root" {
		return true
	}
	return slices.ContainsFunc(iamPaths, func(p string) bool { return strings.HasPrefix(path, p) })
}

func (d *document) checkActions() *SyntaxError {
	for i := range d.statements {
		for _, v := range d.statements[i].actionValues {
			if message := actionFault(v.text); message != "" {
				return d.fault(message, v.start, "%q is no action", v.text)
			}
		}
	}
	return nil
}

// actionFault is AWS's text about an action, or "".
func actionFault(s string) string {
	if s == "*" {
		return ""
	}
	vendor, name, ok := strings.Cut(s, ":")
	switch {
	case !ok:
		return msgPreface
	case strings.Contains(name, ":"):
		return msgColon
	case vendor == "*":
		return ""
	}
	for i := range len(vendor) {
		if c := lower(vendor[i]); (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '-' && c != '.' {
			return "Vendor " + vendor + " is not valid"
		}
	}
	return ""
}

func (d *document) checkResourcesExist() *SyntaxError {
	for i := range d.statements {
		if s := &d.statements[i]; d.kind != Trust && len(s.resourceVal) == 0 {
			return d.fault(msgResources, s.node.start, "the statement has no Resource or NotResource")
		}
	}
	return nil
}
