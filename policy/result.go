package policy

// Decision is the outcome of an evaluation. The zero value denies.
type Decision uint8

const (
	ImplicitDeny Decision = iota // nothing allows it
	Allow                        // allowed, and nothing denies it
	ExplicitDeny                 // a Deny statement matches
)

// String gives the word: ImplicitDeny, Allow or ExplicitDeny.
func (d Decision) String() string {
	switch d {
	case Allow:
		return "Allow"
	case ExplicitDeny:
		return "ExplicitDeny"
	}
	return "ImplicitDeny"
}

// MarshalText gives the word of String.
func (d Decision) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// Layer is the kind of policies that decided: for a denial those that deny or
// those in which an Allow is missing, for an Allow those that gave it.
type Layer uint8

const (
	LayerNone     Layer = iota // no policy was asked, as for sts:GetCallerIdentity
	LayerIdentity              // the caller's own policies, its groups' included
	LayerResource              // the policy of the resource
	LayerBoundary              // the permissions boundary
	LayerSession               // the session policies
	LayerSCP                   // service control policies
	LayerRCP                   // resource control policies
	LayerTrust                 // the resource policy of a role
)

// String names the layer in one lower-case word.
func (l Layer) String() string {
	return [...]string{"none", "identity", "resource", "boundary", "session", "scp", "rcp", "trust"}[l%8]
}

// MarshalText gives the word of String.
func (l Layer) MarshalText() ([]byte, error) { return []byte(l.String()), nil }

// Result is what Evaluate returns.
type Result struct {
	Decision  Decision
	Layer     Layer   // the layer that decided
	Policy    *Policy // with ExplicitDeny the policy that holds the statement, else nil
	Statement int     // with ExplicitDeny the statement's index in Policy, else -1
}

// Reason is the end of AWS's AccessDenied message, from "because" or "with" on;
// action is written as the request has it ("iam:CreateUser"). An Allow gives "".
//
// Source: IAM User Guide, troubleshoot_access-denied.
func (r Result) Reason(action string) string {
	w := layerWords[r.Layer%8]
	switch {
	case r.Decision == Allow || w.no == "":
		return ""
	case r.Decision == ExplicitDeny:
		return "with an explicit deny in " + w.in
	}
	return "because no " + w.no + " allows the " + action + " action"
}

// layerWords are the names of the layers as AWS's messages have them.
var layerWords = [8]struct{ no, in string }{
	LayerIdentity: {"identity-based policy", "an identity-based policy"},
	LayerResource: {"resource-based policy", "a resource-based policy"},
	LayerBoundary: {"permissions boundary", "a permissions boundary"},
	LayerSession:  {"session policy", "a session policy"},
	LayerSCP:      {"service control policy", "a service control policy"},
	LayerRCP:      {"resource control policy", "a resource control policy"},
	LayerTrust:    {"role trust policy", "the role trust policy"},
}
