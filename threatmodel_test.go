package deputy

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

const threatModel = "docs/threat-model.md"

var (
	checkID   = regexp.MustCompile(`^[A-K][0-9]{2}$`)
	namedTest = regexp.MustCompile("`([^`]+)`")
	// The room is there and the test is not; the room is not there; another tool checks.
	withoutTest = regexp.MustCompile(`^(open|not built yet( \(.+\))?|not a Go test: .+)$`)
	secTest     = regexp.MustCompile(`^TestSec_([A-K][0-9]{2})(_|$)`)
)

// tests gives the tests and fuzz targets of each directory, nested modules
// included: interop's real clients count.
func tests(t *testing.T) map[string][]string {
	t.Helper()
	found := map[string][]string{}
	err := filepath.WalkDir(".", func(file string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && file != "." && (strings.HasPrefix(d.Name(), ".") || d.Name() == "testdata" || d.Name() == "node_modules") {
			return fs.SkipDir
		}
		if d.IsDir() || !strings.HasSuffix(file, "_test.go") {
			return nil
		}
		f, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		dir := path.Dir(filepath.ToSlash(file))
		if dir == "." {
			dir = f.Name.Name
		}
		for _, decl := range f.Decls {
			fn, ok := decl.(*ast.FuncDecl)
			if ok && fn.Recv == nil && (strings.HasPrefix(fn.Name.Name, "Test") || strings.HasPrefix(fn.Name.Name, "Fuzz")) {
				found[dir] = append(found[dir], fn.Name.Name)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// TestThreatModel holds the tables of docs/threat-model.md against the tree: a
// row is `| id | what is checked | tests |`, a test is `directory.TestName`. Each
// test that is named is there, each id stands once, each id that a test is named
// after has a row, and a row without a test says why.
func TestThreatModel(t *testing.T) {
	text, err := os.ReadFile(threatModel)
	if err != nil {
		t.Fatal(err)
	}
	found, rows := tests(t), map[string]bool{}
	for line := range strings.Lines(string(text)) {
		cells := strings.Split(strings.Trim(strings.TrimSpace(line), "|"), "|")
		id := strings.TrimSpace(cells[0])
		if !checkID.MatchString(id) {
			continue
		}
		if len(cells) != 3 || strings.TrimSpace(cells[1]) == "" {
			t.Errorf("%s has %d cells, or says nothing", id, len(cells))
			continue
		}
		if rows[id] {
			t.Errorf("%s stands twice", id)
		}
		rows[id] = true
		named := namedTest.FindAllStringSubmatch(cells[2], -1)
		for _, n := range named {
			dot := strings.LastIndexByte(n[1], '.')
			if dot < 0 || !slices.Contains(found[n[1][:dot]], n[1][dot+1:]) {
				t.Errorf("%s names %s, which is not there", id, n[1])
			}
		}
		if len(named) == 0 && !withoutTest.MatchString(strings.TrimSpace(cells[2])) {
			t.Errorf("%s names no test and does not say why: %q", id, cells[2])
		}
	}
	if len(rows) == 0 {
		t.Fatal("the document holds no table of checks")
	}
	for _, dir := range slices.Sorted(maps.Keys(found)) {
		for _, name := range found[dir] {
			if !strings.HasPrefix(name, "TestSec_") {
				continue
			}
			switch m := secTest.FindStringSubmatch(name); {
			case m == nil:
				t.Errorf("%s.%s is named after no check", dir, name)
			case !rows[m[1]]:
				t.Errorf("%s.%s: %s has no row in %s", dir, name, m[1], threatModel)
			}
		}
	}
}

// linked are all modules that the binaries may hold, besides Go's own library.
// Another one needs a reason in the commit that adds it.
var linked = []string{
	module,
	"github.com/goccy/go-yaml",
	"github.com/inconshreveable/mousetrap", // cobra, on Windows
	"github.com/jonboulle/clockwork",       // goxmldsig's clock
	"github.com/mattermost/xml-roundtrip-validator",
	"github.com/russellhaering/goxmldsig",
	"github.com/spf13/cobra",
	"github.com/spf13/pflag",
	"github.com/beevik/etree", // what goxmldsig reads XML into
	"github.com/boombuler/barcode",
	"github.com/go-jose/go-jose/v4", // signatures of OpenID Connect tokens
	"github.com/tidwall/btree",
	"go.etcd.io/bbolt",
	"golang.org/x/sys",
	"golang.org/x/term",
	"golang.org/x/time",
}

// TestSec_K02_LinkedModules asks the go command what the binaries link.
func TestSec_K02_LinkedModules(t *testing.T) {
	if _, err := exec.LookPath("go"); err != nil {
		t.Skip("no go command")
	}
	out, err := exec.Command("go", "list", "-deps", "-f", "{{with .Module}}{{.Path}}{{end}}", "./cmd/deputyd", "./cmd/deputy").Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	modules := strings.Fields(string(out))
	slices.Sort(modules)
	modules = slices.Compact(modules)
	if !slices.Contains(modules, module) {
		t.Fatalf("go list says %q", out)
	}
	for _, m := range modules {
		if !slices.Contains(linked, m) {
			t.Errorf("the binaries link %s, which is not on the list", m)
		}
	}
	if most := 45; len(linked) > most {
		t.Errorf("%d modules on the list, at most %d", len(linked), most)
	}
}
