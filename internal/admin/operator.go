package admin

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/deputy-sts/deputy/internal/audit"
	"github.com/deputy-sts/deputy/internal/authz"
	"github.com/deputy-sts/deputy/internal/directory"
	"github.com/deputy-sts/deputy/internal/kv"
	"github.com/deputy-sts/deputy/internal/mfa"
	"github.com/deputy-sts/deputy/internal/session"
)

// Operations is what an operator can do; Operator does it, Client has it done.
// ErrWaits beside an answer says that the change is done and the answer good.
type Operations interface {
	Status(ctx context.Context) (Status, error)
	// MakeRootKey makes the account's root user an access key; the secret is in
	// this answer and nowhere else. At most two.
	MakeRootKey(ctx context.Context, account string) (Key, error)
	// DeleteRootKeys takes all access keys from the account's root user and gives their ids.
	DeleteRootKeys(ctx context.Context, account string) ([]string, error)
	// Unlock ends the lockouts of a user and of its MFA devices, or of the root
	// user's if user is empty, and clears their counts; false: there were none.
	Unlock(ctx context.Context, account, user string) (bool, error)
	// DelegationToken gives the trade-in token of a finalized delegation request.
	DelegationToken(ctx context.Context, id string) (string, error)
	// ImportTokens makes hardware tokens known, to one account or, without it, to
	// whichever enables them first, and says how many were not known already.
	ImportTokens(ctx context.Context, account string, tokens []mfa.Token) (int, error)
	// RemoveDevice deletes an MFA device, virtual or a token, takes it from who has
	// it, and gives that one's ARN, or "".
	RemoveDevice(ctx context.Context, serial string) (string, error)
	// RevokeSessions ends the sessions of a role, a user or of one name, by its ARN,
	// that were issued before the instant; the zero time is now.
	RevokeSessions(ctx context.Context, arn string, before time.Time) (Revocation, error)
	// SetChaining lets chained sessions of a role, by its ARN, last longer than
	// AWS's hour; an hour or less is AWS's again. At most 12 hours.
	SetChaining(ctx context.Context, role string, most time.Duration) error
	// SetRegion switches the Security Token Service on or off for an account in a region.
	SetRegion(ctx context.Context, account, region string, on bool) error
	// Revocations are those in force.
	Revocations(ctx context.Context) ([]Revocation, error)
}

// Status is how a server is.
type Status struct {
	Running  bool   `json:"running"` // false: the store was opened by the command itself
	Version  string `json:"version"`
	Revision int64  `json:"revision"`
	Accounts int    `json:"accounts"`
	Users    int    `json:"users"`
	Roles    int    `json:"roles"`
	State    string `json:"state"`   // ok, or what is wrong
	Audit    string `json:"audit"`   // ok, or what is wrong; "not open" when the command looked at the store alone
	Waiting  int    `json:"waiting"` // changes whose audit line is not in the file yet
}

// Key is an access key with its secret.
type Key struct {
	AccessKeyID     string `json:"access_key_id"`
	SecretAccessKey string `json:"secret_access_key"`
}

// rootKeysAtMost is AWS's limit for a root user, as for any user.
const rootKeysAtMost = 2

// ErrWaits warns that a change is done, but that its audit line is not in the
// file yet: it is kept in the store until it can be written.
var ErrWaits = authz.ErrWaits

// Options configure an Operator.
type Options struct {
	Directory *directory.Directory
	Audit     *audit.Writer // nil: nothing can be changed, and no line leaves the store
	Version   string
	Running   bool
	Now       func() time.Time // nil: time.Now
	Logger    *slog.Logger     // nil discards
}

// Operator works on an open directory. Make it with New.
type Operator struct {
	Options
	gate *authz.Gate // nil without Audit
}

// New makes an Operator; with an audit it first writes what waits in the store.
func New(o Options) (*Operator, error) {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Audit == nil {
		return &Operator{Options: o}, nil
	}
	// A server has decided by its own gate whether it starts with lines that wait.
	g, err := authz.New(authz.Options{Directory: o.Directory, Audit: o.Audit, Now: o.Now, Logger: o.Logger, ContinueUnaudited: o.Running})
	if err != nil {
		return nil, err
	}
	return &Operator{Options: o, gate: g}, nil
}

// Status reads the snapshot.
func (o *Operator) Status(context.Context) (Status, error) {
	v := o.Directory.View()
	s := Status{
		Running: o.Running, Version: o.Version, Revision: v.Revision(),
		State: health(o.Directory.Health()), Audit: "not open", Waiting: len(o.Directory.Pending()),
	}
	if o.Audit != nil {
		s.Audit = health(o.Audit.Healthy())
	}
	for a := range v.Accounts() {
		n := v.Counts(a.ID)
		s.Accounts++
		s.Users += n.Users
		s.Roles += n.Roles
	}
	return s, nil
}

func health(err error) string {
	if err != nil {
		return err.Error()
	}
	return "ok"
}

// MakeRootKey implements Operations.
func (o *Operator) MakeRootKey(ctx context.Context, account string) (k Key, err error) {
	err = o.change(ctx, "CreateRootAccessKey", account, func(tx *directory.Tx, e *audit.Entry) error {
		a := tx.Account(account)
		if a == nil {
			return fmt.Errorf("there is no account %s", account)
		}
		if len(a.RootKeys) >= rootKeysAtMost {
			return fmt.Errorf("the root user of %s has %d access keys already; delete them first", account, len(a.RootKeys))
		}
		k = Key{session.NewAccessKeyID("AKIA", account), session.NewSecret()}
		now := a.Clone()
		now.RootKeys = append(now.RootKeys, k.AccessKeyID)
		tx.PutAccount(a, now)
		tx.PutKey(nil, &directory.AccessKey{ID: k.AccessKeyID, Secret: k.SecretAccessKey, Account: account, Active: true, Created: o.Now()})
		e.ResponseElements = map[string]any{"accessKeyId": k.AccessKeyID}
		return nil
	})
	if err != nil && !errors.Is(err, ErrWaits) {
		return Key{}, err
	}
	return k, err
}

// DeleteRootKeys implements Operations.
func (o *Operator) DeleteRootKeys(ctx context.Context, account string) (ids []string, err error) {
	err = o.change(ctx, "DeleteRootAccessKeys", account, func(tx *directory.Tx, e *audit.Entry) error {
		a := tx.Account(account)
		if a == nil {
			return fmt.Errorf("there is no account %s", account)
		}
		ids = a.RootKeys
		for _, id := range ids {
			if key := tx.Key(id); key != nil {
				tx.DeleteKey(key)
			}
		}
		now := a.Clone()
		now.RootKeys = nil
		tx.PutAccount(a, now)
		e.ResponseElements = map[string]any{"accessKeyIds": ids}
		return nil
	})
	return ids, err
}

// tries bounds how often a change is decided again because another came between.
const tries = 32

// change runs do on a transaction and commits it together with its audit line.
// Once it commits it goes on though ctx ends, so that the answer is not lost.
func (o *Operator) change(ctx context.Context, event, account string, do func(*directory.Tx, *audit.Entry) error) error {
	if o.gate == nil {
		return errors.New("the audit trail is not open, so nothing is changed")
	}
	if err := o.Audit.Healthy(); err != nil {
		return fmt.Errorf("the audit trail can't be written, so nothing is changed: %w", err)
	}
	for range tries {
		e := newEntry(event, account, o.Now())
		tx := o.Directory.Begin(true)
		if err := do(&tx, e); err != nil {
			return err
		}
		err := o.gate.Commit(ctx, &tx, e.EventID, e.AppendJSON(nil))
		if !errors.Is(err, kv.ErrConflict) {
			return err
		}
		if err := o.Directory.WaitNewer(ctx, tx.View().Revision()); err != nil {
			return err
		}
	}
	return errors.New("other changes keep coming between; try again")
}

// newEventID is a random UUID.
func newEventID() string {
	var b [16]byte
	rand.Read(b[:])
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}
