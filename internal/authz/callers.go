package authz

import (
	"github.com/deputy-sts/deputy/internal/directory"
	"github.com/deputy-sts/deputy/internal/query"
)

// InvalidClientTokenId is what AWS answers to credentials that are not, or no
// longer, good for the call.
var InvalidClientTokenId = query.Code{Name: "InvalidClientTokenId", Status: 403}

const invalidToken = "The security token included in the request is invalid"

// checkCaller applies what the kind of the credentials allows, whatever the
// policies say.
//
//	credentials                     STS                                  IAM
//	root                            all but AssumeRole, AssumeRoot,      all
//	                                GetWebIdentityToken
//	user                            all                                  all
//	GetSessionToken without MFA     AssumeRole, GetCallerIdentity        none
//	GetSessionToken with MFA        AssumeRole, GetCallerIdentity        all
//	role session                    all but GetSessionToken,             all
//	                                GetFederationToken
//	GetFederationToken              GetCallerIdentity                    none
//
// Source: IAM User Guide, id_credentials_temp_request, comparison table.
func (c *Call) checkCaller() error {
	c.rule = true
	p := c.Principal
	switch {
	case p == nil:
		return nil // the server lets through unsigned what takes no signature
	case c.Service == "sts":
		return c.checkSTS(p)
	case p.Kind == directory.FederatedUser, p.SessionToken && !p.MFA:
		return InvalidClientTokenId.Errorf(invalidToken)
	}
	return nil
}

func (c *Call) checkSTS(p *directory.Principal) error {
	switch a := c.Action; {
	case a == "GetCallerIdentity":
		return nil
	case p.Kind == directory.Root && a == "AssumeRole":
		return query.AccessDenied.Errorf("Roles may not be assumed by root accounts.")
	case p.Kind == directory.Root && (a == "AssumeRoot" || a == "GetWebIdentityToken"):
		return query.AccessDenied.Errorf("User: %s is not authorized to perform: sts:%s", p.ARN, a)
	case p.Kind == directory.FederatedUser,
		p.SessionToken && a != "AssumeRole",
		p.Temporary && (a == "GetSessionToken" || a == "GetFederationToken"):
		return query.AccessDenied.Errorf("Cannot call %s with session credentials", a)
	}
	return nil
}

// CheckCaller refuses credentials of a kind that may not call the action. Handle
// applies it to every action before its handler; AssumeRole alone checks more of
// its input first (as AWS does) and calls it itself.
func (c *Call) CheckCaller() error {
	if c.rule {
		return nil
	}
	return c.checkCaller()
}
