package sts

import (
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/deputy-sts/deputy/internal/directory"
	"github.com/deputy-sts/deputy/internal/kv"
	"github.com/deputy-sts/deputy/internal/kv/boltkv"
	"github.com/deputy-sts/deputy/internal/kv/memkv"
	"github.com/deputy-sts/deputy/internal/mfa"
	"github.com/deputy-sts/deputy/internal/seal"
)

// device gives a user, or the root user ("root"), an MFA device of that serial.
func (s *stack) device(account, owner, serial string) {
	s.t.Helper()
	d := &directory.Device{Token: serial, Account: account, Seed: mfa.NewSeed(), Created: s.now, Enabled: s.now}
	if at := strings.Index(serial, ":mfa/"); at >= 0 {
		d.Account, d.Token, d.Path, d.Name = account, "", "/", serial[at+len(":mfa/"):]
	}
	if owner == "root" {
		d.Owner = account
		s.change(func(tx *directory.Tx) {
			old := tx.Account(account)
			now := old.Clone()
			now.RootMFA = append(now.RootMFA, d.ID())
			tx.PutAccount(old, now)
			tx.PutDevice(nil, d)
		})
		return
	}
	d.Owner = s.directory.View().User(account, owner).ID
	s.change(func(tx *directory.Tx) { tx.PutDevice(nil, d) })
	s.editUser(account, owner, func(u *directory.User) { u.MFA = append(u.MFA, d.ID()) })
}

// code is the code of a device so many steps from now.
func (s *stack) code(serial string, off int64) string {
	s.t.Helper()
	d := s.directory.View().Device(serial)
	if d == nil {
		s.t.Fatalf("there is no device %s", serial)
	}
	return mfa.Code(d.Seed, mfa.Step(s.now)+off)
}

const phone = "arn:aws:iam::" + accountA + ":mfa/phone"

func withCode(code string) string {
	return "SerialNumber=" + url.QueryEscape(phone) + "&TokenCode=" + url.QueryEscape(code)
}

const (
	badCode  = "403 AccessDenied MultiFactorAuthentication failed with invalid MFA one time pass code. "
	noDevice = "403 AccessDenied MultiFactorAuthentication failed, unable to validate MFA code.  Please verify your MFA serial number is valid and associated with this user."
)

func newRing(t *testing.T) *seal.Ring {
	key, err := seal.NewKey()
	check(t, err)
	ring, err := seal.NewRing(key)
	check(t, err)
	return ring
}

// withPhone makes accounts, and a user with a device, in an empty store.
func withPhone(t *testing.T, store kv.Store) (*stack, credentials) {
	s := newStackOn(t, store, newRing(t))
	for _, id := range []string{accountA, accountB} {
		s.change(func(tx *directory.Tx) { tx.PutAccount(nil, &directory.Account{ID: id}) })
	}
	alice := s.user(accountA, "alice", statement("Allow", "sts:*", "*"))
	s.device(accountA, "alice", phone)
	return s, alice
}

func openBolt(t *testing.T, path string) kv.Store {
	t.Helper()
	store, err := boltkv.Open(path, boltkv.Options{})
	check(t, err)
	return store
}

// engines runs a test on memory and on a file.
func engines(t *testing.T, f func(t *testing.T, store kv.Store)) {
	t.Run("memkv", func(t *testing.T) { f(t, memkv.New()) })
	t.Run("boltkv", func(t *testing.T) {
		store := openBolt(t, filepath.Join(t.TempDir(), "store.db"))
		f(t, store)
	})
}

// TestSec_E01_OneCodeOneSession: of ten thousand requests with one code, all at
// once, one gets a session, whichever operation takes the code.
func TestSec_E01_OneCodeOneSession(t *testing.T) {
	n := 1000
	switch {
	case testing.Short():
		n = 200
	case os.Getenv("DEPUTY_LONG") != "":
		n = 10_000
	}
	engines(t, func(t *testing.T, store kv.Store) {
		s, alice := withPhone(t, store)
		s.role(accountA, "demo", trusts(accountA))
		for round := range 2 {
			s.now = s.now.Add(time.Minute)
			params := withCode(s.code(phone, 0))
			var right, wrong atomic.Int64
			var all sync.WaitGroup
			start := make(chan struct{})
			for i := range n {
				all.Go(func() {
					<-start
					var a answer
					if i%2 == 0 {
						a = s.do(alice, "GetSessionToken", params)
					} else {
						a = s.do(alice, "AssumeRole", "RoleArn="+roleARN(accountA, "demo")+"&RoleSessionName=work&"+params)
					}
					switch a.String() {
					case "200":
						right.Add(1)
					case badCode:
						wrong.Add(1)
					default:
						t.Errorf("%s", a)
					}
				})
			}
			close(start)
			all.Wait()
			if right.Load() != 1 || wrong.Load() != int64(n-1) {
				t.Errorf("round %d: %d of %d were right, %d wrong", round, right.Load(), n, wrong.Load())
			}
			if d := s.directory.View().Device(phone); d.Failures != 0 {
				t.Errorf("%d replays were counted as guesses", d.Failures)
			}
		}
	})
}

// TestSec_E02_Attack: 64 guess at once and as fast as they can, on both operations
// and for years; no more guesses are looked at than the allowance.
func TestSec_E02_Attack(t *testing.T) {
	engines(t, func(t *testing.T, store kv.Store) {
		s, alice := withPhone(t, store)
		s.role(accountA, "demo", trusts(accountA))
		began, rounds := s.now, 0
		for s.now.Before(began.AddDate(3, 0, 0)) {
			before := s.directory.View().Device(phone).Guesses
			near := map[string]bool{}
			for off := int64(-2); off <= 2; off++ {
				near[s.code(phone, off)] = true // a guess that is right by luck would end the attack
			}
			var all sync.WaitGroup
			for w := range 64 {
				all.Go(func() {
					for i := range 2 {
						guess := fmt.Sprintf("%06d", (rounds*128+w*2+i)%1_000_000)
						for far := 1; near[guess]; far++ {
							guess = fmt.Sprintf("%06d", 999_999-far)
						}
						op, params := "GetSessionToken", withCode(guess)
						if w%2 == 0 {
							op, params = "AssumeRole", "RoleArn="+roleARN(accountA, "demo")+"&RoleSessionName=work&"+params
						}
						if a := s.do(alice, op, params); a.String() != badCode {
							t.Errorf("%s: %s", op, a)
						}
					}
				})
			}
			all.Wait()
			d := s.directory.View().Device(phone)
			if d.Guesses-before > 5 || d.Guesses > 50 {
				t.Fatalf("round %d: %d guesses were looked at, %d in all", rounds, d.Guesses-before, d.Guesses)
			}
			rounds++
			if d.Guesses == 50 {
				// The owner is locked out too, with the right code, until somebody unlocks.
				if a := s.do(alice, "GetSessionToken", withCode(s.code(phone, 0))); a.String() != badCode {
					t.Errorf("a locked device: %s", a)
				}
				s.now = s.now.AddDate(1, 0, 0)
				continue
			}
			s.now = d.Until
		}
		if d := s.directory.View().Device(phone); d.Guesses != 50 || rounds < 12 {
			t.Errorf("%d guesses in %d rounds", d.Guesses, rounds)
		}
	})
}

// TestSec_E06_OtherDevices: what is refused as somebody else's costs its owner
// nothing; E04: with the answer for a device that there is not.
func TestSec_E06_OtherDevices(t *testing.T) {
	s, _ := withPhone(t, memkv.New())
	bob, carol, root := s.user(accountA, "bob"), s.user(accountB, "alice"), s.root(accountA)
	before := s.directory.View().Device(phone)
	for who, c := range map[string]credentials{"bob": bob, "alice of another account": carol, "root": root} {
		for range 10 {
			for _, code := range []string{s.code(phone, 0), s.code(phone, 7)} {
				if a := s.do(c, "GetSessionToken", withCode(code)); a.String() != noDevice {
					t.Errorf("%s: %s", who, a)
				}
			}
		}
	}
	if s.directory.View().Device(phone) != before {
		t.Error("the device was written")
	}
	if a := s.do(bob, "GetSessionToken", "SerialNumber=arn:aws:iam::"+accountA+":mfa/nothing&TokenCode=123456"); a.String() != noDevice {
		t.Error(a)
	}
}

// TestSec_E08_OneBudget: operations share the budget of a device.
func TestSec_E08_OneBudget(t *testing.T) {
	s, alice := withPhone(t, memkv.New())
	s.role(accountA, "demo", trusts(accountA))
	for i := range 5 {
		op, params := "GetSessionToken", withCode(s.code(phone, 90))
		if i%2 == 0 {
			op, params = "AssumeRole", "RoleArn="+roleARN(accountA, "demo")+"&RoleSessionName=work&"+params
		}
		if a := s.do(alice, op, params); a.String() != badCode {
			t.Errorf("%s: %s", op, a)
		}
	}
	for _, op := range []string{"GetSessionToken", "AssumeRole"} {
		params := withCode(s.code(phone, 0))
		if op == "AssumeRole" {
			params = "RoleArn=" + roleARN(accountA, "demo") + "&RoleSessionName=work&" + params
		}
		if a := s.do(alice, op, params); a.String() != badCode {
			t.Errorf("%s with a locked device: %s", op, a)
		}
	}
}

// TestMFASurvivesRestart: devices, last steps and lockouts are where they were
// when the process starts anew.
func TestMFASurvivesRestart(t *testing.T) {
	path, ring := filepath.Join(t.TempDir(), "store.db"), newRing(t)
	store := openBolt(t, path)
	s := newStackOn(t, store, ring)
	s.change(func(tx *directory.Tx) { tx.PutAccount(nil, &directory.Account{ID: accountA}) })
	alice := s.user(accountA, "alice")
	s.device(accountA, "alice", phone)
	restart := func() {
		t.Helper()
		check(t, s.directory.Close())
		check(t, store.Close())
		store = openBolt(t, path)
		was := s.now
		s = newStackOn(t, store, ring)
		s.now = was
	}
	used := s.code(phone, 0)
	if a := s.do(alice, "GetSessionToken", withCode(used)); a.Status != 200 {
		t.Fatal(a)
	}
	restart()
	if a := s.do(alice, "GetSessionToken", withCode(used)); a.String() != badCode {
		t.Errorf("a used code: %s", a)
	}
	if a := s.do(alice, "GetSessionToken", withCode(s.code(phone, 1))); a.Status != 200 {
		t.Errorf("the next: %s", a)
	}
	for range 5 {
		s.do(alice, "GetSessionToken", withCode(s.code(phone, 90)))
	}
	restart()
	s.now = s.now.Add(14 * time.Minute)
	if a := s.do(alice, "GetSessionToken", withCode(s.code(phone, 0))); a.String() != badCode {
		t.Errorf("a locked device: %s", a)
	}
	s.now = s.now.Add(time.Minute)
	if a := s.do(alice, "GetSessionToken", withCode(s.code(phone, 0))); a.Status != 200 {
		t.Errorf("when the lock is over: %s", a)
	}
}

// TestMFAFailsClosed: without the store no code is taken.
func TestMFAFailsClosed(t *testing.T) {
	store := memkv.New()
	s, alice := withPhone(t, store)
	code := s.code(phone, 0)
	check(t, store.Close())
	if a := s.do(alice, "GetSessionToken", withCode(code)); a.Status != 503 || a.Code != "ServiceUnavailable" {
		t.Error(a)
	}
	if a := s.do(alice, "GetSessionToken", ""); a.Status != 200 {
		t.Errorf("without a code: %s", a)
	}
}

// TestMFAInTheTrail: what became of a code is there, the code and the seed are not.
func TestMFAInTheTrail(t *testing.T) {
	s, alice := withPhone(t, memkv.New())
	s.role(accountA, "demo", trusts(accountA), statement("Allow", "*", "*"))
	good, bad := s.code(phone, 0), s.code(phone, 50)
	got := s.do(alice, "GetSessionToken", withCode(good))
	token := temporary(got)
	s.do(alice, "GetSessionToken", withCode(good))
	s.do(alice, "AssumeRole", "RoleArn="+roleARN(accountA, "demo")+"&RoleSessionName=work&"+withCode(bad))
	s.do(alice, "GetSessionToken", "SerialNumber=GAHT00000000&TokenCode="+bad)
	s.do(token, "GetCallerIdentity", "")
	lines := s.lines()
	if len(lines) != 5 {
		t.Fatalf("%d lines:\n%s", len(lines), strings.Join(lines, "\n"))
	}
	for i, want := range []string{
		`"serialNumber":"` + phone + `"`,
		`"additionalEventData":{"mfa":{"code":"code used before","serialNumber":"` + phone + `"}}`,
		`"additionalEventData":{"mfa":{"code":"wrong code","serialNumber":"` + phone + `"}}`,
		`"additionalEventData":{"mfa":{"code":"the caller has no such device","serialNumber":"GAHT00000000"}}`,
		`"mfaAuthenticated":"true"`,
	} {
		if !strings.Contains(lines[i], want) {
			t.Errorf("line %d has no %s:\n%s", i, want, lines[i])
		}
	}
	seed := s.directory.View().Device(phone).Seed
	for what, secret := range map[string]string{
		"a code": good, "a wrong code": bad, "the seed": mfa.Base32(seed), "the session's secret": token.SecretAccessKey, "the token": token.SessionToken,
	} {
		for _, line := range lines {
			if strings.Contains(line, secret) {
				t.Errorf("the trail holds %s", what)
			}
		}
	}
}
