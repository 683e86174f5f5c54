package directory

import (
	"iter"
	"slices"
	"strings"
	"time"

	"github.com/deputy-sts/deputy/arn"
)

// OIDCProvider is an issuer of OpenID Connect tokens that an account lets in.
type OIDCProvider struct {
	Account     string    `json:"account"`
	URL         string    `json:"url"`             // of the issuer, without its scheme
	Plain       bool      `json:"plain,omitempty"` // its scheme is http, not https
	ClientIDs   []string  `json:"clientIds,omitempty"`
	Thumbprints []string  `json:"thumbprints,omitempty"` // SHA-1 of certificates, 40 hex digits each
	Created     time.Time `json:"created,omitzero"`
	Tags        []Tag     `json:"tags,omitempty"`
	meta
}

// ARN is arn:aws:iam::<account>:oidc-provider/<url>. It allocates.
func (p *OIDCProvider) ARN() string {
	return iamARN(p.partition, p.Account, "oidc-provider", "/", p.URL)
}

// Issuer is the issuer's URL with its scheme, as its tokens have it in iss.
func (p *OIDCProvider) Issuer() string {
	if p.Plain {
		return "http://" + p.URL
	}
	return "https://" + p.URL
}

// Clone gives a copy to change and put.
func (p *OIDCProvider) Clone() *OIDCProvider {
	c := *p
	c.ClientIDs, c.Thumbprints, c.Tags = slices.Clone(p.ClientIDs), slices.Clone(p.Thumbprints), slices.Clone(p.Tags)
	return &c
}

func (p *OIDCProvider) key() string { return oidcKey(oidcID(p.Account, p.URL)) }

// oidcID names a provider in the trees. URLs that differ by case alone are one:
// their condition keys would be the same.
func oidcID(account, url string) string { return account + "/" + lowerName(url) }

// OIDCProviderByURL finds a provider by the issuer's URL without scheme, all of
// which counts but case.
func (v *View) OIDCProviderByURL(account, url string) *OIDCProvider {
	p, _ := v.oidc.Get(oidcID(account, url))
	return p
}

// OIDCProvider finds a provider by its ARN, all of which counts.
func (v *View) OIDCProvider(name string) *OIDCProvider {
	account, url, ok := v.oidcARN(name)
	if !ok {
		return nil
	}
	return exact(v.OIDCProviderByURL(account, url), url)
}

// oidcARN takes the ARN of a provider apart.
func (v *View) oidcARN(name string) (account, url string, ok bool) {
	a, err := arn.Parse(name)
	url, isProvider := strings.CutPrefix(a.Resource, "oidc-provider/")
	return a.Account, url, err == nil && isProvider && a.Service == "iam" && a.Region == "" && a.Partition == v.partition
}

func exact(p *OIDCProvider, url string) *OIDCProvider {
	if p == nil || p.URL != url {
		return nil
	}
	return p
}

// OIDCProviders lists the providers of an account in the order of their URLs in
// lower case.
func (v *View) OIDCProviders(account string) iter.Seq[*OIDCProvider] {
	prefix := account + "/"
	return func(yield func(*OIDCProvider) bool) {
		v.oidc.Ascend(prefix, func(id string, p *OIDCProvider) bool {
			return strings.HasPrefix(id, prefix) && yield(p)
		})
	}
}

// OIDCProviderByURL is View.OIDCProviderByURL.
func (t *Tx) OIDCProviderByURL(account, url string) *OIDCProvider {
	p := t.view.OIDCProviderByURL(account, url)
	if t.plain() {
		return p
	}
	return lookup(t, oidcKey(oidcID(account, url)), p)
}

// OIDCProvider is View.OIDCProvider.
func (t *Tx) OIDCProvider(name string) *OIDCProvider {
	account, url, ok := t.view.oidcARN(name)
	if !ok {
		return nil
	}
	return exact(t.OIDCProviderByURL(account, url), url)
}

// PutOIDCProvider writes a provider. Its URL does not change.
func (t *Tx) PutOIDCProvider(old, now *OIDCProvider) { putPlain(t, old, now) }

// DeleteOIDCProvider deletes a provider. Roles that trust it are let be.
func (t *Tx) DeleteOIDCProvider(p *OIDCProvider) { t.erase(p) }

// placeOIDC puts a provider and counts it for its account.
func (s *state) placeOIDC(id string, now *OIDCProvider) {
	if now != nil {
		id = oidcID(now.Account, now.URL)
	}
	old, _ := s.oidc.Get(id)
	placeIn(s, s.oidc, id, now)
	switch {
	case old == nil && now != nil:
		s.countOIDC(now.Account, 1)
	case old != nil && now == nil:
		s.countOIDC(old.Account, -1)
	}
}

func (s *state) countOIDC(id string, n int) {
	a, _ := s.accounts.Get(id)
	a.counts.OIDCProviders += n
	s.setAccount(id, a)
}
