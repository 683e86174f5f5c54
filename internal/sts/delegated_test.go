package sts

import (
	"strings"
	"testing"
	"time"

	"github.com/deputy-sts/deputy/internal/directory"
	"github.com/deputy-sts/deputy/internal/stsapi"
)

const tradeIn = "0123456789abcdef.a-secret-of-the-server"

// delegated puts a released delegation of account B's request into the store, with
// who accepted it.
func (s *stack) delegated(a *directory.DelegationApprover, policy string) {
	s.change(func(tx *directory.Tx) {
		a.At = s.now
		tx.PutDelegation(nil, &directory.Delegation{
			ID: "0123456789abcdef", Requestor: accountB, Workflow: "w", Owner: accountA, State: directory.Finalized, Policy: policy, Seconds: 3600,
			Approver: a, Token: tradeIn, Created: s.now, Updated: s.now, Released: s.now, Expires: s.now.Add(7 * 24 * time.Hour),
		})
	})
}

// TestDelegatedAccess trades a token in: the credentials are the approver's, and
// may what both the approver and the policy may, across the services' actions.
func TestDelegatedAccess(t *testing.T) {
	for _, kind := range []string{"user", "role", "root"} {
		t.Run(kind, func(t *testing.T) {
			s := newStack(t)
			partner := s.user(accountB, "partner", statement("Allow", "sts:GetDelegatedAccessToken", "*"))
			var a *directory.DelegationApprover
			info := statement("Allow", "sts:GetAccessKeyInfo", "*")
			switch kind {
			case "user":
				s.user(accountA, "admin", info)
				u := s.directory.View().User(accountA, "admin")
				a = &directory.DelegationApprover{ARN: u.ARN(), ID: u.ID}
			case "role":
				r := s.role(accountA, "admin", trusts(accountA), info)
				a = &directory.DelegationApprover{ARN: "arn:aws:sts::" + accountA + ":assumed-role/admin/ops", ID: r.ID, Name: "ops", SourceIdentity: "maren"}
			case "root":
				a = &directory.DelegationApprover{ARN: "arn:aws:iam::" + accountA + ":root", ID: accountA}
			}
			s.delegated(a, `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":["sts:GetAccessKeyInfo","sts:DecodeAuthorizationMessage"],"Resource":"*"}}`)
			s.now = s.now.Add(10 * time.Minute)
			got := s.do(partner, "GetDelegatedAccessToken", "TradeInToken="+tradeIn)
			out, _ := got.Out.(*stsapi.GetDelegatedAccessTokenResponse)
			if out == nil || *out.AssumedPrincipal != a.ARN || out.Credentials.Expiration.Sub(s.now) != 50*time.Minute || strings.Contains(got.XML, "PackedPolicySize") {
				t.Fatalf("%s %s", got, got.XML)
			}
			c := temporary(got)
			if who := s.do(c, "GetCallerIdentity", ""); !strings.Contains(who.XML, "<Arn>"+a.ARN+"</Arn>") {
				t.Errorf("%s", who.XML)
			}
			for action, want := range map[string]int{
				"GetAccessKeyInfo?AccessKeyId=" + c.AccessKeyID:                       200,
				"GetWebIdentityToken?" + tokenES:                                      403, // the policy does not have it
				"GetSessionToken?":                                                    403,
				"GetFederationToken?Name=bob":                                         403,
				"DecodeAuthorizationMessage?EncodedMessage=junk":                      map[string]int{"root": 400}[kind], // the approver has not, but root
				"AssumeRole?RoleSessionName=x1&RoleArn=" + roleARN(accountA, "admin"): 403,
			} {
				name, params, _ := strings.Cut(action, "?")
				if want == 0 {
					want = 403
				}
				if a := s.do(c, name, params); a.Status != want {
					t.Errorf("%s: %s, want %d", name, a, want)
				}
			}
			if again := s.do(partner, "GetDelegatedAccessToken", "TradeInToken="+tradeIn); again.Status != 200 {
				t.Errorf("a second time: %s", again)
			}
			all := strings.Join(s.lines(), "\n")
			for what, secret := range map[string]string{"token": tradeIn, "secret": c.SecretAccessKey, "session token": c.SessionToken} {
				if strings.Contains(all, secret) {
					t.Errorf("the audit holds the %s", what)
				}
			}
		})
	}
}

// TestDelegatedIsNeverMore: a trust policy that names the approver, or its very
// session, lets a session of its own in whatever its session policy says; not one
// that was lent.
func TestDelegatedIsNeverMore(t *testing.T) {
	s := newStack(t)
	partner := s.user(accountB, "partner", statement("Allow", "sts:*", "*"))
	for _, kind := range []string{"user", "role"} {
		name, a := "lender-"+kind, new(directory.DelegationApprover)
		if kind == "user" {
			s.user(accountA, name, statement("Allow", "*", "*"))
			u := s.directory.View().User(accountA, name)
			a.ARN, a.ID = u.ARN(), u.ID
		} else {
			r := s.role(accountA, name, trusts(accountA), statement("Allow", "*", "*"))
			a.ARN, a.ID, a.Name = "arn:aws:sts::"+accountA+":assumed-role/"+name+"/ops", r.ID, "ops"
		}
		s.role(accountA, "door-"+kind, trusts(a.ARN))
		s.role(accountA, "hall-"+kind, trusts(accountA))
		enter := "RoleSessionName=work&RoleArn=" + roleARN(accountA, "door-"+kind)
		for _, row := range []struct {
			policy string
			want   int
		}{
			{statement("Allow", "sts:GetAccessKeyInfo", "*"), 403},
			{statement("Allow", "sts:AssumeRole", roleARN(accountA, "hall-"+kind)), 403},
			{statement("Allow", "sts:AssumeRole", roleARN(accountA, "door-"+kind)), 200},
		} {
			s.change(func(tx *directory.Tx) {
				if d := tx.Delegation("0123456789abcdef"); d != nil {
					tx.DeleteDelegation(d)
				}
			})
			s.delegated(a, row.policy)
			c := temporary(s.do(partner, "GetDelegatedAccessToken", "TradeInToken="+tradeIn))
			if a := s.do(c, "AssumeRole", enter); a.Status != row.want {
				t.Errorf("%s, %s: %s, want %d", kind, row.policy, a, row.want)
			}
		}
	}
}

// TestDelegatedRefusals: one text for whatever is wrong with a token; another when
// its time is over.
func TestDelegatedRefusals(t *testing.T) {
	const invalid = "400 ValidationError Invalid trade-in token"
	s := newStack(t)
	all := statement("Allow", "sts:*", "*")
	partner, stranger, plain := s.user(accountB, "partner", all), s.user(accountA, "stranger", all), s.user(accountB, "plain")
	s.user(accountA, "admin", all)
	u := s.directory.View().User(accountA, "admin")
	s.delegated(&directory.DelegationApprover{ARN: u.ARN(), ID: u.ID}, all)
	try := func(c credentials, token, want string) {
		t.Helper()
		if a := s.do(c, "GetDelegatedAccessToken", "TradeInToken="+token); !strings.HasPrefix(a.String(), want) {
			t.Errorf("%.40s: %s, want %s", token, a, want)
		}
	}
	try(partner, tradeIn, "200")
	try(plain, tradeIn, "403 AccessDenied User: arn:aws:iam::"+accountB+":user/plain is not authorized to perform: sts:GetDelegatedAccessToken")
	try(stranger, tradeIn, invalid)
	for _, bad := range []string{"x", ".", "0123456789abcdef.", "0123456789abcdef", tradeIn + "x", tradeIn[:len(tradeIn)-1], "fedcba9876543210" + tradeIn[16:], strings.Repeat("a", 8192), "%00.%00"} {
		try(partner, bad, invalid)
	}
	edit := func(f func(*directory.Delegation)) {
		s.change(func(tx *directory.Tx) {
			d := tx.Delegation("0123456789abcdef")
			n := d.Clone()
			f(n)
			tx.PutDelegation(d, n)
		})
	}
	edit(func(d *directory.Delegation) { d.State = directory.Rejected })
	try(partner, tradeIn, invalid)
	edit(func(d *directory.Delegation) { d.State = directory.Finalized })
	try(partner, tradeIn, "200")
	before := temporary(s.do(partner, "GetDelegatedAccessToken", "TradeInToken="+tradeIn))
	s.now = s.now.Add(time.Hour)
	try(partner, tradeIn, "400 ExpiredTradeInTokenException The trade-in token provided in the request has expired")
	s.now = s.now.Add(-time.Minute)
	s.change(func(tx *directory.Tx) {
		u := tx.User(accountA, "admin")
		for _, k := range u.AccessKeys {
			tx.DeleteKey(tx.Key(k))
		}
		tx.DeleteUser(u)
	})
	try(partner, tradeIn, invalid)
	if a := s.do(before, "GetCallerIdentity", ""); a.Code != "InvalidClientTokenId" {
		t.Errorf("when who accepted is gone: %s", a)
	}
}
