package main

import (
	"fmt"
	"slices"

	"github.com/spf13/cobra"

	"github.com/deputy-sts/deputy/internal/cli"
)

// globals are the flags that every command takes.
type globals struct {
	profile, region, endpoint, output, caBundle string
	noSign, debug                               bool
}

func newRoot(env *cli.Env) *cobra.Command {
	g := new(globals)
	root := &cobra.Command{
		Use:   "deputy",
		Short: "obtain and use temporary credentials",
		Long: `deputy obtains and uses temporary credentials. Its sts and configure commands take
the AWS CLI's words and flags, read its files and environment, and print what
version 2 of it prints, as json or text. Profiles that assume roles, --query and
the other services are not there yet.`,
		Example: `  deputy sts get-caller-identity
  deputy sts assume-role --role-arn arn:aws:iam::111122223333:role/demo --role-session-name me`,
		Args: cobra.ArbitraryArgs,
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				return cmd.Help()
			}
			return noSuch(cmd, "command", args[0])
		},
	}
	flags := root.PersistentFlags()
	flags.StringVar(&g.profile, "profile", "", "profile of the configuration files (AWS_PROFILE)")
	flags.StringVar(&g.region, "region", "", "region (AWS_REGION)")
	flags.StringVar(&g.endpoint, "endpoint-url", "", "URL of the service (AWS_ENDPOINT_URL_STS, AWS_ENDPOINT_URL)")
	flags.StringVar(&g.output, "output", "", "json or text (AWS_DEFAULT_OUTPUT)")
	flags.StringVar(&g.caBundle, "ca-bundle", "", "PEM file of the authorities to trust (AWS_CA_BUNDLE)")
	flags.BoolVar(&g.noSign, "no-sign-request", false, "send the request unsigned")
	flags.BoolVar(&g.debug, "debug", false, "tell on stderr what is used and sent; no secrets")
	flags.Bool("no-cli-pager", false, "accepted and without effect: nothing is ever paged")
	flags.Lookup("no-cli-pager").Hidden = true
	root.Version = cli.Version("deputy")
	root.SetVersionTemplate("{{.Version}}\n")
	root.AddCommand(newSTS(env, g), newConfigure(env, g), newPolicy(env, g), newVersion(env))
	return root
}

// noSuch refuses a word that is no command here, and says what is.
func noSuch(cmd *cobra.Command, what, word string) error {
	err := fmt.Errorf("argument %s: invalid choice: %q", what, word)
	cmd.SuggestionsMinimumDistance = 2
	if near := cmd.SuggestionsFor(word); len(near) > 0 {
		return usage(err, "did you mean "+cmd.CommandPath()+" "+near[0]+"?")
	}
	return usage(err, cmd.CommandPath()+" --help lists the choices")
}

func newVersion(env *cli.Env) *cobra.Command {
	return &cobra.Command{
		Use: "version", Short: "print the version", Args: noArgs,
		RunE: func(*cobra.Command, []string) error {
			_, err := fmt.Fprintln(env.Stdout, cli.Version("deputy"))
			return err
		},
	}
}

// noArgs refuses words that are no flags, as the AWS CLI names them.
func noArgs(cmd *cobra.Command, args []string) error {
	if len(args) > 0 {
		return usage(fmt.Errorf("unknown options: %s", args[0]), cmd.CommandPath()+" --help shows the flags")
	}
	return nil
}

// wants says whether the tree below a command is needed to understand the arguments.
func wants(env *cli.Env, command string) bool {
	return slices.ContainsFunc(env.Args, func(arg string) bool {
		return arg == command || arg == "help" || arg == "completion" || arg == cobra.ShellCompRequestCmd || arg == cobra.ShellCompNoDescRequestCmd
	})
}
