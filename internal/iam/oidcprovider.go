package iam

import (
	"context"
	"slices"
	"strings"

	"github.com/deputy-sts/deputy/internal/authz"
	"github.com/deputy-sts/deputy/internal/directory"
	"github.com/deputy-sts/deputy/internal/iamapi"
	"github.com/deputy-sts/deputy/internal/query"
)

// OpenID Connect providers: the issuers whose tokens the account's roles may
// trust. What a token must be like is not told here but when one is presented.

// maxThumbprints is how many a provider may have. AWS's words for one more say
// "fewer than 5", its documentation says 5.
const maxThumbprints = 5

// oidcProvider is a provider on its way through an action.
type oidcProvider struct {
	arn    string
	record *directory.OIDCProvider // nil: there is none in the caller's account
}

func findOIDC(c *authz.Call, name string) *oidcProvider {
	p := &oidcProvider{arn: name}
	if r := c.Tx.OIDCProvider(name); r != nil && r.Account == c.Account() {
		p.record = r
	}
	return p
}

// ask asks whether the caller may do the call's action to p.
func (p *oidcProvider) ask(c *authz.Call, keys ...authz.Key) error {
	r := authz.Resource{ARN: p.arn, Keys: keys}
	if p.record != nil {
		r.Tags = p.record.Tags
	}
	return c.Authorize(r)
}

// authorize is ask, and only then tells whether there is p.
func (p *oidcProvider) authorize(c *authz.Call, keys ...authz.Key) error {
	if err := p.ask(c, keys...); err != nil {
		return err
	}
	if p.record == nil {
		return iamapi.NoSuchEntity.Errorf("OpenIDConnect Provider not found for arn %s", p.arn)
	}
	return nil
}

// change authorizes an action and stores what f makes of the provider.
func (p *oidcProvider) change(c *authz.Call, f func(*directory.OIDCProvider) error, keys ...authz.Key) error {
	if err := p.authorize(c, keys...); err != nil {
		return err
	}
	n := p.record.Clone()
	if err := f(n); err != nil {
		return err
	}
	c.Tx.PutOIDCProvider(p.record, n)
	return nil
}

// createOpenIDConnectProvider registers an issuer. Unlike AWS it fetches no
// thumbprint when none is given: then the certificate must be of a known authority.
func (s *service) createOpenIDConnectProvider(_ context.Context, c *authz.Call, in *iamapi.CreateOpenIDConnectProviderRequest) (*iamapi.CreateOpenIDConnectProviderResponse, error) {
	scheme, url, hasScheme := strings.Cut(*in.Url, "://")
	if !hasScheme {
		scheme, url = "", *in.Url
	}
	p := &directory.OIDCProvider{
		Account: c.Account(), URL: url, Plain: scheme == "http", Created: now(c), Tags: tagsOf(in.Tags),
		ClientIDs: distinct(in.ClientIDList), Thumbprints: distinct(in.ThumbprintList),
	}
	name := oidcARN(c, url)
	if err := authorizeNew(c, name, "", "iam:TagOpenIDConnectProvider", p.Tags); err != nil {
		return nil, err
	}
	if s.CheckIssuer == nil || s.CheckIssuer(*in.Url) != nil || *in.Url != p.Issuer() {
		return nil, query.ValidationError.Errorf("Invalid Open ID Connect Provider URL")
	}
	if err := s.checkOIDC(c, p); err != nil {
		return nil, err
	}
	if c.Tx.OIDCProviderByURL(p.Account, url) != nil {
		return nil, iamapi.EntityAlreadyExists.Errorf("Provider with url %s already exists.", *in.Url)
	}
	if err := another(c, oidcPerAccount, c.View().Counts(p.Account).OIDCProviders); err != nil {
		return nil, err
	}
	c.Tx.PutOIDCProvider(nil, p)
	return &iamapi.CreateOpenIDConnectProviderResponse{OpenIDConnectProviderArn: &name, Tags: showTags(p.Tags)}, nil
}

func (s *service) checkOIDC(c *authz.Call, p *directory.OIDCProvider) error {
	if err := checkThumbprints(p.Thumbprints); err != nil {
		return err
	}
	if err := within(c, clientIDsPerOIDC, len(p.ClientIDs)); err != nil {
		return err
	}
	return oidcTags.check(c, p.Tags)
}

func oidcARN(c *authz.Call, url string) string {
	return "arn:" + c.View().Partition() + ":iam::" + c.Account() + ":oidc-provider/" + url
}

// checkThumbprints bounds their number; the model has bounded their length.
func checkThumbprints(list []string) error {
	if len(list) > maxThumbprints {
		return iamapi.InvalidInput.Errorf("Thumbprint list must contain fewer than 5 entries.")
	}
	for _, t := range list {
		if strings.Trim(t, "0123456789abcdefABCDEF") != "" {
			return query.ValidationError.Errorf("The thumbprint %s is not a hexadecimal SHA-1 of a certificate.", t)
		}
	}
	return nil
}

// distinct is list without those that came before.
func distinct(list []string) (out []string) {
	for _, s := range list {
		if !slices.Contains(out, s) {
			out = append(out, s)
		}
	}
	return out
}

func (s *service) getOpenIDConnectProvider(_ context.Context, c *authz.Call, in *iamapi.GetOpenIDConnectProviderRequest) (*iamapi.GetOpenIDConnectProviderResponse, error) {
	p := findOIDC(c, *in.OpenIDConnectProviderArn)
	if err := p.authorize(c); err != nil {
		return nil, err
	}
	r := p.record
	return &iamapi.GetOpenIDConnectProviderResponse{
		Url: new(r.URL), CreateDate: new(r.Created), Tags: each(r.Tags, showTag),
		ClientIDList: append([]string{}, r.ClientIDs...), ThumbprintList: append([]string{}, r.Thumbprints...),
	}, nil
}

// deleteOpenIDConnectProvider succeeds if there is none, as AWS documents of this
// deletion alone. Roles that name the provider stay, and trust nobody by it.
func (s *service) deleteOpenIDConnectProvider(_ context.Context, c *authz.Call, in *iamapi.DeleteOpenIDConnectProviderRequest) (*iamapi.DeleteOpenIDConnectProviderResponse, error) {
	p := findOIDC(c, *in.OpenIDConnectProviderArn)
	if err := p.ask(c); err != nil {
		return nil, err
	}
	if p.record != nil {
		c.Tx.DeleteOIDCProvider(p.record)
	}
	return new(iamapi.DeleteOpenIDConnectProviderResponse), nil
}

// listOpenIDConnectProviders lists all; this list has no pages.
func (s *service) listOpenIDConnectProviders(_ context.Context, c *authz.Call, _ *iamapi.ListOpenIDConnectProvidersRequest) (*iamapi.ListOpenIDConnectProvidersResponse, error) {
	if err := c.Authorize(authz.Resource{ARN: oidcARN(c, "*")}); err != nil {
		return nil, err
	}
	list := []iamapi.OpenIDConnectProviderListEntry{}
	for p := range c.View().OIDCProviders(c.Account()) {
		list = append(list, iamapi.OpenIDConnectProviderListEntry{Arn: new(p.ARN())})
	}
	return &iamapi.ListOpenIDConnectProvidersResponse{OpenIDConnectProviderList: list}, nil
}

// addClientIDToOpenIDConnectProvider succeeds if the provider has the id already.
func (s *service) addClientIDToOpenIDConnectProvider(_ context.Context, c *authz.Call, in *iamapi.AddClientIDToOpenIDConnectProviderRequest) (*iamapi.AddClientIDToOpenIDConnectProviderResponse, error) {
	err := findOIDC(c, *in.OpenIDConnectProviderArn).change(c, func(n *directory.OIDCProvider) error {
		n.ClientIDs = distinct(append(n.ClientIDs, *in.ClientID))
		return within(c, clientIDsPerOIDC, len(n.ClientIDs))
	})
	return done[iamapi.AddClientIDToOpenIDConnectProviderResponse](err)
}

// removeClientIDFromOpenIDConnectProvider succeeds if the provider does not have the id.
func (s *service) removeClientIDFromOpenIDConnectProvider(_ context.Context, c *authz.Call, in *iamapi.RemoveClientIDFromOpenIDConnectProviderRequest) (*iamapi.RemoveClientIDFromOpenIDConnectProviderResponse, error) {
	err := findOIDC(c, *in.OpenIDConnectProviderArn).change(c, func(n *directory.OIDCProvider) error {
		n.ClientIDs = slices.DeleteFunc(n.ClientIDs, func(id string) bool { return id == *in.ClientID })
		return nil
	})
	return done[iamapi.RemoveClientIDFromOpenIDConnectProviderResponse](err)
}

// updateOpenIDConnectProviderThumbprint replaces the list whole.
func (s *service) updateOpenIDConnectProviderThumbprint(_ context.Context, c *authz.Call, in *iamapi.UpdateOpenIDConnectProviderThumbprintRequest) (*iamapi.UpdateOpenIDConnectProviderThumbprintResponse, error) {
	err := findOIDC(c, *in.OpenIDConnectProviderArn).change(c, func(n *directory.OIDCProvider) error {
		n.Thumbprints = distinct(in.ThumbprintList)
		return checkThumbprints(n.Thumbprints)
	})
	return done[iamapi.UpdateOpenIDConnectProviderThumbprintResponse](err)
}

func (s *service) tagOpenIDConnectProvider(_ context.Context, c *authz.Call, in *iamapi.TagOpenIDConnectProviderRequest) (*iamapi.TagOpenIDConnectProviderResponse, error) {
	tags := tagsOf(in.Tags)
	err := findOIDC(c, *in.OpenIDConnectProviderArn).change(c, func(n *directory.OIDCProvider) (err error) {
		n.Tags, err = oidcTags.merged(c, n.Tags, tags)
		return err
	}, authz.TagKeys(tags)...)
	return done[iamapi.TagOpenIDConnectProviderResponse](err)
}

func (s *service) untagOpenIDConnectProvider(_ context.Context, c *authz.Call, in *iamapi.UntagOpenIDConnectProviderRequest) (*iamapi.UntagOpenIDConnectProviderResponse, error) {
	err := findOIDC(c, *in.OpenIDConnectProviderArn).change(c, func(n *directory.OIDCProvider) error {
		n.Tags = oidcTags.without(n.Tags, in.TagKeys)
		return nil
	}, untagKeys(in.TagKeys)...)
	return done[iamapi.UntagOpenIDConnectProviderResponse](err)
}

func (s *service) listOpenIDConnectProviderTags(_ context.Context, c *authz.Call, in *iamapi.ListOpenIDConnectProviderTagsRequest) (*iamapi.ListOpenIDConnectProviderTagsResponse, error) {
	p := findOIDC(c, *in.OpenIDConnectProviderArn)
	if err := p.authorize(c); err != nil {
		return nil, err
	}
	tags, more, marker, err := s.tagPage(c, p.arn, p.record.Tags, in.Marker, in.MaxItems)
	return &iamapi.ListOpenIDConnectProviderTagsResponse{Tags: tags, IsTruncated: more, Marker: marker}, err
}
