// Package mfa owns one-time codes: how a device makes them (TOTP, RFC 6238, with
// HMAC-SHA-1, 30 seconds, six digits), that each is taken once, how many wrong ones
// a device bears, and what a new device is handed out with (seed, otpauth URI, QR
// code; the list that comes with hardware tokens).
//
// # One code, one use
//
// A code stands for a time step. The step of the last code accepted lies in the
// device's record, and only a later one is accepted; the record is written under
// the condition that it is as it was read. Of any number of requests with one code,
// on any number of nodes, one succeeds. A clock that is set back opens no step
// again.
//
// # Guessing
//
// A code is looked for in three steps: the current one and its neighbours. A guess
// is right with a probability of at most 3 in 10^6. Wrong codes are counted in the
// same record, by the same conditional commit, whatever they were given to: after
// each five in a row the device is locked for 15 minutes, then for twice as long,
// at most for 4 hours. After 50 it is locked until an administrator unlocks it. A
// right code ends the row, but takes back only one of the 50: whoever guesses
// between the owner's own sign-ins gains one guess for each. So a device is guessed
// with a probability of at most 3·10^-6 · (50 + right codes since it was unlocked
// last): 0.015 % for one that its owner does not use. A code that was accepted last
// and comes again is refused, and not counted.
//
// The package leaves to iam which devices a user may have, to sts what a code is
// good for, to authz the commit, and to directory the records.
package mfa
