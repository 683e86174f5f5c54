package sts

import (
	"errors"
	"time"

	"github.com/deputy-sts/deputy/internal/authz"
	"github.com/deputy-sts/deputy/internal/session"
	"github.com/deputy-sts/deputy/internal/stsapi"
)

// issued are credentials on their way to the client.
type issued struct{ session.Credentials }

// issue is the one place that credentials come from: every action that gives any
// ends here, after its checks. TestOneIssue holds the paths to it.
//
// minimum is MinimumSessionTokenSize in bytes, or nil.
func (s *service) issue(call *authz.Call, claims session.Claims, lifetime time.Duration, minimum *int) (issued, error) {
	if err := place(call, &claims); err != nil {
		return issued{}, err
	}
	claims.IssuedAt = s.now().UTC().Truncate(time.Second)
	claims.Expires = claims.IssuedAt.Add(lifetime)
	claims.MinSize = value(minimum, 0)
	c, err := s.issuer.Issue(claims)
	if large, ok := errors.AsType[session.ErrTooLarge](err); ok {
		return issued{}, tooLarge(&claims, large.Percent)
	}
	return issued{c}, err
}

// tooLarge says what made the token too large, in AWS's words.
func tooLarge(claims *session.Claims, percent int) error {
	if claims.Policy == "" && len(claims.PolicyARNs) == 0 {
		return stsapi.PackedPolicyTooLarge.Errorf("Packed size of session tags consumes %d%% of allotted space.", percent)
	}
	return stsapi.PackedPolicyTooLarge.Errorf("Packed policy consumes %d%% of allotted space, please use smaller policy.", percent)
}

// credentials points into i.
func (i *issued) credentials() stsapi.Credentials {
	return stsapi.Credentials{
		AccessKeyId: &i.AccessKeyID, SecretAccessKey: &i.SecretAccessKey,
		SessionToken: &i.SessionToken, Expiration: &i.Expiration,
	}
}

// shown is what the audit may know of them: neither the secret nor the token.
func (i *issued) shown() stsapi.Credentials {
	return stsapi.Credentials{AccessKeyId: &i.AccessKeyID, SessionToken: &hidden, Expiration: &i.Expiration}
}

// hidden is only ever read.
var hidden = authz.Hidden

// value is *p, or the default where nothing was given.
func value[T any](p *T, otherwise T) T {
	if p == nil {
		return otherwise
	}
	return *p
}
