package admin

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/deputy-sts/deputy/internal/audit"
	"github.com/deputy-sts/deputy/internal/directory"
	"github.com/deputy-sts/deputy/internal/mfa"
)

// importAtOnce is how many tokens one commit takes: etcd takes 128 operations.
const importAtOnce = 100

// ImportTokens implements Operations.
func (o *Operator) ImportTokens(ctx context.Context, account string, tokens []mfa.Token) (added int, err error) {
	var waits error
	for some := range slices.Chunk(tokens, importAtOnce) {
		n, err := o.importSome(ctx, account, some)
		if err != nil && !errors.Is(err, ErrWaits) {
			return added, err
		}
		added, waits = added+n, errors.Join(waits, err)
	}
	return added, waits
}

func (o *Operator) importSome(ctx context.Context, account string, tokens []mfa.Token) (added int, err error) {
	err = o.change(ctx, "ImportMFADevices", account, func(tx *directory.Tx, e *audit.Entry) error {
		if account != "" && tx.Account(account) == nil {
			return fmt.Errorf("there is no account %s", account)
		}
		var serials []string
		for i := range tokens {
			put, err := putToken(tx, account, &tokens[i], o.Now())
			if err != nil {
				return err
			}
			if put {
				serials = append(serials, tokens[i].Serial)
			}
		}
		added = len(serials)
		e.RequestParameters = map[string]any{"serialNumbers": serials}
		return nil
	})
	return added, err
}

// putToken puts a token that is not there; one that is there with another seed is
// another token, or a mistake.
func putToken(tx *directory.Tx, account string, t *mfa.Token, at time.Time) (bool, error) {
	if err := t.Check(); err != nil {
		return false, err
	}
	now := &directory.Device{Token: t.Serial, Seed: t.Seed, Account: account, Created: at.UTC().Truncate(time.Second)}
	switch old := tx.DeviceByID(now.ID()); {
	case old == nil:
		tx.PutDevice(nil, now)
		return true, nil
	case !slices.Equal(old.Seed, t.Seed):
		return false, fmt.Errorf("there is a token %s already, with another seed", old.Token)
	case account != "" && old.Account != account:
		return false, fmt.Errorf("there is a token %s already, which is not account %s's", old.Token, account)
	}
	return false, nil
}

// RemoveDevice implements Operations.
func (o *Operator) RemoveDevice(ctx context.Context, serial string) (owner string, err error) {
	account := ""
	if d := o.Directory.View().Device(serial); d != nil {
		account = d.Account
	}
	err = o.change(ctx, "RemoveMFADevice", account, func(tx *directory.Tx, e *audit.Entry) error {
		d := tx.Device(serial)
		if d == nil {
			return fmt.Errorf("there is no MFA device %s", serial)
		}
		owner = takeAway(tx, d)
		tx.DeleteDevice(d)
		e.RequestParameters = map[string]any{"serialNumber": serial}
		e.ResponseElements = map[string]any{"owner": owner}
		return nil
	})
	return owner, err
}

// takeAway takes a device from who has it, and gives that one's ARN.
func takeAway(tx *directory.Tx, d *directory.Device) string {
	without := func(list []string) []string {
		return slices.DeleteFunc(slices.Clone(list), func(id string) bool { return id == d.ID() })
	}
	if u := tx.UserByID(d.Owner); u != nil {
		n := u.Clone()
		n.MFA = without(u.MFA)
		tx.PutUser(u, n)
		return u.ARN()
	}
	if a := tx.Account(d.Owner); a != nil {
		n := a.Clone()
		n.RootMFA = without(a.RootMFA)
		tx.PutAccount(a, n)
		return a.ARN()
	}
	return ""
}

// Unlock implements Operations.
func (o *Operator) Unlock(ctx context.Context, account, user string) (was bool, err error) {
	err = o.change(ctx, "UnlockUser", account, func(tx *directory.Tx, e *audit.Entry) error {
		was = false
		devices, err := o.locks(tx, account, user, &was)
		if err != nil {
			return err
		}
		for _, id := range devices {
			if d := tx.DeviceByID(id); d != nil && mfa.Unlock(tx, d) {
				was = true
			}
		}
		e.RequestParameters = map[string]any{"userName": user}
		return nil
	})
	return was, err
}

// locks ends the lockout of a user, or of the root user if user is empty, and
// gives the devices whose counts are to be cleared.
func (o *Operator) locks(tx *directory.Tx, account, user string, was *bool) ([]string, error) {
	if user == "" {
		a := tx.Account(account)
		if a == nil {
			return nil, fmt.Errorf("there is no account %s", account)
		}
		return a.RootMFA, nil
	}
	u := tx.User(account, user)
	if u == nil {
		return nil, fmt.Errorf("there is no user %s in account %s", user, account)
	}
	if lockout := tx.Lockout(u.ID); lockout != nil {
		*was = true
		tx.DeleteLockout(lockout)
	}
	return u.MFA, nil
}

// ImportTokens implements Operations.
func (c Client) ImportTokens(ctx context.Context, account string, tokens []mfa.Token) (added int, err error) {
	var waits error
	for some := range slices.Chunk(tokens, importAtOnce) {
		out, err := c.do(ctx, request{Do: "import-tokens", Account: account, Tokens: some})
		if err != nil && !errors.Is(err, ErrWaits) {
			return added, err
		}
		added, waits = added+out.Count, errors.Join(waits, err)
	}
	return added, waits
}

// RemoveDevice implements Operations.
func (c Client) RemoveDevice(ctx context.Context, serial string) (string, error) {
	out, err := c.do(ctx, request{Do: "remove-device", Serial: serial})
	return out.Owner, err
}
