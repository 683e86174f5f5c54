package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/deputy-sts/deputy/internal/cli"
)

// deputy runs the program in this process, with this standard input.
func deputy(t *testing.T, stdin string, args ...string) (stdout, stderr string, code int) {
	t.Helper()
	var out, errs bytes.Buffer
	code = run(&cli.Env{Name: "deputy", Args: args, Stdin: strings.NewReader(stdin), Stdout: &out, Stderr: &errs, Getenv: func(string) string { return "" }})
	return out.String(), errs.String(), code
}

// sampleCases are the cases of testdata/policy-cases, as they stand there.
func sampleCases(t *testing.T) (cases []json.RawMessage) {
	t.Helper()
	files, err := filepath.Glob("../../testdata/policy-cases/*.json")
	if err != nil || len(files) == 0 {
		t.Fatalf("no cases: %v", err)
	}
	for _, file := range files {
		b, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var list []json.RawMessage
		if err := json.Unmarshal(b, &list); err != nil {
			t.Fatal(file, err)
		}
		cases = append(cases, list...)
	}
	return cases
}

// TestDecideSamples puts every sample case through the command.
func TestDecideSamples(t *testing.T) {
	cases := sampleCases(t)
	if len(cases) < 534 {
		t.Errorf("only %d cases", len(cases))
	}
	input, err := json.Marshal(cases)
	if err != nil {
		t.Fatal(err)
	}
	stdout, stderr, code := deputy(t, string(input), "policy", "decide")
	words := strings.Split(strings.TrimSuffix(stdout, "\n"), "\n")
	if code != 0 || stderr != "" || len(words) != len(cases) {
		t.Fatalf("exit code %d, %d words for %d cases, stderr %s", code, len(words), len(cases), stderr)
	}
	for i, c := range cases {
		var want struct{ ID, Expect string }
		if err := json.Unmarshal(c, &want); err != nil {
			t.Fatal(err)
		}
		if words[i] != want.Expect {
			t.Errorf("%s: %s, want %s", want.ID, words[i], want.Expect)
		}
	}
	objects, _, code := deputy(t, string(input), "policy", "decide", "--explain", "--output", "json")
	dec := json.NewDecoder(strings.NewReader(objects))
	for i := range cases {
		var trace struct{ Decision string }
		if err := dec.Decode(&trace); err != nil || trace.Decision != words[i] {
			t.Fatalf("exit code %d, case %d: --explain says %q, %v", code, i+1, trace.Decision, err)
		}
	}
}
