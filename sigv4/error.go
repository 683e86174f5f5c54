package sigv4

import "net/http"

// Error is why a request was refused, in AWS's words: Code is the error code on
// the wire, Status the HTTP status, Message the text. It never holds a secret,
// and at most 64 bytes of any one thing that the caller sent.
type Error struct {
	Code    string
	Status  int
	Message string
}

// Error gives code and text.
func (e *Error) Error() string { return e.Code + ": " + e.Message }

const mismatchText = "The request signature we calculated does not match the signature you provided. " +
	"Check your AWS Secret Access Key and signing method. Consult the service documentation for details."

// UnknownKey is for a Lookup to return when an access key id is unknown,
// inactive or deleted, or is a temporary one that came without its token.
func UnknownKey() *Error {
	return &Error{"InvalidClientTokenId", http.StatusForbidden, "The security token included in the request is invalid."}
}

// InvalidToken is for a Lookup to return when the session token cannot be
// opened or belongs to another key. Unlike UnknownKey's, AWS's text ends
// without a full stop.
func InvalidToken() *Error {
	return &Error{"InvalidClientTokenId", http.StatusForbidden, "The security token included in the request is invalid"}
}

// ExpiredToken is for a Lookup to return when the session token has ended.
func ExpiredToken() *Error {
	return &Error{"ExpiredToken", http.StatusForbidden, "The security token included in the request is expired"}
}

func mismatch(text string) error {
	return &Error{"SignatureDoesNotMatch", http.StatusForbidden, text}
}

func incomplete(text string) error {
	return &Error{"IncompleteSignature", http.StatusBadRequest, text}
}

func malformed(text string) error {
	return &Error{"MalformedInput", http.StatusBadRequest, text}
}

func missing() error {
	return &Error{"MissingAuthenticationToken", http.StatusForbidden, "Request is missing Authentication Token"}
}

func badQuery() error {
	return &Error{"MalformedQueryString", http.StatusBadRequest, "The query string contains a syntax error"}
}

// echo bounds what an error repeats of the caller's input.
func echo(s string) string {
	const most = 64
	if len(s) > most {
		return s[:most]
	}
	return s
}
