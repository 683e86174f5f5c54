package directory

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/deputy-sts/deputy/arn"
	"github.com/deputy-sts/deputy/policy"
)

// BindTrust makes a role's trust policy of its text: it parses it and notes which
// unique ids the ARNs of users and roles in it mean today. The error is a
// *policy.SyntaxError with AWS's text. A user or role that does not exist here is
// one; so is the unique id of one that is gone. Any account may be named.
//
// Source: IAM User Guide, reference_policies_elements_principal and
// reference_identifiers.
func BindTrust(v *View, text string) (*Inline, error) {
	p, err := policy.Parse(text, policy.Trust)
	if err != nil {
		return nil, err
	}
	out := &Inline{Text: text}
	for _, ref := range p.Principals() {
		if ref.Type != "AWS" {
			continue
		}
		id, ok := v.bind(ref.Value)
		if !ok {
			return nil, invalidPrincipal(text, ref)
		}
		if id == "" {
			continue
		}
		if out.Principals == nil {
			out.Principals = map[string]string{}
		}
		out.Principals[ref.Value] = id
	}
	return out, nil
}

// bind gives the id that a principal means, "" if it is one that has none, and
// false if there is no such principal.
func (v *View) bind(value string) (id string, ok bool) {
	switch {
	case value == "*" || isAccount(value):
		return "", true
	case strings.HasPrefix(value, "AIDA") || strings.HasPrefix(value, "AROA"):
		return value, v.holder(value) != nil
	}
	a, err := arn.Parse(value)
	if err != nil || a.Partition != v.partition || a.Region != "" || !isAccount(a.Account) {
		return "", false
	}
	kind, rest, _ := strings.Cut(a.Resource, "/")
	switch {
	case a.Service == "iam" && a.Resource == "root":
		return "", true
	case a.Service == "iam":
		return v.PrincipalID(value)
	case a.Service != "sts" || strings.ContainsAny(rest, "*?"):
		return "", false
	case kind == "federated-user":
		return "", rest != ""
	case kind == "assumed-role":
		role, session, _ := strings.Cut(rest, "/")
		return "", role != "" && session != ""
	}
	return "", false
}

// isAccount tells whether s is an account id: 12 digits.
func isAccount(s string) bool {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return len(s) == 12
}

func invalidPrincipal(text string, ref policy.PrincipalRef) error {
	before := text[:ref.Start]
	return &policy.SyntaxError{
		Message: fmt.Sprintf("Invalid principal in policy: %q:%q", ref.Type, ref.Value),
		Detail:  fmt.Sprintf("there is no user or role %s", ref.Value),
		Line:    1 + strings.Count(before, "\n"),
		Column:  1 + len([]rune(before[strings.LastIndexByte(before, '\n')+1:])),
		Offset:  ref.Start,
	}
}

// ShowTrust is the text of a trust policy as it reads today: in place of each
// principal that was bound to an id stands the ARN that the id has now, or, when
// the user or role is gone, the id.
func ShowTrust(v *View, i *Inline) string {
	if i == nil {
		return ""
	}
	moved := false
	for written, id := range i.Principals {
		now, exists := v.PrincipalARN(id)
		moved = moved || !exists && written != id || exists && now != written
	}
	if !moved {
		return i.Text
	}
	p, err := policy.Parse(i.Text, policy.Any)
	if err != nil {
		return i.Text
	}
	var b strings.Builder
	done := 0
	for _, ref := range p.Principals() {
		id, bound := i.Principals[ref.Value]
		if !bound || ref.Type != "AWS" {
			continue
		}
		now, exists := v.PrincipalARN(id)
		if !exists {
			now = id
		}
		if now == ref.Value {
			continue
		}
		quoted, err := json.Marshal(now)
		if err != nil {
			continue
		}
		b.WriteString(i.Text[done:ref.Start])
		b.Write(quoted)
		done = ref.End
	}
	b.WriteString(i.Text[done:])
	return b.String()
}
