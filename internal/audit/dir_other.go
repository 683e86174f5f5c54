//go:build !unix

package audit

// syncDir does nothing: directories cannot be synced here.
func syncDir(string) error { return nil }
