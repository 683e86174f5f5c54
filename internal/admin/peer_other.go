//go:build !linux

package admin

import "net"

// sameUser relies on the socket's mode and its directory's.
func sameUser(net.Conn) bool { return true }
