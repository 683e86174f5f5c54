// Package authz is the one place where a request is decided, recorded, and
// refused. A handler is handed a Call, loads what it is about, and asks the Call
// whether the caller may; Handle, which every action is registered with, sees to
// it that no answer leaves without the question, that a change and its audit
// record are one commit, and that denials and errors are recorded too.
//
// The package owns: which credentials may call which action at all; which
// policies apply to a caller (Gather); the values of the condition keys, built
// from typed fields and never from a header; AWS's words for a refusal; the audit
// line of a call. It leaves the language of policies to policy, the records to
// directory, the file to audit, and what an action means to iam and sts.
//
// Everything fails closed: a policy that is missing or does not compile denies,
// an answer given without asking is an InternalFailure.
package authz
