package authz

import (
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/deputy-sts/deputy/internal/directory"
)

var noon = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

// callers of each kind, by the records that authn would have filled in.
func callers() map[string]*directory.Principal {
	user := &directory.User{Account: "111122223333", Name: "alice", Path: "/team/", ID: "AIDAALICE", Tags: []directory.Tag{{Key: "Team", Value: "red"}}}
	role := &directory.Role{Account: "111122223333", Name: "demo", Path: "/app/", ID: "AROADEMO", Tags: []directory.Tag{{Key: "Team", Value: "red"}, {Key: "cost", Value: "1"}}}
	issued := noon.Add(-time.Minute)
	return map[string]*directory.Principal{
		"anonymous": nil,
		"root":      {Kind: directory.Root, Account: "111122223333", ARN: "arn:aws:iam::111122223333:root", ID: "111122223333"},
		"user":      {Kind: directory.UserKind, Account: "111122223333", ARN: user.ARN(), ID: user.ID, User: user},
		"token":     {Kind: directory.UserKind, Account: "111122223333", ARN: user.ARN(), ID: user.ID, User: user, Temporary: true, SessionToken: true, IssuedAt: issued},
		"mfa":       {Kind: directory.UserKind, Account: "111122223333", ARN: user.ARN(), ID: user.ID, User: user, Temporary: true, SessionToken: true, IssuedAt: issued, MFA: true, MFATime: noon.Add(-90 * time.Second)},
		"role": {Kind: directory.RoleSession, Account: "111122223333", ARN: "arn:aws:sts::111122223333:assumed-role/demo/work", ID: "AROADEMO:work", Role: role,
			Temporary: true, IssuedAt: issued, Tags: []directory.Tag{{Key: "TEAM", Value: "blue"}}, SourceIdentity: "Alice"},
		"federated role": {Kind: directory.RoleSession, Account: "111122223333", ARN: "arn:aws:sts::111122223333:assumed-role/demo/work", ID: "AROADEMO:work", Role: role,
			Temporary: true, IssuedAt: issued, Provider: "arn:aws:iam::111122223333:oidc-provider/idp.example", Keys: []directory.Tag{{Key: "idp.example:sub", Value: "s1"}, {Key: "idp.example:amr", Value: "a"}, {Key: "idp.example:amr", Value: "b"}}},
		"federated user": {Kind: directory.FederatedUser, Account: "111122223333", ARN: "arn:aws:sts::111122223333:federated-user/fred", ID: "111122223333:fred", User: user, Temporary: true, IssuedAt: issued},
	}
}

// TestKeys holds which caller has which key, and its value; "-" is absent.
//
// Source: IAM User Guide, reference_policies_variables (principal table) and
// reference_policies_condition-keys.
func TestKeys(t *testing.T) {
	order := []string{"anonymous", "root", "user", "token", "mfa", "role", "federated role", "federated user"}
	all := func(v string) []string { return slices.Repeat([]string{v}, len(order)) }
	user, role := "arn:aws:iam::111122223333:user/team/alice", "arn:aws:iam::111122223333:role/app/demo"
	rows := map[string][]string{
		"aws:currenttime":            all("2026-11-22T12:00:00Z"),
		"aws:epochtime":              all("1795348800"),
		"aws:sourceip":               all("192.0.2.7"),
		"aws:securetransport":        all("true"),
		"aws:useragent":              all("aws-cli/2"),
		"aws:referer":                all("-"),
		"aws:requestedregion":        all("eu-central-1"),
		"aws:resourceaccount":        all("444455556666"),
		"aws:resourcetag/owner":      all("bob"),
		"iam:resourcetag/owner":      all("bob"),
		"aws:resourcetag/none":       all("-"),
		"aws:requesttag/stage":       all("Prod"),
		"aws:tagkeys":                all("Stage,x"),
		"sts:externalid":             all("e1"),
		"aws:userid":                 {"anonymous", "111122223333", "AIDAALICE", "AIDAALICE", "AIDAALICE", "AROADEMO:work", "AROADEMO:work", "111122223333:fred"},
		"aws:username":               {"-", "-", "alice", "alice", "alice", "-", "-", "-"},
		"aws:principaltype":          {"Anonymous", "Account", "User", "User", "User", "AssumedRole", "AssumedRole", "FederatedUser"},
		"aws:principalarn":           {"-", "arn:aws:iam::111122223333:root", user, user, user, role, role, "arn:aws:sts::111122223333:federated-user/fred"},
		"aws:principalaccount":       append([]string{"-"}, all("111122223333")[1:]...),
		"aws:principalisawsservice":  append([]string{"-"}, all("false")[1:]...),
		"aws:principaltag/team":      {"-", "-", "red", "red", "red", "blue", "red", "red"},
		"aws:principaltag/cost":      {"-", "-", "-", "-", "-", "1", "1", "-"},
		"aws:multifactorauthpresent": {"-", "-", "-", "false", "true", "false", "false", "false"},
		"aws:multifactorauthage":     {"-", "-", "-", "-", "90", "-", "-", "-"},
		"aws:tokenissuetime":         {"-", "-", "-", "2026-11-22T11:59:00Z", "2026-11-22T11:59:00Z", "2026-11-22T11:59:00Z", "2026-11-22T11:59:00Z", "2026-11-22T11:59:00Z"},
		"aws:sourceidentity":         {"-", "-", "-", "-", "-", "Alice", "-", "-"},
		"aws:federatedprovider":      {"-", "-", "-", "-", "-", "-", "arn:aws:iam::111122223333:oidc-provider/idp.example", "-"},
		"idp.example:sub":            {"-", "-", "-", "-", "-", "-", "s1", "-"},
		"idp.example:amr":            {"-", "-", "-", "-", "-", "-", "a,b", "-"},
		"aws:principalorgid":         all("-"),
		"aws:viaawsservice":          all("false"),
		"aws:principalservicename":   all("-"),
		"aws:principaltag/unplanned": all("-"),
		"iam:permissionsboundary":    all("-"),
		"sts:sourceidentity":         all("-"),
		"aws:planted":                all("-"), // a handler cannot give keys of aws: but those of tags
	}
	people := callers()
	for key, wants := range rows {
		for i, who := range order {
			c := &Call{gate: &Gate{}, Request: Request{
				Principal: people[who], Time: noon, SourceIP: netip.MustParseAddr("::ffff:192.0.2.7"), TLS: true, UserAgent: "aws-cli/2", Region: "eu-central-1",
			}}
			c.asker = c.who()
			c.resource = Resource{
				Account: "444455556666", Tags: []directory.Tag{{Key: "Owner", Value: "bob"}},
				Keys: append(TagKeys([]directory.Tag{{Key: "Stage", Value: "Prod"}, {Key: "x", Value: ""}}), Key{"sts:externalid", []string{"e1"}}, Key{"aws:planted", []string{"v"}}),
			}
			for range 2 { // the second from the memo
				values, present := c.Lookup(key)
				got := "-"
				if present {
					got = strings.Join(values, ",")
				}
				if got != wants[i] {
					t.Errorf("%s of %s is %q, want %q", key, who, got, wants[i])
				}
			}
		}
	}
}
