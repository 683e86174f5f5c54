package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/deputy-sts/deputy/internal/cli"
	"github.com/deputy-sts/deputy/internal/lint"
	"github.com/deputy-sts/deputy/policy"
)

// policyKinds are the kinds of documents as --kind names them.
var policyKinds = map[string]policy.Kind{
	"auto": policy.Any, "identity": policy.Inline, "trust": policy.Trust, "resource": policy.Resource,
	"session": policy.Session, "scp": policy.SCP, "rcp": policy.RCP,
}

var checkFormats = map[string]func(io.Writer, []checked) error{"text": writeFindings, "json": writeFindingsJSON, "sarif": writeSARIF}

// checker is one use of policy check.
type checker struct {
	env      *cli.Env
	kind     string
	format   string
	accounts []string
	ignore   []string
}

// checked is a file and what is found in it.
type checked struct {
	file     string
	kind     string
	text     string
	findings []lint.Finding
}

func newCheck(env *cli.Env) *cobra.Command {
	c := &checker{env: env}
	cmd := &cobra.Command{
		Use:   "check FILE…",
		Short: "find what is wrong, useless or dangerous in policies",
		Long: `Reads policies and tells what AWS refuses in them, what has no effect, and what
allows more than it seems to: typing errors in actions and condition keys,
conditions that nothing meets, roles that strangers may enter, and more.
docs/policy.md lists the rules. FILE is - for standard input.

The exit code is 1 if an error is found; warnings and notes leave it 0.`,
		Example: `  deputy policy check policy.json
  deputy policy check --kind trust --account 111122223333 role.json
  deputy policy check --format sarif policies/*.json > policies.sarif`,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				return usage(errors.New("the following arguments are required: file"), "a file, or - for standard input")
			}
			return nil
		},
		RunE: func(_ *cobra.Command, args []string) error { return c.run(args) },
	}
	flags := cmd.Flags()
	flags.StringVar(&c.kind, "kind", "auto", "what the policy is for: "+choices(policyKinds))
	flags.StringVar(&c.format, "format", "text", "form of the output: "+choices(checkFormats))
	flags.StringSliceVar(&c.accounts, "account", nil, "account `ids` that are yours: their principals need no external ID")
	flags.StringSliceVar(&c.ignore, "ignore", nil, "`rules` to leave out")
	return cmd
}

func choices[T any](of map[string]T) string {
	return strings.Join(slices.Sorted(maps.Keys(of)), ", ")
}

func (c *checker) run(files []string) error {
	kind, ok := policyKinds[c.kind]
	if !ok {
		return usage(fmt.Errorf("argument --kind: invalid choice: %q", c.kind), "choose from "+choices(policyKinds))
	}
	write, ok := checkFormats[c.format]
	if !ok {
		return usage(fmt.Errorf("argument --format: invalid choice: %q", c.format), "choose from "+choices(checkFormats))
	}
	if err := c.known(); err != nil {
		return err
	}
	results, failed := []checked(nil), false
	for _, file := range files {
		text, err := readPolicy(c.env, file)
		if err != nil {
			return err
		}
		r := c.check(file, text, kind)
		failed = failed || slices.ContainsFunc(r.findings, func(f lint.Finding) bool { return f.Severity == lint.Error })
		results = append(results, r)
	}
	out := bufio.NewWriter(c.env.Stdout)
	if err := errors.Join(write(out, results), out.Flush()); err != nil {
		return err
	}
	if failed {
		return cli.Exit(1, nil)
	}
	return nil
}

// known refuses accounts and rules that can't be: a typing error would change what
// is found without a word.
func (c *checker) known() error {
	for _, a := range c.accounts {
		if len(a) != 12 || strings.Trim(a, "0123456789") != "" {
			return usage(fmt.Errorf("argument --account: %q is no account id", a), "account ids have twelve digits")
		}
	}
	for _, id := range c.ignore {
		if !slices.ContainsFunc(lint.Rules(), func(r lint.Rule) bool { return r.ID == id }) {
			return usage(fmt.Errorf("argument --ignore: there is no rule %q", id), "findings end with the name of their rule")
		}
	}
	return nil
}

func (c *checker) check(file, text string, kind policy.Kind) checked {
	if kind == policy.Any {
		kind = lint.Detect(text)
	}
	r := checked{file: file, text: text, findings: lint.Check(text, kind, c.accounts...)}
	for name, k := range policyKinds {
		if k == kind {
			r.kind = name
		}
	}
	r.findings = slices.DeleteFunc(r.findings, func(f lint.Finding) bool { return slices.Contains(c.ignore, f.Rule) })
	return r
}

// readPolicy reads a file, or standard input for "-".
func readPolicy(env *cli.Env, file string) (string, error) {
	if file != "-" {
		b, err := readBounded(file)
		return string(b), err
	}
	b, err := io.ReadAll(io.LimitReader(env.Stdin, maxFile+1))
	if err == nil && len(b) > maxFile {
		err = fmt.Errorf("standard input: larger than %d bytes", maxFile)
	}
	return string(b), err
}

// writeFindings writes a line for each finding, as compilers do, and below it what
// to do.
func writeFindings(w io.Writer, results []checked) error {
	for _, r := range results {
		name := cli.Sanitize(r.file)
		if r.file == "-" {
			name = "stdin"
		}
		for _, f := range r.findings {
			fmt.Fprintf(w, "%s:%d:%d: %v: %s (%s)\n", name, f.Line, f.Column, f.Severity, cli.Sanitize(f.Message), f.Rule)
			if f.Suggestion != "" {
				fmt.Fprintf(w, "    %s\n", cli.Sanitize(f.Suggestion))
			}
		}
	}
	return nil // the writer keeps its first error
}

// writeFindingsJSON writes an array of objects, one for each file.
func writeFindingsJSON(w io.Writer, results []checked) error {
	type object struct {
		File     string         `json:"file"`
		Kind     string         `json:"kind"`
		Findings []lint.Finding `json:"findings"`
	}
	objects := []object{}
	for _, r := range results {
		objects = append(objects, object{r.file, r.kind, append([]lint.Finding{}, r.findings...)})
	}
	return writeJSON(w, objects)
}

func writeJSON(w io.Writer, v any) error {
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	return enc.Encode(v)
}
