package query

import (
	"context"
	"fmt"
	"reflect"
	"slices"
)

// Mux is the table of a service's handlers. C is what the server knows of a call
// and hands to each handler. Fill it before the first Serve; after that it is
// read by many goroutines.
type Mux[C any] struct {
	api      *API
	handlers map[*Op]handler[C]
}

type handler[C any] func(context.Context, C, *Params) (any, error)

// NewMux gives an empty table for the service.
func NewMux[C any](api *API) *Mux[C] {
	return &Mux[C]{api: api, handlers: make(map[*Op]handler[C], len(api.Ops))}
}

// API is the service that the table is for.
func (m *Mux[C]) API() *API { return m.api }

// Has says whether the operation has a handler.
func (m *Mux[C]) Has(op *Op) bool { return m.handlers[op] != nil }

// Actions names the operations that have a handler, sorted.
func (m *Mux[C]) Actions() []string {
	names := make([]string, 0, len(m.handlers))
	for op := range m.handlers {
		names = append(names, op.Name)
	}
	slices.Sort(names)
	return names
}

// Handle registers the handler of an action. It panics when the model has no such
// action, has other types for it, or the action has a handler already: those are
// mistakes of the program that its first start must show.
func Handle[C, I, O any](m *Mux[C], action string, h func(context.Context, C, *I) (*O, error)) {
	op := m.api.Op(action)
	if op == nil {
		panic("query: " + m.api.Name + " has no action " + action)
	}
	if m.handlers[op] != nil {
		panic("query: a second handler for " + action)
	}
	if m.api.New != nil {
		if in, out := m.api.New(action); reflect.TypeOf(in) != reflect.TypeFor[*I]() || reflect.TypeOf(out) != reflect.TypeFor[*O]() {
			panic(fmt.Sprintf("query: %s takes %T and gives %T", action, in, out))
		}
	}
	in := mustPlan(reflect.TypeFor[I]())
	mustPlan(reflect.TypeFor[O]())
	options := ValidateOptions{Echo: m.api.Echo}
	m.handlers[op] = func(ctx context.Context, c C, p *Params) (any, error) {
		input := new(I)
		v := reflect.ValueOf(input).Elem()
		if err := in.decode(p, v); err != nil {
			return nil, err
		}
		if err := in.validate(v, options); err != nil {
			return nil, err
		}
		out, err := h(ctx, c, input)
		if err != nil {
			return nil, err
		}
		if out == nil {
			out = new(O)
		}
		return out, nil
	}
}

func mustPlan(t reflect.Type) *structure {
	s, err := planOf(t)
	if err != nil {
		panic(err)
	}
	return s
}

// Serve decodes and validates the input of op and gives it to its handler. op is
// one of the API's own; one without a handler answers as an unknown action does.
// The output is a pointer to the operation's output structure, never nil.
func (m *Mux[C]) Serve(ctx context.Context, c C, op *Op, p *Params) (out any, err error) {
	if !m.Has(op) {
		name := ""
		if op != nil {
			name = op.Name
		}
		return nil, NoOperation(name, m.api.Version)
	}
	return m.handlers[op](ctx, c, p)
}
