package iam

import (
	"context"
	"errors"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/deputy-sts/deputy/internal/authz"
	"github.com/deputy-sts/deputy/internal/directory"
	"github.com/deputy-sts/deputy/internal/federation/oidc"
	"github.com/deputy-sts/deputy/internal/iamapi"
	"github.com/deputy-sts/deputy/internal/kv/memkv"
	"github.com/deputy-sts/deputy/internal/query"
	"github.com/deputy-sts/deputy/internal/seal"
)

const (
	home    = "111122223333" // has admin, a root key, and whom a test makes
	foreign = "444455556666" // has an admin too
)

// world is the whole stack under the actions, in memory, with a fixed clock.
type world struct {
	t    testing.TB
	dir  *directory.Directory
	gate *authz.Gate
	mux  *query.Mux[*authz.Call]
	now  time.Time
	used map[string]time.Time
}

func newWorld(t testing.TB) *world {
	t.Helper()
	w := &world{t: t, now: time.Date(2026, 11, 22, 1, 2, 3, 0, time.UTC), used: map[string]time.Time{}}
	clock := func() time.Time { return w.now }
	key, err := seal.NewKey()
	if err != nil {
		t.Fatal(err)
	}
	ring, err := seal.NewRing(key)
	if err != nil {
		t.Fatal(err)
	}
	store := memkv.New()
	w.dir, err = directory.Open(t.Context(), store, ring, directory.Options{Now: clock})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { w.dir.Close(); store.Close() })
	err = w.dir.Bootstrap(t.Context(), []directory.BootstrapAccount{
		{ID: home, Name: "main", Admin: givenKey("AKIAADMINHOME0000001"), Root: givenKey("AKIAROOTHOME00000001")},
		{ID: foreign, Name: "other", Admin: givenKey("AKIAADMINFOREIGN0001")},
	})
	if err != nil {
		t.Fatal(err)
	}
	w.gate, err = authz.New(authz.Options{Directory: w.dir, Now: clock})
	if err != nil {
		t.Fatal(err)
	}
	issuers, err := oidc.New(oidc.Options{Allow: []string{"localhost:5556"}})
	if err != nil {
		t.Fatal(err)
	}
	w.mux = query.NewMux[*authz.Call](&iamapi.API)
	Register(w.mux, Options{Seal: ring.Seal, Open: ring.Open, LastUsed: w.lastUsed, CheckIssuer: issuers.CheckIssuer, IssuerURL: func(id string) string { return "https://id.example/oidc/" + id }})
	return w
}

func givenKey(id string) *directory.BootstrapKey {
	return &directory.BootstrapKey{AccessKeyID: id, SecretAccessKey: strings.Repeat("s", 40)}
}

func (w *world) lastUsed(id string) (time.Time, string, string) {
	if at, ok := w.used[id]; ok {
		return at, "iam", "us-east-1"
	}
	return time.Time{}, "", ""
}

// principal makes the caller that a test names: root, admin, other (the admin of
// the foreign account), role:NAME (a session of the role), or a user of home.
func (w *world) principal(who string) *directory.Principal {
	v, account := w.dir.View(), home
	if who == "other" {
		who, account = "admin", foreign
	}
	if name, ok := strings.CutPrefix(who, "role:"); ok {
		r := v.Role(home, name)
		if r == nil {
			w.t.Fatalf("there is no role %s", name)
		}
		return &directory.Principal{
			Kind: directory.RoleSession, Account: home, ID: r.ID + ":session", Role: r, Temporary: true, SessionName: "session",
			ARN: "arn:aws:sts::" + home + ":assumed-role/" + r.Name + "/session", AccessKeyID: "ASIASESSION", IssuedAt: w.now, Expires: w.now.Add(time.Hour),
		}
	}
	if who == "root" {
		return &directory.Principal{
			Kind: directory.Root, Account: home, ID: home, ARN: "arn:aws:iam::" + home + ":root", AccessKeyID: "AKIAROOTHOME00000001",
		}
	}
	u := v.User(account, who)
	if u == nil {
		w.t.Fatalf("there is no user %s", who)
	}
	p := &directory.Principal{Kind: directory.UserKind, Account: account, ID: u.ID, ARN: u.ARN(), User: u}
	if len(u.AccessKeys) > 0 {
		p.AccessKeyID = u.AccessKeys[0]
	} else { // a session of GetSessionToken with MFA, which may call IAM
		p.AccessKeyID, p.Temporary, p.SessionToken, p.MFA = "ASIASESSION", true, true, true
	}
	return p
}

// serve sends a form as the caller and gives the output.
func (w *world) serve(who, form string) (out any, op *query.Op, err error) {
	return w.serveAs(w.principal(who), form)
}

func (w *world) serveAs(p *directory.Principal, form string) (out any, op *query.Op, err error) {
	params, err := query.ParseForm("POST", "", "application/x-www-form-urlencoded", []byte(form))
	if err != nil {
		return nil, nil, err
	}
	action, _ := params.Get("Action")
	op = iamapi.API.Op(action)
	if op == nil {
		return nil, nil, query.InvalidAction.Errorf("no action %q", action)
	}
	c := w.gate.NewCall(authz.Request{
		Principal: p, RequestID: "00000000-0000-4000-8000-000000000000",
		Service: "iam", Action: action, Region: "us-east-1", Time: w.now,
	})
	defer c.Release()
	out, err = w.mux.Serve(context.Background(), c, op, params)
	return out, op, err
}

// do is serve for what must succeed.
func (w *world) do(who, form string) any {
	w.t.Helper()
	out, _, err := w.serve(who, form)
	if err != nil {
		w.t.Fatalf("%s %s: %v", who, form, err)
	}
	return out
}

// refused is the error of what must fail, as the client is told.
func (w *world) refused(who, form string) *query.Error {
	w.t.Helper()
	_, _, err := w.serve(who, form)
	e, ok := errors.AsType[*query.Error](err)
	if !ok {
		w.t.Fatalf("%s %s: got %v, want a refusal", who, form, err)
	}
	return e
}

// form joins an action and names and values.
func form(action string, pairs ...string) string {
	v := url.Values{"Action": {action}}
	for i := 0; i < len(pairs); i += 2 {
		v.Set(pairs[i], pairs[i+1])
	}
	return v.Encode()
}

// allow is a policy that allows actions, each with its resource.
func allow(action, resource string) string { return statement("Allow", action, resource) }

func statement(effect, action, resource string) string {
	return `{"Version":"2012-10-17","Statement":{"Effect":"` + effect + `","Action":"` + action + `","Resource":"` + resource + `"}}`
}

const trustAnybody = `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":{"AWS":"` + home + `"},"Action":"sts:AssumeRole"}}`
