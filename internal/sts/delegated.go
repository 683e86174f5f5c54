package sts

import (
	"context"
	"crypto/subtle"
	"strings"
	"time"

	"github.com/deputy-sts/deputy/internal/authz"
	"github.com/deputy-sts/deputy/internal/directory"
	"github.com/deputy-sts/deputy/internal/query"
	"github.com/deputy-sts/deputy/internal/session"
	"github.com/deputy-sts/deputy/internal/stsapi"
)

// getDelegatedAccessToken gives the requestor of a delegation credentials of who
// accepted it, limited by its policy, for what is left of its time. The token can be
// traded in as often as one likes until then.
func (s *service) getDelegatedAccessToken(_ context.Context, c *authz.Call, in *stsapi.GetDelegatedAccessTokenRequest) (*stsapi.GetDelegatedAccessTokenResponse, error) {
	if err := c.Authorize(authz.Resource{ARN: "*"}); err != nil {
		return nil, err
	}
	d := released(c, *in.TradeInToken)
	if d == nil {
		return nil, query.ValidationError.Errorf("Invalid trade-in token")
	}
	ends := d.Released.Add(time.Duration(d.Seconds) * time.Second)
	left := ends.Sub(s.now()).Truncate(time.Second)
	if left <= 0 {
		return nil, stsapi.ExpiredTradeInTokenException.Errorf("The trade-in token provided in the request has expired and can no longer be exchanged for credentials. Request a new token and retry the operation.")
	}
	a := d.Approver
	c.NoteResource(a.ARN, d.Owner, "AWS::IAM::Principal")
	c.NoteAccount(d.Owner)
	i, err := s.issue(c, session.Claims{
		Kind: session.Delegation, Account: d.Owner, PrincipalID: a.ID, Name: a.Name, Policy: d.Policy,
		Tags: sessionPairs(a.Tags), Transitive: a.Transitive, SourceIdentity: a.SourceIdentity,
		Provider: a.Provider, Keys: sessionPairs(a.Keys), Chained: true,
	}, left, nil)
	if err != nil {
		return nil, err
	}
	c.NoteAnswer(&stsapi.GetDelegatedAccessTokenResponse{AssumedPrincipal: &a.ARN, Credentials: new(i.shown())})
	return &stsapi.GetDelegatedAccessTokenResponse{AssumedPrincipal: &a.ARN, Credentials: new(i.credentials())}, nil
}

// released finds the delegation whose token that is, if it is the caller's account
// that may trade it in and whoever accepted is still there. All failures look alike.
func released(c *authz.Call, token string) *directory.Delegation {
	id, _, ok := strings.Cut(token, ".")
	if !ok {
		return nil
	}
	d := c.Tx.Delegation(id)
	if d == nil || d.State != directory.Finalized || d.Token == "" || d.Approver == nil || d.Requestor != c.Account() ||
		subtle.ConstantTimeCompare([]byte(d.Token), []byte(token)) != 1 {
		return nil
	}
	// Ended sessions and deleted principals delegate no more.
	v, a := c.View(), d.Approver
	full := a.ID
	if a.Name != "" {
		full += ":" + a.Name
	}
	there := a.ID == d.Owner && v.Account(d.Owner) != nil || v.UserByID(a.ID) != nil || v.RoleByID(a.ID) != nil
	if !there || v.Revoked(a.ID, a.At) || v.Revoked(full, a.At) {
		return nil
	}
	return d
}

func sessionPairs(tags []directory.Tag) (out []session.Tag) {
	for _, t := range tags {
		out = append(out, session.Tag(t))
	}
	return out
}
