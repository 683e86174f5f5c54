package main

import (
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"github.com/deputy-sts/deputy/internal/audit"
	"github.com/deputy-sts/deputy/internal/cli"
)

func newAudit(env *cli.Env) *cobra.Command {
	cmd := &cobra.Command{Use: "audit", Short: "check the audit trail"}
	cmd.AddCommand(&cobra.Command{
		Use:     "verify FILE",
		Short:   "find a removed, changed or reordered line",
		Long:    "Reads an audit file and checks that each line is chained to the one before.\nExits with 1 at the first that is not, and says which line it is.",
		Example: "  deputyd audit verify /var/lib/deputy/audit.log",
		Args:    cobra.ExactArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			f, err := os.Open(args[0])
			if err != nil {
				return err
			}
			defer f.Close()
			report, err := audit.Verify(f)
			if err != nil {
				return fmt.Errorf("%s: %w", args[0], err)
			}
			fmt.Fprintf(env.Stdout, "%s: %d lines, %d to %d, unbroken; last hash %s\n", args[0], report.Lines, report.FirstSeq, report.LastSeq, report.LastHash)
			return nil
		},
	})
	return cmd
}
