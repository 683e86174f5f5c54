package iam

import (
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"

	"github.com/deputy-sts/deputy/internal/iamapi"
	"github.com/deputy-sts/deputy/internal/query"
)

// together runs requests of admin at once, begun in any order, and gives their
// errors.
func (w *world) together(requests ...string) []*query.Error {
	errs := make([]*query.Error, len(requests))
	var running sync.WaitGroup
	for _, i := range rand.Perm(len(requests)) {
		r := requests[i]
		running.Go(func() {
			_, _, err := w.serve("admin", r)
			if e, ok := err.(*query.Error); ok {
				errs[i] = e
			} else if err != nil {
				w.t.Errorf("%s: %v", r, err)
			}
		})
	}
	running.Wait()
	return errs
}

func rounds() int {
	if testing.Short() {
		return 30
	}
	return 150
}

// TestAttachOrDelete: a policy that is gone is attached to nothing, whoever came
// first.
func TestAttachOrDelete(t *testing.T) {
	star := allow("s3:GetObject", "*")
	for _, action := range []string{
		form("AttachUserPolicy", "UserName", "admin"), form("AttachGroupPolicy", "GroupName", "g"), form("AttachRolePolicy", "RoleName", "r"),
		form("PutUserPermissionsBoundary", "UserName", "u"), form("PutRolePermissionsBoundary", "RoleName", "r"),
	} {
		t.Run(action, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.limit(policiesPerUser, 1000)
			w.limit(policiesPerRole, 1000)
			w.limit(policiesPerGroup, 1000)
			w.do("admin", form("CreateGroup", "GroupName", "g"))
			w.do("admin", form("CreateUser", "UserName", "u"))
			w.do("admin", form("CreateRole", "RoleName", "r", "AssumeRolePolicyDocument", trustAnybody))
			outcomes := map[bool]int{}
			for i := range rounds() {
				name := fmt.Sprint("p", i)
				arn := "arn:aws:iam::" + home + ":policy/" + name
				w.do("admin", form("CreatePolicy", "PolicyName", name, "PolicyDocument", star))
				errs := w.together(action+"&PolicyArn="+arn+"&PermissionsBoundary="+arn, form("DeletePolicy", "PolicyArn", arn))
				attached, deleted := errs[0] == nil, errs[1] == nil
				v := w.dir.View()
				uses := v.AttachmentCount(home, arn) + v.BoundaryCount(home, arn)
				switch exists := v.Policy(arn) != nil; {
				case attached == deleted:
					t.Fatalf("attached %v, deleted %v: %v", attached, deleted, errs)
				case exists == deleted || attached != (uses == 1):
					t.Fatalf("attached %v, deleted %v, but exists %v and is used %d times", attached, deleted, exists, uses)
				case attached && errs[1].Code != iamapi.DeleteConflict, deleted && errs[0].Code != iamapi.NoSuchEntity:
					t.Fatalf("the later one was told %v", errs)
				}
				outcomes[attached]++
			}
			t.Logf("attached first %d times, deleted first %d times", outcomes[true], outcomes[false])
		})
	}
}

// TestJoinOrDelete: nobody is in a group that is gone, and no group that has
// members goes.
func TestJoinOrDelete(t *testing.T) {
	w := newWorld(t)
	w.limit(groupsPerUser, 1000)
	for i := range rounds() {
		name := fmt.Sprint("g", i)
		w.do("admin", form("CreateGroup", "GroupName", name))
		id := w.dir.View().Group(home, name).ID
		errs := w.together(form("AddUserToGroup", "GroupName", name, "UserName", "admin"), form("DeleteGroup", "GroupName", name))
		members := 0
		for _, g := range w.dir.View().User(home, "admin").Groups {
			if g == id {
				members++
			}
		}
		joined, deleted := errs[0] == nil, errs[1] == nil
		if joined == deleted || joined != (members == 1) || deleted != (w.dir.View().Group(home, name) == nil) {
			t.Fatalf("joined %v, deleted %v, %d members: %v", joined, deleted, members, errs)
		}
	}
}

// TestDeleteUserOrGive: a user that is gone has no keys, and one that has does not go.
func TestDeleteUserOrGive(t *testing.T) {
	w := newWorld(t)
	for i := range rounds() {
		name := fmt.Sprint("u", i)
		w.do("admin", form("CreateUser", "UserName", name))
		errs := w.together(form("CreateAccessKey", "UserName", name), form("DeleteUser", "UserName", name))
		given, deleted := errs[0] == nil, errs[1] == nil
		u := w.dir.View().User(home, name)
		if given == deleted || deleted != (u == nil) || given && len(u.AccessKeys) != 1 {
			t.Fatalf("given %v, deleted %v: %v", given, deleted, errs)
		}
	}
}

// TestOneName: of many who take a name at once, in any case, one gets it.
func TestOneName(t *testing.T) {
	w := newWorld(t)
	for i := range rounds() / 5 {
		var requests []string
		for _, n := range []string{"name%d", "Name%d", "NAME%d", "nAmE%d", "namE%d", "naMe%d"} {
			requests = append(requests, form("CreateRole", "RoleName", fmt.Sprintf(n, i), "AssumeRolePolicyDocument", trustAnybody))
		}
		won := 0
		for _, e := range w.together(requests...) {
			switch {
			case e == nil:
				won++
			case e.Code != iamapi.EntityAlreadyExists:
				t.Error(e)
			}
		}
		if won != 1 {
			t.Fatalf("%d won", won)
		}
	}
}

// TestTwoKeys: the quota of keys holds however many ask at once.
func TestTwoKeys(t *testing.T) {
	w := newWorld(t)
	w.do("admin", form("CreateUser", "UserName", "u"))
	var requests []string
	for range 12 {
		requests = append(requests, form("CreateAccessKey", "UserName", "u"))
	}
	w.together(requests...)
	if keys := w.dir.View().User(home, "u").AccessKeys; len(keys) != 2 {
		t.Errorf("the user has %q", keys)
	}
}

// TestSec_B18_OwnKey: once a key is deleted or off, a change that was signed with
// it does not happen, even if it was under way.
func TestSec_B18_OwnKey(t *testing.T) {
	for _, end := range []string{"DeleteAccessKey", "UpdateAccessKey"} {
		w := newWorld(t)
		w.do("admin", form("CreateUser", "UserName", "u"))
		w.do("admin", form("AttachUserPolicy", "UserName", "u", "PolicyArn", everyAction))
		w.do("admin", form("CreateAccessKey", "UserName", "u"))
		caller := w.principal("u") // authenticated before the key ends
		if _, _, err := w.serveAs(caller, form("CreateGroup", "GroupName", "before")); err != nil {
			t.Fatal(err)
		}
		w.do("admin", form(end, "UserName", "u", "AccessKeyId", caller.AccessKeyID)+"&Status=Inactive")
		for _, attempt := range []string{form("CreateGroup", "GroupName", "after"), form("CreateAccessKey")} {
			_, _, err := w.serveAs(caller, attempt)
			if e, ok := err.(*query.Error); !ok || e.Name != "InvalidClientTokenId" {
				t.Errorf("%s, then %s: %v", end, attempt, err)
			}
		}
	}
}
