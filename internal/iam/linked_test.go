package iam

import (
	"testing"
	"time"

	"github.com/deputy-sts/deputy/internal/directory"
	"github.com/deputy-sts/deputy/internal/iamapi"
)

// TestServiceLinkedRole: whoever may do anything still cannot change what a
// service-linked role may do, or delete it.
func TestServiceLinkedRole(t *testing.T) {
	w := newWorld(t)
	tx := w.dir.Begin(true)
	doc, err := directory.BindTrust(tx.View(), `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":{"Service":"autoscaling.amazonaws.com"},"Action":"sts:AssumeRole"}}`)
	if err != nil {
		t.Fatal(err)
	}
	const name, arn = "AWSServiceRoleForAutoScaling", "arn:aws:iam::aws:policy/aws-service-role/AutoScalingServiceRolePolicy"
	tx.PutRole(nil, &directory.Role{
		Account: home, Name: name, Path: "/aws-service-role/autoscaling.amazonaws.com/", ID: "AROAAAAAAAAAAAAAAAAAA",
		Created: w.now, MaxSessionDuration: 3600, Trust: doc, Attached: []string{arn},
	})
	if _, err := w.dir.Commit(t.Context(), &tx); err != nil {
		t.Fatal(err)
	}
	for _, request := range []string{
		form("DeleteRole", "RoleName", name),
		form("UpdateAssumeRolePolicy", "RoleName", name, "PolicyDocument", trustAnybody),
		form("UpdateRole", "RoleName", name, "MaxSessionDuration", "7200"),
		form("PutRolePolicy", "RoleName", name, "PolicyName", "p", "PolicyDocument", allow("*", "*")),
		form("DeleteRolePolicy", "RoleName", name, "PolicyName", "p"),
		form("AttachRolePolicy", "RoleName", name, "PolicyArn", everyAction),
		form("DetachRolePolicy", "RoleName", name, "PolicyArn", arn),
		form("PutRolePermissionsBoundary", "RoleName", name, "PermissionsBoundary", readOnly),
		form("DeleteRolePermissionsBoundary", "RoleName", name),
	} {
		for _, who := range []string{"admin", "root"} {
			e := w.refused(who, request)
			if want := "Cannot perform the operation on the protected role '" + name + "' - this role is only modifiable by AWS"; e.Code != iamapi.UnmodifiableEntity || e.Message != want {
				t.Errorf("%s: %v", request, e)
			}
		}
	}
	for _, request := range []string{
		form("UpdateRole", "RoleName", name, "Description", "d"),
		form("UpdateRoleDescription", "RoleName", name, "Description", "d"),
		form("TagRole", "RoleName", name, "Tags.member.1.Key", "k", "Tags.member.1.Value", "v"),
	} {
		w.do("admin", request)
	}
}

func TestLastUsed(t *testing.T) {
	w := newWorld(t)
	w.do("admin", form("CreateRole", "RoleName", "r", "AssumeRolePolicyDocument", trustAnybody))
	at := w.now.Add(time.Hour)
	w.used[w.dir.View().Role(home, "r").ID], w.used["AKIAADMINHOME0000001"] = at, at
	role := w.do("admin", form("GetRole", "RoleName", "r")).(*iamapi.GetRoleResponse).Role
	if u := role.RoleLastUsed; u == nil || !u.LastUsedDate.Equal(at) || *u.Region != "us-east-1" {
		t.Errorf("the role: %+v", u)
	}
	key := w.do("admin", form("GetAccessKeyLastUsed", "AccessKeyId", "AKIAADMINHOME0000001")).(*iamapi.GetAccessKeyLastUsedResponse)
	if u := key.AccessKeyLastUsed; !u.LastUsedDate.Equal(at) || *u.Region != "us-east-1" || *u.ServiceName != "iam" || *key.UserName != "admin" {
		t.Errorf("the key: %+v of %v", u, key.UserName)
	}
}
