package cli

import (
	"bytes"
	"encoding/json"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

var assumed = Object{
	{"Credentials", Object{{"AccessKeyId", "ASIA1"}, {"SecretAccessKey", "s/+"}, {"SessionToken", "t=="}, {"Expiration", time.Date(2026, 11, 22, 2, 2, 3, 0, time.FixedZone("", 3600))}}},
	{"AssumedRoleUser", Object{{"AssumedRoleId", "AROA1:s"}, {"Arn", "arn:x"}}},
	{"PackedPolicySize", 6},
}

var listed = Object{
	{"Users", []any{
		Object{{"UserName", "b"}, {"Path", "/"}, {"Tags", []any{Object{{"Key", "k"}, {"Value", "v<é>"}}}}},
		Object{{"UserName", "a"}, {"Arn", "arn:a"}, {"Empty", []any{}}, {"Nothing", Object{}}},
	}},
	{"IsTruncated", false},
	{"Names", []any{"x", "y"}},
}

// The wanted texts are those of the AWS CLI 2 for the same answers.
func TestWrite(t *testing.T) {
	for _, c := range []struct {
		format Format
		v      any
		want   string
	}{
		{JSON, assumed, `{
    "Credentials": {
        "AccessKeyId": "ASIA1",
        "SecretAccessKey": "s/+",
        "SessionToken": "t==",
        "Expiration": "2026-11-22T01:02:03+00:00"
    },
    "AssumedRoleUser": {
        "AssumedRoleId": "AROA1:s",
        "Arn": "arn:x"
    },
    "PackedPolicySize": 6
}
`},
		{Text, assumed, "6\nASSUMEDROLEUSER\tarn:x\tAROA1:s\nCREDENTIALS\tASIA1\t2026-11-22T01:02:03+00:00\ts/+\tt==\n"},
		{Text, Object{{"UserId", "AIDA1"}, {"Account", "111122223333"}, {"Arn", "arn:u"}}, "111122223333\tarn:u\tAIDA1\n"},
		{JSON, listed, `{
    "Users": [
        {
            "UserName": "b",
            "Path": "/",
            "Tags": [
                {
                    "Key": "k",
                    "Value": "v<é>"
                }
            ]
        },
        {
            "UserName": "a",
            "Arn": "arn:a",
            "Empty": [],
            "Nothing": {}
        }
    ],
    "IsTruncated": false,
    "Names": [
        "x",
        "y"
    ]
}
`},
		{Text, listed, "False\nNAMES\tx\nNAMES\ty\nUSERS\t\t/\tb\nTAGS\tk\tv<é>\nUSERS\tarn:a\t\ta\n"},
		{JSON, Object{}, ""}, {Text, Object{}, ""}, {JSON, []any{}, "[]\n"}, {Text, []any{}, ""},
		{JSON, "a\"\\\n\x1b\u202e\U000e0041", `"a\"\\\n\u001b\u202e\udb40\udc41"` + "\n"}, {Text, "a\x1b[2Jb\u202e\nc", "a[2Jb\nc\n"},
		{JSON, nil, "null\n"}, {Text, nil, "None\n"}, {Text, []any{true, "b", 1.5, nil}, "True\tb\t1.5\tNone\n"},
		{Text, []any{[]any{"a", "b"}, "c", []any{"d"}}, "c\na\tb\nd\n"},
		{JSON, []byte("hi"), "\"aGk=\"\n"}, {JSON, time.Date(2026, 1, 2, 3, 4, 5, 6007000, time.UTC), "\"2026-01-02T03:04:05.006007+00:00\"\n"},
	} {
		var out bytes.Buffer
		if err := c.format.Write(&out, c.v); err != nil {
			t.Error(err)
		}
		if diff := cmp.Diff(c.want, out.String()); diff != "" {
			t.Errorf("%s of %v: %s", c.format, c.v, diff)
		}
	}
	if err := Format("xml").Write(&bytes.Buffer{}, assumed); err == nil {
		t.Error("an unknown format is taken")
	}
}

// TestJSONIsValue: what is escaped for the terminal's sake reads back as it was.
func TestJSONIsValue(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := rapid.String().Draw(t, "s")
		var back []string
		if err := json.Unmarshal(AppendJSON(nil, []any{s, s}), &back); err != nil || back[0] != s || back[1] != s {
			t.Fatalf("%q comes back as %q: %v", s, back, err)
		}
	})
}
