package policy

// Kind says what a document is for: which grammar, limits and error texts apply.
type Kind uint8

const (
	// Any takes what any of the kinds below takes, for decisions only: no limit of
	// size, most elements are optional, and names may have any form. It is also for
	// the policies that AWS manages, some of which exceed the limit of Managed.
	Any      Kind = iota
	Managed       // customer managed policy: 6,144 characters, white space not counted; version 2012-10-17
	Inline        // inline policy of a user, group or role; the aggregate quota is the caller's (Size)
	Trust         // trust policy of a role: names principals, has no Resource
	Resource      // policy of another resource: names principals
	Session       // session policy: 2,048 characters; the caller adds the ARNs passed beside it
	SCP           // service control policy: 5,120 characters
	RCP           // resource control policy: 5,120 characters; only Deny, only Principal "*"
)

// Limit is the largest size that Parse takes, as Size measures it, or 0 for no
// limit. For Inline, Trust and Resource it is the most that any quota can be
// raised to; the quota itself (2,048 for the policies of a user and for trust
// policies) is the caller's to hold against Size.
func (k Kind) Limit() int {
	switch k {
	case Managed:
		return 6144
	case Inline:
		return 10240
	case Trust:
		return 8192
	case Resource:
		return 20480
	case Session:
		return 2048
	case SCP, RCP:
		return 5120
	}
	return 0
}

// Size counts the characters of a document as the quotas of the kind do: for
// policies of IAM without the white space between JSON elements, for Session,
// SCP and RCP with it.
//
// Source: IAM User Guide, reference_iam-quotas; Organizations User Guide,
// orgs_reference_limits; AssumeRole in the STS API reference.
func Size(text string, kind Kind) int {
	whole := kind == Session || kind == SCP || kind == RCP
	n, quoted, escaped := 0, false, false
	for _, c := range text {
		switch {
		case escaped:
			escaped = false
		case quoted && c == '\\':
			escaped = true
		case c == '"':
			quoted = !quoted
		case !quoted && !whole && (c == ' ' || c == '\t' || c == '\n' || c == '\r'):
			continue
		}
		n++
	}
	return n
}
