// Package lint finds what is wrong, useless or dangerous in a policy document,
// with its place and what to write instead. AWS refuses a part of it when the
// document is saved; most of the rest it takes, and the policy then does another
// thing than its author meant.
//
// It owns the rules: their ids (which stay, for people suppress by them), their
// severities and texts. The language is package policy's, of which lint uses the
// reader and the evaluator and never a copy; what actions, resources and condition
// keys there are is awsdata's. How findings are printed is its callers' matter.
//
// A finding never depends on anything but the document, its kind, and the accounts
// that the caller calls its own. No rule knows who has the policy.
package lint
