package iam

import (
	"strings"
	"time"

	"github.com/deputy-sts/deputy/arn"
	"github.com/deputy-sts/deputy/internal/authz"
	"github.com/deputy-sts/deputy/internal/awsdata"
	"github.com/deputy-sts/deputy/internal/directory"
	"github.com/deputy-sts/deputy/internal/iamapi"
	"github.com/deputy-sts/deputy/internal/query"
)

// managed is a managed policy: of the caller's account, or one that AWS keeps in
// every account and nobody changes.
type managed struct {
	arn     string
	account string // of the ARN: "aws" for those of AWS
	version string // that is asked for, where its absence and the policy's are one to AWS
	own     *directory.Policy
	aws     *awsdata.ManagedPolicy // both nil: there is none with the ARN
}

// findManaged loads the policy of an ARN. An error means that it is no ARN of a
// policy here at all; recorded replies tell three such cases apart.
func findManaged(c *authz.Call, name string) (*managed, error) {
	a, err := arn.Parse(name)
	switch {
	case !plain(name):
		return nil, query.ValidationError.Errorf("Invalid ARN:  Could not be parsed!")
	case err != nil:
		return nil, query.ValidationError.Errorf("ARN %s is not valid.", name)
	case a.Partition != c.View().Partition():
		return nil, query.ValidationError.Errorf("Invalid ARN partition")
	case a.Service != "iam" || a.Region != "" || !strings.HasPrefix(a.Resource, "policy/"):
		return nil, iamapi.InvalidInput.Errorf("ARN %s is not valid.", name)
	}
	m := &managed{arn: name, account: a.Account}
	switch {
	case a.Account == "aws":
		m.aws, _ = awsdata.ManagedPolicyByARN(name)
	case a.Account == c.Account():
		m.own = c.Tx.Policy(name)
	}
	return m, nil
}

// plain tells whether a name can be the ARN of an entity: nothing longer, and no
// other characters, get into messages.
func plain(name string) bool {
	for i := range len(name) {
		if name[i] < '!' || name[i] > '~' {
			return false
		}
	}
	return len(name) <= len("arn:aws-us-gov:iam::111122223333:policy")+512+128
}

func (m *managed) missing() bool { return m.own == nil && m.aws == nil }

// linkedOnly tells the policies that only service-linked roles may have.
func (m *managed) linkedOnly() bool { return m.aws != nil && serviceLinked(m.aws.Path) }

func (m *managed) tags() []directory.Tag {
	if m.own == nil {
		return nil
	}
	return m.own.Tags
}

// read asks for the call's action on m. The policies of AWS count as the
// account's own; those of other accounts do not open to anybody.
func (m *managed) read(c *authz.Call) error {
	account := m.account
	if account == "aws" {
		account = c.Account()
	}
	return m.authorize(c, account)
}

// modify asks for the call's action on m to change it. The policies of AWS belong
// to an account that lets nobody in.
func (m *managed) modify(c *authz.Call, keys ...authz.Key) error {
	return m.authorize(c, m.account, keys...)
}

func (m *managed) authorize(c *authz.Call, account string, keys ...authz.Key) error {
	if err := c.Authorize(authz.Resource{ARN: m.arn, Shown: "policy " + m.arn, Account: account, Tags: m.tags(), Keys: keys}); err != nil {
		return err
	}
	switch {
	case m.missing() && m.version != "":
		return noSuchVersion(m.arn, m.version)
	case m.missing():
		return iamapi.NoSuchEntity.Errorf("Policy %s was not found.", m.arn)
	}
	return nil
}

// openManaged is findManaged for a caller who may read the policy.
func openManaged(c *authz.Call, name string) (*managed, error) {
	m, err := findManaged(c, name)
	if err != nil {
		return nil, err
	}
	return m, m.read(c)
}

// changeManaged is findManaged for a caller who may change the policy.
func changeManaged(c *authz.Call, name string, keys ...authz.Key) (*directory.Policy, error) {
	m, err := findManaged(c, name)
	if err != nil {
		return nil, err
	}
	return m.own, m.modify(c, keys...)
}

// managedName is the name in a policy's ARN.
func managedName(policyARN string) string { return policyARN[strings.LastIndexByte(policyARN, '/')+1:] }

// managedPath is the path in a policy's ARN.
func managedPath(policyARN string) string {
	_, rest, _ := strings.Cut(policyARN, ":policy")
	return rest[:strings.LastIndexByte(rest, '/')+1]
}

// show is the policy as lists have it.
func (m *managed) show(c *authz.Call) iamapi.Policy {
	row := func(name, path, id, version string, created, updated time.Time) iamapi.Policy {
		return iamapi.Policy{
			Arn: new(m.arn), PolicyName: new(name), Path: new(path), PolicyId: new(id), DefaultVersionId: new(version),
			AttachmentCount:               new(c.View().AttachmentCount(c.Account(), m.arn)),
			PermissionsBoundaryUsageCount: new(c.View().BoundaryCount(c.Account(), m.arn)),
			IsAttachable:                  new(true), CreateDate: new(created), UpdateDate: new(updated),
		}
	}
	if p := m.own; p != nil {
		return row(p.Name, p.Path, p.ID, p.Default, p.Created, p.Updated)
	}
	p := m.aws
	return row(p.Name, p.Path, p.ID, p.DefaultVersionID, p.CreateDate, p.UpdateDate)
}
