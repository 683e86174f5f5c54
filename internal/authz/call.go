package authz

import (
	"net/netip"
	"time"

	"github.com/deputy-sts/deputy/internal/directory"
	"github.com/deputy-sts/deputy/policy"
)

// Request is what the server knows of a request before it is decoded.
type Request struct {
	// Principal is who signed; nil for the actions that take no signature.
	Principal *directory.Principal
	// AccessKeyID is what the request claims. It is recorded when authentication fails.
	AccessKeyID string
	RequestID   string
	Service     string // sts, iam
	Action      string // CreateUser
	Region      string // of the credential scope
	UserAgent   string
	Referer     string
	Host        string
	SourceIP    netip.Addr // from the connection, or from a trusted proxy
	TLS         bool
	TLSVersion  string    // TLSv1.3; empty without TLS
	Cipher      string    // TLS_AES_128_GCM_SHA256; empty without TLS
	Time        time.Time // of arrival; the zero value is now
}

// Call is one request on its way through a handler. It belongs to one goroutine
// and ends with Release. It is the policy.Context of its own decisions: a
// condition key is computed when a policy asks for it.
type Call struct {
	Request
	// Tx is what handlers read from and write to. Handle begins it anew for each
	// try of a change.
	Tx directory.Tx

	gate   *Gate
	action string // service:Action; Handle sets it
	asked  bool   // decided, or exempt
	rule   bool   // the rule of credential kinds was applied
	done   bool   // an audit line was written
	coded  bool   // a one-time code came with it and was right

	gathered bool // set, asker and broken are those of Tx
	set      policy.Set
	broken   policy.Layer // a policy of this layer is missing or does not compile
	asker    policy.Principal
	bearer   *Bearer        // who asks in the principal's place
	question policy.Request // of the decision that runs
	resource Resource
	memo     []memo
	slab     []string
	torn     bool // the decision asked for a tag that is there twice, by the case of its key

	note note
}

// NewCall begins a Call.
func (g *Gate) NewCall(r Request) *Call {
	c := g.calls.Get().(*Call)
	c.Request, c.gate = r, g
	if c.Time.IsZero() {
		c.Time = g.now()
	}
	return c
}

// Release gives the Call back. Neither it nor anything in it may be used afterwards.
func (c *Call) Release() {
	g := c.gate
	memo, slab := empty(c.memo), empty(c.slab)
	identity, session := empty(c.set.Identity), empty(c.set.Session)
	*c = Call{memo: memo, slab: slab}
	c.set.Identity, c.set.Session = identity, session
	g.calls.Put(c)
}

// View is the snapshot that the call is decided on.
func (c *Call) View() *directory.View { return c.Tx.View() }

// Account is the caller's account, 12 digits; that of the role for the bearer of
// an assertion; empty for an unsigned call.
func (c *Call) Account() string {
	switch {
	case c.Principal != nil:
		return c.Principal.Account
	case c.bearer != nil:
		return c.bearer.Account
	}
	return ""
}

// Exempt says that the action asks for no permission, and why; without a reason
// it does not count.
func (c *Call) Exempt(reason string) { c.asked = c.asked || reason != "" }

// empty keeps the space of s and lets go of what is in it.
func empty[T any](s []T) []T {
	clear(s[:cap(s)])
	return s[:0]
}
