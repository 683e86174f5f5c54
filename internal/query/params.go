package query

import (
	"slices"
	"strings"
	"unicode/utf8"
)

// MaxParams bounds the parameters of a request, as net/url bounds them.
const MaxParams = 10_000

// Params are the parameters of one request, decoded and known to be free of
// repetition. Dispatch, decoding and whoever looks at a single parameter use this
// one object, so that none of them can see another value than the others.
type Params struct {
	list  []param // the form, sorted by name
	aside []param // a POST's query, which is signed but says nothing
}

type param struct{ name, value string }

// Get gives a parameter of the form by its exact name. The query string of a POST
// is no part of the form.
func (p *Params) Get(name string) (string, bool) {
	i, ok := slices.BinarySearchFunc(p.list, name, func(q param, n string) int { return strings.Compare(q.name, n) })
	if !ok {
		return "", false
	}
	return p.list[i].value, true
}

// Len counts the parameters of the form.
func (p *Params) Len() int { return len(p.list) }

// ParseForm reads the parameters of a request: a GET's from its query string, a
// POST's from its body alone. It is stricter than AWS where two readers of one
// request could disagree (a name twice in any case or encoding, in query and body,
// `;` between parameters, names that are no printable ASCII, values that are no
// UTF-8): those are *Error MalformedInput, or MalformedQueryString for what stands
// in the query. The query of a POST may hold the parameters of a presigned
// signature and what no service knows, but neither Action nor Version; only a
// presigned POST without a body, which is what botocore makes of a URL that it is
// given no method for, is read as a GET is: nothing else could say what it means.
func ParseForm(method, rawQuery, contentType string, body []byte) (*Params, error) {
	p := new(Params)
	query, bad := parse(rawQuery)
	if bad != "" {
		return nil, MalformedQueryString.Errorf("The query string is malformed: %s", bad)
	}
	switch method {
	case "GET":
		if len(body) > 0 {
			return nil, MalformedInput.Errorf("A GET request must not have a body")
		}
		p.list = query
	case "POST":
		if len(body) == 0 && presigned(query) {
			p.list = query
			break
		}
		if len(body) > 0 && !isForm(contentType) {
			return nil, MalformedInput.Errorf("Content-Type must be application/x-www-form-urlencoded")
		}
		p.aside = query
		if p.list, bad = parse(body); bad != "" {
			return nil, MalformedInput.Errorf("The request body is malformed: %s", bad)
		}
		for i := range query {
			if foldEqual(query[i].name, "Action") || foldEqual(query[i].name, "Version") {
				return nil, MalformedInput.Errorf("The parameters of a POST request must be in its body")
			}
		}
	default:
		return nil, MalformedInput.Errorf("The method must be GET or POST")
	}
	if name, twice := repeated(p.list, p.aside); twice {
		return nil, MalformedInput.Errorf("Parameter '%s' is given more than once", cut(name, maxEcho))
	}
	slices.SortFunc(p.list, func(a, b param) int { return strings.Compare(a.name, b.name) })
	return p, nil
}

// presigned says whether the query string carries the signature.
func presigned(query []param) bool {
	return slices.ContainsFunc(query, func(q param) bool { return q.name == "X-Amz-Algorithm" })
}

// parse splits and decodes. All names and values lie in one string; bad says what
// is wrong, empty when nothing is.
func parse[T string | []byte](s T) (list []param, bad string) {
	if len(s) == 0 {
		return nil, ""
	}
	pairs := 1
	for i := range len(s) {
		switch s[i] {
		case '&':
			pairs++
		case ';':
			return nil, "';' does not separate parameters"
		}
	}
	if pairs > MaxParams {
		return nil, "too many parameters"
	}
	list = make([]param, 0, pairs)
	var text strings.Builder
	text.Grow(len(s))
	for at := 0; at <= len(s); {
		var p param
		p, at, bad = parsePair(&text, s, at)
		if bad != "" {
			return nil, bad
		}
		if p.name == "" {
			if p.value != "" {
				return nil, "a parameter without a name"
			}
			continue
		}
		list = append(list, p)
	}
	return list, ""
}

// parsePair decodes the pair that starts at `at` and gives the start of the next.
func parsePair[T string | []byte](text *strings.Builder, s T, at int) (p param, next int, bad string) {
	name, at, ok := unescape(text, s, at, true)
	if !ok {
		return p, 0, "an incomplete escape"
	}
	var value string
	if at < len(s) && s[at] == '=' {
		if value, at, ok = unescape(text, s, at+1, false); !ok {
			return p, 0, "an incomplete escape"
		}
	}
	if !printable(name) {
		return p, 0, "a name with characters that no name has"
	}
	if !utf8.ValidString(value) {
		return p, 0, "a value that is not UTF-8"
	}
	return param{name, value}, at + 1, ""
}

// unescape decodes up to the next `&`, or also `=` in a name, and gives where it
// stopped. It appends to text, whose buffer is large enough never to move.
func unescape[T string | []byte](text *strings.Builder, s T, at int, name bool) (string, int, bool) {
	start := text.Len()
	for {
		from := at
		for at < len(s) && !special[s[at]] {
			at++
		}
		writeRun(text, s[from:at])
		if at == len(s) || s[at] == '&' || s[at] == '=' && name {
			return text.String()[start:], at, true
		}
		c := s[at]
		switch c {
		case '+':
			c = ' '
		case '%':
			if at+2 >= len(s) || unhex[s[at+1]] < 0 || unhex[s[at+2]] < 0 {
				return "", at, false
			}
			c = byte(unhex[s[at+1]]<<4 | unhex[s[at+2]])
			at += 2
		}
		text.WriteByte(c)
		at++
	}
}

// special are the bytes that end a run of bytes which stand for themselves.
var special = [256]bool{'&': true, '=': true, '+': true, '%': true}

func writeRun[T string | []byte](text *strings.Builder, run T) {
	switch run := any(run).(type) {
	case string:
		text.WriteString(run)
	case []byte:
		text.Write(run)
	}
}

var unhex = func() (t [256]int16) {
	for i := range t {
		t[i] = -1
	}
	for i, c := range []byte("0123456789abcdef") {
		t[c] = int16(i)
		if c >= 'a' {
			t[c-'a'+'A'] = int16(i)
		}
	}
	return t
}()

func printable(name string) bool {
	for i := range len(name) {
		if name[i] <= ' ' || name[i] > '~' {
			return false
		}
	}
	return true
}

// repeated finds a name that occurs twice when case is disregarded. Few names are
// compared each with each; many go through a map, so that time stays in bounds.
func repeated(lists ...[]param) (string, bool) {
	n := 0
	for _, l := range lists {
		n += len(l)
	}
	if n > 40 {
		return repeatedMany(n, lists)
	}
	var all [40]string
	seen := all[:0]
	for _, l := range lists {
		for i := range l {
			for _, name := range seen {
				if foldEqual(name, l[i].name) {
					return name, true
				}
			}
			seen = append(seen, l[i].name)
		}
	}
	return "", false
}

func repeatedMany(n int, lists [][]param) (string, bool) {
	seen := make(map[string]struct{}, n)
	for _, l := range lists {
		for i := range l {
			lower := strings.ToLower(l[i].name)
			if _, ok := seen[lower]; ok {
				return l[i].name, true
			}
			seen[lower] = struct{}{}
		}
	}
	return "", false
}

// foldEqual compares printable ASCII without regard to case.
func foldEqual(a, b string) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range len(a) {
		if a[i] != b[i] && lower(a[i]) != lower(b[i]) {
			return false
		}
	}
	return true
}

func lower(c byte) byte {
	if 'A' <= c && c <= 'Z' {
		return c + 'a' - 'A'
	}
	return c
}

// isForm accepts the form's media type with no parameter but a charset that a form of ASCII bytes can have.
func isForm(contentType string) bool {
	media, rest, _ := strings.Cut(contentType, ";")
	if !foldEqual(strings.Trim(media, " \t"), "application/x-www-form-urlencoded") {
		return false
	}
	for rest != "" {
		var one string
		one, rest, _ = strings.Cut(rest, ";")
		name, value, _ := strings.Cut(strings.Trim(one, " \t"), "=")
		if name == "" && value == "" {
			continue
		}
		value = strings.Trim(value, `"`)
		if !foldEqual(name, "charset") || !foldEqual(value, "utf-8") && !foldEqual(value, "us-ascii") {
			return false
		}
	}
	return true
}
