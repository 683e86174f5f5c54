package main

import (
	"strings"
	"testing"
)

func TestTable(t *testing.T) {
	in := `goos: linux
BenchmarkDecide/floor/small-2   100 200.0 ns/op  0 B/op
BenchmarkDecide/deputy/small-2  100 100.5 ns/op  0 B/op
BenchmarkDecide/deputy/small-2  100 900.0 ns/op  0 B/op
BenchmarkDecide/deputy/small-2  100 110.0 ns/op  0 B/op
BenchmarkDecide/iam-simulate/small	100	5000 ns/op
`
	var out strings.Builder
	if err := run(strings.NewReader(in), &out); err != nil {
		t.Fatal(err)
	}
	want := `| ns per decision (of the floor) | small |
|---|---:|
| floor | 200 (1.00×) |
| deputy | 110 (0.55×) |
| iam-simulate | 5000 (25×) |
`
	if out.String() != want {
		t.Errorf("got\n%swant\n%s", out.String(), want)
	}
	if err := run(strings.NewReader("PASS\n"), &out); err == nil {
		t.Error("nothing to show is no error")
	}
}
