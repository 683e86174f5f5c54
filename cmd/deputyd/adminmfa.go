package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"

	"github.com/deputy-sts/deputy/internal/admin"
	"github.com/deputy-sts/deputy/internal/cli"
	"github.com/deputy-sts/deputy/internal/mfa"
)

func newAdminMFA(env *cli.Env, do doer) *cobra.Command {
	cmd := group(&cobra.Command{Use: "mfa", Short: "what operators do to MFA devices"})
	cmd.AddCommand(newMFAImport(env, do), newMFARemove(env, do))
	return cmd
}

// maxTokenFile bounds what is read of a list of tokens, in bytes.
const maxTokenFile = 4 << 20

func newMFAImport(env *cli.Env, do doer) *cobra.Command {
	var account string
	cmd := &cobra.Command{
		Use: "import --data DIR [--account ID] FILE", Short: "make hardware tokens known, by serial number",
		Args: oneArgument("FILE", "deputyd admin mfa import --data DIR tokens.csv"),
		Long: `Reads a list of hardware tokens (TOTP with SHA-1, 30 seconds, 6 digits) and makes
them known; - is the standard input. Each line has a serial number, a comma, and
the seed in Base32 or, after hex:, in hexadecimal:

  GAHT12345678,GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ
  GAHT12345679,hex:3132333435363738393031323334353637383930

A token is enabled for a user by its serial number and two codes (EnableMFADevice),
in the account that is named here, or else in whichever enables it first. Tokens
that are known are passed over, so that a list can be imported again.`,
		Example: "  deputyd admin mfa import --data /var/lib/deputy --account 111122223333 tokens.csv",
	}
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if account != "" && !accountID(account) {
			return usage(fmt.Errorf("--account %q is not 12 digits", account), "leave it out for tokens that any account may take")
		}
		tokens, err := readTokens(env, args[0])
		if err != nil {
			return err
		}
		return do(func(ctx context.Context, o admin.Operations) error {
			added, err := o.ImportTokens(ctx, account, tokens)
			if err = told(env, err); err == nil {
				fmt.Fprintf(env.Stdout, "%d of %d tokens are new\n", added, len(tokens))
			} else if added > 0 {
				fmt.Fprintf(env.Stderr, "%d tokens were imported before the error\n", added)
			}
			return err
		})(cmd, nil)
	}
	cmd.Flags().StringVar(&account, "account", "", "the id of the account that alone may enable them, 12 digits")
	return cmd
}

func readTokens(env *cli.Env, name string) ([]mfa.Token, error) {
	in := env.Stdin
	if name != "-" {
		f, err := os.Open(name)
		if err != nil {
			return nil, err
		}
		defer f.Close()
		in = f
	}
	tokens, err := mfa.ParseTokens(io.LimitReader(in, maxTokenFile))
	switch {
	case err != nil:
		return nil, cli.Hint(fmt.Errorf("%s: %w", name, err), "%s", "deputyd admin mfa import --help shows the form")
	case len(tokens) == 0:
		return nil, fmt.Errorf("%s lists no token", name)
	}
	return tokens, nil
}

func newMFARemove(env *cli.Env, do doer) *cobra.Command {
	var serial string
	cmd := &cobra.Command{
		Use: "remove --data DIR --serial SERIAL", Short: "delete an MFA device, whoever has it", Args: noArguments,
		Long: `Deletes an MFA device that is lost, virtual or a hardware token, and takes it from
the user or root user who has it.`,
		Example: `  deputyd admin mfa remove --data DIR --serial GAHT12345678
  deputyd admin mfa remove --data DIR --serial arn:aws:iam::111122223333:mfa/root-account-mfa-device`,
	}
	cmd.RunE = do(func(ctx context.Context, o admin.Operations) error {
		if serial == "" {
			return usage(errors.New("--serial is needed"), "a hardware token's number, or the ARN of a virtual device")
		}
		owner, err := o.RemoveDevice(ctx, serial)
		if err = told(env, err); err != nil {
			return err
		}
		if owner == "" {
			owner = "nobody"
		}
		_, err = fmt.Fprintf(env.Stdout, "removed %s, which was %s's\n", serial, owner)
		return err
	})
	cmd.Flags().StringVar(&serial, "serial", "", "the device's serial number")
	return cmd
}

// oneArgument wants exactly one.
func oneArgument(name, example string) cobra.PositionalArgs {
	return func(_ *cobra.Command, args []string) error {
		if len(args) != 1 {
			return usage(fmt.Errorf("one %s is needed, not %d", name, len(args)), "such as "+example)
		}
		return nil
	}
}
