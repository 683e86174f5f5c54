// Package samldiff holds our verification of SAML responses beside gosaml2's, in a
// module of its own so that nobody who builds Deputy needs that library. It owns
// the comparison and the table of what the two disagree about, and why; what a
// response means is package saml's.
package samldiff
