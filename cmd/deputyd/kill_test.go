package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/deputy-sts/deputy/internal/audit"
	"github.com/deputy-sts/deputy/internal/iamapi"
	"github.com/deputy-sts/deputy/internal/stsapi"
	"github.com/deputy-sts/deputy/sigv4"
)

// ledger is what the server has acknowledged.
type ledger struct {
	mu       sync.Mutex
	users    map[string]bool              // by name
	keys     map[string]sigv4.Credentials // by user name
	requests map[string]string            // request id -> event name
}

func (l *ledger) note(id, event string, more func()) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.requests[id] = event
	if more != nil {
		more()
	}
}

// usersPerRound keeps all rounds of a long run below the quota of users.
const usersPerRound = 20

// write makes users with keys, then sessions, until the server is gone.
func (l *ledger) write(ctx context.Context, x *caller, round, writer int) {
	for i := 0; ; i++ {
		name := fmt.Sprintf("r%d-w%d-%d", round, writer, i)
		if i >= usersPerRound/writers {
			in := &stsapi.AssumeRoleRequest{RoleArn: new("arn:aws:iam::" + testAccount + ":role/target"), RoleSessionName: &name}
			if x.sts.Do(ctx, "AssumeRole", in, new(stsapi.AssumeRoleResponse)) != nil {
				return
			}
			l.note(x.id, "AssumeRole", nil)
			continue
		}
		if x.iam.Do(ctx, "CreateUser", &iamapi.CreateUserRequest{UserName: &name}, new(iamapi.CreateUserResponse)) != nil {
			return
		}
		l.note(x.id, "CreateUser", func() { l.users[name] = true })
		out := new(iamapi.CreateAccessKeyResponse)
		if x.iam.Do(ctx, "CreateAccessKey", &iamapi.CreateAccessKeyRequest{UserName: &name}, out) != nil {
			return
		}
		l.note(x.id, "CreateAccessKey", func() {
			l.keys[name] = sigv4.Credentials{AccessKeyID: *out.AccessKey.AccessKeyId, SecretAccessKey: *out.AccessKey.SecretAccessKey}
		})
	}
}

const writers = 4

// TestSec_G16_KillUnderWrites kills the server without warning while clients
// write, again and again: what it acknowledged is there after each restart, and
// stands in the trail once.
func TestSec_G16_KillUnderWrites(t *testing.T) {
	kills, until := 20, time.Now().Add(15*time.Second)
	switch {
	case os.Getenv("DEPUTY_LONG") != "":
		kills, until = 200, time.Now().Add(time.Hour)
	case testing.Short():
		kills = 2
	}
	dir := filepath.Join(t.TempDir(), "d")
	l := &ledger{users: map[string]bool{}, keys: map[string]sigv4.Credentials{}, requests: map[string]string{}}
	var slowest time.Duration
	done := 0
	for ; done < kills && time.Now().Before(until); done++ {
		p := serving(t, dir)
		if done == 0 {
			prepare(t, p)
		} else if slowest = max(slowest, p.started); p.started > 5*time.Second {
			t.Errorf("restart %d took %v", done, p.started)
		}
		l.compare(t, p)
		var wg sync.WaitGroup
		for writer := range writers {
			x := p.caller(testAdmin)
			wg.Go(func() { l.write(t.Context(), x, done, writer) })
		}
		time.Sleep(time.Duration(20+rand.IntN(180)) * time.Millisecond)
		p.kill()
		wg.Wait()
		if t.Failed() {
			t.Fatalf("round %d: %s", done, p.log)
		}
	}
	p := serving(t, dir)
	l.compare(t, p)
	p.end(t)
	l.trail(t, filepath.Join(dir, "audit.log"))
	t.Logf("%d kills, %d users, %d requests acknowledged; slowest restart to /readyz %v", done, len(l.users), len(l.requests), slowest)
	if len(l.users) == 0 || len(l.requests) <= 2*len(l.users) && !testing.Short() {
		t.Error("hardly anything was written")
	}
}

// prepare makes the role that the writers assume.
func prepare(t *testing.T, p *process) {
	t.Helper()
	trust := `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":{"AWS":"` + testAccount + `"},"Action":"sts:AssumeRole"}}`
	check(t, p.caller(testAdmin).iam.Do(t.Context(), "CreateRole", &iamapi.CreateRoleRequest{RoleName: new("target"), AssumeRolePolicyDocument: &trust}, new(iamapi.CreateRoleResponse)))
}

// compare looks for every acknowledged user, and tries every key of the last rounds.
func (l *ledger) compare(t *testing.T, p *process) {
	t.Helper()
	there := map[string]bool{}
	x := p.caller(testAdmin)
	for in := (&iamapi.ListUsersRequest{MaxItems: new(1000)}); ; {
		out := new(iamapi.ListUsersResponse)
		check(t, x.iam.Do(t.Context(), "ListUsers", in, out))
		for _, u := range out.Users {
			there[*u.UserName] = true
		}
		if in.Marker = out.Marker; in.Marker == nil {
			break
		}
	}
	for name := range l.users {
		if !there[name] {
			t.Errorf("user %s was acknowledged and is lost", name)
		}
	}
	tried := 0
	for name, c := range l.keys { // in the map's random order, so that over the rounds all are tried
		if tried++; tried > 2*usersPerRound {
			break
		}
		out := new(stsapi.GetCallerIdentityResponse)
		if err := p.caller(c).sts.Do(t.Context(), "GetCallerIdentity", new(stsapi.GetCallerIdentityRequest), out); err != nil || !strings.HasSuffix(*out.Arn, ":user/"+name) {
			t.Errorf("the key of %s was acknowledged and is %v: %v", name, out.Arn, err)
		}
	}
}

// trail looks for every acknowledged request in the trail, which is whole.
func (l *ledger) trail(t *testing.T, path string) {
	t.Helper()
	data, err := os.ReadFile(path)
	check(t, err)
	report, err := audit.Verify(strings.NewReader(string(data)))
	if err != nil {
		t.Errorf("%v, after %d lines", err, report.Lines)
	}
	seen := map[string]int{}
	for line := range strings.Lines(string(data)) {
		if strings.Contains(line, `"errorCode"`) {
			continue
		}
		_, rest, _ := strings.Cut(line, `"requestID":"`)
		id, _, _ := strings.Cut(rest, `"`)
		_, rest, _ = strings.Cut(line, `"eventName":"`)
		event, _, _ := strings.Cut(rest, `"`)
		if l.requests[id] == event {
			seen[id]++
		}
	}
	for id, event := range l.requests {
		if seen[id] != 1 {
			t.Errorf("%s %s stands %d times in the trail", event, id, seen[id])
		}
	}
}
