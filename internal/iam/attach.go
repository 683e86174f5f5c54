package iam

import (
	"context"
	"slices"
	"strings"

	"github.com/deputy-sts/deputy/internal/authz"
	"github.com/deputy-sts/deputy/internal/iamapi"
)

// The managed policies that are attached to users, roles and groups. First what
// they have in common.

// policyKeys are the condition keys of attaching the policy to x.
func (x *subject) policyKeys(policyARN string) []authz.Key {
	return append(boundaryKeys(x.boundary), authz.Key{Name: "iam:policyarn", Values: []string{policyARN}})
}

// attach attaches a policy; one that is attached already stays so.
func attach(c *authz.Call, x *subject, policyARN string) error {
	m, err := findManaged(c, policyARN)
	if err != nil {
		return err
	}
	if err := x.modify(c, x.policyKeys(policyARN)...); err != nil {
		return err
	}
	switch {
	case m.missing():
		return iamapi.NoSuchEntity.Errorf("Policy %s does not exist or is not attachable.", policyARN)
	case m.linkedOnly():
		return iamapi.PolicyNotAttachable.Errorf("Cannot attach a Service Role Policy to a Customer %s.", x.title)
	case slices.Contains(x.attached, policyARN):
		return nil
	}
	if err := within(c, x.attachments, len(x.attached)+1); err != nil {
		return err
	}
	x.attached = append(slices.Clone(x.attached), policyARN)
	x.put(c)
	return nil
}

func detach(c *authz.Call, x *subject, policyARN string) error {
	if _, err := findManaged(c, policyARN); err != nil {
		return err
	}
	if err := x.modify(c, x.policyKeys(policyARN)...); err != nil {
		return err
	}
	at := slices.Index(x.attached, policyARN)
	if at < 0 {
		return iamapi.NoSuchEntity.Errorf("Policy %s was not found.", policyARN)
	}
	x.attached = slices.Delete(slices.Clone(x.attached), at, at+1)
	x.put(c)
	return nil
}

// attachedPage is a page of the policies attached to x, by name.
func (s *service) attachedPage(c *authz.Call, x *subject, prefix, marker *string, maxItems *int) ([]iamapi.AttachedPolicy, *bool, *string, error) {
	if err := x.authorize(c); err != nil {
		return nil, nil, nil, err
	}
	p, err := s.pager(c, marker, maxItems, x.arn, or(prefix, "/"))
	if err != nil {
		return nil, nil, nil, err
	}
	var wanted []string
	for _, a := range x.attached {
		if strings.HasPrefix(managedPath(a), or(prefix, "/")) {
			wanted = append(wanted, a)
		}
	}
	shown, more, next := page(p, sorted(wanted, attachedKey), attachedKey)
	return each(shown, showAttached), more, next, nil
}

// attachedKey is the policy's name; one of AWS's comes behind one of ours with
// the same name.
func attachedKey(policyARN string) string {
	key := strings.ToLower(managedName(policyARN))
	if strings.Contains(policyARN, ":aws:policy/") {
		return key + "\x00"
	}
	return key
}

func showAttached(policyARN string) iamapi.AttachedPolicy {
	return iamapi.AttachedPolicy{PolicyArn: new(policyARN), PolicyName: new(managedName(policyARN))}
}

func (s *service) attachUserPolicy(_ context.Context, c *authz.Call, in *iamapi.AttachUserPolicyRequest) (*iamapi.AttachUserPolicyResponse, error) {
	return done[iamapi.AttachUserPolicyResponse](attach(c, findUser(c, *in.UserName), *in.PolicyArn))
}

func (s *service) attachRolePolicy(_ context.Context, c *authz.Call, in *iamapi.AttachRolePolicyRequest) (*iamapi.AttachRolePolicyResponse, error) {
	return done[iamapi.AttachRolePolicyResponse](attach(c, findRole(c, *in.RoleName), *in.PolicyArn))
}

func (s *service) attachGroupPolicy(_ context.Context, c *authz.Call, in *iamapi.AttachGroupPolicyRequest) (*iamapi.AttachGroupPolicyResponse, error) {
	return done[iamapi.AttachGroupPolicyResponse](attach(c, findGroup(c, *in.GroupName), *in.PolicyArn))
}

func (s *service) detachUserPolicy(_ context.Context, c *authz.Call, in *iamapi.DetachUserPolicyRequest) (*iamapi.DetachUserPolicyResponse, error) {
	return done[iamapi.DetachUserPolicyResponse](detach(c, findUser(c, *in.UserName), *in.PolicyArn))
}

func (s *service) detachRolePolicy(_ context.Context, c *authz.Call, in *iamapi.DetachRolePolicyRequest) (*iamapi.DetachRolePolicyResponse, error) {
	return done[iamapi.DetachRolePolicyResponse](detach(c, findRole(c, *in.RoleName), *in.PolicyArn))
}

func (s *service) detachGroupPolicy(_ context.Context, c *authz.Call, in *iamapi.DetachGroupPolicyRequest) (*iamapi.DetachGroupPolicyResponse, error) {
	return done[iamapi.DetachGroupPolicyResponse](detach(c, findGroup(c, *in.GroupName), *in.PolicyArn))
}

func (s *service) listAttachedUserPolicies(_ context.Context, c *authz.Call, in *iamapi.ListAttachedUserPoliciesRequest) (*iamapi.ListAttachedUserPoliciesResponse, error) {
	rows, more, marker, err := s.attachedPage(c, findUser(c, *in.UserName), in.PathPrefix, in.Marker, in.MaxItems)
	return &iamapi.ListAttachedUserPoliciesResponse{AttachedPolicies: rows, IsTruncated: more, Marker: marker}, err
}

func (s *service) listAttachedRolePolicies(_ context.Context, c *authz.Call, in *iamapi.ListAttachedRolePoliciesRequest) (*iamapi.ListAttachedRolePoliciesResponse, error) {
	rows, more, marker, err := s.attachedPage(c, findRole(c, *in.RoleName), in.PathPrefix, in.Marker, in.MaxItems)
	return &iamapi.ListAttachedRolePoliciesResponse{AttachedPolicies: rows, IsTruncated: more, Marker: marker}, err
}

func (s *service) listAttachedGroupPolicies(_ context.Context, c *authz.Call, in *iamapi.ListAttachedGroupPoliciesRequest) (*iamapi.ListAttachedGroupPoliciesResponse, error) {
	rows, more, marker, err := s.attachedPage(c, findGroup(c, *in.GroupName), in.PathPrefix, in.Marker, in.MaxItems)
	return &iamapi.ListAttachedGroupPoliciesResponse{AttachedPolicies: rows, IsTruncated: more, Marker: marker}, err
}
