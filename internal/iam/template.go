package iam

import (
	"encoding/json"
	"slices"
	"strings"

	"github.com/deputy-sts/deputy/internal/authz"
	"github.com/deputy-sts/deputy/internal/awsdata"
	"github.com/deputy-sts/deputy/internal/directory"
	"github.com/deputy-sts/deputy/internal/iamapi"
	"github.com/deputy-sts/deputy/policy"
)

// maxDelegated bounds the policy of a delegation request, in characters: it must
// fit in a session.
const maxDelegated = 2048

// templateText is the text of a policy template: a managed policy of the
// requestor's own account, or one of AWS. AWS has its partners register templates;
// here whoever may write a policy has one.
func templateText(c *authz.Call, arn string) (string, bool) {
	if p := c.Tx.Policy(arn); p != nil && p.Account == c.Account() {
		if v := p.DefaultVersion(); v != nil {
			return v.Document.Text, true
		}
		return "", false
	}
	if m, ok := awsdata.ManagedPolicyByARN(arn); ok {
		return m.Document, true
	}
	return "", false
}

// filled puts the values in the place of @{name}: inside a string a value, instead
// of a whole string a list. Each name in the template must have a value, and each
// value a name; what comes out must be a session policy.
func filled(template string, params []directory.DelegationParameter) (string, error) {
	used := make([]bool, len(params))
	var b strings.Builder
	for rest := template; ; {
		before, after, found := strings.Cut(rest, "@{")
		b.WriteString(before)
		if !found {
			break
		}
		name, tail, closed := strings.Cut(after, "}")
		i := slices.IndexFunc(params, func(p directory.DelegationParameter) bool { return p.Name == name })
		if !closed || i < 0 {
			return "", iamapi.InvalidInput.Errorf("The policy template has a parameter without a value: %.64s", name)
		}
		used[i] = true
		if params[i].Type != "stringList" {
			b.WriteString(inString(params[i].Values[0]))
			rest = tail
			continue
		}
		text := b.String()
		if !strings.HasSuffix(text, `"`) || !strings.HasPrefix(tail, `"`) {
			return "", iamapi.InvalidInput.Errorf("The parameter %s is a list, and must be the whole of a string in the policy template.", name)
		}
		b.Reset()
		b.WriteString(text[:len(text)-1])
		list, err := json.Marshal(params[i].Values)
		if err != nil {
			return "", err
		}
		b.Write(list)
		rest = tail[1:]
	}
	if i := slices.Index(used, false); i >= 0 {
		return "", iamapi.InvalidInput.Errorf("The policy template does not have the parameter %s.", params[i].Name)
	}
	text := b.String()
	if policy.Size(text, policy.Session) > maxDelegated {
		return "", iamapi.InvalidInput.Errorf("The policy of the delegation request is larger than %d characters.", maxDelegated)
	}
	if _, err := policy.Parse(text, policy.Session); err != nil {
		return "", iamapi.InvalidInput.Errorf("The policy template does not give a valid policy: %v", err)
	}
	return text, nil
}

// inString is a value as it stands inside a JSON string.
func inString(v string) string {
	b, err := json.Marshal(v)
	if err != nil {
		return ""
	}
	return string(b[1 : len(b)-1])
}

// delegationParameters checks the parameters of a request.
func delegationParameters(in []iamapi.PolicyParameter) ([]directory.DelegationParameter, error) {
	var out []directory.DelegationParameter
	for _, p := range in {
		d := directory.DelegationParameter{Name: or(p.Name, ""), Type: or(p.Type, "string"), Values: p.Values}
		known := slices.ContainsFunc(out, func(o directory.DelegationParameter) bool { return o.Name == d.Name })
		if d.Name == "" || known || len(d.Values) == 0 || d.Type == "string" && len(d.Values) != 1 {
			return nil, iamapi.InvalidInput.Errorf("A policy parameter needs a name of its own, and a value; of type stringList it can have several.")
		}
		out = append(out, d)
	}
	return out, nil
}
