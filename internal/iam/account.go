package iam

import (
	"context"

	"github.com/deputy-sts/deputy/internal/authz"
	"github.com/deputy-sts/deputy/internal/directory"
	"github.com/deputy-sts/deputy/internal/iamapi"
	"github.com/deputy-sts/deputy/internal/query"
)

// onAccount asks for an action on the account as a whole.
func onAccount(c *authz.Call) error { return c.Authorize(authz.Resource{ARN: "*"}) }

func (s *service) getAccountSummary(_ context.Context, c *authz.Call, _ *iamapi.GetAccountSummaryRequest) (*iamapi.GetAccountSummaryResponse, error) {
	if err := onAccount(c); err != nil {
		return nil, err
	}
	n := c.View().Counts(c.Account())
	rootKeys, rootMFA, tokenVersion := 0, 0, 1
	if a := c.Tx.Account(c.Account()); a != nil {
		rootKeys, rootMFA = min(len(a.RootKeys), 1), min(len(a.RootMFA), 1)
		tokenVersion = max(a.TokenVersion, 1)
	}
	// What this service does not have counts as none.
	sum := map[string]int{
		"Users": n.Users, "Roles": n.Roles, "Groups": n.Groups, "Policies": n.Policies, "PolicyVersionsInUse": n.Versions,
		"InstanceProfiles": 0, "ServerCertificates": 0, "Providers": n.OIDCProviders + n.SAMLProviders, "MFADevices": n.Devices, "MFADevicesInUse": n.DevicesInUse,
		"AccountAccessKeysPresent": rootKeys, "AccountMFAEnabled": rootMFA, "AccountPasswordPresent": 0,
		"AccountSigningCertificatesPresent": 0,
		"GlobalEndpointTokenVersion":        tokenVersion, "InstanceProfilesQuota": 1000, "PolicyVersionsInUseQuota": 10000,
		"ServerCertificatesQuota": 20, "SigningCertificatesPerUserQuota": 2,
	}
	for key, name := range map[string]string{
		"UsersQuota": usersPerAccount, "RolesQuota": rolesPerAccount, "GroupsQuota": groupsPerAccount, "PoliciesQuota": policiesPerAccount,
		"GroupsPerUserQuota": groupsPerUser, "AccessKeysPerUserQuota": accessKeysPerUser,
		"AttachedPoliciesPerUserQuota": policiesPerUser, "AttachedPoliciesPerRoleQuota": policiesPerRole,
		"AttachedPoliciesPerGroupQuota": policiesPerGroup, "VersionsPerPolicyQuota": versionsPerPolicy,
		"PolicySizeQuota": policySize, "AssumeRolePolicySizeQuota": trustSize,
		"UserPolicySizeQuota": userPolicySize, "RolePolicySizeQuota": rolePolicySize, "GroupPolicySizeQuota": groupPolicySize,
	} {
		sum[key] = quota(c, name)
	}
	return &iamapi.GetAccountSummaryResponse{SummaryMap: sum}, nil
}

// createAccountAlias gives the account its one alias, in place of the one it has.
func (s *service) createAccountAlias(_ context.Context, c *authz.Call, in *iamapi.CreateAccountAliasRequest) (*iamapi.CreateAccountAliasResponse, error) {
	if err := onAccount(c); err != nil {
		return nil, err
	}
	if looksLikeAccount(*in.AccountAlias) {
		return nil, query.ValidationError.Errorf("An account alias must not consist of 12 digits.")
	}
	switch other := c.Tx.AccountByAlias(*in.AccountAlias); {
	case other != nil && other.ID == c.Account():
		return new(iamapi.CreateAccountAliasResponse), nil
	case other != nil:
		return nil, iamapi.EntityAlreadyExists.Errorf("The account alias %s already exists.", *in.AccountAlias)
	}
	return done[iamapi.CreateAccountAliasResponse](setAlias(c, *in.AccountAlias))
}

// looksLikeAccount tells an alias that would pass for another account's id.
func looksLikeAccount(alias string) bool {
	for i := range len(alias) {
		if alias[i] < '0' || alias[i] > '9' {
			return false
		}
	}
	return len(alias) == 12
}

func setAlias(c *authz.Call, alias string) error {
	a := c.Tx.Account(c.Account())
	if a == nil {
		return iamapi.NoSuchEntity.Errorf("The account %s cannot be found.", c.Account())
	}
	n := a.Clone()
	n.Alias = alias
	c.Tx.PutAccount(a, n)
	return nil
}

func (s *service) deleteAccountAlias(_ context.Context, c *authz.Call, in *iamapi.DeleteAccountAliasRequest) (*iamapi.DeleteAccountAliasResponse, error) {
	if err := onAccount(c); err != nil {
		return nil, err
	}
	if a := aliased(c); a == nil || a.Alias != *in.AccountAlias {
		return nil, iamapi.NoSuchEntity.Errorf("The account alias %s cannot be found.", *in.AccountAlias)
	}
	return done[iamapi.DeleteAccountAliasResponse](setAlias(c, ""))
}

// aliased is the caller's account if it has an alias.
func aliased(c *authz.Call) *directory.Account {
	if a := c.Tx.Account(c.Account()); a != nil && a.Alias != "" {
		return a
	}
	return nil
}

func (s *service) listAccountAliases(_ context.Context, c *authz.Call, in *iamapi.ListAccountAliasesRequest) (*iamapi.ListAccountAliasesResponse, error) {
	if err := onAccount(c); err != nil {
		return nil, err
	}
	p, err := s.pager(c, in.Marker, in.MaxItems)
	if err != nil {
		return nil, err
	}
	var aliases []string
	if a := aliased(c); a != nil {
		aliases = append(aliases, a.Alias)
	}
	self := func(alias string) string { return alias }
	shown, more, marker := page(p, sorted(aliases, self), self)
	return &iamapi.ListAccountAliasesResponse{AccountAliases: shown, IsTruncated: more, Marker: marker}, nil
}
