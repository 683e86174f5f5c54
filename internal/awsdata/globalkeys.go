package awsdata

import "strings"

// globalKeys are the condition keys that any service may have, and their types.
// The Service Authorization Reference lists only the three of them that depend
// on the action: aws:RequestTag, aws:ResourceTag and aws:TagKeys.
//
// Source: IAM User Guide, reference_policies_condition-keys; aws:SourceOwner is
// from the access policies that SNS makes.
var globalKeys = [...]ConditionKey{
	{"aws:AssumedRoot", "Bool"},
	{"aws:CalledVia", "ArrayOfString"},
	{"aws:CalledViaAWSMCP", "String"},
	{"aws:CalledViaFirst", "String"},
	{"aws:CalledViaLast", "String"},
	{"aws:ChatbotSourceArn", "ARN"},
	{"aws:CurrentTime", "Date"},
	{"aws:Ec2InstanceSourcePrivateIPv4", "IPAddress"},
	{"aws:Ec2InstanceSourceVpc", "String"},
	{"aws:EpochTime", "Date"},
	{"aws:FederatedProvider", "String"},
	{"aws:MultiFactorAuthAge", "Numeric"},
	{"aws:MultiFactorAuthPresent", "Bool"},
	{"aws:PrincipalAccount", "String"},
	{"aws:PrincipalArn", "ARN"},
	{"aws:PrincipalIsAWSService", "Bool"},
	{"aws:PrincipalOrgID", "String"},
	{"aws:PrincipalOrgPaths", "ArrayOfString"},
	{"aws:PrincipalServiceName", "String"},
	{"aws:PrincipalServiceNamesList", "ArrayOfString"},
	{"aws:PrincipalTag/${TagKey}", "String"},
	{"aws:PrincipalType", "String"},
	{"aws:Referer", "String"},
	{"aws:RequestTag/${TagKey}", "String"},
	{"aws:RequestedRegion", "String"},
	{"aws:ResourceAccount", "String"},
	{"aws:ResourceOrgID", "String"},
	{"aws:ResourceOrgPaths", "ArrayOfString"},
	{"aws:ResourceTag/${TagKey}", "String"},
	{"aws:SecureTransport", "Bool"},
	{"aws:SignInSessionArn", "ARN"},
	{"aws:SourceAccount", "String"},
	{"aws:SourceArn", "ARN"},
	{"aws:SourceIdentity", "String"},
	{"aws:SourceIp", "IPAddress"},
	{"aws:SourceOrgID", "String"},
	{"aws:SourceOrgPaths", "ArrayOfString"},
	{"aws:SourceOwner", "String"},
	{"aws:SourceVpc", "String"},
	{"aws:SourceVpcArn", "ARN"},
	{"aws:SourceVpce", "String"},
	{"aws:TagKeys", "ArrayOfString"},
	{"aws:TokenIssueTime", "Date"},
	{"aws:UserAgent", "String"},
	{"aws:UserId", "String"},
	{"aws:Username", "String"},
	{"aws:ViaAWSMCPService", "Bool"},
	{"aws:ViaAWSService", "Bool"},
	{"aws:VpcSourceIp", "IPAddress"},
	{"aws:VpceAccount", "String"},
	{"aws:VpceOrgID", "String"},
	{"aws:VpceOrgPaths", "ArrayOfString"},
}

// ConditionKey is a condition key and the type of its values.
type ConditionKey struct {
	Name string // may hold ${…}, which stands for any text that is not empty
	Type string // String, ARN, Bool, Numeric, Date, IPAddress, or ArrayOf… of one of them
}

// Multivalued tells whether the key can have several values in a request.
func (k ConditionKey) Multivalued() bool { return strings.HasPrefix(k.Type, "ArrayOf") }

// GlobalKey finds a key that begins with "aws:", without regard to case.
func GlobalKey(name string) (ConditionKey, bool) {
	for _, k := range globalKeys {
		if matchKey(k.Name, name) {
			return k, true
		}
	}
	return ConditionKey{}, false
}

// GlobalKeys lists the names of all, as the guide writes them.
func GlobalKeys() []string {
	names := make([]string, len(globalKeys))
	for i, k := range globalKeys {
		names[i] = k.Name
	}
	return names
}

// Key finds a condition key of the service, without regard to case.
func (s *Service) Key(name string) (ConditionKey, bool) {
	if typ, ok := s.Keys[name]; ok {
		return ConditionKey{name, typ}, true
	}
	for template, typ := range s.Keys {
		if matchKey(template, name) {
			return ConditionKey{template, typ}, true
		}
	}
	return ConditionKey{}, false
}

// HasKey tells whether requests of the action can have a condition key of its
// service, on whatever resource, without regard to case.
func (s *Service) HasKey(a *Action, name string) bool {
	if hasKey(a.Keys, name) {
		return true
	}
	for typ, use := range a.Resources {
		if hasKey(use.Keys, name) || hasKey(s.Resources[typ].Keys, name) {
			return true
		}
	}
	return false
}

func hasKey(templates []string, name string) bool {
	for _, t := range templates {
		if matchKey(t, name) {
			return true
		}
	}
	return false
}

// matchKey tells whether name is the key of the template, in which each ${…}
// stands for one character or more.
func matchKey(template, name string) bool {
	head, rest, hole := strings.Cut(template, "${")
	if !hole {
		return strings.EqualFold(template, name)
	}
	_, tail, _ := strings.Cut(rest, "}")
	if len(name) <= len(head) || !strings.EqualFold(name[:len(head)], head) {
		return false
	}
	name = name[len(head):]
	for i := 1; i <= len(name); i++ {
		if matchKey(tail, name[i:]) {
			return true
		}
	}
	return false
}
