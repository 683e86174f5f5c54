package query_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/deputy-sts/deputy/internal/query"
	"github.com/deputy-sts/deputy/internal/stsapi"
)

// serve answers one operation the way a server does.
func serve(t *testing.T, h func(context.Context, string, *stsapi.AssumeRoleRequest) (*stsapi.AssumeRoleResponse, error)) *query.Client {
	m := query.NewMux[string](&stsapi.API)
	query.Handle(m, "AssumeRole", h)
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		p, err := query.ParseForm(r.Method, r.URL.RawQuery, r.Header.Get("Content-Type"), body)
		var out any
		op := stsapi.API.Op("AssumeRole")
		if err == nil {
			out, err = m.Serve(r.Context(), r.Header.Get("X-Signed"), op, p)
		}
		if e, refused := err.(*query.Error); refused {
			w.WriteHeader(e.Status)
			w.Write(query.AppendErrorXML(nil, &stsapi.API, e, id))
			return
		}
		w.Write(query.AppendXML(nil, &stsapi.API, op, out, id))
	}))
	t.Cleanup(srv.Close)
	return &query.Client{API: &stsapi.API, Endpoint: srv.URL, Sign: func(r *http.Request, body []byte) error {
		r.Header.Set("X-Signed", string(body[:17]))
		return nil
	}}
}

func TestClient(t *testing.T) {
	c := serve(t, func(_ context.Context, signed string, in *stsapi.AssumeRoleRequest) (*stsapi.AssumeRoleResponse, error) {
		if *in.RoleArn != arn || signed != "Action=AssumeRole" {
			return nil, query.AccessDenied.Errorf("no: %s", signed)
		}
		return assumed(), nil
	})
	in := &stsapi.AssumeRoleRequest{RoleArn: new(arn), RoleSessionName: new("alice")}
	out := new(stsapi.AssumeRoleResponse)
	if err := c.Do(t.Context(), "AssumeRole", in, out); err != nil || *out.Credentials.SessionToken != "to+ken==" || out.Credentials.Expiration.Unix() != expires.Unix() {
		t.Fatal(out, err)
	}
	in.RoleArn = new("arn:aws:iam::111122223333:role/other")
	err := c.Do(t.Context(), "AssumeRole", in, out)
	var e *query.Error
	if !errors.As(err, &e) || e.Code != query.AccessDenied || e.Message != "no: Action=AssumeRole" || e.RequestID != id {
		t.Errorf("%#v", err)
	}
	if err := c.Do(t.Context(), "Dance", in, out); err == nil {
		t.Error("an unknown operation was sent")
	}
	c.Sign = func(*http.Request, []byte) error { return context.Canceled }
	if err := c.Do(t.Context(), "AssumeRole", in, out); err != context.Canceled {
		t.Error(err)
	}
}

func TestClientOddAnswers(t *testing.T) {
	for name, c := range map[string]struct {
		status int
		body   string
		want   int // status of the *Error; 0: another error
	}{
		"html":            {502, "<html><body>Bad gateway</body></html>", 502},
		"nothing":         {503, "", 503},
		"no code":         {403, "<ErrorResponse><Error/></ErrorResponse>", 403},
		"cut":             {403, "<ErrorResponse><Error><Code>Acc", 403},
		"huge error":      {500, "<ErrorResponse>" + strings.Repeat("<a/>", 300_000), 500},
		"redirect":        {307, "", 307},
		"other operation": {200, "<DanceResponse/>", 0},
		"cut answer":      {200, "<AssumeRoleResponse><AssumeRoleResult>", 0},
		"bad number":      {200, "<AssumeRoleResponse><AssumeRoleResult><PackedPolicySize>x</PackedPolicySize></AssumeRoleResult></AssumeRoleResponse>", 0},
	} {
		srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("X-Amzn-RequestId", id)
			w.Header().Set("Location", "/elsewhere")
			w.WriteHeader(c.status)
			io.WriteString(w, c.body)
		}))
		client := &query.Client{API: &stsapi.API, Endpoint: srv.URL}
		err := client.Do(t.Context(), "AssumeRole", new(stsapi.AssumeRoleRequest), new(stsapi.AssumeRoleResponse))
		srv.Close()
		var e *query.Error
		switch is := errors.As(err, &e); {
		case err == nil, is != (c.want != 0):
			t.Errorf("%s: %v", name, err)
		case is && (e.Status != c.want || e.RequestID != id):
			t.Errorf("%s: %+v", name, e)
		}
	}
}
