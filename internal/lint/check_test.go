package lint

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"

	"github.com/deputy-sts/deputy/internal/awsdata"
	"github.com/deputy-sts/deputy/policy"
)

var update = flag.Bool("update", false, "write what is found into testdata")

var kinds = map[string]policy.Kind{"identity": policy.Inline, "trust": policy.Trust, "resource": policy.Resource, "session": policy.Session, "scp": policy.SCP, "rcp": policy.RCP, "": policy.Inline}

// TestRules checks the documents of testdata/*.txtar: NAME.json, with the kind and
// the caller's accounts behind the name, and in NAME.want what is found there.
func TestRules(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatalf("no files: %v", err)
	}
	seen := map[string]bool{}
	for _, file := range files {
		a, err := txtar.ParseFile(file)
		if err != nil {
			t.Fatal(err)
		}
		want := map[string]string{}
		for _, f := range a.Files {
			want[f.Name] = string(f.Data)
		}
		var out []txtar.File
		for _, f := range a.Files {
			words := strings.Fields(f.Name)
			name, found := strings.CutSuffix(words[0], ".json")
			if !found {
				continue
			}
			got := found2text(string(f.Data), words[1:], seen)
			out = append(out, f, txtar.File{Name: name + ".want", Data: []byte(got)})
			if diff := cmp.Diff(want[name+".want"], got); diff != "" && !*update {
				t.Errorf("%s, %s: %s", file, name, diff)
			}
		}
		a.Files = out
		if *update {
			if err := os.WriteFile(file, txtar.Format(a), 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
	large := `{"Version":"2012-10-17","Statement":{"Effect":"Deny","Action":"s3:GetObject","Resource":"arn:aws:s3:::b/` + strings.Repeat("x", 6100) + `"}}`
	if got := found2text(large, nil, seen); strings.Count(got, "\n") != 2 || !strings.HasPrefix(got, "1:1-1:2 warning policy-size: ") {
		t.Errorf("a large policy: %s", got)
	}
	for _, r := range Rules() {
		if !seen[r.ID] {
			t.Errorf("no document breaks %s", r.ID)
		}
	}
}

func found2text(text string, words []string, seen map[string]bool) string {
	var b strings.Builder
	kind, own := policy.Inline, []string(nil)
	for _, w := range words {
		if k, ok := strings.CutPrefix(w, "kind="); ok {
			kind = kinds[k]
		} else if o, ok := strings.CutPrefix(w, "own="); ok {
			own = append(own, o)
		}
	}
	for _, f := range Check(text, kind, own...) {
		seen[f.Rule] = true
		fmt.Fprintf(&b, "%d:%d-%d:%d %v %s: %s\n", f.Line, f.Column, f.EndLine, f.EndColumn, f.Severity, f.Rule, f.Message)
		if f.Suggestion != "" {
			fmt.Fprintf(&b, "\t%s\n", f.Suggestion)
		}
	}
	return b.String()
}

// TestManagedPolicies: AWS's own policies are no worse than they were. A rule that
// begins to find much there is wrong. DEPUTY_LONG=1 looks at all of them.
func TestManagedPolicies(t *testing.T) {
	all := awsdata.ManagedPolicies()
	if os.Getenv("DEPUTY_LONG") == "" {
		all = slices.DeleteFunc(slices.Clone(all), func(p *awsdata.ManagedPolicy) bool { return p.ID[4] > 'C' || testing.Short() && p.ID[5] > 'H' }) // an eighth of them, or a 32nd, by chance
	}
	most := map[string]int{"syntax": 40, "unknown-service": 20, "unknown-action": 12, "unknown-key": 12}
	found := map[string]map[string]bool{}
	for _, p := range all {
		for _, f := range Check(p.Document, policy.Inline) {
			if f.Severity == Error {
				if found[f.Rule] == nil {
					found[f.Rule] = map[string]bool{}
				}
				found[f.Rule][p.Name] = true
			}
			if f.Start < 0 || f.End < f.Start || f.End > len(p.Document) || f.Line < 1 || f.Column < 1 || f.Message == "" {
				t.Errorf("%s: %+v", p.Name, f)
			}
		}
	}
	for rule, names := range found {
		if len(names) > most[rule] {
			t.Errorf("%s in %d policies: %v", rule, len(names), names)
		}
	}
}

func TestDetect(t *testing.T) {
	for text, want := range map[string]policy.Kind{
		`{"Statement": {"Effect": "Allow", "Action": "s3:*", "Resource": "*"}}`:                                       policy.Inline,
		`{"Statement": [{"Effect": "Allow", "Principal": "*", "Action": "s3:*", "Resource": "*"}]}`:                   policy.Resource,
		`{"Statement": {"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": ["sts:TagSession", "sts:AssumeR*"]}}`: policy.Trust,
		`{"Statement": {"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole", "Resource": "*"}}`:  policy.Resource,
		`[`: policy.Inline, `[]`: policy.Inline,
	} {
		if got := Detect(text); got != want {
			t.Errorf("%s: %v", text, got)
		}
	}
	trust := `{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole"}}`
	if f := Check(trust, policy.Any); len(f) != 1 || f[0].Rule != "wildcard-trust" {
		t.Errorf("%+v", f)
	}
}

// TestSec_C11_SharedIssuers: what a server refuses of trust policies.
func TestSec_C11_SharedIssuers(t *testing.T) {
	const github = "token.actions.githubusercontent.com"
	document := func(effect, principal, action, condition string) string {
		return fmt.Sprintf(`{"Version":"2012-10-17","Statement":[{"Effect":%q,"Principal":%s,"Action":%q,"Condition":%s}]}`, effect, principal, action, condition)
	}
	federated := func(issuer string) string {
		return `{"Federated":"arn:aws:iam::111122223333:oidc-provider/` + issuer + `"}`
	}
	const web = "sts:AssumeRoleWithWebIdentity"
	for _, c := range []struct {
		text string
		open bool
	}{
		{document("Allow", federated(github), web, `{}`), true},
		{document("Allow", federated(github), web, `{"StringEquals":{"`+github+`:aud":"sts.amazonaws.com"}}`), true},
		{document("Allow", federated(github), web, `{"StringEquals":{"`+github+`:sub":"repo:o/r:ref:refs/heads/main"}}`), false},
		{document("Allow", federated(github), web, `{"stringequals":{"`+github+`:sub":"repo:o/r:ref:refs/heads/main"}}`), true},
		{document("Allow", federated(github), web, `{"StringEquals":{"TOKEN.actions.githubusercontent.com:SUB":"repo:o/r"}}`), false},
		{document("Allow", federated(github), web, `{"StringLike":{"`+github+`:sub":"repo:o/*"}}`), false},
		{document("Allow", federated(github), web, `{"StringLike":{"`+github+`:sub":"*"}}`), true},
		{document("Allow", federated(github), web, `{"StringLike":{"`+github+`:sub":"?*"}}`), true},
		{document("Allow", federated(github), web, `{"StringLike":{"`+github+`:sub":"*/r:ref:refs/heads/main"}}`), true},
		{document("Allow", federated(github), web, `{"StringLike":{"`+github+`:sub":["repo:o/*","*"]}}`), true},
		{document("Allow", federated(github), web, `{"StringEquals":{"`+github+`:sub":"*"}}`), true},
		{document("Allow", federated(github), web, `{"StringEquals":{"`+github+`:sub":""}}`), true},
		{document("Allow", federated(github), web, `{"StringNotLike":{"`+github+`:sub":"repo:o/*"}}`), true},
		{document("Allow", federated(github), web, `{"ForAllValues:StringLike":{"`+github+`:sub":"repo:o/*"}}`), true},
		{document("Allow", federated(github), web, `{"ForAnyValue:StringLike":{"`+github+`:sub":"repo:o/*"}}`), false},
		{document("Allow", federated(github), web, `{"Null":{"`+github+`:sub":"false"}}`), true},
		{document("Allow", federated(github), web, `{"StringLike":{"gitlab.com:sub":"repo:o/*"}}`), true},
		{document("Allow", federated(strings.ToUpper(github)), web, `{}`), true},
		{document("Allow", federated(github), "sts:*", `{}`), true},
		{document("Allow", federated(github), "sts:AssumeRoleWith*", `{}`), true},
		{document("Allow", federated(github), "sts:TagSession", `{}`), false},
		{document("Deny", federated(github), web, `{}`), false},
		{document("Allow", federated("idp.example.com"), web, `{}`), false},
		{document("Allow", federated("sts.windows.net/33e01921-4d64-4f8c-a055-5bdaffd5e33d"), web, `{}`), true},
		{document("Allow", federated("sts.windows.net/33e01921-4d64-4f8c-a055-5bdaffd5e33d"), web, `{"StringEquals":{"sts:RoleSessionName":"MicrosoftSentinel_1"}}`), false},
		{document("Allow", `{"Federated":"cognito-identity.amazonaws.com"}`, web, `{}`), true},
		{document("Allow", `{"Federated":"cognito-identity.amazonaws.com"}`, web, `{"StringEquals":{"cognito-identity.amazonaws.com:aud":"x"}}`), false},
		{document("Allow", `{"Federated":"accounts.google.com"}`, web, `{}`), false},
		{document("Allow", `{"Federated":["arn:aws:iam::111122223333:oidc-provider/idp.example.com","arn:aws:iam::111122223333:oidc-provider/gitlab.com"]}`, web, `{}`), true},
		{`{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":` + federated(github) + `,"NotAction":"sts:TagSession"}}`, true},
		{`no policy`, false},
	} {
		found := SharedIssuers(c.text)
		if (len(found) > 0) != c.open {
			t.Errorf("%s: %v", c.text, found)
		}
		if slices.ContainsFunc(found, func(f Finding) bool { return f.Rule != "shared-issuer" || f.Severity != Error }) {
			t.Errorf("%s: %v", c.text, found)
		}
	}
}

func FuzzCheck(f *testing.F) {
	files, _ := filepath.Glob("testdata/*.txtar")
	for _, file := range files {
		a, err := txtar.ParseFile(file)
		if err != nil {
			f.Fatal(err)
		}
		for _, x := range a.Files {
			f.Add(string(x.Data), byte(len(x.Data)))
		}
	}
	f.Fuzz(func(t *testing.T, text string, kind byte) {
		k := policy.Kind(kind % 8)
		errors := 0
		for _, x := range Check(text, k, "111122223333") {
			if x.Start < 0 || x.End < x.Start || x.End > max(len(text), x.Start) || x.Line < 1 || x.Column < 1 {
				t.Errorf("%+v", x)
			}
			if x.Severity == Error {
				errors++
			}
		}
		if k == policy.Any {
			k = Detect(text)
		}
		if _, err := policy.Parse(text, k); err != nil && errors == 0 {
			t.Errorf("%v: no finding says it", err)
		}
		SharedIssuers(text)
	})
}

// TestRulesDocumented: docs/policy.md lists the rules as they are.
func TestRulesDocumented(t *testing.T) {
	b, err := os.ReadFile("../../docs/policy.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range Rules() {
		if row := fmt.Sprintf("| `%s` | %v | %s |\n", r.ID, r.Severity, r.Summary); !strings.Contains(string(b), row) {
			t.Errorf("docs/policy.md has no row %s", row)
		}
	}
	if rows, rules := strings.Count(string(b), "\n| `"), len(Rules()); rows < rules {
		t.Errorf("%d rows for %d rules", rows, rules)
	}
}
