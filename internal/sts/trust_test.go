package sts

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/deputy-sts/deputy/internal/directory"
)

// TestSec_B05 holds what trust policy, identity policy and account make together,
// as AWS documents it. The letters of a row stand for the caller's identity policy:
// none, allows the role, allows another role, allows everything, allows
// everything but denies the role.
//
// Source: IAM User Guide, reference_policies_evaluation-logic_policy-eval-denyallow
// and …-cross-account; reference_policies_elements_principal.
func TestSec_B05(t *testing.T) {
	const denyRole = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"},{"Effect":"Deny","Action":"sts:AssumeRole","Resource":"*"}]}`
	identities := []struct{ name, policy string }{
		{"none", ""},
		{"role", statement("Allow", "sts:AssumeRole", "ROLE")},
		{"other", statement("Allow", "sts:AssumeRole", "arn:aws:iam::"+accountA+":role/other")},
		{"star", statement("Allow", "*", "*")},
		{"deny", denyRole},
	}
	me, other := "arn:aws:iam::"+accountA+":user/me", "arn:aws:iam::"+accountA+":user/other"
	root := "arn:aws:iam::" + accountA + ":root"
	rows := []struct{ name, trust, same, cross string }{
		{"user", trusts(me), "yyyyn", "nynyn"},
		{"account root", trusts(root), "nynyn", "nynyn"},
		{"account id", trusts(accountA), "nynyn", "nynyn"},
		{"star", trusts("*"), "yyyyn", "nynyn"},
		{"another user", trusts(other), "nnnnn", "nnnnn"},
		{"another account", trusts("arn:aws:iam::999999999999:root"), "nnnnn", "nnnnn"},
		{"another action", trusts(me, "sts:TagSession"), "nnnnn", "nnnnn"},
		{"user, denied by name", `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"*"},"Action":"sts:*"},{"Effect":"Deny","Principal":{"AWS":"` + me + `"},"Action":"sts:AssumeRole"}]}`, "nnnnn", "nnnnn"},
		{"user, denied by account", `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"` + me + `"},"Action":"sts:*"},{"Effect":"Deny","Principal":{"AWS":"` + root + `"},"Action":"sts:AssumeRole"}]}`, "nnnnn", "nnnnn"},
		{"user, condition fails", `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":{"AWS":"` + me + `"},"Action":"sts:AssumeRole","Condition":{"StringEquals":{"sts:ExternalId":"x1"}}}}`, "nnnnn", "nnnnn"},
		{"user, condition holds", `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":{"AWS":"` + me + `"},"Action":"sts:AssumeRole","Condition":{"StringEquals":{"sts:RoleSessionName":"work"}}}}`, "yyyyn", "nynyn"},
		{"star narrowed to the user", `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":"*","Action":"sts:AssumeRole","Condition":{"ArnEquals":{"aws:PrincipalArn":"` + me + `"}}}}`, "yyyyn", "nynyn"},
	}
	s := newStack(t)
	s.user(accountA, "other")
	caller := s.user(accountA, "me")
	n := 0
	for i, row := range rows {
		for _, account := range []string{accountA, accountB} {
			name := fmt.Sprintf("r%d", i)
			s.role(account, name, row.trust)
			want := row.same
			if account == accountB {
				want = row.cross
			}
			for j, id := range identities {
				s.editUser(accountA, "me", func(u *directory.User) {
					u.Inline = nil
					if id.policy != "" {
						u.Inline = inline([]string{strings.ReplaceAll(id.policy, "ROLE", roleARN(account, name))})
					}
				})
				_, a := s.assume(caller, roleARN(account, name), "")
				if (a.Status == 200) != (want[j] == 'y') || a.Status != 200 && a.Status != 403 {
					t.Errorf("trust %q, identity %q, role in %s: %s", row.name, id.name, account, a)
				}
				n++
			}
		}
	}
	if n < 60 {
		t.Errorf("%d rows only", n)
	}
}

// TestDirectGrant holds which grants of a trust policy the caller's boundary and
// session policy limit (same account), for a session that enters another role.
func TestDirectGrant(t *testing.T) {
	s := newStack(t)
	alice := s.user(accountA, "alice", statement("Allow", "sts:*", "*"))
	s.role(accountA, "from", trusts("arn:aws:iam::"+accountA+":user/alice"))
	session := "arn:aws:sts::" + accountA + ":assumed-role/from/work"
	narrow := statement("Allow", "s3:*", "*")
	boundary := s.policy(accountA, "narrow", narrow)
	for _, row := range []struct{ trust, want string }{
		// plain, session policy, boundary
		{session, "yyy"},
		{roleARN(accountA, "from"), "ynn"},
		{"*", "yyy"},
		{"arn:aws:iam::" + accountA + ":root", "nnn"},
		{"arn:aws:sts::" + accountA + ":assumed-role/from/other", "nnn"},
		{"arn:aws:iam::" + accountA + ":user/alice", "nnn"},
	} {
		name := "to-" + strings.Map(func(r rune) rune {
			if r == '*' || r == ':' || r == '/' {
				return '-'
			}
			return r
		}, row.trust)
		name = name[:min(len(name), 60)]
		s.role(accountA, name, trusts(row.trust))
		for i, limit := range []string{"", "Policy=" + narrow, ""} {
			bound := ""
			if i == 2 {
				bound = boundary
			}
			s.editRole(accountA, "from", func(r *directory.Role) { r.Boundary = bound })
			c, a := s.assume(alice, roleARN(accountA, "from"), limit)
			if a.Status != 200 {
				t.Fatal(a)
			}
			if _, a = s.assume(c, roleARN(accountA, name), ""); (a.Status == 200) != (row.want[i] == 'y') {
				t.Errorf("trust %s, limit %d: %s", row.trust, i, a)
			}
		}
	}
}

// TestSec_B06 tries each form of a principal on who it names and on who it does not.
func TestSec_B06(t *testing.T) {
	s := newStack(t)
	all := statement("Allow", "sts:*", "*")
	callers := map[string]credentials{"alice": s.user(accountA, "alice", all), "bob": s.user(accountA, "bob", all), "carl": s.user(accountB, "carl", all)}
	s.role(accountA, "hall", trusts("arn:aws:iam::"+accountA+":root"), all)
	s.role(accountA, "yard", trusts("arn:aws:iam::"+accountA+":root"), all)
	for _, name := range []string{"hall", "yard"} {
		c, a := s.assume(callers["alice"], roleARN(accountA, name), "")
		if a.Status != 200 {
			t.Fatal(a)
		}
		callers[name] = c
	}
	alice := s.directory.View().User(accountA, "alice").ID
	hall := s.directory.View().Role(accountA, "hall").ID
	for i, row := range []struct{ principal, named string }{
		{`{"AWS":"arn:aws:iam::` + accountA + `:user/alice"}`, "alice"},
		{`{"AWS":"` + alice + `"}`, "alice"},
		{`{"AWS":["arn:aws:iam::` + accountA + `:user/alice","arn:aws:iam::` + accountB + `:user/carl"]}`, "alice carl"},
		{`{"AWS":"arn:aws:iam::` + accountA + `:role/hall"}`, "hall"},
		{`{"AWS":"` + hall + `"}`, "hall"},
		{`{"AWS":"arn:aws:sts::` + accountA + `:assumed-role/hall/work"}`, "hall"},
		{`{"AWS":"arn:aws:sts::` + accountA + `:assumed-role/hall/other"}`, ""},
		{`{"AWS":"arn:aws:iam::` + accountA + `:root"}`, "alice bob hall yard"},
		{`{"AWS":"` + accountB + `"}`, "carl"},
		{`{"AWS":"*"}`, "alice bob carl hall yard"},
		{`"*"`, "alice bob carl hall yard"},
		{`{"Federated":"arn:aws:iam::` + accountA + `:oidc-provider/idp.example"}`, ""},
		{`{"Service":"ec2.amazonaws.com"}`, ""},
	} {
		name := fmt.Sprintf("door%d", i)
		s.role(accountA, name, `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":`+row.principal+`,"Action":"sts:AssumeRole"}}`)
		for who, c := range callers {
			want := strings.Contains(" "+row.named+" ", " "+who+" ")
			if _, a := s.assume(c, roleARN(accountA, name), ""); (a.Status == 200) != want {
				t.Errorf("%s for %s: %s", row.principal, who, a)
			}
		}
	}
}

// TestCanonicalUser is a principal of other services: a trust policy takes none, or
// it lets nobody in.
func TestCanonicalUser(t *testing.T) {
	s := newStack(t)
	text := `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":{"CanonicalUser":"79a59df900b949e55d96a1e698fbacedfd6e09d98eacf8f8d5218e7cd47ef2be"},"Action":"sts:AssumeRole"}}`
	if _, err := directory.BindTrust(s.directory.View(), text); err != nil {
		return
	}
	alice := s.user(accountA, "alice", statement("Allow", "sts:*", "*"))
	s.role(accountA, "canonical", text)
	if _, a := s.assume(alice, roleARN(accountA, "canonical"), ""); a.Code != "AccessDenied" {
		t.Error(a)
	}
}

// TestSec_B04 chains roles five deep, with a deny at one level: the session of that
// level may do nothing further, nor has any other level more than its own.
func TestSec_B04(t *testing.T) {
	const depth = 5
	deny := statement("Deny", "sts:AssumeRole", "*")
	all := statement("Allow", "*", "*")
	for _, form := range []string{"session policy", "boundary", "identity", "trust"} {
		for level := 1; level <= depth; level++ {
			s := newStack(t)
			c := s.user(accountA, "alice", all)
			for i := 1; i <= depth; i++ {
				s.role(accountA, fmt.Sprint("r", i), trusts(accountA), all)
			}
			at := fmt.Sprint("r", level)
			params := func(int) string { return "" }
			switch form {
			case "session policy":
				params = func(i int) string {
					if i == level {
						return `Policy={"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"},{"Effect":"Deny","Action":"sts:AssumeRole","Resource":"*"}]}`
					}
					return ""
				}
			case "boundary":
				arn := s.policy(accountA, "bound", deny)
				s.editRole(accountA, at, func(r *directory.Role) { r.Boundary = arn })
			case "identity":
				s.editRole(accountA, at, func(r *directory.Role) { r.Inline = inline([]string{all, deny}) })
			case "trust":
				if level == depth {
					continue // nobody comes after it
				}
				s.editRole(accountA, fmt.Sprint("r", level+1), func(r *directory.Role) {
					r.Trust = &directory.Inline{Text: `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"*"},"Action":"sts:*"},{"Effect":"Deny","Principal":{"AWS":"*"},"Action":"sts:AssumeRole"}]}`}
				})
			}
			for i := 1; i <= depth; i++ {
				next, a := s.assume(c, roleARN(accountA, fmt.Sprint("r", i)), params(i))
				if want := i <= level; (a.Status == 200) != want {
					t.Errorf("%s at level %d: entering r%d: %s", form, level, i, a)
				}
				if a.Status != 200 {
					break
				}
				c = next
			}
		}
	}
}

// TestSec_A02 has the same role and user names in two accounts: neither is ever
// taken for the other, whoever came first.
func TestSec_A02(t *testing.T) {
	s := newStack(t)
	all := statement("Allow", "sts:*", "*")
	users, sessions := map[string]credentials{}, map[string]credentials{}
	for _, account := range []string{accountA, accountB} {
		users[account] = s.user(account, "same", all)
		s.role(account, "same", trusts("arn:aws:iam::"+account+":user/same"))
	}
	for i := range 1000 {
		own, foreign := accountA, accountB
		if i%3 == 0 {
			own, foreign = foreign, own
		}
		c, a := s.assume(users[own], roleARN(own, "same"), "")
		if a.Status != 200 {
			t.Fatal(a)
		}
		sessions[own] = c
		if _, a := s.assume(users[own], roleARN(foreign, "same"), ""); a.Status != 403 {
			t.Fatalf("round %d: %s", i, a)
		}
		if i%100 == 0 {
			for account, c := range sessions {
				if a := s.do(c, "GetCallerIdentity", ""); !strings.Contains(a.XML, "arn:aws:sts::"+account+":assumed-role/same/work") {
					t.Fatalf("round %d: %s", i, a.XML)
				}
			}
		}
		if testing.Short() && i == 200 {
			return
		}
	}
}

// TestSec_B08 sends every condition key as headers and as parameters: no policy
// sees any of it.
func TestSec_B08(t *testing.T) {
	s := newStack(t)
	alice := s.user(accountA, "alice", statement("Allow", "sts:*", "*"))
	keys := []string{
		"aws:userid", "aws:username", "aws:PrincipalArn", "aws:PrincipalAccount", "aws:PrincipalType", "aws:PrincipalTag/team",
		"aws:PrincipalIsAWSService", "aws:MultiFactorAuthPresent", "aws:MultiFactorAuthAge", "aws:TokenIssueTime", "aws:SourceIdentity",
		"aws:FederatedProvider", "aws:SourceIp", "aws:SecureTransport", "aws:RequestedRegion", "aws:CurrentTime", "aws:EpochTime",
		"aws:ResourceAccount", "aws:ResourceTag/team", "aws:RequestTag/team", "aws:TagKeys", "aws:PrincipalOrgID", "aws:SourceArn",
		"aws:SourceAccount", "aws:SourceVpc", "aws:VpcSourceIp", "aws:CalledVia", "aws:groups", "iam:ResourceTag/team",
		"sts:ExternalId", "sts:RoleSessionName", "sts:SourceIdentity", "sts:TransitiveTagKeys", "sts:RequestContext/x", "saml:sub", "idp.example:sub",
	}
	for i, key := range keys {
		name := fmt.Sprint("k", i)
		s.role(accountA, name, `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::`+accountA+`:user/alice"},"Action":"sts:AssumeRole","Condition":{"ForAnyValue:StringEquals":{"`+key+`":"planted"}}}}`)
		_, short, _ := strings.Cut(key, ":")
		s.header = http.Header{}
		for _, h := range []string{key, short, "X-Amz-Meta-" + short, "X-" + short, "Aws-" + short, strings.ReplaceAll(short, "/", "-"), strings.ToLower(short)} {
			h = strings.NewReplacer(":", "-", "/", "-").Replace(h)
			s.header[http.CanonicalHeaderKey(h)] = []string{"planted"}
		}
		params := ""
		for _, p := range []string{key, short, "Context." + short, "context." + key} {
			if short != "ExternalId" && short != "RoleSessionName" && short != "SourceIdentity" {
				params += "&" + strings.NewReplacer(":", "%3A", "/", "%2F").Replace(p) + "=planted"
			}
		}
		if _, a := s.assume(alice, roleARN(accountA, name), strings.TrimPrefix(params, "&")); a.Status != 403 && a.Status != 400 {
			t.Errorf("%s: %s", key, a)
		}
	}
}
