package mfa

import (
	"strings"
	"testing"
)

func TestParseTokens(t *testing.T) {
	list, err := ParseTokens(strings.NewReader("Serial,Seed\n# ours\n\nGAHT12345678, GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ\r\ngaht-0000002,hex:3132333435363738393031323334353637383930\nGAHT12345679,gezdgnbvgy3tqojqgezdgnbvgy======\n"))
	check(t, err)
	if len(list) != 3 || list[0].Serial != "GAHT12345678" || string(list[0].Seed) != string(rfcSeed) || string(list[1].Seed) != string(rfcSeed) || string(list[2].Seed) != string(rfcSeed[:16]) {
		t.Errorf("%v", list)
	}
	const seed = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
	for text, want := range map[string]string{
		"GAHT12345678": "line 1: not of the form",
		"\nGAHT12345678," + seed + "\ngaht12345678," + seed: "line 3: the serial number gaht12345678 is there twice",
		"GAHT1234," + seed:                         "letters, digits and hyphens",
		"arn:aws:iam::111122223333:mfa/x," + seed:  "letters, digits and hyphens",
		"GAHT12345678,SECRET01":                    "neither Base32",
		"GAHT12345678,hex:SECRET":                  "neither Base32",
		"GAHT12345678,GEZDGNBV":                    "has 5 bytes",
		"GAHT12345678," + strings.Repeat("A", 600): "line 1: ",
	} {
		_, err := ParseTokens(strings.NewReader(text))
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v", text, err)
		} else if strings.Contains(err.Error(), "SECRET") {
			t.Errorf("the error shows the seed: %v", err)
		}
	}
}

func FuzzParseTokens(f *testing.F) {
	f.Add("serial,seed\nGAHT12345678,GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ\n")
	f.Add("GAHT12345678,hex:3132333435363738393031323334353637383930")
	f.Fuzz(func(t *testing.T, text string) {
		list, err := ParseTokens(strings.NewReader(text))
		if err != nil {
			return
		}
		var again strings.Builder
		for _, x := range list {
			if err := x.Check(); err != nil {
				t.Error(err)
			}
			again.WriteString(x.Serial + "," + Base32(x.Seed) + "\n")
		}
		back, err := ParseTokens(strings.NewReader(again.String()))
		if err != nil || len(back) != len(list) {
			t.Errorf("%v: %q", err, again.String())
		}
	})
}
