package server

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net/http"
	"path"
	"runtime/debug"
	"strings"
	"sync"

	"github.com/deputy-sts/deputy/internal/authz"
	"github.com/deputy-sts/deputy/internal/kv"
	"github.com/deputy-sts/deputy/internal/query"
	"github.com/deputy-sts/deputy/sigv4"
)

// scratch holds the buffers of one request; none of its bytes outlive it.
type scratch struct {
	body, out []byte
}

var pool = sync.Pool{New: func() any { return &scratch{body: make([]byte, 0, ownBody), out: make([]byte, 0, 4096)} }}

// keepAtMost is the largest buffer of an answer that goes back to the pool.
const keepAtMost = 64 << 10

// release puts the buffers back. Those of larger bodies go: in the pool they
// would be memory that no budget counts.
func (sc *scratch) release() {
	if cap(sc.body) <= ownBody && cap(sc.out) <= keepAtMost {
		pool.Put(sc)
	}
}

// service is one API with what answers it.
type service struct {
	api *query.API
	mux *query.Mux[*authz.Call]
}

// ServeHTTP takes a request its whole way; see the package comment and ARCHITECTURE.md.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	switch r.URL.Path {
	case "/healthz":
		s.serveHealth(w, r, true)
		return
	case "/readyz":
		s.serveHealth(w, r, s.ready())
		return
	}
	if rest, ok := strings.CutPrefix(r.URL.Path, issuerPath); ok {
		s.serveIssuer(w, r, rest)
		return
	}
	x := exchange{s: s, w: w, r: r, sc: pool.Get().(*scratch), id: newRequestID()}
	defer x.end()
	defer x.recovered()
	x.serve()
}

// exchange is one request and its answer.
type exchange struct {
	s   *Server
	w   http.ResponseWriter
	r   *http.Request
	sc  *scratch
	id  string
	own int64    // bytes that its body took from the budget
	svc *service // known once Action and Version are
	op  *query.Op

	bare bool // the request has no signature, and needs none
}

func (x *exchange) end() {
	x.sc.release()
	if x.own > 0 {
		x.s.bodies.giveBack(x.own)
	}
}

func (x *exchange) serve() {
	if status, ok := x.s.acceptable(x.r); !ok {
		if status == http.StatusMethodNotAllowed {
			x.w.Header()["Allow"] = []string{"GET, POST"}
		}
		x.plain(status)
		return
	}
	if !apiPath(x.r.URL.Path) {
		x.unknownOperation()
		return
	}
	hush(x.r.Context())
	body, err := x.readBody()
	if err != nil {
		x.bodyFailed(err)
		return
	}
	params, err := query.ParseForm(x.r.Method, x.r.URL.RawQuery, first(x.r.Header["Content-Type"]), body)
	if err != nil {
		x.fail(err)
		return
	}
	if !x.dispatch(params) {
		return
	}
	call, err := x.authenticate(body)
	if err != nil {
		x.fail(err)
		return
	}
	defer call.Release()
	out, err := x.svc.mux.Serve(x.r.Context(), call, x.op, params)
	if err != nil {
		if told := (*query.Error)(nil); x.bare && errors.As(err, &told) && told.Status < 500 {
			x.s.failures.allow(call.SourceIP, call.Time)
		}
		call.Refused(err)
		x.fail(err)
		return
	}
	x.answer(out)
}

// first is http.Header.Get for who holds the values already.
func first(values []string) string {
	if len(values) == 0 {
		return ""
	}
	return values[0]
}

// acceptable refuses what no client of the API sends, before a byte of the body is read.
func (s *Server) acceptable(r *http.Request) (status int, ok bool) {
	switch {
	case r.Method != http.MethodGet && r.Method != http.MethodPost:
		return http.StatusMethodNotAllowed, false
	case len(r.Header["Content-Encoding"]) > 0:
		return http.StatusUnsupportedMediaType, false
	case r.ContentLength > MaxBody:
		return http.StatusRequestEntityTooLarge, false
	}
	absolute := !strings.HasPrefix(r.RequestURI, "/")
	if len(s.cfg.AllowedHosts) == 0 {
		if absolute {
			return http.StatusBadRequest, false
		}
		return 0, true
	}
	if !s.allowedHost(r.Host) {
		return http.StatusMisdirectedRequest, false
	}
	return 0, true
}

func (s *Server) allowedHost(host string) bool {
	if at := strings.LastIndexByte(host, ':'); at >= 0 && !strings.HasSuffix(host, "]") {
		host = host[:at]
	}
	host = strings.ToLower(strings.TrimSuffix(host, "."))
	for _, allowed := range s.cfg.AllowedHosts {
		if host == allowed {
			return true
		}
	}
	return false
}

// apiPath says whether the path normalises to /, as AWS's does for `//`, `/./`, `/a/..`.
func apiPath(p string) bool {
	return p == "/" || p == "" || path.Clean(p) == "/"
}

// readBody reads the bytes that both the signature and the parser are about.
// net/http ends the body at its Content-Length, which acceptable has bounded.
func (x *exchange) readBody() ([]byte, error) {
	b := x.sc.body[:0]
	body := x.r.Body
	if x.r.ContentLength < 0 {
		// Chunked: two readings of one request are the proxy's danger, so the connection ends here.
		x.w.Header()["Connection"] = []string{"close"}
		body = http.MaxBytesReader(x.w, body, MaxBody)
	} else if x.r.ContentLength == 0 {
		return b, nil
	}
	for {
		if len(b) == cap(b) { // by what has come, never by what the length claims
			if b = x.grown(b); b == nil {
				return nil, errCrowded
			}
		}
		n, err := body.Read(b[len(b):cap(b)])
		b = b[:len(b)+n]
		x.sc.body = b
		if err == io.EOF {
			return b, nil
		}
		if err != nil {
			return nil, err
		}
	}
}

// errCrowded says that other requests' bodies hold the memory there is for them.
var errCrowded = query.ServiceUnavailable.Errorf("Service is unable to handle request.")

// grown gives the full buffer twice its size, within the budget; nil: there is no room.
func (x *exchange) grown(b []byte) []byte {
	size := min(2*cap(b), MaxBody+512) // the last has room for the read that finds the end
	if !x.s.bodies.take(int64(size)-ownBody-x.own, int64(size)) {
		return nil
	}
	x.own = int64(size) - ownBody
	return append(make([]byte, 0, size), b...)
}

// dispatch finds the service by Version and the operation by Action.
func (x *exchange) dispatch(p *query.Params) bool {
	action, has := p.Get("Action")
	if !has {
		if x.r.Method == http.MethodGet && x.r.URL.RawQuery == "" {
			x.w.Header()["Location"] = []string{projectPage}
			x.plain(http.StatusFound)
			return false
		}
		x.unknownOperation()
		return false
	}
	version, _ := p.Get("Version")
	for i := range x.s.services {
		svc := &x.s.services[i]
		if svc.api.Version == version {
			x.svc, x.op = svc, svc.api.Op(action)
		}
	}
	if x.op == nil || !x.svc.mux.Has(x.op) {
		x.fail(query.NoOperation(action, version))
		return false
	}
	return true
}

// authenticate verifies who calls and makes the call that the handlers see.
// Only operations that the model leaves unsigned may come without a signature.
func (x *exchange) authenticate(body []byte) (*authz.Call, error) {
	s, r := x.s, x.r
	request := authz.Request{
		RequestID: x.id, Service: x.svc.api.Name, Action: x.op.Name, Region: s.cfg.Regions[0],
		UserAgent: first(r.Header["User-Agent"]), Referer: first(r.Header["Referer"]), Host: r.Host,
		SourceIP: s.clientAddr(r), TLS: s.secure(r), Time: s.cfg.Now(),
	}
	if r.TLS != nil {
		request.TLSVersion, request.Cipher = tlsNames(r.TLS)
	}
	if x.op.Unsigned && !sigv4.HasAuth(r) {
		// Assertions are guessed and replayed like signatures, and cost more to check:
		// an address that keeps failing is turned away before they are looked at.
		if s.failures.spent(request.SourceIP, request.Time) {
			return nil, query.Throttling.Errorf("Rate exceeded")
		}
		x.bare = true
		return s.gate.NewCall(request), nil
	}
	principal, result, err := s.authn.Authenticate(r, body, x.svc.api.Name)
	if err != nil {
		return nil, x.refused(request, err)
	}
	request.Principal = principal
	request.Region = cmp.Or(result.Credential.Region, request.Region)
	call := s.gate.NewCall(request)
	if result.Presigned && !s.cfg.PresignAny && x.op.Name != "GetCallerIdentity" {
		defer call.Release() // who calls is known: refused in that name, and no failed authentication
		call.Refused(presignRefused)
		return nil, presignRefused
	}
	return call, nil
}

var presignRefused = query.AccessDenied.Errorf("Presigned requests are accepted for GetCallerIdentity only.")

// tlsNames are the version and the suite as CloudTrail writes them.
func tlsNames(state *tls.ConnectionState) (version, cipher string) {
	return strings.Replace(tls.VersionName(state.Version), "TLS ", "TLSv", 1), tls.CipherSuiteName(state.CipherSuite)
}

// refused records a failed authentication and gives the error to answer. An
// address beyond the bound is no longer told why, nor written down.
func (x *exchange) refused(request authz.Request, err error) error {
	if !x.s.failures.allow(request.SourceIP, request.Time) {
		return query.Throttling.Errorf("Rate exceeded")
	}
	var signature *sigv4.Error
	if !errors.As(err, &signature) {
		return err
	}
	if claimed, ok := sigv4.Claimed(x.r); ok {
		request.AccessKeyID = claimed.AccessKeyID
	}
	refusal := &query.Error{Code: query.Code{Name: signature.Code, Status: signature.Status}, Message: signature.Message}
	x.s.gate.Refused(request, refusal)
	return refusal
}

// recovered turns a panic into an InternalFailure; the count must stay 0 (H04).
func (x *exchange) recovered() {
	v := recover()
	if v == nil {
		return
	}
	if v == http.ErrAbortHandler {
		panic(v)
	}
	x.s.panics.Add(1)
	x.s.cfg.Logger.Error("panic in a request", "request_id", x.id, "panic", v, "stack", string(debug.Stack()))
	x.writeError(query.InternalFailure.Errorf(internalText))
}

// fail answers an error: a *query.Error as it is, anything else as an
// InternalFailure whose text goes to the log only.
func (x *exchange) fail(err error) {
	var told *query.Error
	switch {
	case errors.As(err, &told):
	case errors.Is(err, kv.ErrUnavailable), errors.Is(err, kv.ErrClosed), errors.Is(err, context.DeadlineExceeded):
		x.s.cfg.Logger.Error("unavailable", "request_id", x.id, "err", err)
		told = query.ServiceUnavailable.Errorf("Service is unable to handle request.")
	default:
		if x.r.Context().Err() == nil {
			x.s.cfg.Logger.Error("internal failure", "request_id", x.id, "err", err)
		}
		told = query.InternalFailure.Errorf(internalText)
	}
	if told.Status == http.StatusServiceUnavailable {
		x.w.Header()["Retry-After"] = []string{"1"}
	}
	x.writeError(told)
}

const internalText = "An internal error occurred."

func (x *exchange) bodyFailed(err error) {
	var big *http.MaxBytesError
	if errors.As(err, &big) {
		x.plain(http.StatusRequestEntityTooLarge)
		return
	}
	x.w.Header()["Connection"] = []string{"close"} // nor does net/http wait for the rest of the body
	if err == errCrowded {
		x.fail(err)
		return
	}
	x.plain(http.StatusBadRequest)
}
