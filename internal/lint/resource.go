package lint

import (
	"slices"
	"strings"

	"github.com/deputy-sts/deputy/arn"
	"github.com/deputy-sts/deputy/internal/awsdata"
	"github.com/deputy-sts/deputy/policy"
)

const resourceForm = `write "*" or arn:partition:service:region:account:resource`

// checkResources looks at each resource by itself.
func (d *document) checkResources(s *statement) {
	if d.kind == policy.Trust {
		return // the parser refuses the element
	}
	for _, n := range s.resources {
		text := n.Text
		if text == "*" {
			continue
		}
		parts := strings.SplitN(text, ":", 6)
		if parts[0] != "arn" {
			d.report("malformed-resource", of(n), quote(text)+" is no ARN", resourceForm)
			continue
		}
		if len(parts) < 6 {
			if !strings.ContainsAny(text, "*?") {
				d.report("malformed-resource", of(n), quote(text)+" has fewer than six parts and covers nothing", resourceForm)
			}
			continue
		}
		d.checkParts(n, parts)
	}
}

// checkParts looks at partition, region and account of an ARN.
func (d *document) checkParts(n *policy.Node, parts []string) {
	if strings.Contains(strings.Join(parts[:5], ""), "${") {
		d.report("resource-part", of(n), "the variable in "+quote(n.Text)+" is plain text: they work behind the fifth colon alone", "write *, and limit by a condition")
		return
	}
	open := func(s string) bool { return s == "" || strings.ContainsAny(s, "*?") }
	partition, region, account := parts[1], parts[3], parts[4]
	if !open(partition) && !arn.KnownPartition(partition) {
		d.report("malformed-resource", of(n), "there is no partition "+quote(partition), "")
		return
	}
	if !open(region) && !awsdata.IsRegion(region) {
		d.report("resource-part", of(n), "there is no region "+quote(region), didYouMean(region, awsdata.Regions()))
	}
	if !open(account) && account != "aws" && !isAccount(account) {
		d.report("resource-part", of(n), quote(account)+" is no account", "account ids have twelve digits")
	}
}

func isAccount(s string) bool {
	return len(s) == 12 && strings.Trim(s, "0123456789") == ""
}

// checkFit compares the actions of a statement with its resources.
func (d *document) checkFit(s *statement) {
	if s.notAction || s.notResource || len(s.resources) == 0 || slices.ContainsFunc(s.resources, func(n *policy.Node) bool { return n.Text == "*" }) {
		return
	}
	foreign := d.checkForeign(s)
	if foreign == len(s.resources) {
		return
	}
	patterns := make([][]rune, len(s.resources))
	for i, n := range s.resources {
		patterns[i] = patternTokens(n.Text)
	}
	asked := map[string]bool{}
	for _, n := range s.actions {
		ts, ok := d.targetsOf(n.Text)
		if asked[n.Text] || !ok || len(ts) == 0 {
			continue
		}
		asked[n.Text] = true
		if slices.ContainsFunc(ts, func(t target) bool { return t.fits(patterns) }) {
			continue
		}
		d.reportUnfit(n, ts)
	}
}

func (d *document) reportUnfit(n *policy.Node, ts []target) {
	star := !slices.ContainsFunc(ts, func(t target) bool { return len(t.action.Resources) > 0 })
	switch {
	case star && len(ts) == 1:
		d.report("action-needs-star", of(n), ts[0].name()+` has no resource-level permissions and is covered by the resource "*" alone`, `give it a statement with "Resource": "*"`)
	case star:
		d.report("action-needs-star", of(n), "none of the "+count(len(ts), "action")+" that "+quote(n.Text)+` covers has resource-level permissions; they are covered by the resource "*" alone`, `give them a statement with "Resource": "*"`)
	case len(ts) == 1:
		d.report("action-resource", of(n), "the statement has no resource that "+ts[0].name()+" works on", "it works on "+strings.Join(ts[0].formats(), ", "))
	default:
		d.report("action-resource", of(n), "the statement has no resource that one of the "+count(len(ts), "action")+" covered by "+quote(n.Text)+" works on", "")
	}
}

// fits tells whether one of the patterns can name a resource of the action.
func (t target) fits(patterns [][]rune) bool {
	for typ := range t.action.Resources {
		template := templateTokens(t.service.Resources[typ].ARN)
		for _, p := range patterns {
			if overlap(p, template) {
				return true
			}
		}
	}
	return false
}

// formats lists the ARN formats of the resources that the action works on.
func (t target) formats() (list []string) {
	for typ := range t.action.Resources {
		list = append(list, t.service.Resources[typ].ARN)
	}
	slices.Sort(list)
	return slices.Compact(list)
}

// checkForeign reports resources of services that none of the actions works on,
// and how many they are.
func (d *document) checkForeign(s *statement) (n int) {
	ts, ok := d.targets(s)
	if !ok {
		return 0
	}
	var services []string
	for _, t := range ts {
		for _, f := range t.formats() {
			services = append(services, strings.SplitN(f, ":", 4)[2])
		}
	}
	if len(services) == 0 || slices.ContainsFunc(services, func(s string) bool { return strings.Contains(s, "$") }) {
		return 0
	}
	for _, r := range s.resources {
		parts := strings.SplitN(r.Text, ":", 4)
		if len(parts) < 4 || parts[0] != "arn" || strings.ContainsAny(parts[2], "*?$") || slices.Contains(services, parts[2]) {
			continue
		}
		slices.Sort(services)
		d.report("resource-service", of(r), "none of the actions works on resources of "+quote(parts[2]), "they work on resources of "+strings.Join(slices.Compact(services), ", "))
		n++
	}
	return n
}
