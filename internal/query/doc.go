// Package query speaks AWS's query protocol for any service: a form in, XML (or
// JSON) out. It owns the one parsed form of a request (ParseForm), the codec
// between forms, XML, JSON and plain structs, the validation of single members
// with AWS's texts, the table of handlers (Mux), and a client of the same
// protocol (Client).
//
// It knows no service. What a service says about itself stands in its generated
// package, as an API value and as structs whose field names are the wire names;
// what an operation does is its handler's. Signatures, authorization and HTTP
// limits are decided by others: sigv4, authz and server.
//
// The codec compiles a plan for a type on first sight and keeps it for the life
// of the process, as encoding/json does: a plan is a pure function of its type.
package query
