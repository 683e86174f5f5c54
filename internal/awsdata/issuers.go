package awsdata

import "strings"

// SharedIssuer is an issuer of OpenID Connect tokens whose customers all get them
// from the same URL: a role that trusts it without a condition on one of Claims
// trusts every customer of it.
type SharedIssuer struct {
	Issuer string   // without https://, as provider ARNs and condition keys have it
	Name   string   // "GitHub Actions"
	Claims []string // one of these tells the customers apart: claims, or a key of STS
	// Enforced: AWS refuses such a trust policy when it is made. The others are
	// built-in providers, for whom aud alone may do.
	Enforced bool
}

var (
	bySub = []string{"sub"}
	byAud = []string{"aud"}
)

// sharedIssuers: source IAM User Guide, id_roles_providers_oidc_secure-by-default;
// CircleCI, whose issuers are an organization's own but not a project's, is
// Deputy's addition.
var sharedIssuers = [...]SharedIssuer{
	{"token.actions.githubusercontent.com", "GitHub Actions", bySub, true},
	{"oidc-configuration.audit-log.githubusercontent.com", "GitHub audit log streaming", bySub, true},
	{"vstoken.actions.githubusercontent.com", "GitHub vstoken", bySub, true},
	{"gitlab.com", "GitLab.com", bySub, true},
	{"app.terraform.io", "HCP Terraform", bySub, true},
	{"agent.buildkite.com", "Buildkite", bySub, true},
	{"oidc.circleci.com/org/", "CircleCI", []string{"sub", "oidc.circleci.com/project-id"}, true},
	{"oidc.codefresh.io", "Codefresh", bySub, true},
	{"studio.datachain.ai/api", "DVC Studio", bySub, true},
	{"scalr.io", "Scalr", bySub, true},
	{"tokens.cloud.shisho.dev", "Shisho Cloud", bySub, true},
	{"proidc.upbound.io", "Upbound", bySub, true},
	{"api.pulumi.com/oidc", "Pulumi Cloud", byAud, true},
	{"sandboxes.cloud", "sandboxes.cloud", byAud, true},
	{"oidc.vercel.com", "Vercel", byAud, true},
	{"sts.windows.net/33e01921-4d64-4f8c-a055-5bdaffd5e33d", "Microsoft Sentinel", []string{"sts:RoleSessionName"}, true},
	{"cognito-identity.amazonaws.com", "Amazon Cognito", byAud, true},
	{"accounts.google.com", "Google", bySub, false},
	{"www.amazon.com", "Login with Amazon", []string{"sub", "user_id", "app_id"}, false},
	{"graph.facebook.com", "Facebook", []string{"id", "app_id"}, false},
}

// SharedIssuerOf finds an issuer by its URL without https://; hosts have no case.
func SharedIssuerOf(issuer string) (SharedIssuer, bool) {
	issuer = strings.ToLower(strings.TrimSuffix(issuer, "/"))
	for _, s := range sharedIssuers {
		if issuer == s.Issuer || strings.HasSuffix(s.Issuer, "/") && strings.HasPrefix(issuer, s.Issuer) {
			return s, true
		}
	}
	return SharedIssuer{}, false
}

// Keys lists the condition keys of Claims for a provider, as it names its issuer.
func (s SharedIssuer) Keys(issuer string) (keys []string) {
	for _, c := range s.Claims {
		if !strings.HasPrefix(c, "sts:") {
			c = issuer + ":" + c
		}
		keys = append(keys, c)
	}
	return keys
}
