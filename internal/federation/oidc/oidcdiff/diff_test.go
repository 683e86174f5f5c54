package oidcdiff

import (
	"crypto"
	"crypto/elliptic"
	"encoding/json"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	gooidc "github.com/coreos/go-oidc/v3/oidc"

	"github.com/deputy-sts/deputy/internal/federation/oidc"
	"github.com/deputy-sts/deputy/internal/federation/oidc/oidctest"
)

var noon = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

// part is something that a token can have, or have wrong. stricter says that we
// refuse it on purpose and go-oidc does not look.
type part struct {
	name     string
	stricter bool
	change   func(*token)
}

// token is a token in the making.
type token struct {
	header map[string]any
	claims map[string]any
	key    string
	alg    string
	raw    func(string) string // changes the finished text
	extra  string              // appended to the members of the claims
}

func header(name string, v any) func(*token) { return func(t *token) { t.header[name] = v } }

func claim(name string, v any) func(*token) {
	return func(t *token) {
		if v == nil {
			delete(t.claims, name)
			return
		}
		t.claims[name] = v
	}
}

func at(d time.Duration) int64 { return noon.Add(d).Unix() }

func signedBy(key, alg string) func(*token) {
	return func(t *token) { t.key, t.alg, t.header["alg"], t.header["kid"] = key, alg, alg, key }
}

var parts = []part{
	{"ES256", false, signedBy("ec", "ES256")}, {"RS256", false, signedBy("rsa", "RS256")}, {"RS384", false, signedBy("rsa", "RS384")}, {"RS512", false, signedBy("rsa", "RS512")},
	{"ES384", false, signedBy("p384", "ES384")}, {"ES512", false, signedBy("p521", "ES512")}, {"PS256", false, signedBy("rsa", "PS256")},
	{"another's key", false, func(t *token) { t.key = "other" }}, {"says RS256", false, header("alg", "RS256")}, {"says none", false, header("alg", "none")}, {"says HS256", false, header("alg", "HS256")},
	{"unknown kid", false, header("kid", "x")}, {"kid of another key", false, header("kid", "rsa")}, {"no kid", true, func(t *token) { delete(t.header, "kid") }},
	{"typ JWT", false, header("typ", "JWT")}, {"typ at+jwt", true, header("typ", "at+jwt")}, {"cty", true, header("cty", "JWT")}, {"crit", false, header("crit", []string{"exp"})}, {"jku", true, header("jku", "https://x.example")}, {"x5t", false, header("x5t", "abc")},
	{"another issuer", false, claim("iss", "https://idp.example")}, {"no issuer", false, claim("iss", nil)}, {"no subject", true, claim("sub", nil)}, {"another subject", false, claim("sub", "subject-2")},
	{"another audience", false, claim("aud", "client-2")}, {"audience in an array", false, claim("aud", []string{"client-1"})}, {"audience among others", true, claim("aud", []string{"client-1", "x"})}, {"no audience", false, claim("aud", nil)},
	{"audience in other case", false, claim("aud", "CLIENT-1")}, {"party", false, claim("azp", "client-1")}, {"another party", true, claim("azp", "x")}, {"expired", false, claim("exp", at(-time.Minute))}, {"no exp", false, claim("exp", nil)}, {"no iat", true, claim("iat", nil)},
	{"from the future", true, claim("iat", at(10*time.Minute))}, {"nbf in the future", false, claim("nbf", at(10*time.Minute))}, {"nbf a little ahead", false, claim("nbf", at(4*time.Minute))}, {"a week", true, claim("exp", at(7*24*time.Hour))},
	{"exp as text", true, claim("exp", "1795350000")}, {"exp with a fraction", true, claim("exp", json.Number("1795350000.5"))}, {"other spelling of sub", true, func(t *token) { t.extra = `,"SUB":"admin"` }}, {"sub twice", true, func(t *token) { t.extra = `,"sub":"admin"` }},
	{"amr", false, claim("amr", []string{"pwd"})}, {"tags of another form", true, claim("https://aws.amazon.com/tags", "x")}, {"groups", false, claim("groups", []string{"a"})},
	{"a byte changed", false, func(t *token) {
		t.raw = func(s string) string { return s[:len(s)-20] + "AAAAAAAAAAAAAAAA" + s[len(s)-4:] }
	}}, {"no signature", false, func(t *token) { t.raw = func(s string) string { return s[:strings.LastIndexByte(s, '.')+1] } }},
	{"blank behind", true, func(t *token) { t.raw = func(s string) string { return s + " " } }}, {"line end behind", false, func(t *token) { t.raw = func(s string) string { return s + "\n" } }}, {"padding", false, func(t *token) { t.raw = func(s string) string { return s + "==" } }}, {"fourth part", false, func(t *token) { t.raw = func(s string) string { return s + ".AA" } }},
}

// rounds is how many random tokens are compared.
func rounds() int {
	if os.Getenv("DEPUTY_LONG") != "" {
		return 200_000
	}
	return 2000
}

// TestAgainstGoOIDC: whatever we accept go-oidc accepts, as the same subject; what it
// accepts and we refuse has something that we refuse on purpose.
func TestAgainstGoOIDC(t *testing.T) {
	issuer := oidctest.New(false)
	defer issuer.Close()
	issuer.SetKey("p384", oidctest.EC(elliptic.P384()))
	issuer.SetKey("p521", oidctest.EC(elliptic.P521()))
	now := func() time.Time { return noon }
	ours, err := oidc.New(oidc.Options{Allow: []string{issuer.Host()}, Now: now})
	if err != nil {
		t.Fatal(err)
	}
	provider := &oidc.Provider{Account: "111122223333", Issuer: issuer.Issuer(), Audiences: []string{"client-1"}}
	theirs := gooidc.NewVerifier(issuer.Issuer(), gooidc.NewRemoteKeySet(t.Context(), issuer.Issuer()+oidctest.KeySet), &gooidc.Config{
		ClientID: "client-1", Now: now, SupportedSigningAlgs: []string{"RS256", "RS384", "RS512", "ES256", "ES384", "ES512"},
	})
	other := oidctest.EC(elliptic.P256())
	seed := uint64(1)
	if text := os.Getenv("DEPUTY_SEED"); text != "" { // other tokens
		if seed, err = strconv.ParseUint(text, 10, 64); err != nil {
			t.Fatal(err)
		}
	}
	random := rand.New(rand.NewPCG(seed, 1))
	both, neither, stricter, party := 0, 0, 0, 0
	compare := func(list []part) {
		text := build(issuer, other, list)
		var claims *oidc.Claims
		parsed, ourErr := oidc.Parse(text)
		if ourErr == nil {
			claims, ourErr = ours.Verify(t.Context(), parsed, provider)
		}
		id, theirErr := theirs.Verify(t.Context(), text)
		names := make([]string, len(list))
		for i, p := range list {
			names[i] = p.name
		}
		switch {
		case ourErr == nil && theirErr != nil && strings.Contains(theirErr.Error(), "expected audience") && slices.Contains(names, "party"):
			party++ // AWS's rule: the authorized party stands in the audience's place
		case ourErr == nil && theirErr != nil:
			t.Errorf("%v: we accept, go-oidc says %v", names, theirErr)
		case ourErr == nil && (claims.Subject != id.Subject || claims.Issuer != id.Issuer || !slices.Equal(claims.Audiences, id.Audience) || !claims.Expires.Equal(id.Expiry)):
			t.Errorf("%v: we read %+v, go-oidc %+v", names, claims, id)
		case ourErr != nil && theirErr == nil && !slices.ContainsFunc(list, func(p part) bool { return p.stricter }):
			t.Errorf("%v: go-oidc accepts, we say %v", names, ourErr)
		case ourErr == nil:
			both++
		case theirErr == nil:
			stricter++
		default:
			neither++
		}
	}
	compare(nil)
	for _, p := range parts {
		compare([]part{p})
	}
	for range rounds() {
		var list []part
		for range random.IntN(4) {
			list = append(list, parts[random.IntN(len(parts))])
		}
		compare(list)
	}
	t.Logf("%d accepted by both, %d by neither, %d by go-oidc alone, %d by the authorized party", both, neither, stricter, party)
	if both < 100 || neither < 100 || stricter < 10 {
		t.Error("the tokens are too much alike")
	}
}

func build(issuer *oidctest.Issuer, other crypto.Signer, list []part) string {
	tok := &token{header: map[string]any{}, claims: issuer.Claims(noon, nil), raw: func(s string) string { return s }}
	signedBy("ec", "ES256")(tok)
	for _, p := range list {
		p.change(tok)
	}
	head, err := json.Marshal(tok.header)
	if err != nil {
		panic(err)
	}
	body, err := json.Marshal(tok.claims)
	if err != nil {
		panic(err)
	}
	key, alg := other, "ES256"
	if tok.key != "other" {
		key, alg = issuer.Key(tok.key), tok.alg
	}
	return tok.raw(oidctest.Sign(key, string(head), alg, strings.TrimSuffix(string(body), "}")+tok.extra+"}"))
}
