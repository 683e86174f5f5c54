package sts

import (
	"context"
	"strings"
	"time"

	"github.com/deputy-sts/deputy/internal/authz"
	"github.com/deputy-sts/deputy/internal/directory"
	"github.com/deputy-sts/deputy/internal/session"
	"github.com/deputy-sts/deputy/internal/stsapi"
)

// Seconds. Root's sessions are cut without an error.
//
// Source: GetFederationToken in the STS API reference.
const (
	federationDefault = 43200
	federationRoot    = 3600
)

// getFederationToken gives a user, or a root user, credentials for somebody whom
// its own application vouches for: what the user may, as far as the session
// policies passed allow it. Without any they may nothing but what a resource
// policy grants to the federated user by name. Only long-term keys may ask: authz
// refuses the others, and what the new credentials may not call.
func (s *service) getFederationToken(_ context.Context, c *authz.Call, in *stsapi.GetFederationTokenRequest) (*stsapi.GetFederationTokenResponse, error) {
	text, arns, err := sessionPolicies(in.Policy, in.PolicyArns)
	if err != nil {
		return nil, err
	}
	tags, _, err := sessionTags(in.Tags, nil, nil)
	if err != nil {
		return nil, err
	}
	p := c.Principal
	name := federatedARN(p, *in.Name)
	c.NoteResource(name, p.Account, "AWS::STS::FederatedUser")
	r := authz.Resource{ARN: name, Keys: authz.TagKeys(tags)}
	if err := c.Authorize(r); err != nil {
		return nil, err
	}
	if len(tags) > 0 {
		if err := c.AuthorizeAs("sts:TagSession", r); err != nil {
			return nil, err
		}
	}
	if err := attachable(c, arns, p.Account); err != nil {
		return nil, err
	}
	seconds := value(in.DurationSeconds, federationDefault)
	if p.Kind == directory.Root {
		seconds = min(seconds, federationRoot)
	}
	all, _ := inherit(nil, tags, nil)
	i, err := s.issue(c, session.Claims{
		Kind: session.Federation, Account: p.Account, PrincipalID: p.ID, Name: *in.Name,
		Policy: text, PolicyARNs: arns, Tags: all,
	}, time.Duration(seconds)*time.Second, in.MinimumSessionTokenSize)
	if err != nil {
		return nil, err
	}
	user := &stsapi.FederatedUser{Arn: &name, FederatedUserId: new(p.Account + ":" + *in.Name)}
	packed := 0 // told even if nothing was packed, unlike by AssumeRole
	if text != "" || len(arns) > 0 || len(tags) > 0 {
		packed = i.Utilization
	}
	c.NoteAnswer(&stsapi.GetFederationTokenResponse{Credentials: new(i.shown()), FederatedUser: user, PackedPolicySize: &packed})
	return &stsapi.GetFederationTokenResponse{
		Credentials: new(i.credentials()), FederatedUser: user, PackedPolicySize: &packed,
		SessionTokenSize: &i.TokenSize, SessionTokenUtilization: &i.Utilization,
	}, nil
}

// federatedARN is the ARN of a federated user of the caller, in its partition.
func federatedARN(p *directory.Principal, name string) string {
	partition, _, _ := strings.Cut(strings.TrimPrefix(p.ARN, "arn:"), ":")
	return "arn:" + partition + ":sts::" + p.Account + ":federated-user/" + name
}
