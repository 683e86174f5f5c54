// Package oidcdiff holds package oidc against another reader of the same tokens,
// github.com/coreos/go-oidc: what we accept it accepts too, with the same claims,
// and where it accepts what we refuse, the difference is named here.
//
// It is a module of its own, so that go-oidc never becomes a dependency of a
// release. Run it here: go test ./...
package oidcdiff
