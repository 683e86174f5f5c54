package directory

import (
	"crypto"
	"crypto/x509"
	"fmt"
	"slices"
	"sync"
	"time"
)

// TokenIssuer is an account as an OpenID issuer of web identity tokens: its name
// in the issuer's URL, and the keys that the tokens are signed with. It stays
// when the account switches its tokens off, so that those that live can be
// verified and the URL is the same when they are switched on again.
type TokenIssuer struct {
	ID      string        `json:"id"` // a random UUID, the last part of the issuer's URL
	Account string        `json:"account"`
	Enabled bool          `json:"enabled,omitempty"`
	Created time.Time     `json:"created,omitzero"`
	Keys    []*SigningKey `json:"keys"` // the newest last
	meta
}

// SigningKey is a key pair of a TokenIssuer. It does not change once it is stored.
type SigningKey struct {
	ID        string    `json:"id"`        // kid of the tokens
	Algorithm string    `json:"algorithm"` // RS256 or ES384
	Created   time.Time `json:"created"`   // published from then on
	From      time.Time `json:"from"`      // signs from then on, until a newer one does
	Private   []byte    `json:"private"`   // PKCS #8, DER

	extra  extra
	once   sync.Once
	signer crypto.Signer
	err    error
}

// Signer is the key pair ready for use. The first call parses it.
func (k *SigningKey) Signer() (crypto.Signer, error) {
	k.once.Do(func() {
		parsed, err := x509.ParsePKCS8PrivateKey(k.Private)
		if err != nil {
			k.err = fmt.Errorf("directory: signing key %s: %w", k.ID, err)
			return
		}
		signer, ok := parsed.(crypto.Signer)
		if !ok {
			k.err = fmt.Errorf("directory: signing key %s does not sign", k.ID)
			return
		}
		k.signer = signer
	})
	return k.signer, k.err
}

// GoString names the key without its private half.
func (k *SigningKey) GoString() string { return "SigningKey " + k.ID }

// String is GoString: no verb may show the private half.
func (k *SigningKey) String() string { return k.GoString() }

// Clone gives a copy to change and put. The keys in it are shared.
func (i *TokenIssuer) Clone() *TokenIssuer {
	c := *i
	c.Keys = slices.Clone(i.Keys)
	return &c
}

func (i *TokenIssuer) key() string { return issuerKey(i.ID) }

func issuerKey(id string) string { return "issuer/" + id }

// plainSigningKey is what of a SigningKey is stored; its own type has a lock.
type plainSigningKey struct {
	ID        string    `json:"id"`
	Algorithm string    `json:"algorithm"`
	Created   time.Time `json:"created"`
	From      time.Time `json:"from"`
	Private   []byte    `json:"private"`
}

// MarshalJSON writes unknown members back.
func (k *SigningKey) MarshalJSON() ([]byte, error) {
	return encode(&plainSigningKey{k.ID, k.Algorithm, k.Created, k.From, k.Private}, k.extra)
}

// UnmarshalJSON keeps unknown members.
func (k *SigningKey) UnmarshalJSON(b []byte) (err error) {
	var p plainSigningKey
	k.extra, err = decode(b, &p)
	k.ID, k.Algorithm, k.Created, k.From, k.Private = p.ID, p.Algorithm, p.Created, p.From, p.Private
	return err
}

// TokenIssuer finds an issuer by the UUID in its URL.
func (v *View) TokenIssuer(id string) *TokenIssuer { i, _ := v.issuers.Get(id); return i }

// TokenIssuerOf finds the issuer that an account is; nil if its tokens were never
// switched on.
func (v *View) TokenIssuerOf(account string) *TokenIssuer {
	a := v.Account(account)
	if a == nil || a.Issuer == "" {
		return nil
	}
	return v.TokenIssuer(a.Issuer)
}

// TokenIssuers gives all issuers in the order of their ids.
func (v *View) TokenIssuers() []*TokenIssuer { return v.issuers.Values() }

// TokenIssuer is View.TokenIssuer.
func (t *Tx) TokenIssuer(id string) *TokenIssuer {
	i := t.view.TokenIssuer(id)
	if t.plain() {
		return i
	}
	return lookup(t, issuerKey(id), i)
}

// TokenIssuerOf is View.TokenIssuerOf.
func (t *Tx) TokenIssuerOf(account string) *TokenIssuer {
	a := t.Account(account)
	if a == nil || a.Issuer == "" {
		return nil
	}
	return t.TokenIssuer(a.Issuer)
}

// PutTokenIssuer writes an issuer. A new one becomes that of its account, which
// has none before.
func (t *Tx) PutTokenIssuer(old, now *TokenIssuer) {
	putPlain(t, old, now)
	if old != nil {
		return
	}
	a := t.Account(now.Account)
	if a == nil || a.Issuer != "" {
		t.fail("the account %q is gone, or an issuer already", now.Account)
		return
	}
	n := a.Clone()
	n.Issuer = now.ID
	t.PutAccount(a, n)
}
