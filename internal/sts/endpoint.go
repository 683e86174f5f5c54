package sts

import (
	"slices"

	"github.com/deputy-sts/deputy/internal/authz"
	"github.com/deputy-sts/deputy/internal/session"
	"github.com/deputy-sts/deputy/internal/stsapi"
)

// atGlobalEndpoint tells whether the request was sent to the global endpoint: the
// one name that AWS has for it. The Host is signed; whoever may sign may choose.
func atGlobalEndpoint(c *authz.Call) bool {
	const name = "sts.amazonaws.com"
	return authz.EqualFold(c.Host, name) || authz.EqualFold(c.Host, name+":443")
}

// place applies what the account that the credentials are for has chosen: regions
// in which the service is switched off there, and, of the tokens of the global
// endpoint, whether they are good in the regions that accounts must opt into.
//
// Source: IAM User Guide, id_credentials_temp_enable-regions: the account that the
// credentials are generated in is the one that counts.
func place(c *authz.Call, claims *session.Claims) error {
	a := c.View().Account(claims.Account)
	if a == nil {
		return nil
	}
	if atGlobalEndpoint(c) {
		claims.DefaultRegions = a.TokenVersion != 2
		return nil
	}
	if slices.Contains(a.RegionsOff, c.Region) {
		return stsapi.RegionDisabledException.Errorf("STS is not activated in this region for account:%s. Your account administrator can activate STS in this region using the IAM Console.", a.ID)
	}
	return nil
}
