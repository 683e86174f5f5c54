package query_test

import (
	"context"
	"errors"
	"math/rand/v2"
	"reflect"
	"testing"

	"github.com/deputy-sts/deputy/internal/iamapi"
	"github.com/deputy-sts/deputy/internal/query"
	"github.com/deputy-sts/deputy/internal/stsapi"
)

func TestMux(t *testing.T) {
	m := query.NewMux[int](&stsapi.API)
	failed := errors.New("failed")
	query.Handle(m, "GetAccessKeyInfo", func(_ context.Context, c int, in *stsapi.GetAccessKeyInfoRequest) (*stsapi.GetAccessKeyInfoResponse, error) {
		switch {
		case c == 1:
			return nil, failed
		case c == 2:
			return nil, nil
		}
		return &stsapi.GetAccessKeyInfoResponse{Account: in.AccessKeyId}, nil
	})
	if got := m.Actions(); !reflect.DeepEqual(got, []string{"GetAccessKeyInfo"}) {
		t.Error(got)
	}
	op := m.API().Op("GetAccessKeyInfo")
	p := mustParse(t, "AccessKeyId=AKIAIOSFODNN7EXAMPLE")
	out, err := m.Serve(t.Context(), 0, op, p)
	if err != nil || *out.(*stsapi.GetAccessKeyInfoResponse).Account != "AKIAIOSFODNN7EXAMPLE" {
		t.Error(out, err)
	}
	if out, err = m.Serve(t.Context(), 1, op, p); out != nil || err != failed {
		t.Error(out, err)
	}
	if out, err = m.Serve(t.Context(), 2, op, p); err != nil || out.(*stsapi.GetAccessKeyInfoResponse) == nil {
		t.Error(out, err)
	}
	if out, err = m.Serve(t.Context(), 0, op, mustParse(t, "AccessKeyId=short")); out != nil || codeOf(err) != "ValidationError" {
		t.Error(out, err)
	}
	if out, err = m.Serve(t.Context(), 0, op, mustParse(t, "AccessKeyId.member.1=short")); out != nil || codeOf(err) != "MalformedInput" {
		t.Error(out, err)
	}
	for _, op := range []*query.Op{nil, stsapi.API.Op("AssumeRole"), iamapi.API.Op("CreateUser")} {
		if out, err = m.Serve(t.Context(), 0, op, p); out != nil || codeOf(err) != "InvalidAction" {
			t.Error(out, err)
		}
	}
}

func TestHandlePanics(t *testing.T) {
	type in = stsapi.GetCallerIdentityRequest
	type out = stsapi.GetCallerIdentityResponse
	good := func(context.Context, int, *in) (*out, error) { return nil, nil }
	for name, register := range map[string]func(*query.Mux[int]){
		"unknown action": func(m *query.Mux[int]) { query.Handle(m, "Dance", good) },
		"other's types":  func(m *query.Mux[int]) { query.Handle(m, "AssumeRole", good) },
		"twice": func(m *query.Mux[int]) {
			query.Handle(m, "GetCallerIdentity", good)
			query.Handle(m, "GetCallerIdentity", good)
		},
	} {
		func() {
			defer func() {
				if recover() == nil {
					t.Error(name, "passes")
				}
			}()
			register(query.NewMux[int](&stsapi.API))
		}()
	}
}

// Every type of the models has a plan: patterns, tags, kinds.
func TestEveryTypeHasAPlan(t *testing.T) {
	r := rand.New(rand.NewPCG(11, 12))
	for _, api := range apis {
		for i := range api.Ops {
			in, out := api.New(api.Ops[i].Name)
			for _, v := range []any{in, out} {
				fill(r, reflect.ValueOf(v).Elem())
				if err := query.Validate(v, query.ValidateOptions{}); err != nil && codeOf(err) != "ValidationError" {
					t.Error(err)
				}
			}
		}
	}
}
