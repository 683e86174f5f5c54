package policy

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"time"
)

func TestSec_B11_StrictJSON(t *testing.T) {
	good := `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:GetObject","Resource":"*"}]}`
	p := mustParse(t, "\n\t "+good+" \r\n", Managed)
	if p.Text() != "\n\t "+good+" \r\n" {
		t.Errorf("the text has changed: %q", p.Text())
	}
	swap := func(a, b string) string { return strings.Replace(good, a, b, 1) }
	for name, text := range map[string]string{
		"nothing":                "",
		"only space":             "  ",
		"byte order mark":        "\ufeff" + good,
		"trailing data":          good + "x",
		"second document":        good + good,
		"trailing comma":         swap("]}", ",]}"),
		"comma in object":        swap(`"*"}`, `"*",}`),
		"duplicate element":      swap(`"Effect":"Allow"`, `"Effect":"Deny","Effect":"Allow"`),
		"duplicate by escape":    swap(`"Effect":"Allow"`, `"Effect":"Deny","\u0045ffect":"Allow"`),
		"case variant":           swap(`"Effect":"Allow"`, `"effect":"Allow"`),
		"case variants":          swap(`"Effect":"Allow"`, `"Effect":"Deny","EFFECT":"Allow"`),
		"long s":                 swap(`"Resource"`, `"Re`+"\u017f"+`ource"`),
		"kelvin sign":            swap(`"Statement"`, `"Statement":[],"`+"\u212a"+`"`),
		"duplicate key":          swap(`"*"}`, `"*","Condition":{"StringEquals":{"a:b":"c","a:b":"d"}}}`),
		"key by case":            swap(`"*"}`, `"*","Condition":{"StringEquals":{"a:b":"c","A:B":"d"}}}`),
		"duplicate operator":     swap(`"*"}`, `"*","Condition":{"Bool":{},"Bool":{}}}`),
		"unknown element":        swap(`"Effect"`, `"Comment":"x","Effect"`),
		"invalid utf-8":          swap("GetObject", "Get\xffObject"),
		"overlong utf-8":         swap("GetObject", "Get\xc0\xafObject"),
		"utf-8 surrogate":        swap("GetObject", "Get\xed\xa0\x80Object"),
		"lone high surrogate":    swap("GetObject", `Get\ud800Object`),
		"lone low surrogate":     swap("GetObject", `Get\udc00Object`),
		"high without low":       swap("GetObject", `Get\ud800\u0041Object`),
		"two high surrogates":    swap("GetObject", `Get\ud800\ud800Object`),
		"bad escape":             swap("GetObject", `Get\xObject`),
		"short escape":           swap("GetObject", `Get\u12`),
		"signed escape":          swap("GetObject", `Get\u+123Object`),
		"control character":      swap("GetObject", "Get\nObject"),
		"control behind escape":  swap("GetObject", "Get\\n\nObject"),
		"unterminated string":    good[:40],
		"ends in escape":         good[:30] + `"\`,
		"single quotes":          strings.ReplaceAll(good, `"`, "'"),
		"comment":                swap(`"Effect"`, `/* */"Effect"`),
		"leading zero":           swap(`"*"}`, `"*","Condition":{"NumericEquals":{"a:b":01}}}`),
		"bare point":             swap(`"*"}`, `"*","Condition":{"NumericEquals":{"a:b":1.}}}`),
		"hexadecimal":            swap(`"*"}`, `"*","Condition":{"NumericEquals":{"a:b":0x1}}}`),
		"not a number":           swap(`"*"}`, `"*","Condition":{"NumericEquals":{"a:b":NaN}}}`),
		"null version":           swap(`"2012-10-17"`, `null`),
		"missing colon":          swap(`"Effect":`, `"Effect"`),
		"no-break space":         swap(`"Effect":`, "\u00a0"+`"Effect":`),
		"NUL":                    good + "\x00",
		"character out of range": swap("GetObject", "Get\u0100"),
	} {
		if _, err := Parse(text, Managed); err == nil {
			t.Errorf("%s is accepted: %s", name, text)
		}
		if name == "character out of range" {
			continue
		}
		if _, err := Parse(text, Any); err == nil {
			t.Errorf("%s is accepted for decisions: %s", name, text)
		}
	}
	p = mustParse(t, swap("GetObject", `Get\u004fb\/ject\ud83d\ude00\"`), Any)
	if got := p.statements[0].actionTexts[0]; got != "s3:GetOb/ject😀\"" {
		t.Errorf("escapes give %q", got)
	}
}

func TestSec_B12_DepthAndCost(t *testing.T) {
	nested := func(n int) string { return strings.Repeat("[", n) + strings.Repeat("]", n) }
	if _, f := readJSON(nested(maxDepth)); f != nil {
		t.Errorf("depth %d: %s", maxDepth, f.detail)
	}
	for _, n := range []int{maxDepth + 1, 1_000_000} {
		if _, f := readJSON(nested(n)); f == nil {
			t.Errorf("depth %d is accepted", n)
		}
	}
	// Documents as large as any quota, and as bad as they can be.
	limit := 50 * time.Millisecond
	if os.Getenv("DEPUTY_LONG") != "" {
		limit = 5 * time.Millisecond
	}
	for name, text := range map[string]string{
		"keys":       stmt(`"Effect":"Allow","Action":"a:b","Resource":"*","Condition":{"StringEquals":{` + members(1800) + `}}`),
		"escapes":    stmt(`"Effect":"Allow","Action":"` + strings.Repeat(`\u0061`, 3300) + `","Resource":"*"`),
		"actions":    stmt(`"Effect":"Allow","Action":[` + strings.TrimSuffix(strings.Repeat(`"a:b*",`, 2900), ",") + `],"Resource":"*"`),
		"statements": `{"Statement":[` + strings.TrimSuffix(strings.Repeat(`{"Effect":"Allow","Action":"a:b"},`, 590), ",") + `]}`,
		"variables":  stmt(`"Effect":"Allow","Action":"a:b","Resource":"arn:aws:s3:::` + strings.Repeat("${", 10000) + `"`),
		"quotes":     stmt(`"Effect":"Allow","Action":"a:b","Resource":"arn:aws:s3:::` + strings.Repeat("${'}", 5000) + `"`),
	} {
		best := time.Hour
		for range 3 {
			start := time.Now()
			_, err := Parse(text, Any)
			best = min(best, time.Since(start))
			if err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}
		if best > limit {
			t.Errorf("%s, %d bytes: %v", name, len(text), best)
		}
	}
}

// members makes n members with different names.
func members(n int) string {
	var b strings.Builder
	for i := range n {
		if i > 0 {
			b.WriteByte(',')
		}
		fmt.Fprintf(&b, `"k%d":""`, i)
	}
	return b.String()
}

func TestSec_B13_ASCIIFold(t *testing.T) {
	if equalFold("K", "\u212a") || equalFold("s", "\u017f") || fold("\u212aS") != "\u212as" || !equalFold("aZ[`", "Az[`") || equalFold("[", "{") || equalFold("@", "`") {
		t.Error("folding goes beyond ASCII letters, or not as far")
	}
	// As action, condition key, tag key, and value without case.
	p := mustParse(t, stmt(`"Effect":"Allow","Action":"kms:Sign","Resource":"*"`), Any)
	if p.statements[0].matchAction(fold("\u212ams:Sign")) || !p.statements[0].matchAction(fold("KMS:SIGN")) {
		t.Error("an action's look-alike matches")
	}
	ctx := NewMap(map[string][]string{"aws:PrincipalTag/\u212aey": {"x"}})
	q := mustParse(t, stmt(`"Effect":"Allow","Action":"a:b","Resource":"*","Condition":{"Null":{"aws:PrincipalTag/Key":"true"}}`), Any)
	r := &Request{Principal: &Principal{Type: User}, Action: "a:b", Resource: "*", Context: ctx}
	if (&Set{Identity: []*Policy{q}}).Evaluate(r, nil).Decision != Allow {
		t.Error("a tag key's look-alike is found")
	}
	if matches(t, "StringEqualsIgnoreCase", "K", "\u212a", nil) || matches(t, "StringEqualsIgnoreCase", "s", "\u017f", nil) {
		t.Error("a value's look-alike is equal")
	}
}
