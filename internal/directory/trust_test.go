package directory

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/deputy-sts/deputy/policy"
)

func trusting(principal string) string {
	return fmt.Sprintf(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":%s,"Action":"sts:AssumeRole"}]}`, principal)
}

// enters tells whether the user of that ARN and id may assume a role by its trust
// policy alone.
func enters(trust *Inline, arn, id string) bool {
	p := trust.Policy()
	if p == nil {
		return false
	}
	s := policy.Set{Resource: p}
	return s.Evaluate(&policy.Request{
		Principal: &policy.Principal{Type: policy.User, Account: acct, ARN: arn, ID: id},
		Action:    "sts:AssumeRole", Resource: "arn:aws:iam::111122223333:role/R", ResourceAccount: acct,
	}, nil).Decision == policy.Allow
}

// TestSec_B20_NamesakeInheritsNothing: a user that is deleted and made again is
// another one to trust policies, memberships, last uses and lockouts.
func TestSec_B20_NamesakeInheritsNothing(t *testing.T) {
	d, _, _ := fresh(t)
	first, g, r := user("bob"), group("G"), role("R")
	change(t, d, func(tx *Tx) {
		tx.PutGroup(nil, g)
		first.Groups = []string{g.ID}
		tx.PutUser(nil, first)
	})
	text := trusting(`{"AWS":"arn:aws:iam::111122223333:user/bob"}`)
	r.Trust = must(BindTrust(d.View(), text))
	change(t, d, func(tx *Tx) { tx.PutRole(nil, r); tx.PutLockout(nil, &Lockout{UserID: first.ID, Failures: 9}) })
	d.Used(first.ID, "iam", "us-east-1", fixed())

	trust := d.View().Role(acct, "R").Trust
	if !enters(trust, first.ARN(), first.ID) {
		t.Fatal("the user that was named may not enter")
	}
	if got := ShowTrust(d.View(), trust); got != text {
		t.Errorf("shown: %s", got)
	}
	change(t, d, func(tx *Tx) {
		old := tx.User(acct, "bob")
		now := old.Clone()
		now.Name, now.Path = "robert", "/x/"
		tx.PutUser(old, now)
	})
	renamed := "arn:aws:iam::111122223333:user/x/robert"
	if got := ShowTrust(d.View(), trust); got != trusting(`{"AWS":"`+renamed+`"}`) {
		t.Errorf("shown after the rename: %s", got)
	}
	if !enters(d.View().Role(acct, "R").Trust, renamed, first.ID) {
		t.Error("the renamed user may not enter any more")
	}
	change(t, d, func(tx *Tx) { tx.DeleteUser(tx.User(acct, "robert")) })
	second := user("bob")
	change(t, d, func(tx *Tx) { tx.PutUser(nil, second) })

	v := d.View()
	if enters(v.Role(acct, "R").Trust, second.ARN(), second.ID) {
		t.Error("a namesake enters")
	}
	if got := ShowTrust(v, trust); got != trusting(`{"AWS":"`+first.ID+`"}`) {
		t.Errorf("shown after the deletion: %s", got)
	}
	if len(userNames(v.GroupMembers(g.ID))) != 0 || v.Lockout(second.ID) != nil || v.Lockout(first.ID) != nil {
		t.Error("a namesake is in a group, or locked out")
	}
	if at, _, _ := d.LastUsed(second.ID); !at.IsZero() {
		t.Error("a namesake has been used")
	}
	if _, err := BindTrust(v, ShowTrust(v, trust)); err == nil {
		t.Error("the id of a deleted user is saved as principal")
	}
	if again := must(BindTrust(v, text)); !enters(again, second.ARN(), second.ID) || enters(again, first.ARN(), first.ID) {
		t.Error("saving the policy again does not name the namesake alone")
	}
}

func TestBindTrust(t *testing.T) {
	d, _, _ := fresh(t)
	u, r := user("Bob"), role("App")
	r.Path = "/svc/"
	change(t, d, func(tx *Tx) { tx.PutUser(nil, u); tx.PutRole(nil, r); tx.PutGroup(nil, group("G")) })
	for value, ok := range map[string]bool{
		"*":                                      true,
		"111122223333":                           true,
		"999988887777":                           true,
		"arn:aws:iam::999988887777:root":         true,
		"arn:aws:iam::111122223333:root":         true,
		"arn:aws:iam::111122223333:user/Bob":     true,
		"arn:aws:iam::111122223333:role/svc/App": true,
		"arn:aws:sts::111122223333:assumed-role/App/session": true,
		"arn:aws:sts::111122223333:federated-user/f":         true,
		u.ID:                                           true,
		r.ID:                                           true,
		"AIDAAAAAAAAAAAAAAAAAA":                        false,
		"arn:aws:iam::111122223333:user/nobody":        false,
		"arn:aws:iam::111122223333:user/bob":           false,
		"arn:aws:iam::111122223333:user/*":             false,
		"arn:aws:iam::111122223333:role/App":           false,
		"arn:aws:iam::999988887777:user/Bob":           false,
		"arn:aws:iam::111122223333:group/G":            false,
		"arn:aws-cn:iam::111122223333:user/Bob":        false,
		"arn:aws:sts::111122223333:assumed-role/App":   false,
		"arn:aws:sts::111122223333:assumed-role/App/*": false,
	} {
		i, err := BindTrust(d.View(), trusting(fmt.Sprintf(`{"AWS":[%q,"*"]}`, value)))
		if ok {
			if err != nil || ShowTrust(d.View(), i) == "" {
				t.Errorf("%s: %v", value, err)
			}
			continue
		}
		var syntax *policy.SyntaxError
		if !errors.As(err, &syntax) || syntax.Message != fmt.Sprintf("Invalid principal in policy: \"AWS\":%q", value) || syntax.Line != 1 || syntax.Offset == 0 {
			t.Errorf("%s: %v", value, err)
		}
	}
	if _, err := BindTrust(d.View(), "{"); err == nil {
		t.Error("a text that is no policy is bound")
	}
}

func TestShowTrustChangesThePrincipalsAlone(t *testing.T) {
	d, _, _ := fresh(t)
	a, b := user("a"), user("b")
	change(t, d, func(tx *Tx) { tx.PutUser(nil, a); tx.PutUser(nil, b) })
	text := `{
  "Version": "2012-10-17",
  "Statement": [
    {"Sid": "One", "Effect": "Allow", "Action": "sts:AssumeRole",
     "Principal": {"AWS": ["arn:aws:iam::111122223333:user\/a", "111122223333", "` + b.ARN() + `"]},
     "Condition": {"StringEquals": {"aws:PrincipalArn": "arn:aws:iam::111122223333:user/a"}}}
  ]
}`
	i := must(BindTrust(d.View(), text))
	change(t, d, func(tx *Tx) { tx.DeleteUser(tx.UserByID(a.ID)) })
	want := strings.Replace(text, `arn:aws:iam::111122223333:user\/a`, a.ID, 1)
	if got := ShowTrust(d.View(), i); got != want {
		t.Errorf("got %s\nwant %s", got, want)
	}
}

func TestUnparsableTextHasNoPolicy(t *testing.T) {
	i := &Inline{Text: "{"}
	for range 2 { // the second time from the record
		if i.Policy() != nil {
			t.Error("a text that does not parse has a policy")
		}
	}
}
