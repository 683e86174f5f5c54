// Package session owns temporary credentials: what a session is (Claims), how
// it becomes an access key, a secret and a token (Issuer.Issue) and how the
// token becomes the session again (Issuer.Open); and, because the directory
// gives out the same forms, access key ids, secrets and unique ids.
//
// Nothing is stored. The token holds the whole session, the secret included,
// sealed by package seal and bound to the access key id; therefore every server
// with the root key can serve it, and a lost server loses no session. The
// secret is random: nothing that a token shows says anything about it.
//
// Issue is the only way to temporary credentials. Whether somebody may have
// them, for how long and with which policies is decided above (sts); whether
// a session has expired or was revoked, and what its principal may do, is
// decided when it is used (authn, authz).
package session
