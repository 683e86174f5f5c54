package iam

import (
	"strings"
	"testing"

	"github.com/deputy-sts/deputy/internal/directory"
	"github.com/deputy-sts/deputy/internal/query"
)

// rootSession is a session of AssumeRoot of home's root user.
func (w *world) rootSession(task string) *directory.Principal {
	return &directory.Principal{
		Kind: directory.Root, Account: home, ID: home, ARN: "arn:aws:iam::" + home + ":root", AccessKeyID: "ASIAROOT",
		Temporary: true, AssumedRoot: true, IssuedAt: w.now, HasSessionPolicy: true,
		SessionPolicyARNs: []string{"arn:aws:iam::aws:policy/root-task/" + task},
	}
}

// TestSec_B02_RootSession holds what a root session may: its task on the root user,
// no other task, nobody else's keys, and nothing when its task policy is missing.
func TestSec_B02_RootSession(t *testing.T) {
	const key = "AKIAROOTHOME00000001"
	const audits, deletes, password = "IAMAuditRootUserCredentials", "IAMDeleteRootUserCredentials", "IAMCreateRootUserPassword"
	w := newTown(t)
	target := w.dir.View().User(home, "target").AccessKeys[0]
	for _, row := range []struct {
		task, request string
		allowed       bool
	}{
		{audits, form("ListAccessKeys"), true},
		{audits, form("GetUser"), true},
		{audits, form("GetAccountSummary"), true},
		{audits, form("GetAccessKeyLastUsed", "AccessKeyId", key), true},
		{audits, form("DeleteAccessKey", "AccessKeyId", key), false},
		{audits, form("CreateAccessKey"), false},
		{audits, form("UpdateAccessKey", "AccessKeyId", key, "Status", "Inactive"), false},
		{audits, form("ListAccessKeys", "UserName", "target"), false},
		{audits, form("GetUser", "UserName", "target"), false},
		{audits, form("GetAccessKeyLastUsed", "AccessKeyId", target), false},
		{audits, form("ListUsers"), false},
		{audits, form("CreateUser", "UserName", "new"), false},
		{password, form("ListAccessKeys"), false},
		{"S3UnlockBucketPolicy", form("ListAccessKeys"), false},
		{"SQSUnlockQueuePolicy", form("GetUser"), false},
		{"Missing", form("GetUser"), false},
		{deletes, form("DeleteAccessKey", "UserName", "target", "AccessKeyId", target), false},
		{deletes, form("CreateAccessKey"), false},
		{deletes, form("DeleteUser", "UserName", "bare"), false},
		{deletes, form("ListAccessKeys"), true},
		{deletes, form("DeleteAccessKey", "AccessKeyId", key), true},
	} {
		digest := w.dir.View().Digest()
		_, _, err := w.serveAs(w.rootSession(row.task), row.request)
		if e, refused := err.(*query.Error); err == nil != row.allowed || refused && (e.Code != query.AccessDenied || w.dir.View().Digest() != digest) {
			t.Errorf("%s: %s: %v", row.task, row.request, err)
		}
	}
	if w.dir.View().Key(key) != nil {
		t.Error("the root user's key is still there")
	}
	p := w.rootSession(audits)
	p.SessionPolicyARNs = nil
	if _, _, err := w.serveAs(p, form("ListAccessKeys")); err == nil || !strings.Contains(err.Error(), "not authorized") {
		t.Errorf("without a task: %v", err)
	}
}
