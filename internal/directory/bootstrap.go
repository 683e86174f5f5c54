package directory

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/deputy-sts/deputy/internal/kv"
	"github.com/deputy-sts/deputy/internal/session"
)

// BootstrapAccount is an account that a store begins with. The JSON is that of
// the bootstrap file.
type BootstrapAccount struct {
	ID    string        `json:"id"` // 12 digits
	Name  string        `json:"name"`
	Admin *BootstrapKey `json:"admin,omitempty"` // of the user admin with AdministratorAccess; nil: there is no such user
	Root  *BootstrapKey `json:"root,omitempty"`  // of the root user; nil: it has none
}

// BootstrapKey is an access key given at the start.
type BootstrapKey struct {
	AccessKeyID     string `json:"access_key_id"`
	SecretAccessKey string `json:"secret_access_key"`
}

// AdminName is the name of the user that Bootstrap makes.
const AdminName = "admin"

// ErrBootstrapped says that the store has its first records already.
var ErrBootstrapped = errors.New("directory: the store is not empty")

// Bootstrap makes the first accounts, the first of them the management account,
// in one commit. Of several nodes that do it at once on one store, one succeeds;
// the others get ErrBootstrapped and see what that one has made.
// The lines are audit lines, left in the outbox by the same commit.
func (d *Directory) Bootstrap(ctx context.Context, list []BootstrapAccount, lines ...Pending) error {
	t := d.Begin(true)
	if _, done := t.view.small.Get(keyBootstrap); done || !d.Empty() {
		return ErrBootstrapped
	}
	if len(list) == 0 {
		return errors.New("directory: no account to begin with")
	}
	now := d.now().UTC().Truncate(time.Second)
	for i, a := range list {
		if err := t.begin(a, i == 0, now); err != nil {
			return err
		}
	}
	for _, l := range lines {
		t.Outbox(l.ID, l.Line)
	}
	t.require(keyBootstrap, 0)
	t.blind(put{key: keyBootstrap, data: []byte(`{"at":"` + now.Format(time.RFC3339) + `"}`)})
	_, err := d.Commit(ctx, &t)
	if errors.Is(err, kv.ErrConflict) {
		if err := d.WaitNewer(ctx, t.view.rev); err != nil {
			return err
		}
		return ErrBootstrapped
	}
	return err
}

// begin puts one account with its admin and the keys.
func (t *Tx) begin(a BootstrapAccount, management bool, now time.Time) error {
	if !isAccount(a.ID) {
		return fmt.Errorf("directory: account id %q is not 12 digits", a.ID)
	}
	if t.Account(a.ID) != nil {
		return fmt.Errorf("directory: account %s is given twice", a.ID)
	}
	account := &Account{ID: a.ID, Name: a.Name, Created: now, Management: management}
	if a.Root != nil {
		account.RootKeys = []string{a.Root.AccessKeyID}
		if err := t.firstKey(*a.Root, a.ID, "", now); err != nil {
			return err
		}
	}
	t.PutAccount(nil, account)
	if a.Admin == nil {
		return nil
	}
	admin := &User{
		Account: a.ID, Name: AdminName, Path: "/", ID: session.NewUniqueID("AIDA"), Created: now,
		Attached:   []string{"arn:" + t.view.partition + ":iam::aws:policy/AdministratorAccess"},
		AccessKeys: []string{a.Admin.AccessKeyID},
	}
	t.PutUser(nil, admin)
	return t.firstKey(*a.Admin, a.ID, admin.ID, now)
}

// firstKey puts a key that was given. Its account may differ from the one that
// the id encodes: keys of other deployments and of tests are taken as they are.
func (t *Tx) firstKey(k BootstrapKey, account, userID string, now time.Time) error {
	if !strings.HasPrefix(k.AccessKeyID, "AKIA") || !plainKey(k.AccessKeyID) {
		return fmt.Errorf("directory: access key id %q of account %s is not AKIA and 12 to 124 capital letters and digits", k.AccessKeyID, account)
	}
	if k.SecretAccessKey == "" {
		return fmt.Errorf("directory: access key %s of account %s has no secret", k.AccessKeyID, account)
	}
	if t.Key(k.AccessKeyID) != nil {
		return fmt.Errorf("directory: access key %s is given twice", k.AccessKeyID)
	}
	t.PutKey(nil, &AccessKey{ID: k.AccessKeyID, Secret: k.SecretAccessKey, Account: account, UserID: userID, Active: true, Created: now})
	return nil
}

// plainKey tells whether s is a key id by its characters and length (16 to 128).
func plainKey(s string) bool {
	for i := range len(s) {
		if c := s[i]; !('A' <= c && c <= 'Z' || '0' <= c && c <= '9') {
			return false
		}
	}
	return 16 <= len(s) && len(s) <= 128
}
