package main

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestKebab(t *testing.T) {
	for name, want := range map[string]string{
		"AssumeRoleWithSAML": "assume-role-with-saml", "SAMLAssertion": "saml-assertion", "RoleArn": "role-arn", "ExternalId": "external-id",
		"OpenIDConnectProviderArn": "open-id-connect-provider-arn", "Name": "name", "GetMFADevice": "get-mfa-device",
	} {
		if got := kebab(name); got != want {
			t.Errorf("%s is %s, want %s", name, got, want)
		}
	}
}

func TestGatherLists(t *testing.T) {
	for in, want := range map[string]string{
		"sts assume-role --tags a b --x c":                                    "sts assume-role --tags=a+b --x c",
		"--profile p sts assume-role --transitive-tag-keys a --policy-arns b": "--profile p sts assume-role --transitive-tag-keys=a --policy-arns=b",
		"sts assume-role --tags":                                              "sts assume-role --tags",
		"sts assume-role --tags=a b":                                          "sts assume-role --tags=a b",
		"sts get-caller-identity --tags a b":                                  "sts get-caller-identity --tags a b",
		"configure set --tags a b":                                            "configure set --tags a b",
		"--profile sts sts get-web-identity-token --audience a b c":           "--profile sts sts get-web-identity-token --audience=a+b+c",
	} {
		got := strings.ReplaceAll(strings.Join(gatherLists(strings.Fields(in)), " "), separator, "+")
		if got != want {
			t.Errorf("%s\nbecomes %s\nwant    %s", in, got, want)
		}
	}
}

// The wanted values are those of the AWS CLI's own parser.
func TestShorthand(t *testing.T) {
	type object = map[string]any
	list := func(v ...any) []any { return append([]any{}, v...) }
	for in, want := range map[string]object{
		"Key=a,Value=b":             {"Key": "a", "Value": "b"},
		"Key=a, Value = b ":         {"Key": "a", "Value": "b"},
		"Key=,Value=":               {"Key": "", "Value": ""},
		"Key=x=y,Value=a b":         {"Key": "x=y", "Value": "a b"},
		`Key="a,b",Value='c"d'`:     {"Key": "a,b", "Value": `c"d`},
		`Key=a\,b`:                  {"Key": "a,b"},
		"Key=a,b,c,Value=d":         {"Key": list("a", "b", "c"), "Value": "d"},
		"Key=[a,b],Value={c=d,e=f}": {"Key": list("a", "b"), "Value": object{"c": "d", "e": "f"}},
		"Key=[],Value={}":           {"Key": list(), "Value": object{}},
		`Key="a\"b\\c"`:             {"Key": `a"b\c`},
		"arn=arn:aws:iam::1:role/x": {"arn": "arn:aws:iam::1:role/x"},
		"Key=é,Value=漢":             {"Key": "é", "Value": "漢"},
	} {
		got, err := parseShorthand(in)
		if err != nil {
			t.Errorf("%s: %v", in, err)
		} else if d := cmp.Diff(want, object(got)); d != "" {
			t.Errorf("%s (-want +got):\n%s", in, d)
		}
	}
	for _, in := range []string{"", "Key", "Key=a,", "Key=a,Key=b", `Key="a`, "Key=[a", "Key={a=b", "Key={a}", "=[a]]", `Key=a"b`, "Key=[a b c", "a b=c"} {
		if got, err := parseShorthand(in); err == nil {
			t.Errorf("%q is taken as %v", in, got)
		}
	}
}

func FuzzShorthand(f *testing.F) {
	f.Add("Key=a,Value=b")
	f.Add(`a=[b,{c='d'}],e="f\"",g=h,i`)
	f.Fuzz(func(t *testing.T, in string) {
		if v, err := parseShorthand(in); err == nil && len(v) == 0 {
			t.Errorf("%q gives nothing and no error", in)
		}
	})
}
