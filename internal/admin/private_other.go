//go:build !unix

package admin

import "net"

// listenPrivate relies on the directory's permissions.
func listenPrivate(path string) (net.Listener, error) { return net.Listen("unix", path) }
