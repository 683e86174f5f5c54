package query_test

import (
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/deputy-sts/deputy/internal/iamapi"
	"github.com/deputy-sts/deputy/internal/query"
	"github.com/deputy-sts/deputy/internal/stsapi"
)

func TestDecodeAssumeRole(t *testing.T) {
	p := mustParse(t, "Action=AssumeRole&Tags.member.10.Key=ten&Tags.member.10.Value=&Tags.member.2.Value=b&Tags.member.2.Key=two"+
		"&PolicyArns.member.1.arn=arn%3Aaws&TransitiveTagKeys.member.3=c&TransitiveTagKeys.member.1=a&DurationSeconds=%2B0900"+
		"&RoleArn=&Unknown=1&Tags.member.2.Odd=1&ProvidedContexts=&Version=2011-06-15")
	got := new(stsapi.AssumeRoleRequest)
	if err := query.Decode(p, got); err != nil {
		t.Fatal(err)
	}
	want := &stsapi.AssumeRoleRequest{
		Tags:              []stsapi.Tag{{Key: new("two"), Value: new("b")}, {Key: new("ten"), Value: new("")}},
		PolicyArns:        []stsapi.PolicyDescriptorType{{Arn: new("arn:aws")}},
		TransitiveTagKeys: []string{"a", "c"},
		DurationSeconds:   new(900),
		RoleArn:           new(""),
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestDecodeMalformed(t *testing.T) {
	for _, body := range []string{
		"DurationSeconds=", "DurationSeconds=1.5", "DurationSeconds=0x10", "DurationSeconds=12345678901", "DurationSeconds=+",
		"DurationSeconds=+-1", "DurationSeconds=1e3", "DurationSeconds=%209", "DurationSeconds=1_0",
		"Tags=x", "Tags.1.Key=a", "Tags.member=a", "Tags.member.0.Key=a", "Tags.member.01.Key=a", "Tags.member.10001.Key=a",
		"Tags.member.-1.Key=a", "Tags.member.1x.Key=a", "Tags.member..Key=a", "Tags.member.1=a", "Tags.entry.1.Key=a",
		"TransitiveTagKeys.member.1.x=a", "RoleArn.member.1=a", "RoleArn.x=a", "Tags.member.1.Key.x=a",
		"TransitiveTagKeys.member.1=a&TransitiveTagKeys.member.1.x=a", "Tags.member.99999999999999999999.Key=a",
	} {
		err := query.Decode(mustParse(t, body), new(stsapi.AssumeRoleRequest))
		if codeOf(err) != "MalformedInput" {
			t.Errorf("%s: %v", body, err)
		}
	}
	err := query.Decode(mustParse(t, "DurationSeconds=x"), new(stsapi.AssumeRoleRequest))
	if e := err.(*query.Error); e.Message != "" || e.Status != 400 {
		t.Errorf("AWS says nothing about a number: %d %q", e.Status, e.Message)
	}
	err = query.Decode(mustParse(t, "OnlyAttached=True"), new(iamapi.ListPoliciesRequest))
	if codeOf(err) != "MalformedInput" {
		t.Error(err)
	}
}

func TestDecodeStructureAndMap(t *testing.T) {
	root := new(stsapi.AssumeRootRequest)
	if err := query.Decode(mustParse(t, "TaskPolicyArn.arn=a&TargetPrincipal=b"), root); err != nil {
		t.Fatal(err)
	}
	if root.TaskPolicyArn == nil || *root.TaskPolicyArn.Arn != "a" {
		t.Errorf("%+v", root)
	}
	root = new(stsapi.AssumeRootRequest)
	if err := query.Decode(mustParse(t, "TaskPolicyArn="), root); err != nil || root.TaskPolicyArn != nil {
		t.Error(root.TaskPolicyArn, err)
	}
	props := new(iamapi.PutAccountPropertiesRequest)
	if err := query.Decode(mustParse(t, "Properties.entry.2.key=b&Properties.entry.2.value=2&Properties.entry.1.key=a&Properties.entry.1.value="), props); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(map[string]string{"a": "", "b": "2"}, props.Properties); diff != "" {
		t.Error(diff)
	}
	for _, body := range []string{
		"Properties.entry.1.key=a", "Properties.entry.1.value=a", "Properties.entry.1=a", "Properties.entry.1.key=a&Properties.entry.1.value.x=b",
		"Properties.entry.1.key=a&Properties.entry.1.value=1&Properties.entry.2.key=a&Properties.entry.2.value=2", "Properties.member.1.key=a",
	} {
		if err := query.Decode(mustParse(t, body), new(iamapi.PutAccountPropertiesRequest)); codeOf(err) != "MalformedInput" {
			t.Errorf("%s: %v", body, err)
		}
	}
}

// stamped has the kinds that no input of the services has today.
type stamped struct {
	At   *time.Time
	Raw  []byte
	Flag *bool
}

func TestDecodeTimesAndBlobs(t *testing.T) {
	at := time.Date(2026, 11, 22, 1, 2, 3, 0, time.UTC)
	for text, want := range map[string]time.Time{
		"2026-11-22T01:02:03Z": at, "2026-11-22T02:02:03%2B01:00": at, "2026-11-22T01:02:03.500Z": at.Add(500 * time.Millisecond),
		"1795309323": at, "1795309323.5": at.Add(500 * time.Millisecond),
	} {
		got := new(stamped)
		if err := query.Decode(mustParse(t, "At="+text), got); err != nil || !got.At.Equal(want) {
			t.Errorf("%s: %v %v", text, got.At, err)
		}
	}
	for _, body := range []string{"At=", "At=2026-11-22", "At=-1", "At=1.2.3", "At=1.x", "At=9999999999999", "At=1.1234567890", "Raw=%25", "Flag=1", "Flag="} {
		if err := query.Decode(mustParse(t, body), new(stamped)); codeOf(err) != "MalformedInput" {
			t.Errorf("%s: %v", body, err)
		}
	}
	got := new(stamped)
	if err := query.Decode(mustParse(t, "Raw=AQI%3D&Flag=true"), got); err != nil || string(got.Raw) != "\x01\x02" || !*got.Flag {
		t.Error(got, err)
	}
}

func TestDecodeWantsStructure(t *testing.T) {
	for _, in := range []any{nil, 3, stamped{}, (*stamped)(nil), new(struct{ A string }), new(struct{ A *float64 })} {
		if err := query.Decode(mustParse(t, "a=b"), in); err == nil || codeOf(err) == "MalformedInput" {
			t.Errorf("%T: %v", in, err)
		}
	}
}

// Every operation's input comes back from its own form, and from a form in any order.
func TestFormRoundTrip(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for _, api := range apis {
		for i := range api.Ops {
			op := &api.Ops[i]
			in, _ := api.New(op.Name)
			fill(r, reflect.ValueOf(in).Elem())
			pairs := strings.Split(string(query.EncodeForm(api, op, in)), "&")
			r.Shuffle(len(pairs), func(i, j int) { pairs[i], pairs[j] = pairs[j], pairs[i] })
			p := mustParse(t, strings.Join(pairs, "&"))
			if action, _ := p.Get("Action"); action != op.Name {
				t.Errorf("Action is %q", action)
			}
			got, _ := api.New(op.Name)
			if err := query.Decode(p, got); err != nil {
				t.Errorf("%s: %v", op.Name, err)
				continue
			}
			if diff := cmp.Diff(in, got); diff != "" {
				t.Errorf("%s: %s", op.Name, diff)
			}
		}
	}
}

func FuzzDecode(f *testing.F) {
	f.Add(uint8(0), "DurationSeconds=900&Tags.member.1.Key=a&Tags.member.1.Value=b&PolicyArns.member.2.arn=x")
	f.Add(uint8(200), "ContextEntries.member.1.ContextKeyValues.member.1=a&ContextEntries.member.1.ContextKeyName=b")
	f.Add(uint8(17), "Properties.entry.1.key=a&Properties.entry.1.value=b")
	f.Fuzz(func(t *testing.T, which uint8, body string) {
		p, err := query.ParseForm("POST", "", form, []byte(body))
		if err != nil {
			return
		}
		for _, api := range apis {
			op := &api.Ops[int(which)%len(api.Ops)]
			in, _ := api.New(op.Name)
			if err := query.Decode(p, in); err != nil {
				if codeOf(err) != "MalformedInput" {
					t.Fatal(err)
				}
				continue
			}
			if err := query.Validate(in, query.ValidateOptions{Echo: true}); err != nil && codeOf(err) != "ValidationError" {
				t.Fatal(err)
			}
			query.AppendAudit(nil, in)
			again, _ := api.New(op.Name)
			if err := query.Decode(mustParse(t, string(query.EncodeForm(api, op, in))), again); err != nil {
				t.Fatalf("%s: what was decoded does not decode again: %v", op.Name, err)
			}
		}
	})
}
