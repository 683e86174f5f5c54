package main

import "testing"

func TestHeapPercent(t *testing.T) {
	for _, c := range []struct {
		inUse uint64
		want  int
	}{{0, 800}, {1 << 20, 800}, {4 << 20, 800}, {8 << 20, 400}, {16 << 20, 200}, {32 << 20, 100}, {1 << 30, 100}} {
		if got := heapPercent(c.inUse); got != c.want {
			t.Errorf("%d bytes in use: %d %%, want %d", c.inUse, got, c.want)
		}
	}
	if heapInUse() == 0 {
		t.Error("nothing is in use")
	}
}
