package saml

import (
	"slices"
	"strings"
)

// AWS stands in a list of audiences or recipients for all that AWS itself accepts:
// what providers configured for AWS send.
const AWS = "aws"

// Signin tells what is meant for AWS's sign-in, of the partition.
type Signin struct {
	Partition  string // aws, aws-cn, aws-us-gov
	ProviderID string // the SAMLProviderUUID, at the end of some of the addresses
}

// Recipients is an Expect.Recipient that accepts what is in list.
func (s Signin) Recipients(list []string) func(string) bool {
	aws := slices.Contains(list, AWS)
	return func(r string) bool {
		return r != AWS && slices.Contains(list, r) || aws && s.address(r)
	}
}

// Audiences is an Expect.Audience that accepts what is in list.
func (s Signin) Audiences(list []string) func(string) bool {
	aws := slices.Contains(list, AWS)
	return func(a string) bool {
		return a != AWS && slices.Contains(list, a) || aws && (a == s.urn() || s.address(a))
	}
}

func (s Signin) urn() string {
	switch s.Partition {
	case "aws-cn":
		return "urn:amazon:webservices:cn-north-1"
	case "aws-us-gov":
		return "urn:amazon:webservices:govcloud"
	}
	return "urn:amazon:webservices"
}

// address tells https://[region.]signin.aws.amazon.com/saml, also followed by
// /acs/ and the provider's id.
//
// Source: AWS General Reference, signin-service; IAM User Guide,
// id_roles_providers_create_saml_assertions.
func (s Signin) address(u string) bool {
	rest, https := strings.CutPrefix(u, "https://")
	host, path, _ := strings.Cut(rest, "/")
	if !https || path != "saml" && (s.ProviderID == "" || path != "saml/acs/"+s.ProviderID) {
		return false
	}
	global := "signin.aws.amazon.com"
	switch s.Partition {
	case "aws-cn":
		global = "signin.amazonaws.cn"
	case "aws-us-gov":
		global = "signin.amazonaws-us-gov.com"
	}
	region, regional := strings.CutSuffix(host, "."+global)
	return host == global || regional && isRegion(region)
}

// isRegion tells the form of a region's name: eu-central-1.
func isRegion(s string) bool {
	parts := strings.Split(s, "-")
	if len(parts) < 3 || len(s) > 32 {
		return false
	}
	for i, p := range parts {
		last := i == len(parts)-1
		if p == "" || strings.Trim(p, "abcdefghijklmnopqrstuvwxyz") != "" && !last || last && strings.Trim(p, "0123456789") != "" {
			return false
		}
	}
	return true
}
