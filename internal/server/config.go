package server

import (
	"crypto/x509"
	"errors"
	"log/slog"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/deputy-sts/deputy/internal/audit"
	"github.com/deputy-sts/deputy/internal/awsdata"
	"github.com/deputy-sts/deputy/internal/kv"
	"github.com/deputy-sts/deputy/internal/seal"
)

// The bounds that hold before anything is known of a caller (docs/operations.md).
const (
	MaxBody    = 256 << 10 // bytes of a request's body
	MaxHeader  = 16 << 10  // bytes of a request's line and headers; up to 4 KiB more on a connection used before
	headerSlop = 4096      // net/http adds this to http.Server.MaxHeaderBytes

	headerTimeout = 5 * time.Second
	readTimeout   = 10 * time.Second
	writeTimeout  = 20 * time.Second
	idleTimeout   = 60 * time.Second

	maxConnections     = 16384
	maxConnectionsEach = 1024 // of one address
	maxConnectionsNear = 8192 // of loopback, of a trusted proxy, of a socket that has no address
	maxStreams         = 100  // requests at once on one HTTP/2 connection

	ownBody     = 4 << 10   // bytes of a body that a request has a buffer for
	smallBody   = 16 << 10  // bytes of a body that counts as small
	largeBodies = 96 << 20  // bytes of all bodies together from which on no body grows beyond smallBody
	allBodies   = 192 << 20 // bytes of all bodies together from which on none grows beyond ownBody
)

// Config says what a server is made of. Store and Ring must be given; the zero
// value of everything else is a sensible default.
type Config struct {
	Store kv.Store   // closed by Server.Close
	Ring  *seal.Ring // the keys that records, tokens and markers are sealed with

	Partition string   // of ARNs; default "aws"
	Regions   []string // accepted in credential scopes beside AWS's own; the first is the region of requests that name none

	// ExternalURL is where clients reach the service, for links that it writes;
	// never derived from a request. Empty: the listen address.
	ExternalURL string
	// AllowedHosts are the names that a request's Host may have, without port;
	// empty: any. Absolute-form request targets are accepted only for them.
	AllowedHosts []string
	// TrustedProxies are the only addresses whose forwarded headers count.
	TrustedProxies []netip.Prefix

	// PresignAny lets any operation be called by a presigned URL; by default
	// only GetCallerIdentity can, since such a URL is a bearer proof.
	PresignAny bool
	// ExplainTrusted gives callers of the account that a resource belongs to an
	// encoded message with each denial (sts:DecodeAuthorizationMessage).
	ExplainTrusted bool
	// Skew is how far a client's clock may be off; default and most 15 minutes.
	Skew time.Duration

	Audit AuditConfig
	OIDC  OIDCConfig
	SAML  SAMLConfig

	// FailedAuth is how many failed authentications per second one address is
	// told the reason of, FailedAuthBurst how many at once; beyond them the
	// answer is Throttling. Defaults 100 and 2000; loopback is exempt, verified
	// callers are never limited.
	FailedAuth      float64
	FailedAuthBurst int

	Now    func() time.Time // nil: time.Now
	Logger *slog.Logger     // nil: slog.Default
}

// AuditConfig says where the audit trail goes and what waits for it.
type AuditConfig struct {
	Path     string // empty: nowhere
	Sync     audit.Sync
	Continue bool // go on when the trail can't be written; default: refuse changes and issuing
}

// OIDCConfig says how foreign OpenID Connect issuers are reached.
type OIDCConfig struct {
	// Allow names the hosts (HOST or HOST:PORT) whose issuers may be on plain http,
	// on a port, on loopback or a private address.
	Allow []string
	// Stale is how long the keys of an issuer serve while it cannot be reached;
	// 0 is 12 hours, less than 10 minutes is not at all.
	Stale time.Duration
	Roots *x509.CertPool // authorities of their certificates; nil: the system's
}

// SAMLConfig says what SAML responses may be meant for. "aws" stands in both lists
// for all that AWS's own sign-in accepts. Nil is that, and the service's own
// address, ExternalURL/saml.
type SAMLConfig struct {
	Audiences  []string
	Recipients []string
}

func (c *Config) setDefaults() error {
	if c.Store == nil || c.Ring == nil {
		return errors.New("server: Config needs a Store and a Ring")
	}
	var err error
	if c.ExternalURL, err = checkExternalURL(c.ExternalURL); err != nil {
		return err
	}
	if c.Partition == "" {
		c.Partition = "aws"
	}
	if len(c.Regions) == 0 {
		c.Regions = []string{"us-east-1"}
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Logger == nil {
		c.Logger = slog.Default()
	}
	if c.FailedAuth == 0 {
		c.FailedAuth = 100
	}
	if c.FailedAuthBurst == 0 {
		c.FailedAuthBurst = 2000
	}
	c.AllowedHosts = slices.Clone(c.AllowedHosts)
	for i, host := range c.AllowedHosts {
		c.AllowedHosts[i] = strings.ToLower(strings.TrimSuffix(host, "."))
	}
	return nil
}

// region says whether a credential scope may name it: AWS's, and the configured.
func (c *Config) region(name string) bool {
	return slices.Contains(c.Regions, name) || awsdata.IsRegion(name)
}
