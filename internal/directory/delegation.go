package directory

import (
	"crypto/sha256"
	"encoding/hex"
	"iter"
	"slices"
	"strings"
	"time"
)

// The states of a Delegation, as IAM names them. Expired is none that is stored:
// StateAt says it.
const (
	Unassigned      = "UNASSIGNED"
	Assigned        = "ASSIGNED"
	PendingApproval = "PENDING_APPROVAL"
	Accepted        = "ACCEPTED"
	Finalized       = "FINALIZED"
	Rejected        = "REJECTED"
	Expired         = "EXPIRED"
)

// Delegation is a request of one account for temporary access to another, on its
// way from being made to being granted.
type Delegation struct {
	ID        string `json:"id"`              // a UUID
	Requestor string `json:"requestor"`       // account
	Workflow  string `json:"workflow"`        // the requestor's own name of it, unique among its requests
	Owner     string `json:"owner,omitempty"` // account asked; "" anybody's who associates it
	OwnerARN  string `json:"ownerARN,omitempty"`
	OwnerID   string `json:"ownerID,omitempty"` // unique id of who associated it
	State     string `json:"state"`

	Description string                `json:"description,omitempty"`
	Message     string                `json:"message,omitempty"`
	Channel     string                `json:"channel,omitempty"`
	Redirect    string                `json:"redirect,omitempty"`
	OnlyOwner   bool                  `json:"onlyOwner,omitempty"` // nobody else may release the token
	Template    string                `json:"template"`            // ARN
	Parameters  []DelegationParameter `json:"parameters,omitempty"`
	Policy      string                `json:"policy"`  // the template with the parameters put in
	Seconds     int                   `json:"seconds"` // of access, from when the token is released

	Notes    string              `json:"notes,omitempty"`
	Reason   string              `json:"reason,omitempty"` // of the rejection
	Approver *DelegationApprover `json:"approver,omitempty"`
	Token    string              `json:"token,omitempty"` // what the requestor trades in for credentials

	Created  time.Time `json:"created"`
	Updated  time.Time `json:"updated"`
	Expires  time.Time `json:"expires"`
	Released time.Time `json:"released,omitzero"` // when the token was
	meta
}

// DelegationParameter is a value for a name in a template.
type DelegationParameter struct {
	Name   string   `json:"name"`
	Type   string   `json:"type"` // string or stringList
	Values []string `json:"values"`
}

// DelegationApprover is who accepted, as they were then: the credentials that are
// issued are theirs, limited by the policy.
type DelegationApprover struct {
	ARN            string    `json:"arn"`
	ID             string    `json:"id"`             // AIDA…, AROA…, or the account of a root user
	Name           string    `json:"name,omitempty"` // of the role session
	Tags           []Tag     `json:"tags,omitempty"`
	Transitive     []string  `json:"transitive,omitempty"`
	SourceIdentity string    `json:"sourceIdentity,omitempty"`
	Provider       string    `json:"provider,omitempty"`
	Keys           []Tag     `json:"keys,omitempty"`
	At             time.Time `json:"at"`
}

// StateAt is the state at that time: what nobody acted on expires.
func (d *Delegation) StateAt(now time.Time) string {
	if !now.Before(d.Expires) {
		return Expired
	}
	return d.State
}

// ARN is arn:aws:iam::<account>:delegation-request/<id>, in the account of the
// owner or, while there is none, of other.
func (d *Delegation) ARN(other string) string {
	account := d.Owner
	if account == "" {
		account = other
	}
	return iamARN(d.partition, account, "delegation-request", "/", d.ID)
}

// Clone gives a copy to change and put; the approver is shared.
func (d *Delegation) Clone() *Delegation {
	c := *d
	c.Parameters = slices.Clone(d.Parameters)
	return &c
}

func (d *Delegation) key() string { return delegationKey(d.ID) }

func delegationKey(id string) string { return "delegation/" + id }

// workflowKey keeps a requestor's names unique. They may be of any characters.
func workflowKey(requestor, workflow string) string {
	sum := sha256.Sum256([]byte(workflow))
	return "workflow/" + requestor + "/" + hex.EncodeToString(sum[:])
}

// parties are the keys of a delegation in the index by account.
func (d *Delegation) parties() []string {
	keys := []string{requested + d.Requestor + "/" + d.ID}
	if d.Owner != "" {
		keys = append(keys, owned+d.Owner+"/"+d.ID)
	}
	return keys
}

const (
	requested = "r/"
	owned     = "o/"
)

func (s *state) placeDelegation(id string, now *Delegation) {
	if old, ok := s.delegations.Get(id); ok {
		for _, k := range old.parties() {
			s.parties.Delete(k)
		}
	}
	if now != nil {
		id = now.ID
		for _, k := range now.parties() {
			s.parties.Set(k, now)
		}
	}
	placeIn(s, s.delegations, id, now)
}

// Delegation finds a request by its id.
func (v *View) Delegation(id string) *Delegation { d, _ := v.delegations.Get(id); return d }

// RequestedDelegations lists the requests that an account has made, by id.
func (v *View) RequestedDelegations(account string) iter.Seq[*Delegation] {
	return v.partyTo(requested+account+"/", "")
}

// OwnedDelegations lists the requests that ask an account, by id, those behind the
// id after.
func (v *View) OwnedDelegations(account, after string) iter.Seq[*Delegation] {
	return v.partyTo(owned+account+"/", after)
}

func (v *View) partyTo(prefix, after string) iter.Seq[*Delegation] {
	return func(yield func(*Delegation) bool) {
		v.parties.Ascend(prefix+after, func(k string, d *Delegation) bool {
			if !strings.HasPrefix(k, prefix) {
				return false
			}
			return k == prefix+after || yield(d)
		})
	}
}

// Delegation is View.Delegation.
func (t *Tx) Delegation(id string) *Delegation {
	d := t.view.Delegation(id)
	if t.plain() {
		return d
	}
	return lookup(t, delegationKey(id), d)
}

// WorkflowTaken tells whether the requestor has a request of that name; a commit
// depends on its still being so.
func (t *Tx) WorkflowTaken(requestor, workflow string) bool {
	key := workflowKey(requestor, workflow)
	s, ok := t.view.small.Get(key)
	t.require(key, s.rev)
	return ok
}

// PutDelegation writes a request; a new one takes its workflow's name.
func (t *Tx) PutDelegation(old, now *Delegation) {
	putPlain(t, old, now)
	if old == nil {
		t.blind(put{key: workflowKey(now.Requestor, now.Workflow), data: []byte(now.ID)})
	}
}

// DeleteDelegation forgets a request and frees its workflow's name.
func (t *Tx) DeleteDelegation(d *Delegation) {
	t.erase(d)
	t.clear(workflowKey(d.Requestor, d.Workflow))
}
