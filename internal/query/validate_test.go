package query_test

import (
	"errors"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/deputy-sts/deputy/internal/iamapi"
	"github.com/deputy-sts/deputy/internal/query"
	"github.com/deputy-sts/deputy/internal/stsapi"
)

const (
	arn     = "arn:aws:iam::111122223333:role/demo"
	arnText = `[\u0009\u000A\u000D\u0020-\u007E\u0085\u00A0-\uD7FF\uE000-\uFFFD\u10000-\u10FFFF]+`
)

// untagText is a recorded reply.
const untagText = "Value at 'tagKeys' failed to satisfy constraint: Member must satisfy constraint: [Member must have length less than or equal to 128, " +
	"Member must have length greater than or equal to 1, Member must satisfy regular expression pattern: [\\p{L}\\p{Z}\\p{N}_.:/=+\\-@]+, Member must not be null]"

func text(t *testing.T, err error) string {
	t.Helper()
	if err == nil {
		return ""
	}
	var e *query.Error
	if !errors.As(err, &e) || e.Code != query.ValidationError {
		t.Fatal(err)
	}
	return e.Message
}

func TestValidateSTSTexts(t *testing.T) {
	role := func(change func(*stsapi.AssumeRoleRequest)) *stsapi.AssumeRoleRequest {
		in := &stsapi.AssumeRoleRequest{RoleArn: new(arn), RoleSessionName: new("alice")}
		change(in)
		return in
	}
	for _, c := range []struct {
		in   any
		want string
	}{
		{role(func(in *stsapi.AssumeRoleRequest) {}), ""},
		{role(func(in *stsapi.AssumeRoleRequest) { in.DurationSeconds = new(899) }),
			"1 validation error detected: Value '899' at 'durationSeconds' failed to satisfy constraint: Member must have value greater than or equal to 900"},
		{role(func(in *stsapi.AssumeRoleRequest) { in.RoleSessionName = new("a b"); in.DurationSeconds = new(43201) }),
			"2 validation errors detected: Value '43201' at 'durationSeconds' failed to satisfy constraint: Member must have value less than or equal to 43200; " +
				"Value 'a b' at 'roleSessionName' failed to satisfy constraint: Member must satisfy regular expression pattern: [\\w+=,.@-]*"},
		{role(func(in *stsapi.AssumeRoleRequest) { in.RoleArn = nil; in.RoleSessionName = new("") }),
			"2 validation errors detected: Value null at 'roleArn' failed to satisfy constraint: Member must not be null; " +
				"Value '' at 'roleSessionName' failed to satisfy constraint: Member must have length greater than or equal to 2"},
		{role(func(in *stsapi.AssumeRoleRequest) { in.RoleArn = new("") }),
			"2 validation errors detected: Value '' at 'roleArn' failed to satisfy constraint: Member must satisfy regular expression pattern: " + arnText +
				"; Value '' at 'roleArn' failed to satisfy constraint: Member must have length greater than or equal to 20"},
		{role(func(in *stsapi.AssumeRoleRequest) {
			in.Tags = []stsapi.Tag{{Key: new("k"), Value: new("")}, {Key: new("<")}}
		}),
			"2 validation errors detected: Value '<' at 'tags.2.member.key' failed to satisfy constraint: Member must satisfy regular expression pattern: [\\p{L}\\p{Z}\\p{N}_.:/=+\\-@]+; " +
				"Value null at 'tags.2.member.value' failed to satisfy constraint: Member must not be null"},
		{role(func(in *stsapi.AssumeRoleRequest) { in.Tags = make([]stsapi.Tag, 51) }), "153 not compared"},
		{role(func(in *stsapi.AssumeRoleRequest) { in.TransitiveTagKeys = []string{"a", ""} }),
			"2 validation errors detected: Value '' at 'transitiveTagKeys.2.member' failed to satisfy constraint: Member must satisfy regular expression pattern: [\\p{L}\\p{Z}\\p{N}_.:/=+\\-@]+; " +
				"Value '' at 'transitiveTagKeys.2.member' failed to satisfy constraint: Member must have length greater than or equal to 1"},
		{role(func(in *stsapi.AssumeRoleRequest) {
			in.PolicyArns = []stsapi.PolicyDescriptorType{{}, {Arn: new("arn:short")}}
		}),
			"1 validation error detected: Value 'arn:short' at 'policyArns.2.member.arn' failed to satisfy constraint: Member must have length greater than or equal to 20"},
		{role(func(in *stsapi.AssumeRoleRequest) { in.TokenCode = new("12345x") }),
			"1 validation error detected: Value at 'tokenCode' failed to satisfy constraint: Member must satisfy regular expression pattern: [\\d]*"},
		{role(func(in *stsapi.AssumeRoleRequest) { in.ProvidedContexts = []stsapi.ProvidedContext{} }),
			"1 validation error detected: Value at 'providedContexts' failed to satisfy constraint: Member must have length greater than or equal to 1"},
		{&stsapi.AssumeRoleWithWebIdentityRequest{RoleArn: new(arn), RoleSessionName: new("alice"), WebIdentityToken: new("x")},
			"1 validation error detected: Value at 'webIdentityToken' failed to satisfy constraint: Member must have length greater than or equal to 4"},
		{&stsapi.AssumeRootRequest{TargetPrincipal: new("111122223333")},
			"1 validation error detected: Value null at 'taskPolicyArn' failed to satisfy constraint: Member must not be null"},
		{&stsapi.GetWebIdentityTokenRequest{DurationSeconds: new(1), SigningAlgorithm: new("RS256"), Audience: []string{}},
			"2 validation errors detected: Value '1' at 'durationSeconds' failed to satisfy constraint: Member must have value greater than or equal to 60; " +
				"Value '[]' at 'audience' failed to satisfy constraint: Member must have length greater than or equal to 1"},
	} {
		got := text(t, query.Validate(c.in, query.ValidateOptions{Echo: true}))
		if c.want == "153 not compared" {
			if !strings.HasPrefix(got, "103 validation errors detected: Value at 'tags' failed") {
				t.Error(got)
			}
			continue
		}
		if got != c.want {
			t.Errorf("got  %s\nwant %s", got, c.want)
		}
	}
}

func TestValidateIAMTexts(t *testing.T) {
	for _, c := range []struct {
		in   any
		want string
	}{
		{&iamapi.CreateUserRequest{UserName: new("alice")}, ""},
		{&iamapi.CreateUserRequest{}, "1 validation error detected: Value at 'userName' failed to satisfy constraint: Member must not be null"},
		{&iamapi.CreateUserRequest{UserName: new("a b")}, "The specified value for userName is invalid. It must contain only alphanumeric characters and/or the following: +=,.@_-"},
		{&iamapi.CreateUserRequest{UserName: new("alice"), Path: new("/a")}, "The specified value for path is invalid. It must begin and end with / and contain only alphanumeric characters and/or / characters."},
		{&iamapi.ListUsersRequest{PathPrefix: new("a")}, "The specified value for pathPrefix is invalid. It must begin with the / character and contain only alphanumeric characters and/or / characters."},
		{&iamapi.CreateUserRequest{UserName: new(strings.Repeat("é", 65))},
			"2 validation errors detected: Value at 'userName' failed to satisfy constraint: Member must satisfy regular expression pattern: [\\w+=,.@-]+; " +
				"Value at 'userName' failed to satisfy constraint: Member must have length less than or equal to 64"},
		{&iamapi.UpdateAccessKeyRequest{AccessKeyId: new("AKIAIOSFODNN7EXAMPLE"), Status: new("On")},
			"1 validation error detected: Value at 'status' failed to satisfy constraint: Member must satisfy enum value set"},
		{&iamapi.TagUserRequest{UserName: new("alice"), Tags: []iamapi.Tag{{Key: new(""), Value: new("")}}}, "" +
			"2 validation errors detected: Value at 'tags.1.member.key' failed to satisfy constraint: Member must satisfy regular expression pattern: [\\p{L}\\p{Z}\\p{N}_.:/=+\\-@]+; " +
			"Value at 'tags.1.member.key' failed to satisfy constraint: Member must have length greater than or equal to 1"},
		{&iamapi.UntagUserRequest{UserName: new("alice"), TagKeys: []string{"k", "", strings.Repeat("k", 129), "<"}}, "1 validation error detected: " + untagText},
		{&iamapi.UntagRoleRequest{TagKeys: []string{"<"}}, "2 validation errors detected: " +
			"Value at 'roleName' failed to satisfy constraint: Member must not be null; " + untagText},
		{&iamapi.UntagPolicyRequest{PolicyArn: new(arn), TagKeys: make([]string, 51)}, "2 validation errors detected: " +
			"Value at 'tagKeys' failed to satisfy constraint: Member must have length less than or equal to 50; " + untagText},
	} {
		if got := text(t, query.Validate(c.in, query.ValidateOptions{})); got != c.want {
			t.Errorf("got  %s\nwant %s", got, c.want)
		}
	}
}

func TestValidateCountsCharacters(t *testing.T) {
	for n, ok := range map[int]bool{256: true, 257: false} {
		in := &stsapi.AssumeRoleRequest{RoleArn: new(arn), RoleSessionName: new("alice"),
			Tags: []stsapi.Tag{{Key: new("k"), Value: new(strings.Repeat("漢", n))}}}
		if err := query.Validate(in, query.ValidateOptions{Echo: true}); (err == nil) != ok {
			t.Errorf("%d characters: %v", n, err)
		}
	}
}

func TestSec_H06_TextsAreBounded(t *testing.T) {
	long := strings.Repeat("é<", 100_000)
	in := &stsapi.AssumeRoleRequest{RoleArn: &long, RoleSessionName: &long, ExternalId: &long, SourceIdentity: &long, SerialNumber: &long,
		Policy: new(""), TransitiveTagKeys: []string{long, long, long}}
	got := text(t, query.Validate(in, query.ValidateOptions{Echo: true}))
	if len(got) > 1024 {
		t.Errorf("%d bytes: %s", len(got), got)
	}
	if n := strings.Count(longest(got, "é<"), "") - 1; n > 64 {
		t.Errorf("an echo of %d characters", n)
	}
	if !utf8.ValidString(got) || !strings.Contains(got, " validation errors detected: ") {
		t.Error(got)
	}
	refusal := query.AccessDenied.Errorf("%s", long)
	for _, out := range [][]byte{query.AppendErrorXML(nil, &stsapi.API, refusal, id), query.AppendErrorJSON(nil, &stsapi.API, refusal, id)} {
		if !utf8.Valid(out) || len(out) > 4096 {
			t.Errorf("%d bytes: %s", len(out), out)
		}
	}
	if e := query.NoOperation(long, long); len(e.Message) > 1024 || !utf8.ValidString(e.Message) {
		t.Error(len(e.Message))
	}
	name := strings.Repeat("n", 100_000)
	if err := post("", name+"=1&"+name+"=2"); err == nil || len(err.Error()) > 1024 {
		t.Error("the repeated name is repeated whole")
	}
}

// longest is the longest run of characters of set in s.
func longest(s, set string) string {
	best := ""
	for _, run := range strings.FieldsFunc(s, func(r rune) bool { return !strings.ContainsRune(set, r) }) {
		if len(run) > len(best) {
			best = run
		}
	}
	return best
}

func TestNoOperation(t *testing.T) {
	if got := query.NoOperation("Dance", "").Message; got != "Could not find operation Dance for version NO_VERSION_SPECIFIED" {
		t.Error(got)
	}
	if got := query.NoOperation("assumerole", "2011-06-15").Message; got != "Could not find operation assumerole for version 2011-06-15" {
		t.Error(got)
	}
}
