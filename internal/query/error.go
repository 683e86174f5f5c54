package query

import "fmt"

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
	Framework bool // answered in the framework's namespace: unknown action or version
}

func (e *Error) Error() string { return e.Name + ": " + e.Message }

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
