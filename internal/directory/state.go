package directory

import "github.com/tidwall/btree"

// degree of the trees: a write copies a node on each level, so nodes are kept
// smaller than a tree that is never copied would have them.
const degree = 16

// entry is an entity in the tree of its kind, ordered by account and by name
// without regard to case. The strings are the record's own.
type entry[T any] struct {
	account, name string
	rec           *T
}

type byName[T any] = btree.BTreeG[entry[T]]

func newByName[T any]() *byName[T] {
	return btree.NewBTreeGOptions(func(a, b entry[T]) bool {
		if a.account != b.account {
			return a.account < b.account
		}
		return compareNames(a.name, b.name) < 0
	}, btree.Options{Degree: degree, NoLocks: true})
}

// account is an account and how many things it has. The things may come before
// the record of the account does; rec is nil until then.
type account struct {
	rec    *Account
	counts Counts
}

// small is a record of which nothing but the bytes is needed, if that.
type small struct {
	rev  int64
	sum  digest
	data []byte
}

// state is all that the store holds, as trees of which a copy costs nothing: the
// writer keeps one state and gives readers copies (snapshot).
type state struct {
	partition string
	rev       int64
	sum       digest

	accounts   *btree.Map[string, account]
	management string // id of the organization's management account; "" there is none
	users      *byName[User]
	roles      *byName[Role]
	groups     *byName[Group]
	policies   *byName[Policy]

	userIDs   *btree.Map[string, *User]
	roleIDs   *btree.Map[string, *Role]
	groupIDs  *btree.Map[string, *Group]
	policyIDs *btree.Map[string, *Policy]

	keys    *btree.Map[string, *AccessKey]
	locks   *btree.Map[string, *Lockout]
	devices *btree.Map[string, *Device]
	oidc    *btree.Map[string, *OIDCProvider]
	small   *btree.Map[string, small]       // by key of the store: alias, guard, used, spent, outbox, meta
	revoked *btree.Map[string, *Revocation] // by subject
	issuers *btree.Map[string, *TokenIssuer]

	delegations, parties *btree.Map[string, *Delegation] // by id; by what parties gives

	samlProviders *btree.Map[string, *SAMLProvider] // by account/lower name

	edges   *edges
	tallies *tallies
}

func newState(partition string) *state {
	return &state{
		partition:     partition,
		accounts:      btree.NewMap[string, account](degree),
		users:         newByName[User](),
		roles:         newByName[Role](),
		groups:        newByName[Group](),
		policies:      newByName[Policy](),
		userIDs:       btree.NewMap[string, *User](degree),
		roleIDs:       btree.NewMap[string, *Role](degree),
		groupIDs:      btree.NewMap[string, *Group](degree),
		policyIDs:     btree.NewMap[string, *Policy](degree),
		keys:          btree.NewMap[string, *AccessKey](degree),
		locks:         btree.NewMap[string, *Lockout](degree),
		oidc:          btree.NewMap[string, *OIDCProvider](degree),
		devices:       newDevices(),
		samlProviders: newSAMLProviders(),
		revoked:       btree.NewMap[string, *Revocation](degree),
		issuers:       btree.NewMap[string, *TokenIssuer](degree),
		delegations:   btree.NewMap[string, *Delegation](degree),
		parties:       btree.NewMap[string, *Delegation](degree),
		small:         btree.NewMap[string, small](degree),
		edges:         newEdges(),
		tallies:       newTallies(),
	}
}

// snapshot gives a copy that stays as it is. Only the writer may call it: copying
// marks the nodes of the original as shared.
func (s *state) snapshot() *View {
	c := *s
	c.accounts = s.accounts.Copy()
	c.users, c.roles, c.groups, c.policies = s.users.Copy(), s.roles.Copy(), s.groups.Copy(), s.policies.Copy()
	c.userIDs, c.roleIDs, c.groupIDs = s.userIDs.Copy(), s.roleIDs.Copy(), s.groupIDs.Copy()
	c.policyIDs = s.policyIDs.Copy()
	c.keys, c.locks, c.small = s.keys.Copy(), s.locks.Copy(), s.small.Copy()
	c.devices, c.oidc = s.devices.Copy(), s.oidc.Copy()
	c.revoked = s.revoked.Copy()
	c.samlProviders = s.samlProviders.Copy()
	c.issuers = s.issuers.Copy()
	c.delegations, c.parties = s.delegations.Copy(), s.parties.Copy()
	c.edges, c.tallies = s.edges.Copy(), s.tallies.Copy()
	return &View{state: c}
}

func find[T any](t *byName[T], account, name string) *T {
	e, _ := t.Get(entry[T]{account: account, name: name})
	return e.rec
}
