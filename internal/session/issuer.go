package session

import (
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/deputy-sts/deputy/internal/seal"
)

// MaxTokenSize is how many characters a token may have
// (AWS STS API reference, SessionTokenSize).
const MaxTokenSize = 4096

// MaxLifetime is how long a session can last: 36 hours of GetSessionToken and
// GetFederationToken. Keys that sealed a token, and revocations, are kept that long.
const MaxLifetime = 36 * time.Hour

// ErrInvalid says that a token was not issued by this issuer for this access
// key, or was altered since. It may wrap a seal.ErrUnknownKey, for the log.
var ErrInvalid = errors.New("session: the token is not valid")

// ErrTooLarge says that a session does not fit in a token, and by how much.
type ErrTooLarge struct {
	Percent int // of what fits, rounded up; more than 100
}

func (e ErrTooLarge) Error() string {
	return fmt.Sprintf("session: policies and tags take %d%% of what fits in a token", e.Percent)
}

// Issuer makes and opens session tokens. It has no state but the ring's.
type Issuer struct {
	Ring *seal.Ring
	Now  func() time.Time // nil: time.Now
}

// Issue makes the credentials of a session. It draws the access key id and the
// secret, whatever c says of them, and sets IssuedAt when it is zero. Times are
// cut to whole seconds. The claims must be complete (kind, account, principal,
// expiry after issue); ErrTooLarge when they do not fit, even compressed.
func (i *Issuer) Issue(c Claims) (Credentials, error) {
	account, err := i.complete(&c)
	if err != nil {
		return Credentials{}, err
	}
	var random [keyIDBytes + secretBytes]byte // read at once
	rand.Read(random[:])
	secret := random[keyIDBytes:]
	id := keyID(Temporary, account, [keyIDBytes]byte(random[:]))

	s := scratches.Get().(*scratch)
	defer s.release()
	s.body = appendClaims(append(s.body, bodyPlain), &c, account, secret)
	if err := s.fit(c.MinSize); err != nil {
		return Credentials{}, err
	}
	s.sealed = i.Ring.AppendSeal(s.sealed, seal.Session, append(s.key, id[:]...), s.body)
	clear(s.body)
	s.body = append(s.body[:0], id[:]...)
	s.body = base64.StdEncoding.AppendEncode(s.body, secret)
	split := len(s.body)
	s.body = base64.StdEncoding.AppendEncode(s.body, s.sealed)
	text := string(s.body) // one allocation for all three
	token := text[split:]
	return Credentials{
		AccessKeyID:     text[:keyIDSize],
		SecretAccessKey: text[keyIDSize:split],
		SessionToken:    token,
		Expiration:      c.Expires,
		TokenSize:       len(token),
		Utilization:     percent(len(token), MaxTokenSize),
	}, nil
}

// complete fills in and checks what Issue needs of c.
func (i *Issuer) complete(c *Claims) (account uint64, err error) {
	if c.IssuedAt.IsZero() {
		now := time.Now
		if i.Now != nil {
			now = i.Now
		}
		c.IssuedAt = now()
	}
	c.IssuedAt = time.Unix(c.IssuedAt.Unix(), 0).UTC()
	c.Expires = time.Unix(c.Expires.Unix(), 0).UTC()
	account, ok := accountNumber(c.Account)
	switch {
	case !ok:
		return 0, fmt.Errorf("session: the account %q has not 12 digits", c.Account)
	case !c.Kind.known() || c.PrincipalID == "":
		return 0, fmt.Errorf("session: claims without kind or principal: %v", *c)
	case c.Expires.Sub(c.IssuedAt) > MaxLifetime:
		return 0, fmt.Errorf("session: a session of %v, longer than any may be", c.Expires.Sub(c.IssuedAt))
	case c.IssuedAt.Unix() <= 0 || !c.Expires.After(c.IssuedAt) || c.Expires.Unix() > maxUnix:
		return 0, fmt.Errorf("session: a session from %v until %v", c.IssuedAt, c.Expires)
	case c.MFA && !c.MFATime.IsZero() && (c.MFATime.Unix() < 0 || c.MFATime.Unix() >= maxUnix):
		return 0, fmt.Errorf("session: an MFA time of %v", c.MFATime)
	case c.MinSize < 0 || c.MinSize > MaxTokenSize:
		return 0, fmt.Errorf("session: a token of %d characters at least, 0 to %d are possible", c.MinSize, MaxTokenSize)
	}
	part := max(percent(len(c.Tags)+len(c.Keys), maxPairs), percent(len(c.PolicyARNs)+len(c.Transitive), maxNames))
	if part > 100 {
		return 0, ErrTooLarge{Percent: part}
	}
	return account, nil
}

// Open gives the session of a token that came with an access key id. Every
// failure is ErrInvalid. It does not look at the clock: whether the session has
// expired is the caller's to compare (Claims.Expires).
func (i *Issuer) Open(accessKeyID, token string) (*Claims, error) {
	if len(token) > MaxTokenSize || len(accessKeyID) != keyIDSize {
		return nil, ErrInvalid
	}
	s := scratches.Get().(*scratch)
	defer s.release()
	if !s.decode(token) {
		return nil, ErrInvalid
	}
	opened, err := i.Ring.AppendOpen(s.body, seal.Session, append(s.key, accessKeyID...), s.sealed)
	if err != nil {
		if errors.As(err, new(seal.ErrUnknownKey)) {
			return nil, fmt.Errorf("%w: %w", ErrInvalid, err)
		}
		return nil, ErrInvalid
	}
	s.body = opened
	body, ok := s.unpack()
	if !ok {
		return nil, ErrInvalid
	}
	c, ok := decodeClaims(body)
	if !ok {
		return nil, ErrInvalid
	}
	if account, ok := AccountOf(accessKeyID); !ok || account != c.Account {
		return nil, ErrInvalid
	}
	c.AccessKeyID = accessKeyID
	return c, nil
}

// scratch holds the buffers of one Issue or Open. What they hold of a secret is
// cleared after use.
type scratch struct {
	key    []byte // the associated data
	body   []byte // the claims; before that, in Open, the token's text
	sealed []byte
}

var scratches = sync.Pool{New: func() any {
	return &scratch{
		key:    make([]byte, 0, keyIDSize),
		body:   make([]byte, 0, MaxTokenSize),
		sealed: make([]byte, 0, MaxTokenSize/4*3),
	}
}}

func (s *scratch) release() {
	clear(s.body[:cap(s.body)])
	if cap(s.body) > 4*MaxTokenSize { // a rare giant is not kept
		return
	}
	s.key, s.body, s.sealed = s.key[:0], s.body[:0], s.sealed[:0]
	scratches.Put(s)
}

// decode reads the token's base64 into s.sealed. Only the one way to write the
// bytes passes: no line ends inside, no stray bits at the end.
func (s *scratch) decode(token string) bool {
	text := append(s.body, token...)
	n, err := base64.StdEncoding.Strict().Decode(s.sealed[:cap(s.sealed)], text)
	s.sealed = s.sealed[:n]
	return err == nil && base64.StdEncoding.EncodedLen(n) == len(token)
}
