package sigv4

import (
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"strings"
)

// Credential is the scope that a request is signed for: five fields of
// Credential=…/…/…/…/…. Region is empty for Signature Version 4A, whose scope
// has none.
type Credential struct {
	AccessKeyID string
	Date        string // YYYYMMDD
	Region      string
	Service     string
	Terminator  string // aws4_request
}

// algorithm is a closed list: what is not on it is refused by name.
type algorithm string

const (
	none       algorithm = ""
	hmacSHA256 algorithm = "AWS4-HMAC-SHA256"
	ecdsaP256  algorithm = "AWS4-ECDSA-P256-SHA256"

	terminator = "aws4_request"
)

// claim is what a request says of its own authentication, before any of it is
// believed.
type claim struct {
	algorithm  algorithm
	presigned  bool
	credential string // the scope with the access key id before it, as sent
	signed     string // SignedHeaders
	signature  string
	date       string // as sent; once parsed, as it enters the string to sign
	dateHeader bool   // date comes of Date, not X-Amz-Date
	token      string
	regionSet  string
	payload    string // hash that an X-Amz-Content-Sha256 query parameter states
}

// HasAuth tells whether a request bears authentication at all, good or bad: an
// Authorization header or an X-Amz-Algorithm query parameter. Only one that
// does not may be taken for anonymous.
func HasAuth(r *http.Request) bool {
	return len(r.Header["Authorization"]) > 0 || present(r.URL.RawQuery, paramAlgorithm)
}

// Claimed gives the credential that a request claims to be signed with, and
// false if it claims none that can be read. Nothing of it is verified: it is
// for routing, limits and records, never for a decision.
func Claimed(r *http.Request) (Credential, bool) {
	w := new(work)
	if w.read(r) != nil {
		return Credential{}, false
	}
	c, err := w.scope()
	return c, err == nil
}

// read fills the claim from the header or the query, whichever is there: steps
// 1 to 3 of the order in which AWS checks.
func (w *work) read(r *http.Request) error {
	w.claim = claim{}
	if err := w.query.parse(r.URL.RawQuery); err != nil {
		return err
	}
	header := r.Header["Authorization"]
	switch {
	case len(header) == 0 && !w.query.has[paramAlgorithm]:
		return missing()
	case len(header) == 0:
		return w.readQuery(r)
	case w.query.any():
		return mismatch(mismatchText)
	}
	return w.readHeader(r, header[0])
}

// readHeader reads "ALGORITHM Credential=…, SignedHeaders=…, Signature=…": the
// three in any order, blanks after the commas or not, nothing else.
func (w *work) readHeader(r *http.Request, auth string) error {
	name, rest, _ := strings.Cut(auth, " ")
	if !strings.HasPrefix(name, "AWS4-") {
		return missing()
	}
	if err := w.choose(name); err != nil {
		return err
	}
	w.token = first(r.Header["X-Amz-Security-Token"])
	w.regionSet = first(r.Header["X-Amz-Region-Set"])
	if w.date = first(r.Header["X-Amz-Date"]); w.date == "" {
		if dates := r.Header["Date"]; len(dates) == 1 {
			w.date, w.dateHeader = dates[0], true
		} else if len(dates) > 1 {
			return malformed("Duplicate header: Date")
		}
	}
	has, err := w.components(auth, rest)
	if err != nil {
		return err
	}
	if text := lacking(has, w.date); text != "" {
		return incomplete(text + hashed(auth))
	}
	return nil
}

func first(values []string) string {
	if len(values) == 0 {
		return ""
	}
	return values[0]
}

func (w *work) choose(name string) error {
	switch w.algorithm = algorithm(name); w.algorithm {
	case hmacSHA256, ecdsaP256:
		return nil
	}
	w.algorithm = none
	return incomplete("Unsupported AWS 'algorithm': '" + echo(name) + "'.")
}

// given says which components an Authorization header has.
type given struct{ credential, signed, signature bool }

func (w *work) components(auth, list string) (has given, err error) {
	for more := strings.TrimLeft(list, " ") != ""; more; {
		var part string
		part, list, more = strings.Cut(list, ",")
		key, value, ok := strings.Cut(strings.TrimLeft(part, " "), "=")
		if !ok {
			return has, incomplete("Invalid key=value pair (missing equal-sign) in Authorization header (hashed with SHA-256 and encoded with Base64): '" + digest(auth) + "'.")
		}
		var field *string
		var seen *bool
		switch key {
		case "Credential":
			field, seen = &w.credential, &has.credential
		case "SignedHeaders":
			field, seen = &w.signed, &has.signed
		case "Signature":
			field, seen = &w.signature, &has.signature
		default:
			return has, incomplete("Unknown parameter in Authorization header" + hashed(auth))
		}
		if *seen {
			return has, incomplete("Duplicate '" + key + "' parameter in Authorization header" + hashed(auth))
		}
		*field, *seen = value, true
	}
	return has, nil
}

// lacking collects what an Authorization header must have and has not.
func lacking(has given, date string) (text string) {
	for _, need := range []struct {
		ok   bool
		name string
	}{{has.credential, "Credential"}, {has.signature, "Signature"}, {has.signed, "SignedHeaders"}} {
		if !need.ok {
			text += "Authorization header requires '" + need.name + "' parameter. "
		}
	}
	if date == "" {
		text += "Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header. "
	}
	return strings.TrimSuffix(text, " ")
}

// hashed names an Authorization header in an error without repeating it.
func hashed(auth string) string {
	return " (Hashed with SHA-256 and encoded with Base64) Authorization=" + digest(auth)
}

// digest stands for an Authorization header in AWS's texts.
func digest(auth string) string {
	sum := sha256.Sum256([]byte(auth))
	return base64.StdEncoding.EncodeToString(sum[:])
}

// readQuery reads the authentication of a presigned URL. X-Amz-Expires is not
// looked at, as STS does not: validity counts from X-Amz-Date.
func (w *work) readQuery(r *http.Request) error {
	q := &w.query
	w.presigned = true
	if err := w.choose(q.auth[paramAlgorithm]); err != nil {
		return err
	}
	text := ""
	for _, i := range []int{paramCredential, paramSignature, paramSignedHeaders, paramDate} {
		if !q.has[i] {
			text += "AWS query-string parameters must include '" + paramNames[i] + "'. "
		}
	}
	if text != "" {
		return incomplete(text + "Re-examine the query-string parameters.")
	}
	// Two places for one security parameter would let two readers see two values.
	for _, name := range []string{"X-Amz-Date", "X-Amz-Security-Token", "X-Amz-Region-Set"} {
		if len(r.Header[name]) > 0 {
			return malformed("Header beside query authentication: " + name)
		}
	}
	w.credential, w.signature = q.auth[paramCredential], q.auth[paramSignature]
	w.signed, w.date = q.auth[paramSignedHeaders], q.auth[paramDate]
	w.token, w.regionSet = q.auth[paramToken], q.auth[paramRegionSet]
	if q.has[paramPayload] {
		w.payload = q.auth[paramPayload]
	}
	return nil
}

// scope splits the credential: five elements, four for Signature Version 4A.
func (w *work) scope() (c Credential, err error) {
	c, ok := splitCredential(w.credential, w.algorithm == ecdsaP256)
	switch {
	case ok:
		return c, nil
	case w.algorithm == ecdsaP256:
		return c, incomplete("Credential must have exactly 4 slash-delimited elements, e.g. keyid/date/service/term, got '" + echo(w.credential) + "'")
	}
	return c, incomplete("Credential must have exactly 5 slash-delimited elements, e.g. keyid/date/region/service/term, got '" + echo(w.credential) + "'")
}

func splitCredential(s string, noRegion bool) (c Credential, ok bool) {
	fields := [...]*string{&c.AccessKeyID, &c.Date, &c.Region, &c.Service, &c.Terminator}
	for i, f := range fields {
		if i == 2 && noRegion {
			continue
		}
		var more bool
		*f, s, more = strings.Cut(s, "/")
		if more != (i < len(fields)-1) {
			return Credential{}, false
		}
	}
	return c, true
}

// checkScope collects all that is wrong with a scope into one text, as AWS does.
func (w *work) checkScope(c Credential, service string, regions func(string) bool) error {
	text := ""
	if !w.regionOK(c.Region, regions) {
		text += "Credential should be scoped to a valid region. "
	}
	if c.Service != service {
		text += "Credential should be scoped to correct service: '" + service + "'. "
	}
	if c.Terminator != terminator {
		text += "Credential should be scoped with a valid terminator: 'aws4_request', not '" + echo(c.Terminator) + "'. "
	}
	if day := w.date[:len("YYYYMMDD")]; c.Date != day {
		text += "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: '" +
			echo(c.Date) + "' != '" + day + "', from '" + w.date + "'. "
	}
	if text != "" {
		return mismatch(text)
	}
	return nil
}

// regionOK asks about the region of the scope or, for Signature Version 4A,
// about each of the region set; one that is ours will do, and so will "*". A
// partial wildcard covers nothing: there is no list here to match it against.
func (w *work) regionOK(region string, regions func(string) bool) bool {
	ok := func(s string) bool { return s != "" && (regions == nil || regions(s)) }
	if w.algorithm != ecdsaP256 {
		return ok(region)
	}
	for rest, more := w.regionSet, true; more; {
		var s string
		s, rest, more = strings.Cut(rest, ",")
		if s = strings.TrimSpace(s); s == "*" || !strings.Contains(s, "*") && ok(s) {
			return true
		}
	}
	return false
}
