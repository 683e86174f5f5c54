package directory

import (
	"iter"
	"slices"
	"testing"
)

func userNames(seq iter.Seq[*User]) []string {
	names := []string{}
	for u := range seq {
		names = append(names, u.Name)
	}
	return names
}

func TestListsInOrderAndResumable(t *testing.T) {
	d, _, _ := fresh(t)
	change(t, d, func(tx *Tx) {
		for _, name := range []string{"bob", "Alice", "carol", "alf", "_x", "B-2"} {
			u := user(name)
			if name == "carol" {
				u.Path = "/ops/"
			}
			tx.PutUser(nil, u)
		}
		other := user("aaa")
		other.Account = "111122223334"
		tx.PutUser(nil, other)
	})
	v := d.View()
	for _, c := range []struct {
		prefix, after string
		want          []string
	}{
		{"", "", []string{"_x", "alf", "Alice", "B-2", "bob", "carol"}},
		{"/", "ALICE", []string{"B-2", "bob", "carol"}},
		{"", "am", []string{"B-2", "bob", "carol"}},
		{"/ops/", "", []string{"carol"}},
		{"/ops/", "carol", []string{}},
		{"", "zz", []string{}},
	} {
		if got := userNames(v.Users(acct, c.prefix, c.after)); !slices.Equal(got, c.want) {
			t.Errorf("Users(%q, %q) = %q, want %q", c.prefix, c.after, got, c.want)
		}
	}
	if got := userNames(v.Users("999999999999", "", "")); len(got) != 0 {
		t.Errorf("users of an account that is not there: %q", got)
	}
	for u := range v.Users(acct, "", "") { // stopping early is allowed
		if u.Name != "_x" {
			t.Errorf("first user is %q", u.Name)
		}
		break
	}
}

func TestNamesAndARNs(t *testing.T) {
	d, _, _ := fresh(t)
	u, r, g, p := user("Bob"), role("App"), group("Devs"), managed("Read")
	u.Path, r.Path, p.Path = "/team/a/", "/svc/", "/p/"
	change(t, d, func(tx *Tx) {
		tx.PutUser(nil, u)
		tx.PutRole(nil, r)
		tx.PutGroup(nil, g)
		tx.PutPolicy(nil, p)
	})
	v := d.View()
	if v.User(acct, "bOB") == nil || v.User(acct, "bo") != nil || v.User("222222222222", "Bob") != nil {
		t.Error("a user is found by name without regard to case, in its account alone")
	}
	for arn, id := range map[string]string{
		"arn:aws:iam::111122223333:user/team/a/Bob":       u.ID,
		"arn:aws:iam::111122223333:user/team/a/bob":       "",
		"arn:aws:iam::111122223333:user/Bob":              "",
		"arn:aws:iam::111122223333:role/svc/App":          r.ID,
		"arn:aws:iam::111122223333:role/team/a/Bob":       "",
		"arn:aws-cn:iam::111122223333:role/svc/App":       "",
		"arn:aws:iam:us-east-1:111122223333:role/svc/App": "",
		"arn:aws:iam::111122223333:group/Devs":            "",
		"arn:aws:iam::111122223333:root":                  "",
		"":                                                "",
	} {
		got, ok := v.PrincipalID(arn)
		if got != id || ok != (id != "") {
			t.Errorf("PrincipalID(%q) = %q, %v; want %q", arn, got, ok, id)
		}
		if id != "" {
			if back, ok := v.PrincipalARN(id); back != arn || !ok {
				t.Errorf("PrincipalARN(%q) = %q", id, back)
			}
		}
	}
	if got := v.Policy("arn:aws:iam::111122223333:policy/p/Read"); got == nil || got.ID != p.ID {
		t.Error("the policy is not found by its ARN")
	}
	if v.Policy("arn:aws:iam::111122223333:policy/Read") != nil {
		t.Error("a policy is found by an ARN without its path")
	}
	if got := v.ARN(KindGroup, acct, "/", "Devs"); got != v.GroupByID(g.ID).ARN() || got != "arn:aws:iam::111122223333:group/Devs" {
		t.Errorf("ARN of the group: %q", got)
	}
	if got := v.Account(acct).ARN(); got != "arn:aws:iam::111122223333:root" {
		t.Errorf("ARN of the root user: %q", got)
	}
}

func TestAttachmentsOfManagedPolicies(t *testing.T) {
	const aws = "arn:aws:iam::aws:policy/AdministratorAccess"
	d, _, _ := fresh(t)
	p := managed("P")
	arn := p.ARN()
	change(t, d, func(tx *Tx) {
		tx.PutPolicy(nil, p)
		for _, name := range []string{"zoe", "Adam"} {
			u := user(name)
			u.Attached, u.Boundary = []string{aws, arn}, arn
			tx.PutUser(nil, u)
		}
		r, g := role("R"), group("G")
		r.Attached, g.Attached = []string{arn}, []string{arn, aws}
		tx.PutRole(nil, r)
		tx.PutGroup(nil, g)
		foreign := user("x")
		foreign.Account, foreign.Attached = "222222222222", []string{aws}
		tx.PutUser(nil, foreign)
	})
	v := d.View()
	if a, b := v.AttachmentCount(acct, arn), v.BoundaryCount(acct, arn); a != 4 || b != 2 {
		t.Errorf("attached %d, boundary %d; want 4, 2", a, b)
	}
	if a, b := v.AttachmentCount(acct, aws), v.AttachmentCount("222222222222", aws); a != 3 || b != 1 {
		t.Errorf("AWS's policy is attached %d and %d times; want 3, 1", a, b)
	}
	var got []string
	for e := range v.EntitiesForPolicy(acct, arn) {
		switch {
		case e.User != nil && e.Boundary:
			got = append(got, "boundary "+e.User.Name)
		case e.User != nil:
			got = append(got, e.User.Name)
		case e.Role != nil:
			got = append(got, e.Role.Name)
		case e.Group != nil:
			got = append(got, e.Group.Name)
		}
	}
	if want := []string{"Adam", "zoe", "R", "G", "boundary Adam", "boundary zoe"}; !slices.Equal(got, want) {
		t.Errorf("entities %q, want %q", got, want)
	}
	if got, want := v.Counts(acct), (Counts{Users: 2, Roles: 1, Groups: 1, Policies: 1, Versions: 1}); got != want {
		t.Errorf("counts %+v, want %+v", got, want)
	}
}

func TestCompiledPolicyStaysWithUnchangedText(t *testing.T) {
	d, _, _ := fresh(t)
	u := user("bob")
	u.Inline = []*Inline{{Name: "a", Text: allowAll}, {Name: "b", Text: allowAll}}
	change(t, d, func(tx *Tx) { tx.PutUser(nil, u) })
	first := d.View().User(acct, "bob")
	change(t, d, func(tx *Tx) {
		old := tx.User(acct, "bob")
		now := old.Clone()
		now.Path = "/x/"
		now.Inline[1] = &Inline{Name: "b", Text: trustAll}
		tx.PutUser(old, now)
	})
	second := d.View().User(acct, "bob")
	if first.Inline[0] != second.Inline[0] {
		t.Error("an unchanged policy is compiled again")
	}
	if first.Inline[1] == second.Inline[1] || second.Inline[1].Text != trustAll || first.Path != "/" {
		t.Error("the change is not there, or it altered the older view")
	}
}
