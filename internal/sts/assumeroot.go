package sts

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/deputy-sts/deputy/arn"
	"github.com/deputy-sts/deputy/internal/authz"
	"github.com/deputy-sts/deputy/internal/directory"
	"github.com/deputy-sts/deputy/internal/query"
	"github.com/deputy-sts/deputy/internal/session"
	"github.com/deputy-sts/deputy/internal/stsapi"
)

const assumeRootDefault = 900 // seconds, and the most

// taskPolicies are the policies of AWS that a root session can be limited to, each
// with the features of the organization of which one must be on. They only deny:
// the root user may everything else.
//
// Source: AssumeRoot in the STS API reference; IAM User Guide, id_root-user-privileged-task.
var taskPolicies = map[string][]string{
	"IAMAuditRootUserCredentials":  {directory.RootCredentialsManagement, directory.RootSessions},
	"IAMCreateRootUserPassword":    {directory.RootCredentialsManagement, directory.RootSessions},
	"IAMDeleteRootUserCredentials": {directory.RootCredentialsManagement, directory.RootSessions},
	"S3UnlockBucketPolicy":         {directory.RootSessions},
	"SQSUnlockQueuePolicy":         {directory.RootSessions},
}

// assumeRoot gives the management account, or one that administers IAM for it, a
// short session of a member's root user for one task.
func (s *service) assumeRoot(_ context.Context, c *authz.Call, in *stsapi.AssumeRootRequest) (*stsapi.AssumeRootResponse, error) {
	if err := regional(c); err != nil {
		return nil, err
	}
	partition := c.View().Partition()
	target, ok := targetAccount(*in.TargetPrincipal, partition)
	if !ok {
		return nil, invalidARN(*in.TargetPrincipal)
	}
	task := value(in.TaskPolicyArn.Arn, "")
	name, ok := strings.CutPrefix(task, "arn:"+partition+":iam::aws:policy/root-task/")
	features := taskPolicies[name]
	if !ok || features == nil {
		return nil, query.ValidationError.Errorf("The specified task policy is not supported: %s", cutText(task))
	}
	root := "arn:" + partition + ":iam::" + target + ":root"
	c.NoteResource(root, target, "AWS::IAM::RootUser")
	err := c.Authorize(authz.Resource{
		ARN: root, Account: target, WithinOrganization: true,
		Keys: []authz.Key{{Name: "sts:taskpolicyarn", Values: []string{task}}},
	})
	if err != nil {
		return nil, err
	}
	if err := reachable(c, root, target, features); err != nil {
		return nil, err
	}
	c.NoteAccount(target)
	// The model lets a session of no duration pass; it ends with the second.
	seconds := max(value(in.DurationSeconds, assumeRootDefault), 1)
	i, err := s.issue(c, session.Claims{
		Kind: session.Root, Account: target, PrincipalID: target, PolicyARNs: []string{task},
		SourceIdentity: c.Principal.SourceIdentity, Chained: c.Principal.Temporary,
	}, time.Duration(seconds)*time.Second, in.MinimumSessionTokenSize)
	if err != nil {
		return nil, err
	}
	identity := optional(c.Principal.SourceIdentity)
	c.NoteAnswer(&stsapi.AssumeRootResponse{Credentials: new(i.shown()), SourceIdentity: identity})
	return &stsapi.AssumeRootResponse{
		Credentials: new(i.credentials()), SourceIdentity: identity,
		SessionTokenSize: &i.TokenSize, SessionTokenUtilization: &i.Utilization,
	}, nil
}

// targetAccount is the account of a TargetPrincipal: its id, or its root user's ARN.
func targetAccount(text, partition string) (string, bool) {
	if isAccount(text) {
		return text, true
	}
	a, err := arn.Parse(text)
	ok := err == nil && a.Partition == partition && a.Service == "iam" && a.Region == "" && isAccount(a.Account) && a.Resource == "root"
	return a.Account, ok
}

// reachable refuses whom the organization does not let in, without saying of a
// member whether there is it.
func reachable(c *authz.Call, root, target string, features []string) error {
	refused := query.AccessDenied.Errorf("User: %s is not authorized to perform: sts:AssumeRoot on resource: %s", c.Principal.ARN, root)
	own := c.Tx.Account(c.Account())
	if own == nil || !own.ManagesRoots() {
		return refused
	}
	management := c.View().ManagementAccount()
	if management == nil || !slices.ContainsFunc(features, func(f string) bool { return slices.Contains(management.Features, f) }) {
		return query.AccessDenied.Errorf("Centralized root access is not enabled in the organization for this task.")
	}
	if member := c.Tx.Account(target); member == nil || member.Management {
		return refused // the management account's own root is nobody else's
	}
	return nil
}

// cutText bounds what a refusal repeats.
func cutText(s string) string { return s[:min(len(s), 64)] }

// optional is s as an optional member.
func optional(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}
