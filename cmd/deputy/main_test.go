package main

import (
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/deputy-sts/deputy/internal/cli"
	"github.com/deputy-sts/deputy/internal/directory"
	"github.com/deputy-sts/deputy/internal/iamapi"
	"github.com/deputy-sts/deputy/internal/kv/memkv"
	"github.com/deputy-sts/deputy/internal/query"
	"github.com/deputy-sts/deputy/internal/seal"
	"github.com/deputy-sts/deputy/internal/server"
	"github.com/deputy-sts/deputy/internal/session"
	"github.com/deputy-sts/deputy/sigv4"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"deputy": main})
}

// TestScripts runs every script against a server of this test's own.
func TestScripts(t *testing.T) {
	w := newWorld(t)
	testscript.Run(t, testscript.Params{
		Dir: "testdata/scripts",
		Setup: func(e *testscript.Env) error {
			for name, value := range w.environment() {
				e.Setenv(name, value)
			}
			e.Setenv("HOME", e.WorkDir)
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"run": func(ts *testscript.TestScript, neg bool, args []string) { inProcess(ts, 0, "", args[1:]) },
			"feed": func(ts *testscript.TestScript, neg bool, args []string) {
				code, err := strconv.Atoi(args[1])
				ts.Check(err)
				inProcess(ts, code, ts.ReadFile(args[0]), args[3:])
			},
			"exits": func(ts *testscript.TestScript, neg bool, args []string) {
				code, err := strconv.Atoi(args[0])
				ts.Check(err)
				inProcess(ts, code, "", args[2:])
			},
		},
	})
}

// inProcess runs deputy with the script's environment; it must end with the
// code: `run deputy …` with 0, `exits CODE deputy …` with any, `feed FILE CODE
// deputy …` with any and the file as standard input. `exec deputy` runs it as a
// process of its own, in the script's directory.
func inProcess(ts *testscript.TestScript, want int, stdin string, args []string) {
	env := &cli.Env{Name: "deputy", Args: args, Stdin: strings.NewReader(stdin), Stdout: ts.Stdout(), Stderr: ts.Stderr(), Getenv: ts.Getenv}
	if got := run(env); got != want {
		ts.Fatalf("exit code %d, want %d", got, want)
	}
}

// world is a server with an administrator, a user demo, and a role that trusts
// the user with an external ID.
type world struct {
	endpoint    string
	admin, user sigv4.Credentials
	stray       string // an address that redirects to the server
}

const worldAccount = "111122223333"

func newWorld(t *testing.T) *world {
	t.Helper()
	key, err := seal.NewKey()
	if err != nil {
		t.Fatal(err)
	}
	ring, err := seal.NewRing(key)
	if err != nil {
		t.Fatal(err)
	}
	s, err := server.New(t.Context(), server.Config{Store: memkv.New(), Ring: ring, Logger: slog.New(slog.NewTextHandler(io.Discard, nil))})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	w := &world{admin: sigv4.Credentials{AccessKeyID: session.NewAccessKeyID("AKIA", worldAccount), SecretAccessKey: session.NewSecret()}}
	admin := &directory.BootstrapKey{AccessKeyID: w.admin.AccessKeyID, SecretAccessKey: w.admin.SecretAccessKey}
	if err := s.Directory().Bootstrap(t.Context(), []directory.BootstrapAccount{{ID: worldAccount, Name: "main", Admin: admin}}); err != nil {
		t.Fatal(err)
	}
	w.endpoint = "http://" + serve(t, func(l net.Listener) error { return s.Serve(l, nil) })
	redirect := http.RedirectHandler(w.endpoint, http.StatusTemporaryRedirect)
	w.stray = "http://" + serve(t, func(l net.Listener) error { return http.Serve(l, redirect) })
	w.setUp(t)
	return w
}

func serve(t *testing.T, on func(net.Listener) error) (address string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	go on(l)
	t.Cleanup(func() { l.Close() })
	return l.Addr().String()
}

func (w *world) setUp(t *testing.T) {
	t.Helper()
	trust := func(action, condition string) *string {
		return new(fmt.Sprintf(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::%s:user/demo"},"Action":%s%s}]}`, worldAccount, action, condition))
	}
	may := `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["sts:AssumeRole","sts:TagSession","sts:GetAccessKeyInfo"],"Resource":"*"}]}`
	made := new(iamapi.CreateAccessKeyResponse)
	for _, step := range []struct {
		op      string
		in, out any
	}{
		{"CreateUser", &iamapi.CreateUserRequest{UserName: new("demo")}, new(iamapi.CreateUserResponse)},
		{"PutUserPolicy", &iamapi.PutUserPolicyRequest{UserName: new("demo"), PolicyName: new("may"), PolicyDocument: &may}, new(iamapi.PutUserPolicyResponse)},
		{"CreateRole", &iamapi.CreateRoleRequest{RoleName: new("demo"), AssumeRolePolicyDocument: trust(`"sts:AssumeRole"`, `,"Condition":{"StringEquals":{"sts:ExternalId":"X-1"}}`)}, new(iamapi.CreateRoleResponse)},
		{"CreateRole", &iamapi.CreateRoleRequest{RoleName: new("tagged"), AssumeRolePolicyDocument: trust(`["sts:AssumeRole","sts:TagSession"]`,
			`,"Condition":{"StringEquals":{"aws:RequestTag/team":"a = b","aws:RequestTag/stage":"test"},"ForAllValues:StringEquals":{"sts:TransitiveTagKeys":["team","stage"]}}`)}, new(iamapi.CreateRoleResponse)},
		{"CreateAccessKey", &iamapi.CreateAccessKeyRequest{UserName: new("demo")}, made},
	} {
		if err := w.iam().Do(t.Context(), step.op, step.in, step.out); err != nil {
			t.Fatal(step.op, err)
		}
	}
	w.user = sigv4.Credentials{AccessKeyID: *made.AccessKey.AccessKeyId, SecretAccessKey: *made.AccessKey.SecretAccessKey}
}

func (w *world) iam() *query.Client {
	return &query.Client{API: &iamapi.API, Endpoint: w.endpoint, Sign: func(r *http.Request, body []byte) error {
		return sigv4.Sign(r, body, w.admin, "us-east-1", "iam", time.Now())
	}}
}

func (w *world) environment() map[string]string {
	return map[string]string{
		"AWS_ENDPOINT_URL": w.endpoint, "AWS_REGION": "us-east-1", "STRAY": w.stray,
		"AWS_ACCESS_KEY_ID": w.user.AccessKeyID, "AWS_SECRET_ACCESS_KEY": w.user.SecretAccessKey,
		"ROLE": "arn:aws:iam::" + worldAccount + ":role/demo", "TAGGED": "arn:aws:iam::" + worldAccount + ":role/tagged",
	}
}
