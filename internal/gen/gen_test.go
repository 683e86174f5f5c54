package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// The generated packages are what the facts give today.
func TestGeneratedIsCurrent(t *testing.T) {
	for _, service := range []string{"sts", "iam"} {
		m, err := load("model/" + service + ".json")
		if err != nil {
			t.Fatal(err)
		}
		files, err := m.generate()
		if err != nil {
			t.Fatal(err)
		}
		for name, want := range files {
			got, err := os.ReadFile(filepath.Join("..", service+"api", name))
			if err != nil {
				t.Error(err)
				continue
			}
			if diff := cmp.Diff(string(want), string(got)); diff != "" {
				t.Errorf("%sapi/%s is stale; run go run ./internal/gen\n%s", service, name, diff)
			}
		}
		entries, err := os.ReadDir("../" + service + "api")
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range entries {
			if _, known := files[e.Name()]; !known && e.Name() != "doc.go" && !strings.HasSuffix(e.Name(), "_test.go") {
				t.Errorf("%sapi/%s is not generated", service, e.Name())
			}
		}
	}
}

// What the generator knows beyond the model must still be about something in it.
func TestBeyondIsNeeded(t *testing.T) {
	seen := map[string]bool{}
	says := map[string]int{}
	for _, service := range []string{"sts", "iam"} {
		m, err := load("model/" + service + ".json")
		if err != nil {
			t.Fatal(err)
		}
		walk := func(members []member) {
			for _, f := range members {
				seen[f.Name] = true
				if secrets[f.Name] && f.Sensitive {
					t.Errorf("%s is marked sensitive by the model", f.Name)
				}
				says[f.says()]++
			}
		}
		for name, op := range m.Operations {
			seen[name] = true
			if results[name] != "" && op.Result != nil {
				t.Errorf("%s has a result in the facts", name)
			}
			walk(op.Input)
			walk(op.Output)
		}
		for _, s := range m.Structures {
			walk(s)
		}
	}
	for name := range secrets {
		if !seen[name] {
			t.Errorf("no member is called %s", name)
		}
	}
	for name := range results {
		if !seen[name] {
			t.Errorf("no operation is called %s", name)
		}
	}
	for _, word := range []string{"name", "path", "pathPrefix"} {
		if says[word] == 0 {
			t.Errorf("no member says %s", word)
		}
	}
}
