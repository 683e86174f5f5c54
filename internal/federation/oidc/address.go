package oidc

import (
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// allowList is the setting federation.oidc.allow: the hosts that may have what no
// other may (plain http, a port, a name or an address that is not public).
type allowList map[allowed]bool

type allowed struct {
	host string // lower case; of IPv6 without brackets
	port string // "" is any
}

// readAllowed reads entries of the form HOST or HOST:PORT; a host is a name or an
// address, of IPv6 in brackets.
func readAllowed(entries []string) (allowList, error) {
	list := allowList{}
	for _, entry := range entries {
		host, port := entry, ""
		if h, p, err := net.SplitHostPort(entry); err == nil {
			host, port = h, p
			if !isPort(port) {
				return nil, fmt.Errorf("%q: the port must be a number from 1 to 65535", entry)
			}
		} else {
			host = strings.TrimSuffix(strings.TrimPrefix(entry, "["), "]")
		}
		host = strings.ToLower(host)
		if _, err := netip.ParseAddr(host); err != nil && !isHostName(host) {
			return nil, fmt.Errorf("%q: write a host name or an address, with or without a port", entry)
		}
		list[allowed{host, port}] = true
	}
	return list, nil
}

func (l allowList) has(host, port string) bool {
	host = strings.ToLower(host)
	return l[allowed{host, ""}] || l[allowed{host, port}]
}

func isPort(s string) bool {
	n, err := strconv.ParseUint(s, 10, 16)
	return err == nil && n > 0 && s == strconv.FormatUint(n, 10)
}

// isHostName tells names of DNS (RFC 1123) that nothing could read as an address:
// the last label is not a number in any base.
func isHostName(s string) bool {
	labels := strings.Split(s, ".")
	if len(s) > 253 {
		return false
	}
	for _, l := range labels {
		if l == "" || len(l) > 63 || l[0] == '-' || l[len(l)-1] == '-' {
			return false
		}
		for i := range len(l) {
			c := l[i]
			if !('a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || c == '-' || c == '_') {
				return false
			}
		}
	}
	last := strings.ToLower(labels[len(labels)-1])
	return last[0] < '0' || last[0] > '9'
}

// reservedHosts would give an issuer condition keys that have another meaning.
var reservedHosts = []string{"aws", "iam", "sts", "saml"}

// checkURL says whether a URL may be an issuer's, or of one of its documents:
// https on port 443 of a public name, unless the host is allowed more; nothing in
// it but host and path.
func (l allowList) checkURL(raw string) (*url.URL, error) {
	bad := func(why string) (*url.URL, error) { return nil, fmt.Errorf("%w: %s", ErrIssuer, why) }
	if len(raw) > 2048 || !isPlain(raw) {
		return bad("it is too long, or has characters that URLs do not")
	}
	u, err := url.Parse(raw)
	if err != nil || u.Opaque != "" || u.User != nil || u.RawQuery != "" || u.ForceQuery || u.Fragment != "" || strings.Contains(raw, "#") {
		return bad("it must be scheme, host and path alone")
	}
	host, port := u.Hostname(), u.Port()
	if strings.HasSuffix(u.Host, ":") || port != "" && !isPort(port) || slices.Contains(reservedHosts, strings.ToLower(host)) {
		return bad("its host cannot be used")
	}
	addr, err := netip.ParseAddr(host)
	isAddress := err == nil && addr.Zone() == "" && addr.String() == strings.ToLower(host)
	if !isAddress && !isHostName(host) {
		return bad("its host is neither a name nor an address")
	}
	if u.Scheme != "https" && u.Scheme != "http" {
		return bad("it must begin with https://")
	}
	if l.has(host, portOf(u)) {
		return u, nil
	}
	switch {
	case u.Scheme == "http":
		return bad("it must begin with https://")
	case port != "":
		return bad("it must not have a port")
	case isAddress:
		return bad("its host must be a name")
	}
	return u, nil
}

// portOf is the port that a URL means.
func portOf(u *url.URL) string {
	switch port := u.Port(); {
	case port != "":
		return port
	case u.Scheme == "http":
		return "80"
	}
	return "443"
}

// isPlain tells printable ASCII without blanks, quotes and backslashes.
func isPlain(s string) bool {
	for i := range len(s) {
		if s[i] <= ' ' || s[i] >= 0x7f || strings.IndexByte("\"'<>\\^`{|}", s[i]) >= 0 {
			return false
		}
	}
	return s != ""
}

// special are the networks of IPv4 that are not public (IANA's registry of
// special-purpose addresses), and of IPv6 those within 2000::/3.
var special = prefixes(
	"0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12",
	"192.0.0.0/24", "192.0.2.0/24", "192.31.196.0/24", "192.52.193.0/24", "192.88.99.0/24", "192.168.0.0/16", "192.175.48.0/24",
	"198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4",
	"2001::/23", "2001:db8::/32", "2002::/16", "2620:4f:8000::/48", "3fff::/20",
)

var (
	unicast6 = netip.MustParsePrefix("2000::/3")
	nat64    = netip.MustParsePrefix("64:ff9b::/96")
)

func prefixes(texts ...string) (list []netip.Prefix) {
	for _, t := range texts {
		list = append(list, netip.MustParsePrefix(t))
	}
	return list
}

// isPublic tells addresses of the public internet. One of IPv6 that carries one of
// IPv4 is what that is.
func isPublic(a netip.Addr) bool {
	a = a.Unmap().WithZone("")
	if nat64.Contains(a) {
		b := a.As16()
		a = netip.AddrFrom4([4]byte(b[12:]))
	}
	if a.Is6() && !unicast6.Contains(a) {
		return false
	}
	return a.IsValid() && !slices.ContainsFunc(special, func(p netip.Prefix) bool { return p.Contains(a) })
}

// mayDial says whether a connection may go to the address. Allowed hosts may have
// any but those that no issuer lives at: link-local ones, where clouds hand out
// the credentials of their machines, and those that are no single host.
func mayDial(a netip.Addr, isAllowed bool) bool {
	a = a.Unmap().WithZone("")
	if !isAllowed {
		return isPublic(a)
	}
	if nat64.Contains(a) {
		b := a.As16()
		a = netip.AddrFrom4([4]byte(b[12:]))
	}
	return a.IsValid() && !a.IsUnspecified() && !a.IsMulticast() && !a.IsLinkLocalUnicast() && a != netip.MustParseAddr("255.255.255.255")
}
