package mfa

import (
	"time"

	"github.com/deputy-sts/deputy/internal/directory"
)

const (
	window    = 1  // steps before and after the current one in which a code is looked for
	resync    = 20 // the same for two codes that follow each other
	inARow    = 5  // wrong codes that lock a device
	allowance = 50 // wrong codes until an administrator has to unlock it
	firstLock = 15 * time.Minute
	longest   = 4 * time.Hour
)

// Verdict says what became of a code.
type Verdict uint8

const (
	Unknown  Verdict = iota // the owner has no such device
	Wrong                   // it is none of the codes that are looked for; it was counted
	Replayed                // it was accepted before
	Locked                  // no code was looked at
	Right                   // it is spent
)

// String is what the audit says of a code.
func (v Verdict) String() string {
	return [...]string{"the caller has no such device", "wrong code", "code used before", "device locked", "accepted"}[v%5]
}

// Spend takes a code of a device that the owner has (a user id, or the account id
// of a root user), and puts what follows into the Tx: the step that is used, or the
// guess that is counted. The verdict holds once that is committed. A device of
// somebody else is Unknown, and nothing is written.
func Spend(tx *directory.Tx, owner, serial, code string, at time.Time) Verdict {
	d := tx.Device(serial)
	switch {
	case d == nil || owner == "" || d.Owner != owner:
		return Unknown
	case IsLocked(d, at):
		return Locked
	case !isCode(code):
		return Wrong // can't be a guess
	}
	step, verdict := find(d, code, at)
	switch verdict {
	case Right:
		tx.PutDevice(d, accepted(d, step))
	case Wrong:
		Miss(tx, serial, at)
	}
	return verdict
}

// find looks for the step of a code. All steps are tried, so that the time taken
// tells nothing.
func find(d *directory.Device, code string, at time.Time) (int64, Verdict) {
	verdict, step := Wrong, int64(0)
	now := Step(at) + d.Drift
	for s := max(now-window, 0); s <= now+window; s++ {
		switch hit := same(Code(d.Seed, s), code); {
		case hit && s > d.Last && verdict != Right:
			verdict, step = Right, s
		case hit && s == d.Last && verdict == Wrong:
			verdict = Replayed
		}
	}
	return step, verdict
}

// Pair looks for two codes that follow each other, in a wide window, and gives the
// device as it is to be stored: with the difference of its clock measured, and both
// codes spent. Two that are right by chance are so rare (4·10^-11) that the window
// helps nobody to guess; still the caller counts a Wrong one with Miss.
//
// Source: RFC 4226, section 7.4; RFC 6238, section 6.
func Pair(d *directory.Device, first, second string, at time.Time) (*directory.Device, Verdict) {
	if IsLocked(d, at) {
		return nil, Locked
	}
	if !isCode(first) || !isCode(second) || same(first, second) {
		return nil, Wrong
	}
	verdict := Wrong
	now := Step(at)
	for s := max(now+d.Drift-resync, 0); s <= now+d.Drift+resync; s++ {
		if !same(Code(d.Seed, s), first) || !same(Code(d.Seed, s+1), second) {
			continue
		}
		switch {
		case s > d.Last:
			n := accepted(d, s+1)
			n.Drift = drift(s + 1 - now)
			return n, Right
		case s+1 == d.Last:
			verdict = Replayed
		}
	}
	return nil, verdict
}

// drift is what the window is moved by for a device whose second code was off by
// so many steps. One of them may be the time that its owner took to type, so the
// window still reaches both what was measured and the step nearer to our clock.
func drift(off int64) int64 {
	switch {
	case off > window:
		return off - window
	case off < -window:
		return off + window
	}
	return 0
}

// accepted is the device after a right code.
func accepted(d *directory.Device, step int64) *directory.Device {
	n := d.Clone()
	n.Last, n.Failures, n.Guesses, n.Until = step, 0, max(d.Guesses-1, 0), time.Time{}
	return n
}

// Miss counts a wrong code or pair of codes, and locks the device if it is one too
// many.
func Miss(tx *directory.Tx, serial string, at time.Time) {
	d := tx.Device(serial)
	if d == nil || IsLocked(d, at) {
		return
	}
	n := d.Clone()
	n.Failures++
	n.Guesses++
	if n.Failures%inARow == 0 {
		n.Until = at.Add(lockFor(n.Failures)).UTC().Truncate(time.Second)
	}
	tx.PutDevice(d, n)
}

// lockFor is how long so many wrong codes in a row lock a device.
func lockFor(failures int) time.Duration {
	wait := firstLock
	for n := inARow; n < failures && wait < longest; n += inARow {
		wait *= 2
	}
	return min(wait, longest)
}

// IsLocked tells whether no code of the device is looked at.
func IsLocked(d *directory.Device, at time.Time) bool {
	return d.Guesses >= allowance || at.Before(d.Until)
}

// Unlock puts the device with its count cleared, and tells whether there was one.
// The codes that were used stay used.
func Unlock(tx *directory.Tx, d *directory.Device) bool {
	if d.Failures == 0 && d.Guesses == 0 && d.Until.IsZero() {
		return false
	}
	n := d.Clone()
	n.Failures, n.Guesses, n.Until = 0, 0, time.Time{}
	tx.PutDevice(d, n)
	return true
}
