package server

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"math/big"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/deputy-sts/deputy/sigv4"
)

const v4a = "AWS4-ECDSA-P256-SHA256"

// keyV4A derives the key pair of an access key as AWS describes it (NIST SP 800-108
// in counter mode), written here from the description alone.
func keyV4A(t testing.TB, c sigv4.Credentials) *ecdsa.PrivateKey {
	t.Helper()
	n := elliptic.P256().Params().N
	for counter := byte(1); counter < 255; counter++ {
		h := hmac.New(sha256.New, []byte("AWS4A"+c.SecretAccessKey))
		h.Write([]byte("\x00\x00\x00\x01" + v4a + "\x00" + c.AccessKeyID + string(rune(counter)) + "\x00\x00\x01\x00"))
		d := new(big.Int).SetBytes(h.Sum(nil))
		if d.Cmp(new(big.Int).Sub(n, big.NewInt(2))) > 0 {
			continue
		}
		key, err := ecdsa.ParseRawPrivateKey(elliptic.P256(), d.Add(d, big.NewInt(1)).FillBytes(make([]byte, 32)))
		check(t, err)
		return key
	}
	t.Fatal("no key in 254 tries")
	return nil
}

func signatureV4A(t testing.TB, c sigv4.Credentials, canonical string) string {
	t.Helper()
	sum := sha256.Sum256([]byte(canonical))
	text := sha256.Sum256([]byte(v4a + "\n" + noon.Format("20060102T150405Z") + "\n" + noon.Format("20060102") + "/sts/aws4_request\n" + hex.EncodeToString(sum[:])))
	der, err := ecdsa.SignASN1(rand.Reader, keyV4A(t, c), text[:])
	check(t, err)
	return hex.EncodeToString(der)
}

// headerV4A is a POST that is signed for a set of regions.
func headerV4A(t testing.TB, c sigv4.Credentials, regions, body string) *http.Request {
	t.Helper()
	r := post(body)
	names, lines := "host;x-amz-date;x-amz-region-set", "host:"+r.Host+"\nx-amz-date:"+noon.Format("20060102T150405Z")+"\nx-amz-region-set:"+regions+"\n"
	r.Header.Set("X-Amz-Date", noon.Format("20060102T150405Z"))
	r.Header.Set("X-Amz-Region-Set", regions)
	if c.SessionToken != "" {
		r.Header.Set("X-Amz-Security-Token", c.SessionToken)
		names, lines = names+";x-amz-security-token", lines+"x-amz-security-token:"+c.SessionToken+"\n"
	}
	sum := sha256.Sum256([]byte(body))
	signature := signatureV4A(t, c, "POST\n/\n\n"+lines+"\n"+names+"\n"+hex.EncodeToString(sum[:]))
	r.Header.Set("Authorization", v4a+" Credential="+c.AccessKeyID+"/"+noon.Format("20060102")+"/sts/aws4_request, SignedHeaders="+names+", Signature="+signature)
	return r
}

// presignedV4A is a GET that is signed in its query.
func presignedV4A(t testing.TB, c sigv4.Credentials, regions string) *http.Request {
	t.Helper()
	q := url.Values{
		"Action": {"GetCallerIdentity"}, "Version": {"2011-06-15"}, "X-Amz-Algorithm": {v4a}, "X-Amz-Date": {noon.Format("20060102T150405Z")},
		"X-Amz-Credential": {c.AccessKeyID + "/" + noon.Format("20060102") + "/sts/aws4_request"}, "X-Amz-Expires": {"60"}, "X-Amz-SignedHeaders": {"host"},
		"X-Amz-Region-Set": {regions},
	}.Encode()
	const host = "sts.amazonaws.com"
	empty := sha256.Sum256(nil)
	q += "&X-Amz-Signature=" + signatureV4A(t, c, "GET\n/\n"+q+"\nhost:"+host+"\n\nhost\n"+hex.EncodeToString(empty[:]))
	r := httptest.NewRequest(http.MethodGet, "/?"+q, nil)
	r.Host, r.RemoteAddr = host, "127.0.0.1:40000"
	return r
}

// TestSignatureV4A goes the whole way with requests of Signature Version 4A: with
// long-term and temporary credentials, in headers and in a URL.
func TestSignatureV4A(t *testing.T) {
	w := newWorld(t)
	send := func(r *http.Request) (int, string) {
		rec := httptest.NewRecorder()
		w.ServeHTTP(rec, r)
		return rec.Code, rec.Body.String()
	}
	who := form("sts", "GetCallerIdentity")
	enter := func() sigv4.Credentials {
		status, text := send(headerV4A(t, w.low, "*", form("sts", "AssumeRole", "RoleArn", w.roleARN, "RoleSessionName", "work", "ExternalId", w.external)))
		if status != 200 {
			t.Fatal(status, text)
		}
		return keysIn(t, text)
	}
	// A version 1 token of the global endpoint is good in some regions only, and so
	// not for a signature that may be for many.
	if status, text := send(headerV4A(t, enter(), "*", who)); status != 403 || !strings.Contains(text, "InvalidClientTokenId") {
		t.Errorf("a version 1 token: %d %s", status, text)
	}
	w.must(w.admin, "iam", "SetSecurityTokenServicePreferences", "GlobalEndpointTokenVersion", "v2Token")
	session := enter()
	for _, regions := range []string{"*", "us-east-1", "eu-west-1,us-east-1"} {
		for name, r := range map[string]*http.Request{"header": headerV4A(t, w.low, regions, who), "session": headerV4A(t, session, regions, who), "query": presignedV4A(t, w.low, regions)} {
			if status, text := send(r); status != 200 || !strings.Contains(text, "<Arn>") {
				t.Errorf("%s for %s: %d %s", name, regions, status, text)
			}
		}
	}
	for name, r := range map[string]*http.Request{
		"no region of ours": headerV4A(t, w.low, "mars-1", who),
		"partial wildcard":  headerV4A(t, w.low, "us-*", who),
		"another secret":    headerV4A(t, sigv4.Credentials{AccessKeyID: w.low.AccessKeyID, SecretAccessKey: "wrong"}, "*", who),
		"regions changed": func() *http.Request {
			r := headerV4A(t, w.low, "us-east-1", who)
			r.Header.Set("X-Amz-Region-Set", "*")
			return r
		}(),
		"body changed": func() *http.Request {
			r := headerV4A(t, w.low, "*", who)
			changed := post(form("sts", "GetSessionToken"))
			changed.Header = r.Header
			return changed
		}(),
		"query changed": func() *http.Request {
			r := presignedV4A(t, w.low, "us-east-1")
			r.URL.RawQuery = strings.Replace(r.URL.RawQuery, "us-east-1", "%2A", 1)
			return r
		}(),
	} {
		if status, text := send(r); status != 403 || !bytes.Contains([]byte(text), []byte("<Code>SignatureDoesNotMatch</Code>")) {
			t.Errorf("%s: %d %s", name, status, text)
		}
	}
}
