package iam

import (
	"context"
	"fmt"
	"slices"

	"github.com/deputy-sts/deputy/internal/authz"
	"github.com/deputy-sts/deputy/internal/directory"
	"github.com/deputy-sts/deputy/internal/iamapi"
	"github.com/deputy-sts/deputy/internal/query"
	"github.com/deputy-sts/deputy/internal/session"
)

// keyOwner is whose access keys an action is about: a user, or the account's root
// user when the root user names nobody.
type keyOwner struct {
	name string // of the user; "" is root
	id   string // of the user; "" is root
	keys []string
	set  func(keys []string) // stores the owner with these keys
}

// keyOwner loads the owner, for a caller who may do the call's action to it.
func (s *service) keyOwner(c *authz.Call, userName *string) (*keyOwner, error) {
	if userName == nil && c.Principal.Kind == directory.Root {
		return rootKeys(c)
	}
	name, err := userOrCaller(c, userName)
	if err != nil {
		return nil, err
	}
	x := findUser(c, name)
	if err := x.authorize(c); err != nil {
		return nil, err
	}
	return &keyOwner{name: x.name, id: x.user.ID, keys: x.user.AccessKeys, set: func(keys []string) {
		n := x.user.Clone()
		n.AccessKeys = keys
		c.Tx.PutUser(x.user, n)
	}}, nil
}

func rootKeys(c *authz.Call) (*keyOwner, error) {
	if err := c.Authorize(authz.Resource{ARN: c.Principal.ARN}); err != nil {
		return nil, err
	}
	a := c.Tx.Account(c.Account())
	if a == nil {
		return nil, iamapi.NoSuchEntity.Errorf("The account %s cannot be found.", c.Account())
	}
	return &keyOwner{keys: a.RootKeys, set: func(keys []string) {
		n := a.Clone()
		n.RootKeys = keys
		c.Tx.PutAccount(a, n)
	}}, nil
}

// key finds an access key of the owner.
func (o *keyOwner) key(c *authz.Call, id string) (*directory.AccessKey, error) {
	if slices.Contains(o.keys, id) {
		if k := c.Tx.Key(id); k != nil {
			return k, nil
		}
	}
	return nil, noSuchKey(id)
}

func noSuchKey(id string) error {
	return iamapi.NoSuchEntity.Errorf("The Access Key with id %s cannot be found.", id)
}

func (s *service) createAccessKey(_ context.Context, c *authz.Call, in *iamapi.CreateAccessKeyRequest) (*iamapi.CreateAccessKeyResponse, error) {
	owner, err := s.keyOwner(c, in.UserName)
	if err != nil {
		return nil, err
	}
	if err := within(c, accessKeysPerUser, len(owner.keys)+1); err != nil {
		return nil, err
	}
	k := &directory.AccessKey{
		ID: session.NewAccessKeyID("AKIA", c.Account()), Secret: session.NewSecret(),
		Account: c.Account(), UserID: owner.id, Active: true, Created: now(c),
	}
	c.Tx.PutKey(nil, k)
	owner.set(append(slices.Clone(owner.keys), k.ID))
	return &iamapi.CreateAccessKeyResponse{AccessKey: &iamapi.AccessKey{
		AccessKeyId: new(k.ID), SecretAccessKey: new(k.Secret), Status: new(keyStatus(k)),
		CreateDate: new(k.Created), UserName: given(owner.name),
	}}, nil
}

func keyStatus(k *directory.AccessKey) string {
	if k.Active {
		return "Active"
	}
	return "Inactive"
}

// updateAccessKey switches a key on or off. Expired is a status that only AWS sets.
func (s *service) updateAccessKey(_ context.Context, c *authz.Call, in *iamapi.UpdateAccessKeyRequest) (*iamapi.UpdateAccessKeyResponse, error) {
	owner, err := s.keyOwner(c, in.UserName)
	if err != nil {
		return nil, err
	}
	if *in.Status == "Expired" {
		return nil, query.ValidationError.Errorf("1 validation error detected: Value at 'status' failed to satisfy constraint: Member must satisfy enum value set")
	}
	k, err := owner.key(c, *in.AccessKeyId)
	if err != nil {
		return nil, err
	}
	n := k.Clone()
	n.Active = *in.Status == "Active"
	c.Tx.PutKey(k, n)
	return new(iamapi.UpdateAccessKeyResponse), nil
}

func (s *service) deleteAccessKey(_ context.Context, c *authz.Call, in *iamapi.DeleteAccessKeyRequest) (*iamapi.DeleteAccessKeyResponse, error) {
	owner, err := s.keyOwner(c, in.UserName)
	if err != nil {
		return nil, err
	}
	k, err := owner.key(c, *in.AccessKeyId)
	if err != nil {
		return nil, err
	}
	c.Tx.DeleteKey(k)
	owner.set(slices.DeleteFunc(slices.Clone(owner.keys), func(id string) bool { return id == k.ID }))
	return new(iamapi.DeleteAccessKeyResponse), nil
}

func (s *service) listAccessKeys(_ context.Context, c *authz.Call, in *iamapi.ListAccessKeysRequest) (*iamapi.ListAccessKeysResponse, error) {
	owner, err := s.keyOwner(c, in.UserName)
	if err != nil {
		return nil, err
	}
	p, err := s.pager(c, in.Marker, in.MaxItems, owner.id)
	if err != nil {
		return nil, err
	}
	var all []*directory.AccessKey
	for _, id := range owner.keys {
		if k := c.Tx.Key(id); k != nil {
			all = append(all, k)
		}
	}
	row := func(k *directory.AccessKey) iamapi.AccessKeyMetadata {
		return iamapi.AccessKeyMetadata{
			AccessKeyId: new(k.ID), Status: new(keyStatus(k)), CreateDate: new(k.Created), UserName: given(owner.name),
		}
	}
	keys, more, marker := page(p, sorted(all, keyOrder), keyOrder)
	return &iamapi.ListAccessKeysResponse{AccessKeyMetadata: each(keys, row), IsTruncated: more, Marker: marker}, nil
}

// keyOrder puts the oldest key first.
func keyOrder(k *directory.AccessKey) string {
	return fmt.Sprintf("%012d %s", k.Created.Unix(), k.ID)
}

// getAccessKeyLastUsed is asked about the user who has the key. A key that does not
// exist, one of another account and one that the caller may not see are told apart
// by nothing, as in recorded replies.
func (s *service) getAccessKeyLastUsed(_ context.Context, c *authz.Call, in *iamapi.GetAccessKeyLastUsedRequest) (*iamapi.GetAccessKeyLastUsedResponse, error) {
	k := c.Tx.Key(*in.AccessKeyId)
	if k != nil && k.Account != c.Account() {
		k = nil
	}
	x := &subject{kind: userKind, arn: c.View().ARN(directory.KindUser, c.Account(), "/", "")}
	if k != nil {
		x = keyUser(c, k)
	}
	if err := x.authorize(c); err != nil || k == nil {
		return nil, query.AccessDenied.Errorf("User: %s is not authorized to perform iam:GetAccessKeyLastUsed on resource: access key %s", c.Principal.ARN, *in.AccessKeyId)
	}
	used := &iamapi.AccessKeyLastUsed{Region: new("N/A"), ServiceName: new("N/A")}
	if at, service, region := s.LastUsed(k.ID); !at.IsZero() {
		used = &iamapi.AccessKeyLastUsed{LastUsedDate: new(at), Region: new(region), ServiceName: new(service)}
	}
	return &iamapi.GetAccessKeyLastUsedResponse{UserName: given(x.name), AccessKeyLastUsed: used}, nil
}

// keyUser is the user who has the key, or the root user.
func keyUser(c *authz.Call, k *directory.AccessKey) *subject {
	if u := c.Tx.UserByID(k.UserID); u != nil {
		return findUser(c, u.Name)
	}
	root := "arn:" + c.View().Partition() + ":iam::" + k.Account + ":root"
	return &subject{kind: userKind, arn: root}
}
