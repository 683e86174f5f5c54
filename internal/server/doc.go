// Package server puts the rooms together: it is the only place that wires the
// store, the directory, authentication, authorization and the services into
// one HTTP handler, and it owns what stands before them: the bounds on bytes
// and time, the request id, the caller's address, and the order in which a
// request is read, authenticated, decided and answered.
//
// It leaves the protocol to query, signatures to sigv4 and authn, decisions to
// authz, and what an operation does to sts and iam. Which engine holds the
// state is its caller's choice.
package server
