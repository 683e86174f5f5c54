package directory

import (
	"slices"
	"testing"
	"time"

	"github.com/deputy-sts/deputy/internal/kv"
)

func phone(path, name string) *Device {
	return &Device{Account: acct, Path: path, Name: name, Seed: []byte("0123456789abcdef0123"), Created: fixed()}
}

func TestDevices(t *testing.T) {
	d, store, ring := fresh(t)
	change(t, d, func(tx *Tx) {
		tx.PutDevice(nil, phone("/", "Phone"))
		tx.PutDevice(nil, phone("/b/", "a"))
		tx.PutDevice(nil, &Device{Account: "222222222222", Path: "/", Name: "Phone", Seed: []byte("x")})
		tx.PutDevice(nil, &Device{Token: "GAHT12345678", Seed: []byte("y")})
	})
	v := d.View()
	for serial, want := range map[string]bool{
		"arn:aws:iam::111122223333:mfa/Phone":      true,
		"arn:aws:iam::111122223333:mfa/b/a":        true,
		"arn:aws:iam::222222222222:mfa/Phone":      true,
		"GAHT12345678":                             true,
		"arn:aws:iam::111122223333:mfa/phone":      false,
		"arn:aws:iam::111122223333:mfa/a":          false,
		"arn:aws:iam::333333333333:mfa/Phone":      false,
		"arn:aws-cn:iam::111122223333:mfa/Phone":   false,
		"arn:aws:iam::111122223333:user/Phone":     false,
		"arn:aws:iam:eu-west-1:111122223333:mfa/a": false,
		"111122223333/phone":                       false,
		"gaht12345678":                             false,
		"":                                         false,
	} {
		tx := d.Begin(true)
		if got := v.Device(serial); (got != nil) != want || got != tx.Device(serial) {
			t.Errorf("%q is %v", serial, got)
		}
		if got := v.Device(serial); got != nil && (got.Serial() != serial || v.DeviceByID(got.ID()) != got) {
			t.Errorf("%q is %q, %q", serial, got.Serial(), got.ID())
		}
	}
	list := func(after string) (names []string) {
		for dev := range d.View().VirtualDevices(acct, after) {
			names = append(names, dev.Name)
		}
		return names
	}
	if got := list(""); !slices.Equal(got, []string{"a", "Phone"}) {
		t.Errorf("listed: %v", got)
	}
	if got := list(acct + "/b/a"); !slices.Equal(got, []string{"Phone"}) {
		t.Errorf("listed behind b/a: %v", got)
	}
	if c := v.Counts(acct); c.Devices != 2 || c.DevicesInUse != 0 {
		t.Errorf("counts: %+v", c)
	}
	// A name is taken whatever its case is.
	tx := d.Begin(false)
	tx.PutDevice(nil, phone("/B/", "A"))
	if _, err := d.Commit(t.Context(), &tx); err == nil {
		t.Error("a name was given twice")
	}
	// A token comes to an account, and is spent by one of two.
	change(t, d, func(tx *Tx) {
		old := tx.Device("GAHT12345678")
		now := old.Clone()
		now.Account, now.Owner, now.Last, now.Until = acct, "AIDAX", 7, fixed().Add(time.Hour)
		tx.PutDevice(old, now)
	})
	if c := d.View().Counts(acct); c.Devices != 3 || c.DevicesInUse != 1 {
		t.Errorf("counts: %+v", c)
	}
	first, second := d.Begin(true), d.Begin(true)
	for _, tx := range []*Tx{&first, &second} {
		old := tx.Device("GAHT12345678")
		now := old.Clone()
		now.Last++
		tx.PutDevice(old, now)
	}
	if _, err := d.Commit(t.Context(), &first); err != nil {
		t.Error(err)
	}
	if _, err := d.Commit(t.Context(), &second); err != kv.ErrConflict {
		t.Errorf("the second: %v", err)
	}
	again := open(t, store, ring)
	if a, b := d.View().Digest(), again.View().Digest(); a != b {
		t.Errorf("digest %s became %s", a, b)
	}
	got := again.View().Device("GAHT12345678")
	if got.Last != 8 || !got.Until.Equal(fixed().Add(time.Hour)) || string(got.Seed) != "y" || again.View().Counts(acct) != d.View().Counts(acct) {
		t.Errorf("after a restart: %+v", got)
	}
	change(t, d, func(tx *Tx) { tx.DeleteDevice(tx.Device("GAHT12345678")) })
	if c := d.View().Counts(acct); c.Devices != 2 || c.DevicesInUse != 0 || d.View().Device("GAHT12345678") != nil {
		t.Errorf("counts: %+v", c)
	}
}
