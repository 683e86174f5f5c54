package boltkv

import "go.etcd.io/bbolt/errors"

// bbolt's errors under names of their own, in a file of their own: their
// package is called errors as well.
var (
	errHeld     = errors.ErrTimeout
	errNotOpen  = errors.ErrDatabaseNotOpen
	errInvalid  = errors.ErrInvalid
	errChecksum = errors.ErrChecksum
	errVersion  = errors.ErrVersionMismatch
)
