package directory

import (
	"maps"
	"sync/atomic"

	"github.com/deputy-sts/deputy/policy"
)

// Inline is the text of a policy: an inline policy of a user, role or group, a
// version of a managed policy, or a role's trust policy. It does not change once
// it is stored, so that what was compiled from it stays right.
type Inline struct {
	Name string `json:"name,omitempty"`
	Text string `json:"text"` // as submitted
	// Principals says, in a trust policy, which unique id each ARN of a user or
	// role meant when the policy was saved. A namesake made later has another.
	Principals map[string]string `json:"principals,omitempty"`

	extra    extra
	compiled atomic.Pointer[policy.Policy]
}

// unparsable stands for a text that does not parse.
var unparsable = new(policy.Policy)

// Policy is the text compiled, with the principals of a trust policy replaced by
// the unique ids they were bound to. The first call compiles. It is nil when the
// text does not parse: whoever asks must then deny.
func (i *Inline) Policy() *policy.Policy {
	p := i.compiled.Load()
	if p == nil {
		p = i.compile()
		i.compiled.Store(p)
	}
	if p == unparsable {
		return nil
	}
	return p
}

func (i *Inline) compile() *policy.Policy {
	p, err := policy.Parse(i.Text, policy.Any)
	if err != nil {
		return unparsable
	}
	if len(i.Principals) == 0 {
		return p
	}
	return p.MapPrincipals(func(_, value string) string {
		if id, bound := i.Principals[value]; bound {
			return id
		}
		return value
	})
}

// same tells whether two are equal in all that is stored.
func (i *Inline) same(o *Inline) bool {
	return i != nil && o != nil && i.Name == o.Name && i.Text == o.Text &&
		maps.Equal(i.Principals, o.Principals) && len(i.extra) == 0 && len(o.extra) == 0
}
