//go:build unix

package admin

import (
	"net"
	"os"

	"golang.org/x/sys/unix"
)

// listenPrivate makes the socket with mode 0600 from its first moment.
func listenPrivate(path string) (net.Listener, error) {
	old := unix.Umask(0o177)
	l, err := net.Listen("unix", path)
	unix.Umask(old)
	if err != nil {
		return nil, err
	}
	if err := os.Chmod(path, 0o600); err != nil {
		l.Close()
		return nil, err
	}
	return l, nil
}
