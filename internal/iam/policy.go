package iam

import (
	"context"
	"iter"
	"strings"

	"github.com/deputy-sts/deputy/internal/authz"
	"github.com/deputy-sts/deputy/internal/awsdata"
	"github.com/deputy-sts/deputy/internal/directory"
	"github.com/deputy-sts/deputy/internal/iamapi"
	"github.com/deputy-sts/deputy/internal/session"
	"github.com/deputy-sts/deputy/policy"
)

func (s *service) createPolicy(_ context.Context, c *authz.Call, in *iamapi.CreatePolicyRequest) (*iamapi.CreatePolicyResponse, error) {
	p := &directory.Policy{
		Account: c.Account(), Name: *in.PolicyName, Path: or(in.Path, "/"), ID: session.NewUniqueID("ANPA"),
		Description: or(in.Description, ""), Created: now(c), Updated: now(c),
		Tags: tagsOf(in.Tags), Default: "v1", NextVersion: 2,
	}
	name := c.View().ARN(directory.KindPolicy, p.Account, p.Path, p.Name)
	if err := authorizeNew(c, name, "policy "+p.Name, "iam:TagPolicy", p.Tags); err != nil {
		return nil, err
	}
	if err := policyTags.check(c, p.Tags); err != nil {
		return nil, err
	}
	doc, err := document(c, *in.PolicyDocument, policy.Managed)
	if err != nil {
		return nil, err
	}
	p.Versions = []*directory.Version{{ID: "v1", Created: p.Created, Document: doc}}
	if c.Tx.PolicyByName(p.Account, p.Name) != nil {
		return nil, iamapi.EntityAlreadyExists.Errorf("A policy called %s already exists. Duplicate names are not allowed.", p.Name)
	}
	if err := another(c, policiesPerAccount, c.View().Counts(p.Account).Policies); err != nil {
		return nil, err
	}
	c.Tx.PutPolicy(nil, p)
	shown := (&managed{arn: name, own: p}).show(c)
	shown.Tags = showTags(p.Tags)
	return &iamapi.CreatePolicyResponse{Policy: &shown}, nil
}

func (s *service) getPolicy(_ context.Context, c *authz.Call, in *iamapi.GetPolicyRequest) (*iamapi.GetPolicyResponse, error) {
	m, err := openManaged(c, *in.PolicyArn)
	if err != nil {
		return nil, err
	}
	shown := m.show(c)
	shown.Tags = each(m.tags(), showTag)
	if m.own != nil {
		shown.Description = given(m.own.Description)
	}
	return &iamapi.GetPolicyResponse{Policy: &shown}, nil
}

func (s *service) deletePolicy(_ context.Context, c *authz.Call, in *iamapi.DeletePolicyRequest) (*iamapi.DeletePolicyResponse, error) {
	p, err := changeManaged(c, *in.PolicyArn)
	if err != nil {
		return nil, err
	}
	switch name := p.ARN(); {
	case c.View().AttachmentCount(p.Account, name)+c.View().BoundaryCount(p.Account, name) > 0:
		return nil, iamapi.DeleteConflict.Errorf("Cannot delete a policy attached to entities.")
	case len(p.Versions) > 1:
		return nil, iamapi.DeleteConflict.Errorf("This policy has more than one version. Before you delete a policy, you must delete the policy's versions. The default version is deleted with the policy.")
	}
	c.Tx.DeletePolicy(p)
	return new(iamapi.DeletePolicyResponse), nil
}

// listPolicies lists the account's own policies, then those of AWS.
func (s *service) listPolicies(_ context.Context, c *authz.Call, in *iamapi.ListPoliciesRequest) (*iamapi.ListPoliciesResponse, error) {
	if err := authorizeList(c, directory.KindPolicy, in.PathPrefix); err != nil {
		return nil, err
	}
	l := policyList{
		c: c, prefix: or(in.PathPrefix, "/"), scope: or(in.Scope, "All"),
		attached: or(in.OnlyAttached, false), usage: or(in.PolicyUsageFilter, ""),
	}
	only := ""
	if l.attached {
		only = "attached"
	}
	p, err := s.pager(c, in.Marker, in.MaxItems, l.prefix, l.scope, only, l.usage)
	if err != nil {
		return nil, err
	}
	found, more, marker := page(p, l.all(p.after), policyKey)
	row := func(m *managed) iamapi.Policy { return m.show(c) }
	return &iamapi.ListPoliciesResponse{Policies: each(found, row), IsTruncated: more, Marker: marker}, nil
}

// policyList is what a list of policies is narrowed to.
type policyList struct {
	c             *authz.Call
	prefix, scope string
	attached      bool
	usage         string
}

// Keys of own policies sort before those of AWS, whose own order is by path and
// name.
const (
	ownPolicies = "1"
	awsPolicies = "2"
)

func policyKey(m *managed) string {
	if m.own != nil {
		return ownPolicies + strings.ToLower(m.own.Name)
	}
	return awsPolicies + m.aws.Path + "\x00" + m.aws.Name
}

// all yields the policies behind the key after.
func (l *policyList) all(after string) iter.Seq[*managed] {
	return func(yield func(*managed) bool) {
		if l.scope != "AWS" && !strings.HasPrefix(after, awsPolicies) {
			name, _ := strings.CutPrefix(after, ownPolicies)
			for p := range l.c.View().Policies(l.c.Account(), l.prefix, name) {
				if m := (&managed{arn: p.ARN(), own: p}); l.wants(m) && !yield(m) {
					return
				}
			}
		}
		if l.scope == "Local" {
			return
		}
		for _, p := range awsdata.ManagedPolicies() {
			if m := l.ofAWS(p); strings.HasPrefix(p.Path, l.prefix) && l.wants(m) && !yield(m) {
				return
			}
		}
	}
}

func (l *policyList) ofAWS(p *awsdata.ManagedPolicy) *managed {
	return &managed{arn: l.c.View().ARN(directory.KindPolicy, "aws", p.Path, p.Name), aws: p}
}

// wants applies OnlyAttached and PolicyUsageFilter.
func (l *policyList) wants(m *managed) bool {
	attached := l.c.View().AttachmentCount(l.c.Account(), m.arn) > 0
	boundary := l.c.View().BoundaryCount(l.c.Account(), m.arn) > 0
	switch {
	case l.usage == "PermissionsPolicy":
		return attached
	case l.usage == "PermissionsBoundary":
		return boundary
	}
	return !l.attached || attached
}
