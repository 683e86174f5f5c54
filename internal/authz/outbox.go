package authz

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/deputy-sts/deputy/internal/audit"
	"github.com/deputy-sts/deputy/internal/directory"
	"github.com/deputy-sts/deputy/internal/kv"
)

// healthy refuses what issues or changes when it could not be recorded.
func (c *Call) healthy() error {
	if c.gate.audit == nil || c.gate.unaudited {
		return nil
	}
	if err := c.gate.audit.Healthy(); err != nil {
		c.gate.log.Error("refused: the audit cannot be written", "action", c.Action, "request", c.RequestID, "error", err)
		return errNoAudit
	}
	return nil
}

// ErrWaits is beside a change that is done, whose audit line is not in the file:
// it waits in the store, and is written when the file can be again.
var ErrWaits = errors.New("the change is done, but its audit line waits in the store")

// commitTimeout bounds the wait for the store and for the audit, each change.
const commitTimeout = 30 * time.Second

// Commit commits the Tx in one step with the audit line of event id, then moves
// the line to the file; it is how every change of a running process is made. Once
// begun it goes on though ctx ends: whoever leaves must not leave it open whether
// the change happened. Without an audit the line is dropped.
//
//   - nil and ErrWaits: the change is done.
//   - kv.ErrConflict: nothing is done; wait for a newer view and decide again.
//   - any other: it is not known to be done, and then the line is in the store too.
func (g *Gate) Commit(ctx context.Context, tx *directory.Tx, id string, line []byte) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), commitTimeout)
	defer cancel()
	if g.audit == nil {
		_, err := g.directory.Commit(ctx, tx)
		return err
	}
	tx.Outbox(id, line)
	rev, err := g.directory.Commit(ctx, tx)
	switch {
	case errors.Is(err, kv.ErrConflict):
		return err
	case err != nil:
		g.audit.Owe()
		if rev == 0 {
			return err
		}
		return fmt.Errorf("%w: %w", ErrWaits, err) // done, and not in view in time
	}
	return g.moveOut(ctx, id, line)
}

// moveOut writes the line of a committed change to the file, as durably as the
// audit is set to, and then drops its record from the store.
func (g *Gate) moveOut(ctx context.Context, id string, line []byte) error {
	if err := g.audit.Append(ctx, line, audit.Change); err != nil {
		g.audit.Owe()
		g.log.Error("a committed change waits in the store for the audit", "event", id, "error", err)
		return fmt.Errorf("%w: %w", ErrWaits, err)
	}
	g.directory.Drop(id)
	if g.audit.TakeOwed() {
		if err := g.Drain(ctx); err != nil {
			g.audit.Owe()
		}
	}
	return nil
}

// Drain writes the lines of changes that were committed but not yet written when
// the process ended, or while the file failed, each once, and drops them from the
// store. A line that is in the file already is given again all the same: that it
// was written does not say that it was synced, and Append waits for that.
func (g *Gate) Drain(ctx context.Context) error {
	if g.audit == nil {
		return nil
	}
	for _, p := range g.directory.Pending() {
		if err := g.audit.Append(ctx, p.Line, audit.Change); err != nil {
			return err
		}
		g.directory.Drop(p.ID)
	}
	return nil
}
