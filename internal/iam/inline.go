package iam

import (
	"context"
	"slices"

	"github.com/deputy-sts/deputy/internal/authz"
	"github.com/deputy-sts/deputy/internal/directory"
	"github.com/deputy-sts/deputy/internal/iamapi"
	"github.com/deputy-sts/deputy/policy"
)

// The inline policies of users, roles and groups. First what they have in common.

// putInline sets one inline policy of x; all of them together must keep to the
// quota of x's kind.
func putInline(c *authz.Call, x *subject, name, text string) error {
	if err := x.modify(c, boundaryKeys(x.boundary)...); err != nil {
		return err
	}
	size := policy.Size(text, policy.Inline)
	for _, i := range x.inline {
		if i.Name != name {
			size += policy.Size(i.Text, policy.Inline)
		}
	}
	if limit := quota(c, x.inlineSize); size > limit {
		return iamapi.LimitExceeded.Errorf("Maximum policy size of %d bytes exceeded for %s %s", limit, x.word, x.name)
	}
	doc, err := document(c, text, policy.Inline)
	if err != nil {
		return err
	}
	doc.Name = name
	x.inline = slices.Clone(x.inline)
	if at := inlineIndex(x.inline, name); at >= 0 {
		x.inline[at] = doc
	} else {
		x.inline = append(x.inline, doc)
	}
	x.put(c)
	return nil
}

// inlineIndex finds an inline policy by its name, whose case counts.
func inlineIndex(list []*directory.Inline, name string) int {
	return slices.IndexFunc(list, func(i *directory.Inline) bool { return i.Name == name })
}

func (x *subject) noSuchInline(name string) error {
	return iamapi.NoSuchEntity.Errorf("The %s policy with name %s cannot be found.", x.word, name)
}

// getInline gives the text of an inline policy, encoded.
func getInline(c *authz.Call, x *subject, name string) (*string, error) {
	if err := x.authorize(c); err != nil {
		return nil, err
	}
	at := inlineIndex(x.inline, name)
	if at < 0 {
		return nil, x.noSuchInline(name)
	}
	return encoded(x.inline[at].Text), nil
}

func deleteInline(c *authz.Call, x *subject, name string) error {
	if err := x.modify(c, boundaryKeys(x.boundary)...); err != nil {
		return err
	}
	at := inlineIndex(x.inline, name)
	if at < 0 {
		return x.noSuchInline(name)
	}
	x.inline = slices.Delete(slices.Clone(x.inline), at, at+1)
	x.put(c)
	return nil
}

func (s *service) listInline(c *authz.Call, x *subject, marker *string, maxItems *int) ([]string, *bool, *string, error) {
	if err := x.authorize(c); err != nil {
		return nil, nil, nil, err
	}
	p, err := s.pager(c, marker, maxItems, x.arn)
	if err != nil {
		return nil, nil, nil, err
	}
	self := func(name string) string { return name }
	names := each(x.inline, func(i *directory.Inline) string { return i.Name })
	shown, more, next := page(p, sorted(names, self), self)
	return shown, more, next, nil
}

func (s *service) putUserPolicy(_ context.Context, c *authz.Call, in *iamapi.PutUserPolicyRequest) (*iamapi.PutUserPolicyResponse, error) {
	return done[iamapi.PutUserPolicyResponse](putInline(c, findUser(c, *in.UserName), *in.PolicyName, *in.PolicyDocument))
}

func (s *service) putRolePolicy(_ context.Context, c *authz.Call, in *iamapi.PutRolePolicyRequest) (*iamapi.PutRolePolicyResponse, error) {
	return done[iamapi.PutRolePolicyResponse](putInline(c, findRole(c, *in.RoleName), *in.PolicyName, *in.PolicyDocument))
}

func (s *service) putGroupPolicy(_ context.Context, c *authz.Call, in *iamapi.PutGroupPolicyRequest) (*iamapi.PutGroupPolicyResponse, error) {
	return done[iamapi.PutGroupPolicyResponse](putInline(c, findGroup(c, *in.GroupName), *in.PolicyName, *in.PolicyDocument))
}

func (s *service) getUserPolicy(_ context.Context, c *authz.Call, in *iamapi.GetUserPolicyRequest) (*iamapi.GetUserPolicyResponse, error) {
	x := findUser(c, *in.UserName)
	doc, err := getInline(c, x, *in.PolicyName)
	return &iamapi.GetUserPolicyResponse{UserName: &x.name, PolicyName: in.PolicyName, PolicyDocument: doc}, err
}

func (s *service) getRolePolicy(_ context.Context, c *authz.Call, in *iamapi.GetRolePolicyRequest) (*iamapi.GetRolePolicyResponse, error) {
	x := findRole(c, *in.RoleName)
	doc, err := getInline(c, x, *in.PolicyName)
	return &iamapi.GetRolePolicyResponse{RoleName: &x.name, PolicyName: in.PolicyName, PolicyDocument: doc}, err
}

func (s *service) getGroupPolicy(_ context.Context, c *authz.Call, in *iamapi.GetGroupPolicyRequest) (*iamapi.GetGroupPolicyResponse, error) {
	x := findGroup(c, *in.GroupName)
	doc, err := getInline(c, x, *in.PolicyName)
	return &iamapi.GetGroupPolicyResponse{GroupName: &x.name, PolicyName: in.PolicyName, PolicyDocument: doc}, err
}

func (s *service) deleteUserPolicy(_ context.Context, c *authz.Call, in *iamapi.DeleteUserPolicyRequest) (*iamapi.DeleteUserPolicyResponse, error) {
	return done[iamapi.DeleteUserPolicyResponse](deleteInline(c, findUser(c, *in.UserName), *in.PolicyName))
}

func (s *service) deleteRolePolicy(_ context.Context, c *authz.Call, in *iamapi.DeleteRolePolicyRequest) (*iamapi.DeleteRolePolicyResponse, error) {
	return done[iamapi.DeleteRolePolicyResponse](deleteInline(c, findRole(c, *in.RoleName), *in.PolicyName))
}

func (s *service) deleteGroupPolicy(_ context.Context, c *authz.Call, in *iamapi.DeleteGroupPolicyRequest) (*iamapi.DeleteGroupPolicyResponse, error) {
	return done[iamapi.DeleteGroupPolicyResponse](deleteInline(c, findGroup(c, *in.GroupName), *in.PolicyName))
}

func (s *service) listUserPolicies(_ context.Context, c *authz.Call, in *iamapi.ListUserPoliciesRequest) (*iamapi.ListUserPoliciesResponse, error) {
	names, more, marker, err := s.listInline(c, findUser(c, *in.UserName), in.Marker, in.MaxItems)
	return &iamapi.ListUserPoliciesResponse{PolicyNames: names, IsTruncated: more, Marker: marker}, err
}

func (s *service) listRolePolicies(_ context.Context, c *authz.Call, in *iamapi.ListRolePoliciesRequest) (*iamapi.ListRolePoliciesResponse, error) {
	names, more, marker, err := s.listInline(c, findRole(c, *in.RoleName), in.Marker, in.MaxItems)
	return &iamapi.ListRolePoliciesResponse{PolicyNames: names, IsTruncated: more, Marker: marker}, err
}

func (s *service) listGroupPolicies(_ context.Context, c *authz.Call, in *iamapi.ListGroupPoliciesRequest) (*iamapi.ListGroupPoliciesResponse, error) {
	names, more, marker, err := s.listInline(c, findGroup(c, *in.GroupName), in.Marker, in.MaxItems)
	return &iamapi.ListGroupPoliciesResponse{PolicyNames: names, IsTruncated: more, Marker: marker}, err
}
