package server

import (
	"crypto/rand"
	"encoding/hex"
	"net/http"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/deputy-sts/deputy/internal/query"
)

// projectPage is where AWS's own endpoints send a bare GET: to the product's page.
const projectPage = "https://github.com/deputy-sts/deputy"

var (
	typeXML  = []string{"text/xml"}
	typeJSON = []string{"application/json"}
	noStore  = []string{"no-store"}
)

// newRequestID is a random UUID; the same stands in the body, the header and the audit trail.
func newRequestID() string {
	var b [16]byte
	rand.Read(b[:])
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	var t [36]byte
	hex.Encode(t[:], b[:4])
	t[8], t[13], t[18], t[23] = '-', '-', '-', '-'
	hex.Encode(t[9:], b[4:6])
	hex.Encode(t[14:], b[6:8])
	hex.Encode(t[19:], b[8:10])
	hex.Encode(t[24:], b[10:])
	return string(t[:])
}

// wantsJSON says whether the client asks for JSON before all else; `*/*` is XML.
func wantsJSON(r *http.Request) bool {
	accept := r.Header["Accept"]
	if len(accept) != 1 {
		return false
	}
	first, _, _ := strings.Cut(accept[0], ",")
	media, _, _ := strings.Cut(first, ";")
	return strings.EqualFold(strings.TrimSpace(media), "application/json")
}

func (x *exchange) answer(out any) {
	b := x.sc.out[:0]
	if wantsJSON(x.r) {
		b = query.AppendJSON(b, x.svc.api, x.op, out, x.id)
		x.write(http.StatusOK, typeJSON, b)
	} else {
		b = query.AppendXML(b, x.svc.api, x.op, out, x.id)
		x.write(http.StatusOK, typeXML, b)
	}
}

func (x *exchange) writeError(err *query.Error) {
	api := x.s.services[0].api
	if x.svc != nil {
		api = x.svc.api
	}
	b := x.sc.out[:0]
	if wantsJSON(x.r) {
		b = query.AppendErrorJSON(b, api, err, x.id)
		x.write(err.Status, typeJSON, b)
	} else {
		b = query.AppendErrorXML(b, api, err, x.id)
		x.write(err.Status, typeXML, b)
	}
}

// write sends a whole answer with its length: with chunked answers an official
// SDK failed in 6 of 400 calls.
func (x *exchange) write(status int, contentType []string, b []byte) {
	x.sc.out = b
	own := &[2]string{x.id, strconv.Itoa(len(b))} // one allocation for both
	h := x.w.Header()
	h["Date"] = x.s.date.header(x.s.cfg.Now())
	h["Content-Type"] = contentType
	h["X-Amzn-Requestid"] = own[:1:1]
	h["Cache-Control"] = noStore
	h["Content-Length"] = own[1:]
	x.w.WriteHeader(status)
	x.w.Write(b)
}

// date keeps the header of the second that runs: net/http would write it out for
// each answer. It is of the clock that signatures are held against, since clients
// set theirs by it.
type date struct{ last atomic.Pointer[dated] }

type dated struct {
	second int64
	header []string
}

func (d *date) header(now time.Time) []string {
	second := now.Unix()
	if l := d.last.Load(); l != nil && l.second == second {
		return l.header
	}
	l := &dated{second, []string{now.UTC().Format(http.TimeFormat)}}
	d.last.Store(l)
	return l.header
}

// unknownOperation is what AWS answers where no API is.
func (x *exchange) unknownOperation() {
	x.write(http.StatusNotFound, typeXML, append(x.sc.out[:0], "<UnknownOperationException/>"...))
}

func (x *exchange) plain(status int) {
	x.write(status, []string{"text/plain; charset=utf-8"}, append(x.sc.out[:0], http.StatusText(status)+"\n"...))
}

// serveHealth says ok or not, and nothing else (H05).
func (s *Server) serveHealth(w http.ResponseWriter, r *http.Request, ok bool) {
	w.Header()["Content-Type"] = []string{"text/plain; charset=utf-8"}
	w.Header()["Cache-Control"] = noStore
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		w.WriteHeader(http.StatusMethodNotAllowed)
		return
	}
	if !ok {
		w.WriteHeader(http.StatusServiceUnavailable)
		w.Write([]byte("not ok\n"))
		return
	}
	w.Write([]byte("ok\n"))
}
