package boltkv

import (
	"bufio"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/deputy-sts/deputy/internal/kv"
)

// killedStore names the store that the test binary writes, as a child, until it
// is killed.
const killedStore = "DEPUTY_TEST_KILLED_STORE"

const writers = 8

func TestMain(m *testing.M) {
	if path := os.Getenv(killedStore); path != "" {
		fmt.Println("failed:", writeForEver(path))
		os.Exit(1)
	}
	os.Exit(m.Run())
}

// writeForEver counts in pairs of records, one pair for each writer, and prints
// what was acknowledged.
func writeForEver(path string) error {
	s, err := Open(path, Options{})
	if err != nil {
		return err
	}
	all, _, err := s.Load(context.Background())
	if err != nil {
		return err
	}
	start := map[string]kv.Record{}
	for r, err := range all {
		if err != nil {
			return err
		}
		start[r.Key] = r
	}
	fmt.Println("ready")
	failed := make(chan error)
	for w := range writers {
		go func() {
			left, right := fmt.Sprint("left/", w), fmt.Sprint("right/", w)
			n, _ := strconv.Atoi(string(start[left].Value))
			revision := start[left].Revision
			for {
				n++
				checks := []kv.Check{{Key: left, Revision: revision}, {Key: right, Revision: revision}}
				// The filler comes and goes, so that pages split and merge.
				filler := kv.Op{Key: fmt.Sprintf("filler/%d/%d", w, n%50), Value: make([]byte, n*7%3000), Delete: n%3 == 0}
				ops := []kv.Op{put(left, strconv.Itoa(n)), filler, put(right, strconv.Itoa(n))}
				r, err := s.Commit(context.Background(), checks, ops)
				if err != nil {
					failed <- err
					return
				}
				revision = r
				fmt.Printf("%d %d %d\n", w, n, r)
			}
		}()
	}
	return <-failed
}

// Nothing acknowledged is lost and nothing is half there, however often the
// process is killed while it writes. 30 kills, 5 with -short, 200 with
// DEPUTY_LONG=1, all on one store.
func TestKill9(t *testing.T) {
	rounds := 30
	switch {
	case os.Getenv("DEPUTY_LONG") != "":
		rounds = 200
	case testing.Short():
		rounds = 5
	}
	path := filepath.Join(t.TempDir(), "store.db")
	var counts [writers]int // what each writer must have come to
	var revision int64
	for round := range rounds {
		killed(t, path, &counts, &revision)
		start := time.Now()
		s, err := Open(path, Options{})
		if err != nil {
			t.Fatalf("round %d: %v", round, err)
		}
		if took := time.Since(start); took > 5*time.Second {
			t.Errorf("round %d: opened after %v", round, took)
		}
		intact(t, s, &counts, revision)
		s.Close()
		if t.Failed() {
			t.Fatalf("in round %d", round)
		}
	}
	t.Logf("%d kills, the last revision acknowledged is %d", rounds, revision)
}

// killed lets a child write for a while, kills it and notes what it said was
// acknowledged.
func killed(t *testing.T, path string, counts *[writers]int, revision *int64) {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), killedStore+"="+path)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(out)
	if !lines.Scan() || lines.Text() != "ready" {
		cmd.Process.Kill()
		cmd.Wait()
		t.Fatalf("the child says %q", lines.Text())
	}
	killer := time.AfterFunc(time.Duration(rand.IntN(60_000))*time.Microsecond, func() { cmd.Process.Kill() })
	defer killer.Stop()
	for lines.Scan() {
		var w, n int
		var r int64
		if _, err := fmt.Sscan(lines.Text(), &w, &n, &r); err != nil {
			if strings.HasPrefix(lines.Text(), "failed") {
				t.Fatalf("the child says %q", lines.Text())
			}
			continue // the line that the kill cut
		}
		counts[w] = n
		*revision = max(*revision, r)
	}
	cmd.Wait()
}

// intact compares a reopened store with what was acknowledged: each writer may
// have got one commit further than it could say. counts becomes what is there.
func intact(t *testing.T, s *Store, counts *[writers]int, revision int64) {
	t.Helper()
	all, at, err := s.Load(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]kv.Record{}
	for r, err := range all {
		if err != nil {
			t.Fatal(err)
		}
		got[r.Key] = r
	}
	if at < revision {
		t.Errorf("at revision %d, %d was acknowledged", at, revision)
	}
	for w, n := range counts {
		left, right := got[fmt.Sprint("left/", w)], got[fmt.Sprint("right/", w)]
		if string(left.Value) != string(right.Value) || left.Revision != right.Revision {
			t.Errorf("writer %d: half a commit, %s at %d and %s at %d", w, left.Value, left.Revision, right.Value, right.Revision)
		}
		have, _ := strconv.Atoi(string(left.Value))
		if have < n || have > n+1 {
			t.Errorf("writer %d: %d, acknowledged %d", w, have, n)
		}
		counts[w] = have
	}
}
