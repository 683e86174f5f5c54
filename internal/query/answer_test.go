package query_test

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/deputy-sts/deputy/internal/iamapi"
	"github.com/deputy-sts/deputy/internal/query"
	"github.com/deputy-sts/deputy/internal/stsapi"
)

const id = "c6104cbe-af31-11e0-8154-cbc7ccf896c7"

var expires = time.Date(2026, 11, 22, 1, 2, 3, 999, time.FixedZone("x", 3600))

func assumed() *stsapi.AssumeRoleResponse {
	return &stsapi.AssumeRoleResponse{
		AssumedRoleUser:  &stsapi.AssumedRoleUser{Arn: new("arn:aws:sts::111122223333:assumed-role/demo/alice"), AssumedRoleId: new("AROAEXAMPLE:alice")},
		Credentials:      &stsapi.Credentials{AccessKeyId: new("ASIAEXAMPLE"), Expiration: &expires, SecretAccessKey: new("se/cret"), SessionToken: new("to+ken==")},
		PackedPolicySize: new(6),
	}
}

func TestAppendXML(t *testing.T) {
	for _, c := range []struct {
		api  *query.API
		op   string
		out  any
		want string
	}{
		{&stsapi.API, "AssumeRole", assumed(), `<AssumeRoleResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><AssumeRoleResult>` +
			`<AssumedRoleUser><Arn>arn:aws:sts::111122223333:assumed-role/demo/alice</Arn><AssumedRoleId>AROAEXAMPLE:alice</AssumedRoleId></AssumedRoleUser>` +
			`<Credentials><AccessKeyId>ASIAEXAMPLE</AccessKeyId><Expiration>2026-11-22T00:02:03Z</Expiration><SecretAccessKey>se/cret</SecretAccessKey><SessionToken>to+ken==</SessionToken></Credentials>` +
			`<PackedPolicySize>6</PackedPolicySize></AssumeRoleResult><ResponseMetadata><RequestId>` + id + `</RequestId></ResponseMetadata></AssumeRoleResponse>`},
		{&iamapi.API, "DeleteUser", new(iamapi.DeleteUserResponse), `<DeleteUserResponse xmlns="https://iam.amazonaws.com/doc/2010-05-08/"><ResponseMetadata><RequestId>` + id + `</RequestId></ResponseMetadata></DeleteUserResponse>`},
		{&iamapi.API, "ListUserPolicies", &iamapi.ListUserPoliciesResponse{PolicyNames: []string{}, IsTruncated: new(false)},
			`<ListUserPoliciesResponse xmlns="https://iam.amazonaws.com/doc/2010-05-08/"><ListUserPoliciesResult><IsTruncated>false</IsTruncated><PolicyNames/></ListUserPoliciesResult>` +
				`<ResponseMetadata><RequestId>` + id + `</RequestId></ResponseMetadata></ListUserPoliciesResponse>`},
		{&iamapi.API, "GetRole", &iamapi.GetRoleResponse{Role: &iamapi.Role{RoleName: new("<&\"'>\r\n\x01\uffff\xff"), RoleLastUsed: new(iamapi.RoleLastUsed), Description: new("")}},
			`<GetRoleResponse xmlns="https://iam.amazonaws.com/doc/2010-05-08/"><GetRoleResult><Role><Description></Description><RoleLastUsed/><RoleName>&lt;&amp;&quot;&#39;&gt;&#xD;&#xA;` + "\ufffd\ufffd\ufffd" + `</RoleName></Role></GetRoleResult>` +
				`<ResponseMetadata><RequestId>` + id + `</RequestId></ResponseMetadata></GetRoleResponse>`},
		{&iamapi.API, "GetAccountSummary", &iamapi.GetAccountSummaryResponse{SummaryMap: map[string]int{"Users": 2, "Roles": 1}},
			`<GetAccountSummaryResponse xmlns="https://iam.amazonaws.com/doc/2010-05-08/"><GetAccountSummaryResult><SummaryMap><entry><key>Roles</key><value>1</value></entry><entry><key>Users</key><value>2</value></entry></SummaryMap></GetAccountSummaryResult>` +
				`<ResponseMetadata><RequestId>` + id + `</RequestId></ResponseMetadata></GetAccountSummaryResponse>`},
	} {
		got := string(query.AppendXML([]byte("kept"), c.api, c.api.Op(c.op), c.out, id))
		if diff := cmp.Diff("kept"+c.want, got); diff != "" {
			t.Errorf("%s: %s", c.op, diff)
		}
	}
}

func TestAppendErrorXML(t *testing.T) {
	got := string(query.AppendErrorXML(nil, &stsapi.API, query.AccessDenied.Errorf("no <%s>", "way"), id))
	want := `<ErrorResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><Error><Type>Sender</Type><Code>AccessDenied</Code><Message>no &lt;way&gt;</Message></Error><RequestId>` + id + `</RequestId></ErrorResponse>`
	if got != want {
		t.Error(got)
	}
	got = string(query.AppendErrorXML(nil, &iamapi.API, query.NoOperation("X", ""), id))
	if !strings.HasPrefix(got, `<ErrorResponse xmlns="http://webservices.amazon.com/AWSFault/2005-15-09"><Error><Type>Sender</Type><Code>InvalidAction</Code>`) {
		t.Error(got)
	}
	if got = string(query.AppendErrorXML(nil, &iamapi.API, query.InternalFailure.Errorf(""), id)); !strings.Contains(got, "<Type>Receiver</Type>") {
		t.Error(got)
	}
}

func TestAppendJSON(t *testing.T) {
	got := string(query.AppendJSON(nil, &stsapi.API, stsapi.API.Op("AssumeRole"), assumed(), id))
	want := `{"AssumeRoleResponse":{"AssumeRoleResult":{"AssumedRoleUser":{"Arn":"arn:aws:sts::111122223333:assumed-role/demo/alice","AssumedRoleId":"AROAEXAMPLE:alice"},` +
		`"Credentials":{"AccessKeyId":"ASIAEXAMPLE","Expiration":1795305723,"SecretAccessKey":"se/cret","SessionToken":"to+ken=="},"PackedPolicySize":6},"ResponseMetadata":{"RequestId":"` + id + `"}}}`
	if got != want {
		t.Error(got)
	}
	got = string(query.AppendJSON(nil, &iamapi.API, iamapi.API.Op("DeleteUser"), new(iamapi.DeleteUserResponse), id))
	if got != `{"DeleteUserResponse":{"ResponseMetadata":{"RequestId":"`+id+`"}}}` {
		t.Error(got)
	}
	got = string(query.AppendErrorJSON(nil, &stsapi.API, query.AccessDenied.Errorf("no \"<way>\""), id))
	if got != `{"Error":{"Code":"AccessDenied","Message":"no \"\u003cway\u003e\"","Type":"Sender"},"RequestId":"`+id+`"}` {
		t.Error(got)
	}
}

func TestAppendAudit(t *testing.T) {
	got := string(query.AppendAudit(nil, assumed()))
	want := `{"assumedRoleUser":{"arn":"arn:aws:sts::111122223333:assumed-role/demo/alice","assumedRoleId":"AROAEXAMPLE:alice"},` +
		`"credentials":{"accessKeyId":"ASIAEXAMPLE","expiration":"Nov 22, 2026, 12:02:03 AM","secretAccessKey":"HIDDEN_DUE_TO_SECURITY_REASONS","sessionToken":"HIDDEN_DUE_TO_SECURITY_REASONS"},"packedPolicySize":6}`
	if got != want {
		t.Error(got)
	}
	for _, nothing := range []any{nil, new(stsapi.GetCallerIdentityRequest), new(stsapi.AssumeRoleRequest)} {
		if got := string(query.AppendAudit(nil, nothing)); got != "null" {
			t.Errorf("%T: %s", nothing, got)
		}
	}
	secret := "tell-nobody"
	for _, v := range []any{
		&stsapi.AssumeRoleRequest{TokenCode: &secret, RoleArn: new(arn)},
		&stsapi.AssumeRoleWithWebIdentityRequest{WebIdentityToken: &secret},
		&iamapi.ChangePasswordRequest{NewPassword: &secret, OldPassword: &secret},
		&iamapi.EnableMFADeviceRequest{AuthenticationCode1: &secret, AuthenticationCode2: &secret},
		&iamapi.CreateVirtualMFADeviceResponse{VirtualMFADevice: &iamapi.VirtualMFADevice{Base32StringSeed: []byte(secret), QRCodePNG: []byte(secret)}},
		&iamapi.CreateAccessKeyResponse{AccessKey: &iamapi.AccessKey{SecretAccessKey: &secret}},
	} {
		got := query.AppendAudit(nil, v)
		if !json.Valid(got) || bytes.Contains(got, []byte(secret)) || bytes.Contains(got, []byte("dGVsbC1ub2")) || !bytes.Contains(got, []byte("HIDDEN_DUE")) {
			t.Errorf("%T: %s", v, got)
		}
	}
}

// Every output comes back from its XML, and its JSON forms are JSON.
func TestAnswersRoundTrip(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	for _, api := range apis {
		for i := range api.Ops {
			op := &api.Ops[i]
			_, out := api.New(op.Name)
			fill(r, reflect.ValueOf(out).Elem())
			_, got := api.New(op.Name)
			requestID, err := query.DecodeXML(bytes.NewReader(query.AppendXML(nil, api, op, out, id)), op, got)
			if err != nil || requestID != id {
				t.Errorf("%s: %q %v", op.Name, requestID, err)
			}
			if op.Result != "" {
				if diff := cmp.Diff(out, got); diff != "" {
					t.Errorf("%s: %s", op.Name, diff)
				}
			}
			if b := query.AppendJSON(nil, api, op, out, id); !json.Valid(b) {
				t.Errorf("%s: %s", op.Name, b)
			}
			if b := query.AppendAudit(nil, out); !json.Valid(b) {
				t.Errorf("%s: %s", op.Name, b)
			}
		}
	}
}

// What a string holds comes out of XML and JSON parsers as it went in, but for what they cannot hold.
func FuzzText(f *testing.F) {
	f.Add("a<b>&\"'\r\n\t")
	f.Add("\x00\xff\u2028\ufffe")
	f.Fuzz(func(t *testing.T, s string) {
		out := &stsapi.GetCallerIdentityResponse{Arn: &s}
		op := stsapi.API.Op("GetCallerIdentity")
		x := query.AppendXML(nil, &stsapi.API, op, out, id)
		got := new(stsapi.GetCallerIdentityResponse)
		if _, err := query.DecodeXML(bytes.NewReader(x), op, got); err != nil {
			t.Fatalf("%q: %v", x, err)
		}
		want := strings.Map(func(r rune) rune {
			if r < ' ' && r != '\t' && r != '\n' && r != '\r' || r == 0xFFFE || r == 0xFFFF {
				return utf8.RuneError
			}
			return r
		}, s)
		if *got.Arn != want {
			t.Fatalf("%q came back as %q", s, *got.Arn)
		}
		var j struct {
			Error struct{ Message string }
		}
		err := json.Unmarshal(query.AppendErrorJSON(nil, &stsapi.API, query.AccessDenied.Errorf("%s", s), id), &j)
		back := j.Error.Message
		if whole := back == s || len(s) > 1024 && len(back) >= 1000 && strings.HasPrefix(s, back); err != nil || !whole && utf8.ValidString(s) {
			t.Fatalf("%q came back as %q: %v", s, back, err)
		}
		d := xml.NewDecoder(bytes.NewReader(query.AppendErrorXML(nil, &stsapi.API, query.AccessDenied.Errorf("%s", s), s)))
		for {
			if _, err := d.Token(); errors.Is(err, io.EOF) {
				break
			} else if err != nil {
				t.Fatal(err)
			}
		}
	})
}

// What a caller wrote stands in answers and in the audit trail without anything
// that steers a terminal or hides what it is.
func TestUnseenCharactersAreEscaped(t *testing.T) {
	for _, r := range "\u0085\u009b\u061c\u200b\u200f\u2028\u202e\u2066\ufeff" {
		text := string(query.AppendAudit(nil, &stsapi.AssumeRoleRequest{RoleSessionName: new("a" + string(r) + "b")}))
		if strings.ContainsRune(text, r) || !strings.Contains(text, fmt.Sprintf(`a\u%04xb`, r)) {
			t.Errorf("%U stands in %s", r, text)
		}
	}
}
