package oidc

import (
	"context"
	"crypto/elliptic"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/deputy-sts/deputy/internal/federation/oidc/oidctest"
)

// settled waits until no fetch of the provider is under way.
func (w *world) settled() {
	w.t.Helper()
	c := &w.verifier.cache
	c.mu.Lock()
	e := c.entries[placeOf(w.provider)]
	var flight chan struct{}
	if e != nil {
		flight = e.flight
	}
	c.mu.Unlock()
	if flight == nil {
		return
	}
	select {
	case <-flight:
	case <-time.After(time.Minute):
		w.t.Fatal("a fetch does not end")
	}
}

// TestSec_C04_UnknownKeyIDs: ten thousand tokens with key ids of their own cause
// one fetch, whoever else asks meanwhile is answered, and 30 seconds later there is
// one more.
func TestSec_C04_UnknownKeyIDs(t *testing.T) {
	w := newWorld(t)
	good := w.issuer.Token(w.now, nil)
	if _, err := w.verify(good); err != nil {
		t.Fatal(err)
	}
	w.now = w.now.Add(cooldown)
	flood := func() {
		var wg sync.WaitGroup
		for worker := range 8 {
			wg.Go(func() {
				for i := range 1250 {
					_, err := w.verifier.cache.key(t.Context(), w.provider, fmt.Sprintf("k%d-%d", worker, i))
					if !errors.Is(err, ErrKey) {
						t.Errorf("%v", err)
						return
					}
					if _, err := w.verifier.cache.key(t.Context(), w.provider, "ec"); err != nil {
						t.Errorf("a known key: %v", err)
						return
					}
				}
			})
		}
		wg.Wait()
	}
	flood()
	if n := w.issuer.Fetches.Load(); n != 2 {
		t.Errorf("%d fetches", n)
	}
	w.now = w.now.Add(cooldown - time.Second)
	flood()
	if n := w.issuer.Fetches.Load(); n != 2 {
		t.Errorf("%d fetches within the cooldown", n)
	}
	w.now = w.now.Add(time.Second)
	if _, err := w.verify(w.signed(`{"alg":"ES256","kid":"new"}`)); !errors.Is(err, ErrKey) {
		t.Error(err)
	}
	if n := w.issuer.Fetches.Load(); n != 3 {
		t.Errorf("%d fetches after it", n)
	}
	// A failed fetch counts like any other.
	w.issuer.Replace(oidctest.Discovery, answers(500))
	w.renew(Options{})
	w.issuer.Requests.Store(0)
	for range 100 {
		if _, err := w.verify(good); !errors.Is(err, ErrUnreachable) {
			t.Fatal(err)
		}
	}
	if n := w.issuer.Requests.Load(); n != 1 {
		t.Errorf("%d requests to an issuer that fails", n)
	}
}

// TestSec_C16_Outage: a key that was taken back verifies nothing once the keys are
// fetched again; an issuer that is away is done without for a while, and no longer.
func TestSec_C16_Outage(t *testing.T) {
	w := newWorld(t)
	token := func() string { return w.issuer.Token(w.now, nil) }
	verified := func(what string, want error) {
		t.Helper()
		if _, err := w.verify(token()); !errors.Is(err, want) || want == nil && err != nil {
			t.Errorf("%s: %v", what, err)
		}
	}
	verified("at first", nil)
	old := w.issuer.Key("ec")
	w.issuer.SetKey("other", old)

	// Within the interval nothing is asked. Half way through, one asks beside the
	// request that finds the keys old, which does not wait.
	w.now = w.now.Add(soon - time.Second)
	verified("within the interval", nil)
	if n := w.issuer.Fetches.Load(); n != 1 {
		t.Errorf("%d fetches", n)
	}
	w.now = w.now.Add(time.Second)
	verified("half way through", nil)
	w.settled()
	if n := w.issuer.Fetches.Load(); n != 2 {
		t.Errorf("%d fetches", n)
	}

	// The issuer goes away.
	w.issuer.Replace(oidctest.Discovery, answers(503))
	w.now = w.now.Add(refresh)
	verified("away", nil)
	w.now = w.now.Add(DefaultStale - refresh - time.Second)
	verified("almost too long", nil)
	w.now = w.now.Add(time.Second)
	verified("away too long", ErrUnreachable)
	w.issuer.Replace(oidctest.Discovery, nil)
	w.now = w.now.Add(cooldown)
	verified("back", nil)

	// A key is taken back: no token passes when the keys are older than the interval.
	signed := token()
	w.issuer.SetKey("ec", nil)
	w.now = w.now.Add(refresh)
	if _, err := w.verify(signed); !errors.Is(err, ErrKey) {
		t.Errorf("a key that was taken back: %v", err)
	}

	// The same id comes back as a key of another family: it is nobody's.
	w.issuer.SetKey("other", oidctest.RSA())
	w.now = w.now.Add(refresh)
	if _, err := w.verify(w.issuer.Sign("other", "RS256", w.issuer.Claims(w.now, nil))); !errors.Is(err, ErrKey) {
		t.Errorf("an id that has become another family's: %v", err)
	}
	w.now = w.now.Add(refresh)
	if _, err := w.verify(w.issuer.Sign("other", "RS256", w.issuer.Claims(w.now, nil))); !errors.Is(err, ErrKey) {
		t.Errorf("the same a while later: %v", err)
	}
	w.now = w.now.Add(maxLifetime)
	if _, err := w.verify(w.issuer.Sign("other", "RS256", w.issuer.Claims(w.now, nil))); err != nil {
		t.Errorf("a day later: %v", err)
	}
	// A new key of the same family is a rotation.
	w.issuer.SetKey("rsa", rsaKey(t))
	w.now = w.now.Add(refresh)
	if _, err := w.verify(w.issuer.Sign("rsa", "RS256", w.issuer.Claims(w.now, nil))); err != nil {
		t.Errorf("a rotated key: %v", err)
	}

	// Without staleness, an issuer that is away is away.
	w.renew(Options{Stale: time.Second})
	w.issuer.SetKey("ec", old)
	verified("anew", nil)
	w.issuer.Replace(oidctest.Discovery, answers(503))
	w.now = w.now.Add(refresh)
	verified("away, without staleness", ErrUnreachable)
}

// TestPanic: what an issuer sends ends no process.
func TestPanic(t *testing.T) {
	w := newWorld(t)
	w.verifier.cache.fetch = w.verifier.logged(func(context.Context, *Provider) (keySet, error) { panic("parser") })
	if _, err := w.verify(w.issuer.Token(w.now, nil)); !errors.Is(err, ErrUnreachable) {
		t.Error(err)
	}
}

// TestNewKey: a token signed by a key that was published a moment ago waits for it.
func TestNewKey(t *testing.T) {
	w := newWorld(t)
	if _, err := w.verify(w.issuer.Token(w.now, nil)); err != nil {
		t.Fatal(err)
	}
	w.issuer.SetKey("new", oidctest.EC(elliptic.P256()))
	w.now = w.now.Add(cooldown)
	if _, err := w.verify(w.issuer.Sign("new", "ES256", w.issuer.Claims(w.now, nil))); err != nil {
		t.Error(err)
	}
}

// TestOneFlight: many who need the keys at once wait for one fetch; one who gives
// up spoils it for nobody.
func TestOneFlight(t *testing.T) {
	var fetches atomic.Int64
	begun, end := make(chan struct{}, 1), make(chan struct{})
	c := cache{now: func() time.Time { return noon }, stale: DefaultStale, fetch: func(context.Context, *Provider) (keySet, error) {
		fetches.Add(1)
		begun <- struct{}{}
		<-end
		return keySet{"k": {}}, nil
	}}
	p := &Provider{Account: "1", Issuer: "https://idp.example"}
	impatient, cancel := context.WithCancel(t.Context())
	gone := make(chan error)
	go func() {
		_, err := c.key(impatient, p, "k")
		gone <- err
	}()
	<-begun
	var wg sync.WaitGroup
	for range 50 {
		wg.Go(func() {
			if _, err := c.key(t.Context(), p, "k"); err != nil {
				t.Error(err)
			}
		})
	}
	cancel()
	if err := <-gone; !errors.Is(err, ErrUnreachable) || !errors.Is(err, context.Canceled) {
		t.Errorf("who gave up: %v", err)
	}
	close(end)
	wg.Wait()
	if n := fetches.Load(); n != 1 {
		t.Errorf("%d fetches", n)
	}
}

// TestCacheIsBounded: the issuers that were not asked for the longest go.
func TestCacheIsBounded(t *testing.T) {
	now := noon
	c := cache{now: func() time.Time { return now }, stale: DefaultStale, fetch: func(context.Context, *Provider) (keySet, error) { return keySet{"k": {}}, nil }}
	for i := range maxIssuer + 10 {
		now = now.Add(time.Millisecond)
		if _, err := c.key(t.Context(), &Provider{Issuer: fmt.Sprintf("https://%d.example", i)}, "k"); err != nil {
			t.Fatal(err)
		}
	}
	if n := len(c.entries); n != maxIssuer {
		t.Errorf("%d entries", n)
	}
	if c.entries[place{issuer: "https://0.example"}] != nil || c.entries[place{issuer: fmt.Sprintf("https://%d.example", maxIssuer+9)}] == nil {
		t.Error("the wrong ones went")
	}
}

// TestClockSetBack: keys from the future are fetched again.
func TestClockSetBack(t *testing.T) {
	w := newWorld(t)
	if _, err := w.verify(w.issuer.Token(w.now, nil)); err != nil {
		t.Fatal(err)
	}
	w.now = w.now.Add(-time.Hour)
	if _, err := w.verify(w.issuer.Token(w.now, nil)); err != nil {
		t.Error(err)
	}
	if n := w.issuer.Fetches.Load(); n != 2 {
		t.Errorf("%d fetches", n)
	}
}
