package directory

import (
	"bytes"
	"fmt"
	"log/slog"
	"strings"
	"testing"
)

func TestSecretsAreNotPrinted(t *testing.T) {
	k := &AccessKey{ID: "AKIAX", Secret: "hush"}
	b := &BootstrapKey{"AKIAX", "hush"}
	var log bytes.Buffer
	logger := slog.New(slog.NewJSONHandler(&log, nil))
	logger.Info("x", "k", k, "v", *k, "b", b, "w", *b)
	text := log.String()
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
		text += fmt.Sprintf(verb+verb, k, *k) + fmt.Sprintf(verb+verb, b, *b) +
			fmt.Sprintf(verb, []*AccessKey{k}) + fmt.Sprintf(verb, BootstrapAccount{Root: b}) + fmt.Sprintf(verb, []AccessKey{*k})
	}
	if strings.Contains(text, "hush") || strings.Contains(text, fmt.Sprintf("%x", "hush")) || !strings.Contains(text, "AKIAX") {
		t.Errorf("printed: %s", text)
	}
}
