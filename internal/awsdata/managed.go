package awsdata

import (
	"crypto/sha256"
	_ "embed"
	"encoding/base32"
	"slices"
	"strings"
	"sync"
	"time"
)

//go:embed data/managed_policies.json.gz
var managedPacked string

// ManagedPolicy is a policy that AWS manages: it exists in every account and
// nobody can change it. It is shared: do not change it either.
type ManagedPolicy struct {
	Name             string // "AdministratorAccess"
	Path             string // "/", "/service-role/", …
	ARN              string // in the partition aws: "arn:aws:iam::aws:policy" + Path + Name
	ID               string // ANPA and 17 characters, derived from the ARN: the same on every server
	DefaultVersionID string // "v3": the only version that is known
	CreateDate       time.Time
	UpdateDate       time.Time // when the default version was made
	Document         string    // the default version: compact JSON
}

type managedIndex struct {
	byName map[string]*ManagedPolicy // names are unique over all paths
	sorted []*ManagedPolicy
}

var managed = sync.OnceValue(func() *managedIndex {
	index := &managedIndex{byName: make(map[string]*ManagedPolicy, 1600)}
	for name, value := range members(unpack("managed_policies.json.gz", managedPacked)) {
		p := readManaged(name, value)
		index.byName[name] = p
		index.sorted = append(index.sorted, p)
	}
	slices.SortFunc(index.sorted, func(a, b *ManagedPolicy) int {
		if c := strings.Compare(a.Path, b.Path); c != 0 {
			return c
		}
		return strings.Compare(a.Name, b.Name)
	})
	return index
})

func readManaged(name, object string) *ManagedPolicy {
	p := &ManagedPolicy{Name: name}
	for member, value := range members(object) {
		switch member {
		case "Path":
			p.Path = text(value)
		case "DefaultVersionId":
			p.DefaultVersionID = text(value)
		case "CreateDate":
			p.CreateDate = date(text(value))
		case "UpdateDate":
			p.UpdateDate = date(text(value))
		case "Document":
			p.Document = value
		}
	}
	p.ARN = "arn:aws:iam::aws:policy" + p.Path + p.Name
	sum := sha256.Sum256([]byte(p.ARN))
	p.ID = "ANPA" + base32.StdEncoding.EncodeToString(sum[:])[:17]
	return p
}

func date(s string) time.Time {
	t, err := time.Parse(time.RFC3339, s)
	if err != nil {
		panic("awsdata: managed_policies.json.gz: " + err.Error())
	}
	return t.UTC()
}

// ManagedPolicyByARN returns the policy of an ARN in any partition, whose
// names and paths are compared exactly, as AWS does.
func ManagedPolicyByARN(arn string) (*ManagedPolicy, bool) {
	partition, ok := strings.CutPrefix(arn, "arn:")
	if !ok {
		return nil, false
	}
	_, rest, _ := strings.Cut(partition, ":")
	path, ok := strings.CutPrefix(rest, "iam::aws:policy/")
	if !ok {
		return nil, false
	}
	name := path[strings.LastIndexByte(path, '/')+1:]
	p, ok := managed().byName[name]
	if !ok || p.Path[1:] != path[:len(path)-len(name)] {
		return nil, false
	}
	return p, true
}

// ManagedPolicies returns all, sorted by path and name. The slice is shared.
func ManagedPolicies() []*ManagedPolicy { return managed().sorted }
