package directory

import (
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/deputy-sts/deputy/internal/kv"
)

// TestDelegations holds the index by account through changes of owner and state, a
// deletion and a restart, and that a workflow's name is taken once.
func TestDelegations(t *testing.T) {
	d, store, ring := fresh(t)
	now := time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC)
	commit := func(f func(*Tx)) error {
		tx := d.Begin(true)
		f(&tx)
		_, err := d.Commit(t.Context(), &tx)
		return err
	}
	made := func(id, workflow string) *Delegation {
		return &Delegation{ID: id, Requestor: "1", Workflow: workflow, State: Unassigned, Created: now, Updated: now, Expires: now.Add(time.Hour)}
	}
	ids := func(v *View) (out []string) {
		for x := range v.RequestedDelegations("1") {
			out = append(out, "r"+x.ID)
		}
		for x := range v.OwnedDelegations("2", "a") {
			out = append(out, "o"+x.ID)
		}
		return out
	}
	for _, id := range []string{"a", "b", "c"} {
		if err := commit(func(tx *Tx) { tx.PutDelegation(nil, made(id, "w"+id)) }); err != nil {
			t.Fatal(err)
		}
	}
	for _, id := range []string{"a", "b", "c"} {
		if err := commit(func(tx *Tx) {
			old := tx.Delegation(id)
			n := old.Clone()
			n.Owner, n.State = "2", Assigned
			tx.PutDelegation(old, n)
		}); err != nil {
			t.Fatal(err)
		}
	}
	if err := commit(func(tx *Tx) { tx.DeleteDelegation(tx.Delegation("c")) }); err != nil {
		t.Fatal(err)
	}
	want := []string{"ra", "rb", "ob"}
	if got := ids(d.View()); !slices.Equal(got, want) {
		t.Errorf("%v", got)
	}
	one, two := d.Begin(true), d.Begin(true)
	for _, tx := range []*Tx{&one, &two} {
		if tx.WorkflowTaken("1", "wc") || !tx.WorkflowTaken("1", "wa") {
			t.Error("the wrong workflows are taken")
		}
	}
	one.PutDelegation(nil, made("x", "wc"))
	two.PutDelegation(nil, made("y", "wc"))
	if _, err := d.Commit(t.Context(), &one); err != nil {
		t.Fatal(err)
	}
	if _, err := d.Commit(t.Context(), &two); !errors.Is(err, kv.ErrConflict) {
		t.Errorf("twice at once: %v", err)
	}
	again, err := Open(t.Context(), store, ring, Options{Now: fixed})
	if err != nil {
		t.Fatal(err)
	}
	defer again.Close()
	if got := ids(again.View()); !slices.Equal(got, []string{"ra", "rb", "rx", "ob"}) || again.View().Digest() != d.View().Digest() {
		t.Errorf("after a restart: %v", got)
	}
	if x := d.View().Delegation("a"); x.StateAt(now) != Assigned || x.StateAt(now.Add(time.Hour)) != Expired {
		t.Error("the state does not follow the time")
	}
}
