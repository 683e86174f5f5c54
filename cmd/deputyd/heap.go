package main

import (
	"context"
	"os"
	"runtime/debug"
	"runtime/metrics"
	"time"
)

const (
	// heapFloor is how far the heap may grow before it is collected, however
	// little of it is in use: a server with a small state would else collect after
	// every few thousand requests, which costs it a tenth of its processor time.
	heapFloor = 32 << 20
	heapLook  = 5 * time.Second
)

// keepHeap keeps the collector's target at heapFloor, or at twice what is in use
// (Go's default) where that is more, until the context ends. Whoever sets GOGC has
// chosen.
func keepHeap(ctx context.Context) {
	if os.Getenv("GOGC") != "" {
		return
	}
	tick := time.NewTicker(heapLook)
	defer tick.Stop()
	for now := 0; ; {
		if percent := heapPercent(heapInUse()); percent != now {
			debug.SetGCPercent(percent)
			now = percent
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
	}
}

// heapInUse is what the last collection left, or, before the first, all there is.
func heapInUse() uint64 {
	sample := []metrics.Sample{{Name: "/gc/heap/live:bytes"}, {Name: "/memory/classes/heap/objects:bytes"}}
	metrics.Read(sample)
	if live := sample[0].Value.Uint64(); live > 0 {
		return live
	}
	return sample[1].Value.Uint64()
}

// heapPercent is the growth, in percent of the bytes in use, that reaches the
// floor; between Go's default and 8 times. Rounded, so that it rarely changes.
func heapPercent(inUse uint64) int {
	grow := heapFloor / max(inUse, 1<<20) * 100
	return int(min(max(grow, 100), 800))
}
