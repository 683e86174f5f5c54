package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/deputy-sts/deputy/internal/admin"
	"github.com/deputy-sts/deputy/internal/cli"
)

func newAdminSession(env *cli.Env, look, change doer) *cobra.Command {
	cmd := group(&cobra.Command{Use: "session", Short: "what operators do to sessions"})
	cmd.AddCommand(newSessionRevoke(env, change), newSessionList(env, look))
	return cmd
}

func newSessionRevoke(env *cli.Env, do doer) *cobra.Command {
	var role, user, session, before string
	cmd := &cobra.Command{
		Use:   "revoke --data DIR (--role ARN | --user ARN | --session ARN) [--before TIME]",
		Short: "end the sessions of a role, a user or of one name", Args: noArguments,
		Long: `Ends the sessions that were issued before a time (now, if none is given): the
running server refuses them at the next request, other nodes within a second. It
outlasts a restart. The row that says so is gone once no session can be that old.`,
		Example: `  deputyd admin session revoke --data DIR --role arn:aws:iam::111122223333:role/ci
  deputyd admin session revoke --data DIR --user arn:aws:iam::111122223333:user/maren --before 2026-11-22T08:00:00Z
  deputyd admin session revoke --data DIR --session arn:aws:sts::111122223333:assumed-role/ci/build-17`,
	}
	cmd.RunE = do(func(ctx context.Context, o admin.Operations) error {
		arn, err := one(role, user, session)
		if err != nil {
			return err
		}
		var at time.Time
		if before != "" {
			if at, err = time.Parse(time.RFC3339Nano, before); err != nil {
				return usage(fmt.Errorf("--before %q is no time", before), "such as --before 2026-11-22T08:00:00Z")
			}
		}
		r, err := o.RevokeSessions(ctx, arn, at)
		if err = told(env, err); err == nil {
			fmt.Fprintf(env.Stdout, "sessions of %s issued before %s are refused\n", arn, r.Before.Format(time.RFC3339))
		}
		return err
	})
	cmd.Flags().StringVar(&role, "role", "", "the ARN of a role")
	cmd.Flags().StringVar(&user, "user", "", "the ARN of a user, or of an account's root user")
	cmd.Flags().StringVar(&session, "session", "", "the ARN of a role session or of a federated user")
	cmd.Flags().StringVar(&before, "before", "", "sessions issued before this time, RFC 3339 (default now)")
	return cmd
}

// one is the only value that is given.
func one(role, user, session string) (string, error) {
	given, n := "", 0
	for _, v := range []string{role, user, session} {
		if v != "" {
			given = v
			n++
		}
	}
	if n != 1 {
		return "", usage(errors.New("one of --role, --user and --session is needed"), "such as --role arn:aws:iam::"+defaultAccount+":role/ci")
	}
	return given, nil
}

func newSessionList(env *cli.Env, do doer) *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use: "list --data DIR", Short: "show whose sessions are revoked", Args: noArguments,
		Example: "  deputyd admin session list --data /var/lib/deputy",
	}
	cmd.RunE = do(func(ctx context.Context, o admin.Operations) error {
		list, err := o.Revocations(ctx)
		if err != nil {
			return err
		}
		if asJSON {
			return json.NewEncoder(env.Stdout).Encode(append([]admin.Revocation{}, list...))
		}
		for _, r := range list {
			if _, err := fmt.Fprintf(env.Stdout, "%s  %-40s  issued before %s, until %s\n", r.Account, r.Subject, r.Before.Format(time.RFC3339), r.Ends.Format(time.RFC3339)); err != nil {
				return err
			}
		}
		return nil
	})
	cmd.Flags().BoolVar(&asJSON, "json", false, "print a JSON array")
	return cmd
}
