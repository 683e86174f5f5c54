package authz

import (
	"context"

	"github.com/deputy-sts/deputy/internal/audit"
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

// moveOut writes the line of a committed change to the file, as durably as the
// audit is set to, and then drops its record from the store.
func (g *Gate) moveOut(ctx context.Context, id string, line []byte) {
	if err := g.audit.Append(ctx, line, audit.Change); err != nil {
		g.behind.Store(true)
		g.log.Error("a committed change waits in the store for the audit", "event", id, "error", err)
		return
	}
	g.directory.Drop(id)
	if g.behind.CompareAndSwap(true, false) {
		if err := g.drain(ctx); err != nil {
			g.behind.Store(true)
		}
	}
}

// drain writes the lines of changes that were committed but not yet written when
// the process ended, or while the file failed, each once, and drops them from the
// store.
func (g *Gate) drain(ctx context.Context) error {
	if g.audit == nil {
		return nil
	}
	for _, p := range g.directory.Pending() {
		if !g.audit.Contains(p.ID) {
			if err := g.audit.Append(ctx, p.Line, audit.Change); err != nil {
				return err
			}
		}
		g.directory.Drop(p.ID)
	}
	return nil
}
