package sts

import (
	"strings"
	"testing"

	"github.com/deputy-sts/deputy/internal/directory"
	"github.com/deputy-sts/deputy/internal/stsapi"
)

const rootTask = "arn:aws:iam::aws:policy/root-task/"

// organized makes account A the management account, with these features on.
func (s *stack) organized(features ...string) {
	s.change(func(tx *directory.Tx) {
		a := tx.Account(accountA)
		n := a.Clone()
		n.Management, n.Features = true, features
		tx.PutAccount(a, n)
	})
}

func rootForm(target, task string) string {
	return "TargetPrincipal=" + target + "&TaskPolicyArn.arn=" + rootTask + task
}

// TestAssumeRoot holds who may have whose root user for which task, and the texts.
func TestAssumeRoot(t *testing.T) {
	s := newStack(t)
	s.organized()
	all := statement("Allow", "*", "*")
	admin := s.user(accountA, "admin", all)
	member := s.user(accountB, "member", all)
	audits := s.user(accountA, "audits", `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"sts:AssumeRoot","Resource":"arn:aws:iam::`+accountB+`:root","Condition":{"ArnEquals":{"sts:TaskPolicyArn":"`+rootTask+`IAMAuditRootUserCredentials"}}}}`)
	s.role(accountA, "ops", trusts(accountA, "sts:AssumeRole", "sts:SetSourceIdentity"), all)
	ops, _ := s.assume(admin, roleARN(accountA, "ops"), "SourceIdentity=maren")
	const audit, unlock = "IAMAuditRootUserCredentials", "S3UnlockBucketPolicy"
	const off = "403 AccessDenied Centralized root access is not enabled in the organization for this task."
	no := func(who string) string {
		return "403 AccessDenied User: arn:aws:iam::" + who + " is not authorized to perform: sts:AssumeRoot on resource: arn:aws:iam::" + accountB + ":root"
	}
	try := func(c credentials, params, want string) {
		t.Helper()
		if a := s.do(c, "AssumeRoot", params); !strings.HasPrefix(a.String(), want) {
			t.Errorf("%s: %s, want %s", params, a, want)
		}
	}
	try(admin, rootForm(accountB, audit), off)
	s.organized(directory.RootCredentialsManagement)
	try(admin, rootForm(accountB, audit), "200")
	try(admin, rootForm(accountB, unlock), off)
	s.organized(directory.RootSessions)
	for _, task := range []string{audit, "IAMCreateRootUserPassword", "IAMDeleteRootUserCredentials", unlock, "SQSUnlockQueuePolicy"} {
		try(admin, rootForm(accountB, task), "200")
	}
	try(admin, rootForm("arn:aws:iam::"+accountB+":root", audit), "200")
	try(admin, rootForm(accountB, audit)+"&DurationSeconds=0", "200")
	try(admin, rootForm(accountB, audit)+"&DurationSeconds=901", "400 ValidationError 1 validation error detected: Value '901' at 'durationSeconds' failed to satisfy constraint: Member must have value less than or equal to 900")
	try(admin, rootForm(accountB, "AdministratorAccess"), "400 ValidationError The specified task policy is not supported: ")
	try(admin, "TargetPrincipal="+accountB+"&TaskPolicyArn.arn="+audit, "400 ValidationError The specified task policy is not supported: "+audit)
	try(admin, "TargetPrincipal="+accountB+"&TaskPolicyArn.arn=arn:aws:iam::aws:policy/AdministratorAccess", "400 ValidationError The specified task policy is not supported: ")
	for _, bad := range []string{"arn:aws:iam::" + accountB + ":user/root", "arn:aws:sts::" + accountB + ":root", "arn:aws-cn:iam::" + accountB + ":root", "1111222233334"} {
		try(admin, rootForm(bad, audit), "400 ValidationError "+bad+" is invalid")
	}
	try(admin, rootForm(accountA, audit), "403 AccessDenied User: ")
	try(admin, rootForm("999999999999", audit), "403 AccessDenied User: ")
	try(audits, rootForm(accountB, audit), "200")
	try(audits, rootForm(accountB, unlock), no(accountA+":user/audits"))
	try(member, rootForm(accountB, audit), no(accountB+":user/member"))
	try(s.user(accountA, "plain"), rootForm(accountB, audit), no(accountA+":user/plain"))
	try(s.root(accountA), rootForm(accountB, audit), "403 AccessDenied User: arn:aws:iam::"+accountA+":root is not authorized to perform: sts:AssumeRoot")
	try(temporary(s.do(admin, "GetSessionToken", "")), rootForm(accountB, audit), "403 AccessDenied Cannot call AssumeRoot with session credentials")
	a := s.do(ops, "AssumeRoot", rootForm(accountB, audit))
	out, _ := a.Out.(*stsapi.AssumeRootResponse)
	if out == nil || *out.SourceIdentity != "maren" || out.Credentials.Expiration.Sub(s.now).Seconds() != 900 || *out.SessionTokenSize == 0 || strings.Contains(a.XML, "AssumedRoleUser") {
		t.Errorf("%s %s", a, a.XML)
	}

	// Another account that administers IAM for the organization may too.
	s.change(func(tx *directory.Tx) {
		a := tx.Account(accountB)
		n := a.Clone()
		n.Delegated = []string{"iam.amazonaws.com"}
		tx.PutAccount(a, n)
	})
	try(member, rootForm(accountB, audit), "200")
	try(member, rootForm(accountA, audit), "403 AccessDenied User: ")
}

// TestAssumedRoot holds what the session is, and that both accounts read of it.
func TestAssumedRoot(t *testing.T) {
	s := newStack(t)
	s.organized(directory.RootSessions)
	admin := s.user(accountA, "admin", statement("Allow", "*", "*"))
	root := temporary(s.do(admin, "AssumeRoot", rootForm(accountB, "IAMAuditRootUserCredentials")))
	a := s.do(root, "GetCallerIdentity", "")
	if !strings.Contains(a.XML, "<Arn>arn:aws:iam::"+accountB+":root</Arn>") || !strings.Contains(a.XML, "<UserId>"+accountB+"</UserId>") {
		t.Errorf("%s", a.XML)
	}
	for action, params := range map[string]string{
		"AssumeRole":          "RoleSessionName=work&RoleArn=" + roleARN(accountB, "x"),
		"AssumeRoot":          rootForm(accountB, "IAMAuditRootUserCredentials"),
		"GetSessionToken":     "",
		"GetFederationToken":  "Name=bob",
		"GetWebIdentityToken": tokenES,
		"GetAccessKeyInfo":    "AccessKeyId=" + root.AccessKeyID, // the task policy denies it
	} {
		if a := s.do(root, action, params); a.Status != 403 {
			t.Errorf("%s: %s", action, a)
		}
	}
	s.now = s.now.Add(900e9)
	if a := s.do(root, "GetCallerIdentity", ""); a.Code != "ExpiredToken" {
		t.Error(a)
	}
	events := s.events()
	mine, theirs := events[0], events[1]
	if mine.EventName != "AssumeRoot" || mine.RecipientAccountId != accountA || theirs.RecipientAccountId != accountB || mine.SharedEventID == "" || mine.SharedEventID != theirs.SharedEventID {
		t.Errorf("%+v\n%+v", mine, theirs)
	}
	who, _ := events[2].UserIdentity["sessionContext"].(map[string]any)
	if events[2].UserIdentity["type"] != "Root" || who["assumedRoot"] != "true" {
		t.Errorf("%+v", events[2].UserIdentity)
	}
	if all := strings.Join(s.lines(), "\n"); strings.Contains(all, root.SecretAccessKey) || strings.Contains(all, root.SessionToken) {
		t.Error("the audit holds the secret")
	}
}
