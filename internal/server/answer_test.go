package server

import (
	"encoding/json"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/deputy-sts/deputy/internal/query"
)

var uuid = regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`)

// TestEveryOperationAnswers calls each operation of both services without
// parameters: an answer or a refusal, of one form, never a fault.
func TestEveryOperationAnswers(t *testing.T) {
	w := newWorld(t)
	for _, api := range apis {
		for i := range api.Ops {
			op := &api.Ops[i]
			if op.ReadOnly || strings.HasPrefix(op.Name, "List") || strings.HasPrefix(op.Name, "Get") || strings.HasPrefix(op.Name, "AssumeRole") {
				w.answers(t, api, op, "")
				w.answers(t, api, op, "application/json")
				continue
			}
			w.answers(t, api, op, "")
		}
	}
}

func (w *world) answers(t *testing.T, api *query.API, op *query.Op, accept string) {
	t.Helper()
	rec := w.serve(request(t, w.admin, api.Name, form(api.Name, op.Name), func(r *http.Request) {
		if accept != "" {
			r.Header.Set("Accept", accept)
		}
	}))
	body, h := rec.Body.String(), rec.Header()
	if rec.Code != 200 && (rec.Code < 400 || rec.Code > 499) {
		t.Errorf("%s: %d %s", op.Name, rec.Code, body)
	}
	id := h.Get("x-amzn-RequestId")
	if !uuid.MatchString(id) || !strings.Contains(body, id) {
		t.Errorf("%s: request id %q and %s", op.Name, id, body)
	}
	if h.Get("Content-Length") != strconv.Itoa(len(body)) || h.Get("Cache-Control") != "no-store" {
		t.Errorf("%s: headers %v for %d bytes", op.Name, h, len(body))
	}
	root := op.Response
	if rec.Code != 200 {
		root = "ErrorResponse"
	}
	if accept == "" {
		if h.Get("Content-Type") != "text/xml" || !strings.HasPrefix(body, "<"+root+` xmlns="`) {
			t.Errorf("%s: %s: %.200s", op.Name, h.Get("Content-Type"), body)
		}
		return
	}
	var tree map[string]any
	if err := json.Unmarshal([]byte(body), &tree); err != nil || h.Get("Content-Type") != accept {
		t.Errorf("%s: %s, %v: %s", op.Name, h.Get("Content-Type"), err, body)
	}
}

func TestJSONIsAskedForByName(t *testing.T) {
	w := newWorld(t)
	for accept, want := range map[string]string{
		"": "text/xml", "*/*": "text/xml", "application/*": "text/xml", "text/xml": "text/xml",
		"application/json": "application/json", "application/json, */*": "application/json", "text/xml, application/json;q=0": "",
	} {
		rec := w.serve(request(t, w.low, "sts", form("sts", "GetCallerIdentity"), func(r *http.Request) { r.Header.Set("Accept", accept) }))
		if got := rec.Header().Get("Content-Type"); want != "" && got != want || rec.Code != 200 {
			t.Errorf("Accept %q: %d %s", accept, rec.Code, got)
		}
	}
	rec := w.serve(request(t, w.low, "sts", form("sts", "GetCallerIdentity"), func(r *http.Request) { r.Header.Set("Accept", "application/json") }))
	var answer struct {
		GetCallerIdentityResponse struct {
			GetCallerIdentityResult struct{ Arn, Account, UserId string }
			ResponseMetadata        struct{ RequestId string }
		}
	}
	check(t, json.Unmarshal(rec.Body.Bytes(), &answer))
	if got := answer.GetCallerIdentityResponse.GetCallerIdentityResult; got.Arn != w.lowARN || got.Account != account || got.UserId != w.lowID {
		t.Errorf("%s", rec.Body)
	}
}

// TestWithoutAction has what AWS's endpoints do with requests that call nothing.
func TestWithoutAction(t *testing.T) {
	w := newWorld(t)
	if rec := w.serve(get("/")); rec.Code != http.StatusFound || rec.Header().Get("Location") != projectPage {
		t.Errorf("GET /: %d %v", rec.Code, rec.Header())
	}
	for _, r := range []*http.Request{post(""), post("a=b"), get("/?a=b"), get("/nowhere"), get("/nowhere?" + form("sts", "GetCallerIdentity"))} {
		if rec := w.serve(r); rec.Code != 404 || rec.Body.String() != "<UnknownOperationException/>" {
			t.Errorf("%s %s: %d %s", r.Method, r.URL, rec.Code, rec.Body)
		}
	}
	for _, method := range []string{"PUT", "DELETE", "HEAD", "OPTIONS", "CONNECT", "TRACE", "PATCH", "get", "X"} {
		r := request(t, w.low, "sts", form("sts", "GetCallerIdentity"), func(r *http.Request) { r.Method = method })
		rec := w.serve(r)
		if rec.Code != http.StatusMethodNotAllowed || rec.Header().Get("Allow") != "GET, POST" {
			t.Errorf("%s: %d %v", method, rec.Code, rec.Header())
		}
		for name := range rec.Header() {
			if strings.HasPrefix(name, "Access-Control-") {
				t.Errorf("%s: a CORS header: %v", method, rec.Header())
			}
		}
	}
	for action, of := range map[string]string{"Nonsense": "sts", "getCallerIdentity": "sts", "ListUsers": "sts", "GetCallerIdentity": "iam", "": "sts"} {
		refused(t, action, w.call(w.low, of, action), 400, "InvalidAction")
	}
	rec := w.serve(request(t, w.low, "sts", "Action=GetCallerIdentity"))
	if !strings.Contains(rec.Body.String(), "Could not find operation GetCallerIdentity for version NO_VERSION_SPECIFIED") {
		t.Errorf("without a version: %s", rec.Body)
	}
}
