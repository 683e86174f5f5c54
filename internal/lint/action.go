package lint

import (
	"maps"
	"slices"
	"strings"

	"github.com/deputy-sts/deputy/internal/awsdata"
	"github.com/deputy-sts/deputy/policy"
)

// target is an action that a value of Action covers.
type target struct {
	prefix  string
	service *awsdata.Service
	action  *awsdata.Action
}

func (t target) name() string { return t.prefix + ":" + t.action.Name }

// targets lists the actions that a value covers; false if that can't be said: the
// value is "*", crosses services, or names an unknown service.
func targets(value string) (list []target, ok bool) {
	prefix, name, found := strings.Cut(value, ":")
	service, known := awsdata.ServiceOf(prefix)
	if !found || !known {
		return nil, false
	}
	prefix = strings.ToLower(prefix)
	if !strings.ContainsAny(name, "*?") {
		if a, ok := awsdata.ActionOf(prefix, name); ok {
			list = append(list, target{prefix, service, a})
		}
		return list, true
	}
	for _, n := range slices.Sorted(maps.Keys(service.Actions)) {
		if policy.MatchAction(value, prefix+":"+n) {
			list = append(list, target{prefix, service, service.Actions[n]})
		}
	}
	return list, true
}

// targetsOf is targets, found out once for each value.
func (d *document) targetsOf(value string) (list []target, ok bool) {
	if list, ok = d.covered[value]; ok {
		return list, list != nil
	}
	if d.covered == nil {
		d.covered = map[string][]target{}
	}
	list, ok = targets(value)
	if ok && list == nil {
		list = []target{}
	}
	d.covered[value] = list
	return list, ok
}

// targets lists the actions that the statement names; false if some of what it is
// about can't be said.
func (d *document) targets(s *statement) (list []target, ok bool) {
	if s.notAction || len(s.actions) == 0 {
		return nil, false
	}
	seen := map[*awsdata.Action]bool{}
	for _, n := range s.actions {
		ts, ok := d.targetsOf(n.Text)
		if !ok || len(ts) == 0 {
			return nil, false
		}
		for _, t := range ts {
			if !seen[t.action] {
				seen[t.action] = true
				list = append(list, t)
			}
		}
	}
	return list, true
}

// enterActions are the actions that a trust policy can be about.
var enterActions = []string{"sts:AssumeRole", "sts:AssumeRoleWithSAML", "sts:AssumeRoleWithWebIdentity", "sts:TagSession", "sts:SetSourceIdentity", "sts:SetContext"}

// entersRoles tells whether the value is one of STS and covers an action that
// enters a role.
func entersRoles(value string) bool {
	prefix, _, _ := strings.Cut(value, ":")
	return strings.EqualFold(prefix, "sts") && slices.ContainsFunc(enterActions, func(a string) bool { return policy.MatchAction(value, a) })
}

// checkActions looks whether there are the actions that the statement names.
func (d *document) checkActions(s *statement) {
	for _, n := range s.actions {
		if d.full() {
			return
		}
		prefix, name, ok := strings.Cut(n.Text, ":")
		if !ok || name == "" || strings.Contains(name, ":") || strings.ContainsAny(prefix, "*?") {
			continue // "*", or for the parser to refuse
		}
		service, known := awsdata.ServiceOf(prefix)
		if !known {
			d.report("unknown-service", of(n), "no service has the prefix "+quote(prefix), nearService(prefix, name))
			continue
		}
		ts, _ := d.targetsOf(n.Text)
		switch {
		case len(ts) == 0 && strings.ContainsAny(name, "*?"):
			d.report("unmatched-action", of(n), quote(n.Text)+" covers no action", nearAction(prefix, strings.Trim(name, "*?"), service))
		case len(ts) == 0:
			d.report("unknown-action", of(n), prefix+" has no action "+quote(name), nearAction(prefix, name, service))
		case d.kind == policy.Trust && !entersRoles(n.Text):
			d.report("trust-action", of(n), quote(n.Text)+" does not enter a role", "a trust policy is about "+strings.Join(enterActions, ", "))
		}
	}
}

func nearAction(prefix, name string, service *awsdata.Service) string {
	near := nearest(name, slices.Collect(maps.Keys(service.Actions)))
	if near == "" {
		return ""
	}
	return "did you mean " + prefix + ":" + near + "?"
}

// nearService suggests the prefix at the least distance, of several one that has
// the action.
func nearService(prefix, action string) string {
	prefix = strings.ToLower(prefix)
	least, near := 3, []string(nil)
	for _, s := range awsdata.Services() {
		switch d := distance(prefix, s); {
		case d < least:
			least, near = d, []string{s}
		case d == least && near != nil:
			near = append(near, s)
		}
	}
	for _, s := range near {
		if ts, _ := targets(s + ":" + action); len(ts) > 0 {
			return "did you mean " + s + ":" + action + "?"
		}
	}
	if len(near) == 0 || least >= len(prefix) {
		return ""
	}
	return "did you mean " + near[0] + "?"
}
