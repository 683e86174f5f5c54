package main

import (
	"bufio"
	"cmp"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/deputy-sts/deputy/internal/cli"
)

// secretKeys go to the credentials file; all others go to the config file.
var secretKeys = []string{"aws_access_key_id", "aws_secret_access_key", "aws_session_token"}

func newConfigure(env *cli.Env, g *globals) *cobra.Command {
	configure := &cobra.Command{
		Use:     "configure get|set",
		Short:   "read and change the AWS CLI's configuration files",
		Example: "  deputy configure set region eu-west-1\n  deputy configure get profile.work.endpoint_url",
		Args:    cobra.ArbitraryArgs,
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				return usage(errors.New("the following arguments are required: subcommand"), cmd.CommandPath()+" --help lists them")
			}
			return noSuch(cmd, "subcommand", args[0])
		},
	}
	configure.AddCommand(newGet(env, g), newSet(env, g))
	return configure
}

func newGet(env *cli.Env, g *globals) *cobra.Command {
	return &cobra.Command{
		Use:   "get NAME",
		Short: "print a value as the files have it",
		Long: `Prints the value of NAME as it stands in the files; the environment has no say.
NAME is a key of the profile, key.setting for one inside a block, or begins with
profile.NAME. or default. for another profile. Exit code 1: it has no value.`,
		Example: "  deputy configure get region\n  deputy configure get profile.work.role_arn\n  deputy configure get s3.max_concurrent_requests --profile work",
		Args:    positional("varname"),
		RunE: func(cmd *cobra.Command, args []string) error {
			s, err := loadSettings(env, g, cmd.Flags().Changed)
			if err != nil {
				return err
			}
			value, ok, err := s.lookUp(args[0])
			switch {
			case err != nil:
				return err
			case !ok:
				return cli.Exit(1, nil)
			case nests(value):
				return cli.Exit(1, fmt.Errorf("varname (%s) must reference a value, not a section or sub-section.", args[0]))
			}
			_, err = fmt.Fprintln(env.Stdout, value)
			return err
		},
	}
}

// positional refuses any number of words but one for each name.
func positional(names ...string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if len(args) < len(names) {
			return usage(fmt.Errorf("the following arguments are required: %s", strings.Join(names[len(args):], ", ")), cmd.CommandPath()+" --help shows the use")
		}
		if len(args) > len(names) {
			return usage(fmt.Errorf("unknown options: %s", strings.Join(args[len(names):], ", ")), cmd.CommandPath()+" --help shows the use")
		}
		return nil
	}
}

// variable is a name of configure get and set, taken apart.
type variable struct {
	profile  string // "" unless the name says it
	key, sub string
}

// lookUp reads a variable. A plain name needs the profile to exist.
func (s *settings) lookUp(name string) (value string, ok bool, err error) {
	if !strings.Contains(name, ".") {
		if err := s.mustExist(); err != nil {
			return "", false, err
		}
		value, ok = s.get(name, "")
		return value, ok, nil
	}
	if first, _, _ := strings.Cut(name, "."); first != "profile" && s.describes(first) {
		name = "profile." + name
	}
	v, err := parseVariable(name)
	if err != nil {
		return "", false, err
	}
	if v.profile == "" {
		v.profile = s.profile
	}
	value, ok = s.of(v.profile, v.key, v.sub)
	return value, ok, nil
}

// describes says whether the files have a profile of the name.
func (s *settings) describes(profile string) bool {
	return s.config.find(inConfig(profile)) != nil || s.credentials.find(inCredentials(profile)) != nil
}

// parseVariable takes key, key.sub, default.key[.sub] and profile.NAME.key[.sub] apart.
func parseVariable(name string) (variable, error) {
	parts := strings.Split(name, ".")
	v := variable{}
	switch {
	case parts[0] == "default" && len(parts) > 1:
		v.profile, parts = "default", parts[1:]
	case parts[0] == "profile" && len(parts) > 2:
		v.profile, parts = parts[1], parts[2:]
	}
	if len(parts) > 2 || slices.Contains(parts, "") {
		return v, usage(fmt.Errorf("invalid name %q", name), "key, key.setting, profile.NAME.key or profile.NAME.key.setting")
	}
	v.key = parts[0]
	if len(parts) == 2 {
		v.sub = parts[1]
	}
	return v, nil
}

func newSet(env *cli.Env, g *globals) *cobra.Command {
	var ssoSession, services string
	cmd := &cobra.Command{
		Use:   "set NAME [VALUE]",
		Short: "write a value into the files",
		Long: `Writes one value and leaves every other line of the file as it is. NAME is as in
configure get. Keys and tokens go to the credentials file, all else to the config
file. Without VALUE it is read from the terminal or standard input, so that a
secret need not stand in the command line.`,
		Example: "  deputy configure set region eu-west-1 --profile work\n  deputy configure set aws_secret_access_key\n  deputy configure set profile.work.s3.addressing_style path",
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) == 1 {
				return nil
			}
			return positional("varname", "value")(cmd, args)
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			c, path, err := target(env, g, args[0], ssoSession, services)
			if err != nil {
				return err
			}
			if len(args) == 2 {
				c.value = args[1]
			} else if c.value, err = readValue(env, args[0]); err != nil {
				return err
			}
			return editINI(path, c)
		},
	}
	cmd.Flags().StringVar(&ssoSession, "sso-session", "", "write into the [sso-session NAME] section")
	cmd.Flags().StringVar(&services, "services", "", "write into the [services NAME] section")
	return cmd
}

// target finds the file and the section that a name belongs to.
func target(env *cli.Env, g *globals, name, ssoSession, services string) (c change, path string, err error) {
	v, err := parseVariable(name)
	if err != nil {
		return c, "", err
	}
	s := &settings{env: env, g: g}
	c.key, c.sub, path = v.key, v.sub, s.configPath()
	kind, of := "profile", cmp.Or(v.profile, g.profile, env.Getenv("AWS_PROFILE"), env.Getenv("AWS_DEFAULT_PROFILE"), "default")
	switch {
	case ssoSession != "" && services != "":
		return c, "", usage(errors.New("--sso-session and --services exclude each other"), "give one of them")
	case (ssoSession != "" || services != "") && (v.profile != "" || g.profile != ""):
		return c, "", usage(errors.New("a profile's setting is not in an [sso-session] or [services] section"), "leave the profile out")
	case ssoSession != "":
		kind, of = "sso-session", ssoSession
	case services != "":
		kind, of = "services", services
	}
	if err := sectionName(of); err != nil {
		return c, "", err
	}
	c.is = func(header string) bool { return isSection(header, kind, of) }
	c.header = kind + " " + quoted(of)
	if kind == "profile" {
		c.is = inConfig(of)
		if of == "default" {
			c.header = of
		}
		if v.sub == "" && slices.Contains(secretKeys, v.key) {
			c.header, c.is, path = of, inCredentials(of), s.credentialsPath()
		}
	}
	return c, path, nil
}

// sectionName refuses names that could be read back as something else.
func sectionName(name string) error {
	if strings.TrimSpace(name) != name || strings.ContainsAny(name, "[]\"'\\") {
		return usage(fmt.Errorf("invalid name %q", name), "no brackets, quotes, backslashes or outer space in a name")
	}
	return nil
}

// quoted is a section's name as the AWS CLI writes it: in quotes if it has space in it.
func quoted(name string) string {
	if strings.ContainsAny(name, " \t") {
		return "'" + name + "'"
	}
	return name
}

// readValue asks for a value at the terminal, without showing it, or reads the
// first line of standard input.
func readValue(env *cli.Env, name string) (string, error) {
	if f, ok := env.Stdin.(*os.File); ok && term.IsTerminal(int(f.Fd())) {
		fmt.Fprintf(env.Stderr, "%s: ", cli.Sanitize(name))
		value, err := term.ReadPassword(int(f.Fd()))
		fmt.Fprintln(env.Stderr)
		return string(value), err
	}
	text, err := bufio.NewReader(io.LimitReader(env.Stdin, maxFile)).ReadString('\n')
	if err != nil && err != io.EOF {
		return "", err
	}
	value := strings.TrimRight(text, "\r\n")
	if value == "" {
		return "", usage(errors.New("the following arguments are required: value"), "give it as an argument or on standard input")
	}
	return value, nil
}
