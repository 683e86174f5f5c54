package iam

import (
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/deputy-sts/deputy/internal/directory"
	"github.com/deputy-sts/deputy/internal/iamapi"
	"github.com/deputy-sts/deputy/internal/mfa"
)

// code is the code of a device so many steps from now, signed.
func (w *world) code(serial, off string) string {
	w.t.Helper()
	n, err := strconv.ParseInt(off, 10, 64)
	d := w.dir.View().Device(serial)
	if err != nil || d == nil {
		w.t.Fatalf("no code of %s at %s", serial, off)
	}
	return mfa.Code(d.Seed, mfa.Step(w.now)+n)
}

// enabling is the request that enables a device with right codes.
func (w *world) enabling(user, serial string) string {
	return form("EnableMFADevice", "UserName", user, "SerialNumber", serial,
		"AuthenticationCode1", w.code(serial, "-1"), "AuthenticationCode2", w.code(serial, "0"))
}

func (w *world) enable(who, user, serial string) {
	w.t.Helper()
	w.do(who, w.enabling(user, serial))
}

// device makes a virtual device and gives its serial.
func (w *world) device(name string) string {
	w.t.Helper()
	w.do("admin", form("CreateVirtualMFADevice", "VirtualMFADeviceName", name))
	return "arn:aws:iam::" + home + ":mfa/" + name
}

// token imports a hardware token; account may be empty.
func (w *world) token(serial, account string) {
	w.t.Helper()
	tx := w.dir.Begin(true)
	tx.PutDevice(nil, &directory.Device{Account: account, Token: serial, Seed: mfa.NewSeed(), Created: w.now})
	if _, err := w.dir.Commit(w.t.Context(), &tx); err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) refusal(who, request string) string {
	w.t.Helper()
	e := w.refused(who, request)
	return e.Name + ": " + e.Message
}

const wrongCode = "InvalidAuthenticationCode: Authentication code for device is not valid."

// TestSec_E09_Enrolment: one code is not enough, nor one twice, and no answer but
// that of the creation shows the seed.
func TestSec_E09_Enrolment(t *testing.T) {
	w := newWorld(t)
	w.do("admin", form("CreateUser", "UserName", "alice"))
	made := w.do("admin", form("CreateVirtualMFADevice", "VirtualMFADeviceName", "phone")).(*iamapi.CreateVirtualMFADeviceResponse).VirtualMFADevice
	serial, seed := *made.SerialNumber, string(made.Base32StringSeed)
	if len(seed) != 64 || seed != mfa.Base32(w.dir.View().Device(serial).Seed) || len(made.QRCodePNG) == 0 {
		t.Errorf("seed %q, %d bytes of PNG", seed, len(made.QRCodePNG))
	}
	for _, codes := range [][2]string{{"0", "0"}, {"0", "-1"}, {"-2", "0"}, {"-60", "-59"}} {
		got := w.refusal("admin", form("EnableMFADevice", "UserName", "alice", "SerialNumber", serial,
			"AuthenticationCode1", w.code(serial, codes[0]), "AuthenticationCode2", w.code(serial, codes[1])))
		if got != wrongCode {
			t.Errorf("%v: %s", codes, got)
		}
	}
	if d := w.dir.View().Device(serial); d.Owner != "" || d.Guesses != 4 {
		t.Errorf("it is %q's, %d guesses", d.Owner, d.Guesses)
	}
	w.enable("admin", "alice", serial)
	for _, request := range []string{
		form("ListVirtualMFADevices"), form("ListMFADevices", "UserName", "alice"), form("GetUser", "UserName", "alice"),
		form("GetMFADevice", "UserName", "alice", "SerialNumber", serial), form("ListMFADeviceTags", "SerialNumber", serial),
	} {
		if text := fmt.Sprintf("%+v", w.do("admin", request)); strings.Contains(text, seed) {
			t.Errorf("%s shows the seed", request)
		}
	}
	for _, d := range w.do("admin", form("ListVirtualMFADevices")).(*iamapi.ListVirtualMFADevicesResponse).VirtualMFADevices {
		if d.Base32StringSeed != nil || d.QRCodePNG != nil {
			t.Error("the list shows seeds")
		}
	}
	// Both codes are spent.
	if d := w.dir.View().Device(serial); d.Last != mfa.Step(w.now) {
		t.Errorf("the last step is %d", d.Last)
	}
}

// TestSec_E10_ResyncIsCounted: resynchronising is no way around the budget of a
// device, and ends no lockout, whatever the case its user is written in (E03).
func TestSec_E10_ResyncIsCounted(t *testing.T) {
	w := newWorld(t)
	w.do("admin", form("CreateUser", "UserName", "alice"))
	serial := w.device("phone")
	w.enable("admin", "alice", serial)
	w.now = w.now.Add(time.Minute)
	for i, name := range []string{"alice", "Alice", "ALICE", "aLice", "alicE"} {
		got := w.refusal("admin", form("ResyncMFADevice", "UserName", name, "SerialNumber", serial,
			"AuthenticationCode1", w.code(serial, "100"), "AuthenticationCode2", w.code(serial, "101")))
		if d := w.dir.View().Device(serial); got != wrongCode || d.Failures != i+1 {
			t.Errorf("%s: %s, %d failures", name, got, d.Failures)
		}
	}
	right := func() string {
		return form("ResyncMFADevice", "UserName", "alice", "SerialNumber", serial,
			"AuthenticationCode1", w.code(serial, "0"), "AuthenticationCode2", w.code(serial, "1"))
	}
	if got := w.refusal("admin", right()); got != wrongCode {
		t.Errorf("a locked device: %s", got)
	}
	// Nor does taking it away and giving it back (E12).
	w.do("admin", form("DeactivateMFADevice", "UserName", "alice", "SerialNumber", serial))
	if got := w.refusal("admin", w.enabling("alice", serial)); got != wrongCode {
		t.Errorf("enabled anew while it is locked: %s", got)
	}
	w.now = w.now.Add(15 * time.Minute)
	w.enable("admin", "alice", serial)
	w.now = w.now.Add(time.Minute)
	w.do("admin", right())
	if d := w.dir.View().Device(serial); d.Failures != 0 || d.Guesses != 3 {
		t.Errorf("%d failures, %d guesses", d.Failures, d.Guesses)
	}
}

// TestSec_E05_PolicyAsksForMFA is AWS's example: who has not signed in with MFA may
// only set a device up, so that a thief of the keys adds none beside the first one.
//
// Source: IAM User Guide, reference_policies_examples_aws_my-sec-creds-self-manage-mfa-only.
func TestSec_E05_PolicyAsksForMFA(t *testing.T) {
	w := newWorld(t)
	w.do("admin", form("CreateUser", "UserName", "caller"))
	first, second := w.device("caller"), w.device("caller2")
	w.grant("", says("Allow", "iam:*", "*", ""),
		`{"Effect":"Deny","NotAction":["iam:ListMFADevices"],"Resource":"*","Condition":{"BoolIfExists":{"aws:MultiFactorAuthPresent":"false"}}}`,
		`{"Effect":"Deny","NotAction":["iam:ListMFADevices","iam:EnableMFADevice"],"Resource":"*","Condition":{"Null":{"aws:MultiFactorAuthAge":"true"}}}`)
	w.enable("admin", "caller", first)
	w.now = w.now.Add(time.Minute)
	p := w.principal("caller")
	key := w.do("admin", form("CreateAccessKey", "UserName", "caller")).(*iamapi.CreateAccessKeyResponse).AccessKey
	long := w.principal("caller")
	for _, request := range []string{
		form("DeactivateMFADevice", "SerialNumber", first), form("DeactivateMFADevice", "UserName", "caller", "SerialNumber", first),
		form("CreateVirtualMFADevice", "VirtualMFADeviceName", "mine"), form("DeleteVirtualMFADevice", "SerialNumber", second),
		form("CreateAccessKey", "UserName", "caller"),
	} {
		if _, _, err := w.serveAs(long, request); err == nil || !strings.Contains(err.Error(), "explicit deny") {
			t.Errorf("%s with %s alone: %v", request, *key.AccessKeyId, err)
		}
	}
	p.MFATime = w.now
	if _, _, err := w.serveAs(p, w.enabling("caller", second)); err != nil {
		t.Errorf("with MFA: %v", err)
	}
	if _, _, err := w.serveAs(p, form("DeactivateMFADevice", "SerialNumber", first)); err != nil {
		t.Errorf("with MFA: %v", err)
	}
}

func TestSec_B20_NamesakeHasNoDevice(t *testing.T) {
	w := newWorld(t)
	w.do("admin", form("CreateUser", "UserName", "alice"))
	serial := w.device("phone")
	w.enable("admin", "alice", serial)
	if got := w.refusal("admin", form("DeleteUser", "UserName", "alice")); got != "DeleteConflict: Cannot delete entity, must delete MFA device first." {
		t.Error(got)
	}
	w.do("admin", form("DeactivateMFADevice", "UserName", "alice", "SerialNumber", serial))
	w.do("admin", form("DeleteUser", "UserName", "alice"))
	w.do("admin", form("CreateUser", "UserName", "alice"))
	if d := w.dir.View().Device(serial); d.Owner != "" || len(w.dir.View().User(home, "alice").MFA) != 0 {
		t.Errorf("it is %q's", d.Owner)
	}
	// Nor has a device that is made again what the one before it had.
	old := w.dir.View().Device(serial).Seed
	w.do("admin", form("DeleteVirtualMFADevice", "SerialNumber", serial))
	serial = w.device("phone")
	if now := w.dir.View().Device(serial); string(now.Seed) == string(old) || now.Last != 0 {
		t.Error("the seed is the same")
	}
}

func TestHardwareTokens(t *testing.T) {
	w := newWorld(t)
	w.token("GAHT12345678", "")
	w.token("GAHT00000009", foreign)
	w.do("admin", form("CreateUser", "UserName", "alice"))
	w.do("other", form("CreateUser", "UserName", "alice"))
	const absent = "NoSuchEntity: MFADevice with serial number GAHT00000009 does not exist."
	if got := w.refusal("admin", w.enabling("alice", "GAHT00000009")); got != absent {
		t.Errorf("a token of another account: %s", got)
	}
	w.enable("admin", "alice", "GAHT12345678")
	if got := w.refusal("admin", w.enabling("admin", "GAHT12345678")); got != "EntityAlreadyExists: MFA Device is already in use." {
		t.Error(got)
	}
	list := w.do("admin", form("ListMFADevices", "UserName", "alice")).(*iamapi.ListMFADevicesResponse).MFADevices
	if len(list) != 1 || *list[0].SerialNumber != "GAHT12345678" || !list[0].EnableDate.Equal(w.now) {
		t.Errorf("%+v", list)
	}
	// It is neither listed, tagged nor deleted as a virtual one.
	if l := w.do("admin", form("ListVirtualMFADevices")).(*iamapi.ListVirtualMFADevicesResponse).VirtualMFADevices; len(l) != 0 {
		t.Errorf("%+v", l)
	}
	for _, request := range []string{
		form("DeleteVirtualMFADevice", "SerialNumber", "GAHT12345678"), form("ListMFADeviceTags", "SerialNumber", "GAHT12345678"),
		form("TagMFADevice", "SerialNumber", "GAHT12345678", "Tags.member.1.Key", "k", "Tags.member.1.Value", "v"),
	} {
		if got := w.refusal("admin", request); got != "NoSuchEntity: VirtualMFADevice with serial number arn:aws:iam::"+home+":mfa/GAHT12345678 doesn't exist." {
			t.Error(got)
		}
	}
	// The account keeps what it has taken.
	w.do("admin", form("DeactivateMFADevice", "UserName", "alice", "SerialNumber", "GAHT12345678"))
	w.now = w.now.Add(time.Minute)
	if got := w.refusal("other", w.enabling("alice", "GAHT12345678")); !strings.HasPrefix(got, "NoSuchEntity") {
		t.Error(got)
	}
	w.enable("root", home, "GAHT12345678")
}

// TestRootDevices: the root user's own devices go by its credentials, with the
// account's id for a name.
func TestRootDevices(t *testing.T) {
	w := newWorld(t)
	serial := w.device("root-account-mfa-device")
	w.do("admin", form("CreateUser", "UserName", home)) // a namesake
	w.enable("root", home, serial)
	a := w.dir.View().Account(home)
	if d := w.dir.View().Device(serial); d.Owner != home || len(a.RootMFA) != 1 {
		t.Errorf("it is %q's", d.Owner)
	}
	sum := w.do("admin", form("GetAccountSummary")).(*iamapi.GetAccountSummaryResponse).SummaryMap
	if sum["AccountMFAEnabled"] != 1 || sum["MFADevices"] != 1 || sum["MFADevicesInUse"] != 1 {
		t.Errorf("%v", sum)
	}
	shown := w.do("admin", form("ListVirtualMFADevices", "AssignmentStatus", "Assigned")).(*iamapi.ListVirtualMFADevicesResponse).VirtualMFADevices
	if len(shown) != 1 || *shown[0].User.Arn != a.ARN() || *shown[0].User.UserId != home || shown[0].User.UserName != nil {
		t.Errorf("%+v", shown)
	}
	// To an administrator that name is the user's, who has none.
	if got := w.refusal("admin", form("DeactivateMFADevice", "UserName", home, "SerialNumber", serial)); got != "NoSuchEntity: MFA Device invalid for user." {
		t.Error(got)
	}
	list := w.do("root", form("ListMFADevices")).(*iamapi.ListMFADevicesResponse).MFADevices
	if len(list) != 1 || *list[0].UserName != home {
		t.Errorf("%+v", list)
	}
	w.do("root", form("DeactivateMFADevice", "SerialNumber", serial))
	if d := w.dir.View().Device(serial); d.Owner != "" || len(w.dir.View().Account(home).RootMFA) != 0 {
		t.Errorf("it is %q's", d.Owner)
	}
}

func TestDeviceLimits(t *testing.T) {
	w := newWorld(t)
	w.do("admin", form("CreateUser", "UserName", "alice"))
	for i := range 9 {
		serial := w.device(fmt.Sprint("d", i))
		if i < 8 {
			w.enable("admin", "alice", serial)
		} else if got := w.refusal("admin", w.enabling("alice", serial)); got != "LimitExceeded: Cannot exceed quota for MFADevicesPerUser: 8" {
			t.Error(got)
		}
	}
	if got := w.pages("admin", "ListMFADevices", "MFADevices", "SerialNumber", "UserName", "alice", "MaxItems", "3"); len(got) != 8 {
		t.Errorf("%v", got)
	}
	// 226 characters of path and name fit into a serial number of 256.
	long := strings.Repeat("x", 225)
	w.do("admin", form("CreateVirtualMFADevice", "VirtualMFADeviceName", long))
	if got := w.refusal("admin", form("CreateVirtualMFADevice", "VirtualMFADeviceName", long+"xx")); !strings.HasPrefix(got, "ValidationError: The specified value for virtualMFADeviceName is invalid.") {
		t.Error(got)
	}
	if got := w.refusal("admin", form("CreateVirtualMFADevice", "VirtualMFADeviceName", "a", "Path", "/%/")); !strings.HasPrefix(got, "ValidationError: ") {
		t.Error(got)
	}
	for _, name := range []string{long[1:] + "a", long[1:] + "b"} {
		w.do("admin", form("CreateVirtualMFADevice", "VirtualMFADeviceName", name))
	}
	if got := w.pages("admin", "ListVirtualMFADevices", "VirtualMFADevices", "SerialNumber", "MaxItems", "1"); len(got) != 12 {
		t.Errorf("%d: %v", len(got), got)
	}
	if got := w.pages("admin", "ListVirtualMFADevices", "VirtualMFADevices", "SerialNumber", "MaxItems", "2", "AssignmentStatus", "Unassigned"); len(got) != 4 {
		t.Errorf("%d: %v", len(got), got)
	}
}
