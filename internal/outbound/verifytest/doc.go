// Package verifytest has a stock OpenID library verify the tokens of package
// outbound. It owns no behaviour: it is a module of its own so that no library
// that only tests need is linked into a release.
package verifytest
