package bench

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/cedar-policy/cedar-go"
	"github.com/cedar-policy/cedar-go/types"
)

// The sets in Cedar's own language, one Cedar policy for each statement. Cedar
// has no variables inside patterns, so what stands in the place of
// ${aws:username} is cut out of the name by the application ("owner") and
// compared. Its requests are made ahead and not measured, to its favour.

// cedarText translates a statement.
func cedarText(st *Statement) (string, error) {
	effect := "permit"
	if st.Effect == "Deny" {
		effect = "forbid"
	}
	var actions []string
	for _, name := range knownActions {
		if covers(st.Action, name) {
			actions = append(actions, fmt.Sprintf("Action::%q", name))
		}
	}
	when := []string{cedarAny("context.arn", "context.owner", st.Resource)}
	for _, operator := range sortedKeys(st.Condition) {
		for _, key := range sortedKeys(st.Condition[operator]) {
			test, err := cedarTest(key, st.Condition[operator][key])
			if err != nil {
				return "", err
			}
			when = append(when, test)
		}
	}
	return fmt.Sprintf("%s (principal, action in [%s], resource) when { %s };", effect, strings.Join(actions, ", "), strings.Join(when, " && ")), nil
}

// cedarAny is true if one of the patterns matches.
func cedarAny(value, owner string, patterns []string) string {
	var tests []string
	for _, p := range patterns {
		head, tail, variable := strings.Cut(p, userVariable)
		switch {
		case variable:
			tests = append(tests, fmt.Sprintf(`(%s like "%s*%s" && %s == context.user)`, value, head, tail, owner))
		case strings.Contains(p, "*"):
			tests = append(tests, fmt.Sprintf("%s like %q", value, p))
		default:
			tests = append(tests, fmt.Sprintf("%s == %q", value, p))
		}
	}
	return "(" + strings.Join(tests, " || ") + ")"
}

// cedarTest translates a condition; in the sets the key tells the operator.
func cedarTest(key string, values []string) (string, error) {
	switch key {
	case "aws:SecureTransport":
		return "context.secure == " + values[0], nil
	case "aws:SourceIp":
		var tests []string
		for _, v := range values {
			tests = append(tests, fmt.Sprintf("context.address.isInRange(ip(%q))", v))
		}
		return "(" + strings.Join(tests, " || ") + ")", nil
	case "aws:CurrentTime":
		return fmt.Sprintf("context.now < datetime(%q)", values[0]), nil
	case "s3:prefix":
		return "context has prefix && " + cedarAny("context.prefix", "context.prefixOwner", values), nil
	case "aws:UserAgent":
		return cedarAny("context.agent", "context.owner", values), nil
	}
	return "", fmt.Errorf("no translation of %s", key)
}

func cedarPolicies(s *Set) (*cedar.PolicySet, error) {
	var b strings.Builder
	for _, d := range s.Documents {
		for i := range d.Statement {
			text, err := cedarText(&d.Statement[i])
			if err != nil {
				return nil, err
			}
			b.WriteString(text + "\n")
		}
	}
	return cedar.NewPolicySetFromBytes(s.Name, []byte(b.String()))
}

func cedarRequest(r *Request) (cedar.Request, error) {
	address, err := types.ParseIPAddr(r.Context["aws:SourceIp"])
	if err != nil {
		return cedar.Request{}, err
	}
	now, err := time.Parse(time.RFC3339, r.Context["aws:CurrentTime"])
	if err != nil {
		return cedar.Request{}, err
	}
	context := cedar.RecordMap{
		"arn": types.String(r.ARN()), "owner": types.String(second(r.Key)), "user": types.String(r.User),
		"address": address, "now": types.NewDatetime(now), "agent": types.String(r.Context["aws:UserAgent"]),
		"secure": types.Boolean(r.Context["aws:SecureTransport"] == "true"),
	}
	if prefix, ok := r.Context["s3:prefix"]; ok {
		context["prefix"], context["prefixOwner"] = types.String(prefix), types.String(second(prefix))
	}
	return cedar.Request{
		Principal: cedar.NewEntityUID("User", types.String(r.User)),
		Action:    cedar.NewEntityUID("Action", types.String(r.Action)),
		Resource:  cedar.NewEntityUID("Object", types.String(r.ARN())),
		Context:   cedar.NewRecord(context),
	}, nil
}

// second is the second segment of a key.
func second(key string) string {
	parts := strings.SplitN(key, "/", 3)
	if len(parts) < 2 {
		return ""
	}
	return parts[1]
}

func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}
