package seal

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"
)

// golden is a sealed text of the past. Files of testdata are never rewritten.
type golden struct {
	Purpose, AAD, Text string
	Sealed             []byte
}

// goldenRing has the key of testdata, which protects nothing.
func goldenRing(t *testing.T) *Ring {
	t.Helper()
	f, err := os.Open("testdata/root.key")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	keys, err := parse(f)
	if err != nil {
		t.Fatal(err)
	}
	r, err := NewRing(keys[0], keys[1:]...)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestGoldenTextsOpen(t *testing.T) {
	r := goldenRing(t)
	files, _ := filepath.Glob("testdata/sealed.v*.json")
	if len(files) == 0 {
		t.Fatal("no golden texts")
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var all []golden
		if err := json.Unmarshal(text, &all); err != nil || len(all) == 0 {
			t.Fatalf("%s: %d texts, error %v", file, len(all), err)
		}
		for _, g := range all {
			if got, err := r.Open(g.Purpose, []byte(g.AAD), g.Sealed); err != nil || string(got) != g.Text {
				t.Errorf("%s: %s: %q, error %v", file, g.Purpose, got, err)
			}
		}
	}
}

// DEPUTY_GOLDEN=FILE writes texts of the present version to a new file of testdata.
func TestWriteGoldenTexts(t *testing.T) {
	name := os.Getenv("DEPUTY_GOLDEN")
	if name == "" {
		t.Skip("DEPUTY_GOLDEN is not set")
	}
	r := goldenRing(t)
	var all []golden
	for _, purpose := range []string{Session, Record, Canary, Marker, Cookie, Signin} {
		g := golden{Purpose: purpose, AAD: "bound to " + purpose, Text: "text of " + purpose}
		g.Sealed = r.Seal(purpose, []byte(g.AAD), []byte(g.Text))
		all = append(all, g)
	}
	all = append(all, golden{Purpose: Record, Sealed: r.Seal(Record, nil, nil)})
	text, err := json.MarshalIndent(all, "", " ")
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
