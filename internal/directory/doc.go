// Package directory owns the state of the service: accounts, users, roles,
// groups, managed policies, access keys, MFA devices, SAML providers, lockouts and
// revocations, as records of a store and as a view in memory that every read is
// served from.
//
// A View is an immutable snapshot. One goroutine follows the store's changes,
// applies them to persistent trees (a write costs O(log n)) and publishes a new
// View after each, so readers take no lock, never wait for the store, and go on
// when it is down. A Tx is a change in the making: it reads from one View,
// remembers what it has read and what it puts, and Commit makes that a single
// conditional commit of the store, which fails when any of it has changed
// meanwhile. The caller then decides again on a newer View.
//
// Every record is sealed with its key in the store and the version of its form as
// associated data, so that an engine, a backup or a disk can neither read nor
// alter nor swap records unnoticed. Records are JSON; fields that this version
// does not know are kept when a record is rewritten.
//
//	account/<id>                     Account
//	alias/<alias>                    whose alias it is
//	a/<account>/user/<lower name>    User
//	a/<account>/role/<lower name>    Role
//	a/<account>/group/<lower name>   Group
//	a/<account>/policy/<lower name>  Policy with its versions
//	a/<account>/guard/<kind>/<id>    last time something was attached to or joined it
//	key/<access key id>              AccessKey with its secret
//	lock/<user id>                   Lockout
//	mfa/<account>/<lower path, name> Device, virtual
//	mfa/<lower serial>               Device, a hardware token
//	oidc/<account>/<lower URL>       OIDCProvider
//	revoked/<subject>                Revocation of the sessions of a role, user or session name
//	saml/<account>/<lower name>      SAMLProvider
//	spent/<seconds>/<name>           what was used and is not accepted again, until when it would be anyway
//	issuer/<uuid>                    TokenIssuer with its signing keys
//	delegation/<uuid>                Delegation: a request for access, with its token once released
//	workflow/<account>/<hash>        which Delegation has a requestor's name
//	used/<id>                        when, where and for what a key, user or role was last used
//	outbox/<id>                      audit line that waits to be written
//	meta/schema, meta/canary, meta/bootstrap
//
// Names are unique without regard to case, which the keys see to. What refers to
// a user, role or group does so by unique id, so that a namesake made later
// inherits nothing; trust policies too are bound to ids when they are saved
// (BindTrust).
//
// The package decides nothing about permissions (authz), holds no limit and no
// error text of the API (iam), and knows no engine (kv). It leaves the policies
// that AWS manages to awsdata: here they are only ARNs that things are attached to.
package directory
