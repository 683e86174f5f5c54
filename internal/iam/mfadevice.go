package iam

import (
	"context"
	"slices"
	"strconv"
	"time"

	"github.com/deputy-sts/deputy/internal/authz"
	"github.com/deputy-sts/deputy/internal/directory"
	"github.com/deputy-sts/deputy/internal/iamapi"
	"github.com/deputy-sts/deputy/internal/mfa"
)

// The MFA devices of users and of the root user: what they are enabled for.

// deviceOwner is whose devices an action is about: a user, or the account's root
// user when the root user names nobody, or the account's id, which is its own.
type deviceOwner struct {
	name string // UserName of answers; of the root user the account's id
	id   string // as Device.Owner has it
	list []string
	set  func(list []string) // stores the owner with these devices
}

// deviceOwner loads the owner, for a caller who may do the call's action to it.
func (s *service) deviceOwner(c *authz.Call, userName *string) (*deviceOwner, error) {
	if c.Principal.Kind == directory.Root && or(userName, c.Account()) == c.Account() {
		return rootDevices(c)
	}
	name, err := userOrCaller(c, userName)
	if err != nil {
		return nil, err
	}
	x := findUser(c, name)
	if err := x.authorize(c); err != nil {
		return nil, err
	}
	return &deviceOwner{name: x.name, id: x.user.ID, list: x.user.MFA, set: func(list []string) {
		n := x.user.Clone()
		n.MFA = list
		c.Tx.PutUser(x.user, n)
	}}, nil
}

func rootDevices(c *authz.Call) (*deviceOwner, error) {
	if err := c.Authorize(authz.Resource{ARN: c.Principal.ARN}); err != nil {
		return nil, err
	}
	a := c.Tx.Account(c.Account())
	if a == nil {
		return nil, iamapi.NoSuchEntity.Errorf("The account %s cannot be found.", c.Account())
	}
	return &deviceOwner{name: a.ID, id: a.ID, list: a.RootMFA, set: func(list []string) {
		n := a.Clone()
		n.RootMFA = list
		c.Tx.PutAccount(a, n)
	}}, nil
}

// device finds a device that the owner has.
func (o *deviceOwner) device(c *authz.Call, serial string) (*directory.Device, error) {
	if d := c.Tx.Device(serial); d != nil && d.Owner == o.id {
		return d, nil
	}
	return nil, iamapi.NoSuchEntity.Errorf("MFA Device invalid for user.")
}

// free finds a device that nobody has and the account may take: a virtual one of
// its own, or a hardware token that no other account has taken.
func free(c *authz.Call, serial string) (*directory.Device, error) {
	d := c.Tx.Device(serial)
	switch {
	case d == nil || d.Account != "" && d.Account != c.Account():
		return nil, iamapi.NoSuchEntity.Errorf("MFADevice with serial number %s does not exist.", serial)
	case d.Owner != "":
		return nil, iamapi.EntityAlreadyExists.Errorf("MFA Device is already in use.")
	}
	return d, nil
}

// pair takes two codes that follow each other. Wrong ones are counted with the
// device, although the call fails.
func pair(ctx context.Context, c *authz.Call, d *directory.Device, first, second string) (*directory.Device, error) {
	n, verdict := mfa.Pair(d, first, second, c.Time)
	if verdict == mfa.Right {
		return n, nil
	}
	c.NoteCode(d.Serial(), verdict.String())
	if verdict == mfa.Wrong {
		if err := c.Once(ctx, func(tx *directory.Tx) { mfa.Miss(tx, d.Serial(), c.Time) }); err != nil {
			return nil, err
		}
	}
	return nil, iamapi.InvalidAuthenticationCode.Errorf("Authentication code for device is not valid.")
}

func (s *service) enableMFADevice(ctx context.Context, c *authz.Call, in *iamapi.EnableMFADeviceRequest) (*iamapi.EnableMFADeviceResponse, error) {
	owner, err := s.deviceOwner(c, in.UserName)
	if err != nil {
		return nil, err
	}
	d, err := free(c, *in.SerialNumber)
	if err != nil {
		return nil, err
	}
	if err := within(c, devicesPerUser, len(owner.list)+1); err != nil {
		return nil, err
	}
	n, err := pair(ctx, c, d, *in.AuthenticationCode1, *in.AuthenticationCode2)
	if err != nil {
		return nil, err
	}
	n.Account, n.Owner, n.Enabled = c.Account(), owner.id, now(c)
	c.Tx.PutDevice(d, n)
	owner.set(append(slices.Clone(owner.list), n.ID()))
	return new(iamapi.EnableMFADeviceResponse), nil
}

// resyncMFADevice measures the difference of the device's clock anew.
func (s *service) resyncMFADevice(ctx context.Context, c *authz.Call, in *iamapi.ResyncMFADeviceRequest) (*iamapi.ResyncMFADeviceResponse, error) {
	owner, err := s.deviceOwner(c, in.UserName)
	if err != nil {
		return nil, err
	}
	d, err := owner.device(c, *in.SerialNumber)
	if err != nil {
		return nil, err
	}
	n, err := pair(ctx, c, d, *in.AuthenticationCode1, *in.AuthenticationCode2)
	if err != nil {
		return nil, err
	}
	c.Tx.PutDevice(d, n)
	return new(iamapi.ResyncMFADeviceResponse), nil
}

// deactivateMFADevice takes a device from its owner. What was used and guessed
// stays with it: enabling it again makes it no easier to guess.
func (s *service) deactivateMFADevice(_ context.Context, c *authz.Call, in *iamapi.DeactivateMFADeviceRequest) (*iamapi.DeactivateMFADeviceResponse, error) {
	owner, err := s.deviceOwner(c, in.UserName)
	if err != nil {
		return nil, err
	}
	d, err := owner.device(c, *in.SerialNumber)
	if err != nil {
		return nil, err
	}
	n := d.Clone()
	n.Owner, n.Enabled = "", time.Time{}
	c.Tx.PutDevice(d, n)
	owner.set(slices.DeleteFunc(slices.Clone(owner.list), func(id string) bool { return id == d.ID() }))
	return new(iamapi.DeactivateMFADeviceResponse), nil
}

func (s *service) getMFADevice(_ context.Context, c *authz.Call, in *iamapi.GetMFADeviceRequest) (*iamapi.GetMFADeviceResponse, error) {
	owner, err := s.deviceOwner(c, in.UserName)
	if err != nil {
		return nil, err
	}
	d, err := owner.device(c, *in.SerialNumber)
	if err != nil {
		return nil, err
	}
	return &iamapi.GetMFADeviceResponse{
		UserName: new(owner.name), SerialNumber: new(d.Serial()), EnableDate: new(d.Enabled),
	}, nil
}

func (s *service) listMFADevices(_ context.Context, c *authz.Call, in *iamapi.ListMFADevicesRequest) (*iamapi.ListMFADevicesResponse, error) {
	owner, err := s.deviceOwner(c, in.UserName)
	if err != nil {
		return nil, err
	}
	p, err := s.pager(c, in.Marker, in.MaxItems, owner.id)
	if err != nil {
		return nil, err
	}
	var all []*directory.Device
	for _, id := range owner.list {
		if d := c.Tx.DeviceByID(id); d != nil {
			all = append(all, d)
		}
	}
	row := func(d *directory.Device) iamapi.MFADevice {
		return iamapi.MFADevice{UserName: new(owner.name), SerialNumber: new(d.Serial()), EnableDate: new(d.Enabled)}
	}
	// The key is a number: an id may be longer than a marker.
	order := func(d *directory.Device) string { return strconv.Itoa(slices.Index(owner.list, d.ID()) + 100) }
	devices, more, marker := page(p, sorted(all, order), order)
	return &iamapi.ListMFADevicesResponse{MFADevices: each(devices, row), IsTruncated: more, Marker: marker}, nil
}
