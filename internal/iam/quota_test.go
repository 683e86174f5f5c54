package iam

import (
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/deputy-sts/deputy/internal/authz"
	"github.com/deputy-sts/deputy/internal/awsdata"
	"github.com/deputy-sts/deputy/internal/iamapi"
	"github.com/deputy-sts/deputy/internal/query"
)

// limit sets a quota of the home account.
func (w *world) limit(name string, n int) {
	w.t.Helper()
	tx := w.dir.Begin(true)
	a := tx.Account(home)
	c := a.Clone()
	if c.Limits == nil {
		c.Limits = map[string]int{}
	}
	c.Limits[name] = n
	tx.PutAccount(a, c)
	if _, err := w.dir.Commit(w.t.Context(), &tx); err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) exceeds(request, text string) {
	w.t.Helper()
	if e := w.refused("admin", request); e.Code != iamapi.LimitExceeded || e.Message != text {
		w.t.Errorf("got %d %s: %s, want %s", e.Status, e.Name, e.Message, text)
	}
}

// sized is a policy that has n characters without its white space.
func sized(n int, before, after string) string {
	return before + strings.Repeat("x", n-len(before)-len(after)) + after
}

func TestSizes(t *testing.T) {
	w := newWorld(t)
	const head, tail = `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"s3:GetObject","Resource":"arn:aws:s3:::`, `"}}`
	for _, kind := range []struct {
		title, create, word string
		limit               int
	}{
		{"User", form("CreateUser", "UserName", "x"), "user", 2048},
		{"Role", form("CreateRole", "RoleName", "x", "AssumeRolePolicyDocument", trustAnybody), "role", 10240},
		{"Group", form("CreateGroup", "GroupName", "x"), "group", 5120},
	} {
		w.do("admin", kind.create)
		put := func(name, doc string) string {
			return form("Put"+kind.title+"Policy", kind.title+"Name", "x", "PolicyName", name, "PolicyDocument", doc)
		}
		text := fmt.Sprintf("Maximum policy size of %d bytes exceeded for %s x", kind.limit, kind.word)
		w.do("admin", put("one", sized(1000, head, tail)))
		w.do("admin", put("two", strings.ReplaceAll(sized(kind.limit-1000, head, tail), `,`, " ,\n\t"))) // white space does not count
		w.exceeds(put("three", sized(200, head, tail)), text)
		w.exceeds(put("one", sized(1001, head, tail)), text)
		w.do("admin", put("one", sized(999, head, tail)))
	}
	w.do("admin", form("CreatePolicy", "PolicyName", "p", "PolicyDocument", sized(6144, head, tail)))
	w.exceeds(form("CreatePolicy", "PolicyName", "q", "PolicyDocument", sized(6145, head, tail)), "Cannot exceed quota for PolicySize: 6144")
	w.exceeds(form("CreatePolicyVersion", "PolicyArn", "arn:aws:iam::"+home+":policy/p", "PolicyDocument", sized(6145, head, tail)), "Cannot exceed quota for PolicySize: 6144")
	const trustHead, trustTail = `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":{"AWS":"` + home + `"},"Action":"sts:AssumeRole","Condition":{"StringEquals":{"sts:ExternalId":"`, `"}}}}`
	update := func(n int) string {
		return form("UpdateAssumeRolePolicy", "RoleName", "x", "PolicyDocument", sized(n, trustHead, trustTail))
	}
	w.do("admin", update(2048))
	w.exceeds(update(2049), "Cannot exceed quota for ACLSizePerRole: 2048")
	w.exceeds(form("CreateRole", "RoleName", "y", "AssumeRolePolicyDocument", sized(2049, trustHead, trustTail)), "Cannot exceed quota for ACLSizePerRole: 2048")
	w.limit(trustSize, 4096)
	w.do("admin", update(4096))
	w.limit(trustSize, 100_000) // there is an end to what a quota can be raised to
	w.exceeds(update(8193), "Cannot exceed quota for ACLSizePerRole: 8192")
	w.limit(policySize, 100_000)
	w.exceeds(form("CreatePolicy", "PolicyName", "q", "PolicyDocument", sized(6145, head, tail)), "Cannot exceed quota for PolicySize: 6144")
}

func TestNumbers(t *testing.T) {
	w := newWorld(t)
	w.do("admin", form("CreateUser", "UserName", "x"))
	w.do("admin", form("CreateRole", "RoleName", "x", "AssumeRolePolicyDocument", trustAnybody))
	w.do("admin", form("CreateGroup", "GroupName", "x"))
	var arns []string
	for _, p := range awsdata.ManagedPolicies() {
		if len(arns) < 11 && !serviceLinked(p.Path) {
			arns = append(arns, p.ARN)
		}
	}
	for i, a := range arns {
		for _, kind := range []string{"User", "Role", "Group"} {
			request := form("Attach"+kind+"Policy", kind+"Name", "x", "PolicyArn", a)
			if i < 10 {
				w.do("admin", request)
			} else {
				w.exceeds(request, "Cannot exceed quota for PoliciesPer"+kind+": 10")
			}
		}
	}
	w.limit(policiesPerRole, 20)
	w.do("admin", form("AttachRolePolicy", "RoleName", "x", "PolicyArn", arns[10]))
	for i := range 11 {
		name := fmt.Sprintf("g%d", i)
		w.do("admin", form("CreateGroup", "GroupName", name))
		request := form("AddUserToGroup", "GroupName", name, "UserName", "x")
		if i < 10 {
			w.do("admin", request)
		} else {
			w.exceeds(request, "Cannot exceed quota for GroupsPerUser: 10")
		}
	}
	for i := range 50 {
		w.do("admin", form("TagUser", "UserName", "x", "Tags.member.1.Key", fmt.Sprintf("k%d", i), "Tags.member.1.Value", ""))
	}
	w.exceeds(form("TagUser", "UserName", "x", "Tags.member.1.Key", "more", "Tags.member.1.Value", ""), "Cannot exceed quota for TagsPerUser: 50")
	w.do("admin", form("TagUser", "UserName", "x", "Tags.member.1.Key", "K1", "Tags.member.1.Value", "in its place"))
	many := []string{"UserName", "y"}
	for i := 1; i <= 51; i++ {
		many = append(many, fmt.Sprintf("Tags.member.%d.Key", i), fmt.Sprint(i), fmt.Sprintf("Tags.member.%d.Value", i), "")
	}
	if e := w.refused("admin", form("CreateUser", many...)); e.Code != query.ValidationError {
		t.Errorf("51 tags: %v", e)
	}
}

// TestAccountQuotas: of many who add at once, only as many succeed as there is room for.
func TestAccountQuotas(t *testing.T) {
	star := allow("s3:GetObject", "*")
	for name, create := range map[string]func(n int) string{
		usersPerAccount:  func(n int) string { return form("CreateUser", "UserName", fmt.Sprint("x", n)) },
		groupsPerAccount: func(n int) string { return form("CreateGroup", "GroupName", fmt.Sprint("x", n)) },
		rolesPerAccount: func(n int) string {
			return form("CreateRole", "RoleName", fmt.Sprint("x", n), "AssumeRolePolicyDocument", trustAnybody)
		},
		policiesPerAccount: func(n int) string {
			return form("CreatePolicy", "PolicyName", fmt.Sprint("x", n), "PolicyDocument", star)
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.limit(name, 5)
			var made, refused atomic.Int32
			var running sync.WaitGroup
			for i := range 20 {
				running.Go(func() {
					_, _, err := w.serve("admin", create(i))
					e, _ := err.(*query.Error)
					switch {
					case err == nil:
						made.Add(1)
					case e != nil && e.Code == iamapi.LimitExceeded && e.Message == "Cannot exceed quota for "+name+": 5":
						refused.Add(1)
					default:
						t.Error(err)
					}
				})
			}
			running.Wait()
			c := w.dir.View().Counts(home)
			have := map[string]int{usersPerAccount: c.Users, groupsPerAccount: c.Groups, rolesPerAccount: c.Roles, policiesPerAccount: c.Policies}[name]
			if have != 5 || made.Load()+refused.Load() != 20 {
				t.Errorf("there are %d; %d made, %d refused", have, made.Load(), refused.Load())
			}
		})
	}
}

// TestManyNearLimit: a quota is kept by more than may be under way at once, also
// where they begin to wait for each other only when some are made.
func TestManyNearLimit(t *testing.T) {
	if nearLimit <= authz.MaxChanges {
		t.Fatalf("%d may add at once, and wait for each other when %d are left", authz.MaxChanges, nearLimit)
	}
	w := newWorld(t)
	const room, callers = nearLimit + 2, 300
	w.limit(groupsPerAccount, room)
	var made atomic.Int32
	var running sync.WaitGroup
	for i := range callers {
		running.Go(func() {
			_, _, err := w.serve("admin", form("CreateGroup", "GroupName", fmt.Sprint("x", i)))
			if e, _ := err.(*query.Error); err == nil {
				made.Add(1)
			} else if e == nil || e.Code != iamapi.LimitExceeded {
				t.Error(err)
			}
		})
	}
	running.Wait()
	if n := w.dir.View().Counts(home).Groups; n != room || made.Load() != room {
		t.Errorf("there are %d of %d; %d made", n, room, made.Load())
	}
}
