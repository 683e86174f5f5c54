package directory

import (
	"fmt"
	"log/slog"
)

// Records with secrets show their id alone, however they are printed or logged.

// Format implements fmt.Formatter for all verbs.
func (k AccessKey) Format(f fmt.State, _ rune) { fmt.Fprintf(f, "AccessKey(%s)", k.ID) }

// LogValue implements slog.LogValuer.
func (k AccessKey) LogValue() slog.Value { return slog.StringValue(k.ID) }

// Format implements fmt.Formatter for all verbs.
func (k BootstrapKey) Format(f fmt.State, _ rune) { fmt.Fprintf(f, "BootstrapKey(%s)", k.AccessKeyID) }

// LogValue implements slog.LogValuer.
func (k BootstrapKey) LogValue() slog.Value { return slog.StringValue(k.AccessKeyID) }
