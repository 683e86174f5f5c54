package authz

import (
	"strconv"
	"strings"
	"time"

	"github.com/deputy-sts/deputy/internal/directory"
	"github.com/deputy-sts/deputy/policy"
)

// memo is a condition key that a policy asked for during the decision that runs.
type memo struct {
	key     string
	values  []string
	present bool
}

// Lookup implements policy.Context. A key is absent, present without values, or
// present with values; each is computed once for a decision.
//
// Source: IAM User Guide, reference_policies_condition-keys and
// reference_policies_iam-condition-keys. Nothing here comes from a header but
// aws:UserAgent and aws:Referer, which are whatever the client says they are.
func (c *Call) Lookup(key string) ([]string, bool) {
	for i := range c.memo {
		if c.memo[i].key == key {
			return c.memo[i].values, c.memo[i].present
		}
	}
	values, present := c.lookup(key)
	c.memo = append(c.memo, memo{key, values, present})
	return values, present
}

func (c *Call) lookup(key string) ([]string, bool) {
	name, global := strings.CutPrefix(key, "aws:")
	if tag, ok := strings.CutPrefix(name, "resourcetag/"); ok && global {
		return c.resourceTag(tag)
	}
	if global && name != "tagkeys" && !strings.HasPrefix(name, "requesttag/") {
		return c.one(c.global(name))
	}
	if tag, ok := strings.CutPrefix(key, "iam:resourcetag/"); ok {
		return c.resourceTag(tag)
	}
	for i := range c.resource.Keys {
		if k := &c.resource.Keys[i]; k.Name == key {
			c.torn = c.torn || len(k.Values) > 1 && strings.HasPrefix(name, "requesttag/")
			return k.Values, true
		}
	}
	if c.Principal != nil && !global && !strings.HasPrefix(key, "sts:") && !strings.HasPrefix(key, "iam:") {
		return c.federation(key)
	}
	return nil, false
}

// federation gives the keys that stay with a session from an identity provider:
// saml:sub, token.actions.githubusercontent.com:sub. Several values of one key
// are several entries.
func (c *Call) federation(key string) ([]string, bool) {
	n := len(c.slab)
	for _, k := range c.Principal.Keys {
		if EqualFold(k.Key, key) {
			c.slab = append(c.slab, k.Value)
		}
	}
	return c.slab[n:len(c.slab):len(c.slab)], len(c.slab) > n
}

// one makes a single value a set of values without an allocation of its own.
func (c *Call) one(v string, present bool) ([]string, bool) {
	if !present {
		return nil, false
	}
	c.slab = append(c.slab, v)
	n := len(c.slab)
	return c.slab[n-1 : n : n], true
}

// global gives the global keys by their name without aws:.
func (c *Call) global(name string) (v string, present bool) {
	switch name {
	case "currenttime":
		return isoTime(c.Time), true
	case "epochtime":
		return strconv.FormatInt(c.Time.Unix(), 10), true
	case "sourceip":
		if !c.SourceIP.IsValid() {
			return "", false
		}
		return c.SourceIP.Unmap().WithZone("").String(), true
	case "securetransport":
		return strconv.FormatBool(c.TLS), true
	case "viaawsservice": // always there, and no service of AWS calls for anybody here
		return "false", true
	case "useragent":
		return c.UserAgent, c.UserAgent != ""
	case "referer":
		return c.Referer, c.Referer != ""
	case "requestedregion":
		return c.Region, c.Region != ""
	case "resourceaccount":
		return c.resource.Account, c.resource.Account != ""
	}
	if c.Principal == nil {
		return anonymous(name)
	}
	return c.principal(name)
}

// anonymous gives the keys of a caller without a signature: a userid and a type.
func anonymous(name string) (v string, present bool) {
	switch name {
	case "userid":
		return "anonymous", true
	case "principaltype":
		return "Anonymous", true
	}
	return "", false
}

// principal gives the keys of the caller.
func (c *Call) principal(name string) (v string, present bool) {
	p := c.Principal
	if tag, ok := strings.CutPrefix(name, "principaltag/"); ok {
		return principalTag(p, tag)
	}
	switch name {
	case "principalaccount":
		return p.Account, true
	case "principalarn":
		return principalARN(&c.asker), true
	case "principaltype":
		return typeNames[c.asker.Type], true
	case "principalisawsservice":
		return "false", true
	case "userid":
		return p.ID, true
	case "username":
		if p.Kind != directory.UserKind || p.User == nil {
			return "", false
		}
		return p.User.Name, true
	case "sourceidentity":
		return p.SourceIdentity, p.SourceIdentity != ""
	case "federatedprovider":
		return p.Provider, p.Provider != "" && p.Kind == directory.RoleSession
	}
	return c.session(name)
}

// session gives the keys that only temporary credentials have.
func (c *Call) session(name string) (v string, present bool) {
	p := c.Principal
	switch name {
	case "tokenissuetime":
		if !p.Temporary {
			return "", false
		}
		return isoTime(p.IssuedAt), true
	case "assumedroot":
		return "true", p.AssumedRoot
	case "multifactorauthpresent":
		return strconv.FormatBool(p.MFA || c.coded), p.Temporary || c.coded
	case "multifactorauthage":
		if c.coded {
			return "0", true
		}
		if !p.Temporary || !p.MFA || p.MFATime.IsZero() {
			return "", false
		}
		age := max(int64(c.Time.Sub(p.MFATime)/time.Second), 0)
		return strconv.FormatInt(age, 10), true
	}
	return "", false
}

// typeNames are the values of aws:PrincipalType.
var typeNames = map[policy.PrincipalType]string{
	policy.User: "User", policy.AssumedRole: "AssumedRole",
	policy.FederatedUser: "FederatedUser", policy.Root: "Account",
}

// principalARN is aws:PrincipalArn: for a role session the role's, with its path.
func principalARN(p *policy.Principal) string {
	if p.Type == policy.AssumedRole {
		return p.IssuerARN
	}
	return p.ARN
}

// principalTag gives a tag of the session or, where it has none of that key, of
// the user or role behind it. Case of keys does not count.
func principalTag(p *directory.Principal, lower string) (string, bool) {
	if v, ok := tagValue(p.Tags, lower); ok {
		return v, true
	}
	switch {
	case p.Role != nil:
		return tagValue(p.Role.Tags, lower)
	case p.User != nil:
		return tagValue(p.User.Tags, lower)
	}
	return "", false
}

// tagValue finds a tag by its key in lower case.
func tagValue(tags []directory.Tag, lower string) (string, bool) {
	if i := tagIndex(tags, lower); i >= 0 {
		return tags[i].Value, true
	}
	return "", false
}

// resourceTag gives the values of a tag of the resource. Policies can have tags
// whose keys differ by case alone: no condition could then speak of the one without
// the other, and a Deny that asks for one value would be escaped by adding another.
func (c *Call) resourceTag(lower string) ([]string, bool) {
	n := len(c.slab)
	for i := range c.resource.Tags {
		if t := &c.resource.Tags[i]; EqualFold(t.Key, lower) {
			c.slab = append(c.slab, t.Value)
		}
	}
	values := c.slab[n:len(c.slab):len(c.slab)]
	c.torn = c.torn || len(values) > 1
	return values, len(values) > 0
}

// isoTime is how condition keys and audit lines write an instant: UTC, whole seconds.
func isoTime(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05Z") }
