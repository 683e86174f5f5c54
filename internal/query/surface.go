package query

import (
	"context"
	"errors"
	"io"
	"net/http"
)

var errEarly = errors.New("query: not built yet")

type Params struct{ list []param }
type param struct{ name, value string }

func ParseForm(method, rawQuery, contentType string, body []byte) (*Params, error) {
	return nil, errEarly
}
func (p *Params) Get(name string) (string, bool) { return "", false }

type Mux[C any] struct{ api *API }

func NewMux[C any](api *API) *Mux[C] { return &Mux[C]{api: api} }
func (m *Mux[C]) API() *API          { return m.api }
func (m *Mux[C]) Actions() []string  { return nil }
func Handle[C, I, O any](m *Mux[C], action string, h func(context.Context, C, *I) (*O, error)) {
}
func (m *Mux[C]) Serve(ctx context.Context, c C, op *Op, p *Params) (out any, err error) {
	return nil, errEarly
}
func AppendXML(dst []byte, api *API, op *Op, out any, requestID string) []byte  { return dst }
func AppendErrorXML(dst []byte, api *API, err *Error, requestID string) []byte  { return dst }
func AppendJSON(dst []byte, api *API, op *Op, out any, requestID string) []byte { return dst }
func AppendErrorJSON(dst []byte, api *API, err *Error, requestID string) []byte { return dst }
func AppendAudit(dst []byte, v any) []byte                                      { return dst }

type ValidateOptions struct{ Echo bool }

func Decode(p *Params, in any) error                                       { return errEarly }
func Validate(in any, o ValidateOptions) error                             { return errEarly }
func EncodeForm(api *API, op *Op, in any) []byte                           { return nil }
func DecodeXML(r io.Reader, op *Op, out any) (requestID string, err error) { return "", errEarly }

type Client struct {
	API      *API
	HTTP     *http.Client
	Endpoint string
	Sign     func(*http.Request, []byte) error
}

func (c *Client) Do(ctx context.Context, op string, in, out any) error { return errEarly }

// NoOperation is the refusal of an action or version that no service has.
func NoOperation(action, version string) *Error {
	return &Error{Code: InvalidAction, Message: "Could not find operation " + action + " for version " + version, Framework: true}
}
