package main

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestDemo(t *testing.T) {
	got, err := facts("testdata/demo/service-2.json")
	if err != nil {
		t.Fatal(err)
	}
	want, err := os.ReadFile("testdata/demo.facts.json")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Error(diff)
	}
}

func TestRefusals(t *testing.T) {
	for name, text := range map[string]string{
		"no model":      `nothing`,
		"json":          `{"metadata": {"protocol": "json"}}`,
		"missing shape": `{"metadata": {"protocol": "query"}, "operations": {"A": {"input": {"shape": "X"}}}}`,
		"unknown type":  `{"metadata": {"protocol": "query"}, "operations": {"A": {"input": {"shape": "X"}}}, "shapes": {"X": {"type": "structure", "members": {"a": {"shape": "Y"}}}, "Y": {"type": "double"}}}`,
	} {
		path := filepath.Join(t.TempDir(), "service-2.json")
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		if out, err := facts(path); err == nil {
			t.Errorf("%s: %s", name, out)
		}
	}
}

// botocoreVersion is the one that the facts in ../model began with.
const botocoreVersion = "1.43.11"

// TestBotocore rebuilds the facts of both services: they are those in ../model,
// line by line, but for what AWS added since, which testdata/additions.txt lists.
func TestBotocore(t *testing.T) {
	out, err := exec.Command("python3", "-c", "import botocore, os; print(botocore.__version__, os.path.dirname(botocore.__file__))").Output()
	version, dir, _ := strings.Cut(strings.TrimSpace(string(out)), " ")
	if err != nil || version != botocoreVersion {
		t.Skipf("needs python3 with botocore %s, found %q (%v)", botocoreVersion, version, err)
	}
	var additions []string
	for service, api := range map[string]string{"sts": "2011-06-15", "iam": "2010-05-08"} {
		rebuilt, err := facts(filepath.Join(dir, "data", service, api, "service-2.json.gz"))
		if err != nil {
			t.Fatal(err)
		}
		kept, err := os.ReadFile("../model/" + service + ".json")
		if err != nil {
			t.Fatal(err)
		}
		subsequence(t, service, rebuilt, kept)
		additions = append(additions, added(service, parse(t, rebuilt), parse(t, kept))...)
	}
	slices.Sort(additions)
	want, err := os.ReadFile("testdata/additions.txt")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(strings.Split(strings.TrimSpace(string(want)), "\n"), additions); diff != "" {
		t.Error(diff)
	}
}

// subsequence checks that every rebuilt line stands in the kept file, in order.
func subsequence(t *testing.T, service string, rebuilt, kept []byte) {
	rest := strings.Split(string(kept), "\n")
	for i, line := range strings.Split(string(rebuilt), "\n") {
		key, _, _ := strings.Cut(strings.TrimSpace(line), ":")
		at := slices.IndexFunc(rest, func(l string) bool {
			if key == `"source"` || key == `"counts"` {
				return strings.HasPrefix(strings.TrimSpace(l), key+":")
			}
			return strings.TrimSuffix(l, ",") == strings.TrimSuffix(line, ",")
		})
		if at < 0 {
			t.Fatalf("%s, line %d of the rebuilt facts is not in the model: %s", service, i+1, line)
		}
		rest = rest[at+1:]
	}
}

// named is a facts file with members by name.
type named struct {
	Errors     map[string]json.RawMessage
	Operations map[string]struct{ Input, Output []struct{ Name string } }
	Structures map[string][]struct{ Name string }
}

func parse(t *testing.T, text []byte) named {
	var n named
	if err := json.Unmarshal(text, &n); err != nil {
		t.Fatal(err)
	}
	return n
}

// added names what the kept facts have and the rebuilt do not.
func added(service string, rebuilt, kept named) (paths []string) {
	members := func(path string, old, new []struct{ Name string }) {
		for _, m := range new {
			if !slices.Contains(old, m) {
				paths = append(paths, path+"."+m.Name)
			}
		}
	}
	for name := range maps.Keys(kept.Errors) {
		if rebuilt.Errors[name] == nil {
			paths = append(paths, fmt.Sprintf("%s error %s", service, name))
		}
	}
	for name, op := range kept.Operations {
		old, ok := rebuilt.Operations[name]
		if !ok {
			paths = append(paths, fmt.Sprintf("%s operation %s", service, name))
			continue
		}
		members(service+" input "+name, old.Input, op.Input)
		members(service+" output "+name, old.Output, op.Output)
	}
	for name, s := range kept.Structures {
		old, ok := rebuilt.Structures[name]
		if !ok {
			paths = append(paths, fmt.Sprintf("%s structure %s", service, name))
			continue
		}
		members(service+" structure "+name, old, s)
	}
	return paths
}
