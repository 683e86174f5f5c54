package directory

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// What may be used once (an assertion of an identity provider) is noted under its
// name and the instant after which it is not accepted anyway:
// spent/<unix seconds>/<name>. The instant is part of the key so that notes that
// have served lie first.

// sweep is how many such notes a commit takes along.
const sweep = 32

// keepSpent is for how long a note outlives its instant: longer than the clocks of
// two nodes can differ.
const keepSpent = 15 * time.Minute

func spentKey(until time.Time, name string) string {
	return fmt.Sprintf("spent/%012d/%s", until.Unix(), name)
}

// Spend notes that name, which is not accepted after until, was used, and tells
// whether it is so for the first time. The same name must come with the same
// instant always. Of commits that spend the same at once, one succeeds. It also
// takes old notes out of the store; now is the time.
func (t *Tx) Spend(name string, until, now time.Time) bool {
	key := spentKey(until, name)
	if _, used := t.view.small.Get(key); used || t.pending(key) != nil {
		return false
	}
	t.require(key, 0)
	t.blind(put{key: key, data: []byte("1")})
	old := 0
	t.view.small.Ascend("spent/", func(key string, _ small) bool {
		rest, ok := strings.CutPrefix(key, "spent/")
		at, _, _ := strings.Cut(rest, "/")
		seconds, err := strconv.ParseInt(at, 10, 64)
		if !ok || err != nil || old == sweep || !now.After(time.Unix(seconds, 0).Add(keepSpent)) {
			return false
		}
		old++
		t.clear(key)
		return true
	})
	return true
}

// Spent tells whether name was spent; see Tx.Spend.
func (v *View) Spent(name string, until time.Time) bool {
	_, used := v.small.Get(spentKey(until, name))
	return used
}
