package memkv

import (
	"testing"

	"github.com/deputy-sts/deputy/internal/kv"
	"github.com/deputy-sts/deputy/internal/kv/kvtest"
)

func TestStore(t *testing.T) {
	kvtest.Run(t, func(*testing.T) kv.Store { return NewBounded(kvtest.History) })
}
