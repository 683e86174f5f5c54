package awsdata

import (
	_ "embed"
	"encoding/json"
	"sync"
)

//go:embed data/service_linked_roles.json
var linkedRolesFile []byte

// LinkedRole is the role that a service creates for itself in an account:
// CreateServiceLinkedRole with the service's name makes it.
type LinkedRole struct {
	Service    string   // "autoscaling.amazonaws.com"
	RoleName   string   // "AWSServiceRoleForAutoScaling"
	PolicyARNs []string // the managed policies attached to it; AWS may have retired one
	Suffix     bool     // a custom suffix may follow the name
}

var linkedRoles = sync.OnceValue(func() map[string]*LinkedRole {
	var file map[string]struct {
		Role     string   `json:"role"`
		Policies []string `json:"policies"`
		Suffix   bool     `json:"suffix"`
	}
	if err := json.Unmarshal(linkedRolesFile, &file); err != nil {
		panic("awsdata: service_linked_roles.json: " + err.Error())
	}
	index := make(map[string]*LinkedRole, len(file))
	for service, f := range file {
		r := &LinkedRole{Service: service, RoleName: f.Role, Suffix: f.Suffix}
		for _, policy := range f.Policies {
			r.PolicyARNs = append(r.PolicyARNs, "arn:aws:iam::aws:policy/"+policy)
		}
		index[service] = r
	}
	return index
})

// LinkedRoleOf returns the linked role of a service principal. It is shared.
func LinkedRoleOf(service string) (*LinkedRole, bool) {
	r, ok := linkedRoles()[service]
	return r, ok
}
