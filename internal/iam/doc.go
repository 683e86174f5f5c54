// Package iam owns the actions of the IAM API (version 2010-05-08): what each
// means, its limits, its errors in AWS's words, its order and its pages. There is
// a file for each resource; actions.go is the table.
//
// A handler loads the entity, asks the Call whether the caller may do that to it
// as it is (its ARN, its tags, its boundary), checks what is left to check, puts
// the change into the Call's Tx, and answers. An entity that does not exist is
// asked about by the ARN that its name would have, so that who may not know
// learns nothing. What users, roles and groups have in common (policies inside
// them and attached to them, boundaries, tags) is written once, over subject.
//
// The package knows no store, no audit and no HTTP: those belong to authz and to
// the server. It leaves the form of requests and answers to iamapi and query, the
// records and the ids in trust policies to directory, the policy language to
// policy, and the policies that AWS manages to awsdata.
package iam
