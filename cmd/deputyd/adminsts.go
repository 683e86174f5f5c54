package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/deputy-sts/deputy/internal/admin"
	"github.com/deputy-sts/deputy/internal/cli"
)

func newAdminRole(env *cli.Env, do doer) *cobra.Command {
	var role string
	var most time.Duration
	chaining := &cobra.Command{
		Use: "chaining --data DIR --role ARN --max-duration DURATION", Short: "let chained sessions of a role last longer than an hour", Args: noArguments,
		Long: `AWS lets a session that was entered with temporary credentials last an hour, whatever
the role allows. This raises the hour for one role, up to its MaxSessionDuration and
12 hours; --max-duration 1h is AWS's rule again. UpdateRole and the API of IAM neither
show nor change it.`,
		Example: "  deputyd admin role chaining --data DIR --role arn:aws:iam::111122223333:role/ci --max-duration 4h",
	}
	chaining.RunE = do(func(ctx context.Context, o admin.Operations) error {
		if role == "" || most <= 0 {
			return usage(errors.New("--role and --max-duration are needed"), "such as --role arn:aws:iam::"+defaultAccount+":role/ci --max-duration 4h")
		}
		err := told(env, o.SetChaining(ctx, role, most))
		if err == nil {
			fmt.Fprintf(env.Stdout, "chained sessions of %s last up to %v\n", role, max(most, time.Hour))
		}
		return err
	})
	chaining.Flags().StringVar(&role, "role", "", "the role's ARN")
	chaining.Flags().DurationVar(&most, "max-duration", 0, "how long a chained session may last, 1h to 12h")
	cmd := group(&cobra.Command{Use: "role", Short: "what operators do to roles"})
	cmd.AddCommand(chaining)
	return cmd
}

func newAdminAccount(env *cli.Env, do doer) *cobra.Command {
	var account, name string
	var on, off bool
	region := &cobra.Command{
		Use: "region --data DIR --account ID --in REGION (--off | --on)", Short: "switch STS off or on for an account in a region", Args: noArguments,
		Long: `In a region that is switched off, no credentials are given for users and roles of the
account (RegionDisabledException). Credentials that exist are good in all regions.`,
		Example: "  deputyd admin account region --data DIR --account 111122223333 --in ap-east-1 --off",
	}
	region.RunE = do(func(ctx context.Context, o admin.Operations) error {
		if !accountID(account) || name == "" || on == off {
			return usage(errors.New("--account, --in and one of --on and --off are needed"), "such as --account "+defaultAccount+" --in ap-east-1 --off")
		}
		err := told(env, o.SetRegion(ctx, account, name, on))
		if err == nil {
			fmt.Fprintf(env.Stdout, "STS is %s for %s in %s\n", map[bool]string{true: "on", false: "off"}[on], account, name)
		}
		return err
	})
	region.Flags().StringVar(&account, "account", "", "the account's id, 12 digits")
	region.Flags().StringVar(&name, "in", "", "the region")
	region.Flags().BoolVar(&off, "off", false, "give no credentials there")
	region.Flags().BoolVar(&on, "on", false, "give them again")
	cmd := group(&cobra.Command{Use: "account", Short: "what operators do to accounts"})
	cmd.AddCommand(region)
	return cmd
}
