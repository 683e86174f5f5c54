package authz

import (
	"context"
	"errors"

	"github.com/deputy-sts/deputy/internal/audit"
	"github.com/deputy-sts/deputy/internal/directory"
	"github.com/deputy-sts/deputy/internal/kv"
	"github.com/deputy-sts/deputy/internal/query"
)

// Handle registers the handler of an action; every action of every service comes
// through here. Around the handler it
//
//   - refuses credentials of a kind that may not call the action,
//   - begins the Tx that the handler reads from and writes to,
//   - refuses an answer that was given without asking (InternalFailure),
//   - commits a change in one step with its audit record, if every record that
//     the decision and the change stood on is still as it was; else it decides
//     again from the start,
//   - writes the audit line: of credentials before the answer, of changes out of
//     the store, of reads and refusals on the side.
//
// A handler is therefore a function of the snapshot and its input, and may run
// more than once; it may draw random ids.
func Handle[I, O any](m *query.Mux[*Call], action string, h func(context.Context, *Call, *I) (*O, error)) {
	class := classOf(m.API(), action)
	op := m.API().Op(action)
	full := m.API().Name + ":" + action
	query.Handle(m, action, func(ctx context.Context, c *Call, in *I) (*O, error) {
		if c.Principal == nil && !op.Unsigned {
			return nil, missingToken
		}
		c.action = full
		var out *O
		err := c.run(ctx, class, in, func() (answer any, err error) {
			if out, err = h(ctx, c, in); out == nil {
				return nil, err
			}
			return out, err
		})
		if err != nil {
			return nil, err
		}
		return out, nil
	})
}

// classOf says how the audit treats an action: what changes nothing reads; what
// else the Security Token Service does issues credentials; the rest changes.
func classOf(api *query.API, action string) audit.Class {
	switch op := api.Op(action); {
	case op != nil && op.ReadOnly:
		return audit.Read
	case api.Name == "sts":
		return audit.Issue
	}
	return audit.Change
}

// tries bounds how often a change is decided again when others came first.
// Somebody succeeds in each round, so that many in a row mean something is wrong.
const tries = 256

// MaxChanges is how many changes of one Gate can be under way; more wait their
// turn. It bounds how far the view, on which quotas are counted, can be behind
// the store, and how many decide again in a round when they are in each other's
// way. It is ample for the commits that share one fsync.
const MaxChanges = 48

var (
	missingToken = query.Code{Name: "MissingAuthenticationToken", Status: 403}.Errorf("Request is missing Authentication Token")
	errUnasked   = errors.New("authz: the action was answered without asking for permission")
	errContended = query.ServiceUnavailable.Errorf("The request has failed due to contention; try again.")
	errNoAudit   = query.ServiceUnavailable.Errorf("The request was refused because it could not be recorded.")
)

func (c *Call) run(ctx context.Context, class audit.Class, in any, h func() (any, error)) error {
	if class == audit.Change {
		return c.change(ctx, in, h)
	}
	c.begin(false)
	out, err := c.ask(h)
	if err == nil && class == audit.Issue {
		err = c.healthy()
	}
	return c.finish(class, in, out, err)
}

// begin starts a try: whatever was read and asked before is forgotten.
func (c *Call) begin(record bool) {
	c.Tx = c.gate.directory.Begin(record)
	c.asked, c.rule, c.gathered, c.note = false, false, false, note{}
}

// ask runs the handler. AssumeRole alone looks at more of its input before the
// rule of credential kinds, and must apply that itself.
func (c *Call) ask(h func() (any, error)) (any, error) {
	if c.Service != "sts" || c.Action != "AssumeRole" {
		if err := c.CheckCaller(); err != nil {
			return nil, err
		}
	}
	out, err := h()
	if err == nil && (!c.asked || !c.rule) {
		return nil, errUnasked
	}
	return out, err
}

// change runs a handler that writes, until its commit stands on what it read.
func (c *Call) change(ctx context.Context, in any, h func() (any, error)) error {
	if err := c.healthy(); err != nil {
		return err
	}
	if err := c.enter(ctx); err != nil {
		return c.finish(audit.Change, in, nil, err)
	}
	defer func() { <-c.gate.slots }()
	for range tries {
		c.begin(true)
		err := c.refresh()
		var out any
		if err == nil {
			out, err = c.ask(h)
		}
		if err != nil {
			return c.finish(audit.Change, in, nil, err)
		}
		err = c.commit(ctx, in, out)
		if !errors.Is(err, kv.ErrConflict) {
			return err
		}
		if err := c.gate.directory.WaitNewer(ctx, c.View().Revision()); err != nil {
			return err
		}
	}
	return c.finish(audit.Change, in, nil, errContended)
}

// enter waits for one of the gate's slots, as long as the client does.
func (c *Call) enter(ctx context.Context) error {
	select {
	case c.gate.slots <- struct{}{}:
		return nil
	case <-ctx.Done():
		return errContended
	}
}

// commit writes the change and its audit record (Gate.Commit). A line that waits
// in the store does not undo the change, so that the client is told of success.
func (c *Call) commit(ctx context.Context, in, out any) error {
	id := newEventID()
	var line []byte
	if c.gate.audit != nil {
		line = c.line(nil, lineOf{id: id, class: audit.Change, in: in, out: out, account: c.Account()})
	}
	switch err := c.gate.Commit(ctx, &c.Tx, id, line); {
	case err == nil || errors.Is(err, ErrWaits):
		c.done = c.gate.audit != nil
		return nil
	case errors.Is(err, kv.ErrConflict):
		return err
	default:
		return c.finish(audit.Change, in, nil, err)
	}
}

// refresh reads the caller again through the Tx: a change of the caller's own
// records between its authentication and the commit makes the commit fail, and a
// caller that is gone by now is refused.
func (c *Call) refresh() error {
	if c.Principal == nil {
		return nil
	}
	p := *c.Principal
	if !p.Temporary {
		if k := c.Tx.Key(p.AccessKeyID); k == nil || !k.Active {
			return InvalidClientTokenId.Errorf(invalidToken + ".")
		}
	}
	if p.Temporary && c.revoked(&p) {
		return InvalidClientTokenId.Errorf(invalidToken + ".")
	}
	switch {
	case p.Role != nil:
		p.Role = c.Tx.RoleByID(p.Role.ID)
	case p.User != nil:
		p.User = c.Tx.UserByID(p.User.ID)
	default:
		c.Principal = &p
		return nil
	}
	if p.Role == nil && p.User == nil {
		return InvalidClientTokenId.Errorf(invalidToken + ".")
	}
	if p.Kind == directory.UserKind {
		p.ARN = p.User.ARN()
	}
	c.Principal = &p
	return nil
}

// revoked tells whether an operator has ended the session since, and makes the
// commit depend on that none does.
func (c *Call) revoked(p *directory.Principal) bool {
	issuer := p.Account
	switch {
	case p.Role != nil:
		issuer = p.Role.ID
	case p.User != nil:
		issuer = p.User.ID
	}
	return c.Tx.Revoked(issuer, p.IssuedAt) || c.Tx.Revoked(p.ID, p.IssuedAt)
}
