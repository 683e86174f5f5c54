package deputy

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

const module = "github.com/deputy-sts/deputy"

// arrows states which rooms each room may know (ARCHITECTURE.md). Beyond them
// stand the standard library and, in outside, the libraries.
var arrows = map[string][]string{
	"":       {},
	"arn":    {},
	"sigv4":  {},
	"policy": {"arn"},

	"internal/query":                    {},
	"internal/kv":                       {},
	"internal/kv/memkv":                 {"internal/kv"},
	"internal/kv/boltkv":                {"internal/kv"},
	"internal/kv/kvtest":                {"internal/kv"},
	"internal/seal":                     {},
	"internal/audit":                    {},
	"internal/awsdata":                  {},
	"internal/lint":                     {"policy", "arn", "internal/awsdata"},
	"internal/iamapi":                   {"internal/query"},
	"internal/stsapi":                   {"internal/query"},
	"internal/session":                  {"internal/seal", "arn"},
	"internal/directory":                {"internal/kv", "internal/seal", "internal/session", "arn", "policy"},
	"internal/mfa":                      {"internal/directory"},
	"internal/authn":                    {"sigv4", "internal/session", "internal/directory", "policy"},
	"internal/authz":                    {"internal/query", "policy", "internal/directory", "internal/audit", "internal/awsdata", "internal/kv", "arn"},
	"internal/federation/oidc":          {},
	"internal/federation/saml":          {},
	"internal/iam":                      {"internal/federation/saml", "internal/mfa", "internal/iamapi", "internal/query", "internal/authz", "internal/directory", "internal/session", "policy", "internal/lint", "internal/awsdata", "arn", "internal/outbound"},
	"internal/sts":                      {"internal/federation/oidc", "internal/federation/saml", "internal/mfa", "internal/stsapi", "internal/query", "internal/authz", "internal/directory", "internal/session", "policy", "arn", "internal/outbound"},
	"internal/server":                   {"arn", "sigv4", "policy", "internal/query", "internal/kv", "internal/seal", "internal/audit", "internal/awsdata", "internal/iamapi", "internal/stsapi", "internal/session", "internal/directory", "internal/authn", "internal/authz", "internal/federation/oidc", "internal/federation/saml", "internal/iam", "internal/sts", "internal/outbound"},
	"internal/admin":                    {"internal/mfa", "internal/authz", "internal/directory", "internal/seal", "internal/audit", "internal/session", "internal/kv", "arn"},
	"internal/cli":                      {},
	"internal/gen":                      {},
	"internal/gen/facts":                {},
	"cmd/deputyd":                       {"internal/mfa", "internal/server", "internal/admin", "internal/kv", "internal/kv/boltkv", "internal/kv/memkv", "internal/seal", "internal/session", "internal/audit", "internal/directory", "internal/cli", "policy", "sigv4", "internal/query", "internal/iamapi", "internal/stsapi"},
	"cmd/deputy":                        {"internal/query", "internal/stsapi", "internal/iamapi", "internal/awsdata", "internal/lint", "internal/cli", "arn", "sigv4", "policy"},
	"internal/federation/oidc/oidctest": {},
	"internal/outbound":                 {"internal/directory"},
}

// outside states which libraries a room may use. Test files may use what they like.
var outside = map[string][]string{
	"internal/kv/boltkv":       {"go.etcd.io/bbolt", "golang.org/x/sys"},
	"internal/kv/kvtest":       {"github.com/google/go-cmp"},
	"internal/seal":            {"golang.org/x/sys", "golang.org/x/crypto"},
	"internal/directory":       {"github.com/tidwall/btree"},
	"internal/mfa":             {"github.com/boombuler/barcode"},
	"internal/federation/oidc": {"github.com/go-jose/go-jose/v4"},
	"internal/federation/saml": {"github.com/russellhaering/goxmldsig", "github.com/beevik/etree", "github.com/mattermost/xml-roundtrip-validator"},
	"internal/server":          {"golang.org/x/time"},
	"internal/admin":           {"golang.org/x/sys"},
	"internal/cli":             {"github.com/spf13/cobra", "github.com/spf13/pflag", "github.com/goccy/go-yaml", "golang.org/x/term"},
	"cmd/deputyd":              {"github.com/spf13/cobra", "github.com/spf13/pflag", "golang.org/x/sys", "golang.org/x/term"},
	"cmd/deputy":               {"github.com/spf13/cobra", "github.com/spf13/pflag", "golang.org/x/term", "golang.org/x/sys"},

	"internal/federation/oidc/oidctest": {"github.com/go-jose/go-jose/v4"},
}

// clientNever is what the client's binary must not hold, by import path prefix:
// its cached path answers in milliseconds.
var clientNever = []string{
	module + "/internal/server", module + "/internal/kv", module + "/internal/directory",
	"go.etcd.io/", "github.com/aws/",
}

var vagueNames = []string{"util", "utils", "common", "helper", "helpers", "base", "types", "models", "misc"}

type room struct {
	name    string // package name
	doc     bool
	imports map[string][]string // import path -> files
	tests   map[string][]string
	aliased []string
}

// rooms reads the packages of this module; nested modules stand for themselves.
func rooms(t *testing.T) map[string]*room {
	t.Helper()
	found := map[string]*room{}
	err := filepath.WalkDir(".", func(file string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			nested, _ := filepath.Glob(filepath.Join(file, "go.mod"))
			if file != "." && (len(nested) > 0 || strings.HasPrefix(d.Name(), ".") || d.Name() == "testdata" || d.Name() == "node_modules") {
				return fs.SkipDir
			}
			return nil
		}
		if strings.HasSuffix(file, ".go") {
			return readFile(found, filepath.ToSlash(file))
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

func readFile(found map[string]*room, file string) error {
	f, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.ImportsOnly|parser.ParseComments)
	if err != nil {
		return err
	}
	dir := path.Dir(file)
	if dir == "." {
		dir = ""
	}
	r := found[dir]
	if r == nil {
		r = &room{imports: map[string][]string{}, tests: map[string][]string{}}
		found[dir] = r
	}
	test := strings.HasSuffix(file, "_test.go")
	if !test {
		r.name = f.Name.Name
		r.doc = r.doc || hasDoc(f)
	}
	for _, spec := range f.Imports {
		p := strings.Trim(spec.Path.Value, `"`)
		if test {
			r.tests[p] = append(r.tests[p], file)
			continue
		}
		r.imports[p] = append(r.imports[p], file)
		if spec.Name != nil && spec.Name.Name != "_" {
			r.aliased = append(r.aliased, fmt.Sprintf("%s: %s %s", file, spec.Name.Name, p))
		}
	}
	return nil
}

func hasDoc(f *ast.File) bool { return f.Doc != nil && len(f.Doc.Text()) > 60 }

func TestArrows(t *testing.T) {
	found := rooms(t)
	for _, dir := range slices.Sorted(maps.Keys(found)) {
		r := found[dir]
		allowed, known := arrows[dir]
		if !known {
			t.Errorf("room %q is not in the house: add it to arrows and to ARCHITECTURE.md", dir)
			continue
		}
		for p, files := range r.imports {
			if ours, ok := strings.CutPrefix(p, module+"/"); ok {
				if !slices.Contains(allowed, ours) {
					t.Errorf("%s imports %s (%s): no such arrow", dir, ours, files[0])
				}
				continue
			}
			if isLibrary(p) && !slices.ContainsFunc(outside[dir], func(lib string) bool { return p == lib || strings.HasPrefix(p, lib+"/") }) {
				t.Errorf("%s imports the library %s (%s): not on its list", dir, p, files[0])
			}
		}
	}
	for dir := range arrows {
		if found[dir] == nil {
			t.Errorf("arrows names %q, which does not exist", dir)
		}
	}
}

func isLibrary(p string) bool {
	first, _, _ := strings.Cut(p, "/")
	return strings.Contains(first, ".")
}

// TestNoCircle walks the table itself: the arrows as stated hold no circle.
func TestNoCircle(t *testing.T) {
	state := map[string]int{}
	var visit func(string, []string)
	visit = func(dir string, way []string) {
		way = append(way, dir)
		if state[dir] == 1 {
			t.Fatalf("circle: %s", strings.Join(way, " -> "))
		}
		if state[dir] == 2 {
			return
		}
		state[dir] = 1
		for _, next := range arrows[dir] {
			visit(next, way)
		}
		state[dir] = 2
	}
	for dir := range arrows {
		visit(dir, nil)
	}
}

func TestNevers(t *testing.T) {
	found := rooms(t)
	for dir, r := range found {
		if files := r.imports["testing"]; len(files) > 0 && dir != "internal/kv/kvtest" && dir != "deputytest" {
			t.Errorf("%s imports testing outside of tests (%s)", dir, files[0])
		}
		for p, files := range r.imports {
			if strings.HasPrefix(p, module+"/cmd/") {
				t.Errorf("%s imports a command (%s)", dir, files[0])
			}
		}
		if len(r.aliased) > 0 {
			t.Errorf("import alias: %s", strings.Join(r.aliased, ", "))
		}
		public := !strings.HasPrefix(dir, "internal/") && !strings.HasPrefix(dir, "cmd/")
		for p := range r.imports {
			if public && dir != "" && strings.HasPrefix(p, module+"/internal/") {
				t.Errorf("public package %s imports %s", dir, p)
			}
		}
	}
}

func TestClientLinks(t *testing.T) {
	found := rooms(t)
	seen := map[string]bool{}
	var visit func(string)
	visit = func(dir string) {
		if seen[dir] || found[dir] == nil {
			return
		}
		seen[dir] = true
		for p := range found[dir].imports {
			for _, never := range clientNever {
				if strings.HasPrefix(p, never) {
					t.Errorf("the client links %s through %s", p, dir)
				}
			}
			if ours, ok := strings.CutPrefix(p, module+"/"); ok {
				visit(ours)
			}
		}
	}
	visit("cmd/deputy")
}

func TestPackageNames(t *testing.T) {
	dirs := map[string]string{}
	found := rooms(t)
	for _, dir := range slices.Sorted(maps.Keys(found)) {
		r := found[dir]
		if !r.doc {
			t.Errorf("package %s (%s) has no comment that says what it owns and what it leaves to its neighbours", r.name, dir)
		}
		if r.name == "main" {
			continue
		}
		if slices.Contains(vagueNames, r.name) {
			t.Errorf("package %s says nothing", dir)
		}
		if other, twice := dirs[r.name]; twice {
			t.Errorf("packages %s and %s share the name %s", other, dir, r.name)
		}
		dirs[r.name] = dir
	}
}
