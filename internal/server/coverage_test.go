package server

import (
	"bytes"
	"flag"
	"fmt"
	"net/http"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "write docs/api.md anew")

const apiPage = "../../docs/api.md"

// TestCoverage compares docs/api.md with the models and the tables of handlers,
// and holds the page to what it says of operations without a handler.
func TestCoverage(t *testing.T) {
	w := newWorld(t)
	want := coverage(w.services)
	if *update {
		check(t, os.WriteFile(apiPage, want, 0o644))
	}
	have, err := os.ReadFile(apiPage)
	check(t, err)
	if d := cmp.Diff(string(have), string(want)); d != "" {
		t.Errorf("docs/api.md is not what the tables say; write it anew by `go test ./internal/server -run Coverage -update`:\n%s", d)
	}
	for _, s := range w.services {
		for i := range s.api.Ops {
			if op := &s.api.Ops[i]; !s.mux.Has(op) {
				refused(t, op.Name, w.call(w.admin, s.api.Name, op.Name), http.StatusBadRequest, "InvalidAction")
			}
		}
	}
}

// coverage writes the page.
func coverage(services []service) []byte {
	var b bytes.Buffer
	b.WriteString(`# The operations

<!-- Written by go test ./internal/server -run Coverage -update -->

Every operation of AWS's models of both services, and its state. *answers*: with AWS's validation, authorization, limits and errors.
*not yet*: it is known by name and type, and a call is refused with HTTP 400 ` + "`InvalidAction`" + `, as AWS refuses an operation
that a service does not have; nothing is simulated.
`)
	for _, s := range services {
		answering := len(s.mux.Actions())
		fmt.Fprintf(&b, "\n## %s %s: %d of %d answer\n\n| operation | state | subject |\n| --- | --- | --- |\n", strings.ToUpper(s.api.Name), s.api.Version, answering, len(s.api.Ops))
		for i := range s.api.Ops {
			op := &s.api.Ops[i]
			state := "not yet"
			if s.mux.Has(op) {
				state = "answers"
			}
			if note := coverageNotes[op.Name]; note != "" {
				state += "; " + note
			}
			fmt.Fprintf(&b, "| %s | %s | %s |\n", op.Name, state, subject(op.Name))
		}
	}
	return b.Bytes()
}

// coverageNotes say what is not whole about an operation that answers.
var coverageNotes = map[string]string{
	"GetDelegationRequest": "DelegationPermissionCheck is taken and not answered",
}

// subjects tell an operation's subject by a word in its name; the first that fits stands.
var subjects = []struct{ word, subject string }{
	{"Delegat", "delegation"},
	{"AcquireRole", "delegation"},
	{"RoleTemplate", "delegation"},
	{"HumanReadable", "delegation"},
	{"SAML", "federation (SAML)"},
	{"OpenIDConnect", "federation (OpenID Connect)"},
	{"OutboundWebIdentity", "federation (outbound)"},
	{"GetWebIdentityToken", "federation (outbound)"},
	{"WebIdentity", "federation (OpenID Connect)"},
	{"Organizations", "organizations"},
	{"AssumeRoot", "organizations"},
	{"MFADevice", "MFA"},
	{"InstanceProfile", "instance profiles"},
	{"ServerCertificate", "certificates"},
	{"SigningCertificate", "certificates"},
	{"SSHPublicKey", "SSH keys"},
	{"ServiceSpecificCredential", "service-specific credentials"},
	{"ServiceLinkedRole", "service-linked roles"},
	{"LoginProfile", "passwords"},
	{"Password", "passwords"},
	{"Simulate", "simulation"},
	{"ContextKeys", "simulation"},
	{"CredentialReport", "reports"},
	{"LastAccessed", "reports"},
	{"ServiceAccess", "reports"},
	{"AuthorizationDetails", "reports"},
	{"AccessKey", "access keys"},
	{"Account", "account"},
	{"SecurityTokenServicePreferences", "account"},
	{"Group", "groups"},
	{"User", "users"},
	{"Role", "roles"},
	{"Polic", "policies"},
	{"EntitiesFor", "policies"},
}

func subject(operation string) string {
	for _, s := range subjects {
		if strings.Contains(operation, s.word) {
			return s.subject
		}
	}
	return "credentials"
}
