package oidc

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// Bounds of claims.
const (
	skew        = 5 * time.Minute // how far the issuer's clock may be ahead
	maxLifetime = 24 * time.Hour  // from iat to exp
	maxSubject  = 255             // characters, as SubjectFromWebIdentityToken
	maxAudience = 20              // members of aud
	maxClaim    = 1024            // bytes of a claim that becomes a condition key
)

// The claims that AWS defines for session tags and source identity. The tags may
// also stand flattened, for issuers that know no nested claims.
//
// Source: IAM User Guide, id_session-tags and
// id_credentials_temp_control-access_monitor.
const (
	claimTags           = "https://aws.amazon.com/tags"
	claimFlatTags       = "https://aws.amazon.com/tags/principal_tags/"
	claimFlatTransitive = "https://aws.amazon.com/tags/transitive_tag_keys"
	claimSourceIdentity = "https://aws.amazon.com/source_identity"
	claimOfSTS          = "https://sts.amazonaws.com/"
)

// Claims is what an issuer vouches for.
type Claims struct {
	Issuer    string
	Subject   string
	Audience  string   // azp if there is one, else the one aud
	Audiences []string // aud as it came
	Methods   []string // amr
	Expires   time.Time

	Tags           [][2]string // session tags: key, value; sorted by key; not checked further
	Transitive     []string
	SourceIdentity string

	all map[string]any
}

// Key is a condition key with its values. Name is in lower case.
type Key struct {
	Name   string
	Values []string
}

// registeredClaims may not stand beside another spelling of theirs: a reader to
// whom case does not count would take the other one.
var registeredClaims = []string{"iss", "sub", "aud", "azp", "exp", "iat", "nbf", "amr"}

func (t *Token) readClaims(now time.Time) (*Claims, error) {
	bad := func(why string) (*Claims, error) { return nil, fmt.Errorf("%w: %s", ErrClaims, why) }
	for name := range t.claims {
		if lower := strings.ToLower(name); lower != name && slices.Contains(registeredClaims, lower) {
			return bad("a claim in another spelling")
		}
	}
	if _, has := t.claims[claimOfSTS]; has {
		return bad("a token of GetWebIdentityToken")
	}
	c := &Claims{Issuer: t.Issuer, all: t.claims}
	if err := c.readTimes(now); err != nil {
		return nil, err
	}
	c.Subject, _ = t.claims["sub"].(string)
	if n := utf8.RuneCountInString(c.Subject); n == 0 || n > maxSubject || hasControl(c.Subject) {
		return bad("sub is missing or too long")
	}
	if !c.readAudience() {
		return bad("aud or azp is missing or of another form")
	}
	if amr, has := t.claims["amr"]; has {
		var ok bool
		if c.Methods, ok = texts(amr); !ok || len(c.Methods) > maxAudience || slices.ContainsFunc(c.Methods, isNoClaimText) {
			return bad("amr is of another form")
		}
	}
	if err := c.readTags(); err != nil {
		return nil, err
	}
	var ok bool
	if c.SourceIdentity, ok = text(t.claims, claimSourceIdentity); !ok {
		return bad("the source identity is no text")
	}
	return c, nil
}

// readTimes wants exp and iat, in whole seconds. A token lives a day at most, is
// not good once it has expired, and was not made in the future.
func (c *Claims) readTimes(now time.Time) error {
	exp, hasExp := seconds(c.all["exp"])
	iat, hasIat := seconds(c.all["iat"])
	nbf, hasNbf := seconds(c.all["nbf"])
	_, given := c.all["nbf"]
	switch {
	case !hasExp || !hasIat || given && !hasNbf:
		return fmt.Errorf("%w: exp or iat is missing, or a time is no whole number", ErrClaims)
	case !now.Before(exp):
		return ErrExpired{Now: now, At: exp}
	case iat.Sub(now) > skew || hasNbf && nbf.Sub(now) > skew:
		return fmt.Errorf("%w: it is from the future", ErrClaims)
	case exp.Sub(iat) > maxLifetime || !iat.Before(exp):
		return fmt.Errorf("%w: it lives longer than a day", ErrClaims)
	}
	c.Expires = exp
	return nil
}

// seconds reads a NumericDate that is a whole number, up to the year 2286.
func seconds(v any) (time.Time, bool) {
	n, ok := v.(json.Number)
	if !ok || len(n) > 10 {
		return time.Time{}, false
	}
	s, err := strconv.ParseUint(string(n), 10, 63)
	return time.Unix(int64(s), 0), err == nil && s > 0
}

// readAudience finds who the token is for: the authorized party if it names one,
// else its audience, which then must be one. That azp takes the place of aud is
// AWS's rule (reference_policies_iam-condition-keys, aud and oaud).
func (c *Claims) readAudience() bool {
	aud, ok := texts(c.all["aud"])
	if !ok || len(aud) == 0 || len(aud) > maxAudience || slices.ContainsFunc(aud, isNoClaimText) {
		return false
	}
	c.Audiences = aud
	azp, isText := text(c.all, "azp")
	_, has := c.all["azp"]
	switch {
	case !isText || has && !isClaimText(azp):
		return false
	case has:
		c.Audience = azp
	case len(aud) == 1:
		c.Audience = aud[0]
	}
	return true
}

// checkAudience compares with the provider's client ids, byte by byte.
func (c *Claims) checkAudience(p *Provider) error {
	if c.Audience == "" || !p.AnyAudience && !slices.Contains(p.Audiences, c.Audience) {
		return ErrAudience
	}
	return nil
}

func (c *Claims) readTags() error {
	bad := fmt.Errorf("%w: the session tags are of another form", ErrClaims)
	if v, has := c.all[claimTags]; has {
		nested, ok := v.(map[string]any)
		if !ok {
			return bad
		}
		tags, ok := nested["principal_tags"].(map[string]any)
		if _, has := nested["principal_tags"]; has && !ok {
			return bad
		}
		for key, v := range tags {
			if !c.addTag(key, v) {
				return bad
			}
		}
		if v, has := nested["transitive_tag_keys"]; has && !c.addTransitive(v) {
			return bad
		}
	}
	for name, v := range c.all {
		if key, ok := strings.CutPrefix(name, claimFlatTags); ok && !c.addTag(key, v) {
			return bad
		}
	}
	if v, has := c.all[claimFlatTransitive]; has && !c.addTransitive(v) {
		return bad
	}
	slices.SortFunc(c.Tags, func(a, b [2]string) int { return strings.Compare(a[0]+"\x00"+a[1], b[0]+"\x00"+b[1]) })
	return nil
}

// addTag wants one value: a text, or an array that holds one.
func (c *Claims) addTag(key string, v any) bool {
	values, ok := texts(v)
	if !ok || len(values) != 1 {
		return false
	}
	c.Tags = append(c.Tags, [2]string{key, values[0]})
	return true
}

func (c *Claims) addTransitive(v any) bool {
	keys, ok := texts(v)
	c.Transitive = append(c.Transitive, keys...)
	return ok
}

func isClaimText(s string) bool { return s != "" && len(s) <= maxClaim && !hasControl(s) }

func isNoClaimText(s string) bool { return !isClaimText(s) }

func hasControl(s string) bool {
	return strings.ContainsFunc(s, func(r rune) bool { return r < ' ' || r >= 0x7f && r < 0xa0 })
}
