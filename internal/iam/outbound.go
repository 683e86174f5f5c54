package iam

import (
	"context"

	"github.com/deputy-sts/deputy/internal/authz"
	"github.com/deputy-sts/deputy/internal/directory"
	"github.com/deputy-sts/deputy/internal/iamapi"
	"github.com/deputy-sts/deputy/internal/outbound"
	"github.com/deputy-sts/deputy/internal/query"
)

// enableOutbound makes the account an OpenID issuer, or switches the one that it
// was on again: under the same URL, and with the keys it has.
func (s *service) enableOutbound(_ context.Context, c *authz.Call, _ *iamapi.EnableOutboundWebIdentityFederationRequest) (*iamapi.EnableOutboundWebIdentityFederationResponse, error) {
	if err := onAccount(c); err != nil {
		return nil, err
	}
	if s.IssuerURL("") == "" {
		return nil, query.ValidationError.Errorf("The service does not know the URL that verifiers reach it by: its operator must set one (--external-url).")
	}
	old := c.Tx.TokenIssuerOf(c.Account())
	var now *directory.TokenIssuer
	switch {
	case old == nil:
		made, err := outbound.NewIssuer(c.Account(), c.Time.UTC())
		if err != nil {
			return nil, err
		}
		now = made
	case old.Enabled:
		return nil, iamapi.FeatureEnabled.Errorf("Outbound web identity federation is already enabled for this account.")
	default:
		now = old.Clone()
		now.Enabled = true
	}
	c.Tx.PutTokenIssuer(old, now)
	return &iamapi.EnableOutboundWebIdentityFederationResponse{IssuerIdentifier: new(s.IssuerURL(now.ID))}, nil
}

// disableOutbound stops the issuing. Tokens that live go on to verify.
func (s *service) disableOutbound(_ context.Context, c *authz.Call, _ *iamapi.DisableOutboundWebIdentityFederationRequest) (*iamapi.DisableOutboundWebIdentityFederationResponse, error) {
	if err := onAccount(c); err != nil {
		return nil, err
	}
	old, err := enabledIssuer(c)
	if err != nil {
		return nil, err
	}
	now := old.Clone()
	now.Enabled = false
	c.Tx.PutTokenIssuer(old, now)
	return new(iamapi.DisableOutboundWebIdentityFederationResponse), nil
}

func (s *service) getOutboundInfo(_ context.Context, c *authz.Call, _ *iamapi.GetOutboundWebIdentityFederationInfoRequest) (*iamapi.GetOutboundWebIdentityFederationInfoResponse, error) {
	if err := onAccount(c); err != nil {
		return nil, err
	}
	i, err := enabledIssuer(c)
	if err != nil {
		return nil, err
	}
	return &iamapi.GetOutboundWebIdentityFederationInfoResponse{IssuerIdentifier: new(s.IssuerURL(i.ID)), JwtVendingEnabled: new(true)}, nil
}

func enabledIssuer(c *authz.Call) (*directory.TokenIssuer, error) {
	if i := c.Tx.TokenIssuerOf(c.Account()); i != nil && i.Enabled {
		return i, nil
	}
	return nil, iamapi.FeatureDisabled.Errorf("Outbound web identity federation is disabled for this account.")
}
