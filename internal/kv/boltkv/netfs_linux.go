package boltkv

import "syscall"

// networkFSs are the magic numbers of file systems that lie behind a network
// (statfs(2), linux/magic.h).
var networkFSs = map[uint32]string{
	0x6969:     "NFS",
	0x517b:     "SMB",
	0xff534d42: "CIFS",
	0xfe534d42: "SMB2",
	0x5346414f: "AFS",
	0x00c36400: "Ceph",
	0x564c:     "NCP",
	0x73757245: "Coda",
	0x47504653: "GPFS",
	0x0bd00bd0: "Lustre",
}

// networkFS names the network file system that dir lies on. A directory that
// cannot be asked is no network file system: opening the file will tell.
func networkFS(dir string) (string, bool) {
	var st syscall.Statfs_t
	if syscall.Statfs(dir, &st) != nil {
		return "", false
	}
	name, ok := networkFSs[uint32(st.Type)]
	return name, ok
}
