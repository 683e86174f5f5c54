package main

import (
	"bufio"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/deputy-sts/deputy/internal/iamapi"
	"github.com/deputy-sts/deputy/internal/query"
	"github.com/deputy-sts/deputy/internal/stsapi"
	"github.com/deputy-sts/deputy/sigv4"
)

const testAccount = "111122223333"

var testAdmin = sigv4.Credentials{AccessKeyID: "AKIAIOSFODNN7EXAMPLE", SecretAccessKey: "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"}

// process is a running deputyd.
type process struct {
	cmd     *exec.Cmd
	url     string
	started time.Duration // until /readyz was answered
	log     *lines
}

// lines collects what a process says and tells of each line.
type lines struct {
	mu  sync.Mutex
	all strings.Builder
}

func (l *lines) read(r io.Reader, each func(string)) {
	in := bufio.NewScanner(r)
	for in.Scan() {
		l.mu.Lock()
		l.all.WriteString(in.Text() + "\n")
		l.mu.Unlock()
		each(in.Text())
	}
}

func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.all.String()
}

var servingAt = regexp.MustCompile(`msg=serving url=(\S+)`)

// serving starts the server on the directory and waits until it is ready.
func serving(t testing.TB, dir string, flags ...string) *process {
	t.Helper()
	bootstrap := filepath.Join(t.TempDir(), "accounts.json")
	check(t, os.WriteFile(bootstrap, []byte(`{"accounts":[{"id":"`+testAccount+`","name":"main","admin":{"access_key_id":"`+testAdmin.AccessKeyID+`","secret_access_key":"`+testAdmin.SecretAccessKey+`"}}]}`), 0o600))
	p := &process{cmd: program(t, append([]string{"serve", "--data", dir, "--listen", "127.0.0.1:0"}, flags...)...), log: new(lines)}
	p.cmd.Env = append(p.cmd.Env, "DEPUTYD_BOOTSTRAP_FILE="+bootstrap)
	stderr, err := p.cmd.StderrPipe()
	check(t, err)
	start := time.Now()
	check(t, p.cmd.Start())
	t.Cleanup(func() {
		p.cmd.Process.Kill()
		p.cmd.Wait()
	})
	found := make(chan string, 1)
	go func() {
		defer close(found)
		p.log.read(stderr, func(line string) {
			if m := servingAt.FindStringSubmatch(line); m != nil {
				found <- m[1]
			}
		})
	}()
	if p.url = <-found; p.url == "" {
		t.Fatalf("it does not serve: %s", p.log)
	}
	for end := time.Now().Add(20 * time.Second); ; time.Sleep(time.Millisecond) {
		resp, err := http.Get(p.url + "/readyz")
		if err == nil {
			resp.Body.Close()
			if resp.StatusCode == 200 {
				break
			}
		}
		if time.Now().After(end) {
			t.Fatalf("it is not ready: %v %s", err, p.log)
		}
	}
	p.started = time.Since(start)
	return p
}

// kill ends it without a chance to tidy up.
func (p *process) kill() {
	p.cmd.Process.Kill()
	p.cmd.Wait()
}

// end asks it to end and gives how that went.
func (p *process) end(t testing.TB) {
	t.Helper()
	check(t, p.cmd.Process.Signal(syscall.SIGTERM))
	if err := p.cmd.Wait(); err != nil {
		t.Fatalf("it ended with %v: %s", err, p.log)
	}
}

// caller calls the process as one client does; it notes the request id of the last answer.
type caller struct {
	sts, iam *query.Client
	id       string
}

func (p *process) caller(c sigv4.Credentials) *caller {
	x := new(caller)
	note := &http.Client{Transport: noting{x, &http.Transport{MaxIdleConnsPerHost: 1}}, Timeout: 30 * time.Second}
	x.sts, x.iam = clientOf(&stsapi.API, p.url, note, c), clientOf(&iamapi.API, p.url, note, c)
	return x
}

func clientOf(api *query.API, url string, h *http.Client, c sigv4.Credentials) *query.Client {
	return &query.Client{API: api, Endpoint: url, HTTP: h, Sign: func(r *http.Request, body []byte) error {
		return sigv4.Sign(r, body, c, "eu-central-1", api.Name, time.Now())
	}}
}

type noting struct {
	x    *caller
	next http.RoundTripper
}

func (n noting) RoundTrip(r *http.Request) (*http.Response, error) {
	resp, err := n.next.RoundTrip(r)
	if err == nil {
		n.x.id = resp.Header.Get("x-amzn-RequestId")
	}
	return resp, err
}

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func TestDevJSON(t *testing.T) {
	cmd := program(t, "dev", "--json", "--listen", "127.0.0.1:0", "--account", "444455556666")
	stdout, err := cmd.StdoutPipe()
	check(t, err)
	start := time.Now()
	check(t, cmd.Start())
	defer cmd.Process.Kill()
	var d struct {
		Endpoint   string  `json:"endpoint"`
		Region     string  `json:"region"`
		Account    string  `json:"account"`
		Admin      keyPair `json:"admin"`
		User       keyPair `json:"user"`
		RoleArn    string  `json:"role_arn"`
		ExternalID string  `json:"external_id"`
	}
	dec := json.NewDecoder(stdout)
	dec.DisallowUnknownFields()
	check(t, dec.Decode(&d))
	t.Logf("printed after %v", time.Since(start))
	if d.Region != "us-east-1" || d.Account != "444455556666" || d.RoleArn != "arn:aws:iam::444455556666:role/demo" || d.ExternalID == "" {
		t.Errorf("%+v", d)
	}
	p := &process{url: d.Endpoint}
	for name, keys := range map[string]keyPair{"admin": d.Admin, "demo": d.User} {
		out := new(stsapi.GetCallerIdentityResponse)
		check(t, p.caller(keys.credentials()).sts.Do(t.Context(), "GetCallerIdentity", new(stsapi.GetCallerIdentityRequest), out))
		if *out.Arn != "arn:aws:iam::444455556666:user/"+name {
			t.Errorf("%s is %s", name, *out.Arn)
		}
	}
	user := p.caller(d.User.credentials())
	in := &stsapi.AssumeRoleRequest{RoleArn: &d.RoleArn, RoleSessionName: new("me")}
	for external, ok := range map[string]bool{d.ExternalID: true, "another": false} {
		in.ExternalId = &external
		if err := user.sts.Do(t.Context(), "AssumeRole", in, new(stsapi.AssumeRoleResponse)); (err == nil) != ok {
			t.Errorf("external id %s: %v", external, err)
		}
	}
	check(t, cmd.Process.Signal(os.Interrupt))
	check(t, cmd.Wait())
}

// TestDevText has the lines to paste work in a shell.
func TestDevText(t *testing.T) {
	cmd := program(t, "dev", "--listen", "127.0.0.1:0")
	stdout, err := cmd.StdoutPipe()
	check(t, err)
	check(t, cmd.Start())
	defer cmd.Process.Kill()
	var text []string
	in := bufio.NewScanner(stdout)
	for in.Scan() {
		text = append(text, in.Text())
		if strings.Contains(in.Text(), "administrator:") {
			break
		}
	}
	script := "set -u\n"
	for _, line := range text {
		if strings.HasPrefix(line, "  export ") || strings.HasPrefix(line, "  unset ") {
			script += line + "\n"
		}
	}
	sh := exec.Command("sh", "-c", script+`echo "$AWS_ENDPOINT_URL $AWS_ACCESS_KEY_ID $AWS_SECRET_ACCESS_KEY"`)
	out, err := sh.Output()
	check(t, err)
	words := strings.Fields(string(out))
	if len(words) != 3 {
		t.Fatalf("%q of\n%s", out, script)
	}
	p := &process{url: words[0]}
	who := new(stsapi.GetCallerIdentityResponse)
	check(t, p.caller(sigv4.Credentials{AccessKeyID: words[1], SecretAccessKey: words[2]}).sts.Do(context.Background(), "GetCallerIdentity", new(stsapi.GetCallerIdentityRequest), who))
	if *who.Arn != "arn:aws:iam::"+testAccount+":user/demo" {
		t.Errorf("%s", *who.Arn)
	}
	all := strings.Join(text, "\n")
	for _, line := range []string{"aws sts get-caller-identity", "aws sts assume-role --role-arn arn:aws:iam::111122223333:role/demo --role-session-name me --external-id "} {
		if !strings.Contains(all, line) {
			t.Errorf("no line %q in\n%s", line, all)
		}
	}
	check(t, cmd.Process.Signal(os.Interrupt))
	check(t, cmd.Wait())
}
