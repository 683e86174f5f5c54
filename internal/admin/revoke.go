package admin

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/deputy-sts/deputy/arn"
	"github.com/deputy-sts/deputy/internal/audit"
	"github.com/deputy-sts/deputy/internal/directory"
	"github.com/deputy-sts/deputy/internal/session"
)

// Revocation says that the sessions of a subject that were issued before an
// instant are refused. It ends by itself when no session can be that old.
type Revocation struct {
	Subject string    `json:"subject"` // AROA…, AIDA…, an account id for its root user; AROA…:name, account:name
	Account string    `json:"account"`
	Before  time.Time `json:"before"`
	Ends    time.Time `json:"ends"`
}

// RevokeSessions implements Operations.
func (o *Operator) RevokeSessions(ctx context.Context, name string, before time.Time) (r Revocation, err error) {
	now := o.Now()
	switch {
	case before.IsZero():
		before = now
	case before.After(now):
		return r, fmt.Errorf("%s is still to come: sessions that do not exist yet are not revoked", before.Format(time.RFC3339))
	case now.Sub(before) > session.MaxLifetime:
		return r, fmt.Errorf("no session from before %s is left: none lasts longer than %v", before.Format(time.RFC3339), session.MaxLifetime)
	}
	a, err := arn.Parse(name)
	if err != nil {
		return r, fmt.Errorf("%q is no ARN", name)
	}
	err = o.change(ctx, "RevokeSessions", a.Account, func(tx *directory.Tx, e *audit.Entry) error {
		subject, err := subjectOf(tx, a)
		if err != nil {
			return err
		}
		r = Revocation{Subject: subject, Account: a.Account, Before: tx.Revoke(subject, a.Account, before)}
		r.Ends = r.Before.Add(session.MaxLifetime)
		e.RequestParameters = map[string]any{"arn": name, "before": r.Before.Format(time.RFC3339)}
		e.ResponseElements = map[string]any{"subject": subject}
		return nil
	})
	return r, err
}

var errNoSubject = errors.New("name a role, a user, an account's root user, or a session: arn:aws:iam::ACCOUNT:role/NAME, …:user/NAME, …:root, arn:aws:sts::ACCOUNT:assumed-role/ROLE/SESSION, …:federated-user/NAME")

// subjectOf finds what the sessions of an ARN are kept by. Roles and users are
// bound to by unique id, so a namesake made later is not meant.
func subjectOf(tx *directory.Tx, a arn.ARN) (string, error) {
	kind, rest, _ := strings.Cut(a.Resource, "/")
	switch {
	case tx.Account(a.Account) == nil:
		return "", fmt.Errorf("there is no account %s", a.Account)
	case a.Service == "iam" && a.Resource == "root":
		return a.Account, nil
	case a.Service == "iam" && (kind == "role" || kind == "user"):
		if id, ok := tx.View().PrincipalID(a.String()); ok {
			return id, nil
		}
		return "", fmt.Errorf("there is no %s %s", kind, a)
	case a.Service == "sts" && kind == "federated-user" && rest != "":
		return a.Account + ":" + rest, nil
	case a.Service == "sts" && kind == "assumed-role":
		name, session, _ := strings.Cut(rest, "/")
		if session == "" {
			return "", errNoSubject
		}
		if r := tx.Role(a.Account, name); r != nil && r.Name == name {
			return r.ID + ":" + session, nil
		}
		return "", fmt.Errorf("there is no role %s in account %s", name, a.Account)
	}
	return "", errNoSubject
}

// Revocations implements Operations.
func (o *Operator) Revocations(context.Context) ([]Revocation, error) {
	var list []Revocation
	for _, r := range o.Directory.View().Revocations() {
		if o.Now().Before(r.Ends()) {
			list = append(list, Revocation{r.Subject, r.Account, r.Before, r.Ends()})
		}
	}
	return list, nil
}
