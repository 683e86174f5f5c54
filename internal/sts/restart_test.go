package sts

import (
	"encoding/base64"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/deputy-sts/deputy/internal/directory"
	"github.com/deputy-sts/deputy/internal/stsapi"
)

// claimsHead is the head of the token in an answer: its algorithm and its key's id.
func claimsHead(t *testing.T, a answer) string {
	t.Helper()
	out, ok := a.Out.(*stsapi.GetWebIdentityTokenResponse)
	if !ok {
		t.Fatal(a)
	}
	head, _, _ := strings.Cut(*out.WebIdentityToken, ".")
	text, err := base64.RawURLEncoding.DecodeString(head)
	check(t, err)
	return string(text)
}

// TestSurvivesRestart: what ends credentials, what is spent, what they are verified
// and signed with, and the settings of accounts and roles are where they were when
// the process starts anew on its store.
func TestSurvivesRestart(t *testing.T) {
	path, ring := filepath.Join(t.TempDir(), "store.db"), newRing(t)
	store := openBolt(t, path)
	k := &corp{newStackOn(t, store, ring), "arn:aws:iam::" + accountA + ":saml-provider/Corp"}
	restart := func() {
		t.Helper()
		check(t, k.directory.Close())
		check(t, store.Close())
		store = openBolt(t, path)
		was := k.now
		k.stack = newStackOn(t, store, ring)
		k.now = was
	}
	k.change(func(tx *directory.Tx) { tx.PutAccount(nil, &directory.Account{ID: accountA}) })
	alice := k.user(accountA, "alice", statement("Allow", "*", "*"))
	k.role(accountA, "work", trusts(accountA), statement("Allow", "sts:*", "*"))
	k.editRole(accountA, "work", func(r *directory.Role) { r.MaxSessionDuration, r.ChainingDuration = 7200, 5400 })
	k.role(accountA, "Dev", k.trusts(""))
	k.register(accountA, "Corp")
	k.issuing()
	k.editAccount(accountA, func(a *directory.Account) { a.TokenVersion = 2 })

	ended, _ := k.assume(alice, roleARN(accountA, "work"), "")
	response := k.response("_before")
	if a := k.enter("Dev", response); a.Status != 200 {
		t.Fatal(a)
	}
	keysBefore := claimsHead(t, k.do(alice, "GetWebIdentityToken", tokenES))
	k.now = k.now.Add(time.Second)
	k.change(func(tx *directory.Tx) { tx.Revoke(k.directory.View().Role(accountA, "work").ID, accountA, k.now) })
	restart()

	if a := k.do(ended, "GetCallerIdentity", ""); a.Code != "InvalidClientTokenId" {
		t.Errorf("a revoked session: %s", a)
	}
	good, _ := k.assume(alice, roleARN(accountA, "work"), "")
	if _, a := k.assume(good, roleARN(accountA, "work"), "DurationSeconds=5400"); a.Status != 200 {
		t.Errorf("the longer chain: %s", a)
	}
	restart()
	if a := k.do(good, "GetCallerIdentity", ""); a.Status != 200 {
		t.Errorf("a session from before the restart: %s", a)
	}
	if a := k.enter("Dev", response); a.String() != "400 InvalidIdentityToken The SAML assertion was used already" {
		t.Errorf("a spent assertion: %s", a)
	}
	if a := k.enter("Dev", k.response("_after")); a.Status != 200 {
		t.Errorf("a new assertion: %s", a)
	}
	if got := claimsHead(t, k.do(alice, "GetWebIdentityToken", tokenES)); got != keysBefore {
		t.Errorf("tokens are signed with another key: %s, not %s", got, keysBefore)
	}
	if r, a := k.directory.View().Role(accountA, "work"), k.directory.View().Account(accountA); r.ChainingDuration != 5400 || a.TokenVersion != 2 {
		t.Errorf("settings: %+v %+v", r, a)
	}
}
