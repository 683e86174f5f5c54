package server

import (
	"net"
	"net/netip"
	"sync"
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
		return &counted{Conn: c, free: func() { b.leave(addr); <-b.places }}, nil
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

type counted struct {
	net.Conn
	once sync.Once
	free func()
}

func (c *counted) Close() error {
	err := c.Conn.Close()
	c.once.Do(c.free)
	return err
}
