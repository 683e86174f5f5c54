package main

import (
	"fmt"
	"log/slog"
	"os"

	"github.com/spf13/cobra"

	"github.com/deputy-sts/deputy/internal/cli"
)

func newInit(env *cli.Env) *cobra.Command {
	var s settings
	cmd := &cobra.Command{
		Use:   "init --data DIR",
		Short: "make the root key, the store, an account and its administrator in DIR",
		Long: `Makes what serve needs in DIR: root.key, the store, an account and a user admin
whose keys are shown once (or those of DEPUTYD_BOOTSTRAP_FILE). Over an existing
store it changes nothing.`,
		Example: "  deputyd init --data /var/lib/deputy",
		Args:    noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := apply(env, cmd); err != nil {
				return err
			}
			_, had := os.Stat(s.dir().store())
			srv, err := s.start(cmd.Context(), env, slog.New(slog.NewTextHandler(env.Stderr, nil)))
			if err != nil {
				return err
			}
			if had == nil {
				fmt.Fprintf(env.Stdout, "%s holds a store already; nothing was changed\n", s.data)
			}
			return srv.Close()
		},
	}
	s.flags(cmd)
	return cmd
}
