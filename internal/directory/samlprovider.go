package directory

import (
	"iter"
	"slices"
	"strings"
	"time"

	"github.com/tidwall/btree"
)

// SAMLProvider is an identity provider whose assertions an account takes, as its
// metadata document describes it. What assertions are verified with was read from
// the document when that was given, and stands beside it.
type SAMLProvider struct {
	Account      string    `json:"account"`
	Name         string    `json:"name"`
	ID           string    `json:"id"` // the SAMLProviderUUID
	Metadata     string    `json:"metadata"`
	Issuer       string    `json:"issuer"`       // entityID
	Certificates [][]byte  `json:"certificates"` // DER
	ValidUntil   time.Time `json:"validUntil,omitzero"`
	Created      time.Time `json:"created,omitzero"`
	Encryption   string    `json:"encryption,omitempty"` // AssertionEncryptionMode as given; "" not given
	Tags         []Tag     `json:"tags,omitempty"`
	meta
}

const samlProviderKind = "saml-provider"

// ARN is arn:aws:iam::<account>:saml-provider/<name>. It allocates.
func (p *SAMLProvider) ARN() string {
	return iamARN(p.partition, p.Account, samlProviderKind, "/", p.Name)
}

// SAMLProviderARN prints the ARN that a SAML provider has or would have.
func (v *View) SAMLProviderARN(account, name string) string {
	return iamARN(v.partition, account, samlProviderKind, "/", name)
}

// Clone gives a copy to change and put. The certificates in it are shared: replace
// them to change them.
func (p *SAMLProvider) Clone() *SAMLProvider {
	c := *p
	c.Tags, c.Certificates = slices.Clone(p.Tags), slices.Clone(p.Certificates)
	return &c
}

func samlProviderID(account, name string) string { return account + "/" + lowerName(name) }

// samlProviderOf is the id of the provider that an ARN names, and its name; ""
// if the ARN can name none here.
func (v *View) samlProviderOf(arn string) (id, name string) {
	e, ok := v.entity(arn)
	if !ok || e.kind != samlProviderKind || e.path != "/" || e.name == "" {
		return "", ""
	}
	return samlProviderID(e.account, e.name), e.name
}

// SAMLProvider finds a SAML provider by its ARN, all of which counts.
func (v *View) SAMLProvider(arn string) *SAMLProvider {
	id, name := v.samlProviderOf(arn)
	p, _ := v.samlProviders.Get(id)
	if p == nil || p.Name != name {
		return nil
	}
	return p
}

// SAMLProviders lists the SAML providers of an account in the order of their
// lower-case names.
func (v *View) SAMLProviders(account string) iter.Seq[*SAMLProvider] {
	prefix := account + "/"
	return func(yield func(*SAMLProvider) bool) {
		v.samlProviders.Ascend(prefix, func(id string, p *SAMLProvider) bool {
			return strings.HasPrefix(id, prefix) && yield(p)
		})
	}
}

// SAMLProvider is View.SAMLProvider.
func (t *Tx) SAMLProvider(arn string) *SAMLProvider {
	id, name := t.view.samlProviderOf(arn)
	if id == "" {
		return nil
	}
	if p := t.samlProvider(id); p != nil && p.Name == name {
		return p
	}
	return nil
}

// SAMLProviderByName finds a SAML provider by name; case does not count.
func (t *Tx) SAMLProviderByName(account, name string) *SAMLProvider {
	return t.samlProvider(samlProviderID(account, name))
}

func (t *Tx) samlProvider(id string) *SAMLProvider {
	p, _ := t.view.samlProviders.Get(id)
	if t.plain() {
		return p
	}
	return lookup(t, samlKey(id), p)
}

// PutSAMLProvider writes a SAML provider.
func (t *Tx) PutSAMLProvider(old, now *SAMLProvider) { putPlain(t, old, now) }

// DeleteSAMLProvider deletes a SAML provider. Trust policies that name it stay as
// they are, and trust nobody by it.
func (t *Tx) DeleteSAMLProvider(p *SAMLProvider) { t.erase(p) }

// placeSAMLProvider puts a provider and counts it for its account.
func (s *state) placeSAMLProvider(id string, now *SAMLProvider) {
	account, _, _ := strings.Cut(id, "/")
	if now != nil {
		account, id = now.Account, samlProviderID(now.Account, now.Name)
	}
	a, _ := s.accounts.Get(account)
	if _, was := s.samlProviders.Get(id); was {
		a.counts.SAMLProviders--
	}
	placeIn(s, s.samlProviders, id, now)
	if now != nil {
		a.counts.SAMLProviders++
	}
	s.setAccount(account, a)
}

func newSAMLProviders() *btree.Map[string, *SAMLProvider] {
	return btree.NewMap[string, *SAMLProvider](degree)
}
