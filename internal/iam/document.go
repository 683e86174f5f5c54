package iam

import (
	"errors"

	"github.com/deputy-sts/deputy/internal/authz"
	"github.com/deputy-sts/deputy/internal/directory"
	"github.com/deputy-sts/deputy/internal/iamapi"
	"github.com/deputy-sts/deputy/internal/lint"
	"github.com/deputy-sts/deputy/policy"
)

// encoded is a policy document as answers carry it: percent-encoded as RFC 3986
// has it, the text kept byte for byte.
func encoded(text string) *string {
	const hex = "0123456789ABCDEF"
	b := make([]byte, 0, len(text)*2)
	for i := range len(text) {
		if c := text[i]; unreserved(c) {
			b = append(b, c)
		} else {
			b = append(b, '%', hex[c>>4], hex[c&15])
		}
	}
	return new(string(b))
}

func unreserved(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' ||
		c == '-' || c == '.' || c == '_' || c == '~'
}

// document checks the text of an identity policy, inline or managed.
func document(c *authz.Call, text string, kind policy.Kind) (*directory.Inline, error) {
	if kind == policy.Managed {
		if err := within(c, policySize, policy.Size(text, kind)); err != nil {
			return nil, err
		}
	}
	if _, err := policy.Parse(text, kind); err != nil {
		return nil, malformed(err, policySize)
	}
	return &directory.Inline{Text: text}, nil
}

// trust checks a trust policy and binds the users and roles in it to their ids.
func trust(c *authz.Call, text string) (*directory.Inline, error) {
	if err := within(c, trustSize, policy.Size(text, policy.Trust)); err != nil {
		return nil, err
	}
	doc, err := directory.BindTrust(c.View(), text)
	if err != nil {
		return nil, malformed(err, trustSize)
	}
	// AWS refuses what lets every customer of a shared issuer in; that it does is
	// documented, its words are not.
	if open := lint.SharedIssuers(text); len(open) > 0 {
		return nil, iamapi.MalformedPolicyDocument.Errorf("Invalid trust policy: %s", open[0].Message)
	}
	return doc, nil
}

// malformed says AWS's words for a document that does not parse, or that is
// larger than its quota can be raised to.
func malformed(err error, quota string) error {
	e, ok := errors.AsType[*policy.SyntaxError](err)
	switch {
	case !ok:
		return err
	case e.Limit > 0:
		return iamapi.LimitExceeded.Errorf("Cannot exceed quota for %s: %d", quota, e.Limit)
	}
	return iamapi.MalformedPolicyDocument.Errorf("%s", e.Message)
}
