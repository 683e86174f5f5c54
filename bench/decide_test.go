package bench

import "testing"

// TestDecisions holds every engine to every decision of the sets: a figure of an
// evaluator that is wrong says nothing.
func TestDecisions(t *testing.T) {
	for _, name := range setNames {
		s := mustRead(t, name)
		for _, e := range engines {
			d, err := e.make(&s)
			if err != nil {
				t.Fatalf("%s/%s: %v", name, e.name, err)
			}
			for i, r := range s.Requests {
				if got := d(i); got != r.Allow {
					t.Errorf("%s/%s: %s is allowed: %v", name, e.name, r.Name, got)
				}
			}
		}
	}
}

// TestSetsTell makes sure that the sets hold what they are there for: each has
// something to allow and something to refuse.
func TestSetsTell(t *testing.T) {
	for _, name := range setNames {
		s := mustRead(t, name)
		seen := map[bool]bool{}
		for _, r := range s.Requests {
			seen[r.Allow] = true
		}
		if len(seen) != 2 {
			t.Errorf("%s: all requests are answered alike", name)
		}
	}
}

// TestNoAllocation: without a trace package policy allocates nothing.
func TestNoAllocation(t *testing.T) {
	for _, name := range setNames {
		s := mustRead(t, name)
		d, err := decideDeputy(&s)
		if err != nil {
			t.Fatal(err)
		}
		for i, r := range s.Requests {
			if n := testing.AllocsPerRun(100, func() { d(i) }); n != 0 {
				t.Errorf("%s/%s: %v allocations", name, r.Name, n)
			}
		}
	}
}

// BenchmarkDecide takes the requests of a set in turn. The sets are outside of
// the engines, so that those stand side by side in time.
func BenchmarkDecide(b *testing.B) {
	for _, name := range setNames {
		s := mustRead(b, name)
		for _, e := range engines {
			d, err := e.make(&s)
			if err != nil {
				b.Fatal(err)
			}
			b.Run(e.name+"/"+name, func(b *testing.B) {
				b.ReportAllocs()
				for i := 0; b.Loop(); i++ {
					d(i % len(s.Requests))
				}
			})
		}
	}
}

func mustRead(t testing.TB, name string) Set {
	t.Helper()
	s, err := readSet(name)
	if err != nil {
		t.Fatal(err)
	}
	return s
}
