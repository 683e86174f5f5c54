package iam

import (
	"strings"
	"sync"
	"time"

	"github.com/deputy-sts/deputy/internal/directory"
	"github.com/deputy-sts/deputy/internal/outbound"
)

// before has what an administrator does before the sample of an action succeeds.
var before = map[string]string{
	"DisableOutboundWebIdentityFederation": form("EnableOutboundWebIdentityFederation"),
	"GetOutboundWebIdentityFederationInfo": form("EnableOutboundWebIdentityFederation"),
}

// sampleOf is the sample of an action, all set to succeed.
func sampleOf(w *world, action string) (sample, bool) {
	if f := before[action]; f != "" {
		_, _, _ = w.serve("admin", f) // that it has happened before is fine
	}
	s, ok := samples(w)[action]
	return s, ok
}

// restingIssuer is home as an issuer that was switched off, with a key that is made
// once: it takes time.
func restingIssuer() *directory.TokenIssuer {
	i := madeIssuer()
	n := i.Clone()
	n.Enabled = false
	return n
}

var madeIssuer = sync.OnceValue(func() *directory.TokenIssuer {
	i, err := outbound.NewIssuer(home, time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC))
	if err != nil {
		panic(err)
	}
	return i
})

// change commits what f puts.
func (w *world) change(f func(*directory.Tx)) {
	w.t.Helper()
	tx := w.dir.Begin(true)
	f(&tx)
	if _, err := w.dir.Commit(w.t.Context(), &tx); err != nil {
		w.t.Fatal(err)
	}
}

// delegations puts a request in each state that an action begins from; home has
// made them, and asks itself.
func (w *world) delegations(tx *directory.Tx) {
	for _, state := range []string{directory.Unassigned, directory.Assigned, directory.PendingApproval, directory.Accepted} {
		d := &directory.Delegation{
			ID: "delegation-" + strings.ToLower(state), Requestor: home, Workflow: state, State: state, Template: policyPlain,
			Policy: allow("s3:GetObject", "*"), Seconds: 3600, Created: w.now, Updated: w.now, Expires: w.now.Add(unassignedLife),
		}
		if state != directory.Unassigned {
			d.Owner, d.OwnerID, d.OwnerARN = home, "AIDAOWNER", userTarget
			d.Approver = &directory.DelegationApprover{ARN: userTarget, ID: "AIDAOWNER", At: w.now}
		}
		tx.PutDelegation(nil, d)
	}
}
