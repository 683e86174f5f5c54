package awsdata

import (
	_ "embed"
	"encoding/json"
	"slices"
	"strings"
	"sync"
)

//go:embed data/service_authorization.json.gz
var servicesPacked string

// Service is what AWS's Service Authorization Reference lists of a service:
// https://docs.aws.amazon.com/service-authorization/latest/reference/
// It is shared: do not change it.
type Service struct {
	Actions   map[string]*Action      `json:"actions"`   // by name, "AssumeRole"
	Resources map[string]ResourceType `json:"resources"` // by type, "role"
	Keys      map[string]string       `json:"keys"`      // condition key (may hold ${TagKey}) -> its type, "String", "ArrayOfString", "Bool", …

	folded map[string]*Action // by lower-case name
}

// Action is an action of a service.
type Action struct {
	Name           string                 `json:"-"`
	Level          string                 `json:"level"`           // List, Read, Write, "Tagging, Write" or "Permissions management, Write"
	PermissionOnly bool                   `json:"permission_only"` // no API call of this name; the reference of 2026-09 marks none
	Resources      map[string]ResourceUse `json:"resources"`       // by resource type; empty: the action knows only "*"
	Keys           []string               `json:"keys"`            // condition keys on any resource, beside the global ones
}

// ResourceUse says how an action uses a type of resource.
type ResourceUse struct {
	Required bool     `json:"required"`
	Keys     []string `json:"keys"` // condition keys with this type only
}

// ResourceType is a type of resource.
type ResourceType struct {
	ARN  string   `json:"arn"` // "arn:${Partition}:iam::${Account}:role/${RoleNameWithPath}"
	Keys []string `json:"keys"`
}

// services holds one function per service prefix, which decodes it once.
var services = sync.OnceValue(func() map[string]func() *Service {
	index := make(map[string]func() *Service, 512)
	for prefix, value := range members(unpack("service_authorization.json.gz", servicesPacked)) {
		index[prefix] = sync.OnceValue(func() *Service { return readService(prefix, value) })
	}
	return index
})

// tagKeys writes the names of tags in keys as most of the reference does.
var tagKeys = strings.NewReplacer(`/<key>"`, `/${TagKey}"`, `/tag-key"`, `/${TagKey}"`)

func readService(prefix, value string) *Service {
	s := &Service{}
	if err := json.Unmarshal([]byte(tagKeys.Replace(value)), s); err != nil {
		panic("awsdata: service_authorization.json.gz: " + prefix + ": " + err.Error())
	}
	s.folded = make(map[string]*Action, len(s.Actions))
	for name, a := range s.Actions {
		a.Name = name
		s.folded[strings.ToLower(name)] = a
	}
	return s
}

// Services returns the prefixes of all services ("iam", "s3"), sorted.
func Services() []string {
	names := make([]string, 0, len(services()))
	for name := range services() {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// ServiceOf returns the service of a prefix, without regard to case.
func ServiceOf(prefix string) (*Service, bool) {
	s, ok := services()[strings.ToLower(prefix)]
	if !ok {
		return nil, false
	}
	return s(), true
}

// ActionOf returns an action, without regard to case: ("sts", "assumerole").
func ActionOf(service, name string) (*Action, bool) {
	s, ok := ServiceOf(service)
	if !ok {
		return nil, false
	}
	a, ok := s.Actions[name]
	if !ok {
		a, ok = s.folded[strings.ToLower(name)]
	}
	return a, ok
}

// ResourceLevel tells whether permission for an action can be given on single
// resources; if not, it is decided on "*". An unknown action is taken to be
// one that can, which allows less.
func ResourceLevel(service, action string) bool {
	a, ok := ActionOf(service, action)
	return !ok || len(a.Resources) > 0
}
