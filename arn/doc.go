// Package arn parses, prints and matches Amazon Resource Names.
//
// It owns three things that every other room would otherwise write again, each
// slightly differently: the split of a name into its six components, the
// wildcard matcher of the policy language, and the list of partitions that
// exist. It knows no service: what stands in the resource part means something
// only to the package that made it.
//
// Nothing here allocates, except Parse of a malformed name (the error) and
// String.
package arn
