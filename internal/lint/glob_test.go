package lint

import (
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/deputy-sts/deputy/arn"
)

// words are all texts over a few letters up to a length.
func words(letters string, most int) (list []string) {
	list = []string{""}
	for i := 0; i < len(list); i++ {
		if len(list[i]) < most {
			for _, c := range letters {
				list = append(list, list[i]+string(c))
			}
		}
	}
	return list
}

// TestPatterns compares covers and overlap with what they mean, tried out on all
// short texts. Where covers says no it may be wrong, but not always.
func TestPatterns(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	texts := words("ab/", 6)
	pairs := 1500
	if testing.Short() {
		pairs = 200
	}
	pattern := func() string {
		var b strings.Builder
		for range r.IntN(5) {
			b.WriteByte("ab/*?*"[r.IntN(6)])
		}
		return b.String()
	}
	said, are := 0, 0
	for range pairs {
		a, b := pattern(), pattern()
		meet, within := false, true
		for _, s := range texts {
			inA, inB := arn.Glob(a, s), arn.Glob(b, s)
			meet = meet || inA && inB
			within = within && (!inA || inB)
		}
		if got := overlap(patternTokens(a), patternTokens(b)); got != meet {
			t.Errorf("overlap(%q, %q) = %v", a, b, got)
		}
		if within {
			are++
		}
		if covers(b, a) {
			said++
			if !within {
				t.Errorf("covers(%q, %q)", b, a)
			}
		}
	}
	if said < are*8/10 {
		t.Errorf("of %d pairs covers finds %d", are, said)
	}
}

func TestTemplates(t *testing.T) {
	const bucket, object, role = "arn:${Partition}:s3:::${BucketName}", "arn:${Partition}:s3:::${BucketName}/${ObjectName}", "arn:${Partition}:iam::${Account}:role/${RoleNameWithPath}"
	for _, c := range []struct {
		pattern, template string
		want              bool
	}{
		{"arn:aws:s3:::b", bucket, true}, {"arn:aws:s3:::b/*", bucket, false}, {"arn:aws:s3:::b*", bucket, true}, {"arn:aws:s3:::*", bucket, true}, {"*", bucket, true},
		{"arn:aws:s3:::b", object, false}, {"arn:aws:s3:::b/*", object, true}, {"arn:aws:s3:::b*", object, true}, {"arn:aws:s3:::${aws:username}", object, true},
		{"arn:*:iam::111122223333:role/p/r", role, true}, {"arn:aws:iam:::role/r", role, false}, {"arn:aws:iam::1*:rol?/r", role, true}, {"arn:aws:iam::1:user/r", role, false},
		{"arn:aws:iam::*", role, true}, {"arn:aws:iam::111122223333:role/", role, false}, {"arn:aws:s3:::role/*", role, false}, {"arn:aws:s*", role, false},
	} {
		if got := overlap(patternTokens(c.pattern), templateTokens(c.template)); got != c.want {
			t.Errorf("%s and %s: %v", c.pattern, c.template, got)
		}
	}
}

func TestNearest(t *testing.T) {
	for _, c := range []struct{ word, want string }{{"GetObjcet", "GetObject"}, {"getobject", "GetObject"}, {"Xyz", ""}, {"", ""}, {"PutObjct", "PutObject"}} {
		if got := nearest(c.word, []string{"PutObject", "GetObject", "ListBucket"}); got != c.want {
			t.Errorf("%q: %q", c.word, got)
		}
	}
	for _, c := range []struct {
		a, b string
		want int
	}{{"", "", 0}, {"abc", "", 3}, {"ab", "ba", 1}, {"kitten", "sitting", 3}, {"abcd", "acbd", 1}} {
		if got := distance(c.a, c.b); got != c.want || distance(c.b, c.a) != c.want {
			t.Errorf("distance(%q, %q) = %d", c.a, c.b, got)
		}
	}
}
