package iam

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/deputy-sts/deputy/internal/iamapi"
	"github.com/deputy-sts/deputy/internal/query"
)

// pages follows the markers of a list and gives the names in its rows.
func (w *world) pages(who, list, rows, name string, pairs ...string) (names []string) {
	w.t.Helper()
	marker := ""
	for range 2000 {
		args := pairs
		if marker != "" {
			args = append(slices.Clone(pairs), "Marker", marker)
		}
		out := reflect.ValueOf(w.do(who, form(list, args...))).Elem()
		items := out.FieldByName(rows)
		for i := range items.Len() {
			item := items.Index(i)
			if item.Kind() == reflect.Struct {
				item = item.FieldByName(name).Elem()
			}
			names = append(names, item.String())
		}
		if !out.FieldByName("IsTruncated").Elem().Bool() {
			return names
		}
		marker = out.FieldByName("Marker").Elem().String()
		if len(marker) > 320 {
			w.t.Fatalf("a marker of %d characters cannot be sent", len(marker))
		}
	}
	w.t.Fatal("the pages have no end")
	return nil
}

// TestPaging goes through 250 of each kind, in order, none twice, none left out.
func TestPaging(t *testing.T) {
	const n = 250
	kinds := []struct {
		list, rows, name string
		create           func(name string) string
		pairs            []string
	}{
		{"ListUsers", "Users", "UserName", func(s string) string { return form("CreateUser", "UserName", s, "Path", "/p/") }, []string{"PathPrefix", "/p/"}},
		{"ListRoles", "Roles", "RoleName", func(s string) string {
			return form("CreateRole", "RoleName", s, "Path", "/p/", "AssumeRolePolicyDocument", trustAnybody)
		}, []string{"PathPrefix", "/p/"}},
		{"ListGroups", "Groups", "GroupName", func(s string) string { return form("CreateGroup", "GroupName", s, "Path", "/p/") }, []string{"PathPrefix", "/p/"}},
		{"ListPolicies", "Policies", "PolicyName", func(s string) string {
			return form("CreatePolicy", "PolicyName", s, "Path", "/p/", "PolicyDocument", allow("s3:GetObject", "*"))
		}, []string{"PathPrefix", "/p/"}},
	}
	for _, k := range kinds {
		t.Run(k.list, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			var want []string
			for i := range n {
				name := fmt.Sprintf("Name-%03d", i*7%n) // not in order
				if i%2 == 0 {
					name = strings.ToLower(name)
				}
				w.do("admin", k.create(name))
				want = append(want, name)
			}
			slices.SortFunc(want, func(a, b string) int { return strings.Compare(strings.ToLower(a), strings.ToLower(b)) })
			for _, size := range []string{"", "1", "7", "100", "249", "250", "251", "1000"} {
				pairs := k.pairs
				if size != "" {
					pairs = append(slices.Clone(pairs), "MaxItems", size)
				}
				if got := w.pages("admin", k.list, k.rows, k.name, pairs...); !slices.Equal(got, want) {
					t.Errorf("pages of %q: got %d names, want %d; first %.3q", size, len(got), len(want), got)
				}
			}
		})
	}
}

// TestAllPolicies: ours come first, then all of AWS's, each once.
func TestAllPolicies(t *testing.T) {
	w := newWorld(t)
	for _, name := range []string{"zebra", "Aardvark"} {
		w.do("admin", form("CreatePolicy", "PolicyName", name, "PolicyDocument", allow("s3:GetObject", "*")))
	}
	aws := w.pages("admin", "ListPolicies", "Policies", "Arn", "Scope", "AWS", "MaxItems", "1000")
	all := w.pages("admin", "ListPolicies", "Policies", "Arn", "MaxItems", "99")
	ours := []string{"arn:aws:iam::" + home + ":policy/Aardvark", "arn:aws:iam::" + home + ":policy/zebra"}
	if len(aws) < 1400 || !slices.Equal(all, append(ours, aws...)) {
		t.Errorf("got %d of AWS, %d in all", len(aws), len(all))
	}
	slices.Sort(all)
	if n := len(slices.Compact(all)); n != len(aws)+2 {
		t.Errorf("%d of them are different", n)
	}
}

// TestPagingWhileChanging: what is deleted between two pages, the item of the
// marker too, moves nothing.
func TestPagingWhileChanging(t *testing.T) {
	w := newWorld(t)
	for i := range 10 {
		w.do("admin", form("CreateUser", "UserName", fmt.Sprintf("u%d", i), "Path", "/p/"))
	}
	first := reflect.ValueOf(w.do("admin", form("ListUsers", "PathPrefix", "/p/", "MaxItems", "4"))).Elem()
	marker := first.FieldByName("Marker").Elem().String()
	for _, name := range []string{"u3", "u5"} {
		w.do("admin", form("DeleteUser", "UserName", name))
	}
	w.do("admin", form("CreateUser", "UserName", "u3x", "Path", "/p/"))
	got := w.pages("admin", "ListUsers", "Users", "UserName", "PathPrefix", "/p/", "Marker", marker)
	if want := []string{"u3x", "u4", "u6", "u7", "u8", "u9"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

// TestLongTagKeys: tag keys may be longer than a marker.
func TestLongTagKeys(t *testing.T) {
	w := newWorld(t)
	w.do("admin", form("CreateUser", "UserName", "u"))
	var want []string
	for i := range 6 {
		key := strings.Repeat("é", 126) + fmt.Sprint(i)
		w.do("admin", form("TagUser", "UserName", "u", "Tags.member.1.Key", key, "Tags.member.1.Value", ""))
		want = append(want, key)
	}
	if got := w.pages("admin", "ListUserTags", "Tags", "Key", "UserName", "u", "MaxItems", "1"); !slices.Equal(got, want) {
		t.Errorf("got %q", got)
	}
}

// TestLongNames: the longest names and paths still make markers that can be sent.
func TestLongNames(t *testing.T) {
	w := newWorld(t)
	path := "/" + strings.Repeat("p", 510) + "/"
	for _, c := range "abc" {
		name := strings.Repeat(string(c), 128)
		w.do("admin", form("CreateGroup", "GroupName", name, "Path", path))
		w.do("admin", form("CreatePolicy", "PolicyName", name, "Path", path, "PolicyDocument", allow("s3:GetObject", "*")))
		w.do("admin", form("AttachUserPolicy", "UserName", "admin", "PolicyArn", "arn:aws:iam::"+home+":policy"+path+name))
		w.do("admin", form("PutUserPolicy", "UserName", "admin", "PolicyName", name, "PolicyDocument", allow("s3:GetObject", "*")))
	}
	for _, got := range [][]string{
		w.pages("admin", "ListGroups", "Groups", "GroupName", "MaxItems", "1"),
		w.pages("admin", "ListPolicies", "Policies", "PolicyName", "Scope", "Local", "MaxItems", "1"),
		w.pages("admin", "ListAttachedUserPolicies", "AttachedPolicies", "PolicyName", "UserName", "admin", "PathPrefix", path, "MaxItems", "1"),
		w.pages("admin", "ListUserPolicies", "PolicyNames", "", "UserName", "admin", "MaxItems", "1"),
	} {
		if len(got) != 3 || !slices.IsSorted(got) {
			t.Errorf("got %.9q", got)
		}
	}
}

// TestSec_F03_Markers: a marker serves whom it was given to, for the list it was
// given for, unchanged.
func TestSec_F03_Markers(t *testing.T) {
	w := newWorld(t)
	for _, name := range []string{"a", "b", "c"} {
		w.do("admin", form("CreateUser", "UserName", name))
		w.do("admin", form("CreateGroup", "GroupName", name))
		w.do("other", form("CreateUser", "UserName", name))
		w.do("admin", form("AddUserToGroup", "UserName", name, "GroupName", "a"))
		w.do("admin", form("AttachUserPolicy", "UserName", name, "PolicyArn", everyAction))
	}
	w.do("admin", form("CreateRole", "RoleName", "r", "AssumeRolePolicyDocument", trustAnybody))
	w.do("admin", form("AttachRolePolicy", "RoleName", "r", "PolicyArn", everyAction))
	markerOf := func(who, request string) string {
		out := reflect.ValueOf(w.do(who, request)).Elem()
		return out.FieldByName("Marker").Elem().String()
	}
	marker := markerOf("admin", form("ListUsers", "MaxItems", "1"))
	w.do("admin", form("ListUsers", "Marker", marker, "MaxItems", "7")) // another size is fine
	for name, call := range map[string][2]string{
		"another user":    {"a", form("ListUsers", "Marker", marker)},
		"root":            {"root", form("ListUsers", "Marker", marker)},
		"a role":          {"role:r", form("ListUsers", "Marker", marker)},
		"another account": {"other", form("ListUsers", "Marker", marker)},
		"another list":    {"admin", form("ListGroups", "Marker", marker)},
		"another filter":  {"admin", form("ListUsers", "Marker", marker, "PathPrefix", "/a")},
		"another entity":  {"admin", form("GetGroup", "GroupName", "b", "Marker", markerOf("admin", form("GetGroup", "GroupName", "a", "MaxItems", "1")))},
		"another scope":   {"admin", form("ListPolicies", "Scope", "AWS", "Marker", markerOf("admin", form("ListPolicies", "MaxItems", "1")))},
		"padding":         {"admin", form("ListUsers", "Marker", marker+"=")},
		"a line feed":     {"admin", form("ListUsers", "Marker", marker[:9]+"\n"+marker[9:])},
		"less":            {"admin", form("ListUsers", "Marker", marker[1:])},
		"other words":     {"admin", form("ListUsers", "Marker", "AAAA")},
	} {
		if e := w.refused(call[0], call[1]); e.Code != query.ValidationError {
			t.Errorf("%s: %d %s: %s", name, e.Status, e.Name, e.Message)
		}
	}
	for i := range marker {
		flipped := []byte(marker)
		flipped[i] = 'A' + (flipped[i]+1)%26
		if e := w.refused("admin", form("ListUsers", "Marker", string(flipped))); e.Code != query.ValidationError {
			t.Fatalf("character %d changed: %v", i, e)
		}
	}
	// Two sessions of one role are one caller: clients renew their session between pages.
	session := w.principal("role:r")
	out, _, err := w.serveAs(session, form("ListUsers", "MaxItems", "1"))
	if err != nil {
		t.Fatal(err)
	}
	renewed := *session
	renewed.ID = strings.TrimSuffix(session.ID, "session") + "renewed"
	next := reflect.ValueOf(out).Elem().FieldByName("Marker").Elem().String()
	if _, _, err := w.serveAs(&renewed, form("ListUsers", "Marker", next)); err != nil {
		t.Errorf("a renewed session: %v", err)
	}
}

// FuzzMarker: whatever is sent as a marker is refused, or was given out.
func FuzzMarker(f *testing.F) {
	w := newWorld(f)
	first := reflect.ValueOf(w.do("admin", form("ListPolicies", "MaxItems", "1"))).Elem()
	given := first.FieldByName("Marker").Elem().String()
	f.Add(given)
	f.Add("")
	f.Add("AAAA")
	f.Fuzz(func(t *testing.T, marker string) {
		if !utf8.ValidString(marker) {
			t.Skip("never gets as far as a marker")
		}
		_, _, err := w.serve("admin", form("ListPolicies", "MaxItems", "1", "Marker", marker))
		if err == nil && marker != given {
			t.Errorf("accepted %q", marker)
		}
		if e, ok := err.(*query.Error); err != nil && (!ok || e.Code != query.ValidationError) {
			t.Errorf("%q: %v", marker, err)
		}
	})
}

// TestEveryListRefusesMarkers that it has not given out, after it has let the
// caller in.
func TestEveryListRefusesMarkers(t *testing.T) {
	w := newTown(t)
	all, lists := samples(w), 0
	for _, action := range w.mux.Actions() {
		if iamapi.API.Op(action).Page == nil {
			continue
		}
		lists++
		request := form(action, append(all[action].pairs, "Marker", "AAAA")...)
		if e := w.refused("admin", request); e.Code != query.ValidationError || e.Message != "The specified value for marker is invalid." {
			t.Errorf("%s: %v", action, e)
		}
		if e := w.refused("bare", request); e.Code != query.AccessDenied {
			t.Errorf("%s: %v", action, e)
		}
	}
	if lists < 17 {
		t.Errorf("only %d lists", lists)
	}
}
