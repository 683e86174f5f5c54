package sdktest

import (
	"bytes"
	"context"
	"errors"
	"io"
	"math/rand/v2"
	"net/http"
	"reflect"
	"slices"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/smithy-go"

	"github.com/deputy-sts/deputy/internal/iamapi"
	"github.com/deputy-sts/deputy/internal/query"
	"github.com/deputy-sts/deputy/internal/stsapi"
)

const requestID = "c6104cbe-af31-11e0-8154-cbc7ccf896c7"

// server stands in the place of the network: it reads a request with query and
// answers with what the test wants.
type server struct {
	api     *query.API
	op      *query.Op
	in      any // what the request held
	out     any // what to answer
	refusal *query.Error
}

func (s *server) RoundTrip(r *http.Request) (*http.Response, error) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	p, err := query.ParseForm(r.Method, r.URL.RawQuery, r.Header.Get("Content-Type"), body)
	if err != nil {
		return nil, err
	}
	action, _ := p.Get("Action")
	version, _ := p.Get("Version")
	if action != s.op.Name || version != s.api.Version {
		return nil, errors.New("the request is for " + action + " of " + version)
	}
	s.in, _ = s.api.New(action)
	if err := query.Decode(p, s.in); err != nil {
		return nil, err
	}
	status, answer := 200, query.AppendXML(nil, s.api, s.op, s.out, requestID)
	if s.refusal != nil {
		status, answer = s.refusal.Status, query.AppendErrorXML(nil, s.api, s.refusal, requestID)
	}
	return &http.Response{
		StatusCode: status, ProtoMajor: 1, ProtoMinor: 1, Request: r, ContentLength: int64(len(answer)),
		Header: http.Header{"Content-Type": {"text/xml"}, "X-Amzn-Requestid": {requestID}},
		Body:   io.NopCloser(bytes.NewReader(answer)),
	}, nil
}

// clients gives the SDK's client of each service, talking to s.
func clients(s *server) map[*query.API]reflect.Value {
	cfg := aws.Config{
		Region: "us-east-1", HTTPClient: &http.Client{Transport: s}, BaseEndpoint: aws.String("http://deputy.invalid"),
		Retryer: func() aws.Retryer { return aws.NopRetryer{} },
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: "AKIAIOSFODNN7EXAMPLE", SecretAccessKey: "secret"}, nil
		}),
	}
	return map[*query.API]reflect.Value{&stsapi.API: reflect.ValueOf(sts.NewFromConfig(cfg)), &iamapi.API: reflect.ValueOf(iam.NewFromConfig(cfg))}
}

// forEach runs f for every operation that the SDK knows, and logs the others.
func forEach(t *testing.T, f func(t *testing.T, s *server, method reflect.Value)) {
	s := new(server)
	for api, client := range clients(s) {
		var unknown []string
		for i := range api.Ops {
			method := client.MethodByName(api.Ops[i].Name)
			if !method.IsValid() {
				unknown = append(unknown, api.Ops[i].Name)
				continue
			}
			*s = server{api: api, op: &api.Ops[i]}
			t.Run(s.op.Name, func(t *testing.T) { f(t, s, method) })
		}
		t.Logf("%s: %d operations; the SDK does not know %q", api.Name, len(api.Ops), unknown)
		if len(unknown)*10 > len(api.Ops) {
			t.Errorf("%s: the SDK knows too little for this test to say much", api.Name)
		}
	}
}

// call calls the SDK's method and gives its output.
func call(method, in reflect.Value) (reflect.Value, error) {
	results := method.Call([]reflect.Value{reflect.ValueOf(context.Background()), in})
	err, _ := results[1].Interface().(error)
	return results[0], err
}

func TestEveryOperationBothWays(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 8))
	var onlyOurs []string
	forEach(t, func(t *testing.T, s *server, method reflect.Value) {
		for range 4 {
			in := reflect.New(method.Type().In(1).Elem())
			fill(r, in.Elem())
			_, s.out = s.api.New(s.op.Name)
			fill(r, reflect.ValueOf(s.out).Elem())
			out, err := call(method, in)
			if err != nil {
				t.Fatal(err)
			}
			compare := func(what string, sdk, ours reflect.Value) {
				d := differ{at: s.op.Name + " " + what}
				d.value(sdk, ours)
				for _, problem := range d.problems {
					t.Error(problem)
				}
				onlyOurs = append(onlyOurs, d.onlyOurs...)
			}
			compare("input", in, reflect.ValueOf(s.in))
			compare("output", out, reflect.ValueOf(s.out))
		}
	})
	slices.Sort(onlyOurs)
	t.Logf("members that the SDK does not know: %q", slices.Compact(onlyOurs))
}

// Every code that an operation declares arrives as the SDK's error of that code.
func TestEveryError(t *testing.T) {
	r := rand.New(rand.NewPCG(9, 10))
	forEach(t, func(t *testing.T, s *server, method reflect.Value) {
		in := reflect.New(method.Type().In(1).Elem())
		fill(r, in.Elem())
		for _, code := range append([]string{"AccessDenied", "Throttling"}, s.op.Errors...) {
			s.refusal = query.Code{Name: code, Status: 400}.Errorf("no <way> & %s", code)
			_, err := call(method, in)
			var told smithy.APIError
			if !errors.As(err, &told) || told.ErrorCode() != code || told.ErrorMessage() != s.refusal.Message {
				t.Errorf("%s: %v", code, err)
			}
			var with interface{ ServiceRequestID() string }
			if !errors.As(err, &with) || with.ServiceRequestID() != requestID {
				t.Errorf("%s: without the request id", code)
			}
		}
	})
}
