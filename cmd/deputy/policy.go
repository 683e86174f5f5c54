package main

import (
	"errors"

	"github.com/spf13/cobra"

	"github.com/deputy-sts/deputy/internal/cli"
)

// newPolicy makes the commands that work on policies: on this machine, without
// credentials, configuration files or a service.
func newPolicy(env *cli.Env, g *globals) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "policy check|decide|fmt",
		Short: "check policies, decide by them and format them, without a service",
		Example: `  deputy policy check policies/*.json
  deputy policy decide --explain < cases.json
  deputy policy fmt -w policies/*.json`,
		Args: cobra.ArbitraryArgs,
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				return usage(errors.New("the following arguments are required: subcommand"), cmd.CommandPath()+" --help lists them")
			}
			return noSuch(cmd, "subcommand", args[0])
		},
	}
	if wants(env, "policy") {
		cmd.AddCommand(newCheck(env), newDecide(env, g), newFmt(env))
	}
	return cmd
}
