// Package oidc verifies the tokens of foreign OpenID Connect issuers: given a
// JSON Web Token and the provider that an account has registered for its issuer,
// it says what the issuer vouches for, or why it cannot.
//
// It owns the whole way of a token: its form (compact, three parts, bounded,
// strict JSON, only RS256 to ES512, no keys from the token itself), the issuer's
// keys (discovery and key set, fetched over TLS from public addresses only,
// bounded in size, number and time, cached, at most one fetch in 30 seconds, and
// used for a while when the issuer is down), the claims (issuer, audience and
// authorized party, times), and which of them become condition keys, session tags
// and source identity.
//
// It knows nothing of accounts, roles and the service's errors: which provider a
// token may be measured against is sts's to find in the directory, and what a
// failure is called on the wire is sts's too. Nothing here is kept in the store:
// another node fetches for itself.
package oidc
