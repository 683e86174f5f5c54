// Command deputy is the client: it calls STS operations with the AWS CLI's own
// flags, output, error texts and exit codes, at Deputy's service, at AWS or at
// any compatible one, and reads and edits the AWS CLI's configuration files.
//
// A file holds a subject. It owns flags, profiles, and what a person reads; the
// protocol is query's and stsapi's, signatures are sigv4's, how messages and
// answers look is cli's. It links nothing of the server.
package main

import (
	"context"
	"errors"
	"os"
	"os/signal"

	"github.com/spf13/cobra"

	"github.com/deputy-sts/deputy/internal/cli"
)

// The exit codes, which are the AWS CLI's.
const (
	exitUsage       = 252
	exitConfig      = 253 // configuration, or no credentials
	exitRefused     = 254 // the service said no
	exitOther       = 255
	exitInterrupted = 130
)

func main() { os.Exit(run(cli.OS("deputy"))) }

func run(env *cli.Env) int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	root := newRoot(env)
	root.SetArgs(gatherLists(env.Args))
	root.SetIn(env.Stdin)
	root.SetOut(env.Stdout)
	root.SetErr(env.Stderr)
	root.SilenceErrors, root.SilenceUsage = true, true
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error {
		return usage(err, cmd.CommandPath()+" --help shows the flags")
	})
	err := root.ExecuteContext(ctx)
	if err != nil && ctx.Err() != nil {
		return exitInterrupted
	}
	var exit *cli.ExitError
	if err != nil && !errors.As(err, &exit) {
		err = cli.Exit(exitOther, err)
	}
	return env.Report(err)
}

// usage is an error in how the program was called, and what would be right.
func usage(err error, hint string) error { return cli.Exit(exitUsage, cli.Hint(err, "%s", hint)) }

// misconfigured is an error in files or environment, and what would be right.
func misconfigured(err error, hint string) error {
	return cli.Exit(exitConfig, cli.Hint(err, "%s", hint))
}
