package sts

import (
	"os"
	"slices"
	"testing"
	"time"
)

// TestEqualTime measures the refusals that must not be told apart, in turns, so
// that whatever else the machine does falls on all of them: their medians lie
// close together. It measures time, so it runs only when asked to, on a quiet machine.
func TestEqualTime(t *testing.T) {
	if os.Getenv("DEPUTY_LONG") == "" {
		t.Skip("DEPUTY_LONG=1 runs it")
	}
	const tolerance = 0.2
	var least, most time.Duration
	for range 5 {
		medians := refusals(t, 400)
		least, most = slices.Min(medians), slices.Max(medians)
		if float64(most-least) < tolerance*float64(least) {
			return
		}
		t.Logf("medians %v", medians)
	}
	t.Errorf("the medians of refusals lie between %v and %v", least, most)
}

func refusals(t *testing.T, rounds int) []time.Duration {
	s := newStack(t)
	able := s.user(accountA, "able", statement("Allow", "sts:AssumeRole", "*"))
	unable := s.user(accountA, "idle", statement("Allow", "s3:GetObject", "*"))
	s.role(accountB, "trusting1", trusts(accountA))
	s.role(accountB, "distrusts", trusts(accountB))
	cases := []struct {
		c    credentials
		role string
	}{{able, "distrusts"}, {able, "not-there"}, {unable, "trusting1"}, {unable, "not-there"}}
	times := make([][]time.Duration, len(cases))
	for range rounds {
		for i, x := range cases {
			start := time.Now()
			_, a := s.assume(x.c, roleARN(accountB, x.role), "")
			times[i] = append(times[i], time.Since(start))
			if a.Status != 403 {
				t.Fatal(a)
			}
		}
	}
	medians := make([]time.Duration, len(cases))
	for i := range times {
		slices.Sort(times[i])
		medians[i] = times[i][rounds/2]
	}
	return medians
}
