package policy

import (
	"encoding/json"
	"math/rand/v2"
	"os"
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
		"iam:?reateUser", "*:Get*", "s3:*Object", "sts:*", "GetObject", "s3:GetObject,s3:PutObject")
	if g.IntN(8) > 0 {
		s[pick(g, "Resource", "Resource", "Resource", "NotResource")] = g.some("*", "arn:aws:s3:::ledger/*", "arn:aws:s3:::ledger", "arn:aws:s3:::led*",
			"arn:aws:s3:::home/${aws:username}/*", "arn:aws:s3:::home/${aws:missing}", "arn:aws:iam::111122223333:role/*", roleARN, "arn:aws:s3:::home/?*/x", "arn:*", "?")
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
	switch g.IntN(6) {
	case 0:
		p["Service"] = "ec2.amazonaws.com"
	case 1:
		p["Federated"] = "accounts.google.com"
	}
	return p
}

func (g generator) condition() map[string]any {
	out := map[string]any{}
	for range 1 + g.IntN(2) {
		set, suffix := pick(g, "", "", "ForAllValues:", "ForAnyValue:"), pick(g, "", "", "IfExists")
		switch g.IntN(7) {
		case 0:
			out[set+pick(g, "StringEquals", "StringNotEquals", "StringLike", "StringNotLike")+suffix] =
				map[string]any{pick(g, "k:s", "K:S", "k:none"): g.some("red", "re?", "*", "blue", "${aws:username}", "${k:none}", "${*}", "")}
		case 1:
			out[set+pick(g, "NumericEquals", "NumericNotEquals", "NumericLessThan", "NumericGreaterThanEquals")+suffix] = map[string]any{"k:n": g.some("1", "10", "9.5", "x")}
		case 2:
			out[set+pick(g, "DateEquals", "DateNotEquals", "DateLessThan", "DateGreaterThanEquals")+suffix] =
				map[string]any{"k:d": g.some("2031-04-01T12:00:00Z", "2031-04-01T14:00:00+02:00", "2032-01-01T00:00:00Z")}
		case 3:
			out[set+"Bool"+suffix] = map[string]any{"k:b": pick(g, "true", "false")}
		case 4:
			out[set+pick(g, "IpAddress", "NotIpAddress")+suffix] = map[string]any{"k:i": g.some("10.0.0.0/8", "10.1.0.0/16", "2001:db8::/32")}
		case 5:
			out[set+pick(g, "ArnEquals", "ArnNotLike", "ArnLike", "ArnNotEquals")+suffix] =
				map[string]any{"k:a": g.some("arn:aws:sns:*:1:al*", "arn:aws:sns:eu:*:${aws:username}", "*", "arn:aws:sns:eu:1:alerts")}
		case 6:
			out["Null"] = map[string]any{pick(g, "k:s", "k:none", "k:n"): pick(g, "true", "false")}
		}
	}
	return out
}

func (g generator) request() *Request {
	ctx := Map{}
	put := func(key string, values ...string) {
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
	put("k:s", "red", "reed", "blue", "", "maren", "*")
	put("k:n", "1", "10.0", "12", "x")
	put("k:d", "2031-04-01T12:00:00Z", "2031-12-01T00:00:00.5Z", "x")
	put("k:b", "true", "False")
	put("k:i", "10.1.2.3", "10.9.9.9", "11.0.0.1", "2001:db8::5", "x")
	put("k:a", "arn:aws:sns:eu:1:alerts", "arn:aws:sns:eu:2:maren", "arn:aws:sns:eu:1:x:y", "x")
	put("aws:username", "maren", "*", "re?")
	linked := aSession()
	linked.IssuerARN = "arn:aws:iam::111122223333:role/aws-service-role/x/R"
	return &Request{
		Principal: pick(g, aUser(), aUser(), aSession(), aSession(), linked,
			&Principal{Type: Root, Account: "111122223333", ARN: "arn:aws:iam::111122223333:root", ID: "111122223333"},
			&Principal{Type: FederatedUser, Account: "111122223333", ARN: "arn:aws:sts::111122223333:federated-user/kiosk", ID: "111122223333:kiosk",
				IssuerARN: aUser().ARN, IssuerID: aUser().ID},
			&Principal{Type: FederatedUser, Account: "111122223333", ARN: "arn:aws:sts::111122223333:federated-user/kiosk", ID: "111122223333:kiosk",
				IssuerARN: "arn:aws:iam::111122223333:root", IssuerID: "111122223333"},
			&Principal{Type: Service, Service: "ec2.amazonaws.com"}, &Principal{Type: WebIdentity, Provider: "accounts.google.com"},
			&Principal{Type: SAML, Provider: "arn:aws:iam::111122223333:saml-provider/P"}, &Principal{}),
		Action: pick(g, "s3:GetObject", "s3:GetObject", "s3:PutObject", "sts:AssumeRole", "sts:TagSession", "iam:CreateUser", "sts:GetCallerIdentity", "sts:GetSessionToken"),
		Resource: pick(g, objectARN, "arn:aws:s3:::ledger", "arn:aws:s3:::home/maren/x", "arn:aws:s3:::home/*/x", "arn:aws:s3:::home/re?/a", roleARN,
			"arn:aws:iam::444455556666:role/Freight", "*"),
		ResourceAccount: pick(g, "111122223333", "111122223333", "444455556666"),
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

// TestReference compares with the second evaluator, and a traced evaluation with
// an untraced one.
func TestReference(t *testing.T) {
	g := generator{rand.New(rand.NewPCG(7, 11))}
	seen := map[Decision]int{}
	n := count(30_000, 10_000_000)
	for i := 0; i < n; {
		b := g.both(t)
		for range 10 {
			i++
			r := g.request()
			got, want := b.set.Evaluate(r, nil), refDecide(&b.ref, r)
			if got.Decision != want {
				t.Fatalf("case %d: %v, want %v\n%s", i, got.Decision, want, show(&b.set, r))
			}
			var trace Trace
			if traced := b.set.Evaluate(r, &trace); traced != got {
				t.Fatalf("case %d: traced %+v, not traced %+v\n%s", i, traced, got, show(&b.set, r))
			}
			seen[got.Decision]++
		}
	}
	for _, d := range []Decision{Allow, ImplicitDeny, ExplicitDeny} {
		if seen[d] < n/20 {
			t.Errorf("%d of %d cases give %v: too few to prove anything", seen[d], n, d)
		}
	}
}

func show(s *Set, r *Request) string {
	var trace Trace
	s.Evaluate(r, &trace)
	b, _ := json.MarshalIndent(&trace, "", " ")
	c, _ := json.Marshal(r)
	return string(c) + "\n" + string(b)
}

// TestMonotonic: an Allow more never denies, a Deny more never allows, and a
// boundary or session policy only takes away; except that a boundary turns
// NotPrincipal on, which denies.
func TestMonotonic(t *testing.T) {
	g := generator{rand.New(rand.NewPCG(3, 5))}
	for i := range count(10_000, 1_000_000) {
		b, r := g.both(t), g.request()
		before := b.set.Evaluate(r, nil).Decision
		more := b.set
		more.Identity = append(list(allowAll(t)), more.Identity...)
		if d := more.Evaluate(r, nil).Decision; before == Allow && d != Allow || (before == ExplicitDeny) != (d == ExplicitDeny) {
			t.Fatalf("case %d: with an Allow more %v becomes %v\n%s", i, before, d, show(&b.set, r))
		}
		more = b.set
		more.Identity = append(list(denyAll(t)), more.Identity...)
		if d := more.Evaluate(r, nil).Decision; before != Allow && d == Allow {
			t.Fatalf("case %d: with a Deny more %v becomes %v\n%s", i, before, d, show(&b.set, r))
		}
		if more = b.set; more.Boundary == nil {
			more.Boundary = mustParse(t, g.document(false), Any)
			if d := more.Evaluate(r, nil).Decision; before != Allow && d == Allow {
				t.Fatalf("case %d: with a boundary %v becomes %v\n%s", i, before, d, show(&b.set, r))
			}
		}
		if more = b.set; len(more.Session) == 0 && !more.HasSession && r.Principal.Type == AssumedRole {
			more.Session = list(mustParse(t, g.document(false), Any))
			if d := more.Evaluate(r, nil).Decision; before != Allow && d == Allow {
				t.Fatalf("case %d: with a session policy %v becomes %v\n%s", i, before, d, show(&b.set, r))
			}
		}
	}
}
