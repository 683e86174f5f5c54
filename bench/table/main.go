// Command table turns the lines of BenchmarkDecide (standard input) into the
// table of docs/policy.md: the median of each engine on each set, and its ratio
// to the floor's. It knows nothing of how the figures came about.
package main

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

var line = regexp.MustCompile(`^BenchmarkDecide/([^/\s]+)/([a-z]+)(?:-\d+)?\s+\d+\s+([0-9.]+) ns/op`)

func main() {
	if err := run(os.Stdin, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "table:", err)
		os.Exit(1)
	}
}

type cell struct{ engine, set string }

// run keeps engines and sets in the order in which they come.
func run(in io.Reader, out io.Writer) error {
	times := map[cell][]float64{}
	var engines, sets []string
	scan := bufio.NewScanner(in)
	for scan.Scan() {
		m := line.FindStringSubmatch(scan.Text())
		if m == nil {
			continue
		}
		ns, err := strconv.ParseFloat(m[3], 64)
		if err != nil {
			return err
		}
		if !slices.Contains(engines, m[1]) {
			engines = append(engines, m[1])
		}
		if !slices.Contains(sets, m[2]) {
			sets = append(sets, m[2])
		}
		at := cell{m[1], m[2]}
		times[at] = append(times[at], ns)
	}
	if err := scan.Err(); err != nil {
		return err
	}
	if len(engines) == 0 {
		return fmt.Errorf("no line of BenchmarkDecide on standard input")
	}
	return write(out, times, engines, sets)
}

func write(out io.Writer, times map[cell][]float64, engines, sets []string) error {
	var b strings.Builder
	fmt.Fprintf(&b, "| ns per decision (of the floor) | %s |\n|---%s|\n", strings.Join(sets, " | "), strings.Repeat("|---:", len(sets)))
	for _, e := range engines {
		fmt.Fprintf(&b, "| %s |", e)
		for _, s := range sets {
			ns := median(times[cell{e, s}])
			fmt.Fprintf(&b, " %.0f (%s) |", ns, ratio(ns, median(times[cell{"floor", s}])))
		}
		b.WriteByte('\n')
	}
	_, err := io.WriteString(out, b.String())
	return err
}

func ratio(ns, floor float64) string {
	switch r := ns / floor; {
	case floor == 0 || ns == 0:
		return "?"
	case r < 10:
		return fmt.Sprintf("%.2f×", r)
	default:
		return fmt.Sprintf("%.0f×", r)
	}
}

// median is 0 of nothing.
func median(list []float64) float64 {
	if len(list) == 0 {
		return 0
	}
	list = slices.Clone(list)
	slices.Sort(list)
	return list[len(list)/2]
}
