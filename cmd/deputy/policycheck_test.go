package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/deputy-sts/deputy/internal/lint"
)

// TestSARIF holds the output to what the schema of SARIF 2.1.0 requires and allows:
// members that must be there, words from its lists, and numbers within its bounds.
func TestSARIF(t *testing.T) {
	dir := t.TempDir()
	bad, good := filepath.Join(dir, "a b#é.json"), filepath.Join(dir, "good.json")
	for file, text := range map[string]string{
		bad:  `{"Id": "é", "Statement": [{"Effect": "Allow", "Action": ["s3:GetObjcet", "*"], "Resource": "*"}, 5]}`,
		good: `{"Version": "2012-10-17", "Statement": {"Effect": "Deny", "Action": "s3:GetObject", "Resource": "*"}}`,
	} {
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	stdout, stderr, code := deputy(t, "", "policy", "check", "--format", "sarif", bad, good)
	if code != 1 || stderr != "" {
		t.Fatalf("exit code %d: %s", code, stderr)
	}
	results := checkSARIF(t, stdout)
	if len(results) != 5 {
		t.Errorf("%d results: %s", len(results), stdout)
	}
	stdout, _, code = deputy(t, "", "policy", "check", "--format", "sarif", good)
	if results := checkSARIF(t, stdout); code != 0 || len(results) != 0 {
		t.Errorf("exit code %d, %d results", code, len(results))
	}
}

// checkSARIF reads a log generically, as a consumer would.
func checkSARIF(t *testing.T, text string) []any {
	t.Helper()
	var log map[string]any
	if err := json.Unmarshal([]byte(text), &log); err != nil {
		t.Fatal(err)
	}
	run := at[map[string]any](t, log, "runs", 0)
	if log["version"] != "2.1.0" || log["$schema"] == "" || at[string](t, run, "columnKind") != "unicodeCodePoints" {
		t.Errorf("%v", log)
	}
	driver := at[map[string]any](t, run, "tool", "driver")
	rules := at[[]any](t, driver, "rules")
	if driver["name"] != "deputy" || len(rules) != len(lint.Rules()) {
		t.Errorf("%v", driver)
	}
	levels := []any{"none", "note", "warning", "error"}
	ids := map[any]bool{}
	for _, r := range rules {
		id := at[string](t, r, "id")
		if ids[id] || at[string](t, r, "shortDescription", "text") == "" || !slices.Contains(levels, at[any](t, r, "defaultConfiguration", "level")) {
			t.Errorf("rule %v", r)
		}
		ids[id] = true
	}
	results := at[[]any](t, run, "results")
	for _, r := range results {
		index := int(at[float64](t, r, "ruleIndex"))
		if at[string](t, r, "message", "text") == "" || !slices.Contains(levels, at[any](t, r, "level")) || at[any](t, rules[index], "id") != at[any](t, r, "ruleId") {
			t.Errorf("result %v", r)
		}
		place := at[map[string]any](t, r, "locations", 0, "physicalLocation")
		if uri := at[string](t, place, "artifactLocation", "uri"); filepath.IsAbs(uri) || len(uri) < 10 || uri[:8] != "file:///" || slices.ContainsFunc([]byte(uri), func(c byte) bool { return c <= ' ' || c == '#' || c >= 0x7f }) {
			t.Errorf("uri %q", uri)
		}
		region := at[map[string]any](t, place, "region")
		for member, least := range map[string]float64{"startLine": 1, "startColumn": 1, "endLine": 1, "endColumn": 1, "byteOffset": 0, "byteLength": 0} {
			if at[float64](t, region, member) < least {
				t.Errorf("region %v", region)
			}
		}
	}
	return results
}

// at walks into a decoded JSON value.
func at[T any](t *testing.T, v any, path ...any) T {
	t.Helper()
	for _, p := range path {
		ok := false
		switch p := p.(type) {
		case string:
			v, ok = v.(map[string]any)[p]
		case int:
			list, is := v.([]any)
			if ok = is && p < len(list); ok {
				v = list[p]
			}
		}
		if !ok {
			t.Fatalf("no %v of %v", p, path)
		}
	}
	out, ok := v.(T)
	if !ok {
		t.Fatalf("%v is a %T", path, v)
	}
	return out
}
