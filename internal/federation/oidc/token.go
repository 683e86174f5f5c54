package oidc

import (
	"encoding/base64"
	"fmt"
	"strings"

	"github.com/go-jose/go-jose/v4"
)

// MaxToken is how many characters a token may have: those of WebIdentityToken.
const MaxToken = 20000

// maxKeyID bounds the kid of a header, in bytes.
const maxKeyID = 256

// algorithms are those that a token may be signed with: asymmetric, and without
// the parameters of PSS. It is the only place that says so.
var algorithms = []jose.SignatureAlgorithm{jose.RS256, jose.RS384, jose.RS512, jose.ES256, jose.ES384, jose.ES512}

// Token is a token whose form is good. Nothing in it is verified: Issuer serves
// only to find the provider that it is to be verified against.
type Token struct {
	Issuer string

	alg    jose.SignatureAlgorithm
	keyID  string
	signed *jose.JSONWebSignature
	claims map[string]any
}

// Parse reads a token. Every failure is an ErrForm.
func Parse(compact string) (*Token, error) {
	// Token files end in a line end when a shell has written them, and the SDKs send
	// what the file holds.
	compact = strings.TrimRight(compact, "\r\n")
	head, body, err := split(compact)
	if err != nil {
		return nil, err
	}
	t := &Token{}
	if err := t.header(head); err != nil {
		return nil, err
	}
	if t.claims, err = parseObject(body); err != nil {
		return nil, fmt.Errorf("%w: claims: %w", ErrForm, err)
	}
	iss, ok := text(t.claims, "iss")
	if !ok || iss == "" {
		return nil, fmt.Errorf("%w: no issuer", ErrForm)
	}
	t.Issuer = iss
	if t.signed, err = jose.ParseSignedCompact(compact, algorithms); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrForm, err)
	}
	return t, nil
}

// split takes the three parts apart and decodes the first two. Encrypted tokens
// have five parts.
func split(compact string) (head, body []byte, err error) {
	if len(compact) > MaxToken || strings.Count(compact, ".") != 2 {
		return nil, nil, fmt.Errorf("%w: %d characters, or not three parts", ErrForm, len(compact))
	}
	parts := strings.Split(compact, ".")
	var raw [3][]byte
	for i, part := range parts {
		raw[i], err = base64.RawURLEncoding.Strict().DecodeString(part)
		// The decoder passes over line ends, which would make two texts one token.
		if err != nil || len(raw[i]) == 0 || strings.ContainsAny(part, "\r\n") {
			return nil, nil, fmt.Errorf("%w: part %d is not base64url", ErrForm, i+1)
		}
	}
	return raw[0], raw[1], nil
}

// refusedHeaders bring a key, say where one is, or change what is signed. None of
// them may count; crit must be understood or refused (RFC 7515, 4.1.11).
var refusedHeaders = []string{"crit", "jwk", "jku", "x5u", "x5c", "b64", "zip", "enc", "cty"}

func (t *Token) header(b []byte) error {
	h, err := parseObject(b)
	if err != nil {
		return fmt.Errorf("%w: header: %w", ErrForm, err)
	}
	for _, name := range refusedHeaders {
		if _, has := h[name]; has {
			return fmt.Errorf("%w: a header %s", ErrForm, name)
		}
	}
	alg, _ := h["alg"].(string)
	t.keyID, _ = h["kid"].(string)
	typ, ok := text(h, "typ")
	switch {
	case !known(alg):
		return fmt.Errorf("%w: the algorithm %.20q", ErrForm, alg)
	case t.keyID == "" || len(t.keyID) > maxKeyID:
		return fmt.Errorf("%w: no key id", ErrForm)
	case !ok || typ != "" && !strings.EqualFold(typ, "JWT"):
		return fmt.Errorf("%w: the type %.20q", ErrForm, typ)
	}
	t.alg = jose.SignatureAlgorithm(alg)
	return nil
}

func known(alg string) bool {
	for _, a := range algorithms {
		if string(a) == alg {
			return true
		}
	}
	return false
}
