package sts

import (
	"bytes"
	"context"
	"encoding/xml"
	"fmt"
	"net/http"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/deputy-sts/deputy/internal/audit"
	"github.com/deputy-sts/deputy/internal/authn"
	"github.com/deputy-sts/deputy/internal/authz"
	"github.com/deputy-sts/deputy/internal/awsdata"
	"github.com/deputy-sts/deputy/internal/directory"
	"github.com/deputy-sts/deputy/internal/federation/oidc"
	"github.com/deputy-sts/deputy/internal/kv"
	"github.com/deputy-sts/deputy/internal/kv/memkv"
	"github.com/deputy-sts/deputy/internal/query"
	"github.com/deputy-sts/deputy/internal/seal"
	"github.com/deputy-sts/deputy/internal/session"
	"github.com/deputy-sts/deputy/internal/stsapi"
	"github.com/deputy-sts/deputy/sigv4"
)

// stack is the whole service but HTTP, on a memory store and a clock of its own:
// requests are signed and verified as they are on the wire.
type stack struct {
	t         testing.TB
	now       time.Time
	directory *directory.Directory
	issuer    *session.Issuer
	tokens    *oidc.Verifier
	authn     *authn.Authenticator
	gate      *authz.Gate
	mux       *query.Mux[*authz.Call]
	auditPath string
	audit     *audit.Writer
	header    http.Header // sent beside the client's own
	tls       bool
	from      netip.Addr
}

const (
	accountA = "111122223333"
	accountB = "444455556666"
)

func newStack(t testing.TB) *stack { return newStackWith(t, false) }

// newStackWith tells trusted callers why they are denied, if explain is set.
func newStackWith(t testing.TB, explain bool) *stack {
	t.Helper()
	key, err := seal.NewKey()
	check(t, err)
	ring, err := seal.NewRing(key)
	check(t, err)
	s := stackOn(t, memkv.New(), ring, explain)
	for _, id := range []string{accountA, accountB} {
		s.change(func(tx *directory.Tx) { tx.PutAccount(nil, &directory.Account{ID: id, Name: id}) })
	}
	return s
}

// newStackOn is the service on a store, with what is in it.
func newStackOn(t testing.TB, store kv.Store, ring *seal.Ring) *stack {
	return stackOn(t, store, ring, false)
}

func stackOn(t testing.TB, store kv.Store, ring *seal.Ring, explain bool) *stack {
	t.Helper()
	s := &stack{t: t, now: time.Date(2026, 11, 22, 1, 2, 3, 0, time.UTC), from: netip.MustParseAddr("192.0.2.7"), tls: true}
	clock := func() time.Time { return s.now }
	var err error
	s.directory, err = directory.Open(t.Context(), store, ring, directory.Options{Now: clock})
	check(t, err)
	t.Cleanup(func() { s.directory.Close() })
	s.auditPath = filepath.Join(t.TempDir(), "audit.jsonl")
	s.audit, err = audit.Open(s.auditPath, audit.Options{Sync: audit.SyncInterval})
	check(t, err)
	t.Cleanup(func() { s.audit.Close() })
	s.issuer = &session.Issuer{Ring: ring, Now: clock}
	s.authn = authn.New(authn.Options{Directory: s.directory, Issuer: s.issuer, Now: clock, OptIn: awsdata.OptIn})
	s.gate, err = authz.New(authz.Options{
		Directory: s.directory, Audit: s.audit, Now: clock,
		ExplainTrusted: explain, Seal: ring.Seal, Open: ring.Open,
	})
	check(t, err)
	s.mux = query.NewMux[*authz.Call](&stsapi.API)
	s.tokens, err = oidc.New(oidc.Options{Allow: []string{"127.0.0.1"}, Now: clock})
	check(t, err)
	Register(s.mux, Options{Issuer: s.issuer, Tokens: s.tokens, Now: clock, IssuerURL: func(id string) string { return "https://id.example/oidc/" + id }})
	return s
}

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// change commits what f puts.
func (s *stack) change(f func(*directory.Tx)) {
	s.t.Helper()
	tx := s.directory.Begin(false)
	f(&tx)
	_, err := s.directory.Commit(context.Background(), &tx)
	check(s.t, err)
}

type credentials = sigv4.Credentials

// user makes a user with inline policies, and an access key for it.
func (s *stack) user(account, name string, policies ...string) credentials {
	s.t.Helper()
	u := &directory.User{Account: account, Name: name, Path: "/", ID: session.NewUniqueID("AIDA"), Created: s.now, Inline: inline(policies)}
	k := s.key(account, u.ID)
	u.AccessKeys = []string{k.ID}
	s.change(func(tx *directory.Tx) { tx.PutUser(nil, u); tx.PutKey(nil, k) })
	return credentials{AccessKeyID: k.ID, SecretAccessKey: k.Secret}
}

func (s *stack) key(account, user string) *directory.AccessKey {
	return &directory.AccessKey{
		ID: session.NewAccessKeyID("AKIA", account), Secret: session.NewSecret(), Account: account, UserID: user, Active: true, Created: s.now,
	}
}

// root gives an account's root user a key.
func (s *stack) root(account string) credentials {
	s.t.Helper()
	k := s.key(account, "")
	s.change(func(tx *directory.Tx) {
		old := tx.Account(account)
		now := old.Clone()
		now.RootKeys = append(now.RootKeys, k.ID)
		tx.PutAccount(old, now)
		tx.PutKey(nil, k)
	})
	return credentials{AccessKeyID: k.ID, SecretAccessKey: k.Secret}
}

// role makes a role; its trust policy is bound to unique ids as the API binds it.
func (s *stack) role(account, name, trust string, policies ...string) *directory.Role {
	s.t.Helper()
	path := "/"
	if i := strings.LastIndexByte(name, '/'); i >= 0 {
		path, name = "/"+name[:i+1], name[i+1:]
	}
	bound, err := directory.BindTrust(s.directory.View(), trust)
	if err != nil {
		s.t.Fatalf("trust policy of %s: %v\n%s", name, err, trust)
	}
	r := &directory.Role{
		Account: account, Name: name, Path: path, ID: session.NewUniqueID("AROA"), Created: s.now,
		MaxSessionDuration: 3600, Trust: bound, Inline: inline(policies),
	}
	s.change(func(tx *directory.Tx) { tx.PutRole(nil, r) })
	return r
}

// editRole changes a role.
func (s *stack) editRole(account, name string, f func(*directory.Role)) {
	s.t.Helper()
	s.change(func(tx *directory.Tx) {
		old := tx.Role(account, name)
		now := old.Clone()
		f(now)
		tx.PutRole(old, now)
	})
}

// editUser changes a user.
func (s *stack) editUser(account, name string, f func(*directory.User)) {
	s.t.Helper()
	s.change(func(tx *directory.Tx) {
		old := tx.User(account, name)
		now := old.Clone()
		f(now)
		tx.PutUser(old, now)
	})
}

// policy makes a customer managed policy and gives its ARN.
func (s *stack) policy(account, name, text string) string {
	s.t.Helper()
	p := &directory.Policy{
		Account: account, Name: name, Path: "/", ID: session.NewUniqueID("ANPA"), Created: s.now, Default: "v1", NextVersion: 2,
		Versions: []*directory.Version{{ID: "v1", Created: s.now, Document: &directory.Inline{Text: text}}},
	}
	s.change(func(tx *directory.Tx) { tx.PutPolicy(nil, p) })
	return "arn:aws:iam::" + account + ":policy/" + name
}

func inline(texts []string) (list []*directory.Inline) {
	for i, text := range texts {
		list = append(list, &directory.Inline{Name: fmt.Sprintf("p%d", i), Text: text})
	}
	return list
}

// answer is what a client sees.
type answer struct {
	Status  int
	Code    string
	Message string
	XML     string
	Out     any
}

// Role reads the answer of AssumeRole.
func (a answer) Role() *stsapi.AssumeRoleResponse {
	out, _ := a.Out.(*stsapi.AssumeRoleResponse)
	return out
}

func (a answer) String() string {
	if a.Code == "" {
		return fmt.Sprint(a.Status)
	}
	return fmt.Sprintf("%d %s %s", a.Status, a.Code, a.Message)
}

// do sends a signed request of the action with its parameters as a query string.
func (s *stack) do(c credentials, action, params string) answer {
	s.t.Helper()
	form := "Action=" + action + "&Version=2011-06-15"
	if params != "" {
		form += "&" + params
	}
	r := s.request(form)
	check(s.t, sigv4.Sign(r, []byte(form), c, "eu-central-1", "sts", s.now))
	return s.send(r, []byte(form))
}

func (s *stack) request(form string) *http.Request {
	r, err := http.NewRequest("POST", "http://sts.test/", strings.NewReader(form))
	check(s.t, err)
	r.Host = "sts.test"
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	for name, values := range s.header {
		r.Header[name] = values
	}
	return r
}

func (s *stack) send(r *http.Request, body []byte) answer {
	s.t.Helper()
	p, err := query.ParseForm(r.Method, r.URL.RawQuery, r.Header.Get("Content-Type"), body)
	if err != nil {
		return s.failed(err)
	}
	action, _ := p.Get("Action")
	op := stsapi.API.Op(action)
	if op == nil {
		return s.failed(query.InvalidAction.Errorf("no such action"))
	}
	request := authz.Request{
		RequestID: "00000000-0000-4000-8000-000000000000", Service: "sts", Action: action, Region: "eu-central-1",
		UserAgent: r.UserAgent(), Referer: r.Referer(), Host: r.Host, SourceIP: s.from, TLS: s.tls, Time: s.now,
	}
	if op.Unsigned && !sigv4.HasAuth(r) {
		return s.serve(request, op, p)
	}
	principal, _, err := s.authn.Authenticate(r, body, "sts")
	if e, ok := err.(*sigv4.Error); ok {
		refusal := query.Code{Name: e.Code, Status: e.Status}.Errorf("%s", e.Message)
		s.gate.Refused(request, refusal)
		return s.failed(refusal)
	}
	check(s.t, err)
	request.Principal = principal
	return s.serve(request, op, p)
}

// serve answers an authenticated request, or one that needs no signature.
func (s *stack) serve(request authz.Request, op *query.Op, p *query.Params) answer {
	s.t.Helper()
	call := s.gate.NewCall(request)
	defer call.Release()
	out, err := s.mux.Serve(s.t.Context(), call, op, p)
	if err != nil {
		call.Refused(err)
		return s.failed(err)
	}
	text := query.AppendXML(nil, &stsapi.API, op, out, request.RequestID)
	if err := xml.Unmarshal(text, new(struct{})); err != nil {
		s.t.Errorf("answer is no XML: %v\n%s", err, text)
	}
	return answer{Status: 200, XML: string(text), Out: out}
}

// sendUnsigned sends a whole form without a signature.
func (s *stack) sendUnsigned(form string) answer {
	s.t.Helper()
	return s.send(s.request(form), []byte(form))
}

func (s *stack) failed(err error) answer {
	e, ok := err.(*query.Error)
	if !ok {
		return answer{Status: 500, Code: "InternalFailure", Message: err.Error()}
	}
	return answer{Status: e.Status, Code: e.Name, Message: e.Message, XML: string(query.AppendErrorXML(nil, &stsapi.API, e, "id"))}
}

// assume enters a role by its ARN and gives the session's credentials.
func (s *stack) assume(c credentials, roleARN, params string) (credentials, answer) {
	s.t.Helper()
	form := "RoleArn=" + url.QueryEscape(roleARN)
	if !strings.Contains("&"+params, "&RoleSessionName=") {
		form += "&RoleSessionName=work"
	}
	if params != "" {
		form += "&" + params
	}
	a := s.do(c, "AssumeRole", form)
	if a.Status != 200 {
		return credentials{}, a
	}
	return fromAPI(a.Role().Credentials), a
}

func fromAPI(c *stsapi.Credentials) credentials {
	return credentials{AccessKeyID: *c.AccessKeyId, SecretAccessKey: *c.SecretAccessKey, SessionToken: *c.SessionToken}
}

// lines reads the audit so far.
func (s *stack) lines() []string {
	s.t.Helper()
	check(s.t, s.audit.Close())
	b, err := os.ReadFile(s.auditPath)
	check(s.t, err)
	return strings.Split(strings.TrimSuffix(string(bytes.TrimSpace(b)), "\n"), "\n")
}

func roleARN(account, name string) string { return "arn:aws:iam::" + account + ":role/" + name }

// trusts is a trust policy that lets the AWS principal do the actions.
func trusts(principal string, actions ...string) string {
	if len(actions) == 0 {
		actions = []string{"sts:AssumeRole"}
	}
	return `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":{"AWS":"` + principal + `"},"Action":["` + strings.Join(actions, `","`) + `"]}}`
}

// statement is a policy of one statement on resource.
func statement(effect, action, resource string) string {
	return `{"Version":"2012-10-17","Statement":{"Effect":"` + effect + `","Action":"` + action + `","Resource":"` + resource + `"}}`
}
