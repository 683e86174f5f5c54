package authn

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/deputy-sts/deputy/internal/directory"
	"github.com/deputy-sts/deputy/internal/kv/memkv"
	"github.com/deputy-sts/deputy/internal/seal"
	"github.com/deputy-sts/deputy/internal/session"
	"github.com/deputy-sts/deputy/sigv4"
)

const (
	account = "111122223333"
	badKey  = "InvalidClientTokenId: The security token included in the request is invalid."
	badTok  = "InvalidClientTokenId: The security token included in the request is invalid"
	ended   = "ExpiredToken: The security token included in the request is expired"
	badSig  = "SignatureDoesNotMatch: The request signature we calculated does not match"
)

// bench is an Authenticator over a user alice, a role demo and a root user.
type bench struct {
	t      *testing.T
	now    time.Time
	dir    *directory.Directory
	issuer *session.Issuer
	authn  *Authenticator
}

func newBench(t *testing.T) *bench {
	t.Helper()
	b := &bench{t: t, now: time.Date(2026, 11, 22, 1, 2, 3, 0, time.UTC)}
	clock := func() time.Time { return b.now }
	key, err := seal.NewKey()
	check(t, err)
	ring, err := seal.NewRing(key)
	check(t, err)
	b.dir, err = directory.Open(t.Context(), memkv.New(), ring, directory.Options{Now: clock})
	check(t, err)
	t.Cleanup(func() { b.dir.Close() })
	b.issuer = &session.Issuer{Ring: ring, Now: clock}
	b.authn = New(Options{Directory: b.dir, Issuer: b.issuer, Now: clock, Regions: func(r string) bool { return r == "us-east-1" }})
	b.put(func(tx *directory.Tx) {
		tx.PutAccount(nil, &directory.Account{ID: account, RootKeys: []string{"AKIAROOTROOTROOTROOT"}})
		tx.PutKey(nil, &directory.AccessKey{ID: "AKIAROOTROOTROOTROOT", Secret: "root-secret", Account: account, Active: true})
		tx.PutUser(nil, &directory.User{Account: account, Name: "alice", Path: "/team/", ID: "AIDAALICEALICEALICEAL", AccessKeys: []string{"AKIAALICEALICEALICEA", "AKIAOFFOFFOFFOFFOFFO"}})
		tx.PutKey(nil, &directory.AccessKey{ID: "AKIAALICEALICEALICEA", Secret: "alice-secret", Account: account, UserID: "AIDAALICEALICEALICEAL", Active: true})
		tx.PutKey(nil, &directory.AccessKey{ID: "AKIAOFFOFFOFFOFFOFFO", Secret: "off-secret", Account: account, UserID: "AIDAALICEALICEALICEAL"})
		tx.PutRole(nil, &directory.Role{Account: account, Name: "demo", Path: "/app/", ID: "AROADEMODEMODEMODEMOD", Trust: &directory.Inline{Text: "{}"}})
	})
	return b
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func (b *bench) put(f func(*directory.Tx)) {
	b.t.Helper()
	tx := b.dir.Begin(false)
	f(&tx)
	_, err := b.dir.Commit(b.t.Context(), &tx)
	check(b.t, err)
}

// issue makes credentials of a kind for ten minutes.
func (b *bench) issue(c session.Claims) sigv4.Credentials {
	b.t.Helper()
	c.Account, c.IssuedAt, c.Expires = account, b.now, b.now.Add(10*time.Minute)
	out, err := b.issuer.Issue(c)
	check(b.t, err)
	return sigv4.Credentials{AccessKeyID: out.AccessKeyID, SecretAccessKey: out.SecretAccessKey, SessionToken: out.SessionToken}
}

const body = "Action=GetCallerIdentity&Version=2011-06-15"

func (b *bench) request() *http.Request {
	r, err := http.NewRequest("POST", "http://sts.test/", strings.NewReader(body))
	check(b.t, err)
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return r
}

func (b *bench) authenticate(c sigv4.Credentials, region string) (*directory.Principal, error) {
	b.t.Helper()
	r := b.request()
	check(b.t, sigv4.Sign(r, []byte(body), c, region, "sts", b.now))
	p, _, err := b.authn.Authenticate(r, []byte(body), "sts")
	return p, err
}

// TestPrincipals holds who the credentials of each kind make.
func TestPrincipals(t *testing.T) {
	b := newBench(t)
	alice := "AIDAALICEALICEALICEAL"
	policy := `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"s3:*","Resource":"*"}}`
	for _, row := range []struct {
		name    string
		c       sigv4.Credentials
		kind    directory.PrincipalKind
		arn, id string
		token   bool
	}{
		{"user", sigv4.Credentials{AccessKeyID: "AKIAALICEALICEALICEA", SecretAccessKey: "alice-secret"}, directory.UserKind, "arn:aws:iam::111122223333:user/team/alice", alice, false},
		{"root", sigv4.Credentials{AccessKeyID: "AKIAROOTROOTROOTROOT", SecretAccessKey: "root-secret"}, directory.Root, "arn:aws:iam::111122223333:root", account, false},
		{"GetSessionToken", b.issue(session.Claims{Kind: session.SessionToken, PrincipalID: alice}), directory.UserKind, "arn:aws:iam::111122223333:user/team/alice", alice, true},
		{"GetSessionToken of root", b.issue(session.Claims{Kind: session.SessionToken, PrincipalID: account}), directory.Root, "arn:aws:iam::111122223333:root", account, true},
		{"AssumeRole", b.issue(session.Claims{Kind: session.AssumeRole, PrincipalID: "AROADEMODEMODEMODEMOD", Name: "work", Policy: policy}), directory.RoleSession, "arn:aws:sts::111122223333:assumed-role/demo/work", "AROADEMODEMODEMODEMOD:work", false},
		{"web identity", b.issue(session.Claims{Kind: session.WebIdentity, PrincipalID: "AROADEMODEMODEMODEMOD", Name: "work", Provider: "idp.example"}), directory.RoleSession, "arn:aws:sts::111122223333:assumed-role/demo/work", "AROADEMODEMODEMODEMOD:work", false},
		{"GetFederationToken", b.issue(session.Claims{Kind: session.Federation, PrincipalID: alice, Name: "fred"}), directory.FederatedUser, "arn:aws:sts::111122223333:federated-user/fred", "111122223333:fred", false},
	} {
		p, err := b.authenticate(row.c, "us-east-1")
		if err != nil {
			t.Errorf("%s: %v", row.name, err)
			continue
		}
		if p.Kind != row.kind || p.ARN != row.arn || p.ID != row.id || p.SessionToken != row.token || p.Account != account || p.AccessKeyID != row.c.AccessKeyID || p.Temporary != (row.c.SessionToken != "") {
			t.Errorf("%s: %+v", row.name, p)
		}
		if p.HasSessionPolicy != (row.name == "AssumeRole") || p.HasSessionPolicy && (len(p.SessionPolicies) != 1 || p.SessionPolicies[0] == nil) {
			t.Errorf("%s: session policies: %+v", row.name, p.SessionPolicies)
		}
	}
}

// TestOrder holds which failure is told when there are several: the scope, the
// token, its expiry, its issuer, the key, and the signature last.
func TestOrder(t *testing.T) {
	b := newBench(t)
	role := b.issue(session.Claims{Kind: session.AssumeRole, PrincipalID: "AROADEMODEMODEMODEMOD", Name: "work"})
	gone := b.issue(session.Claims{Kind: session.AssumeRole, PrincipalID: "AROAGONEGONEGONEGONEG", Name: "work"})
	foreign := b.issue(session.Claims{Kind: session.SessionToken, PrincipalID: "AROADEMODEMODEMODEMOD"})
	off := sigv4.Credentials{AccessKeyID: "AKIAOFFOFFOFFOFFOFFO", SecretAccessKey: "off-secret"}
	with := func(c sigv4.Credentials, secret, token string) sigv4.Credentials {
		if secret != "" {
			c.SecretAccessKey = secret
		}
		if token != "" {
			c.SessionToken = token
		}
		return c
	}
	for _, row := range []struct {
		name   string
		after  time.Duration
		c      sigv4.Credentials
		region string
		want   string
	}{
		{"scope before token", 0, with(role, "", "junk"), "mars-1", "SignatureDoesNotMatch: Credential should be scoped to a valid region. "},
		{"token before signature", 0, with(role, "wrong", "junk"), "us-east-1", badTok},
		{"token before expiry", time.Hour, with(role, "", "junk"), "us-east-1", badTok},
		{"expiry before issuer", time.Hour, gone, "us-east-1", ended},
		{"expiry before signature", time.Hour, with(role, "wrong", ""), "us-east-1", ended},
		{"issuer before signature", 0, with(gone, "wrong", ""), "us-east-1", badKey},
		{"a role is no user", 0, foreign, "us-east-1", badKey},
		{"inactive key before signature", 0, with(off, "wrong", ""), "us-east-1", badKey},
		{"inactive key", 0, off, "us-east-1", badKey},
		{"signature", 0, with(role, "wrong", ""), "us-east-1", badSig},
		{"none", 0, role, "us-east-1", ""},
	} {
		start := b.now
		b.now = b.now.Add(row.after)
		_, err := b.authenticate(row.c, row.region)
		b.now = start
		if got := text(err); !strings.HasPrefix(got, row.want) || (row.want == "") != (got == "") || strings.HasSuffix(row.want, "invalid") && got != row.want {
			t.Errorf("%s: %q, want %q", row.name, got, row.want)
		}
	}
}

// TestSec_G20_IssuedInTheFuture sets the clock back: a session issued while it ran
// ahead is refused until it would have been issued, so that it does not outlive its
// length; a few minutes between two clocks are no matter.
func TestSec_G20_IssuedInTheFuture(t *testing.T) {
	b := newBench(t)
	role := b.issue(session.Claims{Kind: session.AssumeRole, PrincipalID: "AROADEMODEMODEMODEMOD", Name: "work"})
	for _, row := range []struct {
		back time.Duration
		want string
	}{{0, ""}, {4 * time.Minute, ""}, {6 * time.Minute, badTok}, {24 * time.Hour, badTok}} {
		start := b.now
		b.now = b.now.Add(-row.back)
		_, err := b.authenticate(role, "us-east-1")
		b.now = start
		if got := text(err); got != row.want {
			t.Errorf("clock set back by %s: %q, want %q", row.back, got, row.want)
		}
	}
}

func text(err error) string {
	if e, ok := err.(*sigv4.Error); ok {
		return e.Code + ": " + e.Message
	}
	if err != nil {
		return "not a *sigv4.Error: " + err.Error()
	}
	return ""
}

// TestGone ends credentials with their user, and root's with its account's key.
func TestGone(t *testing.T) {
	b := newBench(t)
	alice := sigv4.Credentials{AccessKeyID: "AKIAALICEALICEALICEA", SecretAccessKey: "alice-secret"}
	token := b.issue(session.Claims{Kind: session.SessionToken, PrincipalID: "AIDAALICEALICEALICEAL"})
	if _, err := b.authenticate(alice, "us-east-1"); err != nil {
		t.Fatal(err)
	}
	b.put(func(tx *directory.Tx) { tx.DeleteUser(tx.User(account, "alice")) })
	for _, c := range []sigv4.Credentials{alice, token} {
		if _, err := b.authenticate(c, "us-east-1"); text(err) != badKey {
			t.Errorf("%s: %v", c.AccessKeyID, err)
		}
	}
	// A namesake with another id changes nothing.
	b.put(func(tx *directory.Tx) {
		tx.PutUser(nil, &directory.User{Account: account, Name: "alice", Path: "/team/", ID: "AIDAOTHEROTHEROTHEROT"})
	})
	if _, err := b.authenticate(alice, "us-east-1"); text(err) != badKey {
		t.Error(err)
	}
}

// TestRenamed: a principal that was kept ends with the record that it was made of.
func TestRenamed(t *testing.T) {
	b := newBench(t)
	alice := sigv4.Credentials{AccessKeyID: "AKIAALICEALICEALICEA", SecretAccessKey: "alice-secret"}
	for _, arn := range []string{"arn:aws:iam::111122223333:user/team/alice", "arn:aws:iam::111122223333:user/alicia"} {
		var first *directory.Principal
		for range 3 {
			p, err := b.authenticate(alice, "us-east-1")
			check(t, err)
			if p.ARN != arn || first != nil && p != first {
				t.Errorf("%+v, not %s as before", p, arn)
			}
			first = p
		}
		b.put(func(tx *directory.Tx) {
			old := tx.User(account, "alice")
			if old == nil {
				return
			}
			now := old.Clone()
			now.Name, now.Path = "alicia", "/"
			tx.PutUser(old, now)
		})
	}
}

// TestPresigned takes a GetCallerIdentity in a URL, with a session token too.
func TestPresigned(t *testing.T) {
	b := newBench(t)
	role := b.issue(session.Claims{Kind: session.AssumeRole, PrincipalID: "AROADEMODEMODEMODEMOD", Name: "work"})
	r, err := http.NewRequest("GET", "http://sts.test/?"+body, nil)
	check(t, err)
	signed, err := sigv4.Presign(r, nil, role, "us-east-1", "sts", b.now, time.Minute)
	check(t, err)
	r, err = http.NewRequest("GET", signed, nil)
	check(t, err)
	p, result, err := b.authn.Authenticate(r, nil, "sts")
	check(t, err)
	if !result.Presigned || p.Role == nil {
		t.Errorf("%+v %+v", result, p)
	}
}

// TestLastUsed notes the use of a key and of a role, not of what failed.
func TestLastUsed(t *testing.T) {
	b := newBench(t)
	_, err := b.authenticate(sigv4.Credentials{AccessKeyID: "AKIAALICEALICEALICEA", SecretAccessKey: "alice-secret"}, "us-east-1")
	check(t, err)
	_, _ = b.authenticate(sigv4.Credentials{AccessKeyID: "AKIAROOTROOTROOTROOT", SecretAccessKey: "wrong"}, "us-east-1")
	_, err = b.authenticate(b.issue(session.Claims{Kind: session.AssumeRole, PrincipalID: "AROADEMODEMODEMODEMOD", Name: "work"}), "us-east-1")
	check(t, err)
	for id, want := range map[string]bool{"AKIAALICEALICEALICEA": true, "AROADEMODEMODEMODEMOD": true, "AKIAROOTROOTROOTROOT": false} {
		if at, service, region := b.dir.LastUsed(id); at.IsZero() == want || want && (service != "sts" || region != "us-east-1") {
			t.Errorf("%s: %v %q %q", id, at, service, region)
		}
	}
}

// TestPolicies compiles a text once, keeps no more than its slots, and keeps a
// text that does not parse apart from one that does.
func TestPolicies(t *testing.T) {
	var s policies
	text := `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}`
	p := s.compiled(text)
	if p == nil || s.compiled(strings.Clone(text)) != p {
		t.Error("compiled twice")
	}
	for range 2 { // the second time from the cache
		if s.compiled("{") != nil {
			t.Error("what does not parse is no policy")
		}
	}
}
