package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/deputy-sts/deputy/internal/cli"
)

func newRoot(env *cli.Env) *cobra.Command {
	root := group(&cobra.Command{
		Use:   "deputyd",
		Short: "hand out temporary credentials: a self-hosted Security Token Service",
		Long: `deputyd speaks the protocols of AWS STS and IAM, and enforces them: signatures,
policies, trust, external IDs, session tags. Try it:

  deputyd dev`,
	})
	root.Version = cli.Version("deputyd")
	root.SetVersionTemplate("{{.Version}}\n")
	root.AddCommand(newDev(env), newInit(env), newServe(env), newAdmin(env), newAudit(env), newVersion(env))
	return root
}

func newVersion(env *cli.Env) *cobra.Command {
	return &cobra.Command{
		Use: "version", Short: "print the version", Args: noArguments,
		RunE: func(*cobra.Command, []string) error {
			_, err := fmt.Fprintln(env.Stdout, cli.Version("deputyd"))
			return err
		},
	}
}
