package iam

import (
	"context"
	"fmt"
	"iter"
	"slices"
	"strconv"

	"github.com/deputy-sts/deputy/internal/authz"
	"github.com/deputy-sts/deputy/internal/directory"
	"github.com/deputy-sts/deputy/internal/iamapi"
	"github.com/deputy-sts/deputy/policy"
)

func (s *service) createPolicyVersion(_ context.Context, c *authz.Call, in *iamapi.CreatePolicyVersionRequest) (*iamapi.CreatePolicyVersionResponse, error) {
	p, err := changeManaged(c, *in.PolicyArn)
	if err != nil {
		return nil, err
	}
	doc, err := document(c, *in.PolicyDocument, policy.Managed)
	if err != nil {
		return nil, err
	}
	if limit := quota(c, versionsPerPolicy); len(p.Versions) >= limit {
		return nil, iamapi.LimitExceeded.Errorf("A managed policy can have up to %d versions. Before you create a new version, you must delete an existing version.", limit)
	}
	v := &directory.Version{ID: "v" + strconv.Itoa(p.NextVersion), Created: now(c), Document: doc}
	n := p.Clone()
	n.Versions, n.NextVersion, n.Updated = append(n.Versions, v), p.NextVersion+1, v.Created
	if or(in.SetAsDefault, false) {
		n.Default = v.ID
	}
	c.Tx.PutPolicy(p, n)
	return &iamapi.CreatePolicyVersionResponse{PolicyVersion: new(showVersion(v, n.Default == v.ID))}, nil
}

func (s *service) getPolicyVersion(_ context.Context, c *authz.Call, in *iamapi.GetPolicyVersionRequest) (*iamapi.GetPolicyVersionResponse, error) {
	m, err := findManaged(c, *in.PolicyArn)
	if err != nil {
		return nil, err
	}
	m.version = *in.VersionId
	if err := m.read(c); err != nil {
		return nil, err
	}
	for v, current := range m.versions() {
		if v.ID == *in.VersionId {
			shown := showVersion(v, current)
			shown.Document = encoded(v.Document.Text)
			return &iamapi.GetPolicyVersionResponse{PolicyVersion: &shown}, nil
		}
	}
	return nil, noSuchVersion(m.arn, *in.VersionId)
}

func (s *service) deletePolicyVersion(_ context.Context, c *authz.Call, in *iamapi.DeletePolicyVersionRequest) (*iamapi.DeletePolicyVersionResponse, error) {
	p, err := changeManaged(c, *in.PolicyArn)
	if err != nil {
		return nil, err
	}
	switch {
	case p.Version(*in.VersionId) == nil:
		return nil, noSuchVersion(*in.PolicyArn, *in.VersionId)
	case *in.VersionId == p.Default:
		return nil, iamapi.DeleteConflict.Errorf("Cannot delete the default version of a policy.")
	}
	n := p.Clone()
	n.Versions = slices.DeleteFunc(n.Versions, func(v *directory.Version) bool { return v.ID == *in.VersionId })
	c.Tx.PutPolicy(p, n)
	return new(iamapi.DeletePolicyVersionResponse), nil
}

func (s *service) setDefaultPolicyVersion(_ context.Context, c *authz.Call, in *iamapi.SetDefaultPolicyVersionRequest) (*iamapi.SetDefaultPolicyVersionResponse, error) {
	m, err := findManaged(c, *in.PolicyArn)
	if err != nil {
		return nil, err
	}
	m.version = *in.VersionId
	if err := m.modify(c); err != nil {
		return nil, err
	}
	p := m.own
	if p.Version(*in.VersionId) == nil {
		return nil, noSuchVersion(m.arn, *in.VersionId)
	}
	n := p.Clone()
	n.Default = *in.VersionId
	c.Tx.PutPolicy(p, n)
	return new(iamapi.SetDefaultPolicyVersionResponse), nil
}

// listPolicyVersions lists the newest first.
func (s *service) listPolicyVersions(_ context.Context, c *authz.Call, in *iamapi.ListPolicyVersionsRequest) (*iamapi.ListPolicyVersionsResponse, error) {
	m, err := openManaged(c, *in.PolicyArn)
	if err != nil {
		return nil, err
	}
	p, err := s.pager(c, in.Marker, in.MaxItems, m.arn)
	if err != nil {
		return nil, err
	}
	var rows []iamapi.PolicyVersion
	for v, current := range m.versions() {
		rows = append(rows, showVersion(v, current))
	}
	shown, more, marker := page(p, sorted(rows, versionKey), versionKey)
	return &iamapi.ListPolicyVersionsResponse{Versions: shown, IsTruncated: more, Marker: marker}, nil
}

// versionKey sorts v10 before v9.
func versionKey(v iamapi.PolicyVersion) string {
	n, _ := strconv.Atoi((*v.VersionId)[1:])
	return fmt.Sprintf("%010d", 1<<31-n)
}

// versions yields the versions, and whether each is the default. Of AWS's
// policies only that is known.
func (m *managed) versions() iter.Seq2[*directory.Version, bool] {
	return func(yield func(*directory.Version, bool) bool) {
		if m.own == nil {
			yield(&directory.Version{
				ID: m.aws.DefaultVersionID, Created: m.aws.UpdateDate, Document: &directory.Inline{Text: m.aws.Document},
			}, true)
			return
		}
		for _, v := range m.own.Versions {
			if !yield(v, v.ID == m.own.Default) {
				return
			}
		}
	}
}

func noSuchVersion(policyARN, version string) error {
	return iamapi.NoSuchEntity.Errorf("Policy %s version %s does not exist or is not attachable.", policyARN, version)
}

// showVersion is a version as lists have it: without its document.
func showVersion(v *directory.Version, current bool) iamapi.PolicyVersion {
	return iamapi.PolicyVersion{VersionId: new(v.ID), IsDefaultVersion: new(current), CreateDate: new(v.Created)}
}
