package sts

import (
	"strings"

	"github.com/deputy-sts/deputy/arn"
	"github.com/deputy-sts/deputy/internal/query"
	"github.com/deputy-sts/deputy/internal/stsapi"
)

// checkContexts checks the form of provided contexts: each has an assertion, and is
// of a context provider, which are AWS's own (arn:aws:iam::aws:contextProvider/…).
//
// Source: AssumeRole in the STS API reference; the Service Authorization Reference
// has the form of the ARN.
func checkContexts(in []stsapi.ProvidedContext, partition string) error {
	for i, p := range in {
		switch {
		case p.ProviderArn == nil:
			return missingContext(i, "providerArn")
		case p.ContextAssertion == nil:
			return missingContext(i, "contextAssertion")
		}
		a, err := arn.Parse(*p.ProviderArn)
		name, ok := strings.CutPrefix(a.Resource, "contextProvider/")
		if err != nil || !ok || name == "" || a.Partition != partition || a.Service != "iam" || a.Region != "" || a.Account != "aws" {
			return invalidARN(*p.ProviderArn)
		}
	}
	return nil
}

func missingContext(i int, member string) error {
	return query.ValidationError.Errorf("1 validation error detected: Value null at 'providedContexts.%d.member.%s' failed to satisfy constraint: Member must not be null", i+1, member)
}
