package main

import "strings"

// What the real services do beyond their model, so that the facts in model/ stay
// as AWS publishes them.

// echoes: STS repeats a refused value in its validation texts, IAM no longer does
// (recorded replies of 2024 and 2025).
var echoes = map[string]bool{"sts": true}

// secrets are members that the model does not mark sensitive although they
// authenticate someone: whoever reads them could act with them. Marked, they are
// neither repeated in messages nor written to the audit trail.
var secrets = map[string]bool{
	"SessionToken":        true,
	"TokenCode":           true,
	"AuthenticationCode1": true,
	"AuthenticationCode2": true,
	"ContextAssertion":    true,
}

// says is the word for the sentence with which IAM refuses this member instead of
// showing its pattern; empty: it shows the pattern. STS has none.
func (f *member) says() string {
	switch f.Pattern {
	case `[\w+=,.@-]+`:
		if strings.HasSuffix(f.Name, "Name") && f.Name != "AWSServiceName" {
			return "name"
		}
	case `(\u002F)|(\u002F[\u0021-\u007E]+\u002F)`, `((/[A-Za-z0-9\.,\+@=_-]+)*)/`:
		switch f.Name {
		case "PathPrefix":
			return "pathPrefix"
		case "Path", "NewPath":
			return "path"
		}
	case `\u002F[\u0021-\u007F]*`:
		return "pathPrefix"
	}
	return ""
}

// results are elements that wrap an output where the facts have none: the released
// SDKs refuse an answer without it.
var results = map[string]string{"PutAccountProperties": "PutAccountPropertiesResult"}

// bounds are largest sizes that AWS states in prose and its model leaves out, by
// structure and member: ten session policies, 2,048 characters of an inline one.
var bounds = map[string]int64{
	"AssumeRoleRequest.Policy":                    2048,
	"AssumeRoleRequest.PolicyArns":                10,
	"AssumeRoleWithSAMLRequest.PolicyArns":        10,
	"AssumeRoleWithWebIdentityRequest.PolicyArns": 10,
	"GetFederationTokenRequest.PolicyArns":        10,
}

// bounded is the member with the bound that it has in this structure.
func bounded(typ string, f member) member {
	if most, ok := bounds[typ+"."+f.Name]; ok && f.Max == nil {
		f.Max = &most
	}
	return f
}
