// Package stsapi holds the wire types of STS: inputs, outputs, structures, their
// limits, the error codes and the table of operations, generated from the model
// facts so that no hand ever copies them wrong. It knows what may be said, not
// what it means: reading and writing is query's, doing is sts's.
package stsapi
