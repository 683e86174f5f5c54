package outbound

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"encoding/json"
	"math/big"
	"strings"
	"testing"
	"time"

	"github.com/deputy-sts/deputy/internal/directory"
)

var noon = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// verify checks a token against the published key set alone, and gives its claims.
func verify(t *testing.T, i *directory.TokenIssuer, token string) (claims string, ok bool) {
	t.Helper()
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		t.Fatalf("%d parts", len(parts))
	}
	var raw [3][]byte
	for n, p := range parts {
		b, err := base64.RawURLEncoding.Strict().DecodeString(p)
		check(t, err)
		raw[n] = b
	}
	var head struct{ Alg, Kid, Typ string }
	check(t, json.Unmarshal(raw[0], &head))
	document, err := KeySet(i)
	check(t, err)
	var set struct{ Keys []map[string]string }
	check(t, json.Unmarshal(document, &set))
	signed := []byte(parts[0] + "." + parts[1])
	for _, k := range set.Keys {
		if k["kid"] != head.Kid || k["alg"] != head.Alg || k["use"] != "sig" {
			continue
		}
		n := func(name string) *big.Int {
			b, err := base64.RawURLEncoding.DecodeString(k[name])
			check(t, err)
			return new(big.Int).SetBytes(b)
		}
		switch k["kty"] {
		case "RSA":
			sum := sha256.Sum256(signed)
			pub := &rsa.PublicKey{N: n("n"), E: int(n("e").Int64())}
			return string(raw[1]), rsa.VerifyPKCS1v15(pub, crypto.SHA256, sum[:], raw[2]) == nil
		case "EC":
			sum := sha512.Sum384(signed)
			point := append([]byte{4}, append(n("x").FillBytes(make([]byte, 48)), n("y").FillBytes(make([]byte, 48))...)...)
			pub, err := ecdsa.ParseUncompressedPublicKey(elliptic.P384(), point)
			check(t, err)
			r, s := new(big.Int).SetBytes(raw[2][:48]), new(big.Int).SetBytes(raw[2][48:])
			return string(raw[1]), k["crv"] == "P-384" && ecdsa.Verify(pub, sum[:], r, s)
		}
	}
	return "", false
}

// TestSign verifies tokens of both algorithms with what is published; nothing of
// the private halves is.
func TestSign(t *testing.T) {
	i, err := NewIssuer("111122223333", noon)
	check(t, err)
	for _, a := range []string{RS256, ES384} {
		for range 20 { // R and S have leading zeros now and then
			token, err := Sign(Current(i, a, noon), []byte(`{"sub":"me"}`))
			check(t, err)
			if claims, ok := verify(t, i, token); !ok || claims != `{"sub":"me"}` {
				t.Fatalf("%s: %v %s", a, ok, claims)
			}
			if a == RS256 {
				break
			}
		}
	}
	document, err := KeySet(i)
	check(t, err)
	if text := string(document); strings.Contains(text, `"d":`) || strings.Contains(text, `"p":`) {
		t.Errorf("a private half in %s", text)
	}
	if _, err := Sign(&directory.SigningKey{ID: "x", Algorithm: RS256, Private: []byte("no key")}, nil); err == nil {
		t.Error("a damaged key signs")
	}
	swapped := *i
	swapped.Keys = []*directory.SigningKey{{ID: "x", Algorithm: RS256, From: noon, Private: Current(i, ES384, noon).Private}}
	if _, err := Sign(swapped.Keys[0], nil); err == nil {
		t.Error("a key signs by the algorithm of another")
	}
}

// TestSignsAtOnce: a new issuer signs in the very second that it was made in.
func TestSignsAtOnce(t *testing.T) {
	i, err := NewIssuer("111122223333", noon.Add(999*time.Millisecond))
	check(t, err)
	for _, a := range algorithms {
		for _, now := range []time.Time{noon, noon.AddDate(-1, 0, 0)} { // also after a clock that was ahead is set right
			if Current(i, a, now) == nil {
				t.Errorf("%s does not sign at %v", a, now)
			}
		}
	}
	if Current(i, "HS256", noon) != nil {
		t.Error("a key of an unknown algorithm")
	}
}

// TestRotation lives through a year, an hour a step: there is always a key that
// signs, it was published for a day before (but for the first), and a token that
// lives verifies.
func TestRotation(t *testing.T) {
	i, err := NewIssuer("111122223333", noon)
	check(t, err)
	type issued struct {
		kid  string
		ends time.Time
	}
	for _, a := range algorithms {
		i := i
		var live []issued
		published := map[string]time.Time{}
		seen := map[string]bool{}
		for now := noon; now.Before(noon.AddDate(1, 0, 0)); now = now.Add(time.Hour) {
			n, err := Rotated(i, now)
			check(t, err)
			if n != nil {
				i = n
				if again, _ := Rotated(i, now); again != nil {
					t.Fatal("rotated twice at once")
				}
			}
			known := map[string]bool{}
			for _, k := range i.Keys {
				known[k.ID] = true
				if _, was := published[k.ID]; !was {
					published[k.ID] = now
				}
			}
			k := Current(i, a, now)
			if k == nil {
				t.Fatalf("%v: nothing signs", now)
			}
			if now.Sub(published[k.ID]) < Lead && k.From != noon {
				t.Fatalf("%v: a key signs that was published at %v", now, published[k.ID])
			}
			seen[k.ID] = true
			live = append(live, issued{k.ID, now.Add(MaxLifetime)})
			for len(live) > 0 && live[0].ends.Before(now) {
				live = live[1:]
			}
			for _, l := range live {
				if !known[l.kid] {
					t.Fatalf("%v: the key %s of a living token is gone", now, l.kid)
				}
			}
			if len(i.Keys) > 4 {
				t.Fatalf("%v: %d keys", now, len(i.Keys))
			}
		}
		if len(seen) < 4 || len(seen) > 6 {
			t.Errorf("%d keys have signed in a year", len(seen))
		}
	}
}

// TestConfiguration holds the names that verifiers look for.
func TestConfiguration(t *testing.T) {
	b, err := Configuration("https://id.example/oidc/x")
	check(t, err)
	var c map[string]any
	check(t, json.Unmarshal(b, &c))
	if c["issuer"] != "https://id.example/oidc/x" || c["jwks_uri"] != "https://id.example/oidc/x/.well-known/jwks.json" {
		t.Errorf("%s", b)
	}
	for _, name := range []string{"response_types_supported", "subject_types_supported", "id_token_signing_alg_values_supported"} {
		if list, _ := c[name].([]any); len(list) == 0 {
			t.Errorf("%s is missing: %s", name, b)
		}
	}
}
