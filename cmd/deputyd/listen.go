package main

import (
	"errors"
	"fmt"
	"net"
	"net/netip"

	"github.com/deputy-sts/deputy/internal/cli"
)

// listen opens the address. Without TLS only loopback is accepted, unless
// plain http was asked for by name: secrets and tokens would pass in clear.
func listen(addr string, secured, insecure bool) (net.Listener, error) {
	host, _, err := net.SplitHostPort(addr)
	if err != nil {
		return nil, usage(fmt.Errorf("--listen %s: %w", addr, err), "give an address and a port, such as 127.0.0.1:8080")
	}
	if !secured && !insecure && !loopback(host) {
		return nil, usage(fmt.Errorf("--listen %s: plain http beyond loopback is refused", addr),
			"give --tls-cert and --tls-key, or --insecure-http behind a TLS proxy")
	}
	l, err := net.Listen("tcp", addr)
	if err != nil {
		var op *net.OpError
		if errors.As(err, &op) {
			err = op.Err
		}
		return nil, cli.Hint(fmt.Errorf("--listen %s: %w", addr, err), "choose another --listen address; port 0 takes a free port")
	}
	return l, nil
}

func loopback(host string) bool {
	if host == "localhost" {
		return true
	}
	addr, err := netip.ParseAddr(host)
	return err == nil && addr.Unmap().IsLoopback()
}
