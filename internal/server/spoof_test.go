package server

import (
	"encoding/json"
	"encoding/xml"
	"fmt"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"testing"
)

// who is what a careless reader of an answer would take an identity from.
type who struct {
	Arn, Account, UserID string
}

// identities finds, in whatever way a lenient reader can find them, all
// identities that an answer holds: as XML from every `<` on, with junk before
// and behind it, and as JSON at any depth.
func identities(body []byte) (found []who) {
	type result struct {
		Arn     string `xml:"Arn"`
		Account string `xml:"Account"`
		UserID  string `xml:"UserId"`
	}
	take := func(r result) {
		if r != (result{}) {
			found = append(found, who(r))
		}
	}
	for i := range body {
		if body[i] != '<' {
			continue
		}
		for _, text := range []string{string(body[i:]), string(body[i:]) + "</x>", "<x>" + string(body[i:])} {
			var answer struct {
				result
				Result result `xml:"GetCallerIdentityResult"`
			}
			_ = xml.Unmarshal([]byte(text), &answer)
			take(answer.result)
			take(answer.Result)
		}
	}
	var tree any
	if json.Unmarshal(body, &tree) == nil {
		walk(tree, func(m map[string]any) {
			text := func(name string) string { s, _ := m[name].(string); return s }
			take(result{text("Arn"), text("Account"), text("UserId")})
		})
	}
	return found
}

func walk(v any, f func(map[string]any)) {
	switch v := v.(type) {
	case map[string]any:
		f(v)
		for _, inner := range v {
			walk(inner, f)
		}
	case []any:
		for _, inner := range v {
			walk(inner, f)
		}
	}
}

// TestSec_A01_NothingReflectedIsAnIdentity puts a forged answer wherever a
// caller can write, and reads the answers as leniently as it goes (CVE-2020-16250).
func TestSec_A01_NothingReflectedIsAnIdentity(t *testing.T) {
	w := newWorld(t)
	forged := []string{
		`<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><GetCallerIdentityResult><Arn>arn:aws:iam::999999999999:user/evil</Arn><UserId>AIDAEVIL</UserId><Account>999999999999</Account></GetCallerIdentityResult></GetCallerIdentityResponse>`,
		`</Message></Error></ErrorResponse><GetCallerIdentityResponse><GetCallerIdentityResult><Arn>arn:aws:iam::999999999999:user/evil</Arn>`,
		`]]><Arn>arn:aws:iam::999999999999:user/evil</Arn><!--`,
		`{"GetCallerIdentityResponse":{"GetCallerIdentityResult":{"Arn":"arn:aws:iam::999999999999:user/evil","Account":"999999999999","UserId":"AIDAEVIL"}}}`,
		`","Arn":"arn:aws:iam::999999999999:user/evil","Account":"999999999999","x":"`,
	}
	for _, accept := range []string{"", "application/json"} {
		rec := w.serve(request(t, w.low, "sts", form("sts", "GetCallerIdentity"), func(r *http.Request) { r.Header.Set("Accept", accept) }))
		if found := identities(rec.Body.Bytes()); !slices.Contains(found, who{w.lowARN, account, w.lowID}) {
			t.Fatalf("the reader of this test finds %v in %s", found, rec.Body)
		}
	}
	headers := []string{"User-Agent", "Referer", "Accept-Language", "X-Forwarded-For", "X-Amz-Meta-Identity", "Forwarded", "Cookie", "From", "Origin"}
	for _, text := range forged {
		var sent []*http.Request
		for _, accept := range []string{"", "application/json"} {
			ask := func(body string, edit ...func(*http.Request)) {
				r := request(t, w.low, "sts", body, append(edit, func(r *http.Request) {
					if accept != "" {
						r.Header.Set("Accept", accept)
					}
				})...)
				sent = append(sent, r)
			}
			for _, name := range headers {
				ask(form("sts", "GetCallerIdentity"), func(r *http.Request) { r.Header.Set(name, text) })
			}
			ask(form("sts", text))
			ask(form("sts", "GetCallerIdentity", "Version", text))
			ask(form("sts", "GetCallerIdentity", "Arn", text, "Unknown", text))
			ask(form("sts", "GetCallerIdentity", text, "x"))
			for _, name := range []string{"RoleArn", "RoleSessionName", "ExternalId", "Policy", "DurationSeconds", "SourceIdentity", "Tags.member.1.Key", "PolicyArns.member.1.arn"} {
				ask(form("sts", "AssumeRole", "RoleArn", w.roleARN, "RoleSessionName", "s", name, text))
			}
			ask(form("sts", "GetCallerIdentity"), func(r *http.Request) { r.URL.Path = "/" + text })
		}
		for _, r := range sent {
			rec := w.serve(r)
			if rec.Code >= 500 {
				t.Errorf("%d %s", rec.Code, rec.Body)
			}
			isJSON := rec.Header().Get("Content-Type") == "application/json"
			if isJSON && r.Header.Get("Accept") != "application/json" {
				t.Errorf("JSON for one who did not ask for it: %s", rec.Body)
			}
			for _, id := range identities(rec.Body.Bytes()) {
				if id.Arn != "" && id.Arn != w.lowARN || id.Account != "" && id.Account != account || id.UserID != "" && id.UserID != w.lowID {
					t.Errorf("an answer holds the identity %v: %s", id, rec.Body)
				}
			}
		}
	}
}

// TestSec_A06_NoHeaderIsAnIdentity sends 40 names that some proxy or service
// passes identities in, as an administrator's, with a signature that may nothing.
func TestSec_A06_NoHeaderIsAnIdentity(t *testing.T) {
	w := newWorld(t)
	names := []string{
		"X-User", "X-Username", "X-User-Id", "X-Userid", "X-Remote-User", "Remote-User", "X-Forwarded-User", "X-Forwarded-Email", "X-Forwarded-Preferred-Username",
		"X-Forwarded-Groups", "X-Auth-Request-User", "X-Auth-Request-Email", "X-Auth-Request-Groups", "X-Auth-User", "X-Auth-Token", "X-Authenticated-User",
		"X-Authenticated-Userid", "X-Authentik-Username", "X-WebAuth-User", "X-Webauth-Groups", "X-Goog-Authenticated-User-Email", "X-Ms-Client-Principal",
		"X-Ms-Client-Principal-Name", "X-Amzn-Oidc-Identity", "X-Amzn-Oidc-Data", "X-Amzn-Oidc-Accesstoken", "X-Amzn-Principal", "X-Amz-User-Arn", "X-Amz-Principal-Arn",
		"X-Amz-Account-Id", "X-Amz-Source-Arn", "X-Amz-Source-Account", "X-Client-Cert", "X-Ssl-Client-Verify", "X-Ssl-Client-S-Dn", "X-Forwarded-Client-Cert",
		"X-Deputy-User", "X-Deputy-Account", "X-Deputy-Principal", "X-Internal-Auth", "X-Real-Ip", "X-Original-User", "Cookie", "Proxy-Authorization",
	}
	if len(names) < 40 {
		t.Fatal("too few names")
	}
	values := []string{"admin", "arn:aws:iam::" + account + ":user/admin", account}
	for _, name := range names {
		for _, spelled := range []string{name, strings.ReplaceAll(name, "-", "_"), strings.ToLower(name), strings.ToUpper(name)} {
			for _, value := range values {
				body := form("iam", "ListUsers")
				signed := request(t, w.low, "iam", body, func(r *http.Request) { r.Header.Set(spelled, value) })
				refused(t, spelled+" signed", w.serve(signed), 403, "AccessDenied")
				r := request(t, w.low, "iam", body)
				r.Header.Set(spelled, value)
				want := "AccessDenied"
				if strings.HasPrefix(strings.ToLower(spelled), "x-amz-") {
					want = "SignatureDoesNotMatch"
				}
				refused(t, spelled+" not signed", w.serve(r), 403, want)
				r = post(body)
				r.Header.Set(spelled, value)
				refusedAll(t, spelled+" alone", w.serve(r))
			}
		}
	}
}

// TestSec_B08_ConditionKeysAreNotSent sends each known condition key as headers
// and as parameters: a policy that asks for it still does not hold.
func TestSec_B08_ConditionKeysAreNotSent(t *testing.T) {
	w := newWorld(t)
	keys := []string{
		"aws:username", "aws:userid", "aws:PrincipalArn", "aws:PrincipalAccount", "aws:PrincipalType", "aws:PrincipalTag/team", "aws:PrincipalOrgID",
		"aws:PrincipalOrgPaths", "aws:PrincipalIsAWSService", "aws:PrincipalServiceName", "aws:SourceIp", "aws:SourceVpc", "aws:SourceVpce", "aws:SourceArn",
		"aws:SourceAccount", "aws:SourceIdentity", "aws:FederatedProvider", "aws:TokenIssueTime", "aws:MultiFactorAuthAge", "aws:MultiFactorAuthPresent",
		"aws:SecureTransport", "aws:CalledVia", "aws:RequestedRegion", "aws:ResourceAccount", "aws:ResourceTag/team", "aws:VpcSourceIp",
		"sts:ExternalId", "sts:RoleSessionName", "sts:SourceIdentity", "iam:PassedToService", "saml:sub", "groups", "userid",
	}
	spoof := "spoofed"
	for _, key := range keys {
		doc := fmt.Sprintf(`{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"iam:ListUsers","Resource":"*","Condition":{"StringEquals":{%q:%q}}}}`, key, spoof)
		rec := w.call(w.admin, "iam", "PutUserPolicy", "UserName", "low", "PolicyName", "p", "PolicyDocument", doc)
		if rec.Code != 200 {
			if fault(rec.Body.Bytes()) == "MalformedPolicyDocument" { // not a key of AWS's at all
				continue
			}
			t.Fatalf("%s: %s", key, rec.Body)
		}
		_, bare, _ := strings.Cut(key, ":")
		var forms []string
		for _, name := range []string{key, bare, strings.ReplaceAll(key, ":", "-"), strings.ReplaceAll(key, ":", "."), "Context." + bare} {
			if name != "" {
				forms = append(forms, name)
			}
		}
		for _, name := range forms {
			header := strings.NewReplacer(":", "-", "/", "-", ".", "-").Replace(name)
			for _, h := range []string{header, "X-Amz-" + header, "X-" + header} {
				r := request(t, w.low, "iam", form("iam", "ListUsers"), func(r *http.Request) { r.Header.Set(h, spoof) })
				refused(t, key+" as header "+h, w.serve(r), 403, "AccessDenied")
			}
			refused(t, key+" as parameter "+name, w.call(w.low, "iam", "ListUsers", name, spoof), 403, "AccessDenied")
		}
	}
}

func TestSec_A22_ForwardedHeadersOnlyFromProxies(t *testing.T) {
	s := &Server{cfg: Config{TrustedProxies: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("127.0.0.1/32")}}}
	for _, c := range []struct {
		peer      string
		forwarded []string
		want      string
	}{
		{"203.0.113.9:1", nil, "203.0.113.9"},
		{"203.0.113.9:1", []string{"198.51.100.1"}, "203.0.113.9"},
		{"10.0.0.1:1", nil, "10.0.0.1"},
		{"10.0.0.1:1", []string{"198.51.100.1"}, "198.51.100.1"},
		{"10.0.0.1:1", []string{"192.0.2.66, 198.51.100.1"}, "198.51.100.1"},
		{"10.0.0.1:1", []string{"192.0.2.66", "198.51.100.1"}, "198.51.100.1"},
		{"10.0.0.1:1", []string{"198.51.100.1, 10.9.9.9"}, "198.51.100.1"},
		{"10.0.0.1:1", []string{"198.51.100.1", "10.9.9.9, 10.8.8.8"}, "198.51.100.1"},
		{"10.0.0.1:1", []string{"10.9.9.9"}, "10.9.9.9"},
		{"10.0.0.1:1", []string{"198.51.100.1, junk"}, "10.0.0.1"},
		{"10.0.0.1:1", []string{"198.51.100.1, junk, 10.9.9.9"}, "10.9.9.9"},
		{"10.0.0.1:1", []string{"198.51.100.1:443"}, "198.51.100.1"},
		{"10.0.0.1:1", []string{"[2001:db8::1]:443"}, "2001:db8::1"},
		{"10.0.0.1:1", []string{"2001:db8::1"}, "2001:db8::1"},
		{"10.0.0.1:1", []string{"::ffff:198.51.100.1"}, "198.51.100.1"},
		{"10.0.0.1:1", []string{"198.51.100.1, ::ffff:10.1.1.1"}, "198.51.100.1"},
		{"[::ffff:10.0.0.1]:1", []string{"198.51.100.1"}, "198.51.100.1"},
		{"[::ffff:203.0.113.9]:1", []string{"198.51.100.1"}, "203.0.113.9"},
		{"10.0.0.1:1", []string{""}, "10.0.0.1"},
		{"10.0.0.1:1", []string{"198.51.100.1,"}, "10.0.0.1"},
	} {
		r := get("/")
		r.RemoteAddr = c.peer
		r.Header["X-Forwarded-For"] = c.forwarded
		r.Header.Set("X-Real-Ip", "192.0.2.99")
		r.Header.Set("Forwarded", "for=192.0.2.99")
		r.Header.Set("Connection", "X-Forwarded-For") // hop-by-hop: a proxy's matter, not ours
		if got := s.clientAddr(r); got.String() != c.want {
			t.Errorf("%s forwarding %q is %s, not %s", c.peer, c.forwarded, got, c.want)
		}
	}
	r := get("/")
	r.Header.Set("X-Forwarded-Proto", "https")
	r.RemoteAddr = "203.0.113.9:1"
	if s.secure(r) {
		t.Error("X-Forwarded-Proto of a stranger counts")
	}
	if r.RemoteAddr = "10.0.0.1:1"; !s.secure(r) {
		t.Error("X-Forwarded-Proto of a trusted proxy does not count")
	}
}

// TestSec_A22_SourceIp has a policy look at the address.
func TestSec_A22_SourceIp(t *testing.T) {
	w := newWorld(t, func(c *Config) { c.TrustedProxies = []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")} })
	c := w.user("office", `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"iam:ListUsers","Resource":"*","Condition":{"IpAddress":{"aws:SourceIp":"198.51.100.0/24"}}}}`)
	for _, x := range []struct {
		peer, forwarded string
		status          int
	}{
		{"198.51.100.7:1", "", 200},
		{"198.51.100.7:1", "203.0.113.9", 200},
		{"203.0.113.9:1", "198.51.100.7", 403},
		{"10.0.0.1:1", "198.51.100.7", 200},
		{"10.0.0.1:1", "198.51.100.7, 203.0.113.9", 403},
		{"10.0.0.1:1", "203.0.113.9, 198.51.100.7, 10.1.1.1", 200},
		{"10.0.0.1:1", "::ffff:198.51.100.7", 200},
	} {
		r := request(t, c, "iam", form("iam", "ListUsers"))
		r.RemoteAddr = x.peer
		if x.forwarded != "" {
			r.Header.Set("X-Forwarded-For", x.forwarded)
		}
		refused(t, x.peer+" "+x.forwarded, w.serve(r), x.status, "")
	}
}
