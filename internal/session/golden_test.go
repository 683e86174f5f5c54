package session

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/deputy-sts/deputy/internal/seal"
)

// golden is a token of the past. Files of testdata are never rewritten: what
// was issued once opens for ever.
type golden struct {
	Name, Token string
	Claims      *Claims
}

// goldenIssuer has the key of testdata, which protects nothing.
func goldenIssuer(t *testing.T) *Issuer {
	t.Helper()
	text, err := os.ReadFile("testdata/root.key")
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "root.key") // with mode 0600, which git does not keep
	if err := os.WriteFile(path, text, 0o600); err != nil {
		t.Fatal(err)
	}
	r, err := seal.Load(path)
	if err != nil {
		t.Fatal(err)
	}
	return &Issuer{Ring: r}
}

func TestSec_F02_GoldenTokensOpen(t *testing.T) {
	i := goldenIssuer(t)
	files, _ := filepath.Glob("testdata/tokens.v*.json")
	if len(files) == 0 {
		t.Fatal("no golden tokens")
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var tokens []golden
		if err := json.Unmarshal(text, &tokens); err != nil || len(tokens) == 0 {
			t.Fatalf("%s: %d tokens, error %v", file, len(tokens), err)
		}
		for _, g := range tokens {
			got, err := i.Open(g.Claims.AccessKeyID, g.Token)
			if err != nil {
				t.Errorf("%s: %s: %v", file, g.Name, err)
			} else if diff := cmp.Diff(g.Claims, got); diff != "" {
				t.Errorf("%s: %s:\n%s", file, g.Name, diff)
			}
		}
	}
}

// DEPUTY_GOLDEN=FILE writes tokens of the present version to a new file of testdata.
func TestWriteGoldenTokens(t *testing.T) {
	name := os.Getenv("DEPUTY_GOLDEN")
	if name == "" {
		t.Skip("DEPUTY_GOLDEN is not set")
	}
	i := goldenIssuer(t)
	padded := role()
	padded.MinSize = 1000
	var tokens []golden
	for name, c := range map[string]Claims{
		"role": role(), "everything": full(), "padded": padded, "compressed": bulky(4000, true),
		"user with MFA":                {Kind: SessionToken, Account: "111122223333", PrincipalID: "AIDAQEXAMPLEEXAMPLE12", IssuedAt: issued, Expires: issued.Add(36e12), MFA: true, MFATime: issued},
		"user with MFA, time not kept": {Kind: SessionToken, Account: "111122223333", PrincipalID: "AIDAQEXAMPLEEXAMPLE12", IssuedAt: issued, Expires: issued.Add(36e12), MFA: true},
		"federated user":               {Kind: Federation, Account: "000000000042", PrincipalID: "AIDAQEXAMPLEEXAMPLE12", Name: "bob", IssuedAt: issued, Expires: issued.Add(36e12)},
		"root":                         {Kind: Root, Account: "999999999999", PrincipalID: "999999999999", IssuedAt: issued, Expires: issued.Add(9e11)},
	} {
		cr := issue(t, i, c)
		opened, err := i.Open(cr.AccessKeyID, cr.SessionToken)
		if err != nil {
			t.Fatal(err)
		}
		tokens = append(tokens, golden{name, cr.SessionToken, opened})
	}
	text, err := json.MarshalIndent(tokens, "", " ")
	if err != nil {
		t.Fatal(err)
	}
	f, err := os.OpenFile(filepath.Join("testdata", name), os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := f.Write(append(text, '\n')); err != nil {
		t.Fatal(err)
	}
}
