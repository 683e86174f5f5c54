package server

import "sync/atomic"

// budget bounds the memory that the bodies of all requests together may hold.
// A body that fits into its request's own buffer (ownBody) costs nothing of
// it. There are two bounds on one count: large bodies stop at the first, so
// that who sends those cannot take the place that small ones, which nearly all
// requests are, have between the two.
type budget struct {
	used         atomic.Int64
	large, small int64 // bytes; the bounds on used
}

// take asks for more bytes for a body whose buffer then has total, and says
// whether there is room; what it took has to be given back.
func (b *budget) take(more, total int64) bool {
	bound := b.small
	if total > smallBody {
		bound = b.large
	}
	if b.used.Add(more) > bound {
		b.used.Add(-more)
		return false
	}
	return true
}

func (b *budget) giveBack(n int64) { b.used.Add(-n) }
