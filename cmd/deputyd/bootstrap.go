package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/deputy-sts/deputy/internal/admin"
	"github.com/deputy-sts/deputy/internal/directory"
	"github.com/deputy-sts/deputy/internal/server"
	"github.com/deputy-sts/deputy/internal/session"
)

// defaultAccount is the account of a server that is told none; AWS's own example.
const defaultAccount = "111122223333"

type keyPair struct {
	AccessKeyID     string `json:"access_key_id"`
	SecretAccessKey string `json:"secret_access_key"`
}

// bootstrapFile is the form of DEPUTYD_BOOTSTRAP_FILE (docs/operations.md).
type bootstrapFile struct {
	Accounts []directory.BootstrapAccount `json:"accounts"`
}

func readBootstrap(path string) (*bootstrapFile, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	dec := json.NewDecoder(f)
	dec.DisallowUnknownFields()
	b := new(bootstrapFile)
	if err := dec.Decode(b); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	if _, err := dec.Token(); err != io.EOF {
		return nil, fmt.Errorf("%s: something follows the JSON object", path)
	}
	if len(b.Accounts) == 0 {
		return nil, fmt.Errorf("%s: names no account", path)
	}
	return b, nil
}

func accountID(s string) bool { return len(s) == 12 && strings.Trim(s, "0123456789") == "" }

// bootstrap fills an empty store: from the file, when there is one, else with
// one account and an administrator with new keys. What was made is recorded in the
// trail and returned, nil when the store was filled already.
func bootstrap(ctx context.Context, srv *server.Server, file, account string) ([]directory.BootstrapAccount, error) {
	d := srv.Directory()
	if !d.Empty() {
		return nil, nil
	}
	first := &directory.BootstrapKey{AccessKeyID: session.NewAccessKeyID("AKIA", account), SecretAccessKey: session.NewSecret()}
	b := &bootstrapFile{Accounts: []directory.BootstrapAccount{{ID: account, Name: "main", Admin: first}}}
	if file != "" {
		var err error
		if b, err = readBootstrap(file); err != nil {
			return nil, err
		}
	}
	lines := admin.BootstrapLines(b.Accounts, time.Now())
	err := d.Bootstrap(ctx, b.Accounts, lines...)
	if errors.Is(err, directory.ErrBootstrapped) { // another process was first
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	// To begin an operator's work writes the lines that wait in the store.
	if _, err := admin.New(admin.Options{Directory: d, Audit: srv.Audit()}); err != nil {
		return nil, fmt.Errorf("the accounts were made, but their audit lines wait in the store: %w", err)
	}
	return b.Accounts, nil
}
