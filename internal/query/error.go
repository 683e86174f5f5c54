package query

import (
	"fmt"
	"unicode/utf8"
)

// Code is an error code on the wire with its HTTP status.
type Code struct {
	Name   string
	Status int
}

// Errorf makes an error of this code; its text goes to the client as it is.
func (c Code) Errorf(format string, args ...any) *Error {
	if len(args) == 0 {
		return &Error{Code: c, Message: format}
	}
	return &Error{Code: c, Message: fmt.Sprintf(format, args...)}
}

// Error is a refusal that the client is told. Anything else that a handler
// returns becomes InternalFailure, and its text goes to the log only.
type Error struct {
	Code
	Message   string
	Encoded   string // of a denial: the message that sts:DecodeAuthorizationMessage opens; "" none
	Framework bool   // answered in the framework's namespace: unknown action or version
	RequestID string // set by Client: the server's id of the refused request
}

func (e *Error) Error() string { return e.Name + ": " + e.Message }

// fault is the Type on the wire: whose fault it was.
func (e *Error) fault() string {
	if e.Status >= 500 {
		return "Receiver"
	}
	return "Sender"
}

// text is the message as it goes out. Whatever a handler puts in it, a refusal
// does not grow with what the caller sent.
func (e *Error) text() string {
	if e.Encoded != "" {
		return e.bounded() + encodedMessage + e.Encoded
	}
	return e.bounded()
}

// encodedMessage stands before an encoded message, as in AWS's refusals that have one.
const encodedMessage = ". Encoded authorization failure message: "

func (e *Error) bounded() string {
	if len(e.Message) <= maxMessage {
		return e.Message
	}
	end := maxMessage
	for end > 0 && !utf8.RuneStart(e.Message[end]) {
		end--
	}
	return e.Message[:end]
}

// The codes that every operation can give and no model lists (AWS, Common Error Types).
var (
	AccessDenied          = Code{"AccessDenied", 403}
	InternalFailure       = Code{"InternalFailure", 500}
	InvalidAction         = Code{"InvalidAction", 400}
	InvalidParameterValue = Code{"InvalidParameterValue", 400}
	MalformedInput        = Code{"MalformedInput", 400}
	MalformedQueryString  = Code{"MalformedQueryString", 400}
	ServiceUnavailable    = Code{"ServiceUnavailable", 503}
	Throttling            = Code{"Throttling", 400}
	ValidationError       = Code{"ValidationError", 400}
)

// NoOperation is the refusal of an action that no service has in that version;
// an empty version is one that was not given. It is the one error in the
// framework's own namespace.
func NoOperation(action, version string) *Error {
	if version == "" {
		version = "NO_VERSION_SPECIFIED"
	}
	e := InvalidAction.Errorf("Could not find operation %s for version %s", cut(action, maxEcho), cut(version, maxEcho))
	e.Framework = true
	return e
}

// maxEcho is how many characters of what a caller sent an error repeats, and
// maxMessage how long, in bytes, a message made of them may grow.
const (
	maxEcho    = 64
	maxMessage = 1024
)

// cut gives the first n characters of s.
func cut(s string, n int) string {
	if len(s) <= n {
		return s
	}
	i := 0
	for range n {
		if i >= len(s) {
			return s
		}
		_, size := utf8.DecodeRuneInString(s[i:])
		i += size
	}
	return s[:i]
}
