// Package awsdata owns what AWS publishes of itself and Deputy needs as facts:
// the policies that AWS manages, the actions, resources and condition keys of
// its services, the regions, and the service-linked roles. The files under
// data are embedded as they come, compressed, and are read when first asked
// for: a program that asks nothing pays nothing, at start and in memory.
//
// It only answers questions. What follows from an answer is its neighbours'
// matter: authz asks which actions can name a resource, iam serves the managed
// policies in every account, the checks of policies use the condition keys.
//
// The data is part of the program: a file that cannot be read is a broken
// build, and panics.
package awsdata
