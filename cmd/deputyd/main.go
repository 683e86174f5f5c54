// Command deputyd is the token service: it chooses the engine, reads flags,
// environment and the config file, makes a server.Server of them and runs it.
//
// A file holds a command. What the service does is server's and the rooms'
// below it; what operators do to it is admin's.
package main

import (
	"context"
	"fmt"
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

// noArguments refuses arguments of a command that takes none.
func noArguments(cmd *cobra.Command, args []string) error {
	if len(args) > 0 {
		return usage(fmt.Errorf("unexpected argument %q", args[0]), cmd.CommandPath()+" --help shows what it takes")
	}
	return nil
}

// group makes a command that only holds others: alone it shows its help, and
// what it does not know is an error.
func group(cmd *cobra.Command) *cobra.Command {
	cmd.Args = func(cmd *cobra.Command, args []string) error {
		if len(args) > 0 {
			return usage(fmt.Errorf("unknown command %q of %s", args[0], cmd.CommandPath()), cmd.CommandPath()+" --help lists the commands")
		}
		return nil
	}
	cmd.RunE = func(cmd *cobra.Command, _ []string) error { return cmd.Help() }
	return cmd
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
