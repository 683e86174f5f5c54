package main

import "golang.org/x/sys/unix"

// protectMemory keeps keys out of core dumps and away from other processes of
// the same user; where the kernel refuses, the service still runs.
func protectMemory() {
	_ = unix.Setrlimit(unix.RLIMIT_CORE, &unix.Rlimit{})
	_ = unix.Prctl(unix.PR_SET_DUMPABLE, 0, 0, 0, 0)
}
