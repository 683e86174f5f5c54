package main

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/deputy-sts/deputy/internal/admin"
	"github.com/deputy-sts/deputy/internal/cli"
)

func newAdminDelegation(env *cli.Env, do doer) *cobra.Command {
	cmd := group(&cobra.Command{Use: "delegation", Short: "what operators do for delegation requests"})
	token := &cobra.Command{
		Use: "token --data DIR ID", Short: "print the trade-in token of a finalized delegation request",
		Args: oneArgument("ID", "deputyd admin delegation token --data DIR 0b8a6a4e-…"),
		Long: `Prints the token that SendDelegationToken has released, which AWS would publish on
the requestor's topic. Hand it to the requestor: its account, and no other, trades it
in with GetDelegatedAccessToken. That it was read is recorded.`,
		Example: "  deputyd admin delegation token --data /var/lib/deputy 0b8a6a4e-93d1-4f3c-9a65-5d1f0c5f2c11",
	}
	token.RunE = func(cmd *cobra.Command, args []string) error {
		return do(func(ctx context.Context, o admin.Operations) error {
			text, err := o.DelegationToken(ctx, args[0])
			if text != "" {
				fmt.Fprintln(env.Stdout, text)
			}
			return told(env, err)
		})(cmd, nil)
	}
	cmd.AddCommand(token)
	return cmd
}
