package iam

import (
	"time"

	"github.com/deputy-sts/deputy/internal/authz"
)

// Options are what the actions need beside the Call.
type Options struct {
	// Seal and Open protect the markers of paged lists; they are the methods of
	// the deployment's key ring. Register panics without them.
	Seal func(purpose string, aad, plaintext []byte) []byte
	Open func(purpose string, aad, sealed []byte) ([]byte, error)
	// LastUsed tells when, for which service and in which region an access key or
	// a role (by its id) was last used; a zero time means never. Nil is always never.
	LastUsed func(id string) (at time.Time, service, region string)
	// CheckIssuer refuses a URL that no OpenID Connect provider may have here. Nil
	// refuses any.
	CheckIssuer func(url string) error
	// IssuerURL gives the URL of the OpenID issuer of that id, of "" one for all;
	// "" while the service does not know its own address. Nil never does.
	IssuerURL func(id string) string
}

// service holds the handlers.
type service struct{ Options }

func newService(o Options) *service {
	if o.Seal == nil || o.Open == nil {
		panic("iam: Options need Seal and Open")
	}
	if o.LastUsed == nil {
		o.LastUsed = func(string) (time.Time, string, string) { return time.Time{}, "", "" }
	}
	if o.IssuerURL == nil {
		o.IssuerURL = func(string) string { return "" }
	}
	return &service{o}
}

// now is the time of the request as records hold it: IAM's times have whole seconds.
func now(c *authz.Call) time.Time { return c.Time.UTC().Truncate(time.Second) }

// or gives what p points to, or what an absent parameter means.
func or[T any](p *T, absent T) T {
	if p == nil {
		return absent
	}
	return *p
}

// given is s as an optional element of an answer.
func given(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

// done is the answer without content.
func done[O any](err error) (*O, error) {
	if err != nil {
		return nil, err
	}
	return new(O), nil
}
