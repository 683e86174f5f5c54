package main

import (
	"encoding/json"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/deputy-sts/deputy/policy"
)

// jumbled writes a document with its members in any order, any white space, and
// some letters of strings escaped.
func jumbled(r *rand.Rand, text string) string {
	root, err := policy.ReadNode(text)
	if err != nil {
		panic(err)
	}
	var b strings.Builder
	space := func() { b.WriteString([]string{"", "", " ", "\n", "\t", "\r\n  "}[r.IntN(6)]) }
	quoted := func(raw string) {
		if i := strings.IndexByte(raw, 'e'); i > 0 && raw[0] == '"' && !strings.Contains(raw, `\`) && r.IntN(4) == 0 {
			raw = raw[:i] + `\u0065` + raw[i+1:]
		}
		b.WriteString(raw)
	}
	var write func(n *policy.Node)
	write = func(n *policy.Node) {
		space()
		switch n.Kind {
		case policy.ObjectNode:
			b.WriteByte('{')
			for k, i := range r.Perm(len(n.Members)) {
				if k > 0 {
					b.WriteByte(',')
				}
				space()
				quoted(text[n.Members[i].Start:n.Members[i].End])
				space()
				b.WriteByte(':')
				write(&n.Members[i].Value)
			}
			space()
			b.WriteByte('}')
		case policy.ArrayNode:
			b.WriteByte('[')
			for i := range n.Items {
				if i > 0 {
					b.WriteByte(',')
				}
				write(&n.Items[i])
			}
			space()
			b.WriteByte(']')
		default:
			quoted(text[n.Start:n.End])
		}
		space()
	}
	write(root)
	return b.String()
}

// formatted jumbles a document and formats it, which must keep its strings, and
// change nothing the second time.
func formatted(t *testing.T, r *rand.Rand, text string) string {
	t.Helper()
	jumble := jumbled(r, text)
	once, err := formatPolicy(jumble)
	if err != nil {
		t.Fatalf("%s: %v", jumble, err)
	}
	if twice, err := formatPolicy(once); err != nil || twice != once {
		t.Fatalf("not the same the second time: %v\n%s\n%s", err, once, twice)
	}
	tokens := func(s string) []string {
		list := regexp.MustCompile(`"(\\.|[^"\\])*"|[0-9a-z.+-]+`).FindAllString(s, -1)
		slices.Sort(list)
		return list
	}
	if !slices.Equal(tokens(jumble), tokens(once)) {
		t.Fatalf("other strings in\n%s\nthan in\n%s", once, jumble)
	}
	return once
}

// TestFmtKeepsDecisions formats every document of the sample cases, and decides.
func TestFmtKeepsDecisions(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	cases := sampleCases(t)
	document := func(v any) any {
		b, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		return json.RawMessage(formatted(t, r, string(b)))
	}
	var all func(v any) any
	all = func(v any) any {
		switch v := v.(type) {
		case []any:
			for i := range v {
				v[i] = all(v[i])
			}
			return v
		case map[string]any:
			return document(v)
		}
		return v
	}
	var changed []any
	var want []string
	for _, c := range cases {
		var m map[string]any
		if err := json.Unmarshal(c, &m); err != nil {
			t.Fatal(err)
		}
		if policies, ok := m["policies"].(map[string]any); ok {
			for layer := range policies {
				policies[layer] = all(policies[layer])
			}
		}
		changed, want = append(changed, m), append(want, m["expect"].(string))
	}
	input, err := json.Marshal(changed)
	if err != nil {
		t.Fatal(err)
	}
	stdout, stderr, code := deputy(t, string(input), "policy", "decide")
	got := strings.Fields(stdout)
	if code != 0 || len(got) != len(want) {
		t.Fatalf("exit code %d, %d words: %s", code, len(got), stderr)
	}
	for i := range want {
		if got[i] != want[i] {
			t.Errorf("case %d: %s, want %s", i+1, got[i], want[i])
		}
	}
}

func FuzzFmt(f *testing.F) {
	f.Add(`{"Statement":[{"Resource":"*","Effect":"Allow","Action":["a:b"],"Condition":{"Bool":{"x":true}}}],"Version":"2012-10-17"}`)
	f.Add(`{"a":[[],{},"x",-1e5,[1,[2]]],"\u0053tatement":null}`)
	f.Fuzz(func(t *testing.T, text string) {
		once, err := formatPolicy(text)
		if err != nil {
			return
		}
		if twice, err := formatPolicy(once); err != nil || twice != once {
			t.Errorf("%v: %q, then %q", err, once, twice)
		}
	})
}

// TestUnifiedDiff applies diffs with patch, where there is one.
func TestUnifiedDiff(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 8))
	patch, err := exec.LookPath("patch")
	if err != nil {
		t.Skip("no patch on this machine")
	}
	lines := func() string {
		var b strings.Builder
		for range r.IntN(30) {
			b.WriteString(string(rune('a'+r.IntN(4))) + "\n")
		}
		if r.IntN(3) == 0 {
			b.WriteString("end")
		}
		return b.String()
	}
	dir := t.TempDir()
	file := filepath.Join(dir, "f")
	for range 60 {
		before, after := lines(), lines()
		if before == after || before == "" {
			continue
		}
		if err := os.WriteFile(file, []byte(before), 0o600); err != nil {
			t.Fatal(err)
		}
		d := unifiedDiff("f", before, after)
		cmd := exec.Command(patch, "-s", "f")
		cmd.Dir, cmd.Stdin = dir, strings.NewReader(d)
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%v: %s\n%s", err, out, d)
		}
		if got, _ := os.ReadFile(file); string(got) != after {
			t.Fatalf("%q, not %q, by\n%s", got, after, d)
		}
	}
}
