package policy

// PrincipalType tells what kind of caller a Principal is.
type PrincipalType uint8

const (
	Anonymous     PrincipalType = iota // unsigned request
	User                               // IAM user, by long-term keys or a session of GetSessionToken
	AssumedRole                        // session of a role
	FederatedUser                      // session of GetFederationToken
	Root                               // root user of an account
	Service                            // AWS service acting for itself
	WebIdentity                        // bearer of an OIDC token, before it has a session
	SAML                               // bearer of a SAML assertion, before it has a session
)

// String gives the name of the constant.
func (t PrincipalType) String() string {
	return [...]string{"Anonymous", "User", "AssumedRole", "FederatedUser", "Root", "Service", "WebIdentity", "SAML"}[t%8]
}

// signed tells whether the caller is an IAM principal: it has an account and
// policies of its own.
func (t PrincipalType) signed() bool {
	return t == User || t == AssumedRole || t == FederatedUser || t == Root
}

// Principal is who asks.
type Principal struct {
	Type PrincipalType
	// Account is the account of a User, AssumedRole, FederatedUser or Root: 12 digits.
	Account string
	// ARN is the caller's own: of the user, of the session
	// (arn:aws:sts::A:assumed-role/R/S, arn:aws:sts::A:federated-user/N), or of
	// the root user (arn:aws:iam::A:root).
	ARN string
	// ID is the caller's unique id: AIDA…, AROA…:session, A:name, or the account id.
	ID string
	// IssuerARN and IssuerID belong to the role of an AssumedRole (ARN with its
	// path, AROA…), or to the user or root user who asked for a FederatedUser.
	IssuerARN, IssuerID string
	// Service is the name of a Service: ec2.amazonaws.com.
	Service string
	// Provider is the identity provider of a WebIdentity or SAML caller: its ARN,
	// or the name of a built-in one such as accounts.google.com.
	Provider string
	// CanonicalID is the canonical user id of Account, where it has one.
	CanonicalID string
}

// Request is the question: may Principal do Action to Resource?
type Request struct {
	// Principal is who asks; nil is Anonymous.
	Principal *Principal
	// Action is prefix:Name; case does not count.
	Action string
	// Resource is the ARN asked for, or "*" for an action without resource-level
	// permissions, which only a policy's "*" covers.
	Resource string
	// ResourceAccount owns the resource. If empty it is the account in Resource,
	// and if that has none (S3), the principal's own.
	ResourceAccount string
	// Context holds the condition keys; nil has none.
	Context Context
}

// Set is the policies that apply to a request, by layer. The zero value allows
// nothing, but to the root user in its own account. Evaluate does not change it:
// any number of goroutines may decide by one Set.
type Set struct {
	// Identity holds everything attached to the user or role, inline and managed,
	// its groups' policies included. For a role session they are the role's, for a
	// federated user the issuing user's.
	Identity []*Policy
	// Resource is the policy of the resource; nil means none. For the actions that
	// enter a role (sts:AssumeRole and its kin) it is the role's trust policy. That,
	// and the policy of a key of KMS if it is given, must allow by itself.
	Resource *Policy
	// Boundary is the permissions boundary of the user or role; nil means none.
	Boundary *Policy
	// Session holds the session policies, the inline one and the managed ones.
	Session []*Policy
	// HasSession says that session policies were passed when the session was made,
	// even if Session is empty now (what it named was deleted): then nothing is
	// allowed. A Session that is not empty implies it.
	HasSession bool
	// SCPs are the service control policies of the principal's account, level by
	// level from the organization's root down. Nil: none bind this caller. A level
	// without policies allows nothing.
	SCPs [][]*Policy
	// RCPs are the resource control policies of the resource's account, level by
	// level, without RCPFullAWSAccess, which is always attached as well. They are
	// asked only about the services for which AWS has them (S3, KMS, SQS, Secrets
	// Manager, ECR, OpenSearch Serverless, Cognito, CloudWatch Logs, DynamoDB), and
	// the actions of STS that enter a role.
	RCPs [][]*Policy
}
