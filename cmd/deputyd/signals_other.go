//go:build !unix

package main

import (
	"os"
	"os/exec"
)

var endSignals = []os.Signal{os.Interrupt}

func exitCode(e *exec.ExitError) int { return e.ExitCode() }
