package oidc

import (
	"crypto"
	"crypto/elliptic"
	"crypto/hmac"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/asn1"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"maps"
	"math/big"
	"strings"
	"testing"
	"time"

	"github.com/deputy-sts/deputy/internal/federation/oidc/oidctest"
)

var noon = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

// world is an issuer with keys of all families, and a verifier that may reach it.
type world struct {
	t        testing.TB
	issuer   *oidctest.Issuer
	verifier *Verifier
	provider *Provider
	now      time.Time
}

func newWorld(t testing.TB) *world {
	t.Helper()
	w := &world{t: t, issuer: oidctest.New(false), now: noon}
	t.Cleanup(w.issuer.Close)
	w.issuer.SetKey("p384", oidctest.EC(elliptic.P384()))
	w.issuer.SetKey("p521", oidctest.EC(elliptic.P521()))
	w.provider = &Provider{Account: "111122223333", Issuer: w.issuer.Issuer(), Audiences: []string{"client-1", "client-2"}}
	w.renew(Options{})
	return w
}

// renew makes a verifier that knows nothing yet.
func (w *world) renew(o Options) {
	w.t.Helper()
	o.Allow = append(o.Allow, w.issuer.Host())
	o.Now = func() time.Time { return w.now }
	v, err := New(o)
	if err != nil {
		w.t.Fatal(err)
	}
	w.verifier = v
}

func (w *world) verify(token string) (*Claims, error) {
	t, err := Parse(token)
	if err != nil {
		return nil, err
	}
	return w.verifier.Verify(w.t.Context(), t, w.provider)
}

// hostile is a token that must not be accepted.
type hostile struct {
	check string // C01
	name  string
	token string
	want  error // nil: any
}

const goodHeader = `{"alg":"ES256","kid":"ec","typ":"JWT"}`

// hostileTokens makes the corpus: attacks by the part of the token that they
// change, for an issuer that is as it should be.
func (w *world) hostileTokens() (list []hostile) {
	for _, make := range []func(func(check, name, token string, want error)){
		w.badAlgorithms, w.symmetric, w.ownKeys, w.badHeaders, w.badShapes, w.badSignatures, w.badTimes, w.badAudiences, w.badClaims, w.ambiguous, w.badTags,
	} {
		make(func(check, name, token string, want error) { list = append(list, hostile{check, name, token, want}) })
	}
	return list
}

func (w *world) key(id string) crypto.Signer { return w.issuer.Key(id) }

func (w *world) body(more map[string]any) string {
	b, err := json.Marshal(w.issuer.Claims(w.now, more))
	if err != nil {
		w.t.Fatal(err)
	}
	return string(b)
}

// signed is a token with that header and the claims, signed by ec.
func (w *world) signed(header string) string {
	return oidctest.Sign(w.key("ec"), header, "ES256", w.body(nil))
}

// claimed is a well signed token with that body.
func (w *world) claimed(body string) string {
	return oidctest.Sign(w.key("ec"), goodHeader, "ES256", body)
}

func (w *world) badAlgorithms(add func(check, name, token string, want error)) {
	for _, alg := range []string{
		`"none"`, `"None"`, `"NONE"`, `"nOnE"`, `""`, `null`, `[]`, `["ES256"]`, `{}`, `1`, `true`, `"HS256"`, `"HS384"`, `"HS512"`, `"PS256"`, `"PS384"`, `"PS512"`,
		`"EdDSA"`, `"Ed25519"`, `"ES256K"`, `"RS1"`, `"ML-DSA-44"`, `"ES256 "`, `" ES256"`, `"es256"`, `"ES-256"`, `"RSA-OAEP"`, `"dir"`, `"A256GCM"`, `"PBES2-HS256+A128KW"`, `"ES256\u0000"`,
	} {
		header := `{"alg":` + alg + `,"kid":"ec"}`
		input := oidctest.Part(header) + "." + oidctest.Part(w.body(nil))
		add("C01", alg+" with a good signature", w.signed(header), ErrForm)
		add("C01", alg+" without a signature", input+".", ErrForm)
		add("C01", alg+" with a byte", input+".AA", ErrForm)
	}
	add("C01", "no alg", w.signed(`{"kid":"ec"}`), ErrForm)
	for _, alg := range []string{"PS256", "PS384", "PS512"} {
		add("C01", "a true "+alg, oidctest.Sign(w.key("rsa"), `{"alg":"`+alg+`","kid":"rsa"}`, alg, w.body(nil)), ErrForm)
	}
}

func (w *world) symmetric(add func(check, name, token string, want error)) {
	der, err := x509.MarshalPKIXPublicKey(w.key("rsa").Public())
	if err != nil {
		w.t.Fatal(err)
	}
	secrets := map[string][]byte{
		"client secret": []byte("client-secret"), "PEM": pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}), "DER": der,
		"modulus": w.key("rsa").Public().(*rsa.PublicKey).N.Bytes(), "key set": w.issuer.JWKS(), "nothing": {}, "kid": []byte("rsa"),
	}
	for what, secret := range secrets {
		for _, alg := range []string{"HS256", "RS256", "ES256"} {
			input := oidctest.Part(`{"alg":"`+alg+`","kid":"rsa"}`) + "." + oidctest.Part(w.body(nil))
			mac := hmac.New(sha256.New, secret)
			mac.Write([]byte(input))
			add("C02", alg+" by the "+what, input+"."+base64.RawURLEncoding.EncodeToString(mac.Sum(nil)), nil)
		}
	}
}

func (w *world) ownKeys(add func(check, name, token string, want error)) {
	own := oidctest.EC(elliptic.P256())
	jwk := strings.TrimSuffix(strings.TrimPrefix(string(jwksOf("own", own)), `{"keys":[`), `]}`)
	for name, member := range map[string]string{
		"jwk": `"jwk":` + jwk, "jku": `"jku":"` + w.issuer.URL + `/canary"`, "x5u": `"x5u":"` + w.issuer.URL + `/canary"`, "x5c": `"x5c":["AAAA"]`,
		"empty jwk": `"jwk":{}`, "null jwk": `"jwk":null`, "crit": `"crit":["exp"]`, "crit of jwk": `"crit":["jwk"],"jwk":` + jwk, "empty crit": `"crit":[]`,
		"crit b64": `"crit":["b64"],"b64":false`, "b64": `"b64":false`, "zip": `"zip":"DEF"`, "enc": `"enc":"A256GCM"`, "cty": `"cty":"JWT"`,
	} {
		for _, id := range []string{"own", "ec"} {
			header := `{"alg":"ES256","kid":"` + id + `",` + member + `}`
			add("C03", name+" and the key "+id, oidctest.Sign(own, header, "ES256", w.body(nil)), ErrForm)
		}
		add("C03", name+", signed by the issuer", w.signed(`{"alg":"ES256","kid":"ec",`+member+`}`), ErrForm)
	}
}

func jwksOf(id string, k crypto.Signer) []byte {
	i := oidctest.Issuer{}
	i.SetKey(id, k)
	return i.JWKS()
}

func (w *world) badHeaders(add func(check, name, token string, want error)) {
	for name, kid := range map[string]string{
		"absent": "", "null": `"kid":null`, "number": `"kid":5`, "array": `"kid":["ec"]`, "empty": `"kid":""`, "long": `"kid":"` + strings.Repeat("k", 257) + `"`,
	} {
		header := strings.Replace(`{"alg":"ES256",`+kid+`}`, `,}`, `}`, 1)
		add("C17", "kid "+name, w.signed(header), ErrForm)
	}
	for _, kid := range []string{"EC", "ec ", " ec", "../ec", `ec\u0000`, "e", "ecc", "*", "%65c", "ec/"} {
		add("C17", "kid "+kid, w.signed(`{"alg":"ES256","kid":"`+kid+`"}`), ErrKey)
	}
	for _, typ := range []string{`"JOSE"`, `"at+jwt"`, `"JWE"`, `"logout+jwt"`, `1`, `null`, `["JWT"]`} {
		add("C12", "typ "+typ, w.signed(`{"alg":"ES256","kid":"ec","typ":`+typ+`}`), ErrForm)
	}
	for name, header := range map[string]string{
		"alg twice": `{"alg":"ES256","alg":"none","kid":"ec"}`, "alg twice, otherwise": `{"alg":"none","alg":"ES256","kid":"ec"}`,
		"kid twice": `{"alg":"ES256","kid":"x","kid":"ec"}`, "escaped twice": `{"alg":"ES256","kid":"ec","\u0061lg":"none"}`,
		"something behind": `{"alg":"ES256","kid":"ec"}{}`, "text behind": `{"alg":"ES256","kid":"ec"} x`, "array": `[{"alg":"ES256","kid":"ec"}]`, "null": `null`, "string": `"alg"`, "empty": `{}`,
		"BOM": "\ufeff" + `{"alg":"ES256","kid":"ec"}`, "not UTF-8": `{"alg":"ES256","kid":"ec","x":"` + "\xff" + `"}`, "half a pair": `{"alg":"ES256","kid":"ec","x":"\ud800"}`,
		"deep": `{"alg":"ES256","kid":"ec","x":` + strings.Repeat("[", 40) + strings.Repeat("]", 40) + `}`, "cut": `{"alg":"ES256","kid":"ec"`, "comment": `{"alg":"ES256",/**/"kid":"ec"}`,
	} {
		add("C09", "header "+name, w.signed(header), ErrForm)
	}
}

func (w *world) badShapes(add func(check, name, token string, want error)) {
	good := w.issuer.Token(w.now, nil)
	part := strings.Split(good, ".")
	for name, token := range map[string]string{
		"nothing": "", "a dot": ".", "two dots": "..", "no dot": part[1], "one dot": part[0] + "." + part[1], "three dots": good + ".", "three dots and more": good + "." + part[2],
		"five parts": good + "." + part[0] + "." + part[1], "a flood of dots": strings.Repeat(".", 20000), "dot first": "." + good, "no header": "." + part[1] + "." + part[2],
		"no body": part[0] + ".." + part[2], "no signature": part[0] + "." + part[1] + ".", "padded": part[0] + "=." + part[1] + "." + part[2], "padded signature": good + "==",
		"blank before": " " + good, "blank behind": good + " ", "line end before": "\n" + good, "line end and blank": good + "\n ", "line end inside": part[0] + "." + part[1][:8] + "\n" + part[1][8:] + "." + part[2],
		"carriage return": part[0][:4] + "\r" + part[0][4:] + "." + part[1] + "." + part[2], "bearer": "Bearer " + good, "NUL": good + "\x00", "long": good + strings.Repeat("A", MaxToken),
		"JSON":                `{"payload":"` + part[1] + `","protected":"` + part[0] + `","signature":"` + part[2] + `"}`,
		"flat JSON with dots": `{"payload":"` + good + `"}`, "quoted": `"` + good + `"`, "an access token": "ya29.a0AfH6SMBx-x", "hex": strings.Repeat("ab", 200), "stray bits": good[:len(good)-1] + strayed(good[len(good)-1]),
		"standard alphabet": strings.NewReplacer("-", "+", "_", "/").Replace(oidctest.Part("\xff\xfe\xff") + "." + part[1] + "." + part[2]),
	} {
		add("C12", name, token, ErrForm)
	}
	jwe := base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"PBES2-HS256+A128KW","enc":"A128CBC-HS256","p2c":2000000000,"p2s":"AA"}`))
	add("C12", "JWE with PBES2", jwe+".AA.AA.AA.AA", ErrForm)
	add("C12", "nested", oidctest.Sign(w.key("ec"), goodHeader, "ES256", good), ErrForm)
}

// strayed is another letter that decodes to the same bytes at the end of a part of
// 64 bytes, of whose last letter two bits count.
func strayed(last byte) string {
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	return string(alphabet[strings.IndexByte(alphabet, last)|1])
}

func (w *world) badSignatures(add func(check, name, token string, want error)) {
	good := w.issuer.Token(w.now, nil)
	input, last, _ := cutLast(good)
	raw, err := base64.RawURLEncoding.DecodeString(last)
	if err != nil {
		w.t.Fatal(err)
	}
	with := func(name string, signature []byte) {
		add("C17", name, input+"."+base64.RawURLEncoding.EncodeToString(signature), ErrKey)
	}
	for i := range raw {
		flipped := append([]byte{}, raw...)
		flipped[i] ^= 1 << (i % 8)
		with(fmt.Sprintf("byte %d flipped", i), flipped)
	}
	r, s := new(big.Int).SetBytes(raw[:32]), new(big.Int).SetBytes(raw[32:])
	der, err := asn1.Marshal(struct{ R, S *big.Int }{r, s})
	if err != nil {
		w.t.Fatal(err)
	}
	n := elliptic.P256().Params().N.Bytes()
	zero := make([]byte, 32)
	for name, signature := range map[string][]byte{
		"DER": der, "zeros": append(zero, zero...), "r is 0": append(zero[:32:32], raw[32:]...), "s is 0": append(raw[:32:32], zero...), "r is n": append(n[:32:32], raw[32:]...), "s is n": append(raw[:32:32], n...),
		"short": raw[:63], "long": append(raw[:64:64], 0), "doubled": append(raw[:64:64], raw...), "exchanged": append(raw[32:64:64], raw[:32]...), "one byte": {1},
	} {
		with(name, signature)
	}
	other := oidctest.EC(elliptic.P256())
	add("C17", "another's key", oidctest.Sign(other, goodHeader, "ES256", w.body(nil)), ErrKey)
	add("C17", "another body", replacePart(good, 1, w.body(map[string]any{"sub": "admin"})), ErrKey)
	add("C17", "another header", replacePart(good, 0, `{"alg":"ES256","kid":"ec"}`), ErrKey)
	small, err := rsa.GenerateKey(rand.Reader, 1024)
	if err != nil {
		w.t.Fatal(err)
	}
	add("C17", "a small RSA key", oidctest.Sign(small, `{"alg":"RS256","kid":"rsa"}`, "RS256", w.body(nil)), ErrKey)
	keys := map[string]string{"rsa": "RS256", "ec": "ES256", "p384": "ES384", "p521": "ES512"}
	for id, own := range keys {
		for _, alg := range []string{"RS256", "RS384", "RS512", "ES256", "ES384", "ES512"} {
			if alg == own || id == "rsa" && alg[0] == 'R' {
				continue
			}
			signing := alg
			if (alg[0] == 'R') != (id == "rsa") {
				signing = own // a key of the other kind: what it can sign, said to be the other
			}
			add("C17", alg+" with the key "+id, oidctest.Sign(w.key(id), `{"alg":"`+alg+`","kid":"`+id+`"}`, signing, w.body(nil)), ErrKey)
		}
	}
}

func cutLast(s string) (before, after string, found bool) {
	at := strings.LastIndexByte(s, '.')
	return s[:at], s[at+1:], true
}

func replacePart(token string, at int, content string) string {
	parts := strings.Split(token, ".")
	parts[at] = oidctest.Part(content)
	return strings.Join(parts, ".")
}

func (w *world) badTimes(add func(check, name, token string, want error)) {
	at := func(d time.Duration) int64 { return w.now.Add(d).Unix() }
	for name, c := range map[string]map[string]any{
		"expired": {"iat": at(-2 * time.Hour), "exp": at(-time.Second)}, "expires now": {"exp": at(0)},
	} {
		add("C07", name, w.claimed(w.body(c)), ErrExpired{})
	}
	for name, c := range map[string]map[string]any{
		"no exp": {"exp": nil}, "no iat": {"iat": nil}, "no sub": {"sub": nil}, "from the future": {"iat": at(5*time.Minute + time.Second)},
		"nbf in the future": {"nbf": at(5*time.Minute + time.Second)}, "lives longer than a day": {"exp": at(24*time.Hour + time.Second)}, "iat after exp": {"iat": at(5 * time.Minute), "exp": at(time.Minute)},
		"a year": {"exp": at(365 * 24 * time.Hour)}, "made long ago": {"iat": at(-24 * time.Hour), "exp": at(time.Second)},
	} {
		add("C07", name, w.claimed(w.body(c)), ErrClaims)
	}
	for _, name := range []string{"exp", "iat", "nbf"} {
		for _, v := range []string{
			`null`, `"%d"`, `%d.5`, `%d.0`, `-1`, `0`, `-%d`, `1e400`, `1.8e9`, `9223372036854775807`, `18446744073709551616`, `%d000`, `true`, `[]`, `{}`, `[%d]`, `"2026-11-22T13:00:00Z"`, `""`,
		} {
			if strings.Contains(v, "%d") {
				v = fmt.Sprintf(v, at(time.Minute))
			}
			claims := w.issuer.Claims(w.now, map[string]any{name: json.RawMessage(v)})
			if b, err := json.Marshal(claims); err == nil {
				add("C07", name+" "+v, w.claimed(string(b)), nil)
			}
		}
	}
}

func (w *world) badAudiences(add func(check, name, token string, want error)) {
	for name, c := range map[string]map[string]any{
		"another": {"aud": "client-3"}, "prefix": {"aud": "client-"}, "longer": {"aud": "client-11"}, "substring": {"aud": "my client-1"}, "other case": {"aud": "Client-1"}, "blank": {"aud": "client-1 "},
		"others": {"aud": []string{"a", "b"}}, "ours among others": {"aud": []string{"client-1", "other"}}, "ours twice": {"aud": []string{"client-1", "client-2"}}, "issuer": {"aud": w.issuer.Issuer()},
		"another party": {"azp": "client-3"}, "another party, one of ours": {"aud": []string{"client-1", "other"}, "azp": "other"}, "party in other case": {"azp": "CLIENT-1"}, "an array of another": {"aud": []string{"x"}},
		"joined": {"aud": "client-1 client-2"}, "wildcard": {"aud": "*"},
	} {
		add("C06", name, w.claimed(w.body(c)), ErrAudience)
	}
	for name, c := range map[string]map[string]any{
		"absent": {"aud": nil}, "empty": {"aud": ""}, "number": {"aud": 1}, "empty array": {"aud": []string{}}, "array of nothing": {"aud": []string{""}}, "object": {"aud": map[string]any{"client-1": true}},
		"mixed array": {"aud": []any{"client-1", 1}}, "nested": {"aud": []any{[]string{"client-1"}}}, "null in an array": {"aud": []any{"client-1", nil}}, "party number": {"azp": 1}, "party empty": {"azp": ""},
		"party array": {"azp": []string{"client-1"}}, "twenty-one": {"aud": strings.Split(strings.Repeat("client-1 ", 21), " ")[:21]}, "control": {"aud": "client-1\n"}, "bool": {"aud": true},
	} {
		add("C06", name, w.claimed(w.body(c)), ErrClaims)
	}
}

func (w *world) badClaims(add func(check, name, token string, want error)) {
	iss := w.issuer.Issuer()
	for name, v := range map[string]any{
		"slash": iss + "/", "upper": strings.ToUpper(iss), "https": strings.Replace(iss, "http:", "https:", 1), "no scheme": strings.TrimPrefix(iss, "http://"), "other": "https://idp.example",
		"userinfo": strings.Replace(iss, "://", "://a@", 1), "fragment": iss + "#", "blank": iss + " ", "path": iss + "/x", "long": iss + strings.Repeat("/a", 4000),
	} {
		add("C08", "issuer "+name, w.claimed(w.body(map[string]any{"iss": v})), ErrClaims)
	}
	for name, v := range map[string]any{"absent": nil, "empty": "", "number": 1, "array": []string{iss}, "object": map[string]any{"a": iss}} {
		add("C08", "issuer "+name, w.claimed(w.body(map[string]any{"iss": v})), ErrForm)
	}
	for name, v := range map[string]any{
		"empty": "", "number": 1, "array": []string{"subject-1"}, "object": map[string]any{}, "long": strings.Repeat("s", 256), "control": "subject\n1", "NUL": "subject-1\x00", "delete": "a\x7f", "bool": true,
	} {
		add("C07", "sub "+name, w.claimed(w.body(map[string]any{"sub": v})), ErrClaims)
	}
	for name, v := range map[string]any{"number": 1, "mixed": []any{"pwd", 1}, "object": map[string]any{}, "empty text": []string{"pwd", ""}, "many": strings.Split(strings.Repeat("a ", 21), " ")[:21]} {
		add("C09", "amr "+name, w.claimed(w.body(map[string]any{"amr": v})), ErrClaims)
	}
	add("C15", "a token of GetWebIdentityToken", w.claimed(w.body(map[string]any{"https://sts.amazonaws.com/": map[string]any{"aws_account": "111122223333"}})), ErrClaims)
}

// ambiguous are bodies that two readers read differently.
func (w *world) ambiguous(add func(check, name, token string, want error)) {
	open := strings.TrimSuffix(w.body(nil), "}")
	values := map[string]string{"iss": `"https://idp.example"`, "sub": `"admin"`, "aud": `"client-2"`, "exp": `4000000000`, "iat": `1`, "azp": `"client-2"`, "nbf": `1`, "amr": `"mfa"`}
	for name, v := range values {
		if name != "azp" && name != "nbf" && name != "amr" {
			add("C09", name+" twice", w.claimed(open+`,"`+name+`":`+v+`}`), ErrForm)
			add("C09", name+" twice, otherwise", w.claimed(`{"`+name+`":`+v+`,`+open[1:]+`}`), ErrForm)
			add("C09", name+" twice, escaped", w.claimed(fmt.Sprintf(`%s,"\u%04x%s":%s}`, open, name[0], name[1:], v)), ErrForm)
		}
		for _, other := range []string{strings.ToUpper(name), strings.ToUpper(name[:1]) + name[1:]} {
			add("C09", name+" as "+other, w.claimed(open+`,"`+other+`":`+v+`}`), ErrClaims)
		}
	}
	for name, body := range map[string]string{
		"something behind": w.body(nil) + "{}", "text behind": w.body(nil) + "x", "array": "[" + w.body(nil) + "]", "null": "null", "number": "1", "text": `"x"`, "BOM": "\ufeff" + w.body(nil),
		"not UTF-8": open + `,"x":"` + "\xc3\x28" + `"}`, "not UTF-8 in a name": open + `,"` + "\xff" + `":1}`, "half a pair": open + `,"x":"\ud83d"}`, "half a pair in a name": open + `,"\udc00":1}`, "cut": open,
		"deep": open + `,"x":` + strings.Repeat(`{"a":`, 40) + "1" + strings.Repeat("}", 40) + "}", "very deep": open + `,"x":` + strings.Repeat("[", 6000), "comma": open + `,}`, "single quotes": strings.ReplaceAll(w.body(nil), `"`, `'`),
		"a member twice, nested": open + `,"x":{"a":1,"a":2}}`, "U+FFFD": open + `,"x":"` + "\ufffd" + `"}`, "NaN": open + `,"x":NaN}`, "hex": open + `,"x":0x1}`, "leading zero": open + `,"x":01}`,
	} {
		add("C09", name, w.claimed(body), ErrForm)
	}
}

func (w *world) badTags(add func(check, name, token string, want error)) {
	for name, v := range map[string]any{
		"text": "a", "number": 1, "array": []string{"a"}, "principal_tags array": map[string]any{"principal_tags": []string{"a"}}, "principal_tags null": map[string]any{"principal_tags": nil},
		"two values": map[string]any{"principal_tags": map[string]any{"a": []string{"1", "2"}}}, "no value": map[string]any{"principal_tags": map[string]any{"a": []string{}}},
		"a number": map[string]any{"principal_tags": map[string]any{"a": []any{1}}}, "null": map[string]any{"principal_tags": map[string]any{"a": nil}}, "object": map[string]any{"principal_tags": map[string]any{"a": map[string]any{}}},
		"transitive number": map[string]any{"transitive_tag_keys": 1}, "transitive mixed": map[string]any{"transitive_tag_keys": []any{"a", 1}},
	} {
		add("C09", "tags "+name, w.claimed(w.body(map[string]any{claimTags: v})), ErrClaims)
	}
	add("C09", "flat tag number", w.claimed(w.body(map[string]any{claimFlatTags + "a": 1})), ErrClaims)
	add("C09", "flat transitive number", w.claimed(w.body(map[string]any{claimFlatTransitive: 1})), ErrClaims)
	add("C09", "source identity number", w.claimed(w.body(map[string]any{claimSourceIdentity: 1})), ErrClaims)
}

// TestHostileTokens: none of the corpus is accepted, and each is refused for what
// is wrong with it. The same token without it is accepted.
func TestHostileTokens(t *testing.T) {
	w := newWorld(t)
	list := w.hostileTokens()
	checks := map[string]int{}
	for _, h := range list {
		checks[h.check]++
		c, err := w.verify(h.token)
		switch want := h.want; {
		case c != nil && err == nil:
			t.Errorf("%s %s: accepted", h.check, h.name)
		case err == nil:
			t.Errorf("%s %s: neither claims nor an error", h.check, h.name)
		case want == ErrExpired{}:
			if _, ok := errors.AsType[ErrExpired](err); !ok {
				t.Errorf("%s %s: %v", h.check, h.name, err)
			}
		case want != nil && !errors.Is(err, want):
			t.Errorf("%s %s: %v, want %v", h.check, h.name, err, want)
		}
	}
	t.Logf("%d tokens: %v", len(list), checks)
	if len(list) < 300 {
		t.Errorf("only %d tokens", len(list))
	}
	for id, alg := range map[string]string{"rsa": "RS256", "ec": "ES256", "p384": "ES384", "p521": "ES512"} {
		if _, err := w.verify(w.issuer.Sign(id, alg, w.issuer.Claims(w.now, nil))); err != nil {
			t.Errorf("%s: %v", alg, err)
		}
	}
	if n := w.issuer.Fetches.Load(); n != 1 {
		t.Errorf("%d fetches of the keys", n)
	}
}

// only runs the tokens of one check, which must all be refused.
func only(t *testing.T, check string, least int) {
	t.Helper()
	w := newWorld(t)
	n := 0
	for _, h := range w.hostileTokens() {
		if h.check != check {
			continue
		}
		n++
		if c, err := w.verify(h.token); err == nil {
			t.Errorf("%s: accepted as %s", h.name, c.Subject)
		}
	}
	if n < least {
		t.Errorf("%d tokens", n)
	}
}

func TestSec_C01_Algorithms(t *testing.T) { only(t, "C01", 90) }
func TestSec_C02_NoSymmetricKey(t *testing.T) {
	only(t, "C02", 20)
	for _, set := range []string{
		`{"keys":[{"kty":"oct","kid":"ec","k":"AAAA","alg":"HS256"}]}`, `{"keys":[{"kty":"oct","kid":"ec","k":"AAAA"}]}`, `{"keys":[{"kty":"oct","kid":"ec","k":""}]}`,
	} {
		if keys, err := parseKeySet([]byte(set)); err != nil || len(keys) != 0 {
			t.Errorf("%s gives %v, %v", set, keys, err)
		}
	}
}
func TestSec_C06_Audience(t *testing.T)        { only(t, "C06", 30) }
func TestSec_C07_TimesAndSubject(t *testing.T) { only(t, "C07", 60) }
func TestSec_C09_StrictJSON(t *testing.T)      { only(t, "C09", 60) }
func TestSec_C12_CompactOnly(t *testing.T)     { only(t, "C12", 30) }
func TestSec_C17_KeysThatDoNotFit(t *testing.T) {
	only(t, "C17", 90)
}

// TestSec_C03_OwnKeys: what a header says of keys is refused, and nothing that it
// points to is asked for.
func TestSec_C03_OwnKeys(t *testing.T) {
	w := newWorld(t)
	canary := 0
	for _, h := range w.hostileTokens() {
		if h.check == "C03" {
			canary++
			if _, err := w.verify(h.token); err == nil {
				t.Errorf("%s: accepted", h.name)
			}
		}
	}
	if n := w.issuer.Requests.Load(); canary < 30 || n != 0 {
		t.Errorf("%d requests for %d tokens", n, canary)
	}
}

// TestAccepted holds what must pass beside what must not.
func TestAccepted(t *testing.T) {
	w := newWorld(t)
	at := func(d time.Duration) int64 { return w.now.Add(d).Unix() }
	for name, c := range map[string]map[string]any{
		"one audience in an array": {"aud": []string{"client-2"}}, "a party of ours": {"aud": []string{"x", "client-1"}, "azp": "client-2"}, "party in place of the audience": {"aud": "somebody", "azp": "client-1"},
		"a clock ahead": {"iat": at(4 * time.Minute), "nbf": at(4 * time.Minute)}, "almost over": {"iat": at(-time.Hour), "exp": at(time.Second)}, "a day": {"exp": at(24 * time.Hour)}, "nbf past": {"nbf": at(-time.Hour)},
		"other claims": {"groups": []string{"a"}, "Groups": 1, "nested": map[string]any{"sub": 1, "SUB": 2}}, "the longest subject": {"sub": strings.Repeat("é", 255)}, "one amr": {"amr": "pwd"},
	} {
		if _, err := w.verify(w.claimed(w.body(c))); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, alg := range []string{"RS256", "RS384", "RS512"} {
		if _, err := w.verify(w.issuer.Sign("rsa", alg, w.issuer.Claims(w.now, nil))); err != nil {
			t.Errorf("%s: %v", alg, err)
		}
	}
	for _, header := range []string{`{"alg":"ES256","kid":"ec"}`, `{"typ":"jwt","kid":"ec","alg":"ES256","x5t":"abc"}`} {
		if _, err := w.verify(w.signed(header)); err != nil {
			t.Errorf("%s: %v", header, err)
		}
	}
	for _, end := range []string{"\n", "\r\n"} {
		if _, err := w.verify(w.issuer.Token(w.now, nil) + end); err != nil {
			t.Errorf("from a file that ends in %q: %v", end, err)
		}
	}
	w.provider.Audiences, w.provider.AnyAudience = nil, true
	if c, err := w.verify(w.claimed(w.body(map[string]any{"aud": "anybody"}))); err != nil || c.Audience != "anybody" {
		t.Errorf("any audience: %v", err)
	}
	if _, err := w.verify(w.claimed(w.body(map[string]any{"aud": []string{"a", "b"}}))); !errors.Is(err, ErrAudience) {
		t.Errorf("several audiences without a party: %v", err)
	}
}

// BenchmarkHostile answers the corpus; every answer is a refusal.
func BenchmarkHostile(b *testing.B) {
	w := newWorld(b)
	list := w.hostileTokens()
	var slowest time.Duration
	name := ""
	for b.Loop() {
		for _, h := range list {
			from := time.Now()
			if _, err := w.verify(h.token); err == nil {
				b.Fatal(h.name)
			}
			if d := time.Since(from); d > slowest {
				slowest, name = d, h.name
			}
		}
	}
	b.ReportMetric(float64(len(list)), "tokens/op")
	b.ReportMetric(float64(slowest.Microseconds()), "slowest-µs")
	b.Log("slowest: ", name)
}

func BenchmarkVerify(b *testing.B) {
	w := newWorld(b)
	for _, id := range []string{"rsa", "ec"} {
		token := w.issuer.Sign(id, map[string]string{"rsa": "RS256", "ec": "ES256"}[id], w.issuer.Claims(w.now, nil))
		b.Run(id, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := w.verify(token); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// FuzzToken: whatever a token is, only those that the issuer has signed pass, and
// those mean what they say.
func FuzzToken(f *testing.F) {
	w := newWorld(f)
	for _, h := range w.hostileTokens() {
		f.Add(h.token)
	}
	good := w.issuer.Token(w.now, nil)
	f.Add(good)
	if _, err := w.verify(good); err != nil {
		f.Fatal(err)
	}
	_, body, _ := strings.Cut(good, ".")
	body, _, _ = strings.Cut(body, ".")
	f.Fuzz(func(t *testing.T, token string) {
		parsed, err := Parse(token)
		if err != nil {
			return
		}
		c, err := w.verifier.Verify(t.Context(), parsed, w.provider)
		if err == nil && (!strings.Contains(token, body) || c.Subject != "subject-1") {
			t.Errorf("accepted %q as %s", token, c.Subject)
		}
	})
}

// FuzzKeySet: nothing but public keys of the two families, within bounds, comes
// out of a key set.
func FuzzKeySet(f *testing.F) {
	w := newWorld(f)
	f.Add(w.issuer.JWKS())
	for set := range maps.Keys(hostileKeySets(w)) {
		f.Add([]byte(set))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		keys, err := parseKeySet(b)
		if err != nil {
			return
		}
		for id, k := range keys {
			if id == "" || len(id) > maxKeyID || k.family() == "" || len(keys) > maxKeys {
				t.Errorf("%q: %v", id, k)
			}
			if pub, ok := k.key.(*rsa.PublicKey); ok && (pub.N.BitLen() < minRSA || pub.N.BitLen() > maxRSA || pub.E < 3) {
				t.Errorf("%q: %d bits", id, pub.N.BitLen())
			}
		}
	})
}

func rsaKey(t testing.TB) crypto.Signer {
	k, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	return k
}
