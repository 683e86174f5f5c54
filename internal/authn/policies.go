package authn

import (
	"hash/maphash"
	"sync"
	"sync/atomic"

	"github.com/deputy-sts/deputy/policy"
)

// policies keeps the inline session policies of recent sessions compiled. What a
// text compiles to depends on the text alone, which is also the whole key, so
// sessions of different accounts may share it. It is bounded: a slot keeps the
// last text that fell into it.
type policies struct {
	once  sync.Once
	seed  maphash.Seed
	slots [512]atomic.Pointer[compiled]
}

type compiled struct {
	text   string
	policy *policy.Policy // nil: it does not compile, and authz denies
}

func (s *policies) compiled(text string) *policy.Policy {
	s.once.Do(func() { s.seed = maphash.MakeSeed() })
	slot := &s.slots[maphash.String(s.seed, text)%uint64(len(s.slots))]
	if c := slot.Load(); c != nil && c.text == text {
		return c.policy
	}
	p, err := policy.Parse(text, policy.Any)
	if err != nil {
		p = nil
	}
	slot.Store(&compiled{text, p})
	return p
}
