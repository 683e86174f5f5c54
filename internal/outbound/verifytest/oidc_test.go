package verifytest

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"

	"github.com/deputy-sts/deputy/internal/outbound"
)

// TestVerify has go-oidc discover an issuer and verify a token of each algorithm;
// it refuses one for another audience, one that has ended, and an altered one.
func TestVerify(t *testing.T) {
	now := time.Now().UTC()
	i, err := outbound.NewIssuer("111122223333", now)
	if err != nil {
		t.Fatal(err)
	}
	var url string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var text []byte
		switch r.URL.Path {
		case "/oidc/" + i.ID + outbound.ConfigurationPath:
			text, _ = outbound.Configuration(url)
		case "/oidc/" + i.ID + outbound.KeySetPath:
			text, _ = outbound.KeySet(i)
		default:
			http.NotFound(w, r)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		w.Write(text)
	}))
	defer server.Close()
	url = server.URL + "/oidc/" + i.ID
	provider, err := oidc.NewProvider(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	verifier := provider.Verifier(&oidc.Config{ClientID: "relying", SupportedSigningAlgs: []string{"RS256", "ES384"}})
	sign := func(algorithm string, audience any, expires time.Time) string {
		claims, err := json.Marshal(map[string]any{
			"iss": url, "aud": audience, "sub": "arn:aws:iam::111122223333:user/alice", "iat": now.Unix(), "exp": expires.Unix(), "jti": "1",
			outbound.Namespace: map[string]any{"aws_account": "111122223333"},
		})
		if err != nil {
			t.Fatal(err)
		}
		token, err := outbound.Sign(outbound.Current(i, algorithm, now), claims)
		if err != nil {
			t.Fatal(err)
		}
		return token
	}
	later := now.Add(5 * time.Minute)
	for _, algorithm := range []string{outbound.RS256, outbound.ES384} {
		for _, audience := range []any{"relying", []string{"other", "relying"}} {
			token, err := verifier.Verify(t.Context(), sign(algorithm, audience, later))
			if err != nil {
				t.Fatalf("%s %v: %v", algorithm, audience, err)
			}
			var claims struct {
				AWS struct {
					Account string `json:"aws_account"`
				} `json:"https://sts.amazonaws.com/"`
			}
			if err := token.Claims(&claims); err != nil || claims.AWS.Account != "111122223333" || token.Subject != "arn:aws:iam::111122223333:user/alice" {
				t.Errorf("%s: %v %+v", algorithm, err, claims)
			}
		}
		good := sign(algorithm, "relying", later)
		parts := strings.Split(good, ".")
		for what, token := range map[string]string{
			"another audience": sign(algorithm, "other", later),
			"an ended one":     sign(algorithm, "relying", now.Add(-time.Hour)),
			"another's claims": parts[0] + "." + strings.Split(sign(algorithm, "relying", later.Add(time.Second)), ".")[1] + "." + parts[2],
		} {
			if _, err := verifier.Verify(t.Context(), token); err == nil {
				t.Errorf("%s: %s is taken", algorithm, what)
			}
		}
	}
}
