package server

import (
	"bytes"
	"encoding/base64"
	"net/http"
	"net/url"
	"os"
	"strings"
	"testing"

	"github.com/deputy-sts/deputy/sigv4"
)

// TestSec_F08_Canaries runs through a day of the service with the log at its
// most talkative; no secret that came up is found in the log, in the trail, in a
// refusal, or in clear in the store.
func TestSec_F08_Canaries(t *testing.T) {
	w := newWorld(t)
	secrets := map[string]string{"the admin's secret": w.admin.SecretAccessKey, "the user's secret": w.low.SecretAccessKey}
	var refusals bytes.Buffer
	say := func(r *http.Request) {
		rec := w.serve(r)
		if rec.Code != 200 {
			refusals.Write(rec.Body.Bytes())
		}
	}
	note := func(what string, c sigv4.Credentials) sigv4.Credentials {
		secrets[what+"'s secret"] = c.SecretAccessKey
		if c.SessionToken != "" {
			secrets[what+"'s token"] = c.SessionToken
		}
		return c
	}
	session := note("session", w.assume(w.low))
	plain := note("session token", keysIn(t, w.must(w.low, "sts", "GetSessionToken")))
	note("second key", keysIn(t, w.must(w.admin, "iam", "CreateAccessKey", "UserName", "low")))
	w.must(session, "sts", "GetCallerIdentity")
	w.must(w.admin, "iam", "PutUserPolicy", "UserName", "low", "PolicyName", "q", "PolicyDocument", `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"iam:*","Resource":"*"}}`)

	// Each credential in the place of another, broken, expired, presigned, and where no secret belongs.
	for _, c := range []sigv4.Credentials{w.admin, w.low, session, plain} {
		for _, service := range []string{"sts", "iam"} {
			body := form(service, "GetUser")
			say(request(t, c, service, body))
			say(presigned(t, c, service, body))
			broken := presigned(t, c, "sts", form("sts", "GetCallerIdentity"))
			broken.URL.RawQuery += "&x=%zz"
			say(broken)
			say(with(request(t, c, service, body), "Authorization", "Bearer "+c.SecretAccessKey))
			say(with(request(t, c, service, body), "X-Amz-Security-Token", session.SessionToken, plain.SessionToken))
			wrong := c
			wrong.SecretAccessKey += "x"
			say(request(t, wrong, service, body))
			wrong = c
			wrong.SessionToken = session.SessionToken + "x"
			say(request(t, wrong, service, body))
			say(request(t, sigv4.Credentials{AccessKeyID: "AKIAQQQQQQQQQQQQQQQQ", SecretAccessKey: c.SecretAccessKey}, service, body))
		}
		if c.SessionToken != "" {
			say(request(t, c, "sts", form("sts", "AssumeRole", "RoleArn", w.roleARN, "RoleSessionName", "s")))
			say(get("/?" + url.Values{"X-Amz-Security-Token": {c.SessionToken}, "X-Amz-Algorithm": {"AWS4-HMAC-SHA256"}, "Action": {"GetCallerIdentity"}}.Encode()))
		}
	}
	w.store.down.Store(true)
	say(request(t, w.admin, "iam", form("iam", "CreateAccessKey", "UserName", "low")))
	w.store.down.Store(false)
	say(request(t, w.admin, "iam", form("iam", "CreateLoginProfile", "UserName", "low", "Password", "correct-horse-battery-staple")))
	secrets["a password"] = "correct-horse-battery-staple"
	addr := w.listening()
	exchangeRaw(t, addr, "GET /?X-Amz-Security-Token="+session.SessionToken+" HTTP/1.1\r\nHost: x\r\nBad Header: "+w.low.SecretAccessKey+"\r\n\r\n", 1, false)
	exchangeRaw(t, addr, "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: "+w.low.SecretAccessKey+"\r\n\r\n", 1, false)

	records, _, err := w.store.Load(t.Context())
	check(t, err)
	var stored bytes.Buffer
	for r, err := range records {
		check(t, err)
		stored.WriteString(r.Key)
		stored.Write(r.Value)
	}
	check(t, w.Audit().Close())
	trail, err := os.ReadFile(w.trail)
	check(t, err)
	places := map[string]string{"the log": w.log.String(), "the audit trail": string(trail), "a refusal": refusals.String(), "the store": stored.String()}
	if len(trail) == 0 || refusals.Len() == 0 || stored.Len() == 0 {
		t.Fatal("nothing to look at")
	}
	if !strings.Contains(places["the audit trail"], session.AccessKeyID) {
		t.Error("the trail does not tell of the session's key")
	}
	for what, secret := range secrets {
		for _, text := range []string{secret, url.QueryEscape(secret), base64.StdEncoding.EncodeToString([]byte(secret))} {
			for place, all := range places {
				if strings.Contains(all, text) {
					at := strings.Index(all, text)
					t.Errorf("%s is in %s: …%q", what, place, all[max(0, at-200):at])
				}
			}
		}
	}
}
