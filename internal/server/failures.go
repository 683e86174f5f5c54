package server

import (
	"hash/maphash"
	"net/netip"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

const (
	failureShards   = 64
	failuresAtMost  = 2048 // addresses remembered per shard
	failureForgiven = time.Minute
)

// failures bounds how often an address is told why its authentication failed.
// The table is bounded: a full shard forgets those who have been quiet, and
// when none has, starts anew, so that a flood costs memory no more than this.
type failures struct {
	limit rate.Limit
	burst int
	seed  maphash.Seed
	shard [failureShards]struct {
		sync.Mutex
		seen map[netip.Addr]*failing
	}
}

type failing struct {
	limiter *rate.Limiter
	last    time.Time
}

func newFailures(perSecond float64, burst int) *failures {
	return &failures{limit: rate.Limit(perSecond), burst: burst, seed: maphash.MakeSeed()}
}

// spent says whether the address has used its bound up. It counts nothing.
func (f *failures) spent(addr netip.Addr, now time.Time) bool {
	if addr.IsLoopback() {
		return false
	}
	addr = network(addr)
	s := &f.shard[maphash.Comparable(f.seed, addr)%failureShards]
	s.Lock()
	defer s.Unlock()
	e := s.seen[addr]
	return e != nil && e.limiter.TokensAt(now) < 1
}

// allow counts one failure of the address and says whether it is within the bound.
func (f *failures) allow(addr netip.Addr, now time.Time) bool {
	if addr.IsLoopback() {
		return true
	}
	addr = network(addr)
	s := &f.shard[maphash.Comparable(f.seed, addr)%failureShards]
	s.Lock()
	defer s.Unlock()
	e := s.seen[addr]
	if e == nil {
		s.seen = makeRoom(s.seen, now)
		e = &failing{limiter: rate.NewLimiter(f.limit, f.burst)}
		s.seen[addr] = e
	}
	e.last = now
	return e.limiter.AllowN(now, 1)
}

func makeRoom(seen map[netip.Addr]*failing, now time.Time) map[netip.Addr]*failing {
	if len(seen) < failuresAtMost && seen != nil {
		return seen
	}
	for addr, e := range seen {
		if now.Sub(e.last) > failureForgiven {
			delete(seen, addr)
		}
	}
	if seen == nil || len(seen) >= failuresAtMost {
		return make(map[netip.Addr]*failing)
	}
	return seen
}
