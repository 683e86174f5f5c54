package admin

import (
	"net"
	"os"

	"golang.org/x/sys/unix"
)

// sameUser says whether the other end is a process of this user, or of root.
// The socket's mode says the same; this holds also when somebody altered it.
func sameUser(c net.Conn) bool {
	socket, ok := c.(*net.UnixConn)
	if !ok {
		return false
	}
	raw, err := socket.SyscallConn()
	if err != nil {
		return false
	}
	same := false
	err = raw.Control(func(fd uintptr) {
		peer, err := unix.GetsockoptUcred(int(fd), unix.SOL_SOCKET, unix.SO_PEERCRED)
		same = err == nil && (peer.Uid == 0 || int(peer.Uid) == os.Geteuid())
	})
	return err == nil && same
}
