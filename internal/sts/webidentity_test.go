package sts

import (
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/deputy-sts/deputy/internal/directory"
	"github.com/deputy-sts/deputy/internal/federation/oidc/oidctest"
	"github.com/deputy-sts/deputy/internal/stsapi"
)

// town is a stack with an issuer that account A has registered, and a role, web,
// that trusts its subject-1.
type town struct {
	*stack
	issuer   *oidctest.Issuer
	name     string // of the issuer, without its scheme
	provider string // its ARN
}

func newTown(t testing.TB) *town {
	t.Helper()
	w := &town{stack: newStack(t), issuer: oidctest.New(false)}
	t.Cleanup(w.issuer.Close)
	w.name = strings.TrimPrefix(w.issuer.Issuer(), "http://")
	w.register(accountA)
	w.provider = "arn:aws:iam::" + accountA + ":oidc-provider/" + w.name
	w.role(accountA, "web", w.trusts("sts:AssumeRoleWithWebIdentity", `"StringEquals":{"`+w.name+`:sub":"subject-1"}`), allowAll)
	return w
}

const allowAll = `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}`

func (w *town) register(account string) {
	w.change(func(tx *directory.Tx) {
		tx.PutOIDCProvider(nil, &directory.OIDCProvider{Account: account, URL: w.name, Plain: true, ClientIDs: []string{"client-1"}, Created: w.now})
	})
}

// trusts is a trust policy that lets the issuer's bearers do the actions (JSON
// strings joined by ","), under the condition.
func (w *town) trusts(actions, condition string) string {
	return `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":{"Federated":"` + w.provider + `"},"Action":["` +
		strings.Join(strings.Fields(actions), `","`) + `"],"Condition":{` + condition + `}}}`
}

// enter calls AssumeRoleWithWebIdentity unsigned; more is pairs of parameters.
func (w *town) enter(role, token string, more ...string) answer {
	w.t.Helper()
	form := url.Values{
		"Action": {"AssumeRoleWithWebIdentity"}, "Version": {"2011-06-15"}, "RoleSessionName": {"session"},
		"RoleArn": {"arn:aws:iam::" + accountA + ":role/" + role}, "WebIdentityToken": {token},
	}
	for i := 0; i < len(more); i += 2 {
		form.Set(more[i], more[i+1])
	}
	return w.sendUnsigned(form.Encode())
}

func (w *town) token(more map[string]any) string { return w.issuer.Token(w.now, more) }

func (w *town) web(a answer) *stsapi.AssumeRoleWithWebIdentityResponse {
	w.t.Helper()
	out, ok := a.Out.(*stsapi.AssumeRoleWithWebIdentityResponse)
	if !ok {
		w.t.Fatalf("refused: %s", a)
	}
	return out
}

// identity asks who the session is.
func (w *town) identity(a answer) answer {
	return w.do(temporary(a), "GetCallerIdentity", "")
}

func TestWebIdentity(t *testing.T) {
	w := newTown(t)
	a := w.enter("web", w.token(nil), "DurationSeconds", "1800")
	out := w.web(a)
	if *out.Provider != w.provider || *out.Audience != "client-1" || *out.SubjectFromWebIdentityToken != "subject-1" ||
		*out.AssumedRoleUser.Arn != "arn:aws:sts::"+accountA+":assumed-role/web/session" ||
		!strings.HasSuffix(*out.AssumedRoleUser.AssumedRoleId, ":session") || out.SourceIdentity != nil || out.PackedPolicySize != nil ||
		!out.Credentials.Expiration.Equal(w.now.Add(30*time.Minute)) || *out.SessionTokenSize == 0 {
		t.Errorf("answer: %s", a.XML)
	}
	if me := w.identity(a); me.Status != 200 || !strings.Contains(me.XML, "assumed-role/web/session") {
		t.Errorf("the session is %s", me.XML)
	}
	line := ""
	for _, l := range w.lines() {
		if strings.Contains(l, `"eventName":"AssumeRoleWithWebIdentity"`) {
			line = l
		}
	}
	for _, want := range []string{`"type":"WebIdentityUser"`, `"userName":"subject-1"`, `"principalId":"` + w.provider + `:client-1:subject-1"`, `"recipientAccountId":"` + accountA + `"`, `"subjectFromWebIdentityToken":"subject-1"`} {
		if !strings.Contains(line, want) {
			t.Errorf("recorded without %s: %s", want, line)
		}
	}
	if strings.Contains(line, w.token(nil)[:40]) || strings.Contains(line, *out.Credentials.SecretAccessKey) || strings.Contains(line, *out.Credentials.SessionToken) {
		t.Errorf("recorded with a secret: %s", line)
	}
}
