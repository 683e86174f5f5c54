package session

import (
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"math/rand/v2"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/deputy-sts/deputy/internal/seal"
)

var issued = time.Date(2026, 11, 25, 1, 2, 3, 0, time.UTC)

func newIssuer(t testing.TB) *Issuer {
	t.Helper()
	k, err := seal.NewKey()
	if err != nil {
		t.Fatal(err)
	}
	r, err := seal.NewRing(k)
	if err != nil {
		t.Fatal(err)
	}
	return &Issuer{Ring: r, Now: func() time.Time { return issued }}
}

// role is a plain session of a role.
func role() Claims {
	return Claims{
		Kind: AssumeRole, Account: "111122223333", PrincipalID: "AROAQEXAMPLEEXAMPLE12", Name: "build",
		IssuedAt: issued, Expires: issued.Add(time.Hour),
	}
}

// full is a session with everything a session can have.
func full() Claims {
	c := role()
	c.Policy = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:Get*","Resource":"*"}]}`
	c.PolicyARNs = []string{"arn:aws:iam::aws:policy/ReadOnlyAccess", "arn:aws:iam::111122223333:policy/team/é"}
	c.Tags = []Tag{{"team", "build"}, {"Empty", ""}, {"ключ", "значение"}}
	c.Transitive = []string{"team"}
	c.SourceIdentity = "alice@example.com"
	c.MFA, c.MFATime = true, issued.Add(-time.Minute)
	c.Chained = true
	c.Provider = "arn:aws:iam::111122223333:oidc-provider/token.example.com"
	c.Keys = []Tag{{"token.example.com:sub", "repo:a/b"}, {"token.example.com:aud", ""}}
	return c
}

// bulky is a session whose claims take about n bytes, which compress badly or well.
func bulky(n int, well bool) Claims {
	c := role()
	random := rand.New(rand.NewPCG(1, 2))
	for i := 0; n > 0; i++ {
		v := strings.Repeat("v", 250)
		if !well {
			b := make([]byte, 250)
			for j := range b {
				b[j] = byte(' ' + random.IntN(95))
			}
			v = string(b)
		}
		v = v[:min(len(v), n)]
		n -= len(v) + 8
		c.Tags = append(c.Tags, Tag{fmt.Sprintf("key%02d", i), v})
	}
	return c
}

func issue(t testing.TB, i *Issuer, c Claims) Credentials {
	t.Helper()
	got, err := i.Issue(c)
	if err != nil {
		t.Fatal(err)
	}
	return got
}

// sameClaims fails unless the token of cr opens as c.
func sameClaims(t interface {
	Helper()
	Fatalf(string, ...any)
}, i *Issuer, cr Credentials, c Claims) {
	t.Helper()
	got, err := i.Open(cr.AccessKeyID, cr.SessionToken)
	if err != nil {
		t.Fatalf("open: %v", err)
	}
	c.AccessKeyID, c.SecretAccessKey, c.MinSize = cr.AccessKeyID, cr.SecretAccessKey, 0
	if diff := cmp.Diff(&c, got); diff != "" {
		t.Fatalf("%s", diff)
	}
}

func TestIssueOpen(t *testing.T) {
	i := newIssuer(t)
	for name, c := range map[string]Claims{"role": role(), "full": full(), "compressed": bulky(4000, true), "as big as fits": bulky(2800, false), "inflated": bulky(maxInflated-600, true)} {
		t.Run(name, func(t *testing.T) {
			cr := issue(t, i, c)
			sameClaims(t, i, cr, c)
			if account, ok := AccountOf(cr.AccessKeyID); !ok || account != c.Account || !strings.HasPrefix(cr.AccessKeyID, Temporary) {
				t.Errorf("access key %s", cr.AccessKeyID)
			}
			if len(cr.SecretAccessKey) != 40 || cr.Expiration != c.Expires {
				t.Errorf("secret of %d characters, expiration %v", len(cr.SecretAccessKey), cr.Expiration)
			}
			if cr.TokenSize != len(cr.SessionToken) || cr.TokenSize > MaxTokenSize || cr.Utilization != (cr.TokenSize*100+4095)/4096 {
				t.Errorf("size %d of %d, %d %%", cr.TokenSize, len(cr.SessionToken), cr.Utilization)
			}
		})
	}
}

func TestIssueCompletes(t *testing.T) {
	i := newIssuer(t)
	c := role()
	c.IssuedAt, c.AccessKeyID, c.SecretAccessKey = time.Time{}, "ASIACHOSENCHOSENCHOS", strings.Repeat("x", 40)
	c.Expires = c.Expires.Add(999 * time.Millisecond).In(time.FixedZone("", 3600))
	cr := issue(t, i, c)
	if cr.AccessKeyID == c.AccessKeyID || cr.SecretAccessKey == c.SecretAccessKey {
		t.Error("key id or secret are the caller's")
	}
	sameClaims(t, i, cr, role())
	if again := issue(t, i, c); again.AccessKeyID == cr.AccessKeyID || again.SecretAccessKey == cr.SecretAccessKey || again.SessionToken == cr.SessionToken {
		t.Error("two sessions share something")
	}
	cr = issue(t, &Issuer{Ring: i.Ring}, Claims{Kind: Root, Account: c.Account, PrincipalID: c.Account, Expires: time.Now().Add(time.Minute)})
	if got, err := i.Open(cr.AccessKeyID, cr.SessionToken); err != nil || time.Since(got.IssuedAt) > 10*time.Second {
		t.Errorf("without a clock: %v, %v", got, err)
	}
}

func TestIssueRefuses(t *testing.T) {
	i := newIssuer(t)
	for name, change := range map[string]func(*Claims){
		"no kind":             func(c *Claims) { c.Kind = 0 },
		"unknown kind":        func(c *Claims) { c.Kind = Delegation + 1 },
		"no account":          func(c *Claims) { c.Account = "" },
		"account of 11":       func(c *Claims) { c.Account = "11112222333" },
		"account of letters":  func(c *Claims) { c.Account = "11112222333x" },
		"signed account":      func(c *Claims) { c.Account = "+11112222333" },
		"no principal":        func(c *Claims) { c.PrincipalID = "" },
		"no expiry":           func(c *Claims) { c.Expires = time.Time{} },
		"expiry at issue":     func(c *Claims) { c.Expires = c.IssuedAt.Add(time.Millisecond) },
		"far expiry":          func(c *Claims) { c.Expires = time.Unix(1<<33, 0) },
		"before 1970":         func(c *Claims) { c.IssuedAt = time.Unix(-1, 0) },
		"early MFA":           func(c *Claims) { c.MFA, c.MFATime = true, time.Unix(-1, 0) },
		"negative size":       func(c *Claims) { c.MinSize = -1 },
		"more than a token's": func(c *Claims) { c.MinSize = MaxTokenSize + 1 },
	} {
		c := role()
		change(&c)
		if _, err := i.Issue(c); err == nil {
			t.Errorf("%s: issued", name)
		}
	}
}

func TestTooLarge(t *testing.T) {
	i := newIssuer(t)
	for name, test := range map[string]struct {
		claims    Claims
		low, high int
	}{
		"incompressible":         {bulky(6000, false), 150, 220},
		"too big to inflate":     {bulky(2*maxInflated, true), 195, 205},
		"many tags":              {Claims{Kind: Root, Account: "000000000000", PrincipalID: "r", IssuedAt: issued, Expires: issued.Add(1e9), Keys: make([]Tag, maxPairs+1)}, 102, 102},
		"just too big":           {bulky(3500, false), 101, 115},
		"incompressible and big": {bulky(maxInflated, false), 200, 500},
	} {
		_, err := i.Issue(test.claims)
		var large ErrTooLarge
		if !errors.As(err, &large) || large.Percent < test.low || large.Percent > test.high {
			t.Errorf("%s: %v, want %d to %d", name, err, test.low, test.high)
		}
	}
}

func TestMinSize(t *testing.T) {
	i := newIssuer(t)
	for _, c := range []Claims{role(), full(), bulky(2700, false), bulky(5000, true)} {
		natural := issue(t, i, c).TokenSize
		for _, size := range []int{0, 1, natural - 1, natural, natural + 1, natural + 2, natural + 3, natural + 4, natural + 5, 4092, 4093, 4094, 4095, 4096} {
			if size > MaxTokenSize {
				continue
			}
			c.MinSize = size
			cr := issue(t, i, c)
			// Compressed, the random secret makes a few bytes of difference.
			if want := max(natural, (size+3)/4*4); cr.TokenSize != want && (len(c.Tags) < 15 || cr.TokenSize < want-12 || cr.TokenSize > want+12) {
				t.Errorf("natural size %d, at least %d: got %d, want %d", natural, size, cr.TokenSize, want)
			}
			sameClaims(t, i, cr, c)
		}
	}
}

func genTags(n int) *rapid.Generator[[]Tag] {
	tag := rapid.Custom(func(t *rapid.T) Tag {
		return Tag{rapid.StringN(1, 64, 128).Draw(t, "key"), rapid.StringN(0, 64, 256).Draw(t, "value")}
	})
	return rapid.Map(rapid.SliceOfN(tag, 0, n), func(tags []Tag) []Tag {
		if len(tags) == 0 {
			return nil
		}
		return tags
	})
}

func genClaims(t *rapid.T) Claims {
	text := func(label string) string { return rapid.StringN(0, 40, 100).Draw(t, label) }
	list := func(label string) []string {
		if l := rapid.SliceOfN(rapid.String(), 0, 3).Draw(t, label); len(l) > 0 {
			return l
		}
		return nil
	}
	second := func(label string, low, high int64) time.Time {
		return time.Unix(rapid.Int64Range(low, high).Draw(t, label), 0).UTC()
	}
	c := Claims{
		Kind:        Kind(rapid.IntRange(1, 6).Draw(t, "kind")),
		Account:     rapid.StringMatching(`[0-9]{12}`).Draw(t, "account"),
		PrincipalID: "A" + text("principal"),
		Name:        text("name"), Policy: text("policy"), PolicyARNs: list("arns"),
		Tags: genTags(6).Draw(t, "tags"), Transitive: list("transitive"), SourceIdentity: text("source"),
		Chained: rapid.Bool().Draw(t, "chained"), Provider: text("provider"), Keys: genTags(3).Draw(t, "keys"),
		MinSize: rapid.IntRange(0, MaxTokenSize).Draw(t, "size"),
	}
	c.IssuedAt = second("issued", 1, 1<<32)
	c.Expires = second("expires", c.IssuedAt.Unix()+1, c.IssuedAt.Unix()+int64(MaxLifetime/time.Second))
	if c.MFA = rapid.Bool().Draw(t, "mfa"); c.MFA && rapid.Bool().Draw(t, "when") {
		c.MFATime = second("mfa time", 0, 1<<32)
	}
	return c
}

func TestPropertyRoundTrip(t *testing.T) {
	i := newIssuer(t)
	rapid.Check(t, func(t *rapid.T) {
		c := genClaims(t)
		cr, err := i.Issue(c)
		if errors.As(err, new(ErrTooLarge)) {
			return
		}
		if err != nil {
			t.Fatal(err)
		}
		sameClaims(t, i, cr, c)
	})
}

// A token is bound to its access key, and no other text opens as one.
func TestOpenRefuses(t *testing.T) {
	i := newIssuer(t)
	c := role()
	cr, other := issue(t, i, c), issue(t, i, c)
	for name, test := range map[string]struct{ id, token string }{
		"another's key":  {other.AccessKeyID, cr.SessionToken},
		"AKIA":           {LongTerm + cr.AccessKeyID[4:], cr.SessionToken},
		"lower case":     {strings.ToLower(cr.AccessKeyID), cr.SessionToken},
		"no key":         {"", cr.SessionToken},
		"no token":       {cr.AccessKeyID, ""},
		"two tokens":     {cr.AccessKeyID, cr.SessionToken + other.SessionToken},
		"url alphabet":   {cr.AccessKeyID, strings.NewReplacer("+", "-", "/", "_").Replace(issue(t, i, full()).SessionToken)},
		"long":           {cr.AccessKeyID, strings.Repeat("A", MaxTokenSize+4)},
		"another ring's": {cr.AccessKeyID, issue(t, newIssuer(t), c).SessionToken},
	} {
		if got, err := i.Open(test.id, test.token); !errors.Is(err, ErrInvalid) {
			t.Errorf("%s: %v, error %v", name, got, err)
		}
	}
	stranger := newIssuer(t)
	foreign := issue(t, stranger, c)
	if _, err := i.Open(foreign.AccessKeyID, foreign.SessionToken); !errors.Is(err, ErrInvalid) || !errors.Is(err, seal.ErrUnknownKey{KeyID: stranger.Ring.KeyID()}) {
		t.Errorf("a token of an unknown root key: %v", err)
	}
	sameClaims(t, i, cr, c)
}

// A key id of another account than the claims', which only a fault of ours could seal.
func TestAccountIsBound(t *testing.T) {
	i := newIssuer(t)
	c := role()
	id := NewAccessKeyID(Temporary, "999999999999")
	body := appendClaims([]byte{bodyPlain}, &c, 111122223333, make([]byte, secretBytes))
	token := sealed64(i, id, body)
	if _, err := i.Open(id, token); !errors.Is(err, ErrInvalid) {
		t.Errorf("opened: %v", err)
	}
}

// Opening a token of at most 4 KiB, genuine or not, allocates at most 64 KiB,
// with nothing pooled.
func TestSec_B22_OpeningIsBounded(t *testing.T) {
	i := newIssuer(t)
	biggest := bulky(maxInflated-600, true)
	cr := issue(t, i, biggest)
	id := cr.AccessKeyID
	tokens := map[string]string{
		"compressed": cr.SessionToken,
		"forged":     cr.SessionToken[:len(cr.SessionToken)-4] + "AAA=",
		"garbage":    strings.Repeat("AQID", MaxTokenSize/4),
		"long lists": sealed64(i, id, longLists()),
		"bomb":       sealed64(i, id, deflated(strings.Repeat("\x00", 1<<20), maxInflated)),
		"named bomb": sealed64(i, id, deflated(strings.Repeat("\x00", 1<<20), 1<<20)),
		"many tags":  sealed64(i, id, deflated(strings.Repeat("\x0a\x01\x00", maxInflated/3), maxInflated/3*3)),
	}
	plain := bulky(2800, false)
	plain.MinSize = MaxTokenSize
	full := issue(t, i, plain)
	for name, token := range tokens {
		bounded(t, i, name, id, token)
	}
	bounded(t, i, "full", full.AccessKeyID, full.SessionToken)
}

// longLists is a body with as many and as long list entries as pass.
func longLists() []byte {
	c := role()
	for range maxNames {
		c.Transitive = append(c.Transitive, strings.Repeat("n", 10))
	}
	for range maxPairs {
		c.Tags = append(c.Tags, Tag{strings.Repeat("k", 30), strings.Repeat("v", 36)})
	}
	body := appendClaims(nil, &c, 111122223333, make([]byte, secretBytes))
	return deflated(string(body), len(body))
}

func bounded(t *testing.T, i *Issuer, name, id, token string) {
	t.Helper()
	if len(token) > MaxTokenSize {
		t.Fatalf("%s: a token of %d", name, len(token))
	}
	var err error
	n := uint64(math.MaxUint64)
	for range 5 { // what the runtime allocates meanwhile only adds to it
		runtime.GC()
		runtime.GC() // what is pooled lives through one
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		_, err = i.Open(id, token)
		runtime.ReadMemStats(&after)
		n = min(n, after.TotalAlloc-before.TotalAlloc)
	}
	if n > 64<<10 {
		t.Errorf("%s (error %v): %d bytes allocated", name, err, n)
	} else {
		t.Logf("%s (error %v): %d bytes allocated", name, err, n)
	}
}

func TestSec_F08_SecretsDoNotPrint(t *testing.T) {
	i := newIssuer(t)
	cr := issue(t, i, full())
	c, err := i.Open(cr.AccessKeyID, cr.SessionToken)
	if err != nil {
		t.Fatal(err)
	}
	var out strings.Builder
	for _, verb := range []string{"%v", "%+v", "%#v", "%s"} {
		fmt.Fprintf(&out, strings.Repeat(verb+"\n", 4), cr, &cr, c, *c)
	}
	for _, h := range []slog.Handler{slog.NewJSONHandler(&out, nil), slog.NewTextHandler(&out, nil)} {
		slog.New(h).Info("session", "credentials", cr, "claims", c)
	}
	for _, canary := range []string{cr.SecretAccessKey[:8], cr.SessionToken[40:60]} {
		if strings.Contains(out.String(), canary) {
			t.Errorf("%q shows in\n%s", canary, out.String())
		}
	}
	if b, _ := json.Marshal(c); !strings.Contains(string(b), cr.AccessKeyID) {
		t.Errorf("claims as JSON: %s", b)
	}
}

// Open uses none of the parts that Issue draws, and neither shows the secret:
// of the token's bytes, no run of the secret's.
func TestSecretIsNotInTheToken(t *testing.T) {
	i := newIssuer(t)
	cr := issue(t, i, role())
	if strings.Contains(cr.SessionToken, cr.SecretAccessKey[:8]) || strings.Contains(cr.SecretAccessKey, cr.AccessKeyID[4:10]) {
		t.Error("the secret shows")
	}
}

func BenchmarkIssue(b *testing.B) { benchmarkIssue(b, role()) }

func BenchmarkIssueFull(b *testing.B) { benchmarkIssue(b, full()) }

func BenchmarkIssueCompressed(b *testing.B) { benchmarkIssue(b, bulky(5000, true)) }

func benchmarkIssue(b *testing.B, c Claims) {
	i := newIssuer(b)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := i.Issue(c); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkOpen(b *testing.B) { benchmarkOpen(b, role()) }

func BenchmarkOpenFull(b *testing.B) { benchmarkOpen(b, full()) }

func BenchmarkOpenCompressed(b *testing.B) { benchmarkOpen(b, bulky(5000, true)) }

func benchmarkOpen(b *testing.B, c Claims) {
	i := newIssuer(b)
	cr := issue(b, i, c)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := i.Open(cr.AccessKeyID, cr.SessionToken); err != nil {
			b.Fatal(err)
		}
	}
}
