package server

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"
)

// bounded accepts no more than so many connections at once; those beyond wait
// in the kernel's queue, and the timeouts free places. One address may have
// only a part of them: its next connection is closed at once, so that it takes
// no place from others.
type bounded struct {
	net.Listener
	places chan struct{}
	done   chan struct{}
	once   sync.Once
	most   func(netip.Addr) int // connections that an address may have

	mu   sync.Mutex
	open map[netip.Addr]int // live connections; no more entries than places
}

func newBounded(l net.Listener, n int, most func(netip.Addr) int) *bounded {
	return &bounded{Listener: l, places: make(chan struct{}, n), done: make(chan struct{}), most: most, open: make(map[netip.Addr]int)}
}

func (b *bounded) Accept() (net.Conn, error) {
	select {
	case b.places <- struct{}{}:
	case <-b.done:
		return nil, net.ErrClosed
	}
	for {
		c, err := b.Listener.Accept()
		if err != nil {
			<-b.places
			return nil, err
		}
		addr := addrOf(c)
		if !b.enter(addr) {
			c.Close()
			continue
		}
		return &counted{
			Conn: c, free: func() { b.leave(addr); <-b.places },
			reads: deadline{set: c.SetReadDeadline}, writes: deadline{set: c.SetWriteDeadline},
		}, nil
	}
}

// addrOf is the other end's address; of other networks than IP it is not valid, and one for all.
func addrOf(c net.Conn) netip.Addr {
	if a, ok := c.RemoteAddr().(*net.TCPAddr); ok {
		return a.AddrPort().Addr().Unmap().WithZone("")
	}
	return netip.Addr{}
}

func (b *bounded) enter(addr netip.Addr) bool {
	most, addr := b.most(addr), network(addr)
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.open[addr] >= most {
		return false
	}
	b.open[addr]++
	return true
}

func (b *bounded) leave(addr netip.Addr) {
	addr = network(addr)
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.open[addr]--; b.open[addr] == 0 {
		delete(b.open, addr)
	}
}

func (b *bounded) Close() error {
	b.once.Do(func() { close(b.done) })
	return b.Listener.Close()
}

// counted is a connection that gives its place back.
//
// While a request is answered net/http reads one byte in the background, to learn
// of a client that hangs up, and ends that read by a deadline in the past. Nothing
// here asks for it, and it costs each request a system call, a turn of the poller
// and two switches of goroutines. So from the reading of the body on quiet is set,
// and that read ends at once, having read nothing. It is the only one of a single
// byte: net/http reads bodies through a buffer.
type counted struct {
	net.Conn
	once sync.Once
	free func()

	quiet atomic.Bool

	mu     sync.Mutex
	reads  deadline
	writes deadline
}

// deadline is that of one direction. The connection learns of it only when there
// is something to wait for.
type deadline struct {
	set   func(time.Time) error // the connection's
	until time.Time             // what it shall be; zero is none
	armed time.Time             // what the connection knows
	under bool                  // a call is under way in the connection
}

// arm tells the connection.
func (d *deadline) arm() error {
	if serves(d.armed, d.until) {
		return nil
	}
	d.armed = d.until
	return d.set(d.until)
}

// coarse is by how much a deadline may strike early. net/http sets seven for each
// request, of which the usual one, whose bytes come at once, waits for none.
const coarse = time.Second

// serves tells whether a deadline that is set does for the one that is wanted.
func serves(armed, wanted time.Time) bool {
	if armed.IsZero() || wanted.IsZero() {
		return armed.IsZero() && wanted.IsZero()
	}
	early := wanted.Sub(armed)
	return early >= 0 && early < coarse
}

type connKey struct{}

// withConn puts a plain connection into the context of its requests.
func withConn(ctx context.Context, c net.Conn) context.Context {
	if c, ok := c.(*counted); ok {
		return context.WithValue(ctx, connKey{}, c)
	}
	return ctx
}

// hush says that the request's head is read: until the answer is out, whoever
// reads one byte is net/http's background read.
func hush(ctx context.Context) {
	if c, ok := ctx.Value(connKey{}).(*counted); ok {
		c.quiet.Store(true)
	}
}

func (c *counted) Read(p []byte) (int, error) {
	if len(p) == 1 && c.quiet.Load() {
		return 0, nil
	}
	if err := c.begin(&c.reads); err != nil {
		return 0, err
	}
	defer c.end(&c.reads)
	return c.Conn.Read(p)
}

func (c *counted) Write(p []byte) (int, error) {
	if err := c.begin(&c.writes); err != nil {
		return 0, err
	}
	defer c.end(&c.writes)
	return c.Conn.Write(p)
}

func (c *counted) begin(d *deadline) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	d.under = true
	return d.arm()
}

func (c *counted) end(d *deadline) {
	c.mu.Lock()
	d.under = false
	c.mu.Unlock()
}

// wait sets a deadline for the calls to come, and at once for one under way.
func (c *counted) wait(d *deadline, until time.Time) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	d.until = until
	if !d.under {
		return nil
	}
	return d.arm()
}

// SetReadDeadline sets the deadline of the reads to come, and at once that of one
// that is under way, as the background read of a request without a body is. One in
// the future is what net/http sets after an answer, for the next request.
func (c *counted) SetReadDeadline(t time.Time) error {
	if t.Year() > 2000 { // neither none nor one long ago, by which net/http begins and ends that read
		c.quiet.Store(false)
	}
	return c.wait(&c.reads, t)
}

// SetWriteDeadline sets the deadline of writes.
func (c *counted) SetWriteDeadline(t time.Time) error { return c.wait(&c.writes, t) }

// SetDeadline sets both.
func (c *counted) SetDeadline(t time.Time) error {
	return errors.Join(c.SetReadDeadline(t), c.SetWriteDeadline(t))
}

func (c *counted) Close() error {
	err := c.Conn.Close()
	c.once.Do(c.free)
	return err
}
