package sigv4

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"math/big"
	"net/http"
	"net/url"
	"strings"
	"testing"
)

// The published vector of the derivation: private key, and public point.
func TestSec_A13_DerivedKey(t *testing.T) {
	k, err := deriveECDSA("AKISORANDOMAASORANDOM", "q+jcrXGc+0zWN6uzclKVhvMmUsIfRPa4rlRandom")
	if err != nil {
		t.Fatal(err)
	}
	d, err := k.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	if got := hex.EncodeToString(d); got != "7fd3bd010c0d9c292141c2b77bfbde1042c92e6836fff749d1269ec890fca1bd" {
		t.Errorf("private key %s", got)
	}
	point, err := k.PublicKey.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	const want = "0415d242ceebf8d8169fd6a8b5a746c41140414c3b07579038da06af89190fffcb" + "0515242cedd82e94799482e4c0514b505afccf2c0c98d6a553bf539f424c5ec0"
	if got := hex.EncodeToString(point); got != want {
		t.Errorf("public key %s", got)
	}
}

// asymmetric signs a request with Signature Version 4A, in its header or query.
func asymmetric(t testing.TB, regions string, inQuery bool) *http.Request {
	t.Helper()
	w := &work{claim: claim{algorithm: ecdsaP256, date: noon.Format(basic), signed: "host;x-amz-date;x-amz-region-set"}}
	w.credential = testKey + "/20261125/sts/aws4_request"
	r := received(t, post(t, testBody))
	amz := 2
	if inQuery {
		w.signed, amz = "host", 0
		r.URL.RawQuery = url.Values{
			"X-Amz-Algorithm": {string(ecdsaP256)}, "X-Amz-Credential": {w.credential}, "X-Amz-Date": {w.date},
			"X-Amz-SignedHeaders": {w.signed}, "X-Amz-Region-Set": {regions},
		}.Encode()
	} else {
		set(r, "X-Amz-Date", w.date)
		set(r, "X-Amz-Region-Set", regions)
	}
	if err := w.query.parse(r.URL.RawQuery); err != nil {
		t.Fatal(err)
	}
	if flaw := w.compose(r, "/", []byte(testBody), amz); flaw != "" {
		t.Fatal(flaw)
	}
	k, err := deriveECDSA(testKey, testSecret)
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256(w.buf)
	der, err := ecdsa.SignASN1(rand.Reader, k, sum[:])
	if err != nil {
		t.Fatal(err)
	}
	if inQuery {
		r.URL.RawQuery += "&X-Amz-Signature=" + hex.EncodeToString(der)
		return r
	}
	return set(r, "Authorization", string(ecdsaP256)+" Credential="+w.credential+", SignedHeaders="+w.signed+", Signature="+hex.EncodeToString(der))
}

func TestSec_A13_Asymmetric(t *testing.T) {
	for _, inQuery := range []bool{false, true} {
		v := verifier()
		v.Regions = func(s string) bool { return s == "us-east-1" }
		for regions, ok := range map[string]bool{
			"*": true, "us-east-1": true, "eu-west-1, us-east-1": true, "eu-west-1,*": true,
			"": false, "eu-west-1": false, "us-*": false, ",": false, "us-east-1*": false,
		} {
			// Twice: with the key derived and with it cached.
			for range 2 {
				r := asymmetric(t, regions, inQuery)
				got, err := v.Verify(r, []byte(testBody), "sts")
				if !ok {
					refusedWith(t, got, err, 403, "SignatureDoesNotMatch", "Credential should be scoped to a valid region. ")
					continue
				}
				if err != nil {
					t.Fatal(err)
				}
				if got.RegionSet != regions || got.Credential.Region != "" || got.Any != "alice" || got.Presigned != inQuery {
					t.Errorf("%+v", got)
				}
			}
		}
	}
}

// A partial wildcard covers nothing even where every region is ours.
func TestSec_A13_PartialWildcard(t *testing.T) {
	mustVerify(t, asymmetric(t, "us-east-1", false))
	mustRefuse(t, asymmetric(t, "us-*", false), 403, "SignatureDoesNotMatch", "Credential should be scoped to a valid region. ")
}

// The derivation once more, in numbers.
func TestSec_A13_DerivedKeysInNumbers(t *testing.T) {
	order := elliptic.P256().Params().N
	for i := range 600 {
		id := fmt.Sprintf("AKIA%d", i)
		h := hmac.New(sha256.New, []byte("AWS4A"+testSecret))
		h.Write([]byte("\x00\x00\x00\x01AWS4-ECDSA-P256-SHA256\x00" + id + "\x01\x00\x00\x01\x00"))
		want := new(big.Int).SetBytes(h.Sum(nil))
		if want.Add(want, big.NewInt(1)).Cmp(order) >= 0 {
			continue // the next counter's turn, one time in four billion
		}
		k, err := deriveECDSA(id, testSecret)
		if err != nil {
			t.Fatal(err)
		}
		d, err := k.Bytes()
		if err != nil || new(big.Int).SetBytes(d).Cmp(want) != 0 {
			t.Fatalf("%s: %x, want %x", id, d, want)
		}
	}
}

func TestSec_A13_AsymmetricRefusals(t *testing.T) {
	good := func() *http.Request { return asymmetric(t, "*", false) }
	mustVerify(t, good())
	mustRefuse(t, edit(t, good(), testKey, "AKIANOBODYKNOWSTHIS0"), 403, "InvalidClientTokenId", "")
	mustRefuse(t, edit(t, good(), ";x-amz-region-set", ""), 403, "SignatureDoesNotMatch", "")
	mustRefuse(t, edit(t, good(), "/sts/", "/us-east-1/sts/"), 400, "IncompleteSignature", "")
	mustRefuse(t, edit(t, good(), string(ecdsaP256), string(hmacSHA256)), 400, "IncompleteSignature", "")
	mustRefuse(t, set(good(), "X-Amz-Region-Set", "us-east-1"), 403, "SignatureDoesNotMatch", mismatchText)
	result, err := verifier().Verify(good(), []byte(testBody+"x"), "sts")
	refusedWith(t, result, err, 403, "SignatureDoesNotMatch", mismatchText)

	r := good()
	_, signature, _ := strings.Cut(r.Header.Get("Authorization"), "Signature=")
	v := verifier()
	for i := range signature {
		digit := "0"
		if signature[i] == '0' {
			digit = "1"
		}
		bad := edit(t, good(), "Signature=", "Signature=x")
		set(bad, "Authorization", strings.Split(bad.Header.Get("Authorization"), "Signature=")[0]+"Signature="+signature[:i]+digit+signature[i+1:])
		result, err := v.Verify(bad, []byte(testBody), "sts")
		refusedWith(t, result, err, 403, "SignatureDoesNotMatch", mismatchText)
	}
	for _, der := range []string{"", "00", "3006020100020100", "3006020101020101", "xyz", signature + "00"} {
		bad := good()
		set(bad, "Authorization", strings.Split(bad.Header.Get("Authorization"), "Signature=")[0]+"Signature="+der)
		result, err := v.Verify(bad, []byte(testBody), "sts")
		refusedWith(t, result, err, 403, "SignatureDoesNotMatch", mismatchText)
	}
}

func BenchmarkVerifyAsymmetric(b *testing.B) {
	benchmarkVerify(b, asymmetric(b, "*", false), []byte(testBody), false)
}
