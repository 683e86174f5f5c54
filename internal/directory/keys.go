package directory

import "strings"

// The keys of the store are made here and nowhere else. doc.go has the table.

const (
	keySchema    = "meta/schema"
	keyCanary    = "meta/canary"
	keyBootstrap = "meta/bootstrap"
)

// Kind is a kind of entity that other things are attached to or join.
type Kind uint8

const (
	KindUser Kind = iota + 1
	KindRole
	KindGroup
	KindPolicy
	KindMFA // a virtual MFA device
)

var kindNames = [...]string{KindUser: "user", KindRole: "role", KindGroup: "group", KindPolicy: "policy", KindMFA: "mfa"}

// String is the word for k in ARNs and keys of the store.
func (k Kind) String() string { return kindNames[k] }

func accountKey(id string) string   { return "account/" + id }
func aliasKey(alias string) string  { return "alias/" + alias }
func accessKeyKey(id string) string { return "key/" + id }
func lockKey(userID string) string  { return "lock/" + userID }
func deviceKey(id string) string    { return "mfa/" + id }
func oidcKey(id string) string      { return "oidc/" + id }
func revokedKey(id string) string   { return "revoked/" + id }
func samlKey(id string) string      { return "saml/" + id }
func usedKey(id string) string      { return "used/" + id }
func outboxKey(id string) string    { return "outbox/" + id }

func entityKey(account string, k Kind, name string) string {
	return "a/" + account + "/" + k.String() + "/" + lowerName(name)
}

func guardKey(account string, k Kind, id string) string {
	return "a/" + account + "/guard/" + k.String() + "/" + id
}

// cut splits a key at its first slash: the kind of record, and whose it is.
func cut(key string) (kind, rest string) {
	kind, rest, _ = strings.Cut(key, "/")
	return kind, rest
}

// cutEntity splits the rest of a key a/<account>/<kind>/<name>.
func cutEntity(rest string) (account, kind, name string) {
	account, rest, _ = strings.Cut(rest, "/")
	kind, name, _ = strings.Cut(rest, "/")
	return account, kind, name
}

// Names of IAM are ASCII, so only ASCII letters have case here.

func lowerByte(c byte) byte {
	if 'A' <= c && c <= 'Z' {
		return c + 'a' - 'A'
	}
	return c
}

func lowerName(s string) string {
	for i := range len(s) {
		if lowerByte(s[i]) != s[i] {
			b := []byte(s)
			for j := i; j < len(b); j++ {
				b[j] = lowerByte(b[j])
			}
			return string(b)
		}
	}
	return s
}

// compareNames orders names by their lower case, as their keys are ordered.
func compareNames(a, b string) int {
	for i := range min(len(a), len(b)) {
		if a[i] == b[i] {
			continue
		}
		if x, y := lowerByte(a[i]), lowerByte(b[i]); x != y {
			return int(x) - int(y)
		}
	}
	return len(a) - len(b)
}
