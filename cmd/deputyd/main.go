// Command deputyd is the token service: it chooses the engine, reads flags,
// environment and the config file, makes a server.Server of them and runs it.
//
// A file holds a command. What the service does is server's and the rooms'
// below it; what operators do to it is admin's.
package main

import (
	"context"
	"os"

	"github.com/spf13/cobra"

	"github.com/deputy-sts/deputy/internal/cli"
)

func main() { os.Exit(run(cli.OS("deputyd"))) }

func run(env *cli.Env) int {
	root := newRoot(env)
	root.SetArgs(env.Args)
	root.SetIn(env.Stdin)
	root.SetOut(env.Stdout)
	root.SetErr(env.Stderr)
	root.SilenceErrors, root.SilenceUsage = true, true
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error {
		return usage(err, cmd.CommandPath()+" --help shows the flags")
	})
	return env.Report(root.ExecuteContext(context.Background()))
}

// usage is an error in how the program was called: exit code 2, and what would be right.
func usage(err error, hint string) error { return cli.Exit(2, cli.Hint(err, "%s", hint)) }

// apply fills the flags that were not given from the environment and the config file.
func apply(env *cli.Env, cmd *cobra.Command) error {
	err := cli.Settings{Prefix: "DEPUTYD", Getenv: env.Getenv, FileFlag: "config"}.Apply(cmd.Flags())
	if err != nil {
		return usage(err, cmd.CommandPath()+" --help lists the settings")
	}
	return nil
}
