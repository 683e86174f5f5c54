package server

import (
	"fmt"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/deputy-sts/deputy/internal/federation/oidc/oidctest"
)

// TestWebIdentityOverTheWire registers an issuer and enters a role with one of its
// tokens, with nothing but requests; and turns an address away that keeps failing.
func TestWebIdentityOverTheWire(t *testing.T) {
	issuer := oidctest.New(false)
	defer issuer.Close()
	now := noon
	w := newWorld(t, func(c *Config) {
		c.OIDC.Allow = []string{issuer.Host()}
		c.FailedAuth, c.FailedAuthBurst = 10, 20
		c.Now = func() time.Time { return now }
	})
	name := strings.TrimPrefix(issuer.Issuer(), "http://")
	made := w.must(w.admin, "iam", "CreateOpenIDConnectProvider", "Url", issuer.Issuer(), "ClientIDList.member.1", "client-1")
	provider := element(made, "OpenIDConnectProviderArn")
	trust := `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":{"Federated":"` + provider + `"},"Action":"sts:AssumeRoleWithWebIdentity","Condition":{"StringEquals":{"` + name + `:sub":"subject-1","` + name + `:aud":"client-1"}}}}`
	role := element(w.must(w.admin, "iam", "CreateRole", "RoleName", "web", "AssumeRolePolicyDocument", trust), "Arn")

	enter := func(token, from string) *httptest.ResponseRecorder {
		r := post("Action=AssumeRoleWithWebIdentity&Version=2011-06-15&RoleSessionName=me&RoleArn=" + url.QueryEscape(role) + "&WebIdentityToken=" + url.QueryEscape(token))
		r.RemoteAddr = from
		return w.serve(r)
	}
	good := issuer.Token(now, nil)
	rec := enter(good, "198.51.100.7:1")
	if rec.Code != 200 || element(rec.Body.String(), "Provider") != provider {
		t.Fatalf("a good token: %d %s", rec.Code, rec.Body)
	}
	if arn := element(rec.Body.String(), "Arn"); !strings.HasSuffix(arn, ":assumed-role/web/me") {
		t.Errorf("it is %s", arn)
	}
	stranger := issuer.Token(now, map[string]any{"sub": "subject-2"})
	for i := range 20 {
		refused(t, fmt.Sprintf("failure %d", i), enter(stranger, "198.51.100.7:2"), 403, "AccessDenied")
	}
	refused(t, "beyond the bound", enter(good, "198.51.100.7:3"), 400, "Throttling")
	if rec := enter(good, "198.51.100.8:1"); rec.Code != 200 {
		t.Errorf("from another address: %d %s", rec.Code, rec.Body)
	}
	now = now.Add(time.Second)
	if rec := enter(good, "198.51.100.7:4"); rec.Code != 200 {
		t.Errorf("a second later: %d %s", rec.Code, rec.Body)
	}
	for range 40 {
		refused(t, "loopback", enter(stranger, "127.0.0.1:1"), 403, "AccessDenied")
	}
}
