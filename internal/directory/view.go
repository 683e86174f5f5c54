package directory

import (
	"strings"

	"github.com/deputy-sts/deputy/arn"
)

// View is the whole state at one revision of the store. It is immutable; any
// number of goroutines may read it, without locks. Lookups cost O(log n) and
// allocate nothing, unless they say so. A nil answer means that there is none.
type View struct{ state }

// Revision is that of the last commit in the view.
func (v *View) Revision() int64 { return v.rev }

// Digest is 32 hex digits that depend on all records and on nothing else: two
// nodes with the same revision have the same, or one of them is wrong.
func (v *View) Digest() string { return v.sum.String() }

// Partition is the partition of all ARNs here: aws, aws-cn, ….
func (v *View) Partition() string { return v.partition }

// ARN prints the ARN that an entity has or would have. It allocates.
func (v *View) ARN(k Kind, account, path, name string) string {
	return iamARN(v.partition, account, k.String(), path, name)
}

// Account finds an account by its 12 digits.
func (v *View) Account(id string) *Account {
	a, _ := v.accounts.Get(id)
	return a.rec
}

// AccountByAlias finds an account by its alias. It allocates.
func (v *View) AccountByAlias(alias string) *Account {
	s, ok := v.small.Get(aliasKey(alias))
	if !ok {
		return nil
	}
	return v.Account(string(s.data))
}

// User finds a user by name; case does not count.
func (v *View) User(account, name string) *User { return find(v.users, account, name) }

// Role finds a role by name; case does not count.
func (v *View) Role(account, name string) *Role { return find(v.roles, account, name) }

// Group finds a group by name; case does not count.
func (v *View) Group(account, name string) *Group { return find(v.groups, account, name) }

// PolicyByName finds a customer managed policy by name; case does not count.
func (v *View) PolicyByName(account, name string) *Policy { return find(v.policies, account, name) }

// UserByID finds a user by AIDA….
func (v *View) UserByID(id string) *User { u, _ := v.userIDs.Get(id); return u }

// RoleByID finds a role by AROA….
func (v *View) RoleByID(id string) *Role { r, _ := v.roleIDs.Get(id); return r }

// GroupByID finds a group by AGPA….
func (v *View) GroupByID(id string) *Group { g, _ := v.groupIDs.Get(id); return g }

// PolicyByID finds a customer managed policy by ANPA….
func (v *View) PolicyByID(id string) *Policy { p, _ := v.policyIDs.Get(id); return p }

// Key finds a long-term access key.
func (v *View) Key(id string) *AccessKey { k, _ := v.keys.Get(id); return k }

// Lockout finds the count of a user's failures.
func (v *View) Lockout(userID string) *Lockout { l, _ := v.locks.Get(userID); return l }

// Policy finds a customer managed policy by its ARN, all of which counts.
func (v *View) Policy(name string) *Policy {
	e, ok := v.entity(name)
	if !ok || e.kind != "policy" {
		return nil
	}
	if p := v.PolicyByName(e.account, e.name); p != nil && p.Name == e.name && p.Path == e.path {
		return p
	}
	return nil
}

// UserByARN finds a user by its ARN, all of which counts.
func (v *View) UserByARN(name string) *User {
	e, ok := v.entity(name)
	if !ok || e.kind != "user" {
		return nil
	}
	if u := v.User(e.account, e.name); u != nil && u.Name == e.name && u.Path == e.path {
		return u
	}
	return nil
}

// RoleByARN finds a role by its ARN, all of which counts.
func (v *View) RoleByARN(name string) *Role {
	e, ok := v.entity(name)
	if !ok || e.kind != "role" {
		return nil
	}
	if r := v.Role(e.account, e.name); r != nil && r.Name == e.name && r.Path == e.path {
		return r
	}
	return nil
}

// PrincipalID gives the unique id of the user or role with that ARN.
func (v *View) PrincipalID(name string) (string, bool) {
	if u := v.UserByARN(name); u != nil {
		return u.ID, true
	}
	if r := v.RoleByARN(name); r != nil {
		return r.ID, true
	}
	return "", false
}

// PrincipalARN gives the ARN of the user or role with that unique id. It
// allocates.
func (v *View) PrincipalARN(id string) (string, bool) {
	if u := v.UserByID(id); u != nil {
		return u.ARN(), true
	}
	if r := v.RoleByID(id); r != nil {
		return r.ARN(), true
	}
	return "", false
}

// named is an ARN of IAM taken apart.
type named struct{ account, kind, path, name string }

// entity splits arn:<our partition>:iam::<account>:<kind>/<path>/<name>.
func (v *View) entity(name string) (named, bool) {
	a, err := arn.Parse(name)
	if err != nil || a.Service != "iam" || a.Region != "" || a.Partition != v.partition {
		return named{}, false
	}
	slash := strings.IndexByte(a.Resource, '/')
	if slash < 0 {
		return named{}, false
	}
	last := strings.LastIndexByte(a.Resource, '/')
	return named{a.Account, a.Resource[:slash], a.Resource[slash : last+1], a.Resource[last+1:]}, true
}
