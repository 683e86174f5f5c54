package iam

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"regexp"
	"strings"

	"github.com/deputy-sts/deputy/internal/authz"
	"github.com/deputy-sts/deputy/internal/directory"
	"github.com/deputy-sts/deputy/internal/iamapi"
	"github.com/deputy-sts/deputy/internal/mfa"
	"github.com/deputy-sts/deputy/internal/query"
)

// Virtual MFA devices as resources of the account, which have a name, a path and
// tags. Hardware tokens are none: operators import them, and nobody tags them.

// virtual is a virtual MFA device on its way through an action.
type virtual struct {
	arn    string
	device *directory.Device // nil: there is none in the caller's account
}

func findVirtual(c *authz.Call, serial string) *virtual {
	v := &virtual{arn: serial}
	if !strings.HasPrefix(serial, "arn:") {
		v.arn = c.View().ARN(directory.KindMFA, c.Account(), "/", serial)
	}
	if d := c.Tx.Device(serial); d != nil && d.Token == "" && d.Account == c.Account() {
		v.device = d
	}
	return v
}

// authorize asks whether the caller may do the call's action to v, and only then
// tells whether there is v.
func (v *virtual) authorize(c *authz.Call, keys ...authz.Key) error {
	r := authz.Resource{ARN: v.arn, Keys: keys}
	if v.device != nil {
		r.Tags = v.device.Tags
	}
	if err := c.Authorize(r); err != nil {
		return err
	}
	if v.device == nil {
		return iamapi.NoSuchEntity.Errorf("VirtualMFADevice with serial number %s doesn't exist.", v.arn)
	}
	return nil
}

// addressable is what the SerialNumber of requests may be; a path may be more.
//
// Source: SerialNumber in the IAM API reference.
var addressable = regexp.MustCompile(`^[A-Za-z0-9_+=/:,.@-]{9,256}$`)

func (s *service) createVirtualMFADevice(_ context.Context, c *authz.Call, in *iamapi.CreateVirtualMFADeviceRequest) (*iamapi.CreateVirtualMFADeviceResponse, error) {
	d := &directory.Device{
		Account: c.Account(), Name: *in.VirtualMFADeviceName, Path: or(in.Path, "/"),
		Seed: mfa.NewSeed(), Created: now(c), Tags: tagsOf(in.Tags),
	}
	arn := c.View().ARN(directory.KindMFA, d.Account, d.Path, d.Name)
	if err := authorizeNew(c, arn, "", "iam:TagMFADevice", d.Tags); err != nil {
		return nil, err
	}
	if !addressable.MatchString(arn) {
		return nil, query.ValidationError.Errorf("The specified value for virtualMFADeviceName is invalid. With its path it would give the serial number %s, which no request could name.", arn)
	}
	if err := deviceTags.check(c, d.Tags); err != nil {
		return nil, err
	}
	if c.Tx.DeviceByID(d.ID()) != nil {
		return nil, iamapi.EntityAlreadyExists.Errorf("MFADevice entity at the same path and name already exists.")
	}
	if err := another(c, devicesPerAccount, c.View().Counts(d.Account).Devices); err != nil {
		return nil, err
	}
	picture, err := mfa.QRCode(mfa.URI(d.Name, accountName(c), d.Seed))
	if err != nil {
		return nil, err
	}
	c.Tx.PutDevice(nil, d)
	return &iamapi.CreateVirtualMFADeviceResponse{VirtualMFADevice: &iamapi.VirtualMFADevice{
		SerialNumber: new(arn), Base32StringSeed: []byte(mfa.Base32(d.Seed)), QRCodePNG: picture, Tags: showTags(d.Tags),
	}}, nil
}

// accountName is what people call the account: its alias, or else its id.
func accountName(c *authz.Call) string {
	if a := aliased(c); a != nil {
		return a.Alias
	}
	return c.Account()
}

func (s *service) deleteVirtualMFADevice(_ context.Context, c *authz.Call, in *iamapi.DeleteVirtualMFADeviceRequest) (*iamapi.DeleteVirtualMFADeviceResponse, error) {
	v := findVirtual(c, *in.SerialNumber)
	if err := v.authorize(c); err != nil {
		return nil, err
	}
	if v.device.Owner != "" {
		return nil, iamapi.DeleteConflict.Errorf("MFA VirtualDevice in use. Must deactivate first.")
	}
	c.Tx.DeleteDevice(v.device)
	return new(iamapi.DeleteVirtualMFADeviceResponse), nil
}

// listVirtualMFADevices never shows a seed again.
func (s *service) listVirtualMFADevices(_ context.Context, c *authz.Call, in *iamapi.ListVirtualMFADevicesRequest) (*iamapi.ListVirtualMFADevicesResponse, error) {
	if err := authorizeList(c, directory.KindMFA, nil); err != nil {
		return nil, err
	}
	status := or(in.AssignmentStatus, "Any")
	p, err := s.pager(c, in.Marker, in.MaxItems, status)
	if err != nil {
		return nil, err
	}
	var all []*directory.Device
	for d := range c.View().VirtualDevices(c.Account(), "") {
		if status == "Any" || (status == "Assigned") == (d.Owner != "") {
			all = append(all, d)
		}
	}
	devices, more, marker := page(p, sorted(all, virtualKey), virtualKey)
	row := func(d *directory.Device) iamapi.VirtualMFADevice { return showVirtual(c, d) }
	return &iamapi.ListVirtualMFADevicesResponse{VirtualMFADevices: each(devices, row), IsTruncated: more, Marker: marker}, nil
}

// virtualKey orders devices by path and name; what is too long for a marker goes
// by its hash.
func virtualKey(d *directory.Device) string {
	id := d.ID()[len(d.Account):]
	if len(id) <= 128 {
		return id
	}
	sum := sha256.Sum256([]byte(id))
	return id[:96] + hex.EncodeToString(sum[:16])
}

func showVirtual(c *authz.Call, d *directory.Device) iamapi.VirtualMFADevice {
	shown := iamapi.VirtualMFADevice{SerialNumber: new(d.Serial())}
	if d.Owner == "" {
		return shown
	}
	shown.EnableDate = new(d.Enabled)
	if u := c.Tx.UserByID(d.Owner); u != nil {
		shown.User = new(showUser(u))
	} else if a := c.Tx.Account(d.Owner); a != nil {
		shown.User = &iamapi.User{Arn: new(a.ARN()), UserId: new(a.ID), CreateDate: new(a.Created)}
	}
	return shown
}

func (s *service) tagMFADevice(_ context.Context, c *authz.Call, in *iamapi.TagMFADeviceRequest) (*iamapi.TagMFADeviceResponse, error) {
	v, tags := findVirtual(c, *in.SerialNumber), tagsOf(in.Tags)
	if err := v.authorize(c, authz.TagKeys(tags)...); err != nil {
		return nil, err
	}
	merged, err := deviceTags.merged(c, v.device.Tags, tags)
	if err != nil {
		return nil, err
	}
	v.retag(c, merged)
	return new(iamapi.TagMFADeviceResponse), nil
}

func (s *service) untagMFADevice(_ context.Context, c *authz.Call, in *iamapi.UntagMFADeviceRequest) (*iamapi.UntagMFADeviceResponse, error) {
	v := findVirtual(c, *in.SerialNumber)
	if err := v.authorize(c, untagKeys(in.TagKeys)...); err != nil {
		return nil, err
	}
	v.retag(c, deviceTags.without(v.device.Tags, in.TagKeys))
	return new(iamapi.UntagMFADeviceResponse), nil
}

func (v *virtual) retag(c *authz.Call, tags []directory.Tag) {
	n := v.device.Clone()
	n.Tags = tags
	c.Tx.PutDevice(v.device, n)
}

func (s *service) listMFADeviceTags(_ context.Context, c *authz.Call, in *iamapi.ListMFADeviceTagsRequest) (*iamapi.ListMFADeviceTagsResponse, error) {
	v := findVirtual(c, *in.SerialNumber)
	if err := v.authorize(c); err != nil {
		return nil, err
	}
	tags, more, marker, err := s.tagPage(c, v.arn, v.device.Tags, in.Marker, in.MaxItems)
	return &iamapi.ListMFADeviceTagsResponse{Tags: tags, IsTruncated: more, Marker: marker}, err
}
