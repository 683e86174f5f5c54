package sts

import (
	"encoding/json"
	"encoding/xml"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/deputy-sts/deputy/internal/authz"
	"github.com/deputy-sts/deputy/internal/directory"
	"github.com/deputy-sts/deputy/internal/federation/oidc/oidctest"
	"github.com/deputy-sts/deputy/internal/query"
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

// TestBuiltIn: an issuer that needs no registration counts for a role that names it,
// and is asked for no other; the trust policy says which audience.
func TestBuiltIn(t *testing.T) {
	w := newTown(t)
	const name = "accounts.google.com"
	free := oidctest.New(false)
	defer free.Close()
	w.mux = query.NewMux[*authz.Call](&stsapi.API)
	Register(w.mux, Options{Issuer: w.stack.issuer, Tokens: w.tokens, Now: func() time.Time { return w.now }, builtIn: map[string]string{free.Issuer(): name}})
	key := strings.TrimPrefix(free.Issuer(), "http://") + ":aud"
	w.role(accountA, "google", `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":{"Federated":"`+name+`"},"Action":"sts:AssumeRoleWithWebIdentity","Condition":{"StringEquals":{"`+key+`":"app"}}}}`)
	w.role(accountA, "anybody", trusts("*", "sts:AssumeRoleWithWebIdentity"))
	token := free.Token(w.now, map[string]any{"aud": "app"})
	for _, role := range []string{"web", "anybody", "none"} {
		if a := w.enter(role, token); a.Code != "InvalidIdentityToken" || !strings.HasPrefix(a.Message, "Couldn't retrieve") {
			t.Errorf("%s: %s", role, a)
		}
	}
	if n := free.Requests.Load(); n != 0 {
		t.Errorf("%d requests for roles that do not name it", n)
	}
	a := w.enter("google", token)
	if out := w.web(a); *out.Provider != name || *out.Audience != "app" {
		t.Errorf("answer %s", a.XML)
	}
	if a := w.enter("google", free.Token(w.now, map[string]any{"aud": "other"})); a.Status != 403 {
		t.Errorf("another audience: %s", a)
	}
	// An account that has registered it has its client ids.
	w.change(func(tx *directory.Tx) {
		tx.PutOIDCProvider(nil, &directory.OIDCProvider{Account: accountA, URL: strings.TrimPrefix(free.Issuer(), "http://"), Plain: true, ClientIDs: []string{"other"}})
	})
	if a := w.enter("google", token); a.Message != "Incorrect token audience" {
		t.Errorf("registered: %s", a)
	}
}

// TestDenialIsExplained: the trail of the role's account has the reason.
func TestDenialIsExplained(t *testing.T) {
	w := newTown(t)
	if a := w.enter("web", w.token(map[string]any{"sub": "subject-2"})); a.Status != 403 {
		t.Fatal(a)
	}
	if a := w.enter("web", "no token"); a.Status != 400 {
		t.Fatal(a)
	}
	lines := w.lines()
	if len(lines) != 2 {
		t.Fatalf("%d lines", len(lines))
	}
	for i, wants := range [][]string{
		{`"recipientAccountId":"` + accountA + `"`, `"key":"` + w.name + `:sub"`, `"present":["subject-2"]`, `"type":"WebIdentityUser"`},
		{`"recipientAccountId":"` + accountA + `"`, `"errorCode":"InvalidIdentityToken"`, `"type":"Unknown"`, `"ARN":"` + roleARN(accountA, "web") + `"`},
	} {
		for _, want := range wants {
			if !strings.Contains(lines[i], want) {
				t.Errorf("without %s: %s", want, lines[i])
			}
		}
	}
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

// TestSec_C14_Refusals: the texts, and that what is wrong with a signature is told
// in one way; a role is not told from one that does not exist.
func TestSec_C14_Refusals(t *testing.T) {
	w := newTown(t)
	good := w.token(nil)
	const (
		key      = "400 InvalidIdentityToken Couldn't retrieve verification key from your identity provider,  please reference AssumeRoleWithWebIdentity documentation for requirements"
		form     = "400 InvalidIdentityToken The ID Token provided is not a valid JWT. (You may see this error if you sent an Access Token)"
		denied   = "403 AccessDenied Not authorized to perform sts:AssumeRoleWithWebIdentity"
		claims   = "400 InvalidIdentityToken The ID Token provided has a claim that is missing or not acceptable."
		audience = "400 InvalidIdentityToken Incorrect token audience"
	)
	stranger := oidctest.New(false)
	defer stranger.Close()
	stolen := oidctest.Sign(stranger.Key("ec"), `{"alg":"ES256","kid":"ec"}`, "ES256", toJSON(t, w.issuer.Claims(w.now, nil)))
	for name, row := range map[string]struct{ role, token, want string }{
		"no token":              {"web", "this is no token", form},
		"signed by another":     {"web", stolen, key},
		"unknown key":           {"web", oidctest.Sign(w.issuer.Key("ec"), `{"alg":"ES256","kid":"x"}`, "ES256", toJSON(t, w.issuer.Claims(w.now, nil))), key},
		"key of another family": {"web", oidctest.Sign(w.issuer.Key("ec"), `{"alg":"ES256","kid":"rsa"}`, "ES256", toJSON(t, w.issuer.Claims(w.now, nil))), key},
		"a byte changed":        {"web", good[:len(good)-9] + flipped(good[len(good)-9]) + good[len(good)-8:], key},
		"audience":              {"web", w.token(map[string]any{"aud": "client-2"}), audience},
		"claims":                {"web", w.token(map[string]any{"iat": nil}), claims},
		"expired":               {"web", w.token(map[string]any{"iat": w.now.Unix() - 100, "exp": w.now.Unix() - 1}), fmt.Sprintf("400 ExpiredTokenException Token expired: current date/time %d must be before the expiration date/time %d", w.now.Unix(), w.now.Unix()-1)},
		"unknown issuer":        {"web", stranger.Token(w.now, nil), "400 InvalidIdentityToken No OpenIDConnect provider found in your account for " + stranger.Issuer()},
		"https for http":        {"web", w.token(map[string]any{"iss": "https://" + w.name}), "400 InvalidIdentityToken No OpenIDConnect provider found in your account for https://" + w.name},
		"another subject":       {"web", w.token(map[string]any{"sub": "subject-2"}), denied},
		"no such role":          {"none", good, denied},
		"the role in capitals":  {"WEB", good, denied},
		"Google, untrusted":     {"web", w.token(map[string]any{"iss": "https://accounts.google.com"}), key},
		"Google without scheme": {"web", w.token(map[string]any{"iss": "accounts.google.com"}), "400 InvalidIdentityToken No OpenIDConnect provider found in your account for accounts.google.com"},
	} {
		if a := w.enter(row.role, row.token); a.String() != row.want {
			t.Errorf("%s: %s\nwant %s", name, a, row.want)
		}
	}
	// An issuer's name is the client's own text: it breaks no answer.
	for _, iss := range []string{"https://x\x00<Arn>arn:aws:iam::" + accountA + ":root</Arn>", "https://x]]>&\u202e\ufffe", "https://" + strings.Repeat("é", 5000)} {
		a := w.enter("web", w.token(map[string]any{"iss": iss}))
		var fault struct{ Arn string }
		if err := xml.Unmarshal([]byte(a.XML), &fault); err != nil || fault.Arn != "" || a.Code != "InvalidIdentityToken" || len(a.XML) > 2000 {
			t.Errorf("%.40q: %v %s", iss, err, a.XML)
		}
	}
	if n := stranger.Requests.Load(); n != 0 {
		t.Errorf("an issuer that nobody has registered was asked %d times", n)
	}
	// In an account that has not registered the issuer it is unknown, and so it is in
	// one that does not exist.
	for _, account := range []string{accountB, "999999999999"} {
		want := "400 InvalidIdentityToken No OpenIDConnect provider found in your account for " + w.issuer.Issuer()
		if a := w.enter("", good, "RoleArn", roleARN(account, "web")); a.String() != want {
			t.Errorf("in %s: %s", account, a)
		}
	}
	for id, want := range map[string]string{
		"www.amazon.com": "400 InvalidIdentityToken The access token of www.amazon.com cannot be verified.", "graph.facebook.com": "400 InvalidIdentityToken The access token of graph.facebook.com cannot be verified.",
		"accounts.google.com": "400 ValidationError ProviderId must not be given with an OpenID Connect ID token.",
	} {
		if a := w.enter("web", good, "ProviderId", id); a.String() != want {
			t.Errorf("%s: %s", id, a)
		}
	}
	w.issuer.Close()
	w.now = w.now.Add(24 * time.Hour)
	if a := w.enter("web", w.token(nil)); a.Code != "IDPCommunicationError" || a.Status != 400 {
		t.Errorf("an issuer that is away: %s", a)
	}
}

func flipped(b byte) string {
	if b == 'A' {
		return "B"
	}
	return "A"
}

func toJSON(t testing.TB, v any) string {
	b, err := json.Marshal(v)
	check(t, err)
	return string(b)
}

// TestSec_C08_SubjectOfAnIssuer: the same subject of another issuer, or of the same
// issuer in another account, is somebody else.
func TestSec_C08_SubjectOfAnIssuer(t *testing.T) {
	w := newTown(t)
	other := oidctest.New(false)
	defer other.Close()
	otherName := strings.TrimPrefix(other.Issuer(), "http://")
	w.change(func(tx *directory.Tx) {
		tx.PutOIDCProvider(nil, &directory.OIDCProvider{Account: accountA, URL: otherName, Plain: true, ClientIDs: []string{"client-1"}})
	})
	w.register(accountB)
	anybody := `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":{"AWS":"*"},"Action":"sts:AssumeRoleWithWebIdentity","Condition":{"StringEquals":{"` + w.name + `:sub":"subject-1"}}}}`
	w.role(accountA, "open", anybody)
	w.role(accountB, "web", w.trusts("sts:AssumeRoleWithWebIdentity", `"StringEquals":{"`+w.name+`:sub":"subject-1"}`))
	for name, row := range map[string]struct {
		role, token string
		allowed     bool
	}{
		"the issuer":                       {roleARN(accountA, "web"), w.token(nil), true},
		"another issuer":                   {roleARN(accountA, "web"), other.Token(w.now, nil), false},
		"the issuer, for anybody":          {roleARN(accountA, "open"), w.token(nil), true},
		"another issuer, for anybody":      {roleARN(accountA, "open"), other.Token(w.now, nil), false},
		"a provider of another account":    {roleARN(accountB, "web"), w.token(nil), false},
		"another audience for the subject": {roleARN(accountA, "web"), w.token(map[string]any{"aud": "x"}), false},
	} {
		if a := w.enter("", row.token, "RoleArn", row.role); (a.Status == 200) != row.allowed {
			t.Errorf("%s: %s", name, a)
		}
	}
}

// TestWebIdentitySession: what the token says of tags and source identity is asked
// for, shown and kept; the keys of the issuer stay with the session.
func TestWebIdentitySession(t *testing.T) {
	w := newTown(t)
	tags := map[string]any{"https://aws.amazon.com/tags": map[string]any{
		"principal_tags": map[string]any{"Project": []string{"apollo"}, "team": []string{"blue"}}, "transitive_tag_keys": []string{"project"},
	}}
	if a := w.enter("web", w.token(tags)); a.String() != "403 AccessDenied Not authorized to perform sts:TagSession" {
		t.Errorf("tags that are not allowed: %s", a)
	}
	if a := w.enter("web", w.token(map[string]any{"https://aws.amazon.com/source_identity": "alice"})); a.String() != "403 AccessDenied Not authorized to perform sts:SetSourceIdentity" {
		t.Errorf("a source identity that is not allowed: %s", a)
	}
	w.role(accountA, "tagged", w.trusts("sts:AssumeRoleWithWebIdentity sts:TagSession sts:SetSourceIdentity",
		`"StringEquals":{"aws:RequestTag/project":"apollo","sts:SourceIdentity":"alice","sts:RoleSessionName":"session"},"ForAllValues:StringEquals":{"aws:TagKeys":["Project","team"]},"ForAnyValue:StringEquals":{"sts:TransitiveTagKeys":"project"}`),
		`{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":["sts:AssumeRole","sts:SetSourceIdentity"],"Resource":"*","Condition":{"StringEquals":{"aws:PrincipalTag/Project":"apollo","aws:PrincipalTag/Team":"blue","aws:SourceIdentity":"alice","aws:FederatedProvider":"`+w.provider+`","`+w.name+`:sub":"subject-1","`+w.name+`:aud":"client-1"},"ForAnyValue:StringEquals":{"`+w.name+`:amr":"otp"},"Null":{"`+w.name+`:oaud":"true","`+w.name+`:email":"true"}}}}`)
	tags["https://aws.amazon.com/source_identity"] = "alice"
	tags["amr"] = []string{"pwd", "otp"}
	tags["email"] = "a@corp.example"
	a := w.enter("tagged", w.token(tags))
	out := w.web(a)
	if *out.SourceIdentity != "alice" || out.PackedPolicySize == nil {
		t.Errorf("answer %s", a.XML)
	}
	w.role(accountA, "next", trusts(roleARN(accountA, "tagged"), "sts:AssumeRole", "sts:SetSourceIdentity"))
	next, b := w.assume(temporary(a), roleARN(accountA, "next"), "")
	if b.Status != 200 || *b.Role().SourceIdentity != "alice" {
		t.Fatalf("the session has not what the token said: %s", b)
	}
	if b := w.do(next, "GetCallerIdentity", ""); b.Status != 200 {
		t.Error(b)
	}
	for name, claims := range map[string]map[string]any{
		"a tag key of AWS":     {"https://aws.amazon.com/tags/principal_tags/aws:x": "1"},
		"one key twice":        {"https://aws.amazon.com/tags/principal_tags/a": "1", "https://aws.amazon.com/tags/principal_tags/A": "2"},
		"an unknown key":       {"https://aws.amazon.com/tags/transitive_tag_keys": []string{"none"}},
		"a long key":           {"https://aws.amazon.com/tags/principal_tags/" + strings.Repeat("k", 129): "1"},
		"a long value":         {"https://aws.amazon.com/tags/principal_tags/a": strings.Repeat("v", 257)},
		"a character":          {"https://aws.amazon.com/tags/principal_tags/a": "*"},
		"too many":             manyTags(51),
		"a long identity":      {"https://aws.amazon.com/source_identity": strings.Repeat("a", 65)},
		"an identity of AWS":   {"https://aws.amazon.com/source_identity": "AWS:alice"},
		"a blank in it":        {"https://aws.amazon.com/source_identity": "al ice"},
		"an identity too long": {"https://aws.amazon.com/source_identity": "a"},
	} {
		if a := w.enter("tagged", w.token(claims)); a.Status != 400 {
			t.Errorf("%s: %s", name, a)
		}
	}
}

func manyTags(n int) map[string]any {
	claims := map[string]any{}
	for i := range n {
		claims[fmt.Sprintf("https://aws.amazon.com/tags/principal_tags/k%d", i)] = "v"
	}
	return claims
}

// TestWebIdentityLimits: durations, session policies and sizes are those of
// AssumeRole, and the session is a role session like any other.
func TestWebIdentityLimits(t *testing.T) {
	w := newTown(t)
	w.editRole(accountA, "web", func(r *directory.Role) { r.MaxSessionDuration = 7200 })
	token := w.token(nil)
	for seconds, want := range map[string]string{
		"900": "200", "7200": "200", "+3600": "200",
		"899":   "400 ValidationError 1 validation error detected: Value '899' at 'durationSeconds' failed to satisfy constraint: Member must have value greater than or equal to 900",
		"7201":  "400 ValidationError The requested DurationSeconds exceeds the MaxSessionDuration set for this role.",
		"43201": "400 ValidationError 1 validation error detected: Value '43201' at 'durationSeconds' failed to satisfy constraint: Member must have value less than or equal to 43200",
		"x":     "400 MalformedInput",
	} {
		if a := w.enter("web", token, "DurationSeconds", seconds); !strings.HasPrefix(a.String(), want) {
			t.Errorf("%s: %s", seconds, a)
		}
	}
	for name, row := range map[string]struct{ param, value, want string }{
		"a bad role":          {"RoleArn", "arn:aws:iam::1:role/web", "400 ValidationError arn:aws:iam::1:role/web is invalid"},
		"a short name":        {"RoleSessionName", "a", "400 ValidationError"},
		"a bad name":          {"RoleSessionName", "a b", "400 ValidationError"},
		"no JSON":             {"Policy", "x", "400 MalformedPolicyDocument"},
		"a policy of nobody":  {"PolicyArns.member.1.arn", "arn:aws:iam::" + accountA + ":policy/none", "400 ValidationError Policy arn:aws:iam::" + accountA + ":policy/none does not exist or is not attachable."},
		"a policy of another": {"PolicyArns.member.1.arn", w.policy(accountB, "p", allowAll), "400 ValidationError"},
		"a long token":        {"WebIdentityToken", strings.Repeat("a", 20001), "400 ValidationError 1 validation error detected: Value at 'webIdentityToken' failed to satisfy constraint: Member must have length less than or equal to 20000"},
		"a short token":       {"WebIdentityToken", "abc", "400 ValidationError"},
	} {
		if a := w.enter("web", token, row.param, row.value); !strings.HasPrefix(a.String(), row.want) {
			t.Errorf("%s: %s", name, a)
		}
	}
	a := w.enter("web", token, "Policy", statement("Allow", "sts:GetAccessKeyInfo", "*"), "MinimumSessionTokenSize", "2000")
	out := w.web(a)
	if out.PackedPolicySize == nil || *out.SessionTokenSize < 2000 {
		t.Errorf("answer %s", a.XML)
	}
	session := temporary(a)
	if b := w.do(session, "GetAccessKeyInfo", "AccessKeyId="+session.AccessKeyID); b.Status != 200 {
		t.Errorf("what the session policy allows: %s", b)
	}
	if _, b := w.assume(session, roleARN(accountA, "web"), ""); b.Status != 403 {
		t.Errorf("what it does not: %s", b)
	}
	if b := w.do(session, "GetSessionToken", ""); b.String() != "403 AccessDenied Cannot call GetSessionToken with session credentials" {
		t.Errorf("a session token: %s", b)
	}
	w.now = w.now.Add(time.Hour)
	if b := w.do(session, "GetCallerIdentity", ""); b.Code != "ExpiredToken" {
		t.Errorf("an hour later: %s", b)
	}
}

// TestWebIdentityWithdrawn: the provider, its client id and the trust count as they
// are at the moment; sessions end with the role, not with the provider.
func TestWebIdentityWithdrawn(t *testing.T) {
	w := newTown(t)
	a := w.enter("web", w.token(nil))
	session := temporary(a)
	w.change(func(tx *directory.Tx) {
		old := tx.OIDCProvider(w.provider)
		now := old.Clone()
		now.ClientIDs = []string{"client-2"}
		tx.PutOIDCProvider(old, now)
	})
	if a := w.enter("web", w.token(nil)); a.Message != "Incorrect token audience" {
		t.Errorf("without the client id: %s", a)
	}
	w.change(func(tx *directory.Tx) { tx.DeleteOIDCProvider(tx.OIDCProvider(w.provider)) })
	if a := w.enter("web", w.token(map[string]any{"aud": "client-2"})); !strings.HasPrefix(a.Message, "No OpenIDConnect provider found") {
		t.Errorf("without the provider: %s", a)
	}
	if b := w.do(session, "GetCallerIdentity", ""); b.Status != 200 {
		t.Errorf("a session from before: %s", b)
	}
	w.change(func(tx *directory.Tx) { tx.DeleteRole(tx.Role(accountA, "web")) })
	if b := w.do(session, "GetCallerIdentity", ""); b.Code != "InvalidClientTokenId" {
		t.Errorf("a session of a role that is gone: %s", b)
	}
}

// TestChangeDuringFetch: what changes while the issuer is asked counts.
func TestChangeDuringFetch(t *testing.T) {
	for name, change := range map[string]func(*town, *directory.Tx){
		"the trust":    func(w *town, tx *directory.Tx) { tx.DeleteRole(tx.Role(accountA, "web")) },
		"the provider": func(w *town, tx *directory.Tx) { tx.DeleteOIDCProvider(tx.OIDCProvider(w.provider)) },
		"the client id": func(w *town, tx *directory.Tx) {
			old := tx.OIDCProvider(w.provider)
			now := old.Clone()
			now.ClientIDs = nil
			tx.PutOIDCProvider(old, now)
		},
	} {
		w := newTown(t)
		w.issuer.Replace(oidctest.KeySet, func(rw http.ResponseWriter, _ *http.Request) {
			w.change(func(tx *directory.Tx) { change(w, tx) })
			rw.Write(w.issuer.JWKS())
		})
		if a := w.enter("web", w.token(nil)); a.Status == 200 {
			t.Errorf("%s went while the issuer was asked, and the token was accepted", name)
		}
	}
}

// TestWebIdentitySigned: who signs does not matter, unless the credentials are of a
// kind that may call nothing but a few actions.
func TestWebIdentitySigned(t *testing.T) {
	w := newTown(t)
	user := w.user(accountA, "user")
	foreign := w.user(accountB, "user", allowAll)
	session := temporary(w.do(user, "GetSessionToken", ""))
	w.role(accountA, "accounts", trusts(accountA, "sts:AssumeRoleWithWebIdentity"))
	form := func(role string) string {
		return url.Values{"RoleArn": {roleARN(accountA, role)}, "RoleSessionName": {"session"}, "WebIdentityToken": {w.token(nil)}}.Encode()
	}
	for name, row := range map[string]struct {
		c    credentials
		role string
		want string
	}{
		"a user":                             {user, "web", "200"},
		"a user of another account":          {foreign, "web", "200"},
		"root":                               {w.root(accountA), "web", "200"},
		"a web identity":                     {temporary(w.enter("web", w.token(nil))), "web", "200"},
		"a session token":                    {session, "web", "403 AccessDenied Cannot call AssumeRoleWithWebIdentity with session credentials"},
		"a user whom the role trusts itself": {user, "accounts", "403 AccessDenied Not authorized to perform sts:AssumeRoleWithWebIdentity"},
	} {
		if a := w.do(row.c, "AssumeRoleWithWebIdentity", form(row.role)); a.String() != row.want {
			t.Errorf("%s: %s", name, a)
		}
	}
	wrong := user
	wrong.SecretAccessKey = "x"
	if a := w.do(wrong, "AssumeRoleWithWebIdentity", form("web")); a.Code != "SignatureDoesNotMatch" {
		t.Errorf("a wrong signature: %s", a)
	}
}
