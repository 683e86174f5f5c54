package simulate

import (
	"bytes"
	"encoding/json"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// defaultSeed makes the cases of CI; another comes by SIMULATE_SEED.
const defaultSeed = 2

// TestAgreement asks both about every case. DEPUTY is our command, SIMULATE the
// path of the simulator's entry: ../run sets them.
func TestAgreement(t *testing.T) {
	deputy, library := os.Getenv("DEPUTY"), os.Getenv("SIMULATE")
	if deputy == "" || library == "" {
		t.Fatal("DEPUTY and SIMULATE are not set: run interop/run simulate")
	}
	cases := readCases(t)
	samples := len(cases)
	seed, n := uint64(defaultSeed), 9000
	if s := os.Getenv("SIMULATE_SEED"); s != "" {
		var err error
		if seed, err = strconv.ParseUint(s, 10, 64); err != nil {
			t.Fatal(err)
		}
	}
	if os.Getenv("DEPUTY_LONG") != "" {
		n = 100_000
	}
	g := generator{rand.New(rand.NewPCG(seed, 0))}
	for i := range n {
		cases = append(cases, g.next(i))
	}
	t.Logf("%d sample cases, %d random cases of seed %d", samples, n, seed)
	ours := decide(t, cases, exec.Command(deputy, "policy", "decide"))
	node := exec.Command("node", "peer.mjs", library)
	node.Env = append(os.Environ(), "TZ=UTC")
	theirs := decide(t, cases, node)
	compare(t, cases, ours, theirs, seed == defaultSeed)
}

func compare(t *testing.T, cases []Case, ours, theirs []string, whole bool) {
	unaskable, explained := map[string]int{}, map[string]int{}
	agreed, disagreed := map[string]int{}, 0
	for i, c := range cases {
		if why, ok := strings.CutPrefix(theirs[i], "- "); ok {
			unaskable[why]++
			continue
		}
		if c.Expect != "" && ours[i] != c.Expect {
			t.Errorf("%s: we say %s, expected is %s", c.ID, ours[i], c.Expect)
		}
		if ours[i] == theirs[i] {
			agreed[ours[i]]++
			continue
		}
		disagreed++
		if name := explain(&cases[i], ours[i], theirs[i]); name != "" {
			explained[name]++
		} else {
			t.Errorf("unexplained: we say %s, they %s\n%s", ours[i], theirs[i], c.raw)
		}
	}
	t.Logf("agreed: %v; disagreed: %d; not asked: %v", agreed, disagreed, unaskable)
	for _, k := range classes {
		t.Logf("%5d  %s: %s", explained[k.name], k.name, k.why)
		if whole && explained[k.name] == 0 {
			t.Errorf("%s explains nothing any more", k.name)
		}
	}
	for _, word := range []string{"Allow", "ImplicitDeny", "ExplicitDeny"} {
		if agreed[word] < len(cases)/20 {
			t.Errorf("%d cases of %d agree on %s: the cases are no test", agreed[word], len(cases), word)
		}
	}
}

// decide runs a command that reads cases and writes a line for each.
func decide(t *testing.T, cases []Case, cmd *exec.Cmd) []string {
	t.Helper()
	raw := make([]json.RawMessage, len(cases))
	for i := range cases {
		raw[i] = cases[i].raw
	}
	in, err := json.Marshal(raw)
	if err != nil {
		t.Fatal(err)
	}
	cmd.Stdin, cmd.Stderr = bytes.NewReader(in), os.Stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v: %v", cmd, err)
	}
	lines := strings.Split(strings.TrimSuffix(string(out), "\n"), "\n")
	if len(lines) != len(cases) {
		t.Fatalf("%v gives %d lines for %d cases", cmd, len(lines), len(cases))
	}
	return lines
}

func readCases(t *testing.T) (cases []Case) {
	files, err := filepath.Glob("../../testdata/policy-cases/*.json")
	if err != nil || len(files) == 0 {
		t.Fatalf("no sample cases: %v", err)
	}
	for _, f := range files {
		b, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		var list []json.RawMessage
		if err := json.Unmarshal(b, &list); err != nil {
			t.Fatalf("%s: %v", f, err)
		}
		for _, raw := range list {
			c := Case{raw: raw}
			if err := json.Unmarshal(raw, &c); err != nil {
				t.Fatalf("%s: %v", f, err)
			}
			cases = append(cases, c)
		}
	}
	return cases
}
