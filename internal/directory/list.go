package directory

import (
	"iter"
	"strings"
)

// Counts says how many things an account has.
type Counts struct {
	Users, Roles, Groups int
	Policies, Versions   int // customer managed policies, and the versions of them all
	SAMLProviders        int
	Devices              int // virtual MFA devices, and the hardware tokens that the account has taken
	DevicesInUse         int // of them, those that somebody has
	OIDCProviders        int
}

// Counts says how many things an account has.
func (v *View) Counts(account string) Counts {
	a, _ := v.accounts.Get(account)
	return a.counts
}

// Accounts lists the accounts in the order of their ids.
func (v *View) Accounts() iter.Seq[*Account] {
	return func(yield func(*Account) bool) {
		v.accounts.Scan(func(_ string, a account) bool { return a.rec == nil || yield(a.rec) })
	}
}

// Users lists the users of an account whose path begins with prefix ("" or "/"
// for all), in the order of their lower-case names, those behind the name after
// ("" for all), which need not exist.
func (v *View) Users(account, prefix, after string) iter.Seq[*User] {
	return list(v.users, account, after, func(u *User) bool { return strings.HasPrefix(u.Path, prefix) })
}

// Roles lists roles as Users lists users.
func (v *View) Roles(account, prefix, after string) iter.Seq[*Role] {
	return list(v.roles, account, after, func(r *Role) bool { return strings.HasPrefix(r.Path, prefix) })
}

// Groups lists groups as Users lists users.
func (v *View) Groups(account, prefix, after string) iter.Seq[*Group] {
	return list(v.groups, account, after, func(g *Group) bool { return strings.HasPrefix(g.Path, prefix) })
}

// Policies lists customer managed policies as Users lists users.
func (v *View) Policies(account, prefix, after string) iter.Seq[*Policy] {
	return list(v.policies, account, after, func(p *Policy) bool { return strings.HasPrefix(p.Path, prefix) })
}

func list[T any](t *byName[T], account, after string, want func(*T) bool) iter.Seq[*T] {
	return func(yield func(*T) bool) {
		t.Ascend(entry[T]{account: account, name: after}, func(e entry[T]) bool {
			switch {
			case e.account != account:
				return false
			case compareNames(e.name, after) == 0 || !want(e.rec):
				return true
			}
			return yield(e.rec)
		})
	}
}

// GroupMembers lists the users in a group in the order of their lower-case names.
func (v *View) GroupMembers(groupID string) iter.Seq[*User] {
	return func(yield func(*User) bool) {
		g := v.GroupByID(groupID)
		if g == nil {
			return
		}
		for e := range v.edgesTo(g.Account, groupID, member) {
			if u := v.User(e.account, e.name); u != nil && !yield(u) {
				return
			}
		}
	}
}

// AttachmentCount says to how many users, roles and groups of account a managed
// policy is attached. For a customer managed policy that is its own account; those
// of AWS are counted in each.
func (v *View) AttachmentCount(account, policyARN string) int {
	t, _ := v.tallies.Get(tally{account: account, target: policyARN})
	return int(t.attached)
}

// BoundaryCount says of how many users and roles of account a managed policy is
// the permissions boundary.
func (v *View) BoundaryCount(account, policyARN string) int {
	t, _ := v.tallies.Get(tally{account: account, target: policyARN})
	return int(t.boundary)
}

// AttachedPolicies lists the ARNs of the managed policies, AWS's among them, that
// are attached to something in account or are a boundary there.
func (v *View) AttachedPolicies(account string) iter.Seq2[string, Uses] {
	return func(yield func(string, Uses) bool) {
		v.tallies.Ascend(tally{account: account}, func(t tally) bool {
			return t.account == account && yield(t.target, Uses{int(t.attached), int(t.boundary)})
		})
	}
}

// Uses counts what a managed policy is used for.
type Uses struct{ Attached, Boundary int }

// Entity is a user, role or group that has a managed policy; the others are nil.
type Entity struct {
	Kind     Kind
	Boundary bool // the policy is its permissions boundary
	User     *User
	Role     *Role
	Group    *Group
}

// EntitiesForPolicy lists who in account has a managed policy attached or as
// boundary: attachments first, then users, roles, groups, each by lower-case name.
func (v *View) EntitiesForPolicy(account, policyARN string) iter.Seq[Entity] {
	return func(yield func(Entity) bool) {
		for _, r := range []relation{attached, boundary} {
			for edge := range v.edgesTo(account, policyARN, r) {
				e := Entity{Kind: edge.kind, Boundary: r == boundary}
				switch edge.kind {
				case KindUser:
					e.User = v.User(account, edge.name)
				case KindRole:
					e.Role = v.Role(account, edge.name)
				case KindGroup:
					e.Group = v.Group(account, edge.name)
				}
				if !yield(e) {
					return
				}
			}
		}
	}
}

func (v *View) edgesTo(account, target string, r relation) iter.Seq[edge] {
	return func(yield func(edge) bool) {
		v.edges.Ascend(edge{account: account, target: target, relation: r}, func(e edge) bool {
			return e.account == account && e.target == target && e.relation == r && yield(e)
		})
	}
}
