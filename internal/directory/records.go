package directory

import (
	"maps"
	"slices"
	"strings"
	"time"
)

// Records given out by a View or a Tx are shared and immutable: Clone one before
// changing it, and put the clone. A clone stands on the same revision of the
// store as its original.

// Tag is a key and value on a user, role or policy, or on a session.
type Tag struct{ Key, Value string }

// Account is an AWS account: a name space of its own, with a root user.
type Account struct {
	ID         string         `json:"id"` // 12 digits
	Name       string         `json:"name,omitempty"`
	Alias      string         `json:"alias,omitempty"` // unique over all accounts; "" none
	Email      string         `json:"email,omitempty"`
	Created    time.Time      `json:"created,omitzero"`
	Management bool           `json:"management,omitempty"` // of the organization; there is one
	RootKeys   []string       `json:"rootKeys,omitempty"`   // access key ids of the root user
	RootMFA    []string       `json:"rootMFA,omitempty"`    // ids of the root user's MFA devices
	Limits     map[string]int `json:"limits,omitempty"`     // quotas that differ from AWS's defaults, by name
	Issuer     string         `json:"issuer,omitempty"`     // id of its TokenIssuer; "" it never was one
	Features   []string       `json:"features,omitempty"`   // of the organization; in the management account's record alone
	Delegated  []string       `json:"delegated,omitempty"`  // services that it administers for the organization: iam.amazonaws.com

	TokenVersion int      `json:"tokenVersion,omitempty"` // of the global endpoint of STS: 1 or 2; 0 is 1
	RegionsOff   []string `json:"regionsOff,omitempty"`   // regions in which STS gives no credentials for the account

	meta
}

// User is an IAM user.
type User struct {
	Account    string    `json:"account"`
	Name       string    `json:"name"`
	Path       string    `json:"path"` // begins and ends with /
	ID         string    `json:"id"`   // AIDA…
	Created    time.Time `json:"created,omitzero"`
	Tags       []Tag     `json:"tags,omitempty"`
	Boundary   string    `json:"boundary,omitempty"` // ARN of a managed policy; "" none
	Inline     []*Inline `json:"inline,omitempty"`
	Attached   []string  `json:"attached,omitempty"` // ARNs of managed policies in the order of attachment
	Groups     []string  `json:"groups,omitempty"`   // group ids
	AccessKeys []string  `json:"accessKeys,omitempty"`
	MFA        []string  `json:"mfa,omitempty"` // ids of devices
	meta
}

// Role is an IAM role.
type Role struct {
	Account            string    `json:"account"`
	Name               string    `json:"name"`
	Path               string    `json:"path"`
	ID                 string    `json:"id"` // AROA…
	Description        string    `json:"description,omitempty"`
	Created            time.Time `json:"created,omitzero"`
	MaxSessionDuration int       `json:"maxSessionDuration"`         // seconds
	ChainingDuration   int       `json:"chainingDuration,omitempty"` // seconds that a chained session may last; 0 is AWS's hour
	Trust              *Inline   `json:"trust"`                      // its Name is ""
	Tags               []Tag     `json:"tags,omitempty"`
	Boundary           string    `json:"boundary,omitempty"`
	Inline             []*Inline `json:"inline,omitempty"`
	Attached           []string  `json:"attached,omitempty"`
	meta
}

// Group is a group of users. The users name it; GroupMembers finds them.
type Group struct {
	Account  string    `json:"account"`
	Name     string    `json:"name"`
	Path     string    `json:"path"`
	ID       string    `json:"id"` // AGPA…
	Created  time.Time `json:"created,omitzero"`
	Inline   []*Inline `json:"inline,omitempty"`
	Attached []string  `json:"attached,omitempty"`
	meta
}

// Policy is a customer managed policy.
type Policy struct {
	Account     string     `json:"account"`
	Name        string     `json:"name"`
	Path        string     `json:"path"`
	ID          string     `json:"id"` // ANPA…
	Description string     `json:"description,omitempty"`
	Created     time.Time  `json:"created,omitzero"`
	Updated     time.Time  `json:"updated,omitzero"`
	Tags        []Tag      `json:"tags,omitempty"`
	Versions    []*Version `json:"versions"`
	Default     string     `json:"default"`     // id of the version in force: "v1"
	NextVersion int        `json:"nextVersion"` // number of the next version made
	meta
}

// Version is one version of a managed policy.
type Version struct {
	ID       string    `json:"id"` // v1, v2, …; a number is not used again
	Created  time.Time `json:"created,omitzero"`
	Document *Inline   `json:"document"`
	extra    extra
}

// AccessKey is a long-term access key of a user or of an account's root user.
type AccessKey struct {
	ID      string    `json:"id"` // AKIA…
	Secret  string    `json:"secret"`
	Account string    `json:"account"`
	UserID  string    `json:"userId,omitempty"` // AIDA…; "" is the root user of Account
	Active  bool      `json:"active"`
	Created time.Time `json:"created,omitzero"`
	meta
}

// Lockout counts wrong passwords or codes of a user.
type Lockout struct {
	UserID   string    `json:"userId"`
	Failures int       `json:"failures,omitempty"`
	Until    time.Time `json:"until,omitzero"`
	meta
}

// DefaultVersion is the version in force; nil if the record names one that it
// does not have.
func (p *Policy) DefaultVersion() *Version { return p.Version(p.Default) }

// Version is the version of that id, or nil.
func (p *Policy) Version(id string) *Version {
	for _, v := range p.Versions {
		if v.ID == id {
			return v
		}
	}
	return nil
}

// InlinePolicy finds the inline policy of that name (case counts), or nil.
func InlinePolicy(list []*Inline, name string) *Inline {
	for _, i := range list {
		if i.Name == name {
			return i
		}
	}
	return nil
}

// ARN is that of the account's root user.
func (a *Account) ARN() string { return iamARN(a.partition, a.ID, "root", "", "") }

// ARN is arn:aws:iam::<account>:user<path><name>. It allocates, unless the user
// is as a View gave it.
func (u *User) ARN() string {
	if u.ends(u.Path, u.Name) {
		return u.arn
	}
	return iamARN(u.partition, u.Account, "user", u.Path, u.Name)
}

// ARN is arn:aws:iam::<account>:role<path><name>. It allocates, unless the role
// is as a View gave it.
func (r *Role) ARN() string {
	if r.ends(r.Path, r.Name) {
		return r.arn
	}
	return iamARN(r.partition, r.Account, "role", r.Path, r.Name)
}

// ends tells whether the ARN at hand is that of the path and name: a clone may
// have been given others. Account and partition do not change; nor does a path
// begin elsewhere than with a slash, so that a longer one does not match.
func (m *meta) ends(path, name string) bool {
	rest, ok := strings.CutSuffix(m.arn, name)
	rest, also := strings.CutSuffix(rest, path)
	return ok && also && !strings.Contains(rest, "/")
}

// ARN is arn:aws:iam::<account>:group<path><name>. It allocates.
func (g *Group) ARN() string { return iamARN(g.partition, g.Account, "group", g.Path, g.Name) }

// ARN is arn:aws:iam::<account>:policy<path><name>. It allocates.
func (p *Policy) ARN() string { return iamARN(p.partition, p.Account, "policy", p.Path, p.Name) }

// iamARN prints the ARN of an IAM resource; path is "" only for root.
func iamARN(partition, account, kind, path, name string) string {
	if partition == "" {
		partition = "aws"
	}
	return "arn:" + partition + ":iam::" + account + ":" + kind + path + name
}

// Clone gives a copy to change and put.
func (a *Account) Clone() *Account {
	c := *a
	c.RegionsOff = slices.Clone(a.RegionsOff)
	c.RootKeys, c.RootMFA, c.Limits = slices.Clone(a.RootKeys), slices.Clone(a.RootMFA), maps.Clone(a.Limits)
	c.Features, c.Delegated = slices.Clone(a.Features), slices.Clone(a.Delegated)
	return &c
}

// Clone gives a copy to change and put. The inline policies in it are shared:
// replace one to change it.
func (u *User) Clone() *User {
	c := *u
	c.Tags, c.Inline, c.Attached = slices.Clone(u.Tags), slices.Clone(u.Inline), slices.Clone(u.Attached)
	c.Groups, c.AccessKeys, c.MFA = slices.Clone(u.Groups), slices.Clone(u.AccessKeys), slices.Clone(u.MFA)
	return &c
}

// Clone gives a copy to change and put. The policies in it are shared: replace
// one to change it.
func (r *Role) Clone() *Role {
	c := *r
	c.Tags, c.Inline, c.Attached = slices.Clone(r.Tags), slices.Clone(r.Inline), slices.Clone(r.Attached)
	return &c
}

// Clone gives a copy to change and put. The inline policies in it are shared:
// replace one to change it.
func (g *Group) Clone() *Group {
	c := *g
	c.Inline, c.Attached = slices.Clone(g.Inline), slices.Clone(g.Attached)
	return &c
}

// Clone gives a copy to change and put. The versions in it are shared: replace
// one to change it.
func (p *Policy) Clone() *Policy {
	c := *p
	c.Tags, c.Versions = slices.Clone(p.Tags), slices.Clone(p.Versions)
	return &c
}

// Clone gives a copy to change and put.
func (k *AccessKey) Clone() *AccessKey { c := *k; return &c }

// Clone gives a copy to change and put.
func (l *Lockout) Clone() *Lockout { c := *l; return &c }
