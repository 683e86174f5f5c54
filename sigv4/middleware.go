package sigv4

import (
	"bytes"
	"context"
	"encoding/xml"
	"errors"
	"io"
	"net/http"
)

type contextKey struct{}

// FromContext gives the Result that Middleware left for a handler.
func FromContext(ctx context.Context) (*Result, bool) {
	r, ok := ctx.Value(contextKey{}).(*Result)
	return r, ok
}

// Middleware lets through to next only requests that v verifies for service.
// Bodies are read first, up to maxBody bytes; next reads the very bytes that
// were verified. Presigned requests pass too: a next that does not want them
// looks at Result.Presigned. Refusals are XML errors as AWS's query services
// write them; an error of Lookup that is not an *Error is answered with 500
// and no text of its own.
func Middleware(v *Verifier, service string, maxBody int64, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
		if err != nil {
			refuse(w, unreadable(err))
			return
		}
		result, err := v.Verify(r, body, service)
		if err != nil {
			refuse(w, err)
			return
		}
		r = r.WithContext(context.WithValue(r.Context(), contextKey{}, result))
		r.Body = io.NopCloser(bytes.NewReader(body))
		next.ServeHTTP(w, r)
	})
}

func unreadable(err error) error {
	if _, ok := errors.AsType[*http.MaxBytesError](err); ok {
		return &Error{"RequestEntityTooLarge", http.StatusRequestEntityTooLarge, "Request body is too large"}
	}
	return malformed("The request body could not be read")
}

type errorResponse struct {
	XMLName xml.Name `xml:"ErrorResponse"`
	Type    string   `xml:"Error>Type"`
	Code    string   `xml:"Error>Code"`
	Message string   `xml:"Error>Message"`
}

func refuse(w http.ResponseWriter, err error) {
	told, ok := errors.AsType[*Error](err)
	if !ok {
		told = &Error{"InternalFailure", http.StatusInternalServerError, "An internal error occurred."}
	}
	out := errorResponse{Type: "Sender", Code: told.Code, Message: told.Message}
	if told.Status >= 500 {
		out.Type = "Receiver"
	}
	text, err := xml.Marshal(out)
	if err != nil {
		http.Error(w, told.Code, told.Status)
		return
	}
	w.Header().Set("Content-Type", "text/xml")
	w.WriteHeader(told.Status)
	w.Write(text)
}
