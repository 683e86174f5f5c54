// Package policy is the IAM policy language: it parses a document, compiles it,
// and decides whether a set of policies allows a request, as AWS does. It can
// say why: the same evaluator fills a Trace when it is given one.
//
// Parse turns the text of a policy into a *Policy, which is compiled, immutable
// and safe for any number of goroutines. A Set holds the policies that apply to
// a request, by the layer they work on, and Evaluate makes of a Set and a
// Request a Decision of three values: Allow, ImplicitDeny, ExplicitDeny. It is a
// pure function of what it is given: the time, the caller's address and whatever
// else conditions may ask for come with the request.
//
// To embed it: Parse each document with the Kind of its place when it is stored,
// and show the SyntaxError to whoever wrote it; keep the *Policy. For a request,
// fill a Set with what applies to the caller and the resource, say who asks for
// what in a Request with the context keys that are known, and let through nothing
// but Allow. Result.Reason has AWS's words for a refusal, a Trace the whole story.
// The examples show each of these. Context keys are not derived from the Principal:
// what policies may ask for (aws:username, aws:PrincipalArn, aws:SourceIp,
// aws:CurrentTime, …) has to be given.
//
// The package knows no storage, and no service but for what the evaluation logic
// itself says about the actions of STS and about resource control policies. It
// leaves to its callers which policies apply to whom, the values of the condition
// keys (Context), whether an action has resource-level permissions (if not, ask
// about the resource "*"), which accounts control policies bind, and the
// aggregate quotas of inline policies (Size).
//
// Source: AWS IAM User Guide, "Policy reference" and "Policy evaluation logic".
package policy
