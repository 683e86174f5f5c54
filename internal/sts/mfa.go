package sts

import (
	"context"

	"github.com/deputy-sts/deputy/internal/authz"
	"github.com/deputy-sts/deputy/internal/directory"
	"github.com/deputy-sts/deputy/internal/mfa"
	"github.com/deputy-sts/deputy/internal/query"
)

// AWS's texts. What it says to half of the pair is remembered from its answers,
// not documented. A code that is wrong, was used, or is of a locked device: one
// answer, so that whoever guesses learns nothing from it; a device of somebody
// else is one that there is not.
var (
	errHalfMFA = query.AccessDenied.Errorf("MultiFactorAuthentication failed, must provide both MFA serial number and one time pass code.")
	// Two blanks before "Please", as AWS has it.
	errNoDevice = query.AccessDenied.Errorf("MultiFactorAuthentication failed, unable to validate MFA code.  Please verify your MFA serial number is valid and associated with this user.")
	// A blank at the end, as AWS has it.
	errBadCode = query.AccessDenied.Errorf("MultiFactorAuthentication failed with invalid MFA one time pass code. ")
)

// checkMFA spends the one-time code of a request, if it has one, and tells whether
// it had. The code is spent though the call is refused for another reason.
func checkMFA(ctx context.Context, c *authz.Call, serial, code *string) (bool, error) {
	switch {
	case serial == nil && code == nil:
		return false, nil
	case serial == nil || code == nil:
		return false, errHalfMFA
	}
	var verdict mfa.Verdict
	err := c.Once(ctx, func(tx *directory.Tx) {
		verdict = mfa.Spend(tx, deviceOwner(c.Principal), *serial, *code, c.Time)
	})
	if err != nil {
		return false, err
	}
	switch verdict {
	case mfa.Right:
		c.NoteMFA()
		return true, nil
	case mfa.Unknown:
		err = errNoDevice
	default:
		err = errBadCode
	}
	c.NoteCode(*serial, verdict.String())
	return false, err
}

// deviceOwner is whose devices a caller may use: only a user's and a root user's
// own, by whatever credentials.
func deviceOwner(p *directory.Principal) string {
	switch {
	case p.Kind == directory.Root:
		return p.Account
	case p.Kind == directory.UserKind && p.User != nil:
		return p.User.ID
	}
	return ""
}
