package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"os/signal"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/deputy-sts/deputy/internal/admin"
	"github.com/deputy-sts/deputy/internal/audit"
	"github.com/deputy-sts/deputy/internal/cli"
	"github.com/deputy-sts/deputy/internal/directory"
	"github.com/deputy-sts/deputy/internal/server"
)

func newAdmin(env *cli.Env) *cobra.Command {
	var s settings
	cmd := group(&cobra.Command{
		Use:   "admin",
		Short: "what operators do: status, root keys, unlock, MFA, sessions, delegation",
		Long: `The operator's commands. They speak to the running server over DIR/admin.sock, or
open the store in DIR when none runs.`,
	})
	cmd.AddCommand(newAdminStatus(env, s.doer(env, false)), newAdminRootKey(env, s.doer(env, true)), newAdminUser(env, s.doer(env, true)),
		newAdminMFA(env, s.doer(env, true)), newAdminDelegation(env, s.doer(env, true)), newAdminSession(env, s.doer(env, false), s.doer(env, true)),
		newAdminRole(env, s.doer(env, true)), newAdminAccount(env, s.doer(env, true)))
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

// doer hands the operations to what a command does. One interrupt does not end a
// change under way, whose answer may be a secret that is told once; another does.
func (s *settings) doer(env *cli.Env, change bool) doer {
	return func(what func(context.Context, admin.Operations) error) func(*cobra.Command, []string) error {
		return func(cmd *cobra.Command, _ []string) error {
			if err := apply(env, cmd); err != nil {
				return err
			}
			ctx, stop := signal.NotifyContext(cmd.Context(), endSignals...)
			defer stop()
			context.AfterFunc(ctx, stop)
			o, done, err := s.operations(ctx, env, change)
			if err != nil {
				return err
			}
			return errors.Join(what(ctx, o), done())
		}
	}
}

// told passes on whether a change was done; that its audit line waits is a warning.
func told(env *cli.Env, err error) error {
	if errors.Is(err, admin.ErrWaits) {
		fmt.Fprintf(env.Stderr, "warning: %v\n", err)
		return nil
	}
	return err
}

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
			if err = told(env, err); err == nil {
				fmt.Fprintf(env.Stdout, "deleted %d access keys of the root user of %s %s\n", len(ids), account, strings.Join(ids, " "))
			}
			return err
		}
		k, err := o.MakeRootKey(ctx, account)
		if err = told(env, err); err == nil {
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
	var root bool
	unlock := &cobra.Command{
		Use: "unlock --data DIR --account ID (--user NAME | --root)", Short: "end the lockout of a user", Args: noArguments,
		Long: `Ends the lockouts of a user, or of the account's root user, that wrong codes have
brought upon its MFA devices, and forgets the wrong codes.`,
		Example: `  deputyd admin user unlock --data /var/lib/deputy --account 111122223333 --user maren
  deputyd admin user unlock --data /var/lib/deputy --account 111122223333 --root`,
	}
	unlock.RunE = do(func(ctx context.Context, o admin.Operations) error {
		if !accountID(account) || (user == "") == !root {
			return usage(errors.New("--account and either --user or --root are needed"), "such as --account "+defaultAccount+" --user maren")
		}
		was, err := o.Unlock(ctx, account, user)
		if err = told(env, err); err == nil {
			name := user
			if root {
				name = "the root user"
			}
			fmt.Fprintf(env.Stdout, "%s %s\n", name, map[bool]string{true: "is unlocked", false: "was not locked"}[was])
		}
		return err
	})
	unlock.Flags().StringVar(&account, "account", "", "the account's id, 12 digits")
	unlock.Flags().StringVar(&user, "user", "", "the user's name")
	unlock.Flags().BoolVar(&root, "root", false, "the account's root user")
	cmd := group(&cobra.Command{Use: "user", Short: "what operators do to users"})
	cmd.AddCommand(unlock)
	return cmd
}

// operations are the running server's, or, when none runs, those of the store
// opened here: to look at it alone, or to change it, with the trail of the last
// server. Neither fills an empty store.
func (s *settings) operations(ctx context.Context, env *cli.Env, change bool) (admin.Operations, func() error, error) {
	if s.data == "" {
		return nil, nil, usage(errors.New("--data is missing"), "name the server's data directory")
	}
	if c := (admin.Client{Socket: s.dir().socket()}); c.Reachable() {
		return c, func() error { return nil }, nil
	}
	if _, err := os.Stat(s.dir().store()); errors.Is(err, fs.ErrNotExist) {
		return nil, nil, cli.Hint(fmt.Errorf("--data %s holds no store", s.data), "deputyd init --data %s makes one", s.data)
	}
	var opened closers
	o, err := s.offline(ctx, slog.New(slog.NewTextHandler(env.Stderr, nil)), change, &opened)
	if err != nil {
		return nil, nil, errors.Join(err, opened.Close())
	}
	return o, opened.Close, nil
}

// closers are closed last first.
type closers []io.Closer

func (c *closers) Close() error {
	var errs []error
	for _, one := range slices.Backward(*c) {
		errs = append(errs, one.Close())
	}
	return errors.Join(errs...)
}

func (s *settings) offline(ctx context.Context, logger *slog.Logger, change bool, opened *closers) (*admin.Operator, error) {
	cfg, err := s.config(logger)
	if err != nil {
		return nil, err
	}
	store, ring, err := s.dir().open()
	if err != nil {
		return nil, err
	}
	*opened = append(*opened, store)
	o := admin.Options{Version: cli.Version("deputyd"), Logger: logger}
	if change {
		if o.Audit, err = s.trail(cfg.Audit, logger); err != nil {
			return nil, err
		}
		*opened = append(*opened, o.Audit)
	}
	if o.Directory, err = directory.Open(ctx, store, ring, directory.Options{Logger: logger}); err != nil {
		return nil, s.dir().explain(err)
	}
	*opened = append(*opened, o.Directory)
	return admin.New(o)
}

// trail opens the trail that is named, or else that of the last server.
func (s *settings) trail(c server.AuditConfig, logger *slog.Logger) (*audit.Writer, error) {
	if s.auditPath == "" {
		var err error
		if c.Path, err = s.dir().trail(); err != nil {
			return nil, err
		}
	}
	w, err := audit.Open(c.Path, audit.Options{Sync: c.Sync, OnError: func(err error) {
		logger.Error("the audit trail can't be written", "err", err)
	}})
	if err != nil {
		return nil, fmt.Errorf("audit trail %s: %w", c.Path, err)
	}
	return w, nil
}
