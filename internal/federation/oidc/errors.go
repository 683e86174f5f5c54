package oidc

import (
	"errors"
	"fmt"
	"time"
)

// What can be wrong with a token. Which of them a client is told, and in what
// words, is the caller's matter; what they wrap is for the log.
var (
	// ErrForm: it is no JSON Web Token of the form that is accepted.
	ErrForm = errors.New("oidc: not a JSON Web Token of the accepted form")
	// ErrKey: no key of the issuer verifies it. What exactly failed (the key id, the
	// algorithm, the signature) is not told apart: an attacker would learn from it.
	ErrKey = errors.New("oidc: no key of the issuer verifies the token")
	// ErrAudience: it was made for somebody else.
	ErrAudience = errors.New("oidc: the token is for another audience")
	// ErrClaims: a claim is missing or not acceptable.
	ErrClaims = errors.New("oidc: a claim is missing or not acceptable")
	// ErrUnreachable: the issuer's keys could not be fetched, or not yet again.
	ErrUnreachable = errors.New("oidc: the issuer's keys cannot be fetched")
	// ErrCertificate: the issuer's certificate is neither signed by a known
	// authority nor of a registered thumbprint. It is an ErrUnreachable too.
	ErrCertificate = fmt.Errorf("%w: its certificate is neither trusted nor registered", ErrUnreachable)
	// ErrIssuer: the URL cannot be an issuer's here.
	ErrIssuer = errors.New("oidc: the URL cannot be an issuer's")
)

// ErrExpired says that a token was good until a time that has passed.
type ErrExpired struct{ Now, At time.Time }

func (e ErrExpired) Error() string {
	return "oidc: the token expired at " + e.At.UTC().Format(time.RFC3339)
}
