//go:build !linux

package boltkv

// networkFS cannot tell here.
func networkFS(string) (string, bool) { return "", false }
