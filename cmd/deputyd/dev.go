package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"net"
	"os"
	"os/exec"
	"os/signal"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/deputy-sts/deputy/internal/cli"
	"github.com/deputy-sts/deputy/internal/kv/memkv"
	"github.com/deputy-sts/deputy/internal/seal"
	"github.com/deputy-sts/deputy/internal/server"
	"github.com/deputy-sts/deputy/sigv4"
)

// devIssuers are the hosts whose OpenID Connect issuers the server for trying out
// takes, on any port.
var devIssuers = []string{"localhost", "127.0.0.1", "[::1]"}

type devOptions struct {
	listen, account, explain string
	json                     bool
}

func newDev(env *cli.Env) *cobra.Command {
	var o devOptions
	cmd := &cobra.Command{
		Use:   "dev [flags] [-- CMD …]",
		Short: "serve in memory with a demo user and role, or run CMD with the role's credentials",
		Long: `Serves STS and IAM in memory, with a demo user and a role that trusts this user
with an external ID, and prints lines to paste. All is gone when it ends.

With -- CMD it takes a free port, assumes the demo role, runs CMD with the
temporary credentials, AWS_ENDPOINT_URL and AWS_REGION in its environment, and
ends with CMD's exit code.`,
		Example: "  deputyd dev\n  deputyd dev --json --listen 127.0.0.1:0\n  deputyd dev -- aws sts get-caller-identity",
		RunE: func(cmd *cobra.Command, args []string) error {
			if dash := cmd.ArgsLenAtDash(); len(args) > 0 && dash != 0 {
				return usage(fmt.Errorf("unexpected argument %q", args[0]), "put the command behind --: deputyd dev -- "+strings.Join(args, " "))
			}
			if err := apply(env, cmd); err != nil {
				return err
			}
			if !accountID(o.account) {
				return usage(fmt.Errorf("--account %q is not 12 digits", o.account), "such as --account "+defaultAccount)
			}
			if _, err := explains(o.explain); err != nil {
				return err
			}
			if len(args) > 0 && !cmd.Flags().Changed("listen") {
				o.listen = "127.0.0.1:0"
			}
			return runDev(cmd.Context(), env, o, args)
		},
	}
	cmd.Flags().StringVar(&o.listen, "listen", "127.0.0.1:8080", "address and port; a free port with -- CMD")
	cmd.Flags().StringVar(&o.account, "account", defaultAccount, "the account's id, 12 digits")
	cmd.Flags().StringVar(&o.explain, "explain-denials", "none", explainUsage)
	cmd.Flags().BoolVar(&o.json, "json", false, "print endpoint, region, account, keys and role as one JSON object")
	return cmd
}

func runDev(ctx context.Context, env *cli.Env, o devOptions, command []string) error {
	ctx, stop := signal.NotifyContext(ctx, endSignals...)
	defer stop()
	if host, _, err := net.SplitHostPort(o.listen); err == nil && !loopback(host) {
		return usage(fmt.Errorf("--listen %s: dev serves plain http, and on loopback only", o.listen), "such as --listen 127.0.0.1:8080; deputyd serve takes other addresses")
	}
	l, err := listen(o.listen, false, false)
	if err != nil {
		return err
	}
	defer l.Close()
	key, err := seal.NewKey()
	if err != nil {
		return err
	}
	ring, err := seal.NewRing(key)
	if err != nil {
		return err
	}
	logger := slog.New(slog.NewTextHandler(env.Stderr, &slog.HandlerOptions{Level: slog.LevelWarn}))
	s, err := server.New(ctx, server.Config{OIDC: server.OIDCConfig{Allow: devIssuers}, Store: memkv.New(), Ring: ring, Logger: logger, ExplainTrusted: o.explain == "trusted"})
	if err != nil {
		return err
	}
	defer s.Close()
	made, err := bootstrap(ctx, s, "", o.account)
	if err != nil {
		return err
	}
	ended := make(chan error, 1)
	go func() { ended <- s.Serve(l, nil) }()
	d := &demo{Endpoint: "http://" + l.Addr().String(), Region: "us-east-1", Account: o.account, Admin: keyPair(*made[0].Admin)}
	if err := d.setUp(ctx); err != nil {
		return err
	}
	if len(command) > 0 {
		return d.run(ctx, env, command)
	}
	if err := d.print(env.Stdout, o.json); err != nil {
		return err
	}
	select {
	case err := <-ended:
		return err
	case <-ctx.Done():
		return nil
	}
}

func (d *demo) print(w io.Writer, asJSON bool) error {
	if !asJSON {
		_, err := io.WriteString(w, d.text())
		return err
	}
	return json.NewEncoder(w).Encode(d)
}

// run runs the command with the demo role's temporary credentials; its exit
// code is the answer. Signals of the terminal reach it by itself.
func (d *demo) run(ctx context.Context, env *cli.Env, command []string) error {
	c, err := d.assume(ctx)
	if err != nil {
		return err
	}
	child := exec.CommandContext(ctx, command[0], command[1:]...)
	child.Cancel = func() error { return child.Process.Signal(os.Interrupt) }
	child.WaitDelay = 10 * time.Second
	child.Stdin, child.Stdout, child.Stderr = env.Stdin, env.Stdout, env.Stderr
	child.Env = childEnvironment(os.Environ(), c, d.Endpoint, d.Region)
	err = child.Run()
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		return cli.Exit(exitCode(exit), nil)
	}
	if errors.Is(err, exec.ErrNotFound) || errors.Is(err, fs.ErrNotExist) { // as a shell has it
		return cli.Exit(127, cli.Hint(err, "what stands after -- is run as it is, without a shell"))
	}
	return err
}

// childEnvironment takes out what could stand above the credentials, the
// endpoint and the region that it puts in.
func childEnvironment(environ []string, c sigv4.Credentials, endpoint, region string) []string {
	var out []string
	for _, v := range environ {
		if name, _, _ := strings.Cut(v, "="); !chooses(name) {
			out = append(out, v)
		}
	}
	return append(out,
		"AWS_ACCESS_KEY_ID="+c.AccessKeyID, "AWS_SECRET_ACCESS_KEY="+c.SecretAccessKey, "AWS_SESSION_TOKEN="+c.SessionToken,
		"AWS_ENDPOINT_URL="+endpoint, "AWS_REGION="+region, "AWS_DEFAULT_REGION="+region,
		"NO_PROXY=127.0.0.1,localhost,::1", "no_proxy=127.0.0.1,localhost,::1")
}

// chooses says whether AWS's clients take credentials, endpoint or region from the variable.
func chooses(name string) bool {
	switch name {
	case "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_SECURITY_TOKEN", "AWS_CREDENTIAL_EXPIRATION",
		"AWS_PROFILE", "AWS_DEFAULT_PROFILE", "AWS_REGION", "AWS_DEFAULT_REGION", "AWS_ROLE_ARN", "AWS_ROLE_SESSION_NAME",
		"AWS_WEB_IDENTITY_TOKEN_FILE", "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS":
		return true
	}
	return name == "NO_PROXY" || name == "no_proxy" || strings.HasPrefix(name, "AWS_ENDPOINT_URL") || strings.HasPrefix(name, "AWS_CONTAINER_")
}
