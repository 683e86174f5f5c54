package cli

import (
	"errors"
	"fmt"
	"io"
	"os"
)

// Env is a program's surroundings, so that a test can run its main in process.
type Env struct {
	Name   string   // "deputyd": begins every message
	Args   []string // without the program's name
	Stdin  io.Reader
	Stdout io.Writer // data only
	Stderr io.Writer // all else
	Getenv func(string) string
}

// OS returns the surroundings of this process.
func OS(name string) *Env {
	return &Env{Name: name, Args: os.Args[1:], Stdin: os.Stdin, Stdout: os.Stdout, Stderr: os.Stderr, Getenv: os.Getenv}
}

// Errorf prints `name: error: …` to stderr, sanitized, on one line.
func (e *Env) Errorf(format string, args ...any) { e.say("error", format, args) }

// Warnf prints `name: warning: …`: it goes on, but somebody should know.
func (e *Env) Warnf(format string, args ...any) { e.say("warning", format, args) }

// Hintf prints `name: hint: …`: what to do about the error before it.
func (e *Env) Hintf(format string, args ...any) { e.say("hint", format, args) }

func (e *Env) say(kind, format string, args []any) {
	fmt.Fprintf(e.Stderr, "%s: %s: %s\n", e.Name, kind, Sanitize(fmt.Sprintf(format, args...)))
}

// ExitError is an error that decides the program's exit code.
type ExitError struct {
	Code int
	Err  error // nil: everything has been said
}

// Exit makes an error of an exit code and, unless all has been said, what to say.
func Exit(code int, err error) error { return &ExitError{code, err} }

func (e *ExitError) Error() string {
	if e.Err == nil {
		return fmt.Sprintf("exit %d", e.Code)
	}
	return e.Err.Error()
}

// Unwrap returns Err.
func (e *ExitError) Unwrap() error { return e.Err }

type hinted struct {
	error
	hint string
}

// Hint adds to an error what to do about it; Report prints it after the error.
func Hint(err error, format string, args ...any) error {
	return &hinted{err, fmt.Sprintf(format, args...)}
}

func (h *hinted) Unwrap() error { return h.error }

// Report prints an error with its hints and returns the exit code: 0 for nil,
// that of an ExitError, else 1.
func (e *Env) Report(err error) int {
	if err == nil {
		return 0
	}
	code := 1
	var exit *ExitError
	if errors.As(err, &exit) {
		code = exit.Code
	}
	if exit == nil || exit.Err != nil {
		e.Errorf("%v", err)
		e.hints(err)
	}
	return code
}

// hints prints the hints of an error and of all it is made of, outermost first.
func (e *Env) hints(err error) {
	if h, ok := err.(*hinted); ok {
		e.Hintf("%s", h.hint)
	}
	switch err := err.(type) {
	case interface{ Unwrap() error }:
		if inner := err.Unwrap(); inner != nil {
			e.hints(inner)
		}
	case interface{ Unwrap() []error }:
		for _, inner := range err.Unwrap() {
			e.hints(inner)
		}
	}
}
