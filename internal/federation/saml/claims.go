package saml

import (
	"errors"
	"slices"
	"strconv"
	"strings"
)

// Claims are what AWS reads in the attributes of an assertion.
//
// Source: IAM User Guide, id_roles_providers_create_saml_assertions.
type Claims struct {
	Pairs           []Pair // of the Role attribute
	SessionName     string // RoleSessionName, as it stands there; "" if it does not
	SourceIdentity  string // "" none
	SessionDuration int    // seconds, for sign-in to a console alone; 0 none
	Tags            []Tag  // PrincipalTag:<key>, in their order
	Transitive      []string
	Context         []Attribute // condition keys of lists, named without saml:, in lower case
}

// Pair is a role that the user may enter through a provider, both ARNs.
type Pair struct{ Role, Provider string }

// Tag is a session tag.
type Tag struct{ Key, Value string }

const attributes = "https://aws.amazon.com/SAML/Attributes/"

// Claims reads the attributes. An attribute of AWS's that stands twice, or has
// several values where one is meant, is refused: which of them counts would be the
// parser's choice.
func (a *Assertion) Claims() (*Claims, error) {
	c, seen := &Claims{}, map[string]bool{}
	for _, x := range a.Attributes {
		name, ours := strings.CutPrefix(x.Name, attributes)
		if !ours {
			c.addContext(x)
			continue
		}
		if seen[name] {
			return nil, malformed(errors.New("an attribute stands twice"))
		}
		seen[name] = true
		if err := c.add(name, x.Values); err != nil {
			return nil, malformed(err)
		}
	}
	return c, nil
}

func (c *Claims) add(name string, values []string) (err error) {
	switch name {
	case "Role":
		for _, v := range values {
			if p, ok := pair(v); ok && !slices.Contains(c.Pairs, p) {
				c.Pairs = append(c.Pairs, p)
			}
		}
		return nil
	case "TransitiveTagKeys":
		c.Transitive = values
		return nil
	case "RoleSessionName":
		c.SessionName, err = single(values)
	case "SourceIdentity":
		c.SourceIdentity, err = single(values)
	case "SessionDuration":
		c.SessionDuration, err = duration(values)
	default:
		if key, ok := strings.CutPrefix(name, "PrincipalTag:"); ok {
			t := Tag{Key: key}
			t.Value, err = single(values)
			c.Tags = append(c.Tags, t)
		}
	}
	return err
}

func single(values []string) (string, error) {
	if len(values) != 1 {
		return "", errors.New("an attribute must have exactly one value")
	}
	return values[0], nil
}

// duration reads SessionDuration, within AWS's bounds.
func duration(values []string) (int, error) {
	v, err := single(values)
	if err != nil {
		return 0, err
	}
	n, err := strconv.ParseUint(v, 10, 32)
	if err != nil || n < 900 || n > 43200 {
		return 0, errors.New("the SessionDuration is not a number from 900 to 43200")
	}
	return int(n), nil
}

// pair reads "role,provider", in either order. White space around them does not count.
func pair(v string) (Pair, bool) {
	first, second, ok := strings.Cut(v, ",")
	p := Pair{strings.TrimSpace(first), strings.TrimSpace(second)}
	if strings.Contains(p.Role, ":saml-provider/") {
		p.Role, p.Provider = p.Provider, p.Role
	}
	return p, ok && strings.Contains(p.Role, ":role/") && strings.Contains(p.Provider, ":saml-provider/") && !strings.Contains(p.Provider+p.Role, ",")
}

// SubjectType is the form of AWS's answer and of saml:sub_type: the NameID's
// format without the prefix of SAML 2.0's own, so that it is mostly persistent or
// transient.
func (a *Assertion) SubjectType() string {
	return strings.TrimPrefix(a.Format, "urn:oasis:names:tc:SAML:2.0:nameid-format:")
}

// contextKeys are the attributes that AWS makes condition keys of.
//
// Source: IAM User Guide, id_roles_providers_create_saml_assertions, the tables of
// eduPerson and eduOrg, Active Directory and X.500 attributes. (2.4.5.42 is what it
// prints for givenName; X.520 has 2.5.4.42.)
var contextKeys = map[string]string{
	"urn:oid:1.3.6.1.4.1.5923.1.1.1.1":  "edupersonaffiliation",
	"urn:oid:1.3.6.1.4.1.5923.1.1.1.2":  "edupersonnickname",
	"urn:oid:1.3.6.1.4.1.5923.1.1.1.3":  "edupersonorgdn",
	"urn:oid:1.3.6.1.4.1.5923.1.1.1.4":  "edupersonorgunitdn",
	"urn:oid:1.3.6.1.4.1.5923.1.1.1.5":  "edupersonprimaryaffiliation",
	"urn:oid:1.3.6.1.4.1.5923.1.1.1.6":  "edupersonprincipalname",
	"urn:oid:1.3.6.1.4.1.5923.1.1.1.7":  "edupersonentitlement",
	"urn:oid:1.3.6.1.4.1.5923.1.1.1.8":  "edupersonprimaryorgunitdn",
	"urn:oid:1.3.6.1.4.1.5923.1.1.1.9":  "edupersonscopedaffiliation",
	"urn:oid:1.3.6.1.4.1.5923.1.1.1.10": "edupersontargetedid",
	"urn:oid:1.3.6.1.4.1.5923.1.1.1.11": "edupersonassurance",
	"urn:oid:1.3.6.1.4.1.5923.1.2.1.2":  "eduorghomepageuri",
	"urn:oid:1.3.6.1.4.1.5923.1.2.1.3":  "eduorgidentityauthnpolicyuri",
	"urn:oid:1.3.6.1.4.1.5923.1.2.1.4":  "eduorglegalname",
	"urn:oid:1.3.6.1.4.1.5923.1.2.1.5":  "eduorgsuperioruri",
	"urn:oid:1.3.6.1.4.1.5923.1.2.1.6":  "eduorgwhitepagesuri",
	"urn:oid:2.5.4.3":                   "cn",

	"http://schemas.xmlsoap.org/ws/2005/05/identity/claims/name":              "name",
	"http://schemas.xmlsoap.org/claims/CommonName":                            "commonname",
	"http://schemas.xmlsoap.org/ws/2005/05/identity/claims/givenname":         "givenname",
	"http://schemas.xmlsoap.org/ws/2005/05/identity/claims/surname":           "surname",
	"http://schemas.xmlsoap.org/ws/2005/05/identity/claims/emailaddress":      "mail",
	"http://schemas.microsoft.com/ws/2008/06/identity/claims/primarygroupsid": "primarygroupsid",

	"2.5.4.3":                    "commonname",
	"2.5.4.4":                    "surname",
	"2.4.5.42":                   "givenname",
	"2.5.4.42":                   "givenname",
	"2.5.4.45":                   "x500uniqueidentifier",
	"0.9.2342.19200300100.1.1":   "uid",
	"0.9.2342.19200300100.1.3":   "mail",
	"0.9.2342.19200300.100.1.1":  "uid",
	"0.9.2342.19200300.100.1.3":  "mail",
	"0.9.2342.19200300.100.1.45": "organizationstatus",
}

// addContext keeps an attribute that is a condition key; several names of one key
// are one list.
func (c *Claims) addContext(x Attribute) {
	key := contextKeys[x.Name]
	if key == "" {
		key = contextKeys[strings.TrimPrefix(x.Name, "urn:oid:")]
	}
	if key == "" {
		return
	}
	for i := range c.Context {
		if c.Context[i].Name == key {
			c.Context[i].Values = append(slices.Clip(c.Context[i].Values), x.Values...)
			return
		}
	}
	c.Context = append(c.Context, Attribute{key, x.Values})
}
