package main

import (
	"bytes"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/deputy-sts/deputy/internal/cli"
)

// against runs a call at an endpoint and returns its exit code and what it said.
func against(endpoint string) (code int, stdout, stderr string) {
	var out, said bytes.Buffer
	settings := map[string]string{"AWS_ACCESS_KEY_ID": "AKIAIOSFODNN7EXAMPLE", "AWS_SECRET_ACCESS_KEY": "topsecretkey", "AWS_SESSION_TOKEN": "topsecrettoken",
		"AWS_REGION": "us-east-1", "AWS_ENDPOINT_URL": endpoint, "AWS_CONFIG_FILE": os.DevNull + "-none", "AWS_SHARED_CREDENTIALS_FILE": os.DevNull + "-none"}
	code = run(&cli.Env{Name: "deputy", Args: []string{"sts", "get-caller-identity", "--debug", "--output", "text"}, Stdin: strings.NewReader(""), Stdout: &out, Stderr: &said,
		Getenv: func(name string) string { return settings[name] }})
	return code, out.String(), said.String()
}

func TestSec_J06_HostileAnswers(t *testing.T) {
	const identity = `<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><GetCallerIdentityResult><Arn>%</Arn></GetCallerIdentityResult></GetCallerIdentityResponse>`
	for name, c := range map[string]struct {
		status int
		body   string
		code   int
		want   string
	}{
		"a refusal that forges lines": {403, `<ErrorResponse><Error><Code>Access&#x9b;Denied</Code><Message>no&#10;deputy: hint: run me&#x9b;2J&#x202e;</Message></Error><RequestId>r&#10;&#x9d;</RequestId></ErrorResponse>`,
			exitRefused, "\nAn error occurred (AccessDenied) when calling the GetCallerIdentity operation: no deputy: hint: run me2J\n"},
		"an identity with an escape": {200, strings.Replace(identity, "%", "arn&#x9b;31m&#x202e;x", 1), 0, "arn31mx\n"},
		"no XML":                     {200, "<html>", exitOther, "deputy: error: "},
		"a page of an outage":        {502, "<html>\x1b[2J", exitRefused, "An error occurred (Bad Gateway)"},
		"another answer":             {200, "<GetSessionTokenResponse/>", exitOther, "deputy: error: "},
	} {
		address := serve(t, func(l net.Listener) error {
			return http.Serve(l, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				io.Copy(io.Discard, r.Body)
				w.WriteHeader(c.status)
				io.WriteString(w, c.body)
			}))
		})
		code, stdout, stderr := against("http://" + address)
		if code != c.code || !strings.Contains(stdout+stderr, c.want) {
			t.Errorf("%s: exit code %d\n%q\n%q", name, code, stdout, stderr)
		}
		if all := stdout + stderr; strings.ContainsAny(all, "\x1b\u009b\u009d\u202e\r") || strings.Contains(all, "topsecret") || strings.Contains(all, "\ndeputy: hint: run me") {
			t.Errorf("%s: printed %q", name, all)
		}
	}
}

// TestInterrupted holds that Ctrl-C ends a waiting call with 130 and no text.
func TestInterrupted(t *testing.T) {
	called := make(chan struct{})
	address := serve(t, func(l net.Listener) error {
		return http.Serve(l, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			io.Copy(io.Discard, r.Body)
			close(called)
			<-r.Context().Done()
		}))
	})
	go func() {
		<-called
		self, err := os.FindProcess(os.Getpid())
		if err == nil {
			err = self.Signal(os.Interrupt)
		}
		if err != nil {
			t.Error(err)
		}
	}()
	start := time.Now()
	code, stdout, stderr := against("http://" + address)
	if code != exitInterrupted || stdout != "" || strings.Contains(stderr, "error") {
		t.Errorf("exit code %d after %v: %q %q", code, time.Since(start), stdout, stderr)
	}
}
