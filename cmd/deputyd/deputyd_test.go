package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// hasty keeps the race detector from sleeping a second at the end of each process.
const hasty = "GORACE=atexit_sleep_ms=0"

// The test binary is deputyd when it is called by that name.
func TestMain(m *testing.M) { testscript.Main(m, map[string]func(){"deputyd": main}) }

func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/script",
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Setup: func(env *testscript.Env) error {
			env.Vars = append(env.Vars, "AWS_PROFILE=stale", "AWS_SESSION_TOKEN=stale", "AWS_ENDPOINT_URL_STS=http://stale", "AWS_ROLE_ARN=stale", hasty)
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"exits": exits, "waitfile": waitFile, "mode": mode, "edit": edit, "certificate": certificate,
		},
	})
}

// exits CODE PROGRAM ARG …: the program ends with that code.
func exits(ts *testscript.TestScript, neg bool, args []string) {
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	code := 0
	err = ts.Exec(args[1], args[2:]...)
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		code = exit.ExitCode()
	} else {
		ts.Check(err)
	}
	if (code == want) == neg {
		ts.Fatalf("exit code %d", code)
	}
}

// waitfile FILE waits until the file is there.
func waitFile(ts *testscript.TestScript, neg bool, args []string) {
	for end := time.Now().Add(20 * time.Second); time.Now().Before(end); time.Sleep(5 * time.Millisecond) {
		if _, err := os.Stat(ts.MkAbs(args[0])); err == nil {
			return
		}
	}
	ts.Fatalf("%s does not come", args[0])
}

// mode 600 FILE …: the files have these permissions.
func mode(ts *testscript.TestScript, neg bool, args []string) {
	for _, name := range args[1:] {
		info, err := os.Stat(ts.MkAbs(name))
		ts.Check(err)
		if got := fmt.Sprintf("%o", info.Mode().Perm()); got != args[0] {
			ts.Fatalf("%s has mode %s", name, got)
		}
	}
}

// edit KIND FILE TO writes a copy of a trail with its second line changed, removed or moved.
func edit(ts *testscript.TestScript, neg bool, args []string) {
	lines := strings.SplitAfter(strings.TrimSuffix(ts.ReadFile(args[1]), "\n")+"\n", "\n")
	lines = lines[:len(lines)-1]
	if len(lines) < 3 {
		ts.Fatalf("%d lines are too few", len(lines))
	}
	switch args[0] {
	case "change":
		lines[1] = strings.Replace(lines[1], `"eventName":"`, `"eventName":"X`, 1)
	case "remove":
		lines = append(lines[:1], lines[2:]...)
	case "move":
		lines[0], lines[1] = lines[1], lines[0]
	case "tear":
		last := len(lines) - 1
		lines[last] = lines[last][:len(lines[last])/2]
	case "cut": // into two parts
		ts.Check(os.WriteFile(ts.MkAbs(args[2]+".1"), []byte(lines[0]), 0o600))
		lines = lines[1:]
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[2]), []byte(strings.Join(lines, "")), 0o600))
}

// certificate CERT KEY writes a certificate for localhost and its key.
func certificate(ts *testscript.TestScript, neg bool, args []string) {
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	ts.Check(err)
	template := &x509.Certificate{SerialNumber: big.NewInt(1), DNSNames: []string{"localhost"}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &private.PublicKey, private)
	ts.Check(err)
	pkcs8, err := x509.MarshalPKCS8PrivateKey(private)
	ts.Check(err)
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o600))
	ts.Check(os.WriteFile(ts.MkAbs(args[1]), pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: pkcs8}), 0o600))
}

// program is deputyd with arguments, as a process of its own.
func program(t testing.TB, args ...string) *exec.Cmd {
	t.Helper()
	path, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	return &exec.Cmd{Path: path, Args: append([]string{"deputyd"}, args...), Env: append(os.Environ(), "HOME="+filepath.Dir(path), hasty)}
}
