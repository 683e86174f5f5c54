package main

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/tools/txtar"

	"github.com/deputy-sts/deputy/internal/cli"
)

// TestSet runs commands over files and compares with what the AWS CLI made of them.
func TestSet(t *testing.T) {
	files, err := filepath.Glob("testdata/set/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	for _, name := range files {
		t.Run(strings.TrimSuffix(filepath.Base(name), ".txtar"), func(t *testing.T) {
			a, err := txtar.ParseFile(name)
			if err != nil {
				t.Fatal(err)
			}
			dir := t.TempDir()
			for _, f := range a.Files {
				if err := os.WriteFile(filepath.Join(dir, f.Name), f.Data, 0o600); err != nil {
					t.Fatal(err)
				}
			}
			commands, err := os.ReadFile(filepath.Join(dir, "commands"))
			if err != nil {
				t.Fatal(err)
			}
			for command := range strings.Lines(string(commands)) {
				configure(t, dir, words(strings.TrimSpace(command)))
			}
			for _, f := range a.Files {
				if got, ok := strings.CutSuffix(f.Name, ".want"); ok {
					have, err := os.ReadFile(filepath.Join(dir, got))
					if d := cmp.Diff(string(f.Data), string(have)); err != nil || d != "" {
						t.Errorf("%s: %v (-aws +deputy):\n%s", got, err, d)
					}
				}
			}
		})
	}
}

func configure(t *testing.T, dir string, args []string) {
	t.Helper()
	var said bytes.Buffer
	env := &cli.Env{Name: "deputy", Args: append([]string{"configure"}, args...), Stdin: strings.NewReader(""), Stdout: &said, Stderr: &said, Getenv: func(name string) string {
		return map[string]string{"AWS_CONFIG_FILE": filepath.Join(dir, "config"), "AWS_SHARED_CREDENTIALS_FILE": filepath.Join(dir, "credentials")}[name]
	}}
	if code := run(env); code != 0 {
		t.Fatalf("%v: exit code %d: %s", args, code, said.String())
	}
}

// inDefault is a change of the section [default].
func inDefault(key, sub, value string) change {
	return change{header: "default", is: inConfig("default"), key: key, sub: sub, value: value}
}

// Where deputy is better than the AWS CLI, and what no recorded file can show.
func TestApply(t *testing.T) {
	work := change{header: "profile my work", is: inConfig("my work"), key: "region", value: "b"}
	for _, c := range []struct {
		name, before string
		change       change
		want         string
	}{
		{"no newline at the end", "[default]\nregion = a", inDefault("output", "", "json"), "[default]\nregion = a\noutput = json\n"},
		{"no newline behind a header", "[other]", inDefault("output", "", "json"), "[other]\n[default]\noutput = json\n"},
		{"CRLF", "[default]\r\nregion = a\r\n", inDefault("s3", "a", "b"), "[default]\r\nregion = a\r\ns3 =\r\n    a = b\r\n"},
		{"indentation stays", "[default]\n  region=a\n  output=json\n", inDefault("region", "", "b"), "[default]\n  region = b\n  output=json\n"},
		{"indentation is kept up", "[default]\n  region=a\n [x]\n", inDefault("output", "", "b"), "[default]\n  region=a\n  output = b\n [x]\n"},
		{"another spelling of the key", "[default]\nRegion = a\n", inDefault("region", "", "b"), "[default]\nRegion = b\n"},
		{"a name in double quotes", "[profile \"my work\"]\nregion = a\n", work, "[profile \"my work\"]\nregion = b\n"},
		{"a name in single quotes", "[profile 'my work'] # old\nregion = a\n", work, "[profile 'my work'] # old\nregion = b\n"},
		{"a value of several lines", "[default]\nregion = a\n  b\n# c\n  d\noutput = x\n", inDefault("region", "", "e"), "[default]\nregion = e\n# c\noutput = x\n"},
		{"behind a block, before the next section", "[default]\ns3 =\n  a = 1\n\n[x]\n", inDefault("s3", "b", "2"), "[default]\ns3 =\n  a = 1\n  b = 2\n\n[x]\n"},
		{"never inside a value", "[default]\nregion =\n\n  a\n", inDefault("output", "", "x"), "[default]\nregion =\n\n  a\noutput = x\n"},
	} {
		got, err := c.change.apply([]byte(c.before))
		if err != nil || string(got) != c.want {
			t.Errorf("%s: %v\n%q\nwant\n%q", c.name, err, got, c.want)
		}
	}
}

func TestSec_J08_Injection(t *testing.T) {
	for _, c := range []change{
		inDefault("region", "", "a\nb"), inDefault("region", "", "a\rb"), inDefault("region", "", "a\u2028b"), inDefault("region", "", "a\x00b"), inDefault("region", "", "a\x1b[2J"),
		inDefault("region", "", "a\u0085b"), inDefault("a\nb", "", "c"), inDefault("[x]", "", "c"), inDefault("a=b", "", "c"), inDefault("#a", "", "c"), inDefault("", "", "c"), inDefault("a", "b c", "d"),
		{header: "profile a\nb", is: inConfig("a"), key: "k", value: "v"},
	} {
		if out, err := c.apply([]byte("[default]\nx = y\n")); err == nil {
			t.Errorf("%+q is written as %q", c.key+"."+c.sub+"="+c.value, out)
		}
	}
	for _, name := range []string{"a]b", "[a", `a"b`, "a'b", `a\b`, " a", "a "} {
		if sectionName(name) == nil {
			t.Errorf("%q is taken as the name of a profile", name)
		}
	}
	for _, file := range []string{"a = b\n", "[default]\nnonsense\n", "[default]\na=1\nA=2\n", "[x]\n[x]\n", "[default]\n= b\n", "[default\n", "\xff"} {
		if out, err := inDefault("k", "", "v").apply([]byte(file)); err == nil {
			t.Errorf("%q, which the AWS CLI cannot read, became %q", file, out)
		}
	}
}

func TestEditsAtOnce(t *testing.T) {
	path := filepath.Join(t.TempDir(), "config")
	keys := strings.Split("abcdefghijklmnop", "")
	done := make(chan error)
	for _, key := range keys {
		go func() { done <- editINI(path, inDefault(key, "", "v-"+key)) }()
	}
	for range keys {
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
	f, err := loadINI(path)
	if err != nil {
		t.Fatal(err)
	}
	for _, key := range keys {
		if v, _ := f.find(inConfig("default")).setting(key, ""); v != "v-"+key {
			t.Errorf("%s was lost: %q", key, v)
		}
	}
}

// FuzzSet: what was set is read back, and every line but the changed one is as it was.
func FuzzSet(f *testing.F) {
	f.Add("[default]\nregion = a\n# c\n\n[profile x]\n a=b\n", "region", "", "eu")
	f.Add("[default]\r\ns3 =\r\n  a = 1\r\n\r\n  b = 2", "s3", "b", "3")
	f.Add(" [default]\n  a : b\n   c\n x=\n", "x", "y", " z ")
	f.Fuzz(func(t *testing.T, file, key, sub, value string) {
		c := inDefault(key, sub, value)
		out, err := c.apply([]byte(file))
		if err != nil {
			return
		}
		is, err := readINI("", out)
		if err != nil {
			t.Fatal(err)
		}
		if got, ok := is.find(c.is).setting(key, sub); !ok || got != strings.TrimSpace(value) {
			t.Fatalf("%q is read back as %q from %q", value, got, out)
		}
		before, after := splitLines(file), splitLines(string(out))
		for len(before) > 0 && len(after) > 0 && before[0] == after[0] {
			before, after = before[1:], after[1:]
		}
		slices.Reverse(before)
		slices.Reverse(after)
		for len(before) > 0 && len(after) > 0 && before[0] == after[0] {
			before, after = before[1:], after[1:]
		}
		// A line changed, or at most three came (a header, a key, a setting in its
		// block) and one was ended; only a value of several lines loses lines.
		if len(after) > 4 || len(before) > 1 && !strings.ContainsAny(before[0], " \t") {
			t.Fatalf("%q became %q: %d lines for %d", file, out, len(after), len(before))
		}
	})
}
