package session

import (
	"bytes"
	"compress/flate"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"testing"

	"github.com/deputy-sts/deputy/internal/seal"
)

// sealed64 is a token of any body, as only the issuer could make it.
func sealed64(i *Issuer, accessKeyID string, body []byte) string {
	return base64.StdEncoding.EncodeToString(i.Ring.Seal(seal.Session, []byte(accessKeyID), body))
}

// deflated is a body that says it inflates to size bytes.
func deflated(text string, size int) []byte { return packed(bodyDeflated, nil, text, size) }

func packed(how byte, before []byte, text string, size int) []byte {
	out := bytes.NewBuffer([]byte{how})
	out.Write(binary.AppendUvarint(nil, uint64(size)))
	w, _ := flate.NewWriterDict(out, flate.BestCompression, before)
	w.Write([]byte(text))
	w.Close()
	return out.Bytes()
}

func TestSec_F02_AlteredTokensDoNotOpen(t *testing.T) {
	i := newIssuer(t)
	for _, c := range []Claims{role(), bulky(3200, true), {Kind: Root, Account: "000000000000", PrincipalID: "000000000000", Name: "ab", IssuedAt: issued, Expires: issued.Add(1e9)}} {
		cr := issue(t, i, c)
		token := cr.SessionToken
		refused := func(what string, at int, altered string) {
			t.Helper()
			if altered == token {
				return
			}
			if got, err := i.Open(cr.AccessKeyID, altered); !errors.Is(err, ErrInvalid) || got != nil {
				t.Errorf("%s at byte %d: %v, error %v", what, at, got, err)
			}
		}
		for at := range len(token) {
			for bit := range 8 {
				b := []byte(token)
				b[at] ^= 1 << bit
				refused("flipped", at, string(b))
			}
			for _, char := range []byte("A/=\n\r ") {
				refused("replaced", at, token[:at]+string(char)+token[at+1:])
				refused("inserted", at, token[:at]+string(char)+token[at:])
			}
			refused("deleted", at, token[:at]+token[at+1:])
			refused("four deleted", at, token[:at]+token[min(at+4, len(token)):])
			refused("truncated", at, token[:at])
		}
		for _, tail := range []string{"=", "\n", "\r\n", "A", "AAAA", "\x00"} {
			refused("appended", len(token), token+tail)
			refused("prepended", 0, tail+token)
		}
		sameClaims(t, i, cr, c)
	}
}

// Sealed texts of other purposes, bound to the same id, are no tokens.
func TestSec_F04_OtherPurposesAreNoTokens(t *testing.T) {
	i := newIssuer(t)
	c := role()
	id := NewAccessKeyID(Temporary, c.Account)
	body := appendClaims([]byte{bodyPlain}, &c, 111122223333, make([]byte, secretBytes))
	for _, purpose := range []string{seal.Record, seal.Canary, seal.Marker, seal.Cookie, seal.Signin, seal.Session} {
		token := base64.StdEncoding.EncodeToString(i.Ring.Seal(purpose, []byte(id), body))
		if _, err := i.Open(id, token); (err == nil) != (purpose == seal.Session) {
			t.Errorf("sealed as %s: %v", purpose, err)
		}
	}
}

// Bodies that were sealed by us and are not what this version writes (of a
// newer one, say) do not open.
func TestOtherBodies(t *testing.T) {
	i := newIssuer(t)
	c := full()
	id := NewAccessKeyID(Temporary, c.Account)
	good := appendClaims([]byte{bodyPlain}, &c, 111122223333, make([]byte, secretBytes))
	claims := string(good[1:])
	with := func(more ...byte) []byte { return append(bytes.Clone(good), more...) }
	if _, err := i.Open(id, sealed64(i, id, with(0, 0, 0))); err != nil {
		t.Errorf("padded: %v", err)
	}
	if _, err := i.Open(id, sealed64(i, id, append(deflated(claims, len(claims)), 0, 0))); err != nil {
		t.Errorf("deflated and padded: %v", err)
	}
	if _, err := i.Open(id, sealed64(i, id, append(packed(bodyPrimed, []byte(dictionary), claims, len(claims)), 0, 0))); err != nil {
		t.Errorf("primed and padded: %v", err)
	}
	for name, body := range map[string][]byte{
		"empty":             {},
		"unknown packing":   {9},
		"no claims":         {bodyPlain},
		"newer field":       with(lastField+1, 0),
		"field out of turn": with(fieldName, 1, 'x'),
		"field twice":       append([]byte{bodyPlain, fieldKind, 1, 1}, good[1:]...),
		"behind the end":    with(0, 1),
		"cut field":         good[:len(good)-1],
		"cut length":        with(fieldKey),
		"long length":       with(fieldKey, 200),
		"length of 2^64":    with(fieldKey, 255, 255, 255, 255, 255, 255, 255, 255, 255, 1),
		"padded number":     with(fieldKey, 0x81, 0),
		"empty text":        with(fieldProvider, 0),
		"tag without key":   with(fieldKey, 1, 5),
		"inflates to less":  deflated(claims, len(claims)+1),
		"inflates to more":  deflated(claims, len(claims)-1),
		"inflates too far":  deflated(claims, maxInflated+1),
		"behind deflated":   append(deflated(claims, len(claims)), 0, 1),
		"not deflated":      {bodyDeflated, 5, 1, 2, 3},
		"of no dictionary":  packed(bodyPrimed, nil, claims, len(claims)-1),
		"of a dictionary":   packed(bodyDeflated, []byte(dictionary), dictionary, len(dictionary)),
		"primed, less":      packed(bodyPrimed, []byte(dictionary), claims, len(claims)+1),
		"primed, too far":   packed(bodyPrimed, []byte(dictionary), claims, maxInflated+1),
		"no size":           {bodyDeflated},
	} {
		if got, err := i.Open(id, sealed64(i, id, body)); !errors.Is(err, ErrInvalid) {
			t.Errorf("%s: %v, error %v", name, got, err)
		}
	}
}

func FuzzOpenToken(f *testing.F) {
	i := newIssuer(f)
	cr := issue(f, i, full())
	f.Add(cr.AccessKeyID, cr.SessionToken)
	f.Add(cr.AccessKeyID, cr.SessionToken[:40])
	f.Add("", "")
	f.Fuzz(func(t *testing.T, id, token string) {
		genuine := id == cr.AccessKeyID && token == cr.SessionToken
		if c, err := i.Open(id, token); (err == nil) != genuine || (c != nil) != genuine || err != nil && !errors.Is(err, ErrInvalid) {
			t.Errorf("%v, error %v", c, err)
		}
		AccountOf(id)
	})
}

// What decodes encodes to the same bytes: there is one encoding of a session.
func FuzzDecodeClaims(f *testing.F) {
	for _, c := range []Claims{role(), full()} {
		f.Add(appendClaims(nil, &c, 111122223333, make([]byte, secretBytes)))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		c, ok := decodeClaims(string(body))
		if !ok {
			return
		}
		secret, err := base64.StdEncoding.DecodeString(c.SecretAccessKey)
		account, known := accountNumber(c.Account)
		if err != nil || !known {
			t.Fatalf("secret %v, account %q", err, c.Account)
		}
		again := appendClaims(nil, c, account, secret)
		if padding, ok := bytes.CutPrefix(body, again); !ok || !zeros(padding) {
			t.Errorf("%x became %x", body, again)
		}
	})
}
