// Package admin owns what operators do to a deputyd: see how it is, give an
// account's root user a key, end a lockout, import hardware tokens, revoke
// sessions. The same code runs in two places: in the server, reached over
// DIR/admin.sock (mode 0600, the same uid), and in the command itself when no
// server runs.
//
// It leaves the records to directory, and to authz how a change is committed with
// its audit line. What an administrator of an account may
// do by the API is iam's; nothing here is reachable over the network.
package admin
