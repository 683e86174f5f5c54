package authn

import (
	"context"
	"hash/maphash"
	"net/http"
	"strings"
	"time"

	"github.com/deputy-sts/deputy/internal/directory"
	"github.com/deputy-sts/deputy/internal/session"
	"github.com/deputy-sts/deputy/policy"
	"github.com/deputy-sts/deputy/sigv4"
)

// Options configure an Authenticator.
type Options struct {
	Directory *directory.Directory
	Issuer    *session.Issuer
	Now       func() time.Time  // nil is time.Now
	Skew      time.Duration     // how far a client's clock may be off; 0 is 15 minutes
	Regions   func(string) bool // regions that a credential scope may name; nil takes any
	OptIn     func(string) bool // regions that accounts must opt into; nil: none
}

// Authenticator verifies requests. It is safe for any number of goroutines.
type Authenticator struct {
	directory *directory.Directory
	issuer    *session.Issuer
	now       func() time.Time
	optIn     func(string) bool
	verifier  sigv4.Verifier
	policies  policies
	owners    owners
}

// New makes an Authenticator.
func New(o Options) *Authenticator {
	a := &Authenticator{directory: o.Directory, issuer: o.Issuer, now: o.Now, optIn: o.OptIn, owners: owners{seed: maphash.MakeSeed()}}
	if a.now == nil {
		a.now = time.Now
	}
	a.verifier = sigv4.Verifier{Lookup: a.lookup, Now: a.now, Skew: o.Skew, Regions: o.Regions}
	return a
}

// Authenticate verifies the signature of a request to the service (sts, iam) and
// gives who signed. body is what the caller is going to parse. Errors are
// *sigv4.Error, in the order of AWS: the scope, the token, its expiry, its issuer,
// the key, the signature. The Result may be nil with an error.
func (a *Authenticator) Authenticate(r *http.Request, body []byte, service string) (*directory.Principal, *sigv4.Result, error) {
	result, err := a.verifier.Verify(r, body, service)
	if err != nil {
		return nil, result, err
	}
	p := result.Any.(*directory.Principal)
	if p.DefaultRegions && !a.byDefault(result) {
		return nil, nil, invalidToken()
	}
	a.used(p, result.Credential, service)
	return p, result, nil
}

// byDefault tells whether a request is signed for a region that every account has:
// not for one that must be opted into, and not by Signature Version 4A, which is
// good for many.
//
// Source: IAM User Guide, id_credentials_temp_enable-regions.
func (a *Authenticator) byDefault(r *sigv4.Result) bool {
	return r.Credential.Region != "" && (a.optIn == nil || !a.optIn(r.Credential.Region))
}

// used notes when the key, and the role, were last used.
func (a *Authenticator) used(p *directory.Principal, c sigv4.Credential, service string) {
	at := a.now()
	if !p.Temporary {
		a.directory.Used(p.AccessKeyID, service, c.Region, at)
	} else if p.Role != nil {
		a.directory.Used(p.Role.ID, service, c.Region, at)
	}
}

// AWS's refusals. A bad token is told without a full stop, a bad key with one.
// They are made anew, since their receivers own them.
func invalidToken() error { return refusal("InvalidClientTokenId", tokenInvalid) }
func invalidKey() error   { return refusal("InvalidClientTokenId", tokenInvalid+".") }
func expired() error {
	return refusal("ExpiredToken", "The security token included in the request is expired")
}

const tokenInvalid = "The security token included in the request is invalid"

func refusal(code, text string) error {
	return &sigv4.Error{Code: code, Status: http.StatusForbidden, Message: text}
}

// lookup is the sigv4.Lookup: it finds whose the key is, and its secret.
func (a *Authenticator) lookup(_ context.Context, id, token string) (sigv4.Secret, error) {
	v := a.directory.View()
	switch temporary := strings.HasPrefix(id, "ASIA"); {
	case token != "" && temporary:
		return a.temporary(v, id, token)
	case token != "":
		return sigv4.Secret{}, invalidToken()
	case temporary:
		return sigv4.Secret{}, invalidKey()
	}
	return a.longTerm(v, id)
}

// longTerm finds an access key in the directory; its user, or its account's root
// user, must still be there.
func (a *Authenticator) longTerm(v *directory.View, id string) (sigv4.Secret, error) {
	k := v.Key(id)
	if k == nil || !k.Active {
		return sigv4.Secret{}, invalidKey()
	}
	if u := v.UserByID(k.UserID); u != nil {
		if p := a.owners.of(u, k); p != nil {
			return sigv4.Secret{Key: k.Secret, Any: p}, nil
		}
	}
	p := &directory.Principal{AccessKeyID: k.ID}
	if !owner(v, p, k.Account, k.UserID) {
		return sigv4.Secret{}, invalidKey()
	}
	a.owners.keep(p)
	return sigv4.Secret{Key: k.Secret, Any: p}, nil
}

// owner fills in the user of that unique id, or the account's root user if the
// id is empty or the account's own. False if it is gone.
func owner(v *directory.View, p *directory.Principal, account, id string) bool {
	p.Account = account
	if id == "" || id == account {
		root := v.Account(account)
		if root == nil {
			return false
		}
		p.Kind, p.ARN, p.ID = directory.Root, root.ARN(), account
		return true
	}
	u := v.UserByID(id)
	if u == nil || u.Account != account {
		return false
	}
	p.Kind, p.ARN, p.ID, p.User = directory.UserKind, u.ARN(), u.ID, u
	return true
}

// maxAhead is how far in the future a session may have been issued: nodes whose
// clocks differ a little accept each other's, but a session issued while the clock
// was a day ahead does not live a day longer once it is set right.
const maxAhead = 5 * time.Minute

// temporary opens a session token: it must belong to the key, live, and come
// from a role or user that still exists under the same unique id.
func (a *Authenticator) temporary(v *directory.View, id, token string) (sigv4.Secret, error) {
	c, err := a.issuer.Open(id, token)
	if err != nil {
		return sigv4.Secret{}, invalidToken()
	}
	now := a.now()
	if !now.Before(c.Expires) {
		return sigv4.Secret{}, expired()
	}
	if c.IssuedAt.Sub(now) > maxAhead {
		return sigv4.Secret{}, invalidToken()
	}
	p := a.principal(v, c)
	if p == nil {
		return sigv4.Secret{}, invalidKey()
	}
	return sigv4.Secret{Key: c.SecretAccessKey, Any: p}, nil
}

// principal makes the caller that the claims of a token describe; nil if its
// issuer is gone, the kind of the session is none that can call, or an operator
// has ended it.
func (a *Authenticator) principal(v *directory.View, c *session.Claims) *directory.Principal {
	p := &directory.Principal{
		AccessKeyID: c.AccessKeyID, Temporary: true, SessionName: c.Name,
		IssuedAt: c.IssuedAt, Expires: c.Expires,
		SessionPolicyARNs: c.PolicyARNs, HasSessionPolicy: c.Policy != "" || len(c.PolicyARNs) > 0,
		Tags: tags(c.Tags), Transitive: c.Transitive, SourceIdentity: c.SourceIdentity,
		MFA: c.MFA, MFATime: c.MFATime, Provider: c.Provider, Keys: tags(c.Keys), Chained: c.Chained, DefaultRegions: c.DefaultRegions,
	}
	if c.Policy != "" {
		p.SessionPolicies = []*policy.Policy{a.policies.compiled(c.Policy)}
	}
	switch c.Kind {
	case session.AssumeRole, session.WebIdentity, session.SAML:
		if !roleSession(v, p, c) {
			return nil
		}
	case session.SessionToken:
		if !owner(v, p, c.Account, c.PrincipalID) {
			return nil
		}
		p.SessionToken = true
	case session.Federation:
		if !owner(v, p, c.Account, c.PrincipalID) {
			return nil
		}
		p.Kind, p.ID = directory.FederatedUser, c.Account+":"+c.Name
		p.ARN = stsARN(p.ARN, c.Account, "federated-user/"+c.Name)
	case session.Delegation:
		// Who accepted, whatever that is, and never more than the policy.
		if c.Policy == "" || !roleSession(v, p, c) && !owner(v, p, c.Account, c.PrincipalID) {
			return nil
		}
		p.Delegated = true
	case session.Root:
		// The task policy is what makes the root user no more than the task needs.
		if c.PrincipalID != c.Account || len(c.PolicyARNs) != 1 || c.Policy != "" || !owner(v, p, c.Account, c.PrincipalID) {
			return nil
		}
		p.AssumedRoot = true
	default:
		return nil
	}
	if v.Revoked(c.PrincipalID, c.IssuedAt) || v.Revoked(p.ID, c.IssuedAt) {
		return nil
	}
	return p
}

func roleSession(v *directory.View, p *directory.Principal, c *session.Claims) bool {
	r := v.RoleByID(c.PrincipalID)
	if r == nil || r.Account != c.Account {
		return false
	}
	p.Kind, p.Account, p.Role = directory.RoleSession, r.Account, r
	p.ID = r.ID + ":" + c.Name
	p.ARN = stsARN(r.ARN(), r.Account, "assumed-role/"+r.Name+"/"+c.Name)
	return true
}

// stsARN names a session in the partition of its issuer.
func stsARN(issuer, account, resource string) string {
	partition, _, _ := strings.Cut(strings.TrimPrefix(issuer, "arn:"), ":")
	return "arn:" + partition + ":sts::" + account + ":" + resource
}

func tags(list []session.Tag) []directory.Tag {
	if len(list) == 0 {
		return nil
	}
	out := make([]directory.Tag, len(list))
	for i, t := range list {
		out[i] = directory.Tag(t)
	}
	return out
}
