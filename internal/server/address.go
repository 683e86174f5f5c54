package server

import (
	"net/http"
	"net/netip"
	"strings"
)

// clientAddr is the address the request comes from: the connection's, or, when
// that is a trusted proxy's, the right-most address of X-Forwarded-For that is
// no trusted proxy. Nothing else a client sends can change it.
func (s *Server) clientAddr(r *http.Request) netip.Addr {
	peer := parseAddr(r.RemoteAddr)
	if len(s.cfg.TrustedProxies) == 0 || !s.trusted(peer) {
		return peer
	}
	lines := r.Header["X-Forwarded-For"]
	last := peer
	for i := len(lines) - 1; i >= 0; i-- {
		rest := lines[i]
		for rest != "" {
			var hop string
			if at := strings.LastIndexByte(rest, ','); at >= 0 {
				rest, hop = rest[:at], rest[at+1:]
			} else {
				rest, hop = "", rest
			}
			addr := parseAddr(strings.TrimSpace(hop))
			if !addr.IsValid() {
				return last // what stands left of an unreadable hop proves nothing
			}
			if !s.trusted(addr) {
				return addr
			}
			last = addr
		}
	}
	return last
}

// secure says whether the client's own connection was TLS; a trusted proxy
// says it for the client.
func (s *Server) secure(r *http.Request) bool {
	if len(s.cfg.TrustedProxies) > 0 && s.trusted(parseAddr(r.RemoteAddr)) {
		if proto := r.Header["X-Forwarded-Proto"]; len(proto) == 1 {
			return proto[0] == "https"
		}
	}
	return r.TLS != nil
}

func (s *Server) trusted(addr netip.Addr) bool {
	for _, p := range s.cfg.TrustedProxies {
		if p.Contains(addr) {
			return true
		}
	}
	return false
}

// parseAddr reads an address with or without port; IPv4 in IPv6 is IPv4 (CVE-2024-24790).
func parseAddr(s string) netip.Addr {
	if ap, err := netip.ParseAddrPort(s); err == nil {
		return ap.Addr().Unmap().WithZone("")
	}
	addr, err := netip.ParseAddr(strings.Trim(s, "[]"))
	if err != nil {
		return netip.Addr{}
	}
	return addr.Unmap().WithZone("")
}

// network is whom an address is counted as: one customer holds at least a /64 of IPv6.
func network(addr netip.Addr) netip.Addr {
	if !addr.Is6() || addr.IsLoopback() {
		return addr
	}
	p, _ := addr.Prefix(64)
	return p.Addr()
}

// connectionsOf is how many connections the address may have at once. The
// machine's own clients and the proxies that speak for many get more.
func (s *Server) connectionsOf(addr netip.Addr) int {
	if !addr.IsValid() || addr.IsLoopback() || s.trusted(addr) {
		return maxConnectionsNear
	}
	return maxConnectionsEach
}
