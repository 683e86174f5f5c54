package iam

import (
	"github.com/deputy-sts/deputy/internal/authz"
	"github.com/deputy-sts/deputy/internal/iamapi"
)

// Names of the quotas, as AWS's messages have them and as Account.Limits
// overrides them.
const (
	usersPerAccount         = "UsersPerAccount"
	rolesPerAccount         = "RolesPerAccount"
	groupsPerAccount        = "GroupsPerAccount"
	policiesPerAccount      = "PoliciesPerAccount"
	groupsPerUser           = "GroupsPerUser"
	accessKeysPerUser       = "AccessKeysPerUser"
	policiesPerUser         = "PoliciesPerUser"
	policiesPerRole         = "PoliciesPerRole"
	policiesPerGroup        = "PoliciesPerGroup"
	versionsPerPolicy       = "VersionsPerPolicy"
	policySize              = "PolicySize"     // characters of a managed policy
	trustSize               = "ACLSizePerRole" // characters of a trust policy
	userPolicySize          = "UserPolicySize" // characters of all inline policies together
	rolePolicySize          = "RolePolicySize"
	groupPolicySize         = "GroupPolicySize"
	tagsPerUser             = "TagsPerUser"
	tagsPerRole             = "TagsPerRole"
	tagsPerPolicy           = "TagsPerPolicy"
	tagsPerDevice           = "TagsPerMFADevice"
	tagsPerSAMLProvider     = "TagsPerSAMLProvider"
	samlProvidersPerAccount = "SAMLProvidersPerAccount"
	tagsPerOIDC             = "TagsPerOpenIdConnectProvider"
	oidcPerAccount          = "OpenIdConnectProvidersPerAccount"
	clientIDsPerOIDC        = "ClientIdsPerOpenIdConnectProvider"
	delegationsPerAccount   = "DelegationRequestsPerAccount"
	devicesPerUser          = "MFADevicesPerUser"
	devicesPerAccount       = "VirtualMFADevicesPerAccount" // as many as users
)

// quotas are AWS's defaults. Source: IAM User Guide, reference_iam-quotas.
var quotas = map[string]int{
	usersPerAccount: 5000, rolesPerAccount: 1000, groupsPerAccount: 300, policiesPerAccount: 1500,
	groupsPerUser: 10, accessKeysPerUser: 2,
	policiesPerUser: 10, policiesPerRole: 10, policiesPerGroup: 10,
	versionsPerPolicy: 5, policySize: 6144, trustSize: 2048,
	userPolicySize: 2048, rolePolicySize: 10240, groupPolicySize: 5120,
	tagsPerUser: 50, tagsPerRole: 50, tagsPerPolicy: 50, tagsPerDevice: 50,
	tagsPerOIDC: 50, oidcPerAccount: 100, clientIDsPerOIDC: 100,
	tagsPerSAMLProvider: 50, samlProvidersPerAccount: 100,
	delegationsPerAccount: 1000, // AWS publishes none
	devicesPerUser:        8, devicesPerAccount: 5000,
}

// quota is what holds in the caller's account. It is read from the view, not
// through the Tx: a quota that an operator changes meanwhile need not undo a
// decision.
func quota(c *authz.Call, name string) int {
	if a := c.View().Account(c.Account()); a != nil {
		if n, ok := a.Limits[name]; ok {
			return n
		}
	}
	return quotas[name]
}

// within refuses what would make n of something that has the quota.
func within(c *authz.Call, name string, n int) error {
	if limit := quota(c, name); n > limit {
		return iamapi.LimitExceeded.Errorf("Cannot exceed quota for %s: %d", name, limit)
	}
	return nil
}

// nearLimit is how close to a quota of the account those who add to it begin to
// wait for each other. It must be more than the commits that can be under way.
const nearLimit = 64

// another refuses one more of something that the account has n of. Nothing in a
// commit depends on how many there are, so that two who add at once could both
// take the last place; near the limit each therefore writes the account's record
// too, and only one of them succeeds.
func another(c *authz.Call, name string, n int) error {
	if err := within(c, name, n+1); err != nil {
		return err
	}
	if a := c.Tx.Account(c.Account()); a != nil && n+nearLimit > quota(c, name) {
		c.Tx.PutAccount(a, a.Clone())
	}
	return nil
}
