package audit

import (
	"net/netip"
	"time"
)

// Hidden stands where CloudTrail hides a value: a secret key, a token, a password.
const Hidden = "HIDDEN_DUE_TO_SECURITY_REASONS"

// Entry is one event. The JSON names, their order and which of them are left
// out when empty are those of CloudTrail's record, version 1.11:
// https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-record-contents.html
//
// RequestParameters, ResponseElements and AdditionalEventData take Raw or
// *Raw (text made by this package's appenders, copied as it is), json.RawMessage (checked
// first), nil, or anything that encoding/json can encode; plain maps, slices
// and scalars are encoded without reflection. The first two are written as
// null when nil, as CloudTrail does.
type Entry struct {
	EventVersion        string // "" is written as "1.11"
	UserIdentity        Identity
	EventTime           time.Time // written in UTC, whole seconds
	EventSource         string    // "sts.amazonaws.com"
	EventName           string    // "AssumeRole"
	AWSRegion           string
	SourceIPAddress     string
	SourceIP            netip.Addr // without its zone, where SourceIPAddress is empty
	UserAgent           string
	ErrorCode           string
	ErrorMessage        string
	RequestParameters   any
	ResponseElements    any
	AdditionalEventData any // Deputy's own: the explanation of a decision
	RequestID           string
	EventID             string // a UUID, unique over all nodes
	ReadOnly            bool
	Resources           []Resource
	EventType           string // "" is written as "AwsApiCall"
	NotManagement       bool   // managementEvent is true but for this
	RecipientAccountID  string
	SharedEventID       string // one over the entries that several accounts get of one call
	EventCategory       string // "" is written as "Management"
	TLSDetails          TLSDetails
}

// Resource is a resource that a call touched. Type is in AWS's form, "AWS::IAM::Role".
type Resource struct {
	ARN       string
	AccountID string
	Type      string
}

// TLSDetails is left out when it is zero.
type TLSDetails struct {
	Version     string // "TLSv1.3"
	CipherSuite string // "TLS_AES_128_GCM_SHA256"
	HostHeader  string // the host that the client asked for
}

// Identity says who called. Type is Root, IAMUser, AssumedRole, FederatedUser,
// SAMLUser, WebIdentityUser, AWSService, AWSAccount or Unknown.
type Identity struct {
	Type             string
	PrincipalID      string
	ARN              string
	AccountID        string
	AccessKeyID      string
	UserName         string
	SessionContext   *SessionContext // nil for long-term keys
	InvokedBy        string
	IdentityProvider string
}

// SessionContext describes the temporary credentials that signed a call.
type SessionContext struct {
	Issuer           SessionIssuer // left out when zero
	CreationDate     time.Time     // left out when zero
	MFAAuthenticated bool
	SourceIdentity   string
	FederatedBy      string // the provider of a web identity session
	AssumedRoot      bool   // a session of AssumeRoot
}

// SessionIssuer is the role or user that temporary credentials come from.
type SessionIssuer struct {
	Type        string // Role, IAMUser, Root
	PrincipalID string
	ARN         string
	AccountID   string
	UserName    string
}
