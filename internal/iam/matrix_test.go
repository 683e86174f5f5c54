package iam

import (
	"strings"
	"testing"

	"github.com/deputy-sts/deputy/internal/awsdata"
	"github.com/deputy-sts/deputy/internal/query"
	"github.com/deputy-sts/deputy/policy"
)

// TestSec_B02_ActionMatrix walks all actions: a caller without exactly the
// permission is refused, and nothing else happens.
func TestSec_B02_ActionMatrix(t *testing.T) {
	for _, action := range newWorld(t).mux.Actions() {
		t.Run(action, func(t *testing.T) {
			t.Parallel()
			w := newTown(t)
			s, ok := sampleOf(w, action)
			if !ok {
				t.Fatal("the action has no sample")
			}
			w.matrix(action, s)
		})
	}
}

func (w *world) matrix(action string, s sample) {
	name, request := "iam:"+action, form(action, s.pairs...)
	type row struct {
		name, boundary string
		statements     []string
		reason         string
	}
	rows := []row{
		{"no policy", "", nil, "because no identity-based policy allows the " + name + " action"},
		{"another action", "", []string{says("Allow", "iam:GenerateCredentialReport", "*", "")}, "because no identity-based policy allows the " + name + " action"},
		{"another resource", "", []string{says("Allow", name, "arn:aws:iam::"+home+":*/nowhere", "")}, "because no identity-based policy allows the " + name + " action"},
		{"another account", "", []string{says("Allow", name, "arn:aws:iam::"+foreign+":*", "")}, "because no identity-based policy allows the " + name + " action"},
		{"an explicit deny", "", []string{says("Allow", "*", "*", ""), says("Deny", name, s.resource, "")}, "with an explicit deny in an identity-based policy"},
		{"a boundary", policyPlain, []string{says("Allow", "*", "*", "")}, "because no permissions boundary allows the " + name + " action"},
	}
	for _, r := range rows {
		w.grant(r.boundary, r.statements...)
		before := w.dir.View().Digest()
		e := w.refused("caller", request)
		if !s.refusedBy(e, action, r.reason) {
			w.t.Errorf("%s: got %d %s: %s", r.name, e.Status, e.Name, e.Message)
		}
		if w.dir.View().Digest() != before {
			w.t.Errorf("%s: the refused call has changed something", r.name)
		}
	}
	w.matrixOfSessions(action, request, s)
	for _, other := range s.also {
		w.grant("", says("Allow", name, s.resource, ""))
		if e := w.refused("caller", request); e.Code != query.AccessDenied || !strings.Contains(e.Message, "to perform: "+other+" on resource: "+s.resource+" because") {
			w.t.Errorf("without %s: got %d %s: %s", other, e.Status, e.Name, e.Message)
		}
	}
	w.grant("", w.exactly(name, s, "")...)
	if _, _, err := w.serve("caller", request); err != nil {
		w.t.Errorf("with the permission: %v", err)
	}
}

// matrixOfSessions: a role without policies may nothing (B03), one that may
// everything no more than its session's policy allows.
func (w *world) matrixOfSessions(action, request string, s sample) {
	name := "iam:" + action
	if e := w.refused("role:bare", request); !s.refusedBy(e, action, "because no identity-based policy allows the "+name+" action") {
		w.t.Errorf("a role without policies: %v", e)
	}
	p := w.principal("role:boss")
	little, err := policy.Parse(allow("iam:GenerateCredentialReport", "*"), policy.Session)
	if err != nil {
		w.t.Fatal(err)
	}
	p.HasSessionPolicy, p.SessionPolicies = true, []*policy.Policy{little}
	_, _, err = w.serveAs(p, request)
	e, ok := err.(*query.Error)
	if !ok || !s.refusedBy(e, action, "because no session policy allows the "+name+" action") {
		w.t.Errorf("a session policy: %v", err)
	}
}

// refusedBy tells whether e is the refusal of the sample for the reason.
func (s sample) refusedBy(e *query.Error, action, reason string) bool {
	start, end := "is not authorized to perform: iam:"+action+" on resource: "+s.shown(action), " "+reason
	if action == "GetAccessKeyLastUsed" { // it has a text of its own
		start, end = "is not authorized to perform iam:GetAccessKeyLastUsed on resource: access key "+s.pairs[1], s.pairs[1]
	}
	return e.Code == query.AccessDenied && strings.Contains(e.Message, start) && strings.HasSuffix(e.Message, end)
}

// shown is what refusals print for the sample's resource.
func (s sample) shown(action string) string {
	_, entity, _ := strings.Cut(s.resource, home+":")
	kind, _, _ := strings.Cut(entity, "/")
	name := kind + " " + entity[strings.LastIndexByte(entity, '/')+1:]
	switch {
	case action == "ListPolicies":
		return "policy path / "
	case s.resource == "*":
		return "" // lists name a path
	case action == "CreatePolicy":
		return name + " "
	case kind == "mfa", kind == "saml-provider", kind == "oidc-provider":
		return s.resource
	case action == "CreateUser", action == "CreateRole", action == "CreateGroup":
		return s.resource
	case action == "CreateDelegationRequest":
		return name + " " // its id is not known before
	case kind == "policy":
		return "policy " + s.resource
	}
	return name
}

// exactly is the permission for a sample and no more.
func (w *world) exactly(name string, s sample, condition string) []string {
	statements := []string{says("Allow", name, s.resource, condition)}
	for _, other := range s.also {
		statements = append(statements, says("Allow", other, s.resource, ""))
	}
	return statements
}

// TestConditionKeys compares the condition keys of each action with AWS's Service
// Authorization Reference: those that it lists are there, and no others.
func TestConditionKeys(t *testing.T) {
	keys := map[string]string{ // as a policy has it -> as the reference has it
		"aws:RequestTag/new":      "aws:RequestTag/${TagKey}",
		"aws:TagKeys":             "aws:TagKeys",
		"iam:PermissionsBoundary": "iam:PermissionsBoundary",
		"iam:PolicyARN":           "iam:PolicyARN",
	}
	for _, action := range newWorld(t).mux.Actions() {
		t.Run(action, func(t *testing.T) {
			t.Parallel()
			facts, ok := awsdata.ActionOf("iam", action)
			if action == "UpdateDelegationRequest" { // the reference forgot it
				facts, ok = new(awsdata.Action), true
			}
			if !ok {
				t.Fatal("the reference does not have the action")
			}
			listed := map[string]bool{}
			for _, k := range facts.Keys {
				listed[k] = true
			}
			w := newTown(t)
			for key, reference := range keys {
				s, _ := sampleOf(w, action)
				w.grant("", w.exactly("iam:"+action, s, `{"Null":{"`+key+`":"false"}}`)...)
				_, _, err := w.serve("caller", form(action, s.pairs...))
				if present := err == nil; present != listed[reference] {
					t.Errorf("%s present: %v, want %v", key, present, listed[reference])
				}
				if err == nil {
					w = newTown(t) // what the call has changed
				}
			}
		})
	}
}

// TestResourceTags: an action on something that has tags can be allowed by them.
func TestResourceTags(t *testing.T) {
	for _, action := range []string{"GetUser", "TagUser", "DeleteUserPolicy", "GetRole", "UpdateAssumeRolePolicy", "GetPolicy", "CreatePolicyVersion"} {
		w := newTown(t)
		s := samples(w)[action]
		for value, want := range map[string]bool{"v": true, "w": false} {
			w.grant("", w.exactly("iam:"+action, s, `{"StringEquals":{"aws:ResourceTag/K":"`+value+`"}}`)...)
			if _, _, err := w.serve("caller", form(action, s.pairs...)); (err == nil) != want {
				t.Errorf("%s with the tag %s: %v", action, value, err)
			}
		}
	}
}

// TestRenameNeedsBoth: a new name or path is asked about too.
func TestRenameNeedsBoth(t *testing.T) {
	w := newTown(t)
	for _, kind := range []string{"User", "Group"} {
		rename := form("Update"+kind, kind+"Name", "target", "New"+kind+"Name", "moved", "NewPath", "/elsewhere/")
		arn := "arn:aws:iam::" + home + ":" + strings.ToLower(kind)
		w.grant("", says("Allow", "iam:Update"+kind, arn+"/t/*", ""))
		if e := w.refused("caller", rename); e.Code != query.AccessDenied || !strings.Contains(e.Message, arn+"/elsewhere/moved") {
			t.Errorf("%s: %v", kind, e)
		}
		w.grant("", says("Allow", "iam:Update"+kind, arn+"/*", ""))
		w.do("caller", rename)
	}
}

// TestSec_B25_Escalation: who may do everything but one thing cannot do that one
// thing to itself, though it would make it an administrator or free it of what
// holds it back.
func TestSec_B25_Escalation(t *testing.T) {
	star := allow("*", "*")
	self := []string{"UserName", "caller"}
	recipes := map[string][]string{
		"PutUserPolicy":                 {"PolicyName", "q", "PolicyDocument", star},
		"AttachUserPolicy":              {"PolicyArn", everyAction},
		"DetachUserPolicy":              {"PolicyArn", policyUsed},
		"DeleteUserPolicy":              {"PolicyName", "p"},
		"PutUserPermissionsBoundary":    {"PermissionsBoundary", everyAction},
		"DeleteUserPermissionsBoundary": {},
		"TagUser":                       {"Tags.member.1.Key", "team", "Tags.member.1.Value", "admins"},
		"UntagUser":                     {"TagKeys.member.1", "team"},
		"UpdateUser":                    {"NewPath", "/admins/"},
		"CreateAccessKey":               {"UserName", "admin"},
		"UpdateAccessKey":               {"UserName", "admin", "AccessKeyId", "AKIAADMINHOME0000001", "Status", "Inactive"},
		"DeleteAccessKey":               {"UserName", "admin", "AccessKeyId", "AKIAADMINHOME0000001"},
		"AddUserToGroup":                {"GroupName", "target"},
		"RemoveUserFromGroup":           {"GroupName", "denied"},
		"PutGroupPolicy":                {"GroupName", "denied", "PolicyName", "q", "PolicyDocument", star},
		"AttachGroupPolicy":             {"GroupName", "denied", "PolicyArn", everyAction},
		"UpdateGroup":                   {"GroupName", "denied", "NewPath", "/admins/"},
		"CreatePolicyVersion":           {"PolicyArn", policyUsed, "PolicyDocument", star, "SetAsDefault", "true"},
		"SetDefaultPolicyVersion":       {"PolicyArn", policyPlain, "VersionId", "v2"},
		"UpdateAssumeRolePolicy":        {"RoleName", "boss", "PolicyDocument", trustAnybody},
		"CreateRole":                    {"RoleName", "mine", "AssumeRolePolicyDocument", trustAnybody},
		"PutRolePolicy":                 {"RoleName", "target", "PolicyName", "q", "PolicyDocument", star},
		"AttachRolePolicy":              {"RoleName", "target", "PolicyArn", everyAction},
		"DeleteRolePermissionsBoundary": {"RoleName", "target"},
		"TagRole":                       {"RoleName", "target", "Tags.member.1.Key", "team", "Tags.member.1.Value", "admins"},
	}
	w := newTown(t)
	w.do("admin", form("CreateGroup", "GroupName", "denied"))
	for action, pairs := range recipes {
		request := form(action, append(self, pairs...)...)
		before := `{"Effect":"Allow","NotAction":"iam:` + action + `","Resource":"*"}`
		w.grant(everyAction, before)
		digest := w.dir.View().Digest()
		if e := w.refused("caller", request); e.Code != query.AccessDenied {
			t.Errorf("%s: %v", action, e)
		}
		if w.dir.View().Digest() != digest {
			t.Errorf("%s has changed something", action)
		}
	}
}
