package admin

import (
	"os"
	"strings"
	"testing"
	"time"

	"github.com/deputy-sts/deputy/internal/directory"
)

// TestDelegationToken: the token is told when it is released, not before, and each
// reading is recorded without it.
func TestDelegationToken(t *testing.T) {
	both(t, func(t *testing.T, o *Operator, ops Operations, trail string) {
		now := time.Date(2026, 11, 22, 1, 2, 3, 0, time.UTC)
		put := func(state, token string) {
			tx := o.Directory.Begin(true)
			old := tx.Delegation("0123456789abcdef")
			d := &directory.Delegation{
				ID: "0123456789abcdef", Requestor: "444455556666", Owner: account, Workflow: "w", Policy: "{}",
				Created: now, Updated: now, Expires: now,
			}
			if old != nil {
				d = old.Clone()
			}
			d.State, d.Token = state, token
			tx.PutDelegation(old, d)
			_, err := o.Directory.Commit(t.Context(), &tx)
			check(t, err)
		}
		if _, err := ops.DelegationToken(t.Context(), "missing-0123456789"); err == nil || !strings.Contains(err.Error(), "no delegation request") {
			t.Errorf("of no request: %v", err)
		}
		put(directory.Accepted, "")
		if _, err := ops.DelegationToken(t.Context(), "0123456789abcdef"); err == nil || !strings.Contains(err.Error(), "not released") {
			t.Errorf("before it is released: %v", err)
		}
		put(directory.Finalized, "0123456789abcdef.secret")
		if token, err := ops.DelegationToken(t.Context(), "0123456789abcdef"); err != nil || token != "0123456789abcdef.secret" {
			t.Errorf("%q %v", token, err)
		}
		b, err := os.ReadFile(trail)
		check(t, err)
		if text := string(b); strings.Count(text, `"eventName":"ReadDelegationToken"`) != 1 || strings.Contains(text, ".secret") {
			t.Errorf("%s", text)
		}
	})
}
