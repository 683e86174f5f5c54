package directory

import (
	"context"
	"strings"
	"sync"
	"time"

	"github.com/deputy-sts/deputy/internal/kv"
)

// Pending is an audit line that was committed with its change and is not yet
// known to be written.
type Pending struct {
	ID   string
	Line []byte // not to be altered
}

// Pending lists the audit lines of the view in the order of their ids.
func (d *Directory) Pending() []Pending {
	var all []Pending
	d.View().small.Ascend("outbox/", func(key string, s small) bool {
		id, ok := strings.CutPrefix(key, "outbox/")
		if ok {
			all = append(all, Pending{id, s.data})
		}
		return ok
	})
	return all
}

// Drop deletes audit lines that have been written. It does not wait: the deletes
// ride with the next commit, or go alone within a tenth of a second.
func (d *Directory) Drop(ids ...string) {
	if len(ids) == 0 {
		return
	}
	d.drops.add(ids)
	d.drops.signal()
}

// drops are the ids of lines to delete, each once.
type drops struct {
	mu   sync.Mutex
	ids  map[string]bool
	wake chan struct{}
}

func (q *drops) add(ids []string) {
	if len(ids) == 0 {
		return
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.ids == nil {
		q.ids = map[string]bool{}
	}
	for _, id := range ids {
		q.ids[id] = true
	}
}

// take gives at most n ids, none of which t writes itself.
func (q *drops) take(n int, t *Tx) []string {
	q.mu.Lock()
	defer q.mu.Unlock()
	var taken []string
	for id := range q.ids {
		if len(taken) >= n {
			break
		}
		if t == nil || t.pending(outboxKey(id)) == nil {
			taken = append(taken, id)
			delete(q.ids, id)
		}
	}
	return taken
}

func (q *drops) signal() {
	select {
	case q.wake <- struct{}{}:
	default:
	}
}

// flushDrops writes the drops that no commit has taken along.
func (d *Directory) flushDrops(ctx context.Context) {
	pause := func(t time.Duration) bool {
		select {
		case <-ctx.Done():
			return false
		case <-time.After(t):
			return true
		}
	}
	for {
		select {
		case <-ctx.Done():
			return
		case <-d.drops.wake:
		}
		if !pause(80 * time.Millisecond) {
			return
		}
		if err := d.writeDrops(ctx); err != nil && ctx.Err() == nil {
			d.log.Warn("audit lines that were written stay in the store for now", "error", err)
			if !pause(time.Second) {
				return
			}
			d.drops.signal()
		}
	}
}

// writeDrops deletes all that wait to be deleted.
func (d *Directory) writeDrops(ctx context.Context) error {
	for {
		ids := d.drops.take(maxOps, nil)
		if len(ids) == 0 {
			return nil
		}
		ops := make([]kv.Op, 0, len(ids))
		for _, id := range ids {
			ops = append(ops, kv.Op{Key: outboxKey(id), Delete: true})
		}
		if _, err := d.store.Commit(ctx, nil, ops); err != nil {
			d.drops.add(ids)
			return err
		}
	}
}
