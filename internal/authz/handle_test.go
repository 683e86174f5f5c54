package authz

import (
	"context"
	"encoding/json"
	"errors"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/deputy-sts/deputy/internal/audit"
	"github.com/deputy-sts/deputy/internal/directory"
	"github.com/deputy-sts/deputy/internal/iamapi"
	"github.com/deputy-sts/deputy/internal/kv/memkv"
	"github.com/deputy-sts/deputy/internal/query"
	"github.com/deputy-sts/deputy/internal/seal"
	"github.com/deputy-sts/deputy/internal/stsapi"
)

const account = "111122223333"

// room is a gate over a directory in memory, with a user who may do everything.
type room struct {
	t    *testing.T
	dir  *directory.Directory
	path string
	log  *audit.Writer
	gate *Gate
	user *directory.User
}

func newRoom(t *testing.T) *room {
	t.Helper()
	key, err := seal.NewKey()
	check(t, err)
	ring, err := seal.NewRing(key)
	check(t, err)
	r := &room{t: t, path: filepath.Join(t.TempDir(), "audit.jsonl")}
	r.dir, err = directory.Open(t.Context(), memkv.New(), ring, directory.Options{})
	check(t, err)
	t.Cleanup(func() { r.dir.Close() })
	r.open(false)
	r.put(func(tx *directory.Tx) {
		tx.PutAccount(nil, &directory.Account{ID: account})
		r.user = &directory.User{Account: account, Name: "alice", Path: "/", ID: "AIDAALICE", AccessKeys: []string{"AKIAALICE"}, Inline: []*directory.Inline{{Name: "all", Text: allow}}}
		tx.PutUser(nil, r.user)
		tx.PutKey(nil, &directory.AccessKey{ID: "AKIAALICE", Account: account, UserID: "AIDAALICE", Active: true})
	})
	return r
}

// open begins to write the audit anew and makes a gate over it.
func (r *room) open(unaudited bool) {
	r.t.Helper()
	var err error
	r.log, err = audit.Open(r.path, audit.Options{Sync: audit.SyncInterval})
	check(r.t, err)
	r.t.Cleanup(func() { r.log.Close() })
	r.gate, err = New(Options{Directory: r.dir, Audit: r.log, ContinueUnaudited: unaudited})
	check(r.t, err)
}

const allow = `{"Version":"2012-10-17","Statement":{"Sid":"All","Effect":"Allow","Action":"*","Resource":"*"}}`

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func (r *room) put(f func(*directory.Tx)) {
	r.t.Helper()
	tx := r.dir.Begin(false)
	f(&tx)
	_, err := r.dir.Commit(context.Background(), &tx)
	check(r.t, err)
}

func (r *room) edit(f func(*directory.User)) {
	r.t.Helper()
	r.put(func(tx *directory.Tx) {
		old := tx.User(account, "alice")
		now := old.Clone()
		f(now)
		tx.PutUser(old, now)
	})
}

func (r *room) principal() *directory.Principal {
	u := r.dir.View().UserByID("AIDAALICE")
	return &directory.Principal{Kind: directory.UserKind, Account: account, ARN: u.ARN(), ID: u.ID, User: u, AccessKeyID: "AKIAALICE"}
}

// serve registers h for the action alone, and calls it as the principal.
func serve[I, O any](r *room, p *directory.Principal, api *query.API, action string, h func(context.Context, *Call, *I) (*O, error), form url.Values) error {
	r.t.Helper()
	m := query.NewMux[*Call](api)
	Handle(m, action, h)
	params, err := query.ParseForm("POST", "", "application/x-www-form-urlencoded", []byte(form.Encode()))
	check(r.t, err)
	c := r.gate.NewCall(Request{
		Principal: p, RequestID: "req-1", Service: api.Name, Action: action, Region: "us-east-1",
		UserAgent: "test\nagent", SourceIP: netip.MustParseAddr("192.0.2.7"), TLS: true, TLSVersion: "TLSv1.3", Cipher: "TLS_AES_128_GCM_SHA256", Host: "deputy.test",
	})
	defer c.Release()
	_, err = m.Serve(r.t.Context(), c, api.Op(action), params)
	return err
}

type (
	createIn  = iamapi.CreateGroupRequest
	createOut = iamapi.CreateGroupResponse
)

// createGroup is a handler as iam has them.
func createGroup(_ context.Context, c *Call, in *createIn) (*createOut, error) {
	name := "arn:aws:iam::" + account + ":group/" + *in.GroupName
	if err := c.Authorize(Resource{ARN: name}); err != nil {
		return nil, err
	}
	c.NoteResource(name, account, "AWS::IAM::Group")
	if c.Tx.Group(account, *in.GroupName) != nil {
		return nil, iamapi.EntityAlreadyExists.Errorf("Group with name %s already exists.", *in.GroupName)
	}
	c.Tx.PutGroup(nil, &directory.Group{Account: account, Name: *in.GroupName, Path: "/", ID: "AGPA" + *in.GroupName})
	return &createOut{Group: &iamapi.Group{GroupName: in.GroupName, Arn: &name}}, nil
}

func (r *room) create(name string, h func(context.Context, *Call, *createIn) (*createOut, error)) error {
	r.t.Helper()
	return serve(r, r.principal(), &iamapi.API, "CreateGroup", h, url.Values{"GroupName": {name}})
}

func (r *room) exists(name string) bool { return r.dir.View().Group(account, name) != nil }

// lines closes the audit and reads it.
func (r *room) lines() (events []map[string]any) {
	r.t.Helper()
	r.log.Close()
	b, err := os.ReadFile(r.path)
	check(r.t, err)
	if _, err := audit.Verify(strings.NewReader(string(b))); err != nil {
		r.t.Error(err)
	}
	for line := range strings.Lines(string(b)) {
		var m map[string]any
		check(r.t, json.Unmarshal([]byte(line), &m))
		events = append(events, m)
	}
	return events
}

func code(err error) string {
	if e, ok := errors.AsType[*query.Error](err); ok {
		return e.Name
	}
	if err != nil {
		return "InternalFailure"
	}
	return ""
}

// TestEveryAnswerAsks has a handler of each class answer without asking: nothing
// is answered and nothing changes.
func TestEveryAnswerAsks(t *testing.T) {
	r := newRoom(t)
	err := r.create("unasked", func(_ context.Context, c *Call, in *createIn) (*createOut, error) {
		c.Tx.PutGroup(nil, &directory.Group{Account: account, Name: "unasked", Path: "/", ID: "AGPAX"})
		return &createOut{}, nil
	})
	if err != errUnasked || r.exists("unasked") {
		t.Errorf("a change without asking: %v", err)
	}
	err = serve(r, r.principal(), &iamapi.API, "GetGroup", func(context.Context, *Call, *iamapi.GetGroupRequest) (*iamapi.GetGroupResponse, error) {
		return &iamapi.GetGroupResponse{}, nil
	}, url.Values{"GroupName": {"x"}})
	if err != errUnasked {
		t.Errorf("a read without asking: %v", err)
	}
	err = serve(r, r.principal(), &stsapi.API, "GetSessionToken", func(context.Context, *Call, *stsapi.GetSessionTokenRequest) (*stsapi.GetSessionTokenResponse, error) {
		return &stsapi.GetSessionTokenResponse{}, nil
	}, nil)
	if err != errUnasked {
		t.Errorf("credentials without asking: %v", err)
	}
	// AssumeRole must besides apply the rule of credential kinds itself.
	err = serve(r, r.principal(), &stsapi.API, "AssumeRole", func(_ context.Context, c *Call, _ *stsapi.AssumeRoleRequest) (*stsapi.AssumeRoleResponse, error) {
		c.Exempt("forgetful")
		return &stsapi.AssumeRoleResponse{}, nil
	}, url.Values{"RoleArn": {"arn:aws:iam::111122223333:role/x"}, "RoleSessionName": {"xx"}})
	if err != errUnasked {
		t.Errorf("AssumeRole without the rule of callers: %v", err)
	}
	// And an error needs no permission.
	err = r.create("x", func(context.Context, *Call, *createIn) (*createOut, error) {
		return nil, iamapi.EntityAlreadyExists.Errorf("x")
	})
	if code(err) != "EntityAlreadyExists" {
		t.Error(err)
	}
}

// TestUnsigned lets nobody without a signature into an action that takes one.
func TestUnsigned(t *testing.T) {
	r := newRoom(t)
	err := serve(r, nil, &iamapi.API, "CreateGroup", createGroup, url.Values{"GroupName": {"x"}})
	if code(err) != "MissingAuthenticationToken" || r.exists("x") {
		t.Error(err)
	}
}

// TestConflict lets another change come between decision and commit.
func TestConflict(t *testing.T) {
	between := func(r *room, f func()) (tries int, err error) {
		err = r.create("late", func(ctx context.Context, c *Call, in *createIn) (*createOut, error) {
			out, err := createGroup(ctx, c, in)
			if tries++; tries == 1 {
				f()
			}
			return out, err
		})
		return tries, err
	}
	for _, row := range []struct {
		name  string
		f     func(*room)
		want  string
		tries int
	}{
		{"nothing of concern", func(r *room) {
			r.put(func(tx *directory.Tx) {
				tx.PutGroup(nil, &directory.Group{Account: account, Name: "other", Path: "/", ID: "AGPAO"})
			})
		}, "", 1},
		{"the name is taken", func(r *room) {
			r.put(func(tx *directory.Tx) {
				tx.PutGroup(nil, &directory.Group{Account: account, Name: "LATE", Path: "/", ID: "AGPAO"})
			})
		}, "EntityAlreadyExists", 2},
		{"the caller loses its policy", func(r *room) { r.edit(func(u *directory.User) { u.Inline = nil }) }, "AccessDenied", 2},
		{"the caller changes otherwise", func(r *room) { r.edit(func(u *directory.User) { u.Tags = []directory.Tag{{Key: "a", Value: "b"}} }) }, "", 2},
		{"the key is turned off", func(r *room) {
			r.put(func(tx *directory.Tx) {
				old := tx.Key("AKIAALICE")
				now := old.Clone()
				now.Active = false
				tx.PutKey(old, now)
			})
		}, "InvalidClientTokenId", 1},
		{"the caller is deleted", func(r *room) {
			r.put(func(tx *directory.Tx) {
				tx.DeleteKey(tx.Key("AKIAALICE"))
				tx.DeleteUser(tx.User(account, "alice"))
			})
		}, "InvalidClientTokenId", 1},
	} {
		r := newRoom(t)
		tries, err := between(r, func() { row.f(r) })
		if code(err) != row.want || tries != row.tries || r.exists("late") != (row.want == "" || row.want == "EntityAlreadyExists") {
			t.Errorf("%s: %v after %d tries, want %q after %d", row.name, err, tries, row.want, row.tries)
		}
	}
}

// TestSec_B24 has policies that cannot be read or found: they deny.
func TestSec_B24(t *testing.T) {
	broken := &directory.Inline{Name: "broken", Text: `{"Version":`}
	for name, f := range map[string]func(*directory.User){
		"inline does not parse":    func(u *directory.User) { u.Inline = append(u.Inline, broken) },
		"attached is not of AWS's": func(u *directory.User) { u.Attached = []string{"arn:aws:iam::aws:policy/NoSuchPolicy"} },
		"boundary is not of AWS's": func(u *directory.User) { u.Boundary = "arn:aws:iam::aws:policy/NoSuchPolicy" },
	} {
		r := newRoom(t)
		r.edit(f)
		if err := r.create("x", createGroup); code(err) != "AccessDenied" || r.exists("x") {
			t.Errorf("%s: %v", name, err)
		}
	}
	// The directory keeps out what refers to nothing; should it be there, it denies.
	r := newRoom(t)
	read := func(_ context.Context, c *Call, _ *iamapi.GetGroupRequest) (*iamapi.GetGroupResponse, error) {
		return &iamapi.GetGroupResponse{}, c.Authorize(Resource{ARN: "arn:aws:iam::111122223333:group/x"})
	}
	p := r.principal()
	if err := serve(r, p, &iamapi.API, "GetGroup", read, url.Values{"GroupName": {"x"}}); err != nil {
		t.Error(err)
	}
	p.User = p.User.Clone()
	p.User.Groups = []string{"AGPANONE"}
	if err := serve(r, p, &iamapi.API, "GetGroup", read, url.Values{"GroupName": {"x"}}); code(err) != "AccessDenied" {
		t.Errorf("group is gone: %v", err)
	}
	p = r.principal()
	p.HasSessionPolicy, p.SessionPolicyARNs = true, []string{"arn:aws:iam::111122223333:policy/deleted"}
	if err := serve(r, p, &iamapi.API, "CreateGroup", createGroup, url.Values{"GroupName": {"x"}}); code(err) != "AccessDenied" {
		t.Errorf("session policy is gone: %v", err)
	}
}

// TestLines reads what the audit says of a change, a refusal and a failed signature.
func TestLines(t *testing.T) {
	r := newRoom(t)
	check(t, r.create("one", createGroup))
	if err := r.create("one", createGroup); code(err) != "EntityAlreadyExists" {
		t.Fatal(err)
	}
	r.edit(func(u *directory.User) {
		u.Inline = []*directory.Inline{{Name: "some", Text: `{"Version":"2012-10-17","Statement":[
			{"Sid":"Other","Effect":"Allow","Action":"iam:DeleteGroup","Resource":"*"},
			{"Sid":"MFA","Effect":"Allow","Action":"iam:CreateGroup","Resource":"*","Condition":{"Bool":{"aws:MultiFactorAuthPresent":"true"}}}]}`}}
	})
	if err := r.create("two", createGroup); code(err) != "AccessDenied" {
		t.Fatal(err)
	}
	r.gate.Refused(Request{AccessKeyID: "AKIAWHO", Service: "iam", Action: "CreateGroup", RequestID: "req-9"}, InvalidClientTokenId.Errorf("no"))

	lines := r.lines()
	if len(lines) != 4 {
		t.Fatalf("%d lines: %v", len(lines), lines)
	}
	at := func(i int, path ...string) any {
		var v any = lines[i]
		for _, name := range path {
			m, _ := v.(map[string]any)
			v = m[name]
		}
		return v
	}
	for _, want := range []struct {
		line  int
		value any
		path  []string
	}{
		{0, "CreateGroup", []string{"eventName"}},
		{0, "iam.amazonaws.com", []string{"eventSource"}},
		{0, "req-1", []string{"requestID"}},
		{0, false, []string{"readOnly"}},
		{0, "IAMUser", []string{"userIdentity", "type"}},
		{0, "alice", []string{"userIdentity", "userName"}},
		{0, "AIDAALICE", []string{"userIdentity", "principalId"}},
		{0, "AKIAALICE", []string{"userIdentity", "accessKeyId"}},
		{0, account, []string{"recipientAccountId"}},
		{0, "192.0.2.7", []string{"sourceIPAddress"}},
		{0, "one", []string{"requestParameters", "groupName"}},
		{0, "arn:aws:iam::111122223333:group/one", []string{"responseElements", "group", "arn"}},
		{0, "TLSv1.3", []string{"tlsDetails", "tlsVersion"}},
		{0, nil, []string{"errorCode"}},
		{1, "EntityAlreadyExists", []string{"errorCode"}},
		{1, "Group with name one already exists.", []string{"errorMessage"}},
		{1, nil, []string{"responseElements"}},
		{2, "AccessDenied", []string{"errorCode"}},
		{2, "identity", []string{"additionalEventData", "layer"}},
		{2, "ImplicitDeny", []string{"additionalEventData", "decision"}},
		{3, "Unknown", []string{"userIdentity", "type"}},
		{3, "AKIAWHO", []string{"userIdentity", "accessKeyId"}},
		{3, "InvalidClientTokenId", []string{"errorCode"}},
	} {
		if got := at(want.line, want.path...); got != want.value {
			t.Errorf("line %d, %v: %v, want %v", want.line, want.path, got, want.value)
		}
	}
	failed, _ := at(2, "additionalEventData", "failed").([]any)
	if len(failed) != 2 {
		t.Fatalf("explanation: %v", lines[2])
	}
	mfa := failed[1].(map[string]any)
	if mfa["sid"] != "MFA" || mfa["element"] != "Condition" || mfa["key"] != "aws:MultiFactorAuthPresent" || mfa["absent"] != true || mfa["policy"] != "some" {
		t.Errorf("explanation: %v", mfa)
	}
}

// TestUnhealthy refuses what changes or issues, before it happens, when it cannot
// be recorded; unless the operator wants it otherwise. Reads go on.
func TestUnhealthy(t *testing.T) {
	r := newRoom(t)
	r.log.Close()
	if err := r.create("x", createGroup); code(err) != "ServiceUnavailable" || r.exists("x") {
		t.Errorf("change: %v", err)
	}
	token := func(_ context.Context, c *Call, _ *stsapi.GetSessionTokenRequest) (*stsapi.GetSessionTokenResponse, error) {
		c.Exempt("test")
		return &stsapi.GetSessionTokenResponse{}, nil
	}
	if err := serve(r, r.principal(), &stsapi.API, "GetSessionToken", token, nil); code(err) != "ServiceUnavailable" {
		t.Errorf("issue: %v", err)
	}
	read := func(_ context.Context, c *Call, _ *stsapi.GetCallerIdentityRequest) (*stsapi.GetCallerIdentityResponse, error) {
		c.Exempt("test")
		return &stsapi.GetCallerIdentityResponse{}, nil
	}
	if err := serve(r, r.principal(), &stsapi.API, "GetCallerIdentity", read, nil); err != nil {
		t.Errorf("read: %v", err)
	}
	r.gate.unaudited = true
	if err := r.create("y", createGroup); err != nil || !r.exists("y") {
		t.Errorf("change, to be continued: %v", err)
	}
	if len(r.dir.Pending()) != 1 {
		t.Error("the line of a change that could not be written must wait in the store")
	}
	// The next start writes it, once.
	r.open(false)
	if lines := r.lines(); len(lines) != 1 || lines[0]["eventName"] != "CreateGroup" {
		t.Errorf("after a start: %v", lines)
	}
	r.open(false)
	if lines := r.lines(); len(lines) != 1 {
		t.Errorf("after another start: %v", lines)
	}
	deadline := time.Now().Add(5 * time.Second)
	for len(r.dir.Pending()) > 0 {
		if time.Now().After(deadline) {
			t.Fatal("the line is still in the store")
		}
		time.Sleep(5 * time.Millisecond)
	}
}

// TestLargeInput leaves out of the line what is too large for one.
func TestLargeInput(t *testing.T) {
	r := newRoom(t)
	type (
		in  = iamapi.CreatePolicyRequest
		out = iamapi.CreatePolicyResponse
	)
	err := serve(r, r.principal(), &iamapi.API, "CreatePolicy", func(_ context.Context, c *Call, _ *in) (*out, error) {
		return &out{}, c.Authorize(Resource{ARN: "arn:aws:iam::111122223333:policy/p"})
	}, url.Values{"PolicyName": {"p"}, "PolicyDocument": {strings.Repeat("\u00a0", 131072)}})
	lines := r.lines()
	if err != nil || len(lines) != 1 {
		t.Fatal(err, len(lines))
	}
	if m := lines[0]["requestParameters"].(map[string]any); m["omitted"] == nil {
		t.Error("a large input is written whole")
	}
}

// TestGoneClient has the client leave between decision and commit: the change
// happens and has its line.
func TestGoneClient(t *testing.T) {
	r := newRoom(t)
	m := query.NewMux[*Call](&iamapi.API)
	ctx, leave := context.WithCancel(t.Context())
	Handle(m, "CreateGroup", func(ctx context.Context, c *Call, in *createIn) (*createOut, error) {
		leave()
		return createGroup(ctx, c, in)
	})
	params, err := query.ParseForm("POST", "", "application/x-www-form-urlencoded", []byte("GroupName=left"))
	check(t, err)
	c := r.gate.NewCall(Request{Principal: r.principal(), Service: "iam", Action: "CreateGroup"})
	defer c.Release()
	_, err = m.Serve(ctx, c, iamapi.API.Op("CreateGroup"), params)
	if lines := r.lines(); err != nil || !r.exists("left") || len(lines) != 1 || lines[0]["errorCode"] != nil {
		t.Errorf("%v: %v", err, lines)
	}
}

// TestMaxChanges holds more changes in their handlers than may be under way. Who
// gives up waiting has changed nothing, and has its line.
func TestMaxChanges(t *testing.T) {
	r := newRoom(t)
	entered, leave := make(chan bool, 3*MaxChanges), make(chan bool)
	slow := func(ctx context.Context, c *Call, in *createIn) (*createOut, error) {
		entered <- true
		<-leave
		return createGroup(ctx, c, in)
	}
	var wg sync.WaitGroup
	for i := range 2 * MaxChanges {
		wg.Go(func() {
			if err := r.create("g"+strconv.Itoa(i), slow); err != nil {
				t.Error(err)
			}
		})
	}
	for range MaxChanges {
		<-entered
	}
	m := query.NewMux[*Call](&iamapi.API)
	Handle(m, "CreateGroup", slow)
	params, err := query.ParseForm("POST", "", "application/x-www-form-urlencoded", []byte("GroupName=impatient"))
	check(t, err)
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	c := r.gate.NewCall(Request{Principal: r.principal(), Service: "iam", Action: "CreateGroup"})
	_, err = m.Serve(ctx, c, iamapi.API.Op("CreateGroup"), params)
	c.Release()
	if lines := r.lines(); code(err) != "ServiceUnavailable" {
		t.Errorf("%v: %v", err, lines)
	}
	if n := len(entered); n > 0 {
		t.Errorf("%d changes more than %d are under way", n, MaxChanges)
	}
	close(leave)
	wg.Wait()
	if n := r.dir.View().Counts(account).Groups; n != 2*MaxChanges || r.exists("impatient") {
		t.Errorf("%d groups", n)
	}
}

// TestCommitSurvivesLeaving: a commit whose caller has left is made all the same,
// and a line that cannot be written waits until one of the same audit can be.
func TestCommitSurvivesLeaving(t *testing.T) {
	r := newRoom(t)
	ctx, leave := context.WithCancel(t.Context())
	leave()
	commit := func(id, name string) error {
		tx := r.dir.Begin(true)
		tx.PutGroup(nil, &directory.Group{ID: "AGPA" + id, Account: account, Path: "/", Name: name})
		return r.gate.Commit(ctx, &tx, id, []byte(`{"eventName":"E","eventID":"`+id+`"}`))
	}
	check(t, commit("1", "one"))
	full := r.log
	check(t, full.Close())
	if err := commit("2", "two"); !errors.Is(err, ErrWaits) || !r.exists("two") || !full.TakeOwed() {
		t.Errorf("%v", err)
	}
	// What is owed, whoever says so, the next who writes a line pays.
	r.open(false)
	tx := r.dir.Begin(true)
	tx.Outbox("3", []byte(`{"eventName":"E","eventID":"3"}`))
	_, err := r.dir.Commit(t.Context(), &tx)
	check(t, err)
	r.log.Owe()
	check(t, commit("4", "four"))
	var ids []string
	for _, l := range r.lines() {
		ids = append(ids, l["eventID"].(string))
	}
	if want := []string{"1", "2", "4", "3"}; !slices.Equal(ids, want) {
		t.Errorf("the trail has %v, not %v", ids, want)
	}
}

// TestConcurrent has many create the same and their own groups at once: each name
// once, each call one line.
func TestConcurrent(t *testing.T) {
	r := newRoom(t)
	const callers = 24
	var made, refused atomic.Int32
	var wg sync.WaitGroup
	for i := range callers {
		wg.Go(func() {
			for _, name := range []string{"shared", "own" + strconv.Itoa(i)} {
				switch err := r.create(name, createGroup); code(err) {
				case "":
					made.Add(1)
				case "EntityAlreadyExists":
					refused.Add(1)
				default:
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	if made.Load() != callers+1 || refused.Load() != callers-1 || r.dir.View().Counts(account).Groups != callers+1 {
		t.Errorf("%d made, %d refused, %d there", made.Load(), refused.Load(), r.dir.View().Counts(account).Groups)
	}
	lines, ids := r.lines(), map[any]bool{}
	for _, line := range lines {
		ids[line["eventID"]] = true
	}
	if len(lines) != 2*callers || len(ids) != len(lines) {
		t.Errorf("%d lines with %d ids of %d calls", len(lines), len(ids), 2*callers)
	}
}
