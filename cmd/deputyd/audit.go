package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/deputy-sts/deputy/internal/audit"
	"github.com/deputy-sts/deputy/internal/cli"
)

func newAudit(env *cli.Env) *cobra.Command {
	cmd := group(&cobra.Command{Use: "audit", Short: "check the audit trail"})
	cmd.AddCommand(&cobra.Command{
		Use:   "verify FILE …",
		Short: "find a removed, changed or reordered line",
		Long: `Reads an audit file and checks that each line is chained to the one before. The
parts of a rotated trail are given oldest first and checked as one. Exits with 1
at the first line that is not what was written, and says which it is.`,
		Example: "  deputyd audit verify /var/lib/deputy/audit.log\n  deputyd audit verify audit.log.1 audit.log",
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				return usage(errors.New("no FILE is given"), "name the trail, such as deputyd audit verify /var/lib/deputy/audit.log")
			}
			return nil
		},
		RunE: func(_ *cobra.Command, args []string) error { return verifyAudit(env, args) },
	})
	return cmd
}

func verifyAudit(env *cli.Env, names []string) error {
	var parts []io.Reader
	for _, name := range names {
		f, err := os.Open(name)
		if err != nil {
			return err
		}
		defer f.Close()
		parts = append(parts, f)
	}
	trail := strings.Join(names, ", ")
	report, err := audit.Verify(io.MultiReader(parts...))
	if err != nil {
		return fmt.Errorf("%s: %w", trail, err)
	}
	if report.Lines == 0 {
		fmt.Fprintf(env.Stdout, "%s: no lines\n", trail)
		return nil
	}
	fmt.Fprintf(env.Stdout, "%s: %d lines, %d to %d, unbroken; last hash %s\n", trail, report.Lines, report.FirstSeq, report.LastSeq, report.LastHash)
	if report.Lost > 0 {
		fmt.Fprintf(env.Stdout, "the trail tells that %d events could not be written\n", report.Lost)
	}
	return nil
}
