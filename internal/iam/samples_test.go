package iam

import (
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/deputy-sts/deputy/internal/directory"
)

// sample is a request that succeeds in the town that newTown builds, with every
// parameter that a condition key is made of.
type sample struct {
	pairs    []string
	resource string   // asked about; "*" where the action has no resources
	also     []string // other actions it needs
}

const (
	userTarget  = "arn:aws:iam::" + home + ":user/t/target"
	roleTarget  = "arn:aws:iam::" + home + ":role/t/target"
	groupTarget = "arn:aws:iam::" + home + ":group/t/target"
	deviceSpare = "arn:aws:iam::" + home + ":mfa/t/spare"
	devicePhone = "arn:aws:iam::" + home + ":mfa/phone"
	samlCorp    = "arn:aws:iam::" + home + ":saml-provider/corp"
	policyPlain = "arn:aws:iam::" + home + ":policy/plain"
	policyUsed  = "arn:aws:iam::" + home + ":policy/used"
	oidcTarget  = "arn:aws:iam::" + home + ":oidc-provider/idp.test/t"
	readOnly    = "arn:aws:iam::aws:policy/ReadOnlyAccess"
	everyAction = "arn:aws:iam::aws:policy/AdministratorAccess"
)

// newTown is a world with a caller who has the policies of a test, and with
// something for every action to act on.
func newTown(t testing.TB) *world {
	w := newWorld(t)
	star := allow("s3:GetObject", "*")
	for _, f := range []string{
		form("CreateUser", "UserName", "caller"),
		form("CreatePolicy", "PolicyName", "plain", "PolicyDocument", star),
		form("CreatePolicy", "PolicyName", "used", "PolicyDocument", star),
		form("CreatePolicyVersion", "PolicyArn", policyPlain, "PolicyDocument", star),
		form("CreatePolicy", "PolicyName", "single", "PolicyDocument", star),
		form("CreateAccountAlias", "AccountAlias", "acme"),
		form("CreateUser", "UserName", "bare", "Path", "/t/"),
		form("CreateRole", "RoleName", "bare", "Path", "/t/", "AssumeRolePolicyDocument", trustAnybody, "PermissionsBoundary", readOnly),
		form("CreateGroup", "GroupName", "bare", "Path", "/t/"),
		form("CreateUser", "UserName", "target", "Path", "/t/", "PermissionsBoundary", readOnly, "Tags.member.1.Key", "k", "Tags.member.1.Value", "v"),
		form("CreateRole", "RoleName", "target", "Path", "/t/", "AssumeRolePolicyDocument", trustAnybody, "PermissionsBoundary", readOnly, "Tags.member.1.Key", "k", "Tags.member.1.Value", "v"),
		form("CreateGroup", "GroupName", "target", "Path", "/t/"),
		form("AddUserToGroup", "GroupName", "target", "UserName", "target"),
		form("TagPolicy", "PolicyArn", policyPlain, "Tags.member.1.Key", "k", "Tags.member.1.Value", "v"),
		form("CreateAccessKey", "UserName", "target"),
		form("CreateOpenIDConnectProvider", "Url", "https://idp.test/t", "ClientIDList.member.1", "app", "Tags.member.1.Key", "k", "Tags.member.1.Value", "v"),
		form("CreateRole", "RoleName", "boss", "AssumeRolePolicyDocument", trustAnybody),
		form("AttachRolePolicy", "RoleName", "boss", "PolicyArn", everyAction),
		form("CreateSAMLProvider", "Name", "corp", "SAMLMetadataDocument", metadata(t), "Tags.member.1.Key", "k", "Tags.member.1.Value", "v"),
		form("CreateVirtualMFADevice", "VirtualMFADeviceName", "spare", "Path", "/t/", "Tags.member.1.Key", "k", "Tags.member.1.Value", "v"),
		form("CreateVirtualMFADevice", "VirtualMFADeviceName", "phone"),
	} {
		w.do("admin", f)
	}
	w.enable("admin", "target", devicePhone)
	w.now = w.now.Add(time.Minute)
	w.change(func(tx *directory.Tx) { tx.PutTokenIssuer(nil, restingIssuer()) })
	w.change(w.delegations)
	for _, kind := range []string{"User", "Role", "Group"} {
		w.do("admin", form("Put"+kind+"Policy", kind+"Name", "target", "PolicyName", "p", "PolicyDocument", star))
		w.do("admin", form("Attach"+kind+"Policy", kind+"Name", "target", "PolicyArn", policyUsed))
	}
	return w
}

// samples has one for every action.
func samples(w *world) map[string]sample {
	star := allow("s3:GetObject", "*")
	key := w.dir.View().User(home, "target").AccessKeys[0]
	tags := []string{"Tags.member.1.Key", "new", "Tags.member.1.Value", "v"}
	of := func(resource string, pairs ...string) sample { return sample{pairs: pairs, resource: resource} }
	user := func(pairs ...string) sample { return of(userTarget, append(pairs, "UserName", "target")...) }
	role := func(pairs ...string) sample { return of(roleTarget, append(pairs, "RoleName", "target")...) }
	group := func(pairs ...string) sample { return of(groupTarget, append(pairs, "GroupName", "target")...) }
	plain := func(pairs ...string) sample { return of(policyPlain, append(pairs, "PolicyArn", policyPlain)...) }
	issuer := func(pairs ...string) sample {
		return of(oidcTarget, append(pairs, "OpenIDConnectProviderArn", oidcTarget)...)
	}
	created := func(kind, tagging string, pairs ...string) sample {
		return sample{slices.Concat(pairs, tags), "arn:aws:iam::" + home + ":" + kind + "/t/new", []string{tagging}}
	}
	s := map[string]sample{
		"CreateUser":                  created("user", "iam:TagUser", "UserName", "new", "Path", "/t/", "PermissionsBoundary", readOnly),
		"GetUser":                     user(),
		"UpdateUser":                  user("NewUserName", "target", "NewPath", "/t/"),
		"DeleteUser":                  of("arn:aws:iam::"+home+":user/t/bare", "UserName", "bare"),
		"ListUsers":                   of("*"),
		"CreateAccessKey":             user(),
		"UpdateAccessKey":             user("AccessKeyId", key, "Status", "Inactive"),
		"DeleteAccessKey":             user("AccessKeyId", key),
		"ListAccessKeys":              user(),
		"GetAccessKeyLastUsed":        of(userTarget, "AccessKeyId", key),
		"TagUser":                     user(tags...),
		"UntagUser":                   user("TagKeys.member.1", "k"),
		"ListUserTags":                user(),
		"ListGroupsForUser":           user(),
		"CreateRole":                  created("role", "iam:TagRole", "RoleName", "new", "Path", "/t/", "AssumeRolePolicyDocument", trustAnybody, "PermissionsBoundary", readOnly),
		"GetRole":                     role(),
		"UpdateRole":                  role("Description", "d"),
		"UpdateRoleDescription":       role("Description", "d"),
		"DeleteRole":                  of("arn:aws:iam::"+home+":role/t/bare", "RoleName", "bare"),
		"ListRoles":                   of("*"),
		"ListInstanceProfilesForRole": role(),
		"TagRole":                     role(tags...),
		"UntagRole":                   role("TagKeys.member.1", "k"),
		"ListRoleTags":                role(),
		"CreateGroup":                 of("arn:aws:iam::"+home+":group/t/new", "GroupName", "new", "Path", "/t/"),
		"GetGroup":                    group(),
		"UpdateGroup":                 group("NewPath", "/t/"),
		"DeleteGroup":                 of("arn:aws:iam::"+home+":group/t/bare", "GroupName", "bare"),
		"ListGroups":                  of("*"),
		"AddUserToGroup":              group("UserName", "bare"),
		"RemoveUserFromGroup":         group("UserName", "target"),

		"CreatePolicy":            created("policy", "iam:TagPolicy", "PolicyName", "new", "Path", "/t/", "PolicyDocument", star),
		"GetPolicy":               plain(),
		"DeletePolicy":            of("arn:aws:iam::"+home+":policy/single", "PolicyArn", "arn:aws:iam::"+home+":policy/single"),
		"ListPolicies":            of("*"),
		"CreatePolicyVersion":     plain("PolicyDocument", star),
		"GetPolicyVersion":        plain("VersionId", "v1"),
		"DeletePolicyVersion":     plain("VersionId", "v2"),
		"ListPolicyVersions":      plain(),
		"SetDefaultPolicyVersion": plain("VersionId", "v2"),
		"ListEntitiesForPolicy":   plain(),
		"TagPolicy":               plain(tags...),
		"UntagPolicy":             plain("TagKeys.member.1", "k"),
		"ListPolicyTags":          plain(),

		"CreateVirtualMFADevice": created("mfa", "iam:TagMFADevice", "VirtualMFADeviceName", "new", "Path", "/t/"),
		"DeleteVirtualMFADevice": of(deviceSpare, "SerialNumber", deviceSpare),
		"ListVirtualMFADevices":  of("*"),
		"EnableMFADevice":        user("SerialNumber", deviceSpare, "AuthenticationCode1", w.code(deviceSpare, "-1"), "AuthenticationCode2", w.code(deviceSpare, "0")),
		"ResyncMFADevice":        user("SerialNumber", devicePhone, "AuthenticationCode1", w.code(devicePhone, "0"), "AuthenticationCode2", w.code(devicePhone, "1")),
		"DeactivateMFADevice":    user("SerialNumber", devicePhone),
		"GetMFADevice":           user("SerialNumber", devicePhone),
		"ListMFADevices":         user(),
		"TagMFADevice":           of(deviceSpare, append(tags, "SerialNumber", deviceSpare)...),
		"UntagMFADevice":         of(deviceSpare, "SerialNumber", deviceSpare, "TagKeys.member.1", "k"),
		"ListMFADeviceTags":      of(deviceSpare, "SerialNumber", deviceSpare),

		"CreateSAMLProvider":                      {slices.Concat([]string{"Name", "new", "SAMLMetadataDocument", metadata(w.t)}, tags), "arn:aws:iam::" + home + ":saml-provider/new", []string{"iam:TagSAMLProvider"}},
		"GetSAMLProvider":                         of(samlCorp, "SAMLProviderArn", samlCorp),
		"UpdateSAMLProvider":                      of(samlCorp, "SAMLProviderArn", samlCorp, "SAMLMetadataDocument", metadata(w.t)),
		"DeleteSAMLProvider":                      of(samlCorp, "SAMLProviderArn", samlCorp),
		"ListSAMLProviders":                       of("*"),
		"TagSAMLProvider":                         of(samlCorp, append(tags, "SAMLProviderArn", samlCorp)...),
		"UntagSAMLProvider":                       of(samlCorp, "SAMLProviderArn", samlCorp, "TagKeys.member.1", "k"),
		"ListSAMLProviderTags":                    of(samlCorp, "SAMLProviderArn", samlCorp),
		"CreateOpenIDConnectProvider":             {append([]string{"Url", "https://idp.test/new"}, tags...), "arn:aws:iam::" + home + ":oidc-provider/idp.test/new", []string{"iam:TagOpenIDConnectProvider"}},
		"GetOpenIDConnectProvider":                issuer(),
		"DeleteOpenIDConnectProvider":             issuer(),
		"ListOpenIDConnectProviders":              of("*"),
		"AddClientIDToOpenIDConnectProvider":      issuer("ClientID", "more"),
		"RemoveClientIDFromOpenIDConnectProvider": issuer("ClientID", "app"),
		"UpdateOpenIDConnectProviderThumbprint":   issuer("ThumbprintList.member.1", strings.Repeat("a", 40)),
		"TagOpenIDConnectProvider":                issuer(tags...),
		"UntagOpenIDConnectProvider":              issuer("TagKeys.member.1", "k"),
		"ListOpenIDConnectProviderTags":           issuer(),

		"UpdateAssumeRolePolicy":             role("PolicyDocument", trustAnybody),
		"GetAccountSummary":                  of("*"),
		"CreateAccountAlias":                 of("*", "AccountAlias", "other"),
		"SetSecurityTokenServicePreferences": of("*", "GlobalEndpointTokenVersion", "v2Token"),
		"DeleteAccountAlias":                 of("*", "AccountAlias", "acme"),
		"ListAccountAliases":                 of("*"),
	}
	for _, feature := range []string{"RootCredentialsManagement", "RootSessions"} {
		s["EnableOrganizations"+feature] = of("*")
		s["DisableOrganizations"+feature] = of("*")
	}
	s["ListOrganizationsFeatures"] = of("*")
	asked := func(state string, more ...string) sample {
		id := "delegation-" + strings.ToLower(state)
		return of("arn:aws:iam::"+home+":delegation-request/"+id, append(more, "DelegationRequestId", id)...)
	}
	s["CreateDelegationRequest"] = of("arn:aws:iam::"+home+":delegation-request/*", "Description", "d", "NotificationChannel", "arn:aws:sns:us-east-1:"+home+":t",
		"Permissions.PolicyTemplateArn", policyPlain, "RequestorWorkflowId", "workflow-1", "SessionDuration", "3600")
	s["GetDelegationRequest"] = asked(directory.Unassigned)
	s["AssociateDelegationRequest"] = asked(directory.Unassigned)
	s["UpdateDelegationRequest"] = asked(directory.Assigned)
	s["AcceptDelegationRequest"] = asked(directory.PendingApproval)
	s["RejectDelegationRequest"] = asked(directory.Accepted)
	s["SendDelegationToken"] = asked(directory.Accepted)
	s["ListDelegationRequests"] = of("*")
	for _, action := range []string{"EnableOutboundWebIdentityFederation", "DisableOutboundWebIdentityFederation", "GetOutboundWebIdentityFederationInfo"} {
		s[action] = of("*")
	}
	for kind, on := range map[string]func(...string) sample{"User": user, "Role": role, "Group": group} {
		s["Put"+kind+"Policy"] = on("PolicyName", "q", "PolicyDocument", star)
		s["Get"+kind+"Policy"] = on("PolicyName", "p")
		s["Delete"+kind+"Policy"] = on("PolicyName", "p")
		s["List"+kind+"Policies"] = on()
		s["Attach"+kind+"Policy"] = on("PolicyArn", policyPlain)
		s["Detach"+kind+"Policy"] = on("PolicyArn", policyUsed)
		s["ListAttached"+kind+"Policies"] = on()
		if kind != "Group" {
			s["Put"+kind+"PermissionsBoundary"] = on("PermissionsBoundary", policyPlain)
			s["Delete"+kind+"PermissionsBoundary"] = on()
		}
	}
	return s
}

// metadata is that of a SAML provider.
func metadata(t testing.TB) string {
	t.Helper()
	b, err := os.ReadFile("../federation/saml/testdata/metadata.xml")
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// grant gives the caller these statements and the boundary, and nothing else.
func (w *world) grant(boundary string, statements ...string) {
	w.t.Helper()
	tx := w.dir.Begin(true)
	u := tx.User(home, "caller")
	n := u.Clone()
	n.Boundary, n.Inline = boundary, nil
	if len(statements) > 0 {
		n.Inline = []*directory.Inline{{Name: "p", Text: `{"Version":"2012-10-17","Statement":[` + strings.Join(statements, ",") + `]}`}}
	}
	tx.PutUser(u, n)
	if _, err := w.dir.Commit(w.t.Context(), &tx); err != nil {
		w.t.Fatal(err)
	}
}

// says is a statement; condition may be empty.
func says(effect, action, resource, condition string) string {
	s := `{"Effect":"` + effect + `","Action":"` + action + `","Resource":"` + resource + `"`
	if condition != "" {
		s += `,"Condition":` + condition
	}
	return s + "}"
}
