package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/url"
	"reflect"
	"strings"

	"github.com/spf13/cobra"

	"github.com/deputy-sts/deputy/internal/cli"
	"github.com/deputy-sts/deputy/internal/query"
	"github.com/deputy-sts/deputy/internal/stsapi"
)

// newSTS makes the command of STS, and those of its operations when they are wanted.
func newSTS(env *cli.Env, g *globals) *cobra.Command {
	sts := &cobra.Command{
		Use:     "sts OPERATION",
		Short:   "call an operation of STS, with the AWS CLI's flags and output",
		Example: "  deputy sts get-caller-identity\n  deputy sts assume-role --help",
		Args:    cobra.ArbitraryArgs,
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				return usage(errors.New("the following arguments are required: operation"), cmd.CommandPath()+" --help lists the operations")
			}
			return noSuch(cmd, "operation", args[0])
		},
	}
	if wants(env, "sts") {
		for i := range stsapi.API.Ops {
			sts.AddCommand(newOperation(env, g, &stsapi.API, &stsapi.API.Ops[i]))
		}
	}
	return sts
}

// newOperation makes the command of one operation from the type of its input.
func newOperation(env *cli.Env, g *globals, api *query.API, op *query.Op) *cobra.Command {
	in, out := api.New(op.Name)
	c := &call{env: env, g: g, api: api, op: op, in: in, out: out}
	cmd := &cobra.Command{
		Use:     kebab(op.Name),
		Short:   operationTexts[op.Name],
		Example: example(op.Name),
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) == 1 && args[0] == "help" {
				return nil
			}
			return noArgs(cmd, args)
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) > 0 {
				return cmd.Help()
			}
			return c.run(cmd.Context(), cmd)
		},
	}
	if cmd.Short == "" {
		cmd.Short = "call " + op.Name
	}
	c.members = addMembers(cmd.Flags(), reflect.TypeOf(in).Elem())
	cmd.Flags().StringVar(&c.inputJSON, "cli-input-json", "", "the input as JSON, or file:// and the name of a file; flags stand above it")
	return cmd
}

// call is one use of an operation's command.
type call struct {
	env       *cli.Env
	g         *globals
	api       *query.API
	op        *query.Op
	in, out   any // pointers to the operation's structures
	members   []*member
	inputJSON string
}

func (c *call) run(ctx context.Context, cmd *cobra.Command) error {
	if err := c.input(cmd); err != nil {
		return err
	}
	s, err := loadSettings(c.env, c.g, cmd.Flags().Changed)
	if err != nil {
		return err
	}
	format, err := s.format()
	if err != nil {
		return err
	}
	conn, err := s.connect(c.api, c.op)
	if err != nil {
		return err
	}
	if err := conn.Client.Do(ctx, c.op.Name, c.in, c.out); err != nil {
		return c.failed(conn, err)
	}
	return format.Write(c.env.Stdout, answer(reflect.ValueOf(c.out).Elem()))
}

// input fills the operation's input from --cli-input-json and the flags.
func (c *call) input(cmd *cobra.Command) error {
	v := reflect.ValueOf(c.in).Elem()
	f := filler{getenv: c.env.Getenv}
	if c.inputJSON != "" {
		if err := f.fromJSON(v, "--cli-input-json", c.inputJSON); err != nil {
			return err
		}
	}
	for _, m := range c.members {
		if m.words != nil {
			if err := f.fromWords(v.Field(m.index), m); err != nil {
				return err
			}
		}
	}
	if missing := missingFlags(v, c.members); len(missing) > 0 && len(f.problems) == 0 {
		return usage(fmt.Errorf("the following arguments are required: %s", strings.Join(missing, ", ")), cmd.CommandPath()+" --help shows the flags")
	}
	f.check(v, "")
	if len(f.problems) > 0 {
		return say(c.env, exitUsage, "Parameter validation failed:\n"+strings.Join(f.problems, "\n"))
	}
	return nil
}

// failed tells why a call had no answer, in the AWS CLI's words, and then what
// helps to find out more.
func (c *call) failed(conn *connection, err error) error {
	var refused *query.Error
	if errors.As(err, &refused) {
		text := fmt.Sprintf("An error occurred (%s) when calling the %s operation: %s", cli.Sanitize(refused.Name), c.op.Name, cli.Sanitize(refused.Message))
		exit := say(c.env, exitRefused, text)
		c.env.Hintf("request id %s; sent to %s %s: %s", cmp.Or(refused.RequestID, "unknown"), conn.Client.Endpoint, conn.by, c.sent())
		return exit
	}
	var unreached *url.Error
	if errors.Is(err, context.Canceled) || !errors.As(err, &unreached) {
		return err
	}
	exit := say(c.env, exitOther, fmt.Sprintf("Could not connect to the endpoint URL: %q", conn.Client.Endpoint))
	c.env.Hintf("%s (%v); the endpoint comes from %s", cause(err), unreached.Err, conn.from)
	return exit
}

// say prints a text as the AWS CLI prints its errors, after an empty line, and
// ends with the code.
func say(env *cli.Env, code int, text string) error {
	fmt.Fprintf(env.Stderr, "\n%s\n", cli.SanitizeLines(text))
	return cli.Exit(code, nil)
}

// sent describes the input without secrets: what is often the reason of a
// refusal, and whether an external ID, a code, tags or policies were given.
func (c *call) sent() string {
	v := reflect.ValueOf(c.in).Elem()
	var parts []string
	for i := range v.NumField() {
		f := v.Type().Field(i)
		if v.Field(i).IsNil() {
			if f.Name == "ExternalId" {
				parts = append(parts, "without ExternalId")
			}
			continue
		}
		parts = append(parts, shown(f, v.Field(i)))
	}
	if len(parts) == 0 {
		return "no parameters"
	}
	return strings.Join(parts, ", ")
}

// tellable are the members whose values say who asked for what, and no more.
var tellable = map[string]bool{
	"RoleArn": true, "RoleSessionName": true, "DurationSeconds": true, "SerialNumber": true, "SourceIdentity": true,
	"PrincipalArn": true, "TargetPrincipal": true, "AccessKeyId": true, "Name": true, "SigningAlgorithm": true,
}

// shown is a member as it may be shown: its name, and its value if that is no secret.
func shown(f reflect.StructField, v reflect.Value) string {
	if v.Kind() == reflect.Slice {
		return fmt.Sprintf("%s (%d)", f.Name, v.Len())
	}
	if !tellable[f.Name] || limitsOf(f).sensitive {
		return f.Name
	}
	return fmt.Sprintf("%s=%v", f.Name, v.Elem())
}
