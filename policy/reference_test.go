package policy

import (
	"encoding/json"
	"math/big"
	"net"
	"strings"
	"time"
)

// A second evaluator, written from the rules alone, slow and plain: documents
// stay decoded JSON, patterns are matched by recursion, nothing is compiled. It
// shares with the first only the types of a request.

type refDoc map[string]any

type refSet struct {
	identity, session  []refDoc
	resource, boundary refDoc
	scps, rcps         [][]refDoc
	hasSession         bool
}

func refParse(text string) (d refDoc) {
	if err := json.Unmarshal([]byte(text), &d); err != nil {
		panic(err)
	}
	return d
}

func refList(v any) (out []string) {
	switch v := v.(type) {
	case string:
		return []string{v}
	case []any:
		for _, x := range v {
			out = append(out, x.(string))
		}
	}
	return out
}

// refGlob matches by definition. Literal characters of the pattern are given as
// runes below zero, so that the value of a variable has no wildcards.
func refGlob(p, s []rune) bool {
	if len(p) == 0 {
		return len(s) == 0
	}
	switch {
	case p[0] == '*':
		return refGlob(p[1:], s) || len(s) > 0 && refGlob(p, s[1:])
	case len(s) == 0:
		return false
	case p[0] == '?' || p[0] == s[0] || p[0] == -s[0]:
		return refGlob(p[1:], s[1:])
	}
	return false
}

// refExpand replaces the variables; without wild all is literal.
func refExpand(s string, ctx Map, wild, vars bool) (out []rune, ok bool) {
	for s != "" {
		if vars && strings.HasPrefix(s, "${") {
			if name, rest, found := strings.Cut(s[2:], "}"); found {
				value := name
				if name != "*" && name != "?" && name != "$" {
					values := ctx[strings.ToLower(name)]
					if len(values) != 1 {
						return nil, false
					}
					value = values[0]
				}
				for _, r := range value {
					out = append(out, -r)
				}
				s = rest
				continue
			}
		}
		r := []rune(s)[0]
		if s = s[len(string(r)):]; !wild {
			r = -r
		}
		out = append(out, r)
	}
	return out, true
}

func refAction(patterns []string, action string) bool {
	for _, p := range patterns {
		if p == "*" || strings.Contains(p, ":") && refGlob([]rune(strings.ToLower(p)), []rune(strings.ToLower(action))) {
			return true
		}
	}
	return false
}

func refResource(patterns []string, resource string, ctx Map, vars bool) bool {
	for _, p := range patterns {
		if resource == "*" {
			if p == "*" {
				return true
			}
			continue
		}
		head := p
		if parts := strings.SplitN(p, ":", 6); len(parts) == 6 {
			head = p[:len(p)-len(parts[5])]
		}
		a, _ := refExpand(head, nil, true, false)
		b, ok := refExpand(p[len(head):], ctx, true, vars)
		if ok && refGlob(append(a, b...), []rune(resource)) {
			return true
		}
	}
	return false
}

func refCondition(op, key string, values []string, ctx Map, vars bool) bool {
	set, base, found := strings.Cut(op, ":")
	if !found {
		set, base = "", op
	}
	base, ifExists := strings.CutSuffix(base, "IfExists")
	have := ctx[strings.ToLower(key)]
	null := strings.Join(have, "") == ""
	negated := strings.Contains(base, "Not")
	if base == "Null" {
		return null == (values[0] == "true")
	}
	one := func(v string) bool {
		if strings.HasPrefix(base, "Arn") && strings.Count(v, ":") < 5 {
			return false
		}
		any := false
		for _, w := range values {
			any = any || refValue(strings.Replace(strings.Replace(base, "NotLike", "Like", 1), "Not", "", 1), w, v, ctx, vars)
		}
		return any != negated
	}
	switch {
	case len(have) == 0 && (ifExists || set == "ForAllValues"), null && set == "ForAllValues":
		return true
	case len(have) == 0:
		return set == "" && negated
	case set == "":
		return len(have) == 1 && one(have[0])
	}
	all, any := true, false
	for _, v := range have {
		all, any = all && one(v), any || one(v)
	}
	return set == "ForAllValues" && all || set == "ForAnyValue" && any
}

func refValue(base, want, have string, ctx Map, vars bool) bool {
	switch {
	case base == "StringEquals" || base == "StringLike":
		p, ok := refExpand(want, ctx, base == "StringLike", vars)
		return ok && refGlob(p, []rune(have))
	case strings.HasPrefix(base, "Arn"):
		p, h := strings.SplitN(want, ":", 6), strings.SplitN(have, ":", 6)
		for i := 0; i < 6; i++ {
			if len(p) < 6 || len(h) < 6 {
				return false
			}
			if e, ok := refExpand(p[i], ctx, true, vars); !ok || !refGlob(e, []rune(h[i])) {
				return false
			}
		}
		return true
	case strings.HasPrefix(base, "Numeric"):
		w, ok1 := new(big.Rat).SetString(want)
		h, ok2 := new(big.Rat).SetString(have)
		return ok1 && ok2 && refOrder(strings.TrimPrefix(base, "Numeric"), h.Cmp(w))
	case strings.HasPrefix(base, "Date"):
		w, err1 := time.Parse(time.RFC3339, want)
		h, err2 := time.Parse(time.RFC3339, have)
		return err1 == nil && err2 == nil && refOrder(strings.TrimPrefix(base, "Date"), h.Compare(w))
	case base == "Bool":
		return strings.EqualFold(want, have)
	case base == "IpAddress":
		_, n, err := net.ParseCIDR(want)
		return err == nil && n.Contains(net.ParseIP(have))
	}
	panic(base)
}

func refOrder(name string, c int) bool {
	return name == "Equals" && c == 0 || strings.HasPrefix(name, "LessThan") && c < 0 || strings.HasPrefix(name, "GreaterThan") && c > 0 ||
		strings.HasSuffix(name, "ThanEquals") && c == 0
}

// refNames is 0 for not named, 1 by account, 2 by role or issuer, 3 directly.
func refNames(element any, c *Principal) (best int) {
	if element == "*" {
		return 3
	}
	iam := c.Type == User || c.Type == AssumedRole || c.Type == FederatedUser || c.Type == Root
	for typ, values := range element.(map[string]any) {
		for _, v := range refList(values) {
			switch {
			case typ == "AWS" && v == "*", typ == "Service" && c.Type == Service && v == c.Service,
				typ == "Federated" && (c.Type == WebIdentity || c.Type == SAML) && v == c.Provider,
				typ == "AWS" && iam && (v == c.ARN || c.Type == User && v == c.ID):
				best = 3
			case typ == "AWS" && (c.Type == AssumedRole || c.Type == FederatedUser && !strings.HasSuffix(c.IssuerARN, ":root")) && (v == c.IssuerARN || v == c.IssuerID):
				best = max(best, 2)
			case typ == "AWS" && iam && (v == c.Account || v == "arn:aws:iam::"+c.Account+":root"):
				best = max(best, 1)
				if c.Type == Root {
					best = 3
				}
			}
		}
	}
	return best
}

// refAsk gives whether a Deny of the document matches, and how closely an Allow
// names the caller (3 for documents that name nobody).
func refAsk(d refDoc, r *Request, c *Principal, resourcePolicy, bounded bool) (deny bool, allow int) {
	statements, ok := d["Statement"].([]any)
	if !ok {
		statements = []any{d["Statement"]}
	}
	for _, x := range statements {
		s := x.(map[string]any)
		if named := refStatement(d, s, r, c, resourcePolicy, bounded); named > 0 {
			if s["Effect"] == "Deny" {
				deny = true
			} else {
				allow = max(allow, named)
			}
		}
	}
	return deny, allow
}

func refStatement(d refDoc, s map[string]any, r *Request, c *Principal, resourcePolicy, bounded bool) int {
	ctx, vars := r.Context.(Map), d["Version"] == "2012-10-17"
	if a, ok := s["Action"]; ok && !refAction(refList(a), r.Action) {
		return 0
	}
	if a, ok := s["NotAction"]; ok && refAction(refList(a), r.Action) {
		return 0
	}
	res, has := s["Resource"]
	not, hasNot := s["NotResource"]
	switch {
	case has && !refResource(refList(res), r.Resource, ctx, vars), hasNot && refResource(refList(not), r.Resource, ctx, vars),
		!has && !hasNot && !resourcePolicy:
		return 0
	}
	if conditions, ok := s["Condition"].(map[string]any); ok {
		for op, keys := range conditions {
			for key, values := range keys.(map[string]any) {
				if !refCondition(op, key, refList(values), ctx, vars) {
					return 0
				}
			}
		}
	}
	if !resourcePolicy {
		return 3
	}
	if p, ok := s["Principal"]; ok {
		return refNames(p, c)
	}
	if p, ok := s["NotPrincipal"]; ok && s["Effect"] == "Deny" && (bounded || refNames(p, c) == 0) {
		return 3
	}
	return 0
}

// refDecide is section 1 of the rules, line by line.
func refDecide(s *refSet, r *Request) Decision {
	c := r.Principal
	iam := c.Type == User || c.Type == AssumedRole || c.Type == FederatedUser || c.Type == Root
	if r.Action == "sts:GetCallerIdentity" && (iam || c.Type == Service) || r.Action == "sts:GetSessionToken" && (c.Type == User || c.Type == Root) {
		return Allow
	}
	denied := false
	ask := func(ds []refDoc, resourcePolicy bool) (best int) {
		for _, d := range ds {
			deny, allow := refAsk(d, r, c, resourcePolicy, s.boundary != nil)
			denied, best = denied || deny, max(best, allow)
		}
		return best
	}
	linked := c.Type == AssumedRole && strings.Contains(c.IssuerARN, ":role/aws-service-role/")
	scp := true
	if !linked {
		for _, l := range s.rcps {
			if !strings.HasPrefix(r.Action, "iam:") && !strings.HasPrefix(r.Action, "sts:Get") {
				ask(l, false)
			}
		}
		for _, l := range s.scps {
			if iam {
				scp = ask(l, false) > 0 && scp
			}
		}
	}
	grant, id, b, sess := 0, false, true, true
	if s.resource != nil {
		grant = ask([]refDoc{s.resource}, true)
	}
	if iam {
		id = ask(s.identity, false) > 0 || c.Type == Root || c.Type == FederatedUser && strings.HasSuffix(c.IssuerARN, ":root")
		if s.boundary != nil {
			b = ask([]refDoc{s.boundary}, false) > 0
		}
		passed := s.hasSession || len(s.session) > 0
		sess = ask(s.session, false) > 0 || !passed && c.Type != FederatedUser
	}
	trust := map[string]bool{"sts:AssumeRole": true, "sts:TagSession": true}[r.Action] && strings.Contains(r.Resource, ":role/")
	chain := id && b && sess
	allowed := false
	switch {
	case denied:
		return ExplicitDeny
	case !scp:
	case !iam:
		allowed = grant > 0
	case c.Account != r.ResourceAccount:
		allowed = grant > 0 && chain
	case grant == 3:
		allowed = true
	case grant == 2 && b && sess:
		allowed = true
	case trust:
		allowed = grant == 1 && chain
	default:
		allowed = chain
	}
	if allowed {
		return Allow
	}
	return ImplicitDeny
}
