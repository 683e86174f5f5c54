package cli

import (
	"encoding/base64"
	"fmt"
	"io"
	"strconv"
	"time"
)

// Object is a structure whose members have an order: that of the model.
type Object []Member

// Member is a member of an Object. Value is nil, string, bool, int, int64,
// float64, time.Time, []byte (shown as base64), Object, or []any of these.
// Absent members are left out of the Object.
type Member struct {
	Name  string
	Value any
}

// Format is how an answer is printed.
type Format string

// The formats that Write knows, by the name that --output gives them.
const (
	JSON Format = "json"
	Text Format = "text"
)

// Write prints a value in the format, as the AWS CLI (version 2) prints it.
func (f Format) Write(w io.Writer, v any) error {
	var out []byte
	switch f {
	case JSON, "":
		out = AppendJSON(nil, v)
	case Text:
		out = AppendText(nil, v)
	default:
		return Hint(fmt.Errorf("unknown output format %q", string(f)), "use --output json or --output text")
	}
	_, err := w.Write(out)
	return err
}

// scalar returns the text of a value that is neither Object nor list, and
// whether JSON quotes it.
func scalar(v any) (text string, quoted bool) {
	switch v := v.(type) {
	case nil:
		return "null", false
	case string:
		return v, true
	case bool:
		return strconv.FormatBool(v), false
	case int:
		return strconv.Itoa(v), false
	case int64:
		return strconv.FormatInt(v, 10), false
	case float64:
		return strconv.FormatFloat(v, 'g', -1, 64), false
	case time.Time:
		return timestamp(v), true
	case []byte:
		return base64.StdEncoding.EncodeToString(v), true
	}
	return fmt.Sprint(v), true
}

// timestamp writes as Python's isoformat does: 2026-11-22T01:02:03+00:00, with
// six digits of a second if they are not all zero.
func timestamp(t time.Time) string {
	layout := "2006-01-02T15:04:05-07:00"
	if t.Nanosecond()/1000 != 0 {
		layout = "2006-01-02T15:04:05.000000-07:00"
	}
	return t.UTC().Format(layout)
}
