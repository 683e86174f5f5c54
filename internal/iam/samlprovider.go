package iam

import (
	"context"
	"strings"

	"github.com/deputy-sts/deputy/arn"
	"github.com/deputy-sts/deputy/internal/authz"
	"github.com/deputy-sts/deputy/internal/directory"
	"github.com/deputy-sts/deputy/internal/federation/saml"
	"github.com/deputy-sts/deputy/internal/iamapi"
	"github.com/deputy-sts/deputy/internal/query"
	"github.com/deputy-sts/deputy/internal/session"
)

// samlProvider is a SAML provider on its way through an action.
type samlProvider struct {
	arn, account string
	own          *directory.SAMLProvider // nil: there is none of that ARN in the caller's account
}

func findSAMLProvider(c *authz.Call, name string) (*samlProvider, error) {
	a, err := arn.Parse(name)
	switch {
	case !plain(name):
		return nil, query.ValidationError.Errorf("Invalid ARN:  Could not be parsed!")
	case err != nil, a.Service != "iam", a.Region != "", !strings.HasPrefix(a.Resource, "saml-provider/"), a.Partition != c.View().Partition():
		return nil, iamapi.InvalidInput.Errorf("Invalid ARN: %s is not the ARN of a SAML provider.", name)
	}
	p := &samlProvider{arn: name, account: a.Account}
	if a.Account == c.Account() {
		p.own = c.Tx.SAMLProvider(name)
	}
	return p, nil
}

// openSAMLProvider finds the provider of an ARN for a caller who may do the call's
// action to it; only then it tells whether there is one.
func openSAMLProvider(c *authz.Call, name string, keys ...authz.Key) (*directory.SAMLProvider, error) {
	p, err := findSAMLProvider(c, name)
	if err != nil {
		return nil, err
	}
	r := authz.Resource{ARN: p.arn, Account: p.account, Keys: keys}
	if p.own != nil {
		r.Tags = p.own.Tags
	}
	if err := c.Authorize(r); err != nil {
		return nil, err
	}
	if p.own == nil {
		return nil, iamapi.NoSuchEntity.Errorf("Manifest not found for arn %s", p.arn)
	}
	return p.own, nil
}

func (s *service) createSAMLProvider(_ context.Context, c *authz.Call, in *iamapi.CreateSAMLProviderRequest) (*iamapi.CreateSAMLProviderResponse, error) {
	p := &directory.SAMLProvider{
		Account: c.Account(), Name: *in.Name, ID: "SAMLP" + session.NewUniqueID(""), Created: now(c), Tags: tagsOf(in.Tags),
	}
	name := c.View().SAMLProviderARN(p.Account, p.Name)
	if err := authorizeNew(c, name, "", "iam:TagSAMLProvider", p.Tags); err != nil {
		return nil, err
	}
	if err := samlTags.check(c, p.Tags); err != nil {
		return nil, err
	}
	if err := setMetadata(c, p, *in.SAMLMetadataDocument); err != nil {
		return nil, err
	}
	if err := setEncryption(p, in.AssertionEncryptionMode, in.AddPrivateKey, nil); err != nil {
		return nil, err
	}
	if c.Tx.SAMLProviderByName(p.Account, p.Name) != nil {
		return nil, iamapi.EntityAlreadyExists.Errorf("Provider with name %s already exists.", p.Name)
	}
	if err := another(c, samlProvidersPerAccount, c.View().Counts(p.Account).SAMLProviders); err != nil {
		return nil, err
	}
	c.Tx.PutSAMLProvider(nil, p)
	return &iamapi.CreateSAMLProviderResponse{SAMLProviderArn: new(name), Tags: showTags(p.Tags)}, nil
}

// setMetadata gives a provider its document, and what assertions are verified with.
func setMetadata(c *authz.Call, p *directory.SAMLProvider, document string) error {
	m, err := saml.ReadMetadata(document)
	if err != nil {
		// AWS's text is the first sentence alone.
		return iamapi.InvalidInput.Errorf("Could not parse metadata. (%s)", err)
	}
	if !m.ValidUntil.IsZero() && !m.ValidUntil.After(c.Time) {
		return iamapi.InvalidInput.Errorf("Could not parse metadata. (the document was valid until %s)", m.ValidUntil.Format("2006-01-02T15:04:05Z"))
	}
	p.Metadata, p.Issuer, p.ValidUntil, p.Certificates = document, m.Issuer, m.ValidUntil, nil
	for _, certificate := range m.Certificates {
		p.Certificates = append(p.Certificates, certificate.Raw)
	}
	return nil
}

// setEncryption refuses what asks for encrypted assertions: a key that is kept and
// never used, or a mode that nothing obeys, would look like protection (no
// decryption is D11 of the threat model). The other texts are AWS's.
//
// Source: IAM User Guide, troubleshoot_saml.
func setEncryption(p *directory.SAMLProvider, mode, add, remove *string) error {
	switch {
	case add != nil && remove != nil:
		return iamapi.InvalidInput.Errorf("Unable to add and remove private keys in the same request. Set a value for only one of the two parameters.")
	case add != nil:
		return iamapi.InvalidInput.Errorf("Encrypted SAML assertions are not supported.")
	case remove != nil:
		return iamapi.InvalidInput.Errorf("Failed to remove private key because the Key ID does not match a private key.")
	case or(mode, "") == "Required":
		return iamapi.InvalidInput.Errorf("Unable to set assertion encryption mode to Required because no private key is provided.")
	}
	p.Encryption = or(mode, p.Encryption)
	return nil
}

func (s *service) getSAMLProvider(_ context.Context, c *authz.Call, in *iamapi.GetSAMLProviderRequest) (*iamapi.GetSAMLProviderResponse, error) {
	p, err := openSAMLProvider(c, *in.SAMLProviderArn)
	if err != nil {
		return nil, err
	}
	row := showSAMLProvider(p)
	return &iamapi.GetSAMLProviderResponse{
		SAMLMetadataDocument: new(p.Metadata), SAMLProviderUUID: new(p.ID), CreateDate: row.CreateDate, ValidUntil: row.ValidUntil,
		AssertionEncryptionMode: given(p.Encryption), Tags: each(p.Tags, showTag),
	}, nil
}

// showSAMLProvider is a provider as lists have it. One whose document does not say
// is valid for a hundred years, as AWS shows it.
func showSAMLProvider(p *directory.SAMLProvider) iamapi.SAMLProviderListEntry {
	until := p.ValidUntil
	if until.IsZero() {
		until = p.Created.AddDate(100, 0, 0)
	}
	return iamapi.SAMLProviderListEntry{Arn: new(p.ARN()), CreateDate: new(p.Created), ValidUntil: new(until)}
}

func (s *service) updateSAMLProvider(_ context.Context, c *authz.Call, in *iamapi.UpdateSAMLProviderRequest) (*iamapi.UpdateSAMLProviderResponse, error) {
	p, err := openSAMLProvider(c, *in.SAMLProviderArn)
	if err != nil {
		return nil, err
	}
	if in.SAMLMetadataDocument == nil && in.AssertionEncryptionMode == nil && in.AddPrivateKey == nil && in.RemovePrivateKey == nil {
		return nil, iamapi.InvalidInput.Errorf("Unable to update identity provider. No updates are defined for metadata or encryption assertion.")
	}
	n := p.Clone()
	if err := setEncryption(n, in.AssertionEncryptionMode, in.AddPrivateKey, in.RemovePrivateKey); err != nil {
		return nil, err
	}
	if in.SAMLMetadataDocument != nil {
		if err := setMetadata(c, n, *in.SAMLMetadataDocument); err != nil {
			return nil, err
		}
	}
	c.Tx.PutSAMLProvider(p, n)
	return &iamapi.UpdateSAMLProviderResponse{SAMLProviderArn: in.SAMLProviderArn}, nil
}

// deleteSAMLProvider leaves the roles that trust the provider as they are: they
// cannot be entered by it any more.
func (s *service) deleteSAMLProvider(_ context.Context, c *authz.Call, in *iamapi.DeleteSAMLProviderRequest) (*iamapi.DeleteSAMLProviderResponse, error) {
	p, err := openSAMLProvider(c, *in.SAMLProviderArn)
	if err != nil {
		return nil, err
	}
	c.Tx.DeleteSAMLProvider(p)
	return new(iamapi.DeleteSAMLProviderResponse), nil
}

func (s *service) listSAMLProviders(_ context.Context, c *authz.Call, _ *iamapi.ListSAMLProvidersRequest) (*iamapi.ListSAMLProvidersResponse, error) {
	if err := c.Authorize(authz.Resource{ARN: c.View().SAMLProviderARN(c.Account(), "*")}); err != nil {
		return nil, err
	}
	list := []iamapi.SAMLProviderListEntry{}
	for p := range c.View().SAMLProviders(c.Account()) {
		list = append(list, showSAMLProvider(p))
	}
	return &iamapi.ListSAMLProvidersResponse{SAMLProviderList: list}, nil
}

func (s *service) tagSAMLProvider(_ context.Context, c *authz.Call, in *iamapi.TagSAMLProviderRequest) (*iamapi.TagSAMLProviderResponse, error) {
	tags := tagsOf(in.Tags)
	p, err := openSAMLProvider(c, *in.SAMLProviderArn, authz.TagKeys(tags)...)
	if err != nil {
		return nil, err
	}
	n := p.Clone()
	if n.Tags, err = samlTags.merged(c, p.Tags, tags); err != nil {
		return nil, err
	}
	c.Tx.PutSAMLProvider(p, n)
	return new(iamapi.TagSAMLProviderResponse), nil
}

func (s *service) untagSAMLProvider(_ context.Context, c *authz.Call, in *iamapi.UntagSAMLProviderRequest) (*iamapi.UntagSAMLProviderResponse, error) {
	p, err := openSAMLProvider(c, *in.SAMLProviderArn, untagKeys(in.TagKeys)...)
	if err != nil {
		return nil, err
	}
	n := p.Clone()
	n.Tags = samlTags.without(p.Tags, in.TagKeys)
	c.Tx.PutSAMLProvider(p, n)
	return new(iamapi.UntagSAMLProviderResponse), nil
}

func (s *service) listSAMLProviderTags(_ context.Context, c *authz.Call, in *iamapi.ListSAMLProviderTagsRequest) (*iamapi.ListSAMLProviderTagsResponse, error) {
	p, err := openSAMLProvider(c, *in.SAMLProviderArn)
	if err != nil {
		return nil, err
	}
	tags, more, marker, err := s.tagPage(c, p.ARN(), p.Tags, in.Marker, in.MaxItems)
	return &iamapi.ListSAMLProviderTagsResponse{Tags: tags, IsTruncated: more, Marker: marker}, err
}
