package server

import (
	"crypto/tls"
	"fmt"
	"os"
	"sync"
	"time"
)

// certificateAge is how long a loaded certificate is used before its files are looked at again.
const certificateAge = 10 * time.Second

// TLS gives a configuration whose certificate is read again when its files
// change, so that a renewed one is used without a restart. A pair that can't be
// read keeps the old one in use, and failed is told why, once for each change of
// the files. TLS 1.2 is the oldest version.
func TLS(certFile, keyFile string, now func() time.Time, failed func(error)) (*tls.Config, error) {
	if now == nil {
		now = time.Now
	}
	c := &certificate{cert: certFile, key: keyFile, now: now, failed: failed}
	if err := c.load(); err != nil {
		return nil, err
	}
	return &tls.Config{MinVersion: tls.VersionTLS12, GetCertificate: c.get}, nil
}

type certificate struct {
	cert, key string
	now       func() time.Time
	failed    func(error)

	mu      sync.Mutex
	pair    *tls.Certificate
	looked  time.Time
	changed [2]time.Time
}

func (c *certificate) get(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if now := c.now(); now.Sub(c.looked) > certificateAge {
		c.looked = now
		if changed, err := c.modified(); err == nil && changed != c.changed {
			if err := c.read(changed); err != nil { // the old pair stays in use
				c.changed = changed
				c.failed(err)
			}
		}
	}
	return c.pair, nil
}

func (c *certificate) load() error {
	changed, err := c.modified()
	if err != nil {
		return err
	}
	c.looked = c.now()
	return c.read(changed)
}

func (c *certificate) modified() (at [2]time.Time, err error) {
	for i, file := range []string{c.cert, c.key} {
		info, err := os.Stat(file)
		if err != nil {
			return at, err
		}
		at[i] = info.ModTime()
	}
	return at, nil
}

func (c *certificate) read(changed [2]time.Time) error {
	pair, err := tls.LoadX509KeyPair(c.cert, c.key)
	if err != nil {
		return fmt.Errorf("certificate %s with key %s: %w", c.cert, c.key, err)
	}
	c.pair, c.changed = &pair, changed
	return nil
}
