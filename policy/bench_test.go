package policy

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// benchSet is a directory of testdata/sets: policies and requests with their
// decisions.
type benchSet struct {
	name     string
	set      Set
	requests []Request
	allow    []bool
	cases    []string
}

func readSet(t testing.TB, name string) (b benchSet) {
	b.name = name
	files, _ := filepath.Glob(filepath.Join("testdata/sets", name, "*.json"))
	for _, f := range files {
		text, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		if strings.HasSuffix(f, "requests.json") {
			b.read(t, text)
			continue
		}
		b.set.Identity = append(b.set.Identity, mustParse(t, string(text), Any))
	}
	if len(b.requests) == 0 || len(b.set.Identity) == 0 {
		t.Fatalf("set %s is empty", name)
	}
	return b
}

func (b *benchSet) read(t testing.TB, text []byte) {
	var list []struct {
		Name, User, Action, Bucket, Key string
		Context                         map[string]string
		Allow                           bool
	}
	if err := json.Unmarshal(text, &list); err != nil {
		t.Fatal(err)
	}
	for _, x := range list {
		arn := "arn:aws:s3:::" + x.Bucket
		if x.Key != "" {
			arn += "/" + x.Key
		}
		ctx := map[string][]string{}
		for k, v := range x.Context {
			ctx[k] = []string{v}
		}
		b.requests = append(b.requests, Request{Action: x.Action, Resource: arn, ResourceAccount: "111122223333", Context: NewMap(ctx),
			Principal: &Principal{Type: User, Account: "111122223333", ARN: "arn:aws:iam::111122223333:user/" + x.User, ID: "AIDAEXAMPLEEXAMPLEXX"}})
		b.allow, b.cases = append(b.allow, x.Allow), append(b.cases, x.Name)
	}
}

var setNames = []string{"small", "typical", "large"}

func TestSets(t *testing.T) {
	for _, name := range setNames {
		b := readSet(t, name)
		for i := range b.requests {
			if got := b.set.Evaluate(&b.requests[i], nil).Decision == Allow; got != b.allow[i] {
				t.Errorf("%s/%s: allowed is %v", name, b.cases[i], got)
			}
			n := testing.AllocsPerRun(100, func() { b.set.Evaluate(&b.requests[i], nil) })
			if n != 0 {
				t.Errorf("%s/%s: %v allocations", name, b.cases[i], n)
			}
		}
	}
}

// BenchmarkEvaluate is to be read beside the floor of a special-purpose
// evaluator compiled for these sets alone.
func BenchmarkEvaluate(b *testing.B) {
	for _, name := range setNames {
		s := readSet(b, name)
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				s.set.Evaluate(&s.requests[i%len(s.requests)], nil)
			}
		})
		for i := range s.requests {
			b.Run(name+"/"+s.cases[i], func(b *testing.B) {
				for b.Loop() {
					s.set.Evaluate(&s.requests[i], nil)
				}
			})
		}
	}
}

func BenchmarkParse(b *testing.B) {
	text, err := os.ReadFile("testdata/sets/large/large-00.json")
	if err != nil {
		b.Fatal(err)
	}
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	for b.Loop() {
		mustParse(b, string(text), Any)
	}
}
