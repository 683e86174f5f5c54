package session

import (
	"math"
	"time"
)

// decodeClaims reads what appendClaims wrote; false when it is anything else.
// The strings of the result share body.
func decodeClaims(body string) (*Claims, bool) {
	c := &Claims{}
	d := decoder{rest: body, claims: c}
	if !d.makeLists() {
		return nil, false
	}
	last := byte(0)
	for !d.end() {
		field, content, ok := d.next()
		if !ok || field < last || field == last && !repeats(field) || !d.field(field, content) {
			return nil, false
		}
		last = field
	}
	if !zeros(d.rest) || !c.Kind.known() || c.SecretAccessKey == "" || c.Account == "" || c.PrincipalID == "" || c.IssuedAt.IsZero() || c.Expires.IsZero() {
		return nil, false
	}
	return c, true
}

func repeats(field byte) bool {
	return field == fieldPolicyARN || field == fieldTag || field == fieldTransitive || field == fieldKey
}

type decoder struct {
	rest   string
	claims *Claims
}

func (d *decoder) end() bool { return len(d.rest) == 0 || d.rest[0] == fieldEnd }

// next cuts a field off.
func (d *decoder) next() (field byte, content string, ok bool) {
	field, d.rest = d.rest[0], d.rest[1:]
	content, d.rest, ok = cutSized(d.rest)
	return field, content, ok
}

// makeLists makes each list once, at its size; false when they are too long.
func (d *decoder) makeLists() bool {
	var n [lastField + 1]int
	scan := decoder{rest: d.rest}
	for !scan.end() {
		field, _, ok := scan.next()
		if !ok || field > lastField {
			return false
		}
		n[field]++
	}
	if n[fieldTag]+n[fieldKey] > maxPairs || n[fieldPolicyARN]+n[fieldTransitive] > maxNames {
		return false
	}
	c := d.claims
	c.PolicyARNs, c.Transitive = sized[string](n[fieldPolicyARN]), sized[string](n[fieldTransitive])
	c.Tags, c.Keys = sized[Tag](n[fieldTag]), sized[Tag](n[fieldKey])
	return true
}

func sized[T any](n int) []T {
	if n == 0 {
		return nil
	}
	return make([]T, 0, n)
}

func (d *decoder) field(field byte, content string) bool {
	c := d.claims
	switch field {
	case fieldKind:
		return len(content) == 1 && set(&c.Kind, Kind(content[0]))
	case fieldSecret:
		return len(content) == secretBytes && set(&c.SecretAccessKey, secretText(content))
	case fieldPrincipalID:
		return setText(&c.PrincipalID, content)
	case fieldName:
		return setText(&c.Name, content)
	case fieldPolicy:
		return setText(&c.Policy, content)
	case fieldPolicyARN:
		return push(&c.PolicyARNs, content)
	case fieldTag:
		return pushTag(&c.Tags, content)
	case fieldTransitive:
		return push(&c.Transitive, content)
	case fieldSourceIdentity:
		return setText(&c.SourceIdentity, content)
	case fieldChained:
		return content == "" && set(&c.Chained, true)
	case fieldProvider:
		return setText(&c.Provider, content)
	case fieldKey:
		return pushTag(&c.Keys, content)
	case fieldDefaultRegions:
		return content == "" && set(&c.DefaultRegions, true)
	default:
		return d.number(field, content)
	}
}

// number reads the fields that hold one.
func (d *decoder) number(field byte, content string) bool {
	n, rest, ok := cutNumber(content)
	if !ok || rest != "" {
		return false
	}
	c := d.claims
	switch field {
	case fieldAccount:
		return n <= maxAccount && set(&c.Account, accountText(n))
	case fieldIssued:
		return n <= maxUnix && set(&c.IssuedAt, time.Unix(int64(n), 0).UTC())
	case fieldLifetime:
		return n <= maxUnix && !c.IssuedAt.IsZero() && set(&c.Expires, c.IssuedAt.Add(time.Duration(n)*time.Second))
	case fieldMFA:
		if n > 0 && n <= maxUnix {
			c.MFATime = time.Unix(int64(n-1), 0).UTC()
		}
		return n <= maxUnix && set(&c.MFA, true)
	}
	return false
}

// maxUnix keeps times and lifetimes within what time.Duration can add: the year 2242.
const maxUnix = 1<<33 - 1

func set[T any](to *T, v T) bool { *to = v; return true }

// setText refuses what the encoder would have left out.
func setText(to *string, v string) bool { *to = v; return v != "" }

func push(to *[]string, v string) bool { *to = append(*to, v); return true }

func pushTag(to *[]Tag, content string) bool {
	key, value, ok := cutSized(content)
	*to = append(*to, Tag{key, value})
	return ok
}

// cutSized cuts a string off that has its length before it.
func cutSized(s string) (content, rest string, ok bool) {
	n, s, ok := cutNumber(s)
	if !ok || n > uint64(len(s)) {
		return "", "", false
	}
	return s[:n], s[n:], true
}

// cutNumber cuts a uvarint off. Only the shortest form passes, so that there is
// one encoding of each session.
func cutNumber(s string) (n uint64, rest string, ok bool) {
	for i := 0; i < len(s) && i < 9; i++ {
		b := s[i]
		n |= uint64(b&0x7f) << (7 * i)
		if b < 0x80 {
			return n, s[i+1:], (b != 0 || i == 0) && n <= math.MaxInt64
		}
	}
	return 0, "", false
}
