package policy

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math/big"
	"net"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
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
	dec := json.NewDecoder(strings.NewReader(text))
	dec.UseNumber()
	if err := dec.Decode(&d); err != nil {
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
			out = append(out, refList(x)...)
		}
	case bool, json.Number:
		return []string{fmt.Sprint(v)}
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

// refVariable reads what stands between ${ and }.
var refVariable = regexp.MustCompile(`^([^,']+?) *(?:, *'([^']*)')?$`)

// refExpand replaces the variables; without wild all is literal.
func refExpand(s string, ctx Map, wild, vars bool) (out []rune, ok bool) {
	for s != "" {
		if vars && strings.HasPrefix(s, "${") {
			if name, rest, found := strings.Cut(s[2:], "}"); found {
				value := name
				if name != "*" && name != "?" && name != "$" {
					m := refVariable.FindStringSubmatch(name)
					if m == nil {
						return nil, false
					}
					values := ctx[strings.ToLower(m[1])]
					switch {
					case len(values) == 1:
						value = values[0]
					case len(values) == 0 && strings.Contains(name, ","):
						value = m[2]
					default:
						return nil, false
					}
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

// refActionForm is how a pattern must look: a service or "*", a colon, a name.
var refActionForm = regexp.MustCompile(`^(?:\*|[^*?:]+):[^:, ]+$`)

func refAction(patterns []string, action string) bool {
	for _, p := range patterns {
		if p == "*" || refActionForm.MatchString(p) && refGlob([]rune(strings.ToLower(p)), []rune(strings.ToLower(action))) {
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
	have, present := ctx[strings.ToLower(key)]
	null := strings.Join(have, "") == ""
	if base == "Null" {
		return slices.ContainsFunc(values, func(v string) bool { return strings.EqualFold(v, strconv.FormatBool(null)) })
	}
	one := func(v string) bool {
		if strings.HasPrefix(base, "Arn") && strings.Count(v, ":") < 5 {
			return false
		}
		any := false
		for _, w := range values {
			any = any || refValue(strings.Replace(strings.Replace(base, "NotLike", "Like", 1), "Not", "", 1), w, v, ctx, vars)
		}
		return any != strings.Contains(base, "Not")
	}
	switch {
	case !present && ifExists:
		return true
	case set == "ForAllValues":
		return null || !slices.ContainsFunc(have, func(v string) bool { return !one(v) })
	case set == "ForAnyValue":
		return slices.ContainsFunc(have, one)
	case len(have) == 0:
		return strings.Contains(base, "Not")
	}
	return len(have) == 1 && one(have[0])
}

func refValue(base, want, have string, ctx Map, vars bool) bool {
	switch {
	case strings.HasPrefix(base, "String"):
		p, ok := refExpand(want, ctx, base == "StringLike", vars)
		if ok && base == "StringEqualsIgnoreCase" {
			for i := range p {
				p[i] = -unicode.ToLower(-p[i])
			}
			have = strings.ToLower(have)
		}
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
		w, ok1 := refNumber(want)
		h, ok2 := refNumber(have)
		return ok1 && ok2 && refOrder(strings.TrimPrefix(base, "Numeric"), h.Cmp(w))
	case strings.HasPrefix(base, "Date"):
		w, ok1 := refDate(want)
		h, ok2 := refDate(have)
		return ok1 && ok2 && refOrder(strings.TrimPrefix(base, "Date"), h.Compare(w))
	case base == "Bool":
		return strings.EqualFold(want, have) && (strings.EqualFold(want, "true") || strings.EqualFold(want, "false"))
	case base == "BinaryEquals":
		w, err1 := base64.StdEncoding.DecodeString(want)
		h, err2 := base64.StdEncoding.DecodeString(have)
		return err1 == nil && err2 == nil && bytes.Equal(w, h)
	case base == "IpAddress":
		return refAddress(want, have)
	}
	panic(base)
}

func refNumber(s string) (*big.Rat, bool) {
	if s == "" || strings.Trim(s, "+-.0123456789") != "" {
		return nil, false
	}
	return new(big.Rat).SetString(s)
}

// refDate takes the forms of the W3C's note, or seconds.
func refDate(s string) (time.Time, bool) {
	if n, err := strconv.ParseInt(s, 10, 64); err == nil && len(s) != 4 {
		return time.Unix(n, 0), true
	}
	for _, layout := range []string{"2006", "2006-01", "2006-01-02", "2006-01-02T15:04Z07:00", "2006-01-02T15:04:05Z07:00", "2006-01-02T15:04", "2006-01-02T15:04:05"} {
		if t, err := time.Parse(layout, s); err == nil {
			return t, true
		}
	}
	return time.Time{}, false
}

// refAddress compares bit by bit; each family is a world of its own.
func refAddress(want, have string) bool {
	address, size, found := strings.Cut(want, "/")
	w, h := net.ParseIP(address), net.ParseIP(have)
	if w == nil || h == nil || strings.Contains(address, ":") != strings.Contains(have, ":") {
		return false
	}
	if !strings.Contains(address, ":") {
		w, h = w.To4(), h.To4()
	}
	bits := 8 * len(w)
	if found {
		n, err := strconv.Atoi(size)
		if err != nil || n < 0 || n > bits {
			return false
		}
		bits = n
	}
	for i := range bits {
		if (w[i/8]^h[i/8])>>(7-i%8)&1 != 0 {
			return false
		}
	}
	return true
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
			case typ == "AWS" && iam && (v == c.Account || v == "arn:aws:iam::"+c.Account+":root"), typ == "CanonicalUser" && iam && v == c.CanonicalID:
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

// refLayers is what the reference says of each layer that it asks: the decision of
// all levels together.
type refLayers map[Layer]Decision

// note adds a level: each must allow, and one Deny is enough.
func (l refLayers) note(layer Layer, deny, allow bool) {
	d := ImplicitDeny
	switch before, more := l[layer]; {
	case deny || before == ExplicitDeny:
		d = ExplicitDeny
	case allow && (!more || before == Allow):
		d = Allow
	}
	l[layer] = d
}

// refRCP are the services under resource control policies, those of STS by action.
var refRCP = regexp.MustCompile(`^(?:(?:s3|kms|sqs|secretsmanager|ecr|aoss|cognito-idp|cognito-identity|logs|dynamodb):.*|` +
	`sts:(?:assumerole|assumerolewithsaml|assumerolewithwebidentity|tagsession|setsourceidentity|setcontext))$`)

var refTrust = regexp.MustCompile(`^sts:(?:assumerole|assumerolewithsaml|assumerolewithwebidentity|tagsession|setsourceidentity|setcontext) arn:[^:]*:iam:[^:]*:[^:]*:role/`)

var refKey = regexp.MustCompile(`^kms:[^ ]* arn:[^:]*:kms:[^:]*:[^:]*:key/`)

// refDecide is section "The decision" of the rules, line by line.
func refDecide(s *refSet, r *Request) (Decision, refLayers) {
	c, layers := r.Principal, refLayers{}
	if c == nil {
		c = &Principal{}
	}
	action := strings.ToLower(r.Action)
	iam := c.Type == User || c.Type == AssumedRole || c.Type == FederatedUser || c.Type == Root
	if action == "sts:getcalleridentity" && (iam || c.Type == Service) || action == "sts:getsessiontoken" && (c.Type == User || c.Type == Root) {
		return Allow, layers
	}
	denied := false
	ask := func(layer Layer, ds []refDoc) (best int) {
		denies := false
		for _, d := range ds {
			deny, allow := refAsk(d, r, c, layer == LayerResource || layer == LayerTrust, s.boundary != nil)
			denies, best = denies || deny, max(best, allow)
		}
		denied = denied || denies
		layers.note(layer, denies, best > 0 || layer == LayerRCP)
		return best
	}
	linked := c.Type == AssumedRole && strings.Contains(c.IssuerARN, ":role/aws-service-role/")
	scp := true
	if !linked {
		for _, l := range s.rcps {
			if refRCP.MatchString(action) && action != "kms:retiregrant" {
				ask(LayerRCP, l)
			}
		}
		for _, l := range s.scps {
			if iam {
				scp = ask(LayerSCP, l) > 0 && scp
			}
		}
	}
	trust, key := refTrust.MatchString(action+" "+r.Resource), refKey.MatchString(action+" "+r.Resource)
	layer := LayerResource
	if trust {
		layer = LayerTrust
	}
	grant, id, b, sess := 0, false, true, true
	if s.resource != nil {
		grant = ask(layer, []refDoc{s.resource})
	}
	if iam {
		id = ask(LayerIdentity, s.identity) > 0
		if c.Type == Root || c.Type == FederatedUser && strings.HasSuffix(c.IssuerARN, ":root") {
			id = true
			if layers[LayerIdentity] == ImplicitDeny {
				layers[LayerIdentity] = Allow
			}
		}
		if s.boundary != nil {
			b = ask(LayerBoundary, []refDoc{s.boundary}) > 0
		}
		if s.hasSession || len(s.session) > 0 || c.Type == FederatedUser {
			sess = ask(LayerSession, s.session) > 0
		}
	}
	owner := r.ResourceAccount
	if parts := strings.Split(r.Resource, ":"); owner == "" && len(parts) > 5 && len(parts[4]) == 12 {
		owner = parts[4]
	}
	cross := owner != "" && owner != c.Account
	chain := id && b && sess
	allowed := false
	switch {
	case denied:
		return ExplicitDeny, layers
	case !scp:
	case !iam:
		allowed = grant > 0
	case cross:
		allowed = grant > 0 && chain
	case grant == 3:
		allowed = true
	case grant == 2 && b && sess:
		allowed = true
	case trust, key && s.resource != nil:
		allowed = grant == 1 && chain
	default:
		allowed = chain
	}
	if allowed {
		return Allow, layers
	}
	return ImplicitDeny, layers
}
