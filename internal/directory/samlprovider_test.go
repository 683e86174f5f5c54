package directory

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/deputy-sts/deputy/internal/kv"
)

func idp(account, name string) *SAMLProvider {
	return &SAMLProvider{
		Account: account, Name: name, ID: "SAMLP" + name, Metadata: "<x/>", Issuer: "https://idp.example",
		Certificates: [][]byte{{1, 2}, {3}}, Created: fixed(), ValidUntil: fixed().Add(time.Hour), Tags: []Tag{{"k", "v"}},
	}
}

func TestSAMLProviders(t *testing.T) {
	d, store, ring := fresh(t)
	change(t, d, func(tx *Tx) {
		tx.PutSAMLProvider(nil, idp(acct, "Corp"))
		tx.PutSAMLProvider(nil, idp(acct, "b"))
		tx.PutSAMLProvider(nil, idp("222222222222", "Corp"))
	})
	for arn, want := range map[string]bool{
		"arn:aws:iam::111122223333:saml-provider/Corp":           true,
		"arn:aws:iam::222222222222:saml-provider/Corp":           true,
		"arn:aws:iam::111122223333:saml-provider/corp":           false,
		"arn:aws:iam::111122223333:saml-provider/x/Corp":         false,
		"arn:aws:iam::111122223333:saml-provider/":               false,
		"arn:aws:iam::111122223333:saml-provider":                false,
		"arn:aws:iam::333333333333:saml-provider/Corp":           false,
		"arn:aws-cn:iam::111122223333:saml-provider/Corp":        false,
		"arn:aws:iam::111122223333:role/Corp":                    false,
		"arn:aws:iam:eu-west-1:111122223333:saml-provider/Corp":  false,
		"arn:aws:sts::111122223333:saml-provider/Corp":           false,
		"arn:aws:iam::111122223333:oidc-provider/111122223333/b": false,
		"": false,
	} {
		tx := d.Begin(true)
		got := d.View().SAMLProvider(arn)
		if (got != nil) != want || got != tx.SAMLProvider(arn) || got != nil && got.ARN() != arn {
			t.Errorf("%q is %v", arn, got)
		}
	}
	names := func(account string) (list []string) {
		for p := range d.View().SAMLProviders(account) {
			list = append(list, p.Name)
		}
		return list
	}
	if got := names(acct); !slices.Equal(got, []string{"b", "Corp"}) {
		t.Errorf("listed: %v", got)
	}
	if got := names("11112222333"); got != nil {
		t.Errorf("listed of a part of an id: %v", got)
	}
	tx := d.Begin(false)
	tx.PutSAMLProvider(nil, idp(acct, "CORP"))
	if _, err := d.Commit(t.Context(), &tx); err == nil {
		t.Error("a name was given twice")
	}
	change(t, d, func(tx *Tx) {
		old := tx.SAMLProviderByName(acct, "corp")
		now := old.Clone()
		now.Certificates = [][]byte{{9}}
		tx.PutSAMLProvider(old, now)
	})
	again := open(t, store, ring)
	if a, b := d.View().Digest(), again.View().Digest(); a != b {
		t.Errorf("digest %s became %s", a, b)
	}
	if got := again.View().SAMLProvider("arn:aws:iam::111122223333:saml-provider/Corp"); got == nil || got.Certificates[0][0] != 9 || got.Tags[0].Value != "v" {
		t.Errorf("after a restart: %+v", got)
	}
	if n := again.View().Counts(acct).SAMLProviders; n != 2 {
		t.Errorf("%d providers", n)
	}
	change(t, d, func(tx *Tx) { tx.DeleteSAMLProvider(tx.SAMLProviderByName(acct, "Corp")) })
	if n := d.View().Counts(acct).SAMLProviders; n != 1 || d.View().SAMLProvider("arn:aws:iam::111122223333:saml-provider/Corp") != nil {
		t.Errorf("%d providers", n)
	}
}

// TestSec_D14_SpentOnce spends the same from two sides, and again after a restart.
func TestSec_D14_SpentOnce(t *testing.T) {
	d, store, ring := fresh(t)
	now, until := fixed(), fixed().Add(5*time.Minute)
	first, second := d.Begin(true), d.Begin(true)
	for _, tx := range []*Tx{&first, &second} {
		if !tx.Spend("saml-x", until, now) || tx.Spend("saml-x", until, now) {
			t.Error("not spent, or twice in one commit")
		}
	}
	if _, err := d.Commit(t.Context(), &first); err != nil {
		t.Error(err)
	}
	if _, err := d.Commit(t.Context(), &second); err != kv.ErrConflict {
		t.Errorf("the second: %v", err)
	}
	again := open(t, store, ring)
	third := again.Begin(true)
	if third.Spend("saml-x", until, now) || !again.View().Spent("saml-x", until) || again.View().Spent("saml-y", until) {
		t.Error("a restart forgot it")
	}
	count := func() (n int) {
		d.View().small.Ascend("spent/", func(key string, _ small) bool {
			if !strings.HasPrefix(key, "spent/") {
				return false
			}
			n++
			return true
		})
		return n
	}
	for i := range 80 {
		change(t, d, func(tx *Tx) { tx.Spend(fmt.Sprint("saml-", i), until.Add(time.Duration(i)*time.Second), now) })
	}
	if n := count(); n != 81 {
		t.Errorf("%d notes", n)
	}
	// While the clocks of two nodes may differ, notes stay; later they go, some with each.
	change(t, d, func(tx *Tx) { tx.Spend("saml-late", until.Add(20*time.Minute), until.Add(keepSpent)) })
	if n := count(); n != 82 {
		t.Errorf("%d notes", n)
	}
	for i := range 4 {
		change(t, d, func(tx *Tx) {
			tx.Spend(fmt.Sprint("saml-later", i), until.Add(time.Hour), until.Add(keepSpent+10*time.Minute))
		})
	}
	if n := count(); n != 5 {
		t.Errorf("%d notes are left", n)
	}
}
