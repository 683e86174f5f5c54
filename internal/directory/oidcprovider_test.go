package directory

import (
	"slices"
	"testing"
)

func issuerOf(account, url string) *OIDCProvider {
	return &OIDCProvider{Account: account, URL: url, ClientIDs: []string{"app"}, Thumbprints: []string{"00"}, Created: fixed(), Tags: []Tag{{"k", "v"}}}
}

func TestOIDCProviders(t *testing.T) {
	d, store, ring := fresh(t)
	change(t, d, func(tx *Tx) {
		tx.PutOIDCProvider(nil, issuerOf(acct, "idp.test/Tenant"))
		tx.PutOIDCProvider(nil, issuerOf(acct, "a.test:8443"))
		tx.PutOIDCProvider(nil, issuerOf("222222222222", "idp.test/Tenant"))
	})
	for name, want := range map[string]bool{
		"arn:aws:iam::111122223333:oidc-provider/idp.test/Tenant":    true,
		"arn:aws:iam::111122223333:oidc-provider/a.test:8443":        true,
		"arn:aws:iam::222222222222:oidc-provider/idp.test/Tenant":    true,
		"arn:aws:iam::111122223333:oidc-provider/idp.test/tenant":    false,
		"arn:aws:iam::333333333333:oidc-provider/idp.test/Tenant":    false,
		"arn:aws-cn:iam::111122223333:oidc-provider/idp.test/Tenant": false,
		"arn:aws:iam:x:111122223333:oidc-provider/idp.test/Tenant":   false,
		"arn:aws:iam::111122223333:saml-provider/idp.test/Tenant":    false,
		"idp.test/Tenant": false,
		"":                false,
	} {
		tx := d.Begin(true)
		got := d.View().OIDCProvider(name)
		if (got != nil) != want || got != tx.OIDCProvider(name) || got != nil && got.ARN() != name {
			t.Errorf("%q is %v", name, got)
		}
	}
	if p := d.View().OIDCProviderByURL(acct, "IDP.test/tenant"); p == nil || p.Issuer() != "https://idp.test/Tenant" {
		t.Errorf("by URL in other letters: %v", p)
	}
	var urls []string
	for p := range d.View().OIDCProviders(acct) {
		urls = append(urls, p.URL)
	}
	if !slices.Equal(urls, []string{"a.test:8443", "idp.test/Tenant"}) || d.View().Counts(acct).OIDCProviders != 2 {
		t.Errorf("listed %v, counted %d", urls, d.View().Counts(acct).OIDCProviders)
	}

	// The same in other letters conflicts; a change and a deletion are seen, by a
	// directory opened anew too.
	tx := d.Begin(true)
	tx.PutOIDCProvider(nil, issuerOf(acct, "IDP.test/Tenant"))
	if _, err := d.Commit(t.Context(), &tx); err == nil {
		t.Error("one provider was put in place of another")
	}
	change(t, d, func(tx *Tx) {
		old := tx.OIDCProviderByURL(acct, "idp.test/Tenant")
		now := old.Clone()
		now.ClientIDs = append(now.ClientIDs, "more")
		now.Plain = true
		tx.PutOIDCProvider(old, now)
		tx.DeleteOIDCProvider(tx.OIDCProviderByURL(acct, "a.test:8443"))
	})
	again := open(t, store, ring)
	for _, v := range []*View{d.View(), again.View()} {
		p := v.OIDCProviderByURL(acct, "idp.test/Tenant")
		if p == nil || len(p.ClientIDs) != 2 || p.Issuer() != "http://idp.test/Tenant" || len(p.Tags) != 1 || v.Counts(acct).OIDCProviders != 1 {
			t.Errorf("after the change: %+v, %d", p, v.Counts(acct).OIDCProviders)
		}
	}
	if a, b := d.View().Digest(), again.View().Digest(); a != b {
		t.Errorf("digests %s, %s", a, b)
	}
}
