// Package simulate holds `deputy policy decide` against another public evaluator
// of the IAM policy language, @cloud-copilot/iam-simulate, on the sample cases of
// testdata/policy-cases and on cases made here at random.
//
// It owns the making of cases and the table of known disagreements (classes.go),
// each with its reason and a predicate as narrow as can be: a disagreement that no
// class explains fails the test, and so does a class that explains nothing any
// more. Both evaluators run as processes; neither is linked. What is right is for
// package policy and its sources to say: here the two only have to agree, or to
// differ in a way that is understood.
package simulate
