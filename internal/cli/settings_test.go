package cli

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/spf13/pflag"
)

// apply runs Settings over a set of flags like deputyd's and shows the outcome.
func apply(t *testing.T, args []string, env map[string]string, file string) (flags *pflag.FlagSet, said string) {
	t.Helper()
	flags = pflag.NewFlagSet("deputyd", pflag.ContinueOnError)
	flags.String("config", "", "YAML file of settings")
	flags.String("listen", "127.0.0.1:8080", "address and port")
	flags.String("account", "111122223333", "account id")
	flags.String("audit-on-failure", "deny", "deny or continue")
	flags.Duration("audit-interval", time.Second, "longest time unsynced")
	flags.StringSlice("federation-oidc-allow", nil, "issuers")
	flags.StringSlice("region", []string{"us-east-1"}, "regions")
	flags.Bool("insecure-http", false, "allow plain http")
	flags.Bool("help", false, "help")
	if file != "" {
		path := filepath.Join(t.TempDir(), "deputyd.yaml")
		if err := os.WriteFile(path, []byte(file), 0o600); err != nil {
			t.Fatal(err)
		}
		args = append(args, "--config", path)
	}
	if err := flags.Parse(args); err != nil {
		t.Fatal(err)
	}
	s := Settings{Prefix: "DEPUTYD", Getenv: func(name string) string { return env[name] }, FileFlag: "config", Others: []string{"tls-cert"}}
	var out bytes.Buffer
	(&Env{Name: "d", Stderr: &out}).Report(s.Apply(flags))
	dir, _ := flags.GetString("config")
	return flags, strings.ReplaceAll(out.String(), filepath.Dir(dir)+"/", "")
}

func TestSettingsPrecedence(t *testing.T) {
	file := "listen: f:1\naccount: 012345678901\naudit:\n  on_failure: continue\n  interval: 3s\nfederation: {oidc: {allow: [\"https://a,b\", c]}}\nregion: eu-west-1,eu-west-2\ninsecure_http: true\ntls: {cert: x}\n"
	flags, said := apply(t, []string{"--listen", "l:1", "--region=a,b"}, map[string]string{"DEPUTYD_LISTEN": "e:1", "DEPUTYD_AUDIT_INTERVAL": "2s", "DEPUTYD_INSECURE_HTTP": "", "DEPUTYD_HELP": "true"}, file)
	if said != "" {
		t.Fatal(said)
	}
	for name, want := range map[string]string{
		"listen": "l:1", "region": "[a,b]", "audit-interval": "2s", "account": "012345678901", "audit-on-failure": "continue",
		"federation-oidc-allow": `["https://a,b",c]`, "insecure-http": "true", "help": "false",
	} {
		if got := flags.Lookup(name).Value.String(); got != want {
			t.Errorf("%s is %s, want %s", name, got, want)
		}
	}
	for name, want := range map[string]string{"listen": "--listen", "audit-interval": "DEPUTYD_AUDIT_INTERVAL", "account": "deputyd.yaml:2: account", "help": "--help"} {
		if got := Origin(flags.Lookup(name)); !strings.HasSuffix(got, want) {
			t.Errorf("%s comes from %s, want %s", name, got, want)
		}
	}
	flags, said = apply(t, nil, map[string]string{"DEPUTYD_FEDERATION_OIDC_ALLOW": "a,b"}, "region: []\nfederation.oidc.allow: [x]\n")
	if v := flags.Lookup("federation-oidc-allow").Value.String(); said != "" || v != "[a,b]" {
		t.Errorf("a list from the environment is %s; %s", v, said)
	}
	if v, err := flags.GetStringSlice("region"); err != nil || len(v) != 0 {
		t.Errorf("an empty list in the file leaves %v %v", v, err)
	}
}

func TestSettingsErrors(t *testing.T) {
	for _, c := range []struct {
		file, want string
		env        map[string]string
	}{
		{file: "audit: {on_failur: deny}", want: "d: error: deputyd.yaml:1: unknown key audit.on_failur\nd: hint: did you mean audit-on-failure?\n"},
		{file: "\nlisten: x\nnothing_like_it: 1", want: "d: error: deputyd.yaml:3: unknown key nothing_like_it\nd: hint: remove it, or see --help for the names\n"},
		{file: "help: true", want: "d: error: deputyd.yaml:1: unknown key help\nd: hint: remove it, or see --help for the names\n"},
		{file: "config: x", want: "d: error: deputyd.yaml:1: unknown key config\nd: hint: remove it, or see --help for the names\n"},
		{file: "audit: {interval: soon}", want: "d: error: deputyd.yaml:1: audit.interval: \"soon\": time: invalid duration \"soon\"\nd: hint: it is the flag --audit-interval: longest time unsynced\n"},
		{env: map[string]string{"DEPUTYD_AUDIT_INTERVAL": "soon"}, want: "d: error: DEPUTYD_AUDIT_INTERVAL: \"soon\": time: invalid duration \"soon\"\nd: hint: it is the flag --audit-interval: longest time unsynced\n"},
		{file: "listen: [a]", want: "d: error: deputyd.yaml:1: listen: a list, where one value is wanted\nd: hint: give one value (address and port)\n"},
		{file: "audit: {on_failure: deny}\naudit-on-failure: deny", want: "d: error: deputyd.yaml:2: audit.on_failure and audit-on-failure are the same setting\nd: hint: remove one of them\n"},
		{file: "listen:\naccount: 1", want: "deputyd.yaml:1: listen has no plain value"},
		{file: "listen: &a x\naccount: *a", want: "deputyd.yaml:1: listen has no plain value"},
		{file: "listen: !!binary aGk=", want: "deputyd.yaml:1: listen has no plain value"},
		{file: "region: [[a]]", want: "deputyd.yaml:1: region holds something that is not a plain value"},
		{file: "- a", want: "deputyd.yaml:1: not a mapping"},
		{file: "just text", want: "deputyd.yaml:1: not a mapping"},
		{file: "listen: a\n---\nlisten: b", want: "deputyd.yaml:3: a second document"},
		{file: "listen: a\nlisten: b", want: "deputyd.yaml: not YAML"},
		{file: "a: [", want: "deputyd.yaml: not YAML"},
		{env: map[string]string{"DEPUTYD_CONFIG": "/nonexistent/x.yaml"}, want: "d: hint: give a readable file to DEPUTYD_CONFIG\n"},
	} {
		if _, said := apply(t, nil, c.env, c.file); !strings.Contains(said, c.want) {
			t.Errorf("%q: said\n%swant\n%s", c.file, said, c.want)
		}
	}
}

func TestSettingsOfNothing(t *testing.T) {
	for _, file := range []string{"", "\n", "# only a comment\n", "---\n", "{}", "~"} {
		if _, said := apply(t, nil, nil, file); said != "" {
			t.Errorf("%q: %s", file, said)
		}
	}
}

func TestTextAsWritten(t *testing.T) {
	for written, want := range map[string]string{
		"010": "010", "0x1F": "0x1F", "1_000": "1_000", "1e3": "1e3", "yes": "yes", "True": "True", "'quoted: x'": "quoted: x", `"a\tb"`: "a\tb",
		".inf": ".inf", "1.10": "1.10", "+5": "+5", "2026-11-22": "2026-11-22", "127.0.0.1:8080": "127.0.0.1:8080", "a # comment": "a", "|\n  two\n  lines\n": "two\nlines\n", "''": "",
		"000000000012": "000000000012", "111122223333": "111122223333",
	} {
		entries, err := readConfig("f", []byte("k: "+written))
		if err != nil || len(entries) != 1 || entries[0].values[0] != want {
			t.Errorf("%q is read as %+v %v, want %q", written, entries, err, want)
		}
	}
}

func FuzzConfig(f *testing.F) {
	f.Add([]byte("a: {b: [c, 1]}\nd: |\n  e\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		entries, err := readConfig("f", data)
		for _, e := range entries {
			if err == nil && (e.key == "" || !e.list && len(e.values) != 1) {
				t.Errorf("%q: %+v", data, e)
			}
		}
	})
}
