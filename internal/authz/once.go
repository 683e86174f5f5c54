package authz

import (
	"context"
	"encoding/json"
	"errors"

	"github.com/deputy-sts/deputy/internal/directory"
	"github.com/deputy-sts/deputy/internal/kv"
	"github.com/deputy-sts/deputy/internal/query"
)

// Once commits a change that stands by itself, whatever becomes of the call: a
// one-time code that is spent, a wrong one that is counted. decide reads from the
// Tx and puts into it, and is run again when another write came between; what it
// found holds once Once has returned nil. It has no audit line of its own: that of
// the call tells of it.
func (c *Call) Once(ctx context.Context, decide func(*directory.Tx)) error {
	// Who hangs up has guessed none the less.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), commitTimeout)
	defer cancel()
	for range tries {
		tx := c.gate.directory.Begin(true)
		decide(&tx)
		_, err := c.gate.directory.Commit(ctx, &tx)
		if errors.Is(err, kv.ErrConflict) {
			err = c.gate.directory.WaitNewer(ctx, tx.View().Revision())
			if err == nil {
				continue
			}
		}
		if err != nil {
			c.gate.log.Error("a one-time code could not be taken", "action", c.Action, "request", c.RequestID, "error", err)
			return errUntaken
		}
		return nil
	}
	return errContended
}

var errUntaken = query.ServiceUnavailable.Errorf("The request was refused because the code could not be recorded as used.")

// NoteMFA says that a one-time code came with the request itself and was right: for
// its decisions aws:MultiFactorAuthPresent is true and aws:MultiFactorAuthAge 0.
func (c *Call) NoteMFA() { c.coded = true }

// NoteCode tells the audit, and not the client, what became of a one-time code.
func (c *Call) NoteCode(device, verdict string) {
	c.note.why, _ = json.Marshal(map[string]any{"mfa": map[string]string{"serialNumber": cut(device), "code": verdict}})
	c.note.whyOwn = true
}
