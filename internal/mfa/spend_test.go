package mfa

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/deputy-sts/deputy/internal/directory"
	"github.com/deputy-sts/deputy/internal/kv/memkv"
	"github.com/deputy-sts/deputy/internal/seal"
)

const (
	account = "111122223333"
	owner   = "AIDAOWNER"
	serial  = "arn:aws:iam::111122223333:mfa/phone"
)

// desk has one device, of owner, and a clock.
type desk struct {
	t   *testing.T
	dir *directory.Directory
	now time.Time
}

func newDesk(t *testing.T) *desk {
	key, err := seal.NewKey()
	check(t, err)
	ring, err := seal.NewRing(key)
	check(t, err)
	store := memkv.New()
	d := &desk{t: t, now: time.Date(2026, 11, 22, 1, 2, 3, 0, time.UTC)}
	d.dir, err = directory.Open(t.Context(), store, ring, directory.Options{})
	check(t, err)
	t.Cleanup(func() { d.dir.Close(); store.Close() })
	d.change(func(tx *directory.Tx) {
		tx.PutAccount(nil, &directory.Account{ID: account})
		tx.PutDevice(nil, &directory.Device{Account: account, Path: "/", Name: "phone", Owner: owner, Seed: rfcSeed})
	})
	return d
}

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func (d *desk) change(f func(*directory.Tx)) {
	d.t.Helper()
	tx := d.dir.Begin(true)
	f(&tx)
	_, err := d.dir.Commit(context.Background(), &tx)
	check(d.t, err)
}

func (d *desk) device() *directory.Device { return d.dir.View().Device(serial) }

func (d *desk) spend(code string) (v Verdict) {
	d.t.Helper()
	d.change(func(tx *directory.Tx) { v = Spend(tx, owner, serial, code, d.now) })
	return v
}

// code is the device's code so many steps from now.
func (d *desk) code(off int64) string { return Code(rfcSeed, Step(d.now)+off) }

// wrong is a code that is right in none of the steps around now.
func (d *desk) wrong() string {
	for i := range modulus {
		s := fmt.Sprintf("%06d", i)
		ok := true
		for off := int64(-resync) - 2; off <= resync+2; off++ {
			ok = ok && d.code(off) != s
		}
		if ok {
			return s
		}
	}
	panic("no code is wrong")
}

func TestWindow(t *testing.T) {
	for off := int64(-3); off <= 3; off++ {
		want := Wrong
		if off >= -1 && off <= 1 {
			want = Right
		}
		d := newDesk(t)
		if got := d.spend(d.code(off)); got != want {
			t.Errorf("%d steps off: %s", off, got)
		}
	}
}

func TestSec_E01_AStepIsUsedOnce(t *testing.T) {
	d := newDesk(t)
	for _, c := range []string{"", "12345", "1234567", d.code(0) + " ", " " + d.code(0), d.code(0) + "\n", "+12345", "12345a", "१२३४५६", "１２３"} {
		if v := d.spend(c); v != Wrong {
			t.Errorf("%q: %s", c, v)
		}
	}
	if n := d.device().Guesses; n != 0 {
		t.Errorf("%d were counted that are no codes", n)
	}
	if v := d.spend(d.code(0)); v != Right {
		t.Fatal(v)
	}
	for range 2 * inARow {
		if v := d.spend(d.code(0)); v != Replayed {
			t.Errorf("again: %s", v)
		}
	}
	if n := d.device().Guesses; n != 0 {
		t.Errorf("a replay was counted %d times", n)
	}
	if v := d.spend(d.code(-1)); v != Wrong || d.device().Guesses != 1 {
		t.Errorf("an older one: %s", v)
	}
	if v := d.spend(d.code(1)); v != Right || d.device().Guesses != 0 {
		t.Errorf("the next: %s", v)
	}
	if v := d.spend(d.code(0)); v != Wrong {
		t.Errorf("one that a later one has passed: %s", v)
	}
}

func TestSec_E02_LocksGrow(t *testing.T) {
	d := newDesk(t)
	var waits []time.Duration
	total := 0
	for d.device().Guesses < allowance {
		if v := d.spend(d.wrong()); v != Wrong {
			t.Fatal(v)
		}
		total++
		if until := d.device().Until; until.After(d.now) {
			waits = append(waits, until.Sub(d.now))
			if v := d.spend(d.code(0)); v != Locked && d.device().Guesses < allowance {
				t.Errorf("a locked device: %s", v)
			}
			d.now = until
		}
	}
	if total != allowance {
		t.Errorf("%d guesses were looked at, not %d", total, allowance)
	}
	want := "[15m0s 30m0s 1h0m0s 2h0m0s 4h0m0s 4h0m0s 4h0m0s 4h0m0s 4h0m0s 4h0m0s]"
	if got := fmt.Sprint(waits); got != want {
		t.Errorf("waits %s, not %s", got, want)
	}
	for range 3 {
		d.now = d.now.AddDate(1, 0, 0)
		if v := d.spend(d.code(0)); v != Locked {
			t.Errorf("a year later: %s", v)
		}
	}
	var was bool
	d.change(func(tx *directory.Tx) { was = Unlock(tx, tx.Device(serial)) })
	if v := d.spend(d.code(0)); v != Right || !was {
		t.Errorf("unlocked: %s", v)
	}
	d.change(func(tx *directory.Tx) { was = Unlock(tx, tx.Device(serial)) })
	if was {
		t.Error("it was locked still")
	}
}

// TestSec_E02_GuessesBetween: whoever guesses between the owner's sign-ins gains
// one guess for each, not a new allowance.
func TestSec_E02_GuessesBetween(t *testing.T) {
	d := newDesk(t)
	guesses, right := 0, 0
	for ; d.device().Guesses < allowance && right < 1000; d.now = d.now.Add(time.Minute) {
		for range inARow - 1 {
			if d.spend(d.wrong()) == Wrong {
				guesses++
			}
		}
		if d.spend(d.code(0)) == Right {
			right++
		}
	}
	if guesses > allowance+right {
		t.Errorf("%d guesses with %d right codes", guesses, right)
	}
}

func TestSec_E06_SomebodyElsesDevice(t *testing.T) {
	d := newDesk(t)
	before := d.dir.View().Digest()
	for _, who := range []string{"AIDAOTHER", account, ""} {
		for _, s := range []string{serial, "arn:aws:iam::111122223333:mfa/Phone", "arn:aws:iam::111122223333:mfa/none", "GAHT12345678", "", "phone"} {
			for _, code := range []string{d.code(0), d.wrong()} {
				d.change(func(tx *directory.Tx) {
					if v := Spend(tx, who, s, code, d.now); v != Unknown {
						t.Errorf("%q with %q: %s", who, s, v)
					}
				})
			}
		}
	}
	if d.dir.View().Digest() != before {
		t.Error("something was written")
	}
	// A device that nobody has is nobody's, not that of a caller without an id.
	d.change(func(tx *directory.Tx) {
		n := tx.Device(serial).Clone()
		n.Owner = ""
		tx.PutDevice(tx.Device(serial), n)
	})
	d.change(func(tx *directory.Tx) {
		if v := Spend(tx, "", serial, d.code(0), d.now); v != Unknown {
			t.Error(v)
		}
	})
}

func TestSec_E11_ClockSetBack(t *testing.T) {
	d := newDesk(t)
	used := d.code(0)
	if v := d.spend(used); v != Right {
		t.Fatal(v)
	}
	d.now = d.now.AddDate(0, 0, -1)
	for off := int64(-1); off <= 1; off++ {
		if v := d.spend(d.code(off)); v == Right {
			t.Errorf("a code of the day before")
		}
	}
	d.now = d.now.AddDate(0, 0, 1)
	if v := d.spend(used); v != Replayed {
		t.Errorf("the clock is back: %s", v)
	}
	// A lock ends no earlier.
	for range inARow {
		d.spend(d.wrong())
	}
	d.now = d.now.AddDate(0, 0, -1)
	if v := d.spend(d.code(0)); v != Locked {
		t.Errorf("a locked device: %s", v)
	}
	d.now = time.Unix(0, 0) // and no clock makes it look at steps before the first
	if v := d.spend(d.code(0)); v != Locked {
		t.Error(v)
	}
}

func TestSec_E10_Pair(t *testing.T) {
	for _, c := range []struct {
		name  string
		first func(d *desk) (a, b string)
		want  Verdict
		drift int64
	}{
		{"now", func(d *desk) (a, b string) { return d.code(-1), d.code(0) }, Right, 0},
		{"a step slow", func(d *desk) (a, b string) { return d.code(-2), d.code(-1) }, Right, 0},
		{"two steps slow", func(d *desk) (a, b string) { return d.code(-3), d.code(-2) }, Right, -1},
		{"nine fast", func(d *desk) (a, b string) { return d.code(8), d.code(9) }, Right, 8},
		{"the last looked at", func(d *desk) (a, b string) { return d.code(resync), d.code(resync + 1) }, Right, resync},
		{"too far off", func(d *desk) (a, b string) { return d.code(resync + 1), d.code(resync + 2) }, Wrong, 0},
		{"one twice", func(d *desk) (a, b string) { return d.code(0), d.code(0) }, Wrong, 0},
		{"the wrong way round", func(d *desk) (a, b string) { return d.code(0), d.code(-1) }, Wrong, 0},
		{"one between", func(d *desk) (a, b string) { return d.code(-2), d.code(0) }, Wrong, 0},
		{"no code", func(d *desk) (a, b string) { return d.code(-1), d.code(0) + " " }, Wrong, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			d := newDesk(t)
			first, second := c.first(d)
			n, v := Pair(d.device(), first, second, d.now)
			if v != c.want || (n != nil) != (v == Right) {
				t.Fatalf("%s", v)
			}
			if n == nil {
				return
			}
			if n.Drift != c.drift || Code(rfcSeed, n.Last) != second {
				t.Errorf("drift %d, last %d", n.Drift, n.Last)
			}
			if _, v := Pair(n, first, second, d.now); v != Replayed {
				t.Errorf("again: %s", v)
			}
			// The device as measured, and one that was only typed late, go on to work.
			d.change(func(tx *directory.Tx) { tx.PutDevice(tx.Device(serial), n) })
			off := n.Last - Step(d.now)
			d.now = d.now.Add(2 * period * time.Second)
			if v := d.spend(d.code(off)); v != Right {
				t.Errorf("afterwards: %s", v)
			}
		})
	}
	d := newDesk(t)
	d.change(func(tx *directory.Tx) {
		for range inARow {
			Miss(tx, serial, d.now)
		}
	})
	if _, v := Pair(d.device(), d.code(-1), d.code(0), d.now); v != Locked {
		t.Errorf("a locked device: %s", v)
	}
	if v := d.spend(d.code(0)); v != Locked {
		t.Errorf("a locked device: %s", v)
	}
}
