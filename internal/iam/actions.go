package iam

import (
	"github.com/deputy-sts/deputy/internal/authz"
	"github.com/deputy-sts/deputy/internal/query"
)

// Register adds the actions to the mux of iamapi.API.
func Register(m *query.Mux[*authz.Call], o Options) {
	s := newService(o)

	authz.Handle(m, "CreateUser", s.createUser)
	authz.Handle(m, "GetUser", s.getUser)
	authz.Handle(m, "UpdateUser", s.updateUser)
	authz.Handle(m, "DeleteUser", s.deleteUser)
	authz.Handle(m, "ListUsers", s.listUsers)

	authz.Handle(m, "CreateAccessKey", s.createAccessKey)
	authz.Handle(m, "UpdateAccessKey", s.updateAccessKey)
	authz.Handle(m, "DeleteAccessKey", s.deleteAccessKey)
	authz.Handle(m, "ListAccessKeys", s.listAccessKeys)
	authz.Handle(m, "GetAccessKeyLastUsed", s.getAccessKeyLastUsed)

	authz.Handle(m, "CreateRole", s.createRole)
	authz.Handle(m, "GetRole", s.getRole)
	authz.Handle(m, "UpdateRole", s.updateRole)
	authz.Handle(m, "UpdateRoleDescription", s.updateRoleDescription)
	authz.Handle(m, "UpdateAssumeRolePolicy", s.updateAssumeRolePolicy)
	authz.Handle(m, "DeleteRole", s.deleteRole)
	authz.Handle(m, "ListRoles", s.listRoles)
	authz.Handle(m, "ListInstanceProfilesForRole", s.listInstanceProfilesForRole)

	authz.Handle(m, "CreateGroup", s.createGroup)
	authz.Handle(m, "GetGroup", s.getGroup)
	authz.Handle(m, "UpdateGroup", s.updateGroup)
	authz.Handle(m, "DeleteGroup", s.deleteGroup)
	authz.Handle(m, "ListGroups", s.listGroups)
	authz.Handle(m, "AddUserToGroup", s.addUserToGroup)
	authz.Handle(m, "RemoveUserFromGroup", s.removeUserFromGroup)
	authz.Handle(m, "ListGroupsForUser", s.listGroupsForUser)

	authz.Handle(m, "CreatePolicy", s.createPolicy)
	authz.Handle(m, "GetPolicy", s.getPolicy)
	authz.Handle(m, "DeletePolicy", s.deletePolicy)
	authz.Handle(m, "ListPolicies", s.listPolicies)
	authz.Handle(m, "CreatePolicyVersion", s.createPolicyVersion)
	authz.Handle(m, "GetPolicyVersion", s.getPolicyVersion)
	authz.Handle(m, "DeletePolicyVersion", s.deletePolicyVersion)
	authz.Handle(m, "ListPolicyVersions", s.listPolicyVersions)
	authz.Handle(m, "SetDefaultPolicyVersion", s.setDefaultPolicyVersion)
	authz.Handle(m, "ListEntitiesForPolicy", s.listEntitiesForPolicy)

	authz.Handle(m, "PutUserPolicy", s.putUserPolicy)
	authz.Handle(m, "GetUserPolicy", s.getUserPolicy)
	authz.Handle(m, "DeleteUserPolicy", s.deleteUserPolicy)
	authz.Handle(m, "ListUserPolicies", s.listUserPolicies)
	authz.Handle(m, "PutRolePolicy", s.putRolePolicy)
	authz.Handle(m, "GetRolePolicy", s.getRolePolicy)
	authz.Handle(m, "DeleteRolePolicy", s.deleteRolePolicy)
	authz.Handle(m, "ListRolePolicies", s.listRolePolicies)
	authz.Handle(m, "PutGroupPolicy", s.putGroupPolicy)
	authz.Handle(m, "GetGroupPolicy", s.getGroupPolicy)
	authz.Handle(m, "DeleteGroupPolicy", s.deleteGroupPolicy)
	authz.Handle(m, "ListGroupPolicies", s.listGroupPolicies)

	authz.Handle(m, "AttachUserPolicy", s.attachUserPolicy)
	authz.Handle(m, "DetachUserPolicy", s.detachUserPolicy)
	authz.Handle(m, "ListAttachedUserPolicies", s.listAttachedUserPolicies)
	authz.Handle(m, "AttachRolePolicy", s.attachRolePolicy)
	authz.Handle(m, "DetachRolePolicy", s.detachRolePolicy)
	authz.Handle(m, "ListAttachedRolePolicies", s.listAttachedRolePolicies)
	authz.Handle(m, "AttachGroupPolicy", s.attachGroupPolicy)
	authz.Handle(m, "DetachGroupPolicy", s.detachGroupPolicy)
	authz.Handle(m, "ListAttachedGroupPolicies", s.listAttachedGroupPolicies)

	authz.Handle(m, "PutUserPermissionsBoundary", s.putUserPermissionsBoundary)
	authz.Handle(m, "DeleteUserPermissionsBoundary", s.deleteUserPermissionsBoundary)
	authz.Handle(m, "PutRolePermissionsBoundary", s.putRolePermissionsBoundary)
	authz.Handle(m, "DeleteRolePermissionsBoundary", s.deleteRolePermissionsBoundary)

	authz.Handle(m, "TagUser", s.tagUser)
	authz.Handle(m, "UntagUser", s.untagUser)
	authz.Handle(m, "ListUserTags", s.listUserTags)
	authz.Handle(m, "TagRole", s.tagRole)
	authz.Handle(m, "UntagRole", s.untagRole)
	authz.Handle(m, "ListRoleTags", s.listRoleTags)
	authz.Handle(m, "TagPolicy", s.tagPolicy)
	authz.Handle(m, "UntagPolicy", s.untagPolicy)
	authz.Handle(m, "ListPolicyTags", s.listPolicyTags)

	authz.Handle(m, "GetAccountSummary", s.getAccountSummary)
	authz.Handle(m, "CreateAccountAlias", s.createAccountAlias)
	authz.Handle(m, "DeleteAccountAlias", s.deleteAccountAlias)
	authz.Handle(m, "ListAccountAliases", s.listAccountAliases)
}
