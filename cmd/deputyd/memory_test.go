//go:build linux

package main

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"testing"
)

// TestSec_F13_NoCoreDumps: a crash writes no keys to a disk.
func TestSec_F13_NoCoreDumps(t *testing.T) {
	p := serving(t, filepath.Join(t.TempDir(), "d"))
	limits, err := os.ReadFile(fmt.Sprintf("/proc/%d/limits", p.cmd.Process.Pid))
	if err != nil {
		t.Skip(err) // the kernel keeps what is not dumpable even from its own user
	}
	if !regexp.MustCompile(`Max core file size\s+0\s+0\s`).Match(limits) {
		t.Errorf("%s", limits)
	}
	p.end(t)
}
