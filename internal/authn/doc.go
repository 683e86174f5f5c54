// Package authn turns a signed request into a Principal: it finds the secret that
// the request must be signed with, in the directory for a long-term access key,
// in the session token for a temporary one, and has sigv4 verify it.
//
// It owns the order in which a token fails (whose key, expired, issuer gone) and
// AWS's texts for it. It leaves the signature to sigv4, what a token holds to
// session, and what the principal may do to authz.
package authn
