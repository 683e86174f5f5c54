package server

import (
	"context"
	"errors"
	"time"

	"github.com/deputy-sts/deputy/internal/audit"
	"github.com/deputy-sts/deputy/internal/authz"
	"github.com/deputy-sts/deputy/internal/directory"
	"github.com/deputy-sts/deputy/internal/kv"
	"github.com/deputy-sts/deputy/internal/outbound"
)

// rotateEvery is how often the signing keys of issuers are looked at. Several
// servers on one store may do so: what one has done the others find done.
const rotateEvery = time.Hour

// keepRotating looks at once, since a server may have been down for long.
func (s *Server) keepRotating(ctx context.Context) {
	tick := time.NewTicker(rotateEvery)
	defer tick.Stop()
	for {
		s.rotate(ctx)
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
	}
}

// rotate publishes the signing keys that are due and drops those that have served.
// Issuers that are switched off rest.
func (s *Server) rotate(ctx context.Context) {
	for _, i := range s.directory.View().TokenIssuers() {
		if !i.Enabled || ctx.Err() != nil {
			continue
		}
		if err := s.rotateOne(ctx, i.ID); err != nil && !errors.Is(err, kv.ErrConflict) {
			s.cfg.Logger.Error("the signing keys of an issuer can't be rotated; it is tried again", "issuer", i.ID, "account", i.Account, "err", err)
		}
	}
}

func (s *Server) rotateOne(ctx context.Context, id string) error {
	tx := s.directory.Begin(true)
	old := tx.TokenIssuer(id)
	if old == nil {
		return nil
	}
	now, err := outbound.Rotated(old, s.cfg.Now().UTC())
	if now == nil || err != nil {
		return err
	}
	if err := s.audit.Healthy(); err != nil && !s.cfg.Audit.Continue {
		return err
	}
	tx.PutTokenIssuer(old, now)
	e := s.rotationEntry(now)
	err = s.gate.Commit(ctx, &tx, e.EventID, e.AppendJSON(nil))
	if errors.Is(err, authz.ErrWaits) {
		return nil
	}
	return err
}

// rotationEntry is the audit line of what the service does by itself.
func (s *Server) rotationEntry(i *directory.TokenIssuer) *audit.Entry {
	ids := make([]any, 0, len(i.Keys))
	for _, k := range i.Keys {
		ids = append(ids, k.ID)
	}
	return &audit.Entry{
		UserIdentity: audit.Identity{Type: "AWSService", InvokedBy: "iam.amazonaws.com"},
		EventTime:    s.cfg.Now(), EventSource: "iam.amazonaws.com", EventName: "RotateWebIdentitySigningKeys",
		AWSRegion: s.cfg.Regions[0], SourceIPAddress: "iam.amazonaws.com", UserAgent: "iam.amazonaws.com",
		ResponseElements:   map[string]any{"issuerId": i.ID, "keyIds": ids},
		EventID:            newRequestID(),
		EventType:          "AwsServiceEvent",
		RecipientAccountID: i.Account,
	}
}
