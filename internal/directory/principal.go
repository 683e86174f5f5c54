package directory

import (
	"time"

	"github.com/deputy-sts/deputy/policy"
)

// PrincipalKind tells what kind of caller a Principal is.
type PrincipalKind uint8

const (
	Anonymous     PrincipalKind = iota // no signature
	Root                               // root user of an account
	UserKind                           // IAM user, by long-term keys or a session of GetSessionToken
	RoleSession                        // session of a role
	FederatedUser                      // session of GetFederationToken
)

// String gives the word that CloudTrail's userIdentity.type has for it.
func (k PrincipalKind) String() string {
	return [...]string{"Unknown", "Root", "IAMUser", "AssumedRole", "FederatedUser"}[k%5]
}

// Principal is an authenticated caller: what its credentials say, and the record
// they belong to.
type Principal struct {
	Kind    PrincipalKind
	Account string // 12 digits
	// ARN is shown to others: of the user, of the session
	// (arn:aws:sts::A:assumed-role/R/S, arn:aws:sts::A:federated-user/N), or of the
	// root user.
	ARN string
	// ID is AIDA…, AROA…:session, the account id of a root user, or A:name of a
	// federated user.
	ID string

	User *User // the caller, or who asked for the federated session; nil for roles and root
	Role *Role // the role of a session

	AccessKeyID  string
	Temporary    bool // any temporary credentials
	SessionToken bool // credentials of GetSessionToken; Kind is UserKind or Root
	Delegated    bool // credentials of GetDelegatedAccessToken: nothing at all goes beyond the session policy
	AssumedRoot  bool // credentials of AssumeRoot: Kind is Root, and the session policies only deny

	SessionName       string
	IssuedAt, Expires time.Time
	SessionPolicies   []*policy.Policy // the inline session policy, compiled
	SessionPolicyARNs []string
	HasSessionPolicy  bool  // some were passed, whatever is left of them
	Tags              []Tag // session tags, inherited ones included
	Transitive        []string
	SourceIdentity    string
	MFA               bool
	MFATime           time.Time
	Provider          string // ARN or name of the identity provider of a federated role session
	Keys              []Tag  // condition keys of the federation that stay with the session
	Chained           bool   // issued to a caller who had temporary credentials
	DefaultRegions    bool   // good only in the regions that every account has
}
