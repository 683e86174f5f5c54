package bench

import (
	"github.com/cedar-policy/cedar-go"
	"github.com/deputy-sts/deputy/policy"
)

// decide tells whether the i-th request of a set is allowed.
type decide func(i int) bool

// engines are the evaluators that are measured in this process.
var engines = []struct {
	name string
	make func(*Set) (decide, error)
}{
	{"floor", decideFloor},
	{"deputy", decideDeputy},
	{"cedar-go", decideCedar},
}

func decideFloor(s *Set) (decide, error) {
	f, err := newFloor(s)
	if err != nil {
		return nil, err
	}
	requests, arns := make([]floorRequest, len(s.Requests)), make([]string, len(s.Requests))
	for i := range s.Requests {
		arns[i] = s.Requests[i].ARN()
	}
	return func(i int) bool {
		requests[i].read(&s.Requests[i], arns[i])
		return f.allowed(&requests[i])
	}, nil
}

func decideDeputy(s *Set) (decide, error) {
	var set policy.Set
	for _, d := range s.Documents {
		p, err := policy.Parse(d.text, policy.Managed)
		if err != nil {
			return nil, err
		}
		set.Identity = append(set.Identity, p)
	}
	requests := make([]policy.Request, len(s.Requests))
	for i := range s.Requests {
		r := &s.Requests[i]
		context := map[string][]string{}
		for k, v := range r.Context {
			context[k] = []string{v}
		}
		requests[i] = policy.Request{Action: r.Action, Resource: r.ARN(), ResourceAccount: account, Context: policy.NewMap(context),
			Principal: &policy.Principal{Type: policy.User, Account: account, ARN: "arn:aws:iam::" + account + ":user/" + r.User, ID: "AIDAEXAMPLEEXAMPLEXX"}}
	}
	return func(i int) bool { return set.Evaluate(&requests[i], nil).Decision == policy.Allow }, nil
}

func decideCedar(s *Set) (decide, error) {
	policies, err := cedarPolicies(s)
	if err != nil {
		return nil, err
	}
	requests := make([]cedar.Request, len(s.Requests))
	for i := range s.Requests {
		if requests[i], err = cedarRequest(&s.Requests[i]); err != nil {
			return nil, err
		}
	}
	return func(i int) bool {
		decision, _ := cedar.Authorize(policies, nil, requests[i])
		return decision == cedar.Allow
	}, nil
}
