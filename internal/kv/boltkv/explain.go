package boltkv

import (
	"errors"
	"fmt"

	"github.com/deputy-sts/deputy/internal/kv"
)

// explain puts bbolt's errors into words that say what to do.
func explain(err error) error {
	switch {
	case errors.Is(err, errHeld):
		return errors.New("another process holds the file: a server is already running on this data directory")
	case errors.Is(err, errNotOpen):
		return kv.ErrClosed
	case errors.Is(err, errInvalid), errors.Is(err, errChecksum), errors.Is(err, errVersion):
		return fmt.Errorf("%w: %w; restore it from a backup", ErrCorrupt, err)
	}
	return err
}
