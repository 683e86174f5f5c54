package iam

import (
	"errors"
	"flag"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/txtar"

	"github.com/deputy-sts/deputy/internal/iamapi"
	"github.com/deputy-sts/deputy/internal/query"
)

var update = flag.Bool("update", false, "write the answers into the scripts")

// TestScripts plays testdata/*.txtar. A section whose name begins with @ is text
// that requests refer to by that name. Any other section is a request, in its
// first line (who calls, the action, the parameters, all as in a form), and the
// answer: the status and the XML, a row of a list on a line. What differs from run to
// run is numbered in the order of appearance: ids (AIDA.1), markers (MARKER.1),
// secrets (SECRET.1), issuers (ISSUER.1) and requests (DELEGATION.1); a request may use those names.
// code:SERIAL:N is the code of an MFA device N steps from now. A line "sleep
// SECONDS" moves the clock.
func TestScripts(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatalf("no scripts: %v", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) {
			t.Parallel()
			play(t, file)
		})
	}
}

func play(t *testing.T, file string) {
	raw, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	a := txtar.Parse(raw)
	p := player{world: newWorld(t), texts: map[string]string{}, shown: map[string]string{}, meant: map[string]string{}, count: map[string]int{}}
	for i := range a.Files {
		f := &a.Files[i]
		if strings.HasPrefix(f.Name, "@") {
			p.texts[f.Name] = strings.TrimSpace(string(f.Data))
			continue
		}
		request, want, _ := strings.Cut(string(f.Data), "\n")
		got := p.answer(request)
		if got == want {
			continue
		}
		if !*update {
			t.Errorf("%s: %s\n%s\ngot\n%swant\n%s", file, f.Name, request, got, want)
		}
		f.Data = []byte(request + "\n" + got)
	}
	if *update {
		if err := os.WriteFile(file, txtar.Format(a), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

type player struct {
	*world
	texts map[string]string
	shown map[string]string // what was answered -> its name
	meant map[string]string // name -> what was answered
	count map[string]int
}

func (p *player) answer(request string) string {
	fields := strings.Fields(request)
	if len(fields) == 2 && fields[0] == "sleep" {
		p.sleep(fields[1])
		return ""
	}
	who, body := fields[0], "Version=2010-05-08&Action="+fields[1]
	for _, f := range fields[2:] {
		name, value, _ := strings.Cut(f, "=")
		if text, ok := p.texts[value]; ok {
			value = url.QueryEscape(text)
		} else if of, ok := strings.CutPrefix(value, "code:"); ok {
			colon := strings.LastIndexByte(of, ':')
			value = p.code(of[:colon], of[colon+1:])
		} else {
			for shown, meant := range p.meant {
				if value == shown || strings.HasSuffix(value, "/"+shown) {
					value = strings.TrimSuffix(value, shown) + url.QueryEscape(meant)
				}
			}
		}
		body += "&" + name + "=" + value
	}
	out, op, err := p.serve(who, body)
	if err == nil {
		return "200\n" + p.plain(string(query.AppendXML(nil, &iamapi.API, op, out, "ID")))
	}
	e, ok := errors.AsType[*query.Error](err)
	if !ok {
		p.t.Fatalf("%s: %v", request, err)
	}
	return fmt.Sprintf("%d\n%s", e.Status, p.plain(string(query.AppendErrorXML(nil, &iamapi.API, e, "ID"))))
}

func (p *player) sleep(seconds string) {
	d, err := time.ParseDuration(seconds + "s")
	if err != nil {
		p.t.Fatal(err)
	}
	p.now = p.now.Add(d)
}

var random = regexp.MustCompile(`((?:AIDA|AROA|AGPA|ANPA)[A-Z0-9]{17}|SAMLP[A-Z0-9]{21}|AKIA[A-Z0-9]{16})|<Marker>([^<]+)|<SecretAccessKey>([^<]+)|<Base32StringSeed>([^<]+)|<QRCodePNG>([^<]+)|<IssuerIdentifier>([^<]+)|<DelegationRequestId>([^<]+)`)

var row = regexp.MustCompile(`<member>|<entry>|<\w+Result>|</\w+Result>`)

// plain breaks the XML into lines and names what is random in it.
func (p *player) plain(xml string) string {
	xml = random.ReplaceAllStringFunc(xml, func(s string) string {
		kind, value := s[:4], s
		if i := strings.IndexByte(s, '>'); i >= 0 {
			kind, value = map[string]string{"<Marker>": "MARKER", "<SecretAccessKey>": "SECRET", "<Base32StringSeed>": "SEED", "<QRCodePNG>": "PNG", "<IssuerIdentifier>": "ISSUER", "<DelegationRequestId>": "DELEGATION"}[s[:i+1]], s[i+1:]
		}
		if strings.HasPrefix(value, "AKIAADMIN") || strings.HasPrefix(value, "AKIAROOT") || strings.HasPrefix(value, "AKIAUNKNOWN") {
			return s
		}
		if p.shown[value] == "" {
			p.count[kind]++
			name := fmt.Sprintf("%s.%d", kind, p.count[kind])
			p.shown[value], p.meant[name] = name, value
		}
		return strings.TrimSuffix(s, value) + p.shown[value]
	})
	xml = strings.ReplaceAll(xml, ` xmlns="https://iam.amazonaws.com/doc/2010-05-08/"`, "")
	xml = strings.ReplaceAll(xml, "<ResponseMetadata><RequestId>ID</RequestId></ResponseMetadata>", "")
	xml = strings.ReplaceAll(xml, "<RequestId>ID</RequestId>", "")
	xml = strings.ReplaceAll(xml, "&#39;", "'")
	return row.ReplaceAllString(xml, "\n$0") + "\n"
}
