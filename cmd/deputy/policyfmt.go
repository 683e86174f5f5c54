package main

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/spf13/cobra"

	"github.com/deputy-sts/deputy/internal/cli"
	"github.com/deputy-sts/deputy/policy"
)

func newFmt(env *cli.Env) *cobra.Command {
	var write, diff bool
	cmd := &cobra.Command{
		Use:   "fmt FILE…",
		Short: "write policies in one form",
		Long: `Prints policies with their elements in the order of AWS's guide, two spaces for
each level, and lists on one line where they fit in 100 columns. Strings stay as
they are, byte for byte; the policy decides what it decided. FILE is - for
standard input.

With -d the exit code is 1 if a file would change.`,
		Example: "  deputy policy fmt policy.json\n  deputy policy fmt -w policies/*.json\n  deputy policy fmt -d policies/*.json",
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				return usage(errors.New("the following arguments are required: file"), "a file, or - for standard input")
			}
			if write && slices.Contains(args, "-") {
				return usage(errors.New("-w cannot write to standard input"), "leave -w out to print the policy")
			}
			return nil
		},
		RunE: func(_ *cobra.Command, args []string) error {
			changed := false
			for _, file := range args {
				c, err := formatFile(env, file, write, diff)
				if err != nil {
					return err
				}
				changed = changed || c
			}
			if diff && changed {
				return cli.Exit(1, nil)
			}
			return nil
		},
	}
	cmd.Flags().BoolVarP(&write, "write", "w", false, "write into the files instead of printing")
	cmd.Flags().BoolVarP(&diff, "diff", "d", false, "print what would change instead of the policies")
	return cmd
}

// formatFile formats one and tells whether it changes.
func formatFile(env *cli.Env, file string, write, diff bool) (changed bool, err error) {
	before, err := readPolicy(env, file)
	if err != nil {
		return false, err
	}
	after, err := formatPolicy(before)
	if err != nil {
		return false, fmt.Errorf("%s: %w", file, err)
	}
	changed = before != after
	if diff && changed {
		if _, err := fmt.Fprint(env.Stdout, unifiedDiff(file, before, after)); err != nil {
			return changed, err
		}
	}
	if write && changed {
		path, err := throughLinks(file)
		if err != nil {
			return changed, err
		}
		return changed, replaceFile(path, []byte(after))
	}
	if !write && !diff {
		_, err = fmt.Fprint(env.Stdout, after)
	}
	return changed, err
}

// The order of elements, as the guide's grammar has it.
var (
	documentOrder  = []string{"Version", "Id", "Statement"}
	statementOrder = []string{"Sid", "Effect", "Principal", "NotPrincipal", "Action", "NotAction", "Resource", "NotResource", "Condition"}
)

// lineWidth is how long a line may get by a list on it, in characters.
const lineWidth = 100

// formatPolicy writes a policy in one form. Names and scalars keep their bytes.
func formatPolicy(text string) (string, error) {
	root, err := policy.ReadNode(text)
	if err != nil {
		return "", err
	}
	if root.Kind != policy.ObjectNode {
		return "", fmt.Errorf("a policy is an object, not %v", root.Kind)
	}
	p := &printer{text: text}
	p.object(root, 0, documentOrder)
	p.out.WriteByte('\n')
	return p.out.String(), nil
}

type printer struct {
	text string
	out  strings.Builder
}

func (p *printer) raw(start, end int) string { return p.text[start:end] }

// line ends a line and indents the next.
func (p *printer) line(depth int) {
	p.out.WriteByte('\n')
	for range depth {
		p.out.WriteString("  ")
	}
}

// value writes a value; column is where it begins. What stands under Statement is
// in the order of statements.
func (p *printer) value(n *policy.Node, depth, column int, order []string) {
	switch n.Kind {
	case policy.ObjectNode:
		p.object(n, depth, order)
	case policy.ArrayNode:
		p.array(n, depth, column, order)
	default:
		p.out.WriteString(p.raw(n.Start, n.End))
	}
}

func (p *printer) object(n *policy.Node, depth int, order []string) {
	if len(n.Members) == 0 {
		p.out.WriteString("{}")
		return
	}
	members := slices.Clone(n.Members)
	slices.SortStableFunc(members, func(a, b policy.Member) int { return rank(order, a.Name) - rank(order, b.Name) })
	p.out.WriteByte('{')
	for i := range members {
		m := &members[i]
		if i > 0 {
			p.out.WriteByte(',')
		}
		p.line(depth + 1)
		name := p.raw(m.Start, m.End) + ": "
		p.out.WriteString(name)
		var inside []string
		if depth == 0 && m.Name == "Statement" {
			inside = statementOrder
		}
		p.value(&m.Value, depth+1, 2*(depth+1)+utf8.RuneCountInString(name), inside)
	}
	p.line(depth)
	p.out.WriteByte('}')
}

// rank is the place of a name; those that have none keep their order behind.
func rank(order []string, name string) int {
	if i := slices.Index(order, name); i >= 0 {
		return i
	}
	return len(order)
}

func (p *printer) array(n *policy.Node, depth, column int, order []string) {
	if line, ok := p.flat(n); ok && column+utf8.RuneCountInString(line) <= lineWidth {
		p.out.WriteString(line)
		return
	}
	p.out.WriteByte('[')
	for i := range n.Items {
		if i > 0 {
			p.out.WriteByte(',')
		}
		p.line(depth + 1)
		p.value(&n.Items[i], depth+1, 2*(depth+1), order)
	}
	p.line(depth)
	p.out.WriteByte(']')
}

// flat is a list of scalars on one line.
func (p *printer) flat(n *policy.Node) (string, bool) {
	var items []string
	for i := range n.Items {
		if k := n.Items[i].Kind; k == policy.ObjectNode || k == policy.ArrayNode {
			return "", false
		}
		items = append(items, p.raw(n.Items[i].Start, n.Items[i].End))
	}
	return "[" + strings.Join(items, ", ") + "]", true
}
