package main

import (
	"context"
	"crypto/tls"
	"fmt"
	"log/slog"
	"net/netip"
	"os/signal"
	"time"

	"github.com/spf13/cobra"

	"github.com/deputy-sts/deputy/internal/admin"
	"github.com/deputy-sts/deputy/internal/audit"
	"github.com/deputy-sts/deputy/internal/cli"
	"github.com/deputy-sts/deputy/internal/kv/boltkv"
	"github.com/deputy-sts/deputy/internal/server"
)

// shutdownWait is how long requests under way have when the server is told to end.
const shutdownWait = 10 * time.Second

// settings are what serve and init can be told (docs/operations.md).
type settings struct {
	data           string
	listen         string
	regions        []string
	tlsCert        string
	tlsKey         string
	insecureHTTP   bool
	externalURL    string
	trustedProxies []string
	allowedHosts   []string
	rootKey        string
	presignAny     bool
	explain        string
	skew           time.Duration
	auditPath      string
	auditSync      string
	auditOnFailure string
	oidcAllow      []string
	oidcStale      time.Duration
	samlAudiences  []string
	samlRecipients []string
	acceptLoss     bool
	allowNetwork   bool
}

func (s *settings) dir() dataDir {
	return dataDir{path: s.data, rootKey: s.rootKey, options: boltkv.Options{AcceptLoss: s.acceptLoss, AllowNetwork: s.allowNetwork}}
}

func newServe(env *cli.Env) *cobra.Command {
	var s settings
	cmd := &cobra.Command{
		Use:   "serve --data DIR",
		Short: "serve STS and IAM from the state in DIR",
		Long: `Serves STS and IAM. On an empty or missing DIR it first does what init does.
Every flag is also an environment variable (DEPUTYD_LISTEN for --listen) and a
key of the YAML file of --config.`,
		Example: "  deputyd serve --data /var/lib/deputy --listen 127.0.0.1:8080\n  deputyd serve --data DIR --listen :8443 --tls-cert cert.pem --tls-key key.pem",
		Args:    noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := apply(env, cmd); err != nil {
				return err
			}
			return runServe(cmd.Context(), env, &s)
		},
	}
	s.flags(cmd)
	return cmd
}

func (s *settings) flags(cmd *cobra.Command) {
	f := cmd.Flags()
	f.String("config", "", "YAML file with these settings")
	f.StringVar(&s.data, "data", "", "the data directory")
	f.StringVar(&s.listen, "listen", "127.0.0.1:8080", "address and port")
	f.StringSliceVar(&s.regions, "region", []string{"us-east-1"}, "regions accepted beside AWS's own; the first is the default")
	f.StringVar(&s.tlsCert, "tls-cert", "", "PEM file of the certificate chain; read again when it changes")
	f.StringVar(&s.tlsKey, "tls-key", "", "PEM file of the certificate's key")
	f.BoolVar(&s.insecureHTTP, "insecure-http", false, "allow plain http beyond loopback, behind a TLS proxy")
	f.StringVar(&s.externalURL, "external-url", "", "where clients reach the service (default the listen address)")
	f.StringSliceVar(&s.trustedProxies, "trusted-proxies", nil, "CIDRs of proxies whose forwarded headers count")
	f.StringSliceVar(&s.allowedHosts, "allowed-hosts", nil, "names that the Host header may have (default any)")
	f.StringVar(&s.rootKey, "root-key", "", "the root key's file (default DIR/root.key)")
	f.BoolVar(&s.acceptLoss, "store-accept-loss", false, "open a store whose newest commit is damaged, at the state before it")
	f.BoolVar(&s.allowNetwork, "store-allow-network", false, "open a store on a network file system, whose locks and syncs can't be relied on")
	f.BoolVar(&s.presignAny, "presign-any", false, "accept presigned URLs for every operation")
	f.StringVar(&s.explain, "explain-denials", "none", explainUsage)
	f.DurationVar(&s.skew, "skew", 15*time.Minute, "how far a client's clock may be off")
	f.StringVar(&s.auditPath, "audit-path", "", "the audit trail (default DIR/audit.log)")
	f.StringVar(&s.auditSync, "audit-sync", "change", "what waits for fsync: issue, change or interval")
	f.StringVar(&s.auditOnFailure, "audit-on-failure", "deny", "when the trail can't be written: deny or continue")
	f.DurationVar(&s.oidcStale, "federation-oidc-stale", 12*time.Hour, "how long the keys of an OIDC issuer serve while it cannot be reached")
	f.StringSliceVar(&s.samlAudiences, "federation-saml-audiences", nil, "audiences that SAML responses may have; aws for AWS's own (default aws and the external URL with /saml)")
	f.StringSliceVar(&s.samlRecipients, "federation-saml-recipients", nil, "addresses that SAML responses may be sent to; aws for AWS's own (default aws and the external URL with /saml)")
	f.StringSliceVar(&s.oidcAllow, "federation-oidc-allow", nil, "hosts that an OIDC provider may have in spite of http, loopback, a private address or a port")
}

// config checks the settings and makes a server's of them; what it refuses it
// refuses by the flag's name.
func (s *settings) config(logger *slog.Logger) (server.Config, error) {
	c := server.Config{
		Regions: s.regions, ExternalURL: s.externalURL, AllowedHosts: s.allowedHosts,
		PresignAny: s.presignAny, Skew: s.skew, Logger: logger,
		Audit: server.AuditConfig{Path: s.auditPath},
		OIDC:  server.OIDCConfig{Allow: s.oidcAllow, Stale: s.oidcStale},
		SAML:  server.SAMLConfig{Audiences: s.samlAudiences, Recipients: s.samlRecipients},
	}
	if s.data == "" {
		return c, usage(fmt.Errorf("--data is missing"), "name the data directory: --data /var/lib/deputy")
	}
	if s.skew <= 0 || s.skew > 15*time.Minute {
		return c, usage(fmt.Errorf("--skew %s: must be above 0 and at most 15m", s.skew), "leave it out for AWS's 15 minutes")
	}
	if s.oidcStale <= 0 {
		return c, usage(fmt.Errorf("--federation-oidc-stale %s: must be above 0", s.oidcStale), "1s does without staleness")
	}
	if (s.tlsCert == "") != (s.tlsKey == "") {
		return c, usage(fmt.Errorf("--tls-cert and --tls-key go together"), "give both, or neither")
	}
	for _, p := range s.trustedProxies {
		prefix, err := netip.ParsePrefix(p)
		if err != nil {
			return c, usage(fmt.Errorf("--trusted-proxies %s: %w", p, err), "give CIDRs, such as 10.0.0.0/8,192.168.1.7/32")
		}
		c.TrustedProxies = append(c.TrustedProxies, prefix)
	}
	var ok bool
	if c.Audit.Sync, ok = map[string]audit.Sync{"issue": audit.SyncIssue, "change": audit.SyncChange, "interval": audit.SyncInterval}[s.auditSync]; !ok {
		return c, usage(fmt.Errorf("--audit-sync %q is not known", s.auditSync), "one of issue, change, interval")
	}
	if c.Audit.Continue, ok = map[string]bool{"deny": false, "continue": true}[s.auditOnFailure]; !ok {
		return c, usage(fmt.Errorf("--audit-on-failure %q is not known", s.auditOnFailure), "one of deny, continue")
	}
	var err error
	if c.ExplainTrusted, err = explains(s.explain); err != nil {
		return c, err
	}
	if c.Audit.Path == "" {
		c.Audit.Path = s.dir().audit()
	}
	return c, nil
}

const explainUsage = "who is told why a request was denied, in an encoded message: none, or trusted (callers of the resource's own account)"

// explains reads --explain-denials.
func explains(setting string) (trusted bool, err error) {
	switch setting {
	case "none":
		return false, nil
	case "trusted":
		return true, nil
	}
	return false, usage(fmt.Errorf("--explain-denials %q is not known", setting), "one of none, trusted")
}

// start opens the data directory, makes the server and fills an empty store.
func (s *settings) start(ctx context.Context, env *cli.Env, logger *slog.Logger) (*server.Server, error) {
	cfg, err := s.config(logger)
	if err != nil {
		return nil, err
	}
	if cfg.Store, cfg.Ring, err = s.dir().open(); err != nil {
		return nil, err
	}
	srv, err := server.New(ctx, cfg)
	if err != nil {
		return nil, s.dir().explain(err)
	}
	if err := s.dir().keepTrail(cfg.Audit.Path); err != nil {
		srv.Close()
		return nil, err
	}
	file := env.Getenv("DEPUTYD_BOOTSTRAP_FILE")
	made, err := bootstrap(ctx, srv, file, defaultAccount)
	if err != nil {
		srv.Close()
		return nil, cli.Hint(err, "DEPUTYD_BOOTSTRAP_FILE names a JSON file: see docs/operations.md")
	}
	for _, a := range made {
		if file != "" {
			logger.Info("account made", "id", a.ID, "name", a.Name, "from", file)
			continue
		}
		fmt.Fprintf(env.Stdout, "account %s, user admin (AdministratorAccess); these keys are shown this once:\n\n  export AWS_ACCESS_KEY_ID=%s\n  export AWS_SECRET_ACCESS_KEY=%s\n\n",
			a.ID, a.Admin.AccessKeyID, a.Admin.SecretAccessKey)
	}
	return srv, nil
}

func runServe(ctx context.Context, env *cli.Env, s *settings) error {
	ctx, stop := signal.NotifyContext(ctx, endSignals...)
	defer stop()
	protectMemory()
	logger := slog.New(slog.NewTextHandler(env.Stderr, nil))
	var secured *tls.Config
	if s.tlsCert != "" && s.tlsKey != "" {
		var err error
		if secured, err = server.TLS(s.tlsCert, s.tlsKey, nil, func(err error) { logger.Error("the renewed certificate can't be used; the old one is", "err", err) }); err != nil {
			return cli.Hint(fmt.Errorf("--tls-cert, --tls-key: %w", err), "give PEM files that belong together")
		}
	}
	l, err := listen(s.listen, secured != nil, s.insecureHTTP)
	if err != nil {
		return err
	}
	defer l.Close()
	srv, err := s.start(ctx, env, logger)
	if err != nil {
		return err
	}
	defer srv.Close()
	o, err := admin.New(admin.Options{Directory: srv.Directory(), Audit: srv.Audit(), Version: cli.Version("deputyd"), Running: true, Logger: logger})
	if err != nil {
		return err
	}
	operators, err := admin.Listen(s.dir().socket(), o)
	if err != nil {
		return err
	}
	defer operators.Close()
	scheme := map[bool]string{false: "http", true: "https"}[secured != nil]
	logger.Info("serving", "url", scheme+"://"+l.Addr().String(), "data", s.data)
	ended := make(chan error, 1)
	go func() { ended <- srv.Serve(l, secured) }()
	select {
	case err := <-ended:
		return err
	case <-ctx.Done():
	}
	logger.Info("ending")
	within, cancel := context.WithTimeout(context.Background(), shutdownWait)
	defer cancel()
	return srv.Shutdown(within)
}
