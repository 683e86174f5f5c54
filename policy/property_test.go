package policy

import (
	"encoding/json"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// generator makes small documents and requests of few words, so that they meet.
type generator struct{ *rand.Rand }

func pick[T any](g generator, list ...T) T { return list[g.IntN(len(list))] }

// some gives one to three of the list, as a string if it is one and by chance.
func (g generator) some(list ...string) any {
	n := 1 + g.IntN(3)
	if n == 1 && g.IntN(2) == 0 {
		return pick(g, list...)
	}
	out := make([]string, n)
	for i := range out {
		out[i] = pick(g, list...)
	}
	return out
}

func (g generator) document(principals bool) string {
	d := map[string]any{}
	if g.IntN(8) > 0 {
		d["Version"] = pick(g, version2012, version2012, version2012, version2008)
	}
	statements := make([]any, 1+g.IntN(4))
	for i := range statements {
		statements[i] = g.statement(principals)
	}
	d["Statement"] = statements
	b, err := json.Marshal(d)
	if err != nil {
		panic(err)
	}
	return string(b)
}

func (g generator) statement(principals bool) map[string]any {
	s := map[string]any{"Effect": pick(g, "Allow", "Allow", "Deny")}
	s[pick(g, "Action", "Action", "Action", "NotAction")] = g.some("*", "s3:*", "s3:Get*", "s3:GetObject", "S3:putobject", "sts:AssumeRole", "sts:TagSession",
		"iam:?reateUser", "*:Get*", "*:*", "s3:*Object", "sts:*", "kms:*", "KMS:Decr?pt", "GetObject", "s3:GetObject,s3:PutObject", "s3:GetObject ", "s3:", "s*:GetObject",
		"s3:Get:Object", "?3:*", longAction, "ec2:**")
	if g.IntN(8) > 0 {
		s[pick(g, "Resource", "Resource", "Resource", "NotResource")] = g.some("*", "*", "arn:aws:s3:::ledger/*", "arn:aws:s3:::ledger", "arn:aws:s3:::led*",
			"arn:aws:s3:::home/${aws:username}/*", "arn:aws:s3:::home/${aws:missing}", "arn:aws:iam::111122223333:role/*", roleARN, "arn:aws:s3:::home/?*/x", "arn:*", "?",
			"arn:aws:s3:::${aws:missing, 'home'}/*/x", "arn:aws:s3:::home/${*}/x", "arn:${aws:username}:s3:::ledger", "arn:aws:kms:*:*:key/*", "arn:aws:s3", "arn:aws:s3:::LEDGER/*")
	}
	if principals && g.IntN(10) > 0 {
		s[pick(g, "Principal", "Principal", "Principal", "NotPrincipal")] = g.principals()
	}
	if g.IntN(2) == 0 {
		s["Condition"] = g.condition()
	}
	return s
}

func (g generator) principals() any {
	if g.IntN(5) == 0 {
		return "*"
	}
	p := map[string]any{"AWS": g.some("111122223333", "444455556666", "arn:aws:iam::111122223333:root", aUser().ARN, aUser().ID, roleARN, aSession().ARN,
		aSession().IssuerID, "arn:aws:sts::111122223333:federated-user/kiosk", "*", "arn:aws:iam::111122223333:user/*")}
	switch g.IntN(8) {
	case 0:
		p["Service"] = g.some("ec2.amazonaws.com", "sns.amazonaws.com", "*")
	case 1:
		p["Federated"] = g.some("accounts.google.com", "arn:aws:iam::111122223333:saml-provider/P", "*")
	case 2:
		p["CanonicalUser"] = g.some(canonicalID, "0123456789abcdef")
	case 3:
		delete(p, "AWS")
		p["Service"] = "ec2.amazonaws.com"
	}
	return p
}

const canonicalID = "79a59df900b949e55d96a1e698fbacedfd6e09d98eacf8f8d5218e7cd47ef2be"

// longAction is longer than the buffer in which an evaluation folds case.
var longAction = "ec2:" + strings.Repeat("Describe", 9)

// wordsOf are a key of each family of operators, the values of policies and those
// of requests.
var wordsOf = [...]struct {
	operators        []string
	key              string
	wanted, provided []string
}{
	{[]string{"StringEquals", "StringNotEquals", "StringLike", "StringNotLike", "StringEqualsIgnoreCase", "StringNotEqualsIgnoreCase"}, "k:s",
		[]string{"red", "re?", "*", "blue", "BLUE", "${aws:username}", "${k:none}", "${k:none, 'reed'}", "${k:s}", "${*}", "${?}x${$}", "${open", ""},
		[]string{"red", "RED", "reed", "blue", "", "maren", "*", "?x$", "${open"}},
	{[]string{"NumericEquals", "NumericNotEquals", "NumericLessThan", "NumericLessThanEquals", "NumericGreaterThan", "NumericGreaterThanEquals"}, "k:n",
		[]string{"1", "10", "9.5", "-3", "010", "x", ""}, []string{"1", "10.0", "12", "-3.00", "-2", "9.50", "x", ""}},
	{[]string{"DateEquals", "DateNotEquals", "DateLessThan", "DateLessThanEquals", "DateGreaterThan", "DateGreaterThanEquals"}, "k:d",
		[]string{"2031-04-01T12:00:00Z", "2031-04-01T14:00:00+02:00", "2032-01-01T00:00:00Z", "2031-04", "1932811200"},
		[]string{"2031-04-01T12:00:00Z", "2031-12-01T00:00:00.5Z", "1932811200", "2031-04-01", "2031", "x", ""}},
	{[]string{"Bool"}, "k:b", []string{"true", "false", "TRUE", "maybe"}, []string{"true", "False", "maybe", ""}},
	{[]string{"BinaryEquals"}, "k:y", []string{"QmluYXJ5", "QQ==", "!"}, []string{"QmluYXJ5", "qmluYXJ5", "QQ==", "!", ""}},
	{[]string{"IpAddress", "NotIpAddress"}, "k:i", []string{"10.0.0.0/8", "10.1.0.0/16", "2001:db8::/32", "10.9.9.9", "2001:db8::5", "0.0.0.0/0", "10.0.0.0/33"},
		[]string{"10.1.2.3", "10.9.9.9", "11.0.0.1", "2001:DB8:0::5", "2001:db8:1::", "::1", "x", ""}},
	{[]string{"ArnEquals", "ArnNotLike", "ArnLike", "ArnNotEquals"}, "k:a",
		[]string{"arn:aws:sns:*:1:al*", "arn:aws:sns:eu:*:${aws:username}", "*", "arn:aws:sns:eu:1:alerts", "arn:aws:s?s:*:*:${k:none}"},
		[]string{"arn:aws:sns:eu:1:alerts", "arn:aws:sns:eu:2:maren", "arn:aws:sns:eu:1:x:y", "arn:aws:sns:eu:1:ALERTS", "x", ""}},
	{[]string{"Null"}, "k:s", []string{"true", "false", "TRUE", "x"}, nil},
}

func (g generator) condition() map[string]any {
	out := map[string]any{}
	if g.IntN(20) == 0 {
		out["StringSame"] = map[string]any{} // no operator, and nothing under it: it is as if it were not there
	}
	for range 1 + g.IntN(2) {
		set, suffix := pick(g, "", "", "ForAllValues:", "ForAnyValue:"), pick(g, "", "", "IfExists")
		w := pick(g, wordsOf[:]...)
		op, key := pick(g, w.operators...), pick(g, w.key, w.key, w.key, strings.ToUpper(w.key), "k:none")
		if op == "Null" {
			suffix, key = "", pick(g, "k:s", "k:none", "k:n", "K:I")
		}
		out[set+op+suffix] = map[string]any{key: g.some(w.wanted...)}
	}
	return out
}

// askers are callers of every type.
var askers = func() []*Principal {
	linked := aSession()
	linked.IssuerARN = "arn:aws:iam::111122223333:role/aws-service-role/x/R"
	known := aUser()
	known.CanonicalID = canonicalID
	root := &Principal{Type: Root, Account: "111122223333", ARN: "arn:aws:iam::111122223333:root", ID: "111122223333", CanonicalID: canonicalID}
	federated := func(arn, id string) *Principal {
		return &Principal{Type: FederatedUser, Account: "111122223333", ARN: "arn:aws:sts::111122223333:federated-user/kiosk", ID: "111122223333:kiosk", IssuerARN: arn, IssuerID: id}
	}
	return []*Principal{aUser(), aUser(), known, aSession(), aSession(), aSession(), linked, root, federated(aUser().ARN, aUser().ID), federated(root.ARN, root.ID),
		{Type: Service, Service: "ec2.amazonaws.com"}, {Type: WebIdentity, Provider: "accounts.google.com"},
		{Type: SAML, Provider: "arn:aws:iam::111122223333:saml-provider/P"}, {}, nil}
}()

func (g generator) request() *Request {
	ctx := Map{}
	put := func(key string, values []string) {
		switch g.IntN(6) {
		case 0:
		case 1:
			ctx[key] = []string{}
		case 2:
			ctx[key] = []string{pick(g, values...), pick(g, values...)}
		default:
			ctx[key] = []string{pick(g, values...)}
		}
	}
	for i := range wordsOf {
		if w := &wordsOf[i]; w.provided != nil {
			put(w.key, w.provided)
		}
	}
	put("aws:username", []string{"maren", "*", "re?"})
	return &Request{
		Principal: pick(g, askers...),
		Action: pick(g, "s3:GetObject", "s3:GetObject", "S3:PUTOBJECT", "sts:AssumeRole", "sts:TagSession", "sts:AssumeRoleWithSAML", "iam:CreateUser", "sts:GetCallerIdentity",
			"sts:GetSessionToken", "sts:GetFederationToken", "kms:Decrypt", longAction, "GetObject"),
		Resource: pick(g, objectARN, "arn:aws:s3:::ledger", "arn:aws:s3:::home/maren/x", "arn:aws:s3:::home/*/x", "arn:aws:s3:::home/re?/a", roleARN, roleARN,
			"arn:aws:iam::444455556666:role/Freight", "arn:aws:kms:eu-west-1:111122223333:key/1", "arn:aws:kms:eu-west-1:111122223333:alias/a", "*", "bucket"),
		ResourceAccount: pick(g, "", "111122223333", "111122223333", "444455556666"),
		Context:         ctx,
	}
}

// both is a set for the evaluator and the same for the reference.
type both struct {
	set Set
	ref refSet
}

func (g generator) both(t testing.TB) (b both) {
	one := func(principals bool) (*Policy, refDoc) {
		text := g.document(principals)
		return mustParse(t, text, Any), refParse(text)
	}
	many := func(most int) (ps []*Policy, ds []refDoc) {
		for range g.IntN(most + 1) {
			p, d := one(false)
			ps, ds = append(ps, p), append(ds, d)
		}
		return ps, ds
	}
	b.set.Identity, b.ref.identity = many(3)
	if g.IntN(2) == 0 {
		b.set.Resource, b.ref.resource = one(true)
	}
	if g.IntN(4) == 0 {
		b.set.Boundary, b.ref.boundary = one(false)
	}
	if g.IntN(3) == 0 {
		b.set.Session, b.ref.session = many(2)
		b.set.HasSession = g.IntN(2) == 0
		b.ref.hasSession = b.set.HasSession
	}
	if g.IntN(4) == 0 {
		for range 1 + g.IntN(2) {
			ps, ds := many(2)
			b.set.SCPs, b.ref.scps = append(b.set.SCPs, ps), append(b.ref.scps, ds)
		}
	}
	if g.IntN(6) == 0 {
		ps, ds := many(1)
		b.set.RCPs, b.ref.rcps = append(b.set.RCPs, ps), append(b.ref.rcps, ds)
	}
	return b
}

// seed is DEPUTY_SEED, or that of every run.
func seed(usual uint64) uint64 {
	if n, err := strconv.ParseUint(os.Getenv("DEPUTY_SEED"), 10, 64); err == nil {
		return n
	}
	return usual
}

// count is how many random cases a test takes.
func count(short, long int) int {
	switch {
	case os.Getenv("DEPUTY_LONG") != "":
		return long
	case testing.Short():
		return short / 5
	}
	return short
}

// TestReference compares with the second evaluator: the decision, and what the
// trace says of each layer. A traced evaluation equals an untraced one.
func TestReference(t *testing.T) {
	g := generator{rand.New(rand.NewPCG(seed(7), 11))}
	seen := map[Decision]int{}
	n := count(30_000, 10_000_000)
	for i := 0; i < n; {
		b := g.both(t)
		for range 10 {
			i++
			r := g.request()
			got := b.set.Evaluate(r, nil)
			want, layers := refDecide(&b.ref, r)
			if got.Decision != want {
				t.Fatalf("case %d: %v, want %v\n%s", i, got.Decision, want, show(&b.set, r))
			}
			var trace Trace
			if traced := b.set.Evaluate(r, &trace); traced != got {
				t.Fatalf("case %d: traced %+v, not traced %+v\n%s", i, traced, got, show(&b.set, r))
			}
			compareLayers(t, &trace, layers, func() string { return show(&b.set, r) })
			seen[got.Decision]++
		}
	}
	for _, d := range []Decision{Allow, ImplicitDeny, ExplicitDeny} {
		if seen[d] < n/20 {
			t.Errorf("%d of %d cases give %v: too few to prove anything", seen[d], n, d)
		}
	}
}

// compareLayers holds the trace to the layers of the reference. The trace may
// have a layer more: one without a policy that was needed.
func compareLayers(t *testing.T, trace *Trace, layers refLayers, show func() string) {
	t.Helper()
	for l := LayerIdentity; l <= LayerTrust; l++ {
		want, known := layers[l]
		got, asked := trace.Layer(l)
		if known && !asked || got != want {
			t.Fatalf("layer %v: %v, want %v\n%s", l, got, want, show())
		}
	}
	for _, m := range trace.Deciding() {
		if (m.Statement.Effect == "Deny") != (trace.Result.Decision == ExplicitDeny) {
			t.Fatalf("an odd statement decides\n%s", show())
		}
	}
	if trace.Result.Decision == ExplicitDeny && len(trace.Deciding()) == 0 {
		t.Fatalf("nothing denies\n%s", show())
	}
}

func show(s *Set, r *Request) string {
	var trace Trace
	s.Evaluate(r, &trace)
	b, _ := json.MarshalIndent(&trace, "", " ")
	c, _ := json.Marshal(r)
	return string(c) + "\n" + string(b)
}

// TestMonotonic: an Allow more never denies, a Deny more never allows, and what
// limits only takes away: a boundary, a session policy, a level of service or
// resource control policies. A boundary can also deny, for it turns NotPrincipal on.
func TestMonotonic(t *testing.T) {
	g := generator{rand.New(rand.NewPCG(seed(3), 5))}
	for i := range count(10_000, 1_000_000) {
		b, r := g.both(t), g.request()
		before := b.set.Evaluate(r, nil).Decision
		check := func(what string, more Set, ok func(after Decision) bool) {
			t.Helper()
			if d := more.Evaluate(r, nil).Decision; !ok(d) {
				t.Fatalf("case %d: with %s more %v becomes %v\n%s", i, what, before, d, show(&b.set, r))
			}
		}
		grows := func(after Decision) bool {
			return after == before || before == ImplicitDeny && after == Allow
		}
		shrinks := func(after Decision) bool { return after == before || after != Allow && before != ExplicitDeny }
		for _, l := range layersOf {
			if more := b.set; l.add(&more, b.set, allowAll(t)) {
				check("an Allow of "+l.name, more, grows)
			}
			if more := b.set; l.add(&more, b.set, denyAll(t)) {
				check("a Deny of "+l.name, more, shrinks)
			}
		}
		limit := mustParse(t, g.document(false), Any)
		if more := b.set; more.Boundary == nil {
			more.Boundary = limit
			check("a boundary", more, shrinks)
		}
		if more := b.set; len(more.Session) == 0 && !more.HasSession && (r.Principal == nil || r.Principal.Type != FederatedUser) {
			more.Session = list(limit)
			check("a session policy", more, shrinks)
		}
		more := b.set
		more.SCPs = append([][]*Policy{{limit}}, more.SCPs...)
		check("a level of service control policies", more, shrinks)
		more = b.set
		more.RCPs = append([][]*Policy{{limit}}, more.RCPs...)
		check("a level of resource control policies", more, shrinks)
	}
}

// layersOf add a policy to a layer that has some; false if there is none.
var layersOf = []struct {
	name string
	add  func(more *Set, old Set, p *Policy) bool
}{
	{"an identity policy", func(more *Set, old Set, p *Policy) bool {
		more.Identity = append(list(p), old.Identity...)
		return true
	}},
	{"a session policy", func(more *Set, old Set, p *Policy) bool {
		more.Session = append(list(p), old.Session...)
		return len(old.Session) > 0
	}},
	{"a service control policy", func(more *Set, old Set, p *Policy) bool {
		more.SCPs = slices.Clone(old.SCPs)
		for i := range more.SCPs {
			more.SCPs[i] = append(list(p), more.SCPs[i]...)
		}
		return len(old.SCPs) > 0
	}},
	{"a resource control policy", func(more *Set, old Set, p *Policy) bool {
		more.RCPs = slices.Clone(old.RCPs)
		for i := range more.RCPs {
			more.RCPs[i] = append(list(p), more.RCPs[i]...)
		}
		return len(old.RCPs) > 0
	}},
}
