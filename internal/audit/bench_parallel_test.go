//go:build unix

package audit

import (
	"context"
	"crypto/sha256"
	"fmt"
	"path/filepath"
	"sync"
	"syscall"
	"testing"
	"time"
)

// BenchmarkAppenders measures Append by the number of goroutines that call it,
// as fast as they can or with a request's work (the hash of 64 KiB, tens of µs) between calls.
func BenchmarkAppenders(b *testing.B) {
	line := sample("").AppendJSON(nil)
	for _, work := range [][]byte{nil, make([]byte, 64<<10)} {
		for _, c := range []Class{Issue, Read} {
			for _, n := range []int{1, 8, 64} {
				b.Run(fmt.Sprintf("class%d/work%d/callers%d", c, len(work), n), func(b *testing.B) {
					benchAppenders(b, line, c, n, work)
				})
			}
		}
	}
}

func benchAppenders(b *testing.B, line []byte, c Class, n int, work []byte) {
	w, err := Open(filepath.Join(b.TempDir(), "audit.jsonl"), Options{})
	if err != nil {
		b.Fatal(err)
	}
	defer w.Close()
	b.ReportAllocs()
	before := cpuTime()
	b.ResetTimer()
	var done sync.WaitGroup
	for g := range n {
		done.Go(func() {
			for range (b.N + n - 1 - g) / n {
				sha256.Sum256(work)
				if err := w.Append(context.Background(), line, c); err != nil {
					b.Error(err)
				}
			}
		})
	}
	done.Wait()
	b.StopTimer()
	b.ReportMetric(float64(cpuTime()-before)/float64(b.N), "cpu-ns/op")
}

// cpuTime is what this process has used of the processors.
func cpuTime() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
