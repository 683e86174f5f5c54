package query_test

import (
	"strings"
	"testing"

	"github.com/deputy-sts/deputy/internal/query"
	"github.com/deputy-sts/deputy/internal/stsapi"
)

var assumeRoleForm = []byte("Action=AssumeRole&Version=2011-06-15&RoleArn=arn%3Aaws%3Aiam%3A%3A111122223333%3Arole%2Fdemo&RoleSessionName=alice&ExternalId=demo-external-id&DurationSeconds=3600")

func BenchmarkParseForm(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		if _, err := query.ParseForm("POST", "", form, assumeRoleForm); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkDecodeValidate is the whole way from the bytes to the checked input.
func BenchmarkDecodeValidate(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		p, err := query.ParseForm("POST", "", form, assumeRoleForm)
		if err != nil {
			b.Fatal(err)
		}
		in := new(stsapi.AssumeRoleRequest)
		if err := query.Decode(p, in); err != nil {
			b.Fatal(err)
		}
		if err := query.Validate(in, query.ValidateOptions{Echo: true}); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkAppendXML(b *testing.B) {
	out := assumed()
	out.Credentials.SessionToken = new(strings.Repeat("IQoJb3JpZ2lu+/", 60))
	op := stsapi.API.Op("AssumeRole")
	buf := make([]byte, 0, 4096)
	b.ReportAllocs()
	for b.Loop() {
		buf = query.AppendXML(buf[:0], &stsapi.API, op, out, id)
	}
}

func BenchmarkAppendAudit(b *testing.B) {
	in := &stsapi.AssumeRoleRequest{RoleArn: new(arn), RoleSessionName: new("alice"), DurationSeconds: new(3600)}
	buf := make([]byte, 0, 4096)
	b.ReportAllocs()
	for b.Loop() {
		buf = query.AppendAudit(buf[:0], in)
	}
}

// BenchmarkPlans is what the first sight of every type costs, once in a process.
func BenchmarkPlans(b *testing.B) {
	for b.Loop() {
		for _, api := range apis {
			for i := range api.Ops {
				in, out := api.New(api.Ops[i].Name)
				query.Compile(in)
				query.Compile(out)
			}
		}
	}
}
