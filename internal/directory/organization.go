package directory

import (
	"crypto/sha256"
	"encoding/base32"
	"slices"
	"strings"
)

// The accounts of an installation are one organization: one of them, with
// Management set, manages the others.

// Features of the organization, as IAM's centralized root access names them. They
// stand in the management account's record.
const (
	RootCredentialsManagement = "RootCredentialsManagement"
	RootSessions              = "RootSessions"
)

// ManagesRoots tells whether the account may manage the root users of the others:
// the management account, and who administers IAM for it.
func (a *Account) ManagesRoots() bool {
	return a.Management || slices.Contains(a.Delegated, "iam.amazonaws.com")
}

// ManagementAccount finds the account that manages the others; nil if there is none.
func (v *View) ManagementAccount() *Account {
	if v.management == "" {
		return nil
	}
	return v.Account(v.management)
}

// OrganizationID is o- and 10 characters, which follow from the management
// account and therefore stay; "" without one.
func (v *View) OrganizationID() string {
	if v.management == "" {
		return ""
	}
	sum := sha256.Sum256([]byte("organization of " + v.management))
	return "o-" + strings.ToLower(base32.HexEncoding.EncodeToString(sum[:]))[:10]
}
