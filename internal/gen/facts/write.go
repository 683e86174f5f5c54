package main

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
)

// writer prints the facts of a service.
type writer struct {
	s   *service
	out bytes.Buffer
	err error
}

// fail keeps the first reason why there are no facts.
func (w *writer) fail(format string, args ...any) {
	w.err = cmp.Or(w.err, fmt.Errorf(format, args...))
}

func (w *writer) printf(format string, args ...any) { fmt.Fprintf(&w.out, format, args...) }

// quoted is a JSON value in the files' spelling: `, ` and no escaped < and >.
func quoted(v any) string {
	if list, ok := v.([]string); ok {
		parts := make([]string, len(list))
		for i, s := range list {
			parts[i] = quoted(s)
		}
		return "[" + strings.Join(parts, ", ") + "]"
	}
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		panic(err) // strings, numbers and booleans only
	}
	return strings.TrimSuffix(b.String(), "\n")
}

// rows prints `key: row` lines with commas between.
func (w *writer) rows(indent string, keys []string, row func(key string) string) {
	for i, k := range keys {
		comma := ","
		if i == len(keys)-1 {
			comma = ""
		}
		w.printf("%s%s: %s%s\n", indent, quoted(k), row(k), comma)
	}
}

func (w *writer) file() {
	m := w.s.Metadata
	errs, structures := w.errors(), w.structures()
	w.printf("{\n")
	w.printf("  \"service\": %s,\n", quoted(m.EndpointPrefix))
	w.printf("  \"version\": %s,\n", quoted(m.APIVersion))
	w.printf("  \"protocol\": %s,\n", quoted(m.Protocol))
	w.printf("  \"namespace\": %s,\n", quoted(m.XMLNamespace))
	w.printf("  \"signing_name\": %s,\n", quoted(cmp.Or(m.SigningName, m.EndpointPrefix)))
	w.printf("  \"signature_versions\": %s,\n", quoted(m.signatureVersions()))
	w.printf("  \"global_endpoint\": %s,\n", quoted(m.GlobalEndpoint))
	w.printf("  \"source\": %s,\n", quoted(w.s.source))
	w.printf("  \"counts\": {\"operations\": %d, \"structures\": %d, \"errors\": %d},\n", len(w.s.Operations), len(structures), len(errs))
	w.printf("  \"errors\": {\n")
	w.rows("    ", slices.Sorted(maps.Keys(errs)), func(code string) string { return w.errorRow(code, errs[code]) })
	w.printf("  },\n  \"operations\": {\n")
	w.rows("    ", slices.Sorted(maps.Keys(w.s.Operations)), w.operation)
	w.printf("  },\n  \"structures\": {\n")
	w.rows("    ", structures, func(name string) string { return w.members(name, "    ") })
	w.printf("  },\n  \"waiters\": {\n")
	w.rows("    ", slices.Sorted(maps.Keys(w.s.waiters)), w.waiter)
	w.printf("  }\n}\n")
}

func (m metadata) signatureVersions() []string {
	var versions []string
	for _, scheme := range m.Auth {
		versions = append(versions, strings.TrimPrefix(scheme, "aws.auth#sig"))
	}
	if versions == nil {
		versions = []string{m.SignatureVersion}
	}
	return versions
}

// code is an exception's name on the wire.
func (w *writer) code(name string) string {
	if s := w.s.Shapes[name]; s != nil && s.Error != nil && s.Error.Code != "" {
		return s.Error.Code
	}
	return name
}

// errors gives the exceptions that operations declare, by their code.
func (w *writer) errors() map[string]string {
	errs := map[string]string{}
	for _, op := range w.s.Operations {
		for _, e := range op.Errors {
			errs[w.code(e.Shape)] = e.Shape
		}
	}
	return errs
}

func (w *writer) errorRow(code, name string) string {
	s := w.s.Shapes[name]
	if s == nil {
		w.fail("no shape %s", name)
		return ""
	}
	status, implied := 400, ""
	if s.Error != nil && s.Error.HTTPStatusCode != 0 {
		status = s.Error.HTTPStatusCode
	} else {
		implied = `, "implied": true`
	}
	fault := "Sender"
	if status >= 500 {
		fault = "Receiver"
	}
	return fmt.Sprintf(`{"shape": %s, "status": %d, "type": %s%s}`, quoted(name), status, quoted(fault), implied)
}

// readNames are the beginnings of operations that change nothing; minting are
// those of them that hand out credentials or tokens.
var (
	readNames = regexp.MustCompile(`^(Get|List|Simulate|Decode)`)
	minting   = []string{"GetDelegatedAccessToken", "GetFederationToken", "GetSessionToken", "GetWebIdentityToken"}
)

func (w *writer) operation(name string) string {
	op := w.s.Operations[name]
	var b strings.Builder
	line := func(key string, value string) { fmt.Fprintf(&b, "      %s: %s,\n", quoted(key), value) }
	auth := "sigv4"
	if op.AuthType == "none" || slices.Contains(op.Auth, "smithy.api#noAuth") {
		auth = "none"
	}
	line("auth", quoted(auth))
	line("read_only", fmt.Sprint(readNames.MatchString(name) && !slices.Contains(minting, name)))
	if op.Deprecated {
		line("deprecated", "true")
	}
	if op.Idempotent {
		line("idempotent", "true")
	}
	if op.Input != nil {
		line("input_shape", quoted(op.Input.Shape))
	}
	line("input", w.membersOf(op.Input))
	line("response", quoted(name+"Response"))
	result := "null"
	if op.Output != nil && op.Output.ResultWrapper != "" {
		result = quoted(op.Output.ResultWrapper)
	}
	line("result", result)
	if op.Output != nil {
		line("output_shape", quoted(op.Output.Shape))
	}
	line("output", w.membersOf(op.Output))
	codes := []string{}
	for _, e := range op.Errors {
		codes = append(codes, w.code(e.Shape))
	}
	slices.Sort(codes)
	line("errors", quoted(codes))
	if p, ok := w.s.pages[name]; ok {
		line("page", p.row())
	}
	return "{\n" + strings.TrimSuffix(b.String(), ",\n") + "\n    }"
}

func (p page) row() string {
	items := slices.Sorted(slices.Values(p.ResultKey))
	return fmt.Sprintf(`{"in": %s, "out": %s, "limit": %s, "more": %s, "items": %s}`, quoted(strings.Join(p.InputToken, ",")),
		quoted(strings.Join(p.OutputToken, ",")), quoted(p.LimitKey), quoted(p.MoreResults), quoted(items))
}

func (w *writer) waiter(name string) string {
	x := w.s.waiters[name]
	accept := []string{}
	for _, a := range x.Acceptors {
		what := a.Matcher
		if a.Argument != "" {
			what += " " + a.Argument
		}
		accept = append(accept, what+" "+strings.Trim(string(a.Expected), `"`)+" -> "+a.State)
	}
	return fmt.Sprintf(`{"operation": %s, "delay": %d, "attempts": %d, "accept": %s}`, quoted(x.Operation), x.Delay, x.MaxAttempts, quoted(accept))
}

func (w *writer) membersOf(r *ref) string {
	if r == nil {
		return "[]"
	}
	return w.members(r.Shape, "      ")
}

// members prints a structure's members, one on a line.
func (w *writer) members(name, indent string) string {
	s := w.s.Shapes[name]
	if s == nil || s.Type != "structure" {
		w.fail("%s is no structure", name)
		return ""
	}
	if len(s.Members) == 0 {
		return "[]"
	}
	var rows []string
	for _, m := range slices.Sorted(maps.Keys(s.Members)) {
		rows = append(rows, indent+"  {"+w.member(m, s.Members[m], slices.Contains(s.Required, m))+"}")
	}
	return "[\n" + strings.Join(rows, ",\n") + "\n" + indent + "]"
}

func (w *writer) member(name string, r ref, required bool) string {
	parts := []string{`"name": ` + quoted(name), `"go": ` + quoted(goName(name))}
	switch s := w.s.Shapes[r.Shape]; {
	case s == nil:
		w.fail("%s: no shape %s", name, r.Shape)
		return ""
	case s.Type == "list":
		parts = append(parts, `"wire": `+quoted(cmp.Or(r.LocationName, name)+".member.N"))
	case s.Type == "map":
		parts = append(parts, `"wire": `+quoted(cmp.Or(r.LocationName, name)+".entry.N"))
	case r.LocationName != "" && r.LocationName != name:
		parts = append(parts, `"wire": `+quoted(r.LocationName))
	}
	if required {
		parts = append(parts, `"required": true`)
	}
	return strings.Join(append(parts, w.value(r)...), ", ")
}

// kinds maps the model's types to the facts'.
var kinds = map[string]string{
	"string": "string", "character": "string", "integer": "integer", "long": "integer", "boolean": "boolean",
	"timestamp": "timestamp", "blob": "blob", "structure": "structure", "list": "list", "map": "map",
}

// value gives the facts of a value: its type and limits.
func (w *writer) value(r ref) []string {
	s := w.s.Shapes[r.Shape]
	if s == nil || kinds[s.Type] == "" {
		w.fail("shape %s is missing or of no known type", r.Shape)
		return nil
	}
	parts := []string{`"type": ` + quoted(kinds[s.Type])}
	nested := func(key string, of *ref) {
		if of == nil {
			w.fail("%s has no %s", r.Shape, key)
			return
		}
		parts = append(parts, fmt.Sprintf("%q: {%s}", key, strings.Join(w.value(*of), ", ")))
	}
	switch s.Type {
	case "structure":
		return append(parts, `"shape": `+quoted(r.Shape))
	case "list":
		nested("item", s.Member)
	case "map":
		nested("key", s.Key)
		nested("value", s.Value)
	}
	return append(append(parts, s.limits()...), r.marks(s)...)
}

func (s *shape) limits() (parts []string) {
	if s.Min != nil {
		parts = append(parts, `"min": `+s.Min.String())
	}
	if s.Max != nil {
		parts = append(parts, `"max": `+s.Max.String())
	}
	if s.Pattern != "" {
		parts = append(parts, `"pattern": `+quoted(s.Pattern))
	}
	if len(s.Enum) > 0 {
		parts = append(parts, `"enum": `+quoted(slices.Sorted(slices.Values(s.Enum))))
	}
	return parts
}

// marks are what few members have.
func (r ref) marks(s *shape) (parts []string) {
	for _, m := range []struct {
		key string
		is  bool
	}{
		{"sensitive", s.Sensitive || r.Sensitive}, {"flattened", s.Flattened || r.Flattened},
		{"idempotencyToken", r.IdempotencyToken}, {"xmlAttribute", r.XMLAttribute},
	} {
		if m.is {
			parts = append(parts, quoted(m.key)+": true")
		}
	}
	if s.Member != nil && s.Member.LocationName != "" && s.Member.LocationName != "member" {
		parts = append(parts, `"element": `+quoted(s.Member.LocationName))
	}
	if r.TimestampFormat != "" {
		parts = append(parts, `"format": `+quoted(r.TimestampFormat))
	}
	return parts
}

// structures names every structure inside an input or an output, sorted.
func (w *writer) structures() []string {
	found := map[string]bool{}
	var walk func(r *ref, top bool)
	walk = func(r *ref, top bool) {
		if r == nil || w.s.Shapes[r.Shape] == nil || found[r.Shape] {
			return
		}
		s := w.s.Shapes[r.Shape]
		if s.Type == "structure" && !top {
			found[r.Shape] = true
		}
		for _, m := range s.Members {
			walk(&m, false)
		}
		walk(s.Member, false)
		walk(s.Key, false)
		walk(s.Value, false)
	}
	for _, op := range w.s.Operations {
		walk(op.Input, true)
		walk(op.Output, true)
	}
	return slices.Sorted(maps.Keys(found))
}

var initialism = regexp.MustCompile(`(Arn|Arns|Id|Ids|Jwt|Url|Urls)([A-Z]|$)`)

// goName is an exported Go name with Go's initialisms.
func goName(name string) string {
	name = strings.ToUpper(name[:1]) + name[1:]
	return initialism.ReplaceAllStringFunc(name, func(m string) string {
		sub := initialism.FindStringSubmatch(m)
		word, plural := strings.CutSuffix(sub[1], "s")
		word = strings.ToUpper(word)
		if plural {
			word += "s"
		}
		return word + sub[2]
	})
}
