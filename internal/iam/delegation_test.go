package iam

import (
	"strings"
	"testing"

	"github.com/deputy-sts/deputy/internal/directory"
	"github.com/deputy-sts/deputy/internal/query"
	"github.com/deputy-sts/deputy/policy"
)

// TestTemplates holds how parameters are put into a template: none breaks out of
// its string, and none is missing or left over.
func TestTemplates(t *testing.T) {
	param := func(name, kind string, values ...string) directory.DelegationParameter {
		return directory.DelegationParameter{Name: name, Type: kind, Values: values}
	}
	on := func(resource string) string {
		return `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"s3:GetObject","Resource":` + resource + `}}`
	}
	for _, row := range []struct {
		template string
		params   []directory.DelegationParameter
		want     string // "" is refused
	}{
		{on(`"arn:aws:s3:::@{bucket}/*"`), []directory.DelegationParameter{param("bucket", "string", "b")}, on(`"arn:aws:s3:::b/*"`)},
		{on(`"@{buckets}"`), []directory.DelegationParameter{param("buckets", "stringList", "arn:aws:s3:::a", "arn:aws:s3:::b")}, on(`["arn:aws:s3:::a","arn:aws:s3:::b"]`)},
		{on(`"arn:aws:s3:::@{bucket}"`), []directory.DelegationParameter{param("bucket", "string", `b","*`)}, on(`"arn:aws:s3:::b\",\"*"`)},
		{on(`"arn:aws:s3:::@{bucket}"`), []directory.DelegationParameter{param("bucket", "string", `@{bucket}`)}, on(`"arn:aws:s3:::@{bucket}"`)},
		{on(`"*"`), nil, on(`"*"`)},
		{on(`"*"`), []directory.DelegationParameter{param("bucket", "string", "b")}, ""},
		{on(`"arn:aws:s3:::@{bucket}"`), nil, ""},
		{on(`"arn:aws:s3:::@{bucket"`), []directory.DelegationParameter{param("bucket", "string", "b")}, ""},
		{on(`"arn:aws:s3:::@{bucket}"`), []directory.DelegationParameter{param("bucket", "stringList", "b")}, ""},
		{on(`"@{bucket}"`), []directory.DelegationParameter{param("bucket", "string", "no arn")}, ""},
		{on(`"@{bucket}"`), []directory.DelegationParameter{param("bucket", "string", "arn:aws:s3:::"+strings.Repeat("b", 2048))}, ""},
	} {
		if got, err := filled(row.template, row.params); got != row.want || (err == nil) != (row.want != "") {
			t.Errorf("%s %v: %s %v", row.template, row.params, got, err)
		}
	}
}

// FuzzTemplate: whatever comes out is a session policy no larger than it may be,
// and a value that is a string changes neither actions nor the number of statements.
func FuzzTemplate(f *testing.F) {
	f.Add("arn:aws:s3:::@{bucket}", "b", false)
	f.Add("@{bucket}", `"],"Action":"*`, true)
	f.Fuzz(func(t *testing.T, resource, value string, list bool) {
		kind := "string"
		if list {
			kind = "stringList"
		}
		template := `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"s3:GetObject","Resource":"` + resource + `"}}`
		text, err := filled(template, []directory.DelegationParameter{{Name: "bucket", Type: kind, Values: []string{value}}})
		if err != nil {
			return
		}
		if _, err := policy.Parse(text, policy.Session); err != nil || policy.Size(text, policy.Session) > maxDelegated {
			t.Errorf("%q: %v", text, err)
		}
	})
}

// TestDelegationOwner: who took a request on may look at it and forward it without
// a policy, unless one denies; nobody of a namesake's may.
func TestDelegationOwner(t *testing.T) {
	w := newTown(t)
	const id = "delegation-assigned"
	get, update := form("GetDelegationRequest", "DelegationRequestId", id), form("UpdateDelegationRequest", "DelegationRequestId", id)
	caller := w.dir.View().User(home, "caller")
	own := func(owner string) {
		w.change(func(tx *directory.Tx) {
			d := tx.Delegation(id)
			n := d.Clone()
			n.OwnerID, n.OwnerARN = owner, caller.ARN()
			tx.PutDelegation(d, n)
		})
	}
	w.grant("")
	own("AIDASOMEBODYBEFORE000")
	if e := w.refused("caller", get); e.Code != query.AccessDenied {
		t.Errorf("a namesake: %v", e)
	}
	own(caller.ID)
	w.do("caller", get)
	w.do("caller", update)
	if e := w.refused("caller", form("AcceptDelegationRequest", "DelegationRequestId", id)); e.Code != query.AccessDenied {
		t.Errorf("accepting: %v", e)
	}
	w.grant("", says("Deny", "iam:GetDelegationRequest", "*", ""))
	if e := w.refused("caller", get); e.Code != query.AccessDenied {
		t.Errorf("against a deny: %v", e)
	}
	p := w.principal("role:boss")
	little, err := policy.Parse(allow("iam:*", "*"), policy.Session)
	if err != nil {
		t.Fatal(err)
	}
	p.HasSessionPolicy, p.SessionPolicies = true, []*policy.Policy{little}
	if _, _, err := w.serveAs(p, form("AcceptDelegationRequest", "DelegationRequestId", id)); err == nil || !strings.Contains(err.Error(), "cannot accept a delegation request") {
		t.Errorf("a limited session: %v", err)
	}
}
