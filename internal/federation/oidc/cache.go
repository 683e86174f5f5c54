package oidc

import (
	"context"
	"errors"
	"strings"
	"sync"
	"time"
)

// How old keys may be. The issuer takes a key back by taking it out of its set:
// from refresh on no token is accepted by what was known before, unless the issuer
// cannot be reached.
const (
	refresh   = 10 * time.Minute
	soon      = refresh / 2      // keys this old are fetched again beside the request that finds it
	cooldown  = 30 * time.Second // between two fetches of one issuer, failed ones included
	maxIssuer = 1024             // issuers remembered
)

// place is what keys belong to. The account is part of it, so that no account sees
// keys that another's thumbprint let in, nor waits for its failures.
type place struct{ account, issuer, thumbprints string }

func placeOf(p *Provider) place {
	return place{p.Account, p.Issuer, strings.ToLower(strings.Join(p.Thumbprints, " "))}
}

// cache holds the keys of issuers. One fetch of an issuer runs at a time, whoever
// asks; who asks meanwhile for keys that are good enough does not wait.
type cache struct {
	fetch func(context.Context, *Provider) (keySet, error)
	now   func() time.Time
	stale time.Duration // how long keys serve while the issuer cannot be reached

	mu      sync.Mutex
	entries map[place]*entry
}

// entry is one issuer. Its fields are the cache's mutex's.
type entry struct {
	keys    keySet    // nil: never fetched
	fetched time.Time // when keys were
	tried   time.Time // when a fetch last began; zero: never
	used    time.Time
	err     error // of the last fetch
	meant   map[string]meaning
	flight  chan struct{} // closed when the fetch under way ends; nil: none is
}

// meaning is of which family a key id was when it was last seen.
type meaning struct {
	family string
	seen   time.Time
}

// key finds a key of the issuer by its id. Errors are ErrUnreachable, and ErrKey
// when the issuer was asked and has no such key.
func (c *cache) key(ctx context.Context, p *Provider, id string) (publicKey, error) {
	for waited := false; ; waited = true {
		k, wait, err := c.look(p, id, waited)
		if wait == nil {
			return k, err
		}
		select {
		case <-wait:
		case <-ctx.Done():
			return publicKey{}, errors.Join(ErrUnreachable, ctx.Err())
		}
	}
}

// look answers from what is known, or says what to wait for. Who has waited for a
// fetch takes what is there then.
func (c *cache) look(p *Provider, id string, waited bool) (publicKey, <-chan struct{}, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	now := c.now()
	e := c.entry(placeOf(p), now)
	age := now.Sub(e.fetched)
	k, known := e.keys[id]
	fresh := e.keys != nil && age < refresh && age >= 0
	switch {
	case known && fresh:
		if age >= soon {
			c.begin(e, p, now)
		}
		return k, nil, nil
	case !waited && e.flight != nil:
		return k, e.flight, nil
	case !waited && c.begin(e, p, now):
		return k, e.flight, nil
	case known && age < c.stale && e.err != nil:
		return k, nil, nil
	case fresh:
		return k, nil, ErrKey
	case e.err != nil:
		return k, nil, e.err
	}
	return k, nil, ErrUnreachable
}

// begin starts a fetch, unless one runs or the last began too short a time ago. A
// clock that was set back does not stop fetches.
func (c *cache) begin(e *entry, p *Provider, now time.Time) bool {
	if since := now.Sub(e.tried); e.flight != nil || !e.tried.IsZero() && since >= 0 && since < cooldown {
		return false
	}
	done := make(chan struct{})
	e.flight, e.tried = done, now
	provider := *p
	go func() {
		// Not the context of the request: others wait for the same keys, and who gives
		// up must not spoil them. The fetcher bounds the time.
		keys, err := c.fetch(context.Background(), &provider)
		c.mu.Lock()
		defer c.mu.Unlock()
		if e.err = err; err == nil {
			e.fetched = c.now()
			e.keys = e.keep(keys)
		}
		e.flight = nil
		close(done)
	}()
	return true
}

// keep drops the keys whose id meant a key of another family a day ago or less: a
// token signed with the one, which may live as long, must never be measured
// against the other.
func (e *entry) keep(keys keySet) keySet {
	meant := make(map[string]meaning, len(keys))
	for id, m := range e.meant {
		if e.fetched.Sub(m.seen) <= maxLifetime && len(meant) < 10*maxKeys {
			meant[id] = m
		}
	}
	for id, k := range keys {
		if m, known := meant[id]; known && m.family != k.family() {
			delete(keys, id)
			continue
		}
		meant[id] = meaning{k.family(), e.fetched}
	}
	e.meant = meant
	return keys
}

// entry finds or makes an issuer's. The table is bounded: the one that was not
// used for the longest time goes.
func (c *cache) entry(at place, now time.Time) *entry {
	if c.entries == nil {
		c.entries = map[place]*entry{}
	}
	e := c.entries[at]
	if e == nil {
		if len(c.entries) >= maxIssuer {
			c.forget()
		}
		e = &entry{}
		c.entries[at] = e
	}
	e.used = now
	return e
}

func (c *cache) forget() {
	var oldest place
	var since time.Time
	for at, e := range c.entries {
		if since.IsZero() || e.used.Before(since) {
			oldest, since = at, e.used
		}
	}
	delete(c.entries, oldest)
}
