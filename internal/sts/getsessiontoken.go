package sts

import (
	"context"
	"time"

	"github.com/deputy-sts/deputy/internal/authz"
	"github.com/deputy-sts/deputy/internal/directory"
	"github.com/deputy-sts/deputy/internal/session"
	"github.com/deputy-sts/deputy/internal/stsapi"
)

// Seconds. Root's sessions are cut without an error.
//
// Source: GetSessionToken in the STS API reference.
const (
	sessionTokenDefault = 43200
	sessionTokenRoot    = 3600
)

// getSessionToken gives a user, or a root user, temporary credentials of its own.
// Only long-term keys may ask: authz refuses the others.
func (s *service) getSessionToken(ctx context.Context, c *authz.Call, in *stsapi.GetSessionTokenRequest) (*stsapi.GetSessionTokenResponse, error) {
	if in.TokenCode != nil {
		shown := *in
		shown.TokenCode = new(authz.Hidden)
		c.NoteInput(&shown)
	}
	coded, err := checkMFA(ctx, c, in.SerialNumber, in.TokenCode)
	if err != nil {
		return nil, err
	}
	c.Exempt("GetSessionToken needs no permission: policies do not control authentication")
	seconds := value(in.DurationSeconds, sessionTokenDefault)
	p := c.Principal
	claims := session.Claims{Kind: session.SessionToken, Account: p.Account, PrincipalID: p.ID}
	if coded {
		claims.MFA, claims.MFATime = true, s.now().UTC().Truncate(time.Second)
	}
	if p.Kind == directory.Root {
		seconds = min(seconds, sessionTokenRoot)
	}
	i, err := s.issue(c, claims, time.Duration(seconds)*time.Second, in.MinimumSessionTokenSize)
	if err != nil {
		return nil, err
	}
	c.NoteAnswer(&stsapi.GetSessionTokenResponse{Credentials: new(i.shown())})
	return &stsapi.GetSessionTokenResponse{
		Credentials: new(i.credentials()), SessionTokenSize: &i.TokenSize, SessionTokenUtilization: &i.Utilization,
	}, nil
}
