package policy

import (
	"math/rand/v2"
	"strings"
	"testing"
	"time"
	"unicode/utf8"
)

func FuzzParse(f *testing.F) {
	for _, s := range []string{stmt(`"Effect":"Allow","Action":["s3:*"],"Resource":"arn:aws:s3:::${aws:username, 'x'}/*"`),
		stmt(`"Sid":"A","Effect":"Deny","Principal":{"AWS":["*"]},"NotAction":"*","Condition":{"ForAnyValue:DateLessThanIfExists":{"a":["2031","x",1,true]}}`),
		`{"Statement":[{}]}`, `[[[`, `{"\ud83d\ude00":1e5}`} {
		f.Add(s, uint8(0))
		f.Add(s, uint8(3))
	}
	f.Fuzz(func(t *testing.T, text string, k uint8) {
		p, err := Parse(text, Kind(k%8))
		if err != nil {
			e, ok := err.(*SyntaxError)
			if !ok || e.Message == "" || e.Detail == "" || e.Line < 1 || e.Column < 1 || e.Offset < 0 || e.Offset > len(text) {
				t.Errorf("%#v", err)
			}
			return
		}
		if p.Text() != text || !utf8.ValidString(text) {
			t.Error("the text is not what was submitted")
		}
		for _, r := range p.Principals() {
			if text[r.Start] != '"' || text[r.End-1] != '"' {
				t.Errorf("%+v", r)
			}
		}
		// What a stricter kind takes, decisions take.
		if _, err := Parse(text, Any); err != nil {
			t.Errorf("Any refuses it: %v", err)
		}
	})
}

func FuzzEvaluate(f *testing.F) {
	f.Add(stmt(`"Effect":"Allow","Action":["s3:G?t*"],"Resource":"arn:aws:s3:::${aws:username}/*"`), "s3:GetObject", "arn:aws:s3:::maren/x", "maren", uint64(1))
	f.Add(stmt(`"Effect":"Deny","Action":"*","Principal":"*","Condition":{"ArnLike":{"k:s":"arn:*:${k:s}:*:*:?"}}`), "a:b", "*", "arn:a:b:c:d:e", uint64(2))
	f.Fuzz(func(t *testing.T, text, action, resource, value string, seed uint64) {
		p, err := Parse(text, Any)
		if err != nil {
			return
		}
		g := generator{rand.New(rand.NewPCG(seed, 0))}
		b := g.both(t)
		switch g.IntN(3) {
		case 0:
			b.set.Identity = append(b.set.Identity, p)
		case 1:
			b.set.Resource = p
		case 2:
			b.set.Boundary = p
		}
		r := g.request()
		r.Action, r.Resource = action, resource
		ctx := r.Context.(Map)
		for _, key := range []string{"aws:username", "k:s", "k:n", "k:d", "k:b", "k:i", "k:a"} {
			if g.IntN(2) == 0 {
				ctx[key] = []string{value}
			}
		}
		got := b.set.Evaluate(r, nil)
		var trace Trace
		if traced := b.set.Evaluate(r, &trace); traced != got {
			t.Errorf("traced %+v, not traced %+v", traced, got)
		}
		if err := trace.WriteText(&strings.Builder{}); err != nil {
			t.Error(err)
		}
		if _, err := trace.MarshalJSON(); err != nil {
			t.Error(err)
		}
		if m := trace.Message(); m.Allowed != (got.Decision == Allow) || m.ExplicitDeny && len(m.MatchedStatements.Items) == 0 {
			t.Errorf("%+v of %+v", m, got)
		}
	})
}

// FuzzGlob compares the compiled patterns with the definition, and holds them to
// a time.
func FuzzGlob(f *testing.F) {
	f.Add("a*${k:v}?${*}", "axby*", "b")
	f.Fuzz(func(t *testing.T, pattern, s, value string) {
		if !utf8.ValidString(pattern) || !utf8.ValidString(s) || !utf8.ValidString(value) {
			return
		}
		ctx := Map{"k:v": {value}}
		p := compilePattern(tokenizer{wild: true, vars: true}.tokens(pattern))
		ev := &evaluation{context: ctx}
		start := time.Now()
		got := p.match(ev, s)
		if d := time.Since(start); d > time.Second && len(pattern)+len(value) < 2048 && len(s) < 2048 {
			t.Errorf("%q takes %v", pattern, d)
		}
		if strings.Count(pattern, "*") > 3 || len(pattern) > 40 || len(s) > 40 || strings.ContainsAny(pattern, ",' \t") || strings.ContainsRune(pattern+s+value, 0) {
			return
		}
		// Keys fold ASCII alone; the reference folds all.
		if fold(pattern) != strings.ToLower(pattern) {
			return
		}
		expanded, ok := refExpand(pattern, ctx, true, true)
		if want := ok && refGlob(expanded, []rune(s)); got != want {
			t.Errorf("%q on %q with %q: %v", pattern, s, value, got)
		}
	})
}
