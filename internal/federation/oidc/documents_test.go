package oidc

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/ecdsa"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha1"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"math/big"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/deputy-sts/deputy/internal/federation/oidc/oidctest"
)

// says answers with a document.
func says(document string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, document) }
}

// answers answers with a status.
func answers(status int, header ...string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		for i := 0; i < len(header); i += 2 {
			w.Header().Set(header[i], header[i+1])
		}
		w.WriteHeader(status)
	}
}

// but sends the document that is asked for, with another status.
func (w *world) but(status int, document string) http.HandlerFunc {
	return func(rw http.ResponseWriter, _ *http.Request) {
		rw.Header().Set("Location", w.issuer.Issuer()+"/elsewhere")
		rw.WriteHeader(status)
		fmt.Fprint(rw, document)
	}
}

// hostileDiscovery are discovery documents that must not lead to any key.
func hostileDiscovery(w *world) map[string]http.HandlerFunc {
	iss, keys := w.issuer.Issuer(), w.issuer.Issuer()+oidctest.KeySet
	list := map[string]http.HandlerFunc{}
	for _, other := range []string{iss + "/", strings.ToUpper(iss), "", "https://idp.example", strings.Replace(iss, "http", "https", 1), iss + " ", strings.TrimPrefix(iss, "http://")} {
		list["issuer "+other] = says(fmt.Sprintf(`{"issuer":%q,"jwks_uri":%q}`, other, keys))
	}
	for _, document := range []string{
		`{"jwks_uri":"` + keys + `"}`, `{"issuer":1,"jwks_uri":"` + keys + `"}`, `{"issuer":["` + iss + `"],"jwks_uri":"` + keys + `"}`, `{"issuer":"` + iss + `"}`, `[]`, `null`, ``, `x`, `{`, `"` + iss + `"`,
		`{"issuer":"https://idp.example","issuer":"` + iss + `","jwks_uri":"` + keys + `"}`, `{"issuer":"` + iss + `","jwks_uri":"` + keys + `"}x`, "\ufeff" + `{"issuer":"` + iss + `","jwks_uri":"` + keys + `"}`,
		`{"ISSUER":"` + iss + `","jwks_uri":"` + keys + `"}`, `{"issuer":"` + iss + `","JWKS_URI":"` + keys + `"}`, `{"issuer":"` + iss + `","jwks_uri":"` + keys + `","x":"` + "\xff" + `"}`, `<html></html>`,
		`{"issuer":"` + iss + `","jwks_uri":"` + keys + `","x":` + strings.Repeat("[", 50) + strings.Repeat("]", 50) + `}`,
	} {
		list["document "+document] = says(document)
	}
	_, port, _ := net.SplitHostPort(w.issuer.Host())
	for _, uri := range []string{
		`1`, `null`, `[]`, `""`, `"/keys"`, `"keys"`, `"//` + w.issuer.Host() + `/keys"`, `"file:///etc/passwd"`, `"data:application/json,{}"`, `"javascript:1"`, `"ftp://` + w.issuer.Host() + `/keys"`, `"gopher://x/"`,
		`"http://169.254.169.254/latest/meta-data/"`, `"http://[::1]:` + port + `/keys"`, `"http://localhost:` + port + `/keys"`, `"http://0:` + port + `/keys"`, `"http://0.0.0.0:` + port + `/keys"`, `"http://2130706433:` + port + `/keys"`,
		`"http://0x7f000001:` + port + `/keys"`, `"http://0177.0.0.1:` + port + `/keys"`, `"http://127.1:` + port + `/keys"`, `"http://[::ffff:127.0.0.1]:` + port + `/keys"`, `"https://127.0.0.2/keys"`, `"http://127.0.0.1:1/keys"`, `"https://127.0.0.1/keys"`,
		`"http://a@` + w.issuer.Host() + `/keys"`, `"http://` + w.issuer.Host() + `@idp.example/keys"`, `"` + keys + `#x"`, `"` + keys + `?a=b"`, `"` + keys + `?"`, `"http:` + w.issuer.Host() + `/keys"`, `"http://` + w.issuer.Host() + `\\@x/keys"`, `" ` + keys + `"`,
		`"` + keys + `\n"`, `"` + keys + strings.Repeat("/a", 2000) + `"`, `"http://` + w.issuer.Host() + `:/keys"`, `"unix:///tmp/x"`, `"http://%31%32%37.0.0.1:` + port + `/keys"`, `"http://127.0.0.1%00:` + port + `/keys"`, `"http://127。0。0。1:` + port + `/keys"`,
	} {
		list["jwks_uri "+uri] = says(`{"issuer":"` + iss + `","jwks_uri":` + uri + `}`)
	}
	for _, status := range []int{201, 204, 206, 301, 302, 303, 307, 308, 400, 401, 403, 404, 429, 500, 503} {
		list[fmt.Sprint("status ", status)] = w.but(status, `{"issuer":"`+iss+`","jwks_uri":"`+keys+`"}`)
	}
	return list
}

// hostileKeySets are key sets in which nothing called ec or rsa verifies the
// issuer's tokens.
func hostileKeySets(w *world) map[string]bool {
	ec := w.key("ec").Public().(*ecdsa.PublicKey)
	rs := w.key("rsa").Public().(*rsa.PublicKey)
	b64 := base64.RawURLEncoding.EncodeToString
	point, _ := ec.Bytes()
	x, y := b64(point[1:33]), b64(point[33:])
	n, e := b64(rs.N.Bytes()), b64(big.NewInt(int64(rs.E)).Bytes())
	off := b64(append([]byte{point[1] ^ 1}, point[2:33]...))
	small, _ := rsa.GenerateKey(rand.Reader, 1024)
	key := func(members string) string { return `{"kid":"ec",` + members + `}` }
	good := key(`"kty":"EC","crv":"P-256","x":"` + x + `","y":"` + y + `"`)
	list := map[string]bool{}
	for _, k := range []string{
		key(`"kty":"oct","k":"AAAA"`), key(`"kty":"oct","k":"AAAA","alg":"ES256"`), key(`"kty":"EC","crv":"P-256","x":"` + x + `","y":"` + y + `","use":"enc"`), key(`"kty":"EC","crv":"P-256","x":"` + x + `","y":"` + y + `","use":1`),
		key(`"kty":"EC","crv":"P-256","x":"` + x + `","y":"` + y + `","key_ops":["encrypt"]`), key(`"kty":"EC","crv":"P-256","x":"` + x + `","y":"` + y + `","key_ops":[]`), key(`"kty":"EC","crv":"P-256","x":"` + x + `","y":"` + y + `","alg":"ES384"`),
		key(`"kty":"EC","crv":"P-256","x":"` + x + `","y":"` + y + `","alg":"none"`), key(`"kty":"EC","crv":"P-256","x":"` + x + `","y":"` + y + `","alg":"HS256"`), key(`"kty":"EC","crv":"P-256","x":"` + x + `","y":"` + y + `","alg":1`),
		key(`"kty":"EC","crv":"P-256","x":"` + x + `","y":"` + y + `","alg":"RS256"`), key(`"kty":"EC","crv":"P-256","x":"` + x + `","y":"` + y + `","d":"AAAA"`), key(`"kty":"EC","crv":"P-256","x":"` + off + `","y":"` + y + `"`),
		key(`"kty":"EC","crv":"P-256","x":"","y":""`), key(`"kty":"EC","crv":"P-256","x":"AA","y":"AA"`), key(`"kty":"EC","crv":"P-384","x":"` + x + `","y":"` + y + `"`), key(`"kty":"EC","crv":"P-224","x":"` + x + `","y":"` + y + `"`),
		key(`"kty":"EC","crv":"secp256k1","x":"` + x + `","y":"` + y + `"`), key(`"kty":"EC","x":"` + x + `","y":"` + y + `"`), key(`"kty":"ec","crv":"P-256","x":"` + x + `","y":"` + y + `"`), key(`"kty":"OKP","crv":"Ed25519","x":"` + x + `"`), key(`"crv":"P-256"`),
		`{"kty":"EC","crv":"P-256","x":"` + x + `","y":"` + y + `"}`, `{"kid":1,"kty":"EC","crv":"P-256","x":"` + x + `","y":"` + y + `"}`, `{"kid":"","kty":"EC","crv":"P-256","x":"` + x + `","y":"` + y + `"}`, `{"KID":"ec","kty":"EC","crv":"P-256","x":"` + x + `","y":"` + y + `"}`,
		`{"kid":"` + strings.Repeat("k", 300) + `","kty":"EC","crv":"P-256","x":"` + x + `","y":"` + y + `"}`, good + `,` + key(`"kty":"RSA","n":"`+n+`","e":"`+e+`"`), good + `,` + good, `"ec"`, `null`, `1`, `[]`, `{}`,
		`{"kid":"rsa","kty":"RSA","n":"` + n + `","e":"AQ"}`, `{"kid":"rsa","kty":"RSA","n":"` + n + `","e":"AA"}`, `{"kid":"rsa","kty":"RSA","n":"` + n + `","e":"BA"}`, `{"kid":"rsa","kty":"RSA","n":"` + n + `"}`, `{"kid":"rsa","kty":"RSA","e":"` + e + `"}`,
		`{"kid":"rsa","kty":"RSA","n":"` + b64(small.N.Bytes()) + `","e":"` + e + `"}`, `{"kid":"rsa","kty":"RSA","n":"","e":"` + e + `"}`, `{"kid":"rsa","kty":"RSA","n":"AQ","e":"` + e + `"}`, `{"kid":"rsa","kty":"RSA","n":"` + b64(bytes.Repeat([]byte{0xff}, 1025)) + `","e":"` + e + `"}`,
		`{"kid":"rsa","kty":"RSA","n":"` + n + `","e":"` + e + `","alg":"PS256"}`, `{"kid":"rsa","kty":"RSA","n":"` + n + `","e":"` + e + `","alg":"RSA-OAEP"}`, `{"kid":"rsa","kty":"RSA","n":"` + n + `","e":"` + e + `","use":"enc"}`, `{"kid":"rsa","kty":"RSA","n":"` + n + `","e":"` + b64(bytes.Repeat([]byte{0xff}, 9)) + `"}`,
	} {
		list[`{"keys":[`+k+`]}`] = true
	}
	many := strings.Repeat(good+",", 101)
	for _, set := range []string{
		`{"keys":[` + many[:len(many)-1] + `]}`, `{"keys":` + good + `}`, `{"keys":null}`, `{"keys":{}}`, `{}`, `[` + good + `]`, `[]`, `null`, ``, good, `{"Keys":[` + good + `]}`, `{"keys":[],"keys":[` + good + `]}`, `{"keys":[` + good + `]}x`,
		`{"keys":[[` + good + `]]}`, `{"keys":[` + good + `],"x":"` + "\xff" + `"}`, `{"keys":[{"keys":[` + good + `]}]}`, `{"keys":[` + strings.Replace(good, `"kid":"ec"`, `"kid":"x","kid":"ec"`, 1) + `]}`,
	} {
		list[set] = true
	}
	return list
}

// TestHostileDocuments: no discovery document and no key set of the corpus lets a
// token in, neither by ec nor by rsa, and each is refused at once.
func TestHostileDocuments(t *testing.T) {
	w := newWorld(t)
	w.issuer.SetKey("p384", nil)
	w.issuer.SetKey("p521", nil)
	tokens := []string{w.issuer.Token(w.now, nil), w.issuer.Sign("rsa", "RS256", w.issuer.Claims(w.now, nil))}
	n := 0
	refusedAll := func(name string) {
		t.Helper()
		n++
		w.renew(Options{})
		for _, token := range tokens {
			if _, err := w.verify(token); !errors.Is(err, ErrUnreachable) && !errors.Is(err, ErrKey) {
				t.Errorf("%s: %v", name, err)
			}
		}
	}
	for name, h := range hostileDiscovery(w) {
		w.issuer.Replace(oidctest.Discovery, h)
		refusedAll(name)
	}
	w.issuer.Replace(oidctest.Discovery, nil)
	for set := range hostileKeySets(w) {
		w.issuer.Replace(oidctest.KeySet, says(set))
		refusedAll(set)
	}
	for _, status := range []int{201, 204, 301, 302, 307, 400, 404, 500} {
		w.issuer.Replace(oidctest.KeySet, w.but(status, string(w.issuer.JWKS())))
		refusedAll(fmt.Sprint("keys with status ", status))
	}
	w.issuer.Replace(oidctest.KeySet, says(string(w.issuer.JWKS())+strings.Repeat(" ", maxDocument)))
	refusedAll("too long")
	w.issuer.Replace(oidctest.KeySet, func(rw http.ResponseWriter, _ *http.Request) {
		rw.Header().Set("Content-Encoding", "gzip")
		z := gzip.NewWriter(rw)
		z.Write(w.issuer.JWKS())
		z.Close()
	})
	refusedAll("compressed, unasked")
	w.issuer.Replace(oidctest.KeySet, nil)
	w.renew(Options{})
	for _, token := range tokens {
		if _, err := w.verify(token); err != nil {
			t.Errorf("as they should be: %v", err)
		}
	}
	t.Logf("%d documents", n)
	if n < 120 {
		t.Errorf("only %d documents", n)
	}
}

// TestForeignKeySets: what issuers publish beside the keys for us does no harm.
func TestForeignKeySets(t *testing.T) {
	w := newWorld(t)
	ec, rs := keyJSON(t, w, "ec"), keyJSON(t, w, "rsa")
	with := func(key, members string) string { return strings.TrimSuffix(key, "}") + "," + members + "}" }
	set := `{"keys":[` + strings.Join([]string{
		with(rs, `"x5c":["not a certificate"],"x5t":"AA","x5t#S256":"AA","x5u":"https://idp.example/cert","issuer":"https://idp.example"`),
		with(ec, `"key_ops":["verify"],"alg":"ES256","exp":4000000000`),
		strings.Replace(strings.Replace(rs, `"kid":"rsa"`, `"kid":"enc"`, 1), `"use":"sig"`, `"use":"enc","alg":"RSA-OAEP"`, 1),
		`{"kty":"OKP","crv":"Ed25519","kid":"ed","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}`, `{"kty":"AKP","alg":"ML-DSA-44","kid":"pq","pub":"AA"}`,
	}, ",") + `],"other":true}`
	keys, err := parseKeySet([]byte(set))
	if err != nil || len(keys) != 2 || keys["rsa"].family() != "RSA " || keys["ec"].family() != "P-256 ES256" {
		t.Errorf("%v, %v", keys, err)
	}
}

// TestKeyBounds: keys that are too small, too large or of no use are not there,
// and a set of too many is none.
func TestKeyBounds(t *testing.T) {
	b64 := base64.RawURLEncoding.EncodeToString
	modulus := func(bits int) string {
		n := bytes.Repeat([]byte{0xff}, (bits+7)/8)
		n[0] = 0xff >> (len(n)*8 - bits)
		return b64(n)
	}
	for _, row := range []struct {
		n, e string
		want int
	}{
		{modulus(2048), "AQAB", 1}, {modulus(4096), "AQAB", 1}, {modulus(2048), "Aw", 1}, {modulus(2047), "AQAB", 0}, {modulus(4097), "AQAB", 0},
		{modulus(2048), "AQ", 0}, {modulus(2048), "Ag", 0}, {modulus(2048), "AQAA", 0}, {modulus(2048), "", 0},
	} {
		keys, err := parseKeySet([]byte(`{"keys":[{"kty":"RSA","kid":"k","n":"` + row.n + `","e":"` + row.e + `"}]}`))
		if err != nil || len(keys) != row.want {
			t.Errorf("%d characters, e %s: %d keys, %v", len(row.n), row.e, len(keys), err)
		}
	}
	for n, want := range map[int]bool{maxKeys: true, maxKeys + 1: false} {
		var list []string
		for i := range n {
			list = append(list, fmt.Sprintf(`{"kty":"RSA","kid":"%d","n":"%s","e":"AQAB"}`, i, modulus(2048)))
		}
		if keys, err := parseKeySet([]byte(`{"keys":[` + strings.Join(list, ",") + `]}`)); (err == nil && len(keys) == n) != want {
			t.Errorf("%d keys: %v", n, err)
		}
	}
}

// TestKeyOfOneAlgorithm: a key that is published for one algorithm verifies no other.
func TestKeyOfOneAlgorithm(t *testing.T) {
	w := newWorld(t)
	w.issuer.Replace(oidctest.KeySet, says(`{"keys":[`+strings.Replace(keyJSON(t, w, "rsa"), `"use":"sig"`, `"alg":"RS256"`, 1)+`]}`))
	for alg, want := range map[string]error{"RS256": nil, "RS384": ErrKey, "RS512": ErrKey} {
		if _, err := w.verify(w.issuer.Sign("rsa", alg, w.issuer.Claims(w.now, nil))); !errors.Is(err, want) || want == nil && err != nil {
			t.Errorf("%s: %v", alg, err)
		}
	}
	// Nor does the list of algorithms hang on the library alone.
	for _, alg := range []string{"none", "HS256", "PS256", ""} {
		if err := new(Token).header([]byte(`{"alg":"` + alg + `","kid":"k"}`)); !errors.Is(err, ErrForm) {
			t.Errorf("%q: %v", alg, err)
		}
	}
}

func keyJSON(t *testing.T, w *world, id string) string {
	t.Helper()
	set := string(jwksOf(id, w.key(id)))
	return strings.TrimSuffix(strings.TrimPrefix(set, `{"keys":[`), `]}`)
}

// TestSec_C05_HostileIssuer: bodies without an end, slow ones, compressed ones,
// redirects and headers without an end cost a bounded time and amount.
func TestSec_C05_HostileIssuer(t *testing.T) {
	w := newWorld(t)
	var sent atomic.Int64
	endless := func(rw http.ResponseWriter, r *http.Request) {
		block := bytes.Repeat([]byte(" "), 64<<10)
		for r.Context().Err() == nil {
			n, err := rw.Write(block)
			if sent.Add(int64(n)); err != nil {
				return
			}
		}
	}
	slow := func(rw http.ResponseWriter, r *http.Request) {
		rw.WriteHeader(200)
		for r.Context().Err() == nil {
			rw.Write([]byte(" "))
			rw.(http.Flusher).Flush()
			time.Sleep(10 * time.Millisecond)
		}
	}
	silent := func(_ http.ResponseWriter, r *http.Request) {
		select {
		case <-r.Context().Done():
		case <-time.After(time.Minute):
		}
	}
	bomb := func(rw http.ResponseWriter, _ *http.Request) {
		rw.Header().Set("Content-Encoding", "gzip")
		z := gzip.NewWriter(rw)
		z.Write(w.issuer.JWKS())
		z.Write(bytes.Repeat([]byte(" "), 64<<20))
		z.Close()
	}
	var hops atomic.Int64
	circle := func(rw http.ResponseWriter, r *http.Request) {
		hops.Add(1)
		http.Redirect(rw, r, r.URL.Path, http.StatusFound)
	}
	headers := func(rw http.ResponseWriter, _ *http.Request) {
		for i := range 4000 {
			rw.Header().Set(fmt.Sprintf("X-%d", i), strings.Repeat("a", 100))
		}
		rw.Write(w.issuer.JWKS())
	}
	token := w.issuer.Token(w.now, nil)
	for name, h := range map[string]http.HandlerFunc{"endless": endless, "slow": slow, "silent": silent, "bomb": bomb, "circle": circle, "headers": headers} {
		for _, path := range []string{oidctest.Discovery, oidctest.KeySet} {
			w.issuer.Replace(path, h)
			w.renew(Options{})
			f := &fetcher{allow: w.verifier.allow, now: w.verifier.now, limit: 300 * time.Millisecond}
			w.verifier.cache.fetch = f.keys
			from := time.Now()
			if _, err := w.verify(token); !errors.Is(err, ErrUnreachable) {
				t.Errorf("%s for %s: %v", name, path, err)
			}
			if d := time.Since(from); d > 30*time.Second { // 0.3 s, on a machine that does something else
				t.Errorf("%s for %s took %v", name, path, d)
			}
			w.issuer.Replace(path, nil)
		}
	}
	if n := hops.Load(); n != 2 {
		t.Errorf("%d requests for two redirects", n)
	}
	if n := sent.Load(); n > 64<<20 { // what the buffers of two sockets can hold, and much more
		t.Errorf("%d bytes were taken of endless bodies", n)
	}
}

// TestSec_C13_Addresses: issuers are asked at public addresses only, whatever
// their names say at the moment of the connection.
func TestSec_C13_Addresses(t *testing.T) {
	for address, want := range map[string]bool{
		"8.8.8.8": true, "140.82.112.3": true, "2606:50c0:8000::153": true, "64:ff9b::808:808": true, "::ffff:8.8.8.8": true, "172.32.0.1": true, "100.128.0.1": true, "192.0.1.1": true,
		"127.0.0.1": false, "127.255.255.254": false, "::1": false, "::ffff:127.0.0.1": false, "::ffff:10.0.0.1": false, "0.0.0.0": false, "0.1.2.3": false, "::": false, "10.1.2.3": false, "172.16.0.1": false,
		"172.31.255.255": false, "192.168.1.1": false, "169.254.169.254": false, "fe80::1": false, "fc00::1": false, "fd00:ec2::254": false, "100.64.0.1": false, "100.100.100.200": false, "192.0.0.192": false, "192.0.2.1": false,
		"198.18.0.1": false, "198.51.100.1": false, "203.0.113.1": false, "224.0.0.1": false, "239.255.255.250": false, "240.0.0.1": false, "255.255.255.255": false, "ff02::1": false, "64:ff9b::7f00:1": false,
		"64:ff9b::a9fe:a9fe": false, "64:ff9b:1::1": false, "2002:7f00:1::1": false, "2001::1": false, "2001:db8::1": false, "fec0::1": false, "::127.0.0.1": false, "100::1": false, "3fff::1": false, "5f00::1": false,
	} {
		if got := isPublic(netip.MustParseAddr(address)); got != want {
			t.Errorf("%s is public: %v", address, got)
		}
		if mayDial(netip.MustParseAddr(address), false) != want {
			t.Errorf("%s may be dialled: %v", address, !want)
		}
	}
	for address, want := range map[string]bool{"127.0.0.1": true, "::1": true, "10.0.0.1": true, "8.8.8.8": true, "169.254.169.254": false, "::ffff:169.254.169.254": false, "64:ff9b::a9fe:a9fe": false, "fe80::1": false, "0.0.0.0": false, "::": false, "224.0.0.1": false, "255.255.255.255": false} {
		if mayDial(netip.MustParseAddr(address), true) != want {
			t.Errorf("%s of an allowed host may be dialled: %v", address, !want)
		}
	}
}

// TestSec_C13_Rebinding has a name server that answers as it likes.
func TestSec_C13_Rebinding(t *testing.T) {
	issuer := oidctest.New(false)
	defer issuer.Close()
	_, port, _ := net.SplitHostPort(issuer.Host())
	for name, row := range map[string]struct {
		answers []string
		allow   []string
		reached bool
	}{
		"loopback":                    {[]string{"127.0.0.1"}, nil, false},
		"public, then loopback":       {[]string{"198.51.100.1", "127.0.0.1"}, nil, false},
		"private":                     {[]string{"10.0.0.1"}, nil, false},
		"metadata":                    {[]string{"169.254.169.254"}, nil, false},
		"allowed, on loopback":        {[]string{"127.0.0.1"}, []string{"idp.example:" + port}, true},
		"allowed, at metadata":        {[]string{"169.254.169.254"}, []string{"idp.example"}, false},
		"another is allowed":          {[]string{"127.0.0.1"}, []string{"other.example"}, false},
		"the same on another port is": {[]string{"127.0.0.1"}, []string{"idp.example:1"}, false},
	} {
		allow, err := readAllowed(row.allow)
		if err != nil {
			t.Fatal(err)
		}
		f := &fetcher{allow: allow, now: time.Now, limit: 5 * time.Second, names: nameServer(row.answers)}
		raw := "https://idp.example/" // on 443, where nothing is
		if row.reached {
			raw = "http://idp.example:" + port + oidctest.KeySet
		}
		before := issuer.Requests.Load()
		_, err = f.get(t.Context(), raw, nil)
		switch {
		case row.reached && err != nil:
			t.Errorf("%s: %v", name, err)
		case !row.reached && (err == nil || !strings.Contains(err.Error(), "is not an address that an issuer may have")):
			t.Errorf("%s: %v", name, err)
		}
		if reached := issuer.Requests.Load() > before; reached != row.reached {
			t.Errorf("%s: reached %v", name, reached)
		}
	}
}

// nameServer answers every question for an IPv4 address.
func nameServer(addresses []string) *net.Resolver {
	return &net.Resolver{PreferGo: true, Dial: func(context.Context, string, string) (net.Conn, error) {
		here, there := net.Pipe()
		go func() {
			defer there.Close()
			b := make([]byte, 2048)
			for {
				// Over a stream each message has its length before it (RFC 1035, 4.2.2).
				n, err := there.Read(b)
				if err != nil || n < 14 {
					return
				}
				if _, err := there.Write(answer(b[2:n], addresses)); err != nil {
					return
				}
			}
		}()
		return here, nil
	}}
}

func answer(question []byte, addresses []string) []byte {
	end := 12 + bytes.IndexByte(question[12:], 0) + 5
	m := append([]byte{question[0], question[1], 0x81, 0x80, 0, 1, 0, 0, 0, 0, 0, 0}, question[12:end]...)
	if question[end-3] == 1 { // type A
		m[7] = byte(len(addresses))
		for _, a := range addresses {
			b := netip.MustParseAddr(a).As4()
			m = append(append(m, 0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 0, 0, 4), b[:]...)
		}
	}
	return append([]byte{byte(len(m) >> 8), byte(len(m))}, m...)
}

// TestSec_C13_URLs: what may be registered, with and without the setting.
func TestSec_C13_URLs(t *testing.T) {
	v, err := New(Options{Allow: []string{"kubernetes.default.svc", "127.0.0.1:8443", "[::1]", "localhost:5556"}})
	if err != nil {
		t.Fatal(err)
	}
	for raw, want := range map[string]bool{
		"https://idp.example": true, "https://idp.example/": true, "https://idp.example/a/b": true, "https://oidc.eks.us-east-1.amazonaws.com/id/0123ABC": true, "https://xn--bcher-kva.example": true, "https://a_b.example": true,
		"https://kubernetes.default.svc": true, "http://kubernetes.default.svc": true, "https://kubernetes.default.svc:6443/x": true, "https://127.0.0.1:8443": true, "http://127.0.0.1:8443": true, "http://[::1]:99": true, "http://localhost:5556/dex": true,
		"http://idp.example": false, "https://idp.example:443": false, "https://idp.example:8443": false, "https://127.0.0.1": false, "https://127.0.0.1:8444": false, "http://localhost": false, "https://8.8.8.8": false, "https://[2606:50c0::1]": false,
		"https://idp.example?x": false, "https://idp.example?": false, "https://idp.example#x": false, "https://idp.example#": false, "https://a@idp.example": false, "https://a:b@idp.example": false, "ftp://idp.example": false, "idp.example": false, "": false, "https://": false,
		"https:///x": false, "https:idp.example": false, "//idp.example": false, "HTTPS//idp.example": false, "https://idp.example:": false, "https://idp.example:0": false, "https://idp.example:99999": false, "https://idp..example": false, "https://-idp.example": false,
		"https://0": false, "https://2130706433": false, "https://0x7f.1": false, "https://0177.0.0.1": false, "https://127.1": false, "https://[::ffff:127.0.0.1]": false, "https://[fe80::1%25eth0]": false, "https://[::1%25lo]": false, "https://idp.example\\@x": false, "https://idp.exam ple": false,
		"https://idp.example/\n": false, "https://idp.exämple": false, "https://idp。example": false, "https://%69dp.example": false, "https://aws": false, "https://sts/x": false, "https://saml": false, "https://iam": false, "https://idp.example/" + strings.Repeat("a", 2048): false, "javascript:alert(1)": false,
	} {
		if err := v.CheckIssuer(raw); (err == nil) != want || err != nil && !errors.Is(err, ErrIssuer) {
			t.Errorf("%q: %v", raw, err)
		}
	}
	for _, bad := range []string{"", "http://idp.example", "idp.example/x", "idp.example:0", "idp.example:x", "*.example", "10.0.0.0/8", "a b"} {
		if _, err := New(Options{Allow: []string{bad}}); err == nil {
			t.Errorf("the setting takes %q", bad)
		}
	}
}

// TestCertificates: an authority, or a registered thumbprint of the chain; in
// both cases for the host, and of today.
func TestCertificates(t *testing.T) {
	issuer := oidctest.New(true)
	defer issuer.Close()
	roots := x509.NewCertPool()
	roots.AddCert(issuer.Certificate())
	sum := sha1.Sum(issuer.Certificate().Raw)
	thumbprint := hex.EncodeToString(sum[:])
	other := strings.Repeat("0", 40)
	for name, row := range map[string]struct {
		roots       *x509.CertPool
		thumbprints []string
		now         time.Time
		want        error
	}{
		"an authority": {roots, nil, noon, nil}, "an authority beside another's thumbprint": {roots, []string{other}, noon, nil},
		"a thumbprint": {nil, []string{other, thumbprint}, noon, nil}, "in capitals": {nil, []string{strings.ToUpper(thumbprint)}, noon, nil},
		"nothing": {nil, nil, noon, ErrCertificate}, "another thumbprint": {nil, []string{other}, noon, ErrCertificate},
		"an authority, out of date": {roots, nil, noon.AddDate(200, 0, 0), ErrCertificate}, "a thumbprint, out of date": {nil, []string{thumbprint}, noon.AddDate(200, 0, 0), ErrCertificate},
	} {
		v, err := New(Options{Allow: []string{issuer.Host()}, Roots: row.roots, Now: func() time.Time { return row.now }})
		if err != nil {
			t.Fatal(err)
		}
		if row.roots == nil {
			v.cache.fetch = (&fetcher{allow: v.allow, roots: x509.NewCertPool(), now: v.now, limit: fetchTime}).keys
		}
		_, err = v.cache.key(t.Context(), &Provider{Account: "1", Issuer: issuer.Issuer(), Thumbprints: row.thumbprints}, "ec")
		if !errors.Is(err, row.want) || row.want == nil && err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	f := &fetcher{now: func() time.Time { return noon }, roots: roots}
	for _, host := range []string{"localhost", "idp.example", "127.0.0.2"} {
		for _, pins := range [][]string{nil, {thumbprint}} {
			if err := f.verify(host, pins, []*x509.Certificate{issuer.Certificate()}); !errors.Is(err, ErrCertificate) {
				t.Errorf("the certificate serves %s: %v", host, err)
			}
		}
	}
	if err := f.verify("127.0.0.1", nil, nil); !errors.Is(err, ErrCertificate) {
		t.Errorf("no certificate: %v", err)
	}
}

// TestSec_C08_KeysOfAPlace: keys that one account has let in by its thumbprint
// serve no other account, nor the same with other thumbprints.
func TestSec_C08_KeysOfAPlace(t *testing.T) {
	issuer := oidctest.New(true)
	defer issuer.Close()
	sum := sha1.Sum(issuer.Certificate().Raw)
	v, err := New(Options{Allow: []string{issuer.Host()}, Roots: x509.NewCertPool()})
	if err != nil {
		t.Fatal(err)
	}
	pinned := &Provider{Account: "111122223333", Issuer: issuer.Issuer(), Thumbprints: []string{hex.EncodeToString(sum[:])}}
	if _, err := v.cache.key(t.Context(), pinned, "ec"); err != nil {
		t.Fatal(err)
	}
	also := *pinned
	also.Account = "444455556666"
	if _, err := v.cache.key(t.Context(), &also, "ec"); err != nil || issuer.Fetches.Load() != 2 {
		t.Errorf("an account with the same thumbprint: %v, %d fetches", err, issuer.Fetches.Load())
	}
	for name, p := range map[string]Provider{
		"another account": {Account: "444455556666", Issuer: issuer.Issuer()}, "without the thumbprint": {Account: "111122223333", Issuer: issuer.Issuer()},
	} {
		if _, err := v.cache.key(t.Context(), &p, "ec"); !errors.Is(err, ErrCertificate) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestSec_C10_Email: an address is a condition key only if it can be read in one
// way and the issuer does not say that it is not verified; it is never an identity.
func TestSec_C10_Email(t *testing.T) {
	w := newWorld(t)
	for _, row := range []struct {
		email    any
		verified any
		want     bool
	}{
		{"a@corp.example", nil, true}, {"a@corp.example", true, true}, {"a@corp.example", false, false}, {"a@corp.example", "false", false},
		{"a@evil.example@corp.example", nil, false}, {"@corp.example", nil, false}, {"a@", nil, false}, {"a", nil, false}, {"", nil, false}, {1, nil, false}, {[]string{"a@corp.example"}, nil, false}, {"a\n@corp.example", nil, false},
	} {
		c, err := w.verify(w.claimed(w.body(map[string]any{"email": row.email, "email_verified": row.verified})))
		if err != nil {
			t.Fatal(err)
		}
		got := false
		for _, k := range c.Keys() {
			got = got || strings.HasSuffix(k.Name, ":email")
		}
		if got != row.want {
			t.Errorf("%v, verified %v: %v", row.email, row.verified, got)
		}
		for _, k := range c.Lasting() {
			if strings.HasSuffix(k.Name, ":email") {
				t.Error("it stays with the session")
			}
		}
	}
}

// TestKeys compares the condition keys of a token with what AWS documents.
func TestKeys(t *testing.T) {
	w := newWorld(t)
	c, err := w.verify(w.claimed(w.body(map[string]any{"amr": []string{"pwd", "otp"}, "azp": "client-2", "aud": []string{"client-1", "x"}, "repository": "o/r", claimFlatTags + "a": "1", claimTags: map[string]any{"principal_tags": map[string]any{"B": []string{"2"}}, "transitive_tag_keys": []string{"B"}}, claimSourceIdentity: "me"})))
	if err != nil {
		t.Fatal(err)
	}
	name := Name(w.issuer.Issuer())
	show := func(keys []Key) string {
		b, _ := json.Marshal(keys)
		return strings.ReplaceAll(string(b), name, "N")
	}
	if got := show(c.Keys()); got != `[{"Name":"N:aud","Values":["client-2"]},{"Name":"N:sub","Values":["subject-1"]},{"Name":"N:amr","Values":["pwd","otp"]},{"Name":"N:oaud","Values":["client-1","x"]}]` {
		t.Errorf("keys %s", got)
	}
	if got := show(c.Lasting()); got != `[{"Name":"N:aud","Values":["client-2"]},{"Name":"N:sub","Values":["subject-1"]},{"Name":"N:amr","Values":["pwd","otp"]}]` {
		t.Errorf("lasting %s", got)
	}
	if fmt.Sprint(c.Tags)+fmt.Sprint(c.Transitive)+c.SourceIdentity != "[[B 2] [a 1]][B]me" {
		t.Errorf("tags %v, transitive %v, source identity %q", c.Tags, c.Transitive, c.SourceIdentity)
	}
	for issuer, want := range map[string]string{
		"https://token.actions.githubusercontent.com": "token.actions.githubusercontent.com:ref", "https://token.actions.githubusercontent.com/acme": "token.actions.githubusercontent.com/acme:ref",
		"https://token.actions.acme.ghe.com": "token.actions.acme.ghe.com:ref", "https://token.actions.a.b.ghe.com": "", "https://token.actions.evil.example/x.ghe.com": "", "https://gitlab.com": "", "https://idp.example": "",
	} {
		c := &Claims{Issuer: issuer, all: map[string]any{"ref": "refs/heads/main"}}
		got := ""
		for _, k := range c.Keys() {
			if strings.HasSuffix(k.Name, ":ref") {
				got = k.Name
			}
		}
		if got != want {
			t.Errorf("%s gives %q", issuer, got)
		}
	}
	c = &Claims{Issuer: "https://GitLab.com", all: map[string]any{"project_id": json.Number("22"), "ref_protected": true, "user_id": map[string]any{}}}
	if got := show(c.Keys()); !strings.Contains(got, `{"Name":"gitlab.com:project_id","Values":["22"]},{"Name":"gitlab.com:ref_protected","Values":["true"]}]`) {
		t.Errorf("scalars %s", got)
	}
}
