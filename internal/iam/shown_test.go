package iam

import (
	"strings"
	"testing"

	"github.com/deputy-sts/deputy/internal/directory"
	"github.com/deputy-sts/deputy/internal/query"
)

// TestRefusalsTellNothing: who has no permission gets the same bytes whether there
// is such an entity or not, whatever its path and the case of its name.
func TestRefusalsTellNothing(t *testing.T) {
	w, empty := newTown(t), newWorld(t)
	empty.do("admin", form("CreateUser", "UserName", "caller"))
	for action, s := range samples(w) {
		for i := 0; i < len(s.pairs); i += 2 {
			switch s.pairs[i] {
			case "UserName", "RoleName", "GroupName", "PolicyName":
				s.pairs[i+1] = strings.ToUpper(s.pairs[i+1])
			}
		}
		request := form(action, s.pairs...)
		there, missing := w.refused("caller", request), empty.refused("caller", request)
		if there.Code != query.AccessDenied || there.Code != missing.Code || there.Message != missing.Message {
			t.Errorf("%s:\n%v\n%v", action, there, missing)
		}
	}
	for _, id := range []string{w.dir.View().User(home, "target").AccessKeys[0], "AKIAADMINFOREIGN0001", "AKIAUNKNOWN000000001"} {
		want := "User: arn:aws:iam::" + home + ":user/caller is not authorized to perform iam:GetAccessKeyLastUsed on resource: access key " + id
		if e := w.refused("caller", form("GetAccessKeyLastUsed", "AccessKeyId", id)); e.Code != query.AccessDenied || e.Message != want {
			t.Errorf("%v, want %s", e, want)
		}
	}
}

// TestDenyingPolicyIsNamed: an explicit deny by a managed policy ends with its ARN,
// as identity policy, boundary and session policy; by an inline one with the kind.
func TestDenyingPolicyIsNamed(t *testing.T) {
	w := newTown(t)
	denying := "arn:aws:iam::" + home + ":policy/denying"
	w.do("admin", form("CreatePolicy", "PolicyName", "denying", "PolicyDocument", statement("Deny", "*", "*")))
	request := form("GetUser", "UserName", "target")
	check := func(what, end string) {
		t.Helper()
		if e := w.refused("caller", request); !strings.HasSuffix(e.Message, "on resource: user target with an explicit deny in "+end) {
			t.Errorf("%s: %v", what, e)
		}
	}
	w.grant("", says("Allow", "*", "*", ""), says("Deny", "iam:GetUser", "*", ""))
	check("inline", "an identity-based policy")
	w.grant(denying, says("Allow", "*", "*", ""))
	check("boundary", "a permissions boundary: "+denying)
	w.grant("", says("Allow", "*", "*", ""))
	w.do("admin", form("AttachUserPolicy", "UserName", "caller", "PolicyArn", denying))
	check("attached", "an identity-based policy: "+denying)
	p := w.principal("role:boss")
	p.HasSessionPolicy, p.SessionPolicyARNs = true, []string{denying}
	if _, _, err := w.serveAs(p, request); err == nil || !strings.HasSuffix(err.Error(), "an explicit deny in a session policy: "+denying) {
		t.Errorf("session: %v", err)
	}
}

// TestTagsThatDifferByCase: policies have them. A condition on such a tag allows
// nothing, so that a Deny by one value is not escaped with the other.
func TestTagsThatDifferByCase(t *testing.T) {
	w := newTown(t)
	both := []string{"Tags.member.1.Key", "team", "Tags.member.1.Value", "red", "Tags.member.2.Key", "Team", "Tags.member.2.Value", "blue"}
	star := allow("s3:GetObject", "*")
	create := form("CreatePolicy", append(both, "PolicyName", "both", "PolicyDocument", star)...)
	for _, key := range []string{"aws:RequestTag/team", "aws:RequestTag/TEAM"} {
		for _, op := range []string{"StringEquals", "StringNotEquals", "ForAnyValue:StringEquals"} {
			condition := `{"` + op + `":{"` + key + `":"red"}}`
			for what, statements := range map[string][]string{
				"allow": {says("Allow", "*", "*", condition)},
				"deny":  {says("Allow", "*", "*", ""), says("Deny", "iam:CreatePolicy", "*", condition)},
			} {
				w.grant("", statements...)
				if e := w.refused("caller", create); e.Code != query.AccessDenied {
					t.Errorf("%s %s: %v", what, condition, e)
				}
			}
		}
	}
	w.grant("", says("Allow", "*", "*", `{"ForAllValues:StringEquals":{"aws:TagKeys":"team"}}`))
	if e := w.refused("caller", create); e.Code != query.AccessDenied {
		t.Errorf("tag keys: %v", e)
	}
	w.grant("", says("Allow", "*", "*", ""))
	w.do("caller", create)
	arn := "arn:aws:iam::" + home + ":policy/both"
	if got := w.dir.View().Policy(arn).Tags; len(got) != 2 || got[0] != (directory.Tag{Key: "team", Value: "red"}) || got[1] != (directory.Tag{Key: "Team", Value: "blue"}) {
		t.Errorf("tags %v", got)
	}
	for _, key := range []string{"aws:ResourceTag/team", "iam:ResourceTag/Team"} {
		w.grant("", says("Allow", "*", "*", ""), says("Deny", "*", "*", `{"StringEquals":{"`+key+`":"red"}}`))
		if e := w.refused("caller", form("DeletePolicy", "PolicyArn", arn)); e.Code != query.AccessDenied {
			t.Errorf("%s: %v", key, e)
		}
	}
	w.grant("", says("Allow", "*", "*", ""))
	w.do("caller", form("UntagPolicy", "PolicyArn", arn, "TagKeys.member.1", "team"))
	if got := w.dir.View().Policy(arn).Tags; len(got) != 1 || got[0].Key != "Team" {
		t.Errorf("tags after untagging %v", got)
	}
	e := w.refused("caller", form("TagPolicy", "PolicyArn", arn, "Tags.member.1.Key", "x", "Tags.member.1.Value", "", "Tags.member.2.Key", "x", "Tags.member.2.Value", ""))
	if e.Name != "InvalidInput" || e.Message != "Duplicate tag keys found." {
		t.Errorf("the same key twice: %v", e)
	}
}
