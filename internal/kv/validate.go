package kv

import (
	"fmt"
	"slices"
)

// CloneOps is what an engine does first with the arguments of a Commit: it
// refuses what no engine could keep (an empty or too long key, a too long
// value, a key in two ops) and copies the ops, so that what the caller does
// with its buffers later touches neither the store nor a watcher.
func CloneOps(checks []Check, ops []Op) ([]Op, error) {
	for _, c := range checks {
		if err := validKey(c.Key); err != nil {
			return nil, err
		}
		if c.Revision < 0 {
			return nil, fmt.Errorf("kv: check of key %q with the negative revision %d", c.Key, c.Revision)
		}
	}
	out := make([]Op, len(ops))
	for i, op := range ops {
		if err := validKey(op.Key); err != nil {
			return nil, err
		}
		if len(op.Value) > MaxValue {
			return nil, fmt.Errorf("kv: the value of key %q has %d bytes, at most %d fit", op.Key, len(op.Value), MaxValue)
		}
		out[i] = Op{Key: op.Key, Delete: op.Delete}
		if !op.Delete {
			out[i].Value = append(make([]byte, 0, len(op.Value)), op.Value...)
		}
	}
	if key, twice := repeated(ops); twice {
		return nil, fmt.Errorf("kv: key %q stands in two operations of one commit", key)
	}
	return out, nil
}

func validKey(key string) error {
	if key == "" || len(key) > MaxKey {
		return fmt.Errorf("kv: a key of %d bytes, 1 to %d fit", len(key), MaxKey)
	}
	return nil
}

// repeated finds a key that stands in two ops. Most commits have a handful of
// ops, for which a set would cost more than it saves.
func repeated(ops []Op) (string, bool) {
	if len(ops) <= 8 {
		for i := range ops {
			for j := range i {
				if ops[i].Key == ops[j].Key {
					return ops[i].Key, true
				}
			}
		}
		return "", false
	}
	keys := make([]string, len(ops))
	for i := range ops {
		keys[i] = ops[i].Key
	}
	slices.Sort(keys)
	for i := 1; i < len(keys); i++ {
		if keys[i] == keys[i-1] {
			return keys[i], true
		}
	}
	return "", false
}
