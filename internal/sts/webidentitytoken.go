package sts

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"strconv"
	"time"

	"github.com/deputy-sts/deputy/internal/authz"
	"github.com/deputy-sts/deputy/internal/directory"
	"github.com/deputy-sts/deputy/internal/outbound"
	"github.com/deputy-sts/deputy/internal/query"
	"github.com/deputy-sts/deputy/internal/stsapi"
)

const (
	webIdentityDefault = 300 // seconds
	// maxClaims is how many bytes the claims of a token may have. AWS has a limit
	// and does not say which; beyond this, servers refuse the header that a token
	// is sent in.
	maxClaims = 8192
)

// getWebIdentityToken gives a user or a role session a signed token that says who
// it is, for services beyond this one.
//
// Source: GetWebIdentityToken in the STS API reference; IAM User Guide,
// id_roles_providers_outbound.
func (s *service) getWebIdentityToken(_ context.Context, c *authz.Call, in *stsapi.GetWebIdentityTokenRequest) (*stsapi.GetWebIdentityTokenResponse, error) {
	if err := regional(c); err != nil {
		return nil, err
	}
	if a := *in.SigningAlgorithm; a != outbound.RS256 && a != outbound.ES384 {
		return nil, query.ValidationError.Errorf("1 validation error detected: Value '%s' at 'signingAlgorithm' failed to satisfy constraint: Member must satisfy enum value set: [RS256, ES384]", a)
	}
	tags, _, err := sessionTags(in.Tags, nil, nil)
	if err != nil {
		return nil, err
	}
	seconds := value(in.DurationSeconds, webIdentityDefault)
	if err := authorizeToken(c, in, seconds, tags); err != nil {
		return nil, err
	}
	issuer := c.Tx.TokenIssuerOf(c.Account())
	if issuer == nil || !issuer.Enabled {
		return nil, stsapi.OutboundWebIdentityFederationDisabledException.Errorf("The outbound web identity federation feature is not enabled for this account. To use this feature, you must first enable it through the AWS Management Console or API.")
	}
	now := s.now().UTC().Truncate(time.Second)
	expires := now.Add(time.Duration(seconds) * time.Second)
	if p := c.Principal; p.Temporary && expires.After(p.Expires) {
		return nil, stsapi.SessionDurationEscalationException.Errorf("The requested token duration would extend the session beyond its original expiration time. You cannot use this operation to extend the lifetime of a session beyond what was granted when the session was originally created.")
	}
	claims, err := s.identityClaims(c, issuer, in.Audience, tags, now, expires)
	if err != nil {
		return nil, err
	}
	k := outbound.Current(issuer, *in.SigningAlgorithm, now)
	if k == nil {
		return nil, errors.New("sts: the issuer " + issuer.ID + " has no key for " + *in.SigningAlgorithm)
	}
	token, err := outbound.Sign(k, claims)
	if err != nil {
		return nil, err
	}
	c.NoteAnswer(&stsapi.GetWebIdentityTokenResponse{WebIdentityToken: new(authz.Hidden), Expiration: &expires})
	return &stsapi.GetWebIdentityTokenResponse{WebIdentityToken: &token, Expiration: &expires}, nil
}

// globalEndpoint is the one host name that does not have AssumeRoot and
// GetWebIdentityToken. It is a refusal only: nothing is granted by a host.
const globalEndpoint = "sts.amazonaws.com"

// regional refuses what AWS has on regional endpoints alone.
func regional(c *authz.Call) error {
	if authz.EqualFold(c.Host, globalEndpoint) || authz.EqualFold(c.Host, globalEndpoint+":443") {
		return query.NoOperation(c.Action, stsapi.API.Version)
	}
	return nil
}

// authorizeToken asks for the token and, when it carries tags, for those.
func authorizeToken(c *authz.Call, in *stsapi.GetWebIdentityTokenRequest, seconds int, tags []directory.Tag) error {
	tagKeys := authz.TagKeys(tags)
	keys := append([]authz.Key{
		{Name: "sts:identitytokenaudience", Values: in.Audience},
		{Name: "sts:signingalgorithm", Values: []string{*in.SigningAlgorithm}},
		{Name: "sts:durationseconds", Values: []string{strconv.Itoa(seconds)}},
	}, tagKeys...)
	if err := c.Authorize(authz.Resource{ARN: "*", Keys: keys}); err != nil {
		return err
	}
	if len(tags) == 0 {
		return nil
	}
	return c.AuthorizeAs("sts:TagGetWebIdentityToken", authz.Resource{ARN: "*", Keys: tagKeys})
}

// identityClaim is a token's claims.
type identityClaim struct {
	Issuer   string    `json:"iss"`
	Audience any       `json:"aud"` // a string when there is one, as AWS has it
	Subject  string    `json:"sub"`
	IssuedAt int64     `json:"iat"`
	Expires  int64     `json:"exp"`
	ID       string    `json:"jti"`
	AWS      awsClaims `json:"https://sts.amazonaws.com/"`
}

// awsClaims are those under outbound.Namespace.
//
// Source: IAM User Guide, id_roles_providers_outbound_token_claims.
type awsClaims struct {
	Account         string            `json:"aws_account"`
	Region          string            `json:"source_region"`
	PrincipalID     string            `json:"principal_id"`
	OrgID           string            `json:"org_id,omitempty"`
	PrincipalTags   map[string]string `json:"principal_tags,omitempty"`
	RequestTags     map[string]string `json:"request_tags,omitempty"`
	OriginalSession string            `json:"original_session_exp,omitempty"`
	Provider        string            `json:"federated_provider,omitempty"`
	SourceIdentity  string            `json:"source_identity,omitempty"`
}

func (s *service) identityClaims(c *authz.Call, issuer *directory.TokenIssuer, audience []string, tags []directory.Tag, now, expires time.Time) ([]byte, error) {
	url := s.issuerURL(issuer.ID)
	if url == "" {
		return nil, query.ServiceUnavailable.Errorf("The issuer's address is not known: the service has no external URL.")
	}
	p := c.Principal
	var id [16]byte
	rand.Read(id[:])
	claims := identityClaim{
		Issuer: url, Audience: audience, Subject: subjectOf(p), IssuedAt: now.Unix(), Expires: expires.Unix(), ID: hex.EncodeToString(id[:]),
		AWS: awsClaims{
			Account: p.Account, Region: c.Region, PrincipalID: subjectOf(p), OrgID: c.View().OrganizationID(),
			PrincipalTags: principalTags(p), RequestTags: tagMap(nil, tags), Provider: p.Provider, SourceIdentity: p.SourceIdentity,
		},
	}
	if len(audience) == 1 {
		claims.Audience = audience[0]
	}
	if p.Role != nil {
		claims.AWS.OriginalSession = p.Expires.UTC().Format(time.RFC3339)
	}
	text, err := json.Marshal(&claims)
	if err != nil {
		return nil, err
	}
	if len(text) > maxClaims {
		return nil, stsapi.JWTPayloadSizeExceededException.Errorf("The requested token payload size exceeds the maximum allowed size. Reduce the number of request tags included in the GetWebIdentityToken API call to reduce the token payload size.")
	}
	return text, nil
}

// subjectOf is the ARN of the user, or of the role with its path: not of the session.
func subjectOf(p *directory.Principal) string {
	if p.Role != nil {
		return p.Role.ARN()
	}
	return p.ARN
}

// principalTags are the tags of the user or role; those of the session stand
// before them, as in aws:PrincipalTag.
func principalTags(p *directory.Principal) map[string]string {
	var own []directory.Tag
	switch {
	case p.Role != nil:
		own = p.Role.Tags
	case p.User != nil:
		own = p.User.Tags
	}
	tags := make([]directory.Tag, 0, len(own)+len(p.Tags))
	for _, t := range own {
		if !has(p.Tags, t.Key) {
			tags = append(tags, t)
		}
	}
	return tagMap(tags, p.Tags)
}

// tagMap is nil of no tags.
func tagMap(lists ...[]directory.Tag) map[string]string {
	m := map[string]string{}
	for _, list := range lists {
		for _, t := range list {
			m[t.Key] = t.Value
		}
	}
	return m
}
