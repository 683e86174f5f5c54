package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/deputy-sts/deputy/internal/admin"
	"github.com/deputy-sts/deputy/internal/cli"
)

func newAdmin(env *cli.Env) *cobra.Command {
	var s settings
	cmd := group(&cobra.Command{
		Use:   "admin",
		Short: "what operators do: status, root keys, unlock",
		Long: `The operator's commands. They speak to the running server over DIR/admin.sock, or
open the store in DIR when none runs.`,
	})
	// do hands the operations to what the command does.
	do := func(what func(context.Context, admin.Operations) error) func(*cobra.Command, []string) error {
		return func(cmd *cobra.Command, _ []string) error {
			if err := apply(env, cmd); err != nil {
				return err
			}
			o, done, err := s.operations(cmd.Context(), env)
			if err != nil {
				return err
			}
			return errors.Join(what(cmd.Context(), o), done())
		}
	}
	cmd.AddCommand(newAdminStatus(env, do), newAdminRootKey(env, do), newAdminUser(env, do))
	for _, c := range cmd.Commands() {
		leaves := c.Commands()
		if len(leaves) == 0 {
			leaves = []*cobra.Command{c}
		}
		for _, leaf := range leaves {
			s.flags(leaf)
		}
	}
	return cmd
}

type doer func(func(context.Context, admin.Operations) error) func(*cobra.Command, []string) error

func newAdminStatus(env *cli.Env, do doer) *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use: "status --data DIR", Short: "show version, accounts, revision and health", Args: noArguments,
		Example: "  deputyd admin status --data /var/lib/deputy",
	}
	cmd.RunE = do(func(ctx context.Context, o admin.Operations) error {
		st, err := o.Status(ctx)
		if err != nil {
			return err
		}
		if asJSON {
			return json.NewEncoder(env.Stdout).Encode(st)
		}
		running := map[bool]string{true: "running", false: "not running; read from the store"}[st.Running]
		_, err = fmt.Fprintf(env.Stdout, "server    %s (%s)\nrevision  %d\naccounts  %d\nusers     %d\nroles     %d\nstate     %s\naudit     %s, %d waiting\n",
			running, st.Version, st.Revision, st.Accounts, st.Users, st.Roles, st.State, st.Audit, st.Waiting)
		return err
	})
	cmd.Flags().BoolVar(&asJSON, "json", false, "print one JSON object")
	return cmd
}

func newAdminRootKey(env *cli.Env, do doer) *cobra.Command {
	var account string
	var remove bool
	cmd := &cobra.Command{
		Use: "root-key --data DIR --account ID", Short: "make an access key for an account's root user, or delete them", Args: noArguments,
		Example: "  deputyd admin root-key --data /var/lib/deputy --account 111122223333\n  deputyd admin root-key --data /var/lib/deputy --account 111122223333 --delete",
	}
	cmd.RunE = do(func(ctx context.Context, o admin.Operations) error {
		if !accountID(account) {
			return usage(fmt.Errorf("--account %q is not 12 digits", account), "deputyd admin status shows how many accounts there are")
		}
		if remove {
			ids, err := o.DeleteRootKeys(ctx, account)
			if err == nil {
				fmt.Fprintf(env.Stdout, "deleted %d access keys of the root user of %s %s\n", len(ids), account, strings.Join(ids, " "))
			}
			return err
		}
		k, err := o.MakeRootKey(ctx, account)
		if err == nil {
			fmt.Fprintf(env.Stdout, "an access key of the root user of %s, shown this once:\n\n  export AWS_ACCESS_KEY_ID=%s\n  export AWS_SECRET_ACCESS_KEY=%s\n", account, k.AccessKeyID, k.SecretAccessKey)
		}
		return err
	})
	cmd.Flags().StringVar(&account, "account", "", "the account's id, 12 digits")
	cmd.Flags().BoolVar(&remove, "delete", false, "delete all access keys of the root user")
	return cmd
}

func newAdminUser(env *cli.Env, do doer) *cobra.Command {
	var account, user string
	unlock := &cobra.Command{
		Use: "unlock --data DIR --account ID --user NAME", Short: "end the lockout of a user", Args: noArguments,
		Example: "  deputyd admin user unlock --data /var/lib/deputy --account 111122223333 --user maren",
	}
	unlock.RunE = do(func(ctx context.Context, o admin.Operations) error {
		if !accountID(account) || user == "" {
			return usage(errors.New("--account and --user are needed"), "such as --account "+defaultAccount+" --user maren")
		}
		was, err := o.Unlock(ctx, account, user)
		if err == nil {
			fmt.Fprintf(env.Stdout, "%s %s\n", user, map[bool]string{true: "is unlocked", false: "was not locked"}[was])
		}
		return err
	})
	unlock.Flags().StringVar(&account, "account", "", "the account's id, 12 digits")
	unlock.Flags().StringVar(&user, "user", "", "the user's name")
	cmd := group(&cobra.Command{Use: "user", Short: "what operators do to users"})
	cmd.AddCommand(unlock)
	return cmd
}

// operations are the running server's, or, when none runs, those of the store
// opened here.
func (s *settings) operations(ctx context.Context, env *cli.Env) (admin.Operations, func() error, error) {
	if s.data == "" {
		return nil, nil, usage(errors.New("--data is missing"), "name the server's data directory")
	}
	if c := (admin.Client{Socket: s.dir().socket()}); c.Reachable() {
		return c, func() error { return nil }, nil
	}
	if _, err := os.Stat(s.dir().store()); errors.Is(err, fs.ErrNotExist) {
		return nil, nil, cli.Hint(fmt.Errorf("--data %s holds no store", s.data), "deputyd init --data %s makes one", s.data)
	}
	srv, err := s.start(ctx, env, slog.New(slog.NewTextHandler(env.Stderr, nil)))
	if err != nil {
		return nil, nil, err
	}
	return operator(srv, false), srv.Close, nil
}
