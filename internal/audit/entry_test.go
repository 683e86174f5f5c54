package audit

import (
	"encoding/json"
	"math"
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

func TestEntry(t *testing.T) {
	e := sample("id-1")
	e.ErrorCode, e.ErrorMessage, e.SharedEventID = "AccessDenied", "no", "shared-1"
	e.AdditionalEventData = map[string]any{"layer": "trust", "statement": 2, "keys": []string{"sts:ExternalId"}}
	e.Resources = append(e.Resources, Resource{ARN: "arn:aws:iam::111122223333:user/u"})
	got := string(e.AppendJSON(nil))
	want := `{"eventVersion":"1.11","userIdentity":{"type":"AssumedRole","principalId":"AROAEXAMPLEEXAMPLE123:ci","arn":"arn:aws:sts::111122223333:assumed-role/ci/ci","accountId":"111122223333","accessKeyId":"ASIAEXAMPLEEXAMPLE12","sessionContext":{"sessionIssuer":{"type":"Role","principalId":"AROAEXAMPLEEXAMPLE123","arn":"arn:aws:iam::111122223333:role/ci","accountId":"111122223333","userName":"ci"},"attributes":{"creationDate":"2026-11-22T01:02:03Z","mfaAuthenticated":"true"},"sourceIdentity":"alice"}},"eventTime":"2026-11-22T01:02:04Z","eventSource":"sts.amazonaws.com","eventName":"AssumeRole","awsRegion":"us-east-1","sourceIPAddress":"192.0.2.7","userAgent":"aws-cli/2.31.0 md/awscrt#0.27.6 ua/2.1 os/linux#6.8 lang/python#3.13.7","errorCode":"AccessDenied","errorMessage":"no","requestParameters":{"roleArn":"arn:aws:iam::111122223333:role/demo","roleSessionName":"s","externalId":"x","durationSeconds":3600},"responseElements":{"credentials":{"accessKeyId":"ASIAEXAMPLEEXAMPLE34","sessionToken":"HIDDEN_DUE_TO_SECURITY_REASONS","expiration":"Nov 22, 2026, 2:02:04 AM"}},"additionalEventData":{"keys":["sts:ExternalId"],"layer":"trust","statement":2},"requestID":"8c1f0a5e-2d64-4d3b-9b42-6f6b8d0f4c11","eventID":"id-1","readOnly":true,"resources":[{"ARN":"arn:aws:iam::111122223333:role/demo","accountId":"111122223333","type":"AWS::IAM::Role"},{"ARN":"arn:aws:iam::111122223333:user/u"}],"eventType":"AwsApiCall","managementEvent":true,"recipientAccountId":"111122223333","sharedEventID":"shared-1","eventCategory":"Management","tlsDetails":{"tlsVersion":"TLSv1.3","cipherSuite":"TLS_AES_128_GCM_SHA256","clientProvidedHostHeader":"sts.example.com"}}`
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if !json.Valid([]byte(got)) {
		t.Error("not JSON")
	}
}

func TestEntryOfNothing(t *testing.T) {
	for _, e := range []Entry{
		{}, {TLSDetails: TLSDetails{HostHeader: "h"}}, {UserIdentity: Identity{SessionContext: &SessionContext{}}},
		{UserIdentity: Identity{SessionContext: &SessionContext{FederatedBy: "p"}}},
	} {
		line := e.AppendJSON(nil)
		if !json.Valid(line) || !strings.Contains(string(line), `"requestParameters":null,"responseElements":null,"requestID":`) {
			t.Errorf("%s", line)
		}
	}
}

// attacks are values that break lines, JSON or terminals where they are not escaped.
var attacks = []string{
	"a\nb", "a\r\nb", "\x00", "\x1b[2J\x1b]0;title\x07", "\x7f", "\u0085", "\u009b31m", "\u2028", "\u2029",
	"\u202eevil\u202c", "\u2066x\u2069", "\u200b\u200d\ufeff", "\xff\xfe", "\xc3", "\xed\xa0\x80", "\xf0\x9f", "\xf4\x90\x80\x80", "é😀漢",
	`","eventName":"Forged`, `\`, `\u0022`, `"}` + "\n" + `{"eventVersion":"1.11"}`,
	`,"chain":{"seq":1,"prev":"` + strings.Repeat("0", 64) + `"},"hash":"` + strings.Repeat("0", 64) + `"}`, `","eventID":"forged`,
}

// harmless fails for a line that could be taken for two, or that hides or moves what a person sees.
func harmless(t interface{ Errorf(string, ...any) }, line []byte) {
	if !json.Valid(line) || !utf8.Valid(line) {
		t.Errorf("not JSON in UTF-8: %q", line)
	}
	for _, r := range string(line) {
		if unicode.IsControl(r) || unicode.In(r, unicode.Zl, unicode.Zp, unicode.Bidi_Control) {
			t.Errorf("%U stands raw in %q", r, line)
		}
	}
}

func TestSec_G17_OneLinePerEvent(t *testing.T) {
	for _, s := range attacks {
		raw, err := json.Marshal(map[string]string{s: s})
		if err != nil {
			t.Fatal(err)
		}
		for _, parameters := range []any{
			s, []string{s}, []any{s}, map[string]string{s: s}, map[string]any{s: s}, struct{ A string }{s},
			json.RawMessage(raw), json.RawMessage(`{"a":"` + s + `"}`), json.RawMessage("{\n\t\"a\" :\r\n 1}"), json.RawMessage(s),
		} {
			e := Entry{
				UserIdentity: Identity{Type: s, PrincipalID: s, ARN: s, UserName: s, SessionContext: &SessionContext{Issuer: SessionIssuer{UserName: s}, SourceIdentity: s}},
				EventSource:  s, EventName: s, AWSRegion: s, SourceIPAddress: s, UserAgent: s, ErrorCode: s, ErrorMessage: s,
				RequestParameters: parameters, ResponseElements: parameters, AdditionalEventData: parameters, RequestID: s, EventID: "id",
				Resources: []Resource{{s, s, s}}, TLSDetails: TLSDetails{s, s, s}, RecipientAccountID: s, SharedEventID: s,
			}
			line := e.AppendJSON(nil)
			harmless(t, line)
			if string(eventID(line)) != "id" {
				t.Errorf("the event id is %q in %s", eventID(line), line)
			}
			var back struct{ UserAgent, EventName string }
			if err := json.Unmarshal(line, &back); err != nil || utf8.ValidString(s) && (back.UserAgent != s || back.EventName != s) {
				t.Errorf("%q comes back as %+v: %v", s, back, err)
			}
			var head Head
			if l, err := readLink(head.appendLink(nil, line, 0)[:]); err == nil {
				t.Errorf("a link read with its newline: %+v", l)
			}
			var first Head
			written := first.appendLink(nil, line, 0)
			if l, err := readLink(written[:len(written)-1]); err != nil || l.head != first || !l.true {
				t.Errorf("the link of %s is read as %+v: %v", line, l, err)
			}
		}
	}
}

func TestAppendString(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := rapid.String().Draw(t, "s")
		if rapid.Bool().Draw(t, "bytes") {
			s = string(rapid.SliceOf(rapid.Byte()).Draw(t, "b"))
		}
		line := AppendString(nil, s)
		harmless(t, line)
		var back string
		if err := json.Unmarshal(line, &back); err != nil || back != strings.ToValidUTF8(s, "\ufffd") && utf8.ValidString(s) {
			t.Fatalf("%q comes back as %q: %v", s, back, err)
		}
	})
}

func TestAppendValue(t *testing.T) {
	for want, v := range map[string]any{
		`null`: nil, `true`: true, `-7`: -7, `8`: int64(8), `1.5`: 1.5, `"2026-11-22T01:02:03Z"`: time.Date(2026, 11, 22, 2, 2, 3, 9, time.FixedZone("", 3600)),
		`[]`: []string{}, `{}`: map[string]any{}, `{"a":[1,"b",null],"c":{"d":"e"}}`: map[string]any{"c": map[string]string{"d": "e"}, "a": []any{1, "b", nil}},
		`"not encodable: float64"`: math.Inf(1), `{"A":2}`: struct{ A int }{2}, `"{broken"`: json.RawMessage("{broken"), `""`: json.RawMessage(""),
	} {
		if got := string(AppendValue(nil, v)); got != want {
			t.Errorf("%#v is written as %s, want %s", v, got, want)
		}
	}
}
