package directory

import (
	"iter"
	"slices"
	"strings"
	"time"

	"github.com/tidwall/btree"
)

// Device is a generator of one-time codes: a virtual MFA device, which belongs
// to an account and is named by an ARN, or a hardware token, which is named by
// the serial number on its back.
//
// What was used and what was guessed lies in the same record as the seed, so that
// one conditional commit spends a code.
type Device struct {
	Account string    `json:"account,omitempty"` // "" until the first account enables a hardware token
	Name    string    `json:"name,omitempty"`    // of a virtual device
	Path    string    `json:"path,omitempty"`    // of a virtual device; begins and ends with /
	Token   string    `json:"token,omitempty"`   // serial number of a hardware token; "" is a virtual device
	Seed    []byte    `json:"seed"`              // the key of RFC 4226; here and in the answer of its creation only
	Created time.Time `json:"created,omitzero"`
	Tags    []Tag     `json:"tags,omitempty"`
	Owner   string    `json:"owner,omitempty"`  // user id, or the account id for the root user; "" is not assigned
	Enabled time.Time `json:"enabled,omitzero"` // since when it is the owner's
	Drift   int64     `json:"drift,omitempty"`  // steps that its clock is ahead of ours
	Last    int64     `json:"last,omitempty"`   // the step of the last code accepted; earlier ones never are again

	Failures int       `json:"failures,omitempty"` // wrong codes since the last right one
	Guesses  int       `json:"guesses,omitempty"`  // wrong codes, less one for each right one
	Until    time.Time `json:"until,omitzero"`     // no code is looked at before
	meta
}

// Serial is what requests name the device by: arn:aws:iam::<account>:mfa<path><name>
// or a hardware token's number. It allocates.
func (d *Device) Serial() string {
	if d.Token != "" {
		return d.Token
	}
	return iamARN(d.partition, d.Account, "mfa", d.Path, d.Name)
}

// ID is what an owner's record lists the device by. It is unique without regard
// to case.
func (d *Device) ID() string {
	if d.Token != "" {
		return lowerName(d.Token)
	}
	return d.Account + lowerName(d.Path+d.Name)
}

// Clone gives a copy to change and put.
func (d *Device) Clone() *Device {
	c := *d
	c.Tags = slices.Clone(d.Tags)
	return &c
}

// deviceID is the ID of the device that a serial names; "" if it can name none.
func (v *View) deviceID(serial string) string {
	if !strings.ContainsAny(serial, ":/") {
		return lowerName(serial)
	}
	if e, ok := v.entity(serial); ok && e.kind == "mfa" && e.account != "" && e.name != "" {
		return e.account + lowerName(e.path+e.name)
	}
	return ""
}

// Device finds a device by its serial, all of which counts.
func (v *View) Device(serial string) *Device {
	d, _ := v.devices.Get(v.deviceID(serial))
	if d == nil || d.Serial() != serial {
		return nil
	}
	return d
}

// DeviceByID finds a device by what its owner's record lists it by.
func (v *View) DeviceByID(id string) *Device { d, _ := v.devices.Get(id); return d }

// VirtualDevices lists the virtual MFA devices of an account in the order of their
// ids, those behind the id after ("" for all), which need not exist.
func (v *View) VirtualDevices(account, after string) iter.Seq[*Device] {
	prefix := account + "/"
	return func(yield func(*Device) bool) {
		v.devices.Ascend(max(prefix, after), func(id string, d *Device) bool {
			return strings.HasPrefix(id, prefix) && (id == after || yield(d))
		})
	}
}

// Device is View.Device.
func (t *Tx) Device(serial string) *Device {
	id := t.view.deviceID(serial)
	if id == "" {
		return nil
	}
	if d := t.DeviceByID(id); d != nil && d.Serial() == serial {
		return d
	}
	return nil
}

// DeviceByID is View.DeviceByID.
func (t *Tx) DeviceByID(id string) *Device {
	d := t.view.DeviceByID(id)
	if t.plain() {
		return d
	}
	return lookup(t, deviceKey(id), d)
}

// PutDevice writes a device. That its owner exists and lists it is the caller's
// to see to, in the same Tx.
func (t *Tx) PutDevice(old, now *Device) { putPlain(t, old, now) }

// DeleteDevice deletes a device that nobody has; the caller has looked.
func (t *Tx) DeleteDevice(d *Device) { t.erase(d) }

// placeDevice puts a device and counts it for its account.
func (s *state) placeDevice(id string, now *Device) {
	if now != nil {
		id = now.ID()
	}
	if old, _ := s.devices.Get(id); old != nil {
		s.countDevice(old, -1)
	}
	placeIn(s, s.devices, id, now)
	if now != nil {
		s.countDevice(now, 1)
	}
}

func (s *state) countDevice(d *Device, n int) {
	if d.Account == "" {
		return
	}
	a, _ := s.accounts.Get(d.Account)
	a.counts.Devices += n
	if d.Owner != "" {
		a.counts.DevicesInUse += n
	}
	s.setAccount(d.Account, a)
}

func newDevices() *btree.Map[string, *Device] { return btree.NewMap[string, *Device](degree) }
