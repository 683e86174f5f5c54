package oidc

import (
	"encoding/json"
	"slices"
	"strconv"
	"strings"
)

// Keys are the condition keys of AssumeRoleWithWebIdentity: aud, sub, amr, oaud
// and email of any issuer, and the claims that AWS lists for some of them. Their
// names are the issuer without https://, a colon, and the claim.
//
// Source: IAM User Guide, reference_policies_iam-condition-keys; Service
// Authorization Reference, AWS Security Token Service.
func (c *Claims) Keys() []Key {
	prefix := keyPrefix(c.Issuer)
	keys := c.lasting(prefix)
	keys = append(keys, Key{prefix + "oaud", c.Audiences})
	if email, ok := c.all["email"].(string); ok && isEmail(email) && c.all["email_verified"] != false && c.all["email_verified"] != "false" {
		keys = append(keys, Key{prefix + "email", []string{email}})
	}
	for _, name := range listedClaims(strings.TrimSuffix(prefix, ":")) {
		if v, ok := scalar(c.all[name]); ok {
			keys = append(keys, Key{prefix + strings.ToLower(name), []string{v}})
		}
	}
	return keys
}

// Lasting are the keys that stay with the session: aud, sub and amr.
func (c *Claims) Lasting() []Key { return c.lasting(keyPrefix(c.Issuer)) }

func (c *Claims) lasting(prefix string) []Key {
	keys := []Key{{prefix + "aud", []string{c.Audience}}, {prefix + "sub", []string{c.Subject}}}
	if len(c.Methods) > 0 {
		keys = append(keys, Key{prefix + "amr", c.Methods})
	}
	return keys
}

// Name is an issuer as ARNs and condition keys have it: without its scheme.
func Name(issuer string) string {
	_, name, _ := strings.Cut(issuer, "://")
	return name
}

func keyPrefix(issuer string) string { return strings.ToLower(Name(issuer)) + ":" }

// isEmail tells an address that can be read in one way: one @, with something on
// either side.
func isEmail(s string) bool {
	at := strings.IndexByte(s, '@')
	return isClaimText(s) && at > 0 && at < len(s)-1 && strings.Count(s, "@") == 1
}

// scalar is a claim as the one value of a condition key.
func scalar(v any) (string, bool) {
	switch v := v.(type) {
	case string:
		return v, isClaimText(v)
	case json.Number:
		return v.String(), len(v) <= maxClaim
	case bool:
		return strconv.FormatBool(v), true
	}
	return "", false
}

// listed are the issuers of which AWS makes more claims condition keys. A * in a
// name is one label or one segment of the path.
var listed = []struct {
	issuers []string
	claims  []string
}{
	{[]string{"accounts.google.com"}, []string{"google/organization_number"}},
	{
		[]string{"agent.buildkite.com", "agent.*.buildkite.dev", "agent.*.buildkite.site"},
		[]string{"build_branch", "cluster_id", "cluster_name", "organization_id", "organization_slug", "pipeline_id", "pipeline_slug"},
	},
	{
		[]string{"token.actions.githubusercontent.com", "token.actions.githubusercontent.com/*", "token.actions.*.ghe.com", "github.com/enterprises/*"},
		[]string{"actor", "actor_id", "enterprise_id", "environment", "job_workflow_ref", "ref", "repository", "repository_id", "repository_owner_id", "workflow"},
	},
	{
		[]string{"gitlab.com"},
		[]string{"namespace_id", "pipeline_source", "project_id", "ref_protected", "runner_environment", "user_access_level", "user_email", "user_id", "user_login"},
	},
	{[]string{"idcs-*.identity.oraclecloud.com"}, []string{"rpst_id"}},
	{[]string{"oidc.circleci.com/org/*"}, []string{"oidc.circleci.com/project-id"}},
}

func listedClaims(issuer string) []string {
	for _, l := range listed {
		if slices.ContainsFunc(l.issuers, func(pattern string) bool { return matches(pattern, issuer) }) {
			return l.claims
		}
	}
	return nil
}

// matches compares with a pattern that has one * at most.
func matches(pattern, s string) bool {
	before, after, wild := strings.Cut(pattern, "*")
	if !wild {
		return s == pattern
	}
	rest, ok := strings.CutPrefix(s, before)
	middle, ok2 := strings.CutSuffix(rest, after)
	return ok && ok2 && middle != "" && !strings.ContainsAny(middle, "./")
}
