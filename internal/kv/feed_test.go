package kv

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
)

func change(revision int64, size int) Change {
	return Change{Revision: revision, Ops: []Op{{Key: fmt.Sprint(revision), Value: make([]byte, size)}}}
}

// first gives the first change after a revision, or the error instead of it.
func first(f *Feed, after int64) (int64, error) {
	for c, err := range f.Watch(context.Background(), after) {
		return c.Revision, err
	}
	return 0, nil
}

func TestFeedForgets(t *testing.T) {
	f := NewFeed(10, 3)
	if _, err := first(f, 9); !errors.Is(err, ErrCompacted) {
		t.Errorf("before the beginning: %v", err)
	}
	for r := int64(11); r <= 16; r++ {
		f.Append(change(r, 1))
	}
	for after, want := range map[int64]int64{13: 14, 14: 15, 15: 16} {
		if got, err := first(f, after); got != want || err != nil {
			t.Errorf("after %d: %d, %v, want %d", after, got, err, want)
		}
	}
	if _, err := first(f, 12); !errors.Is(err, ErrCompacted) {
		t.Errorf("after 12: %v", err)
	}
}

func TestFeedForgetsByBytes(t *testing.T) {
	f := NewFeed(0, 1000)
	for r := int64(1); r <= 10; r++ {
		f.Append(change(r, historyBytes/4))
	}
	if f.base != 7 || f.bytes > historyBytes {
		t.Errorf("forgotten up to %d, %d bytes remembered", f.base, f.bytes)
	}
	f.Append(change(11, 2*historyBytes)) // the newest is always remembered
	if got, err := first(f, 10); got != 11 || err != nil {
		t.Errorf("after 10: %d, %v", got, err)
	}
}

// Many watchers from different revisions all see the same, in order.
func TestFeedWatchers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := NewFeed(0, 1000)
		var watchers sync.WaitGroup
		for after := range int64(20) {
			watchers.Go(func() {
				last := after
				for c, err := range f.Watch(t.Context(), after) {
					if err != nil {
						if !errors.Is(err, ErrClosed) || last != 100 {
							t.Errorf("after %d: ended at %d with %v", after, last, err)
						}
						return
					}
					if c.Revision != last+1 {
						t.Errorf("after %d: %d after %d", after, c.Revision, last)
					}
					last = c.Revision
				}
			})
		}
		for r := int64(1); r <= 100; r++ {
			f.Append(change(r, 1))
			if r%10 == 0 {
				synctest.Wait()
			}
		}
		f.Close()
		f.Close()
		watchers.Wait()
	})
}

// A revision that has not come yet is waited for.
func TestFeedFutureRevision(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := NewFeed(5, 0)
		got := make(chan int64, 1)
		go func() {
			r, err := first(f, 7)
			if err != nil {
				t.Error(err)
			}
			got <- r
		}()
		for r := int64(6); r <= 8; r++ {
			f.Append(change(r, 1))
			synctest.Wait()
		}
		if r := <-got; r != 8 {
			t.Errorf("the first change after 7 is %d", r)
		}
	})
}
