package authn

import (
	"hash/maphash"
	"sync/atomic"

	"github.com/deputy-sts/deputy/internal/directory"
)

// owners keeps the principals of long-term keys that called lately: each is the
// same for every request until the record of its user changes. It is a table of
// single places, so that it neither grows nor locks; keys that share a place take
// turns.
type owners struct {
	seed   maphash.Seed
	places [1024]atomic.Pointer[directory.Principal]
}

func (o *owners) place(id string) *atomic.Pointer[directory.Principal] {
	return &o.places[maphash.String(o.seed, id)%uint64(len(o.places))]
}

// of gives the principal of the key that belongs to the user, or nil. Records
// never change: the same user record makes the same principal.
func (o *owners) of(u *directory.User, k *directory.AccessKey) *directory.Principal {
	p := o.place(k.ID).Load()
	if p == nil || p.User != u || p.AccessKeyID != k.ID || u.Account != k.Account {
		return nil
	}
	return p
}

func (o *owners) keep(p *directory.Principal) {
	if p.User != nil {
		o.place(p.AccessKeyID).Store(p)
	}
}
