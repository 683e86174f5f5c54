package session

import (
	"fmt"
	"log/slog"
	"time"
)

// Kind says which operation made a session. The numbers are part of the token
// format.
type Kind uint8

// The kinds of sessions.
const (
	AssumeRole   Kind = 1
	SessionToken Kind = 2 // GetSessionToken: of a user or of the root user
	Federation   Kind = 3 // GetFederationToken
	WebIdentity  Kind = 4 // AssumeRoleWithWebIdentity
	SAML         Kind = 5 // AssumeRoleWithSAML
	Root         Kind = 6 // AssumeRoot
	Delegation   Kind = 7 // GetDelegatedAccessToken
)

var kindNames = [...]string{"", "AssumeRole", "SessionToken", "Federation", "WebIdentity", "SAML", "Root", "Delegation"}

func (k Kind) known() bool { return k >= AssumeRole && k <= Delegation }

func (k Kind) String() string {
	if !k.known() {
		return fmt.Sprintf("Kind(%d)", uint8(k))
	}
	return kindNames[k]
}

// Tag is a session tag, or a context key with its value.
type Tag struct{ Key, Value string }

// Claims is all that a session is. Policies, tags and the like are as the
// caller gave them: they were validated before. Empty means none throughout.
type Claims struct {
	Kind Kind

	// Issue makes both. The secret is random, never derived.
	AccessKeyID, SecretAccessKey string

	Account     string // 12 digits: the account of the role or user
	PrincipalID string // stable unique id: AROA… of the role, AIDA… of the user, account id of the root user
	Name        string // role session name or federated user name

	IssuedAt, Expires time.Time // whole seconds, UTC

	Policy         string   // inline session policy
	PolicyARNs     []string // managed session policies
	Tags           []Tag    // session tags, inherited transitive ones included
	Transitive     []string // keys of the tags that chained sessions inherit
	SourceIdentity string

	MFA     bool      // GetSessionToken was called with an MFA code
	MFATime time.Time // when; whole seconds, UTC
	Chained bool      // issued to a caller that had temporary credentials itself

	DefaultRegions bool // a version 1 token: good only in the regions that every account has

	Provider string // federation: ARN of the provider
	Keys     []Tag  // federation: context keys that stay for the session

	MinSize int `json:"-"` // Issue pads the token to this many characters, 0 to 4096; not part of the token
}

// String names the session without its secret.
func (c Claims) String() string {
	return fmt.Sprintf("%v session %q of %s (%s) until %s", c.Kind, c.Name, c.PrincipalID, c.AccessKeyID, c.Expires.UTC().Format(time.RFC3339))
}

// GoString is String: %#v must not show the secret.
func (c Claims) GoString() string { return c.String() }

// LogValue is String for log/slog.
func (c Claims) LogValue() slog.Value { return slog.StringValue(c.String()) }

// Credentials is what a caller gets of a session.
type Credentials struct {
	AccessKeyID     string // ASIA…
	SecretAccessKey string // 40 characters
	SessionToken    string
	Expiration      time.Time
	TokenSize       int // characters of SessionToken
	Utilization     int // TokenSize in percent of the 4,096 that it may have, rounded up
}

// String names the credentials without secret and token.
func (c Credentials) String() string {
	return fmt.Sprintf("credentials %s until %s", c.AccessKeyID, c.Expiration.UTC().Format(time.RFC3339))
}

// GoString is String: %#v must not show the secret.
func (c Credentials) GoString() string { return c.String() }

// LogValue is String for log/slog.
func (c Credentials) LogValue() slog.Value { return slog.StringValue(c.String()) }
