package server

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"sync/atomic"

	"github.com/deputy-sts/deputy/internal/audit"
	"github.com/deputy-sts/deputy/internal/authn"
	"github.com/deputy-sts/deputy/internal/authz"
	"github.com/deputy-sts/deputy/internal/awsdata"
	"github.com/deputy-sts/deputy/internal/directory"
	"github.com/deputy-sts/deputy/internal/federation/oidc"
	"github.com/deputy-sts/deputy/internal/iam"
	"github.com/deputy-sts/deputy/internal/iamapi"
	"github.com/deputy-sts/deputy/internal/query"
	"github.com/deputy-sts/deputy/internal/session"
	"github.com/deputy-sts/deputy/internal/sts"
	"github.com/deputy-sts/deputy/internal/stsapi"
)

// Server answers STS and IAM over HTTP. Make it with New, run it with Serve,
// end it with Close. Its methods may be called at the same time.
type Server struct {
	cfg       Config
	directory *directory.Directory
	audit     *audit.Writer
	gate      *authz.Gate
	authn     *authn.Authenticator
	services  []service
	failures  *failures
	bodies    budget
	date      date
	http      *http.Server
	panics    atomic.Int64
	loopback  atomic.Pointer[string] // the URL that a loopback listener serves at

	stopRotating context.CancelFunc
	rotating     sync.WaitGroup
}

// New opens the directory on the store, reads it whole, opens the audit trail
// and wires the services. A root key that does not open the store's records is
// refused here, by name of the key that is missing.
func New(ctx context.Context, cfg Config) (*Server, error) {
	if err := cfg.setDefaults(); err != nil {
		return nil, err
	}
	s := &Server{cfg: cfg, failures: newFailures(cfg.FailedAuth, cfg.FailedAuthBurst), bodies: budget{large: largeBodies, small: allBodies}}
	if err := s.open(ctx); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

func (s *Server) open(ctx context.Context) (err error) {
	cfg := &s.cfg
	s.directory, err = directory.Open(ctx, cfg.Store, cfg.Ring, directory.Options{Now: cfg.Now, Partition: cfg.Partition, Logger: cfg.Logger})
	if err != nil {
		return err
	}
	s.audit, err = audit.Open(cfg.Audit.Path, audit.Options{Sync: cfg.Audit.Sync, OnError: func(err error) {
		cfg.Logger.Error("the audit trail can't be written", "err", err)
	}})
	if err != nil {
		return fmt.Errorf("audit trail %s: %w", cfg.Audit.Path, err)
	}
	s.gate, err = authz.New(authz.Options{Directory: s.directory, Audit: s.audit, Now: cfg.Now, Logger: cfg.Logger, ContinueUnaudited: cfg.Audit.Continue,
		ExplainTrusted: cfg.ExplainTrusted, Seal: cfg.Ring.Seal, Open: cfg.Ring.Open})
	if err != nil {
		return err
	}
	issuer := &session.Issuer{Ring: cfg.Ring, Now: cfg.Now}
	s.authn = authn.New(authn.Options{Directory: s.directory, Issuer: issuer, Now: cfg.Now, Regions: cfg.region, OptIn: awsdata.OptIn, Skew: cfg.Skew})
	s.services = []service{
		{api: &stsapi.API, mux: query.NewMux[*authz.Call](&stsapi.API)},
		{api: &iamapi.API, mux: query.NewMux[*authz.Call](&iamapi.API)},
	}
	tokens, err := oidc.New(oidc.Options{Allow: cfg.OIDC.Allow, Stale: cfg.OIDC.Stale, Roots: cfg.OIDC.Roots, Now: cfg.Now, Logger: cfg.Logger})
	if err != nil {
		return fmt.Errorf("federation.oidc.allow: %w", err)
	}
	sts.Register(s.services[0].mux, sts.Options{Issuer: issuer, Tokens: tokens, Now: cfg.Now, IssuerURL: s.issuerURL, SAML: s.meantFor})
	iam.Register(s.services[1].mux, iam.Options{Seal: cfg.Ring.Seal, Open: cfg.Ring.Open, LastUsed: s.directory.LastUsed, CheckIssuer: tokens.CheckIssuer, IssuerURL: s.issuerURL})
	s.http = &http.Server{
		Handler: s, MaxHeaderBytes: MaxHeader - headerSlop,
		ReadHeaderTimeout: headerTimeout, ReadTimeout: readTimeout, WriteTimeout: writeTimeout, IdleTimeout: idleTimeout,
		ConnContext: withConn,
		HTTP2:       &http.HTTP2Config{MaxConcurrentStreams: maxStreams},
		ErrorLog:    slog.NewLogLogger(cfg.Logger.Handler(), slog.LevelDebug),
	}
	rotating, stop := context.WithCancel(context.Background())
	s.stopRotating = stop
	s.rotating.Go(func() { s.keepRotating(rotating) })
	return nil
}

// Handler answers requests by any server; the bounds on headers and time are
// then that server's matter.
func (s *Server) Handler() http.Handler { return s }

// Directory is the state behind the server, for the operator's commands.
func (s *Server) Directory() *directory.Directory { return s.directory }

// Audit is the server's audit trail, for the operator's commands.
func (s *Server) Audit() *audit.Writer { return s.audit }

// Panics counts the requests whose handling panicked; it must stay 0.
func (s *Server) Panics() int64 { return s.panics.Load() }

// Serve answers on the listener until Shutdown or Close; with tlsConfig over TLS 1.2 or newer.
func (s *Server) Serve(l net.Listener, tlsConfig *tls.Config) error {
	s.served(l.Addr(), tlsConfig != nil)
	l = newBounded(l, maxConnections, s.connectionsOf)
	if tlsConfig != nil {
		s.http.TLSConfig = tlsConfig
		return ended(s.http.ServeTLS(l, "", ""))
	}
	return ended(s.http.Serve(l))
}

func ended(err error) error {
	if errors.Is(err, http.ErrServerClosed) {
		return nil
	}
	return err
}

// Shutdown takes no more connections and waits for the requests under way
// until the context ends.
func (s *Server) Shutdown(ctx context.Context) error { return s.http.Shutdown(ctx) }

// Close ends all connections, writes out the audit trail and closes the store.
func (s *Server) Close() error {
	var errs []error
	if s.stopRotating != nil {
		s.stopRotating()
		s.rotating.Wait()
	}
	if s.http != nil {
		errs = append(errs, s.http.Close())
	}
	if s.directory != nil {
		errs = append(errs, s.directory.Close())
	}
	if s.audit != nil {
		errs = append(errs, s.audit.Close())
	}
	return errors.Join(append(errs, s.cfg.Store.Close())...)
}

// ready says whether reads are served from a state that is followed, changes
// can be recorded, and the store has not given up writing until a restart. A
// store that is full for a while stays ready: all but changes is served, and
// they are again when there is space.
func (s *Server) ready() bool {
	if w, ok := s.cfg.Store.(interface{ Writable() error }); ok && w.Writable() != nil {
		return false
	}
	return s.directory.Health() == nil && (s.cfg.Audit.Continue || s.audit.Healthy() == nil)
}
