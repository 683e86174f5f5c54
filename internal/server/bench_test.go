package server

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"testing"
	"time"

	"github.com/deputy-sts/deputy/sigv4"
)

// benched are the requests that most of a token service's time goes into.
func benched(w *world) map[string]func(i int) string {
	return map[string]func(i int) string{
		"AssumeRole": func(i int) string {
			return form("sts", "AssumeRole", "RoleArn", w.roleARN, "RoleSessionName", fmt.Sprintf("s%d", i), "ExternalId", w.external)
		},
		"GetCallerIdentity": func(int) string { return form("sts", "GetCallerIdentity") },
	}
}

// poolOf signs requests beforehand, so that signing is not measured.
func poolOf(b *testing.B, w *world, body func(int) string) (headers []http.Header, bodies [][]byte) {
	for i := range 512 {
		text := body(i)
		r := request(b, w.low, "sts", text)
		r.Header.Set("User-Agent", "aws-sdk-go-v2/1.30 ua/2.1 os/linux lang/go#1.26 md/GOOS#linux api/sts#1.30")
		headers, bodies = append(headers, r.Header), append(bodies, []byte(text))
	}
	return headers, bodies
}

func benchmark(b *testing.B, action string) {
	w := newWorld(b)
	headers, bodies := poolOf(b, w, benched(w)[action])
	b.Run("handler", func(b *testing.B) {
		b.ReportAllocs()
		b.RunParallel(func(pb *testing.PB) {
			r, rd, out := post(""), new(bytes.Reader), make(http.Header)
			r.Body = io.NopCloser(rd)
			for i := 0; pb.Next(); i++ {
				body := bodies[i%len(bodies)]
				rd.Reset(body)
				r.Header, r.ContentLength = headers[i%len(headers)], int64(len(body))
				clear(out)
				w.ServeHTTP(&discard{header: out, tb: b}, r)
			}
		})
	})
	b.Run("listener", func(b *testing.B) {
		addr := w.listening()
		b.ReportAllocs()
		b.ResetTimer()
		b.RunParallel(func(pb *testing.PB) {
			client := &http.Client{Transport: &http.Transport{}, Timeout: time.Minute}
			for i := 0; pb.Next(); i++ {
				k := i % len(bodies)
				r, err := http.NewRequest(http.MethodPost, "http://"+addr+"/", bytes.NewReader(bodies[k]))
				check(b, err)
				r.Header, r.Host = headers[k], "sts.amazonaws.com"
				resp, err := client.Do(r)
				check(b, err)
				io.Copy(io.Discard, resp.Body)
				resp.Body.Close()
				if resp.StatusCode != 200 {
					b.Fatal(resp.Status)
				}
			}
		})
	})
}

// discard takes an answer and looks at its state only.
type discard struct {
	header http.Header
	tb     testing.TB
}

func (d *discard) Header() http.Header         { return d.header }
func (d *discard) Write(p []byte) (int, error) { return len(p), nil }
func (d *discard) WriteHeader(status int) {
	if status != 200 {
		d.tb.Errorf("status %d", status)
	}
}

func BenchmarkAssumeRole(b *testing.B)        { benchmark(b, "AssumeRole") }
func BenchmarkGetCallerIdentity(b *testing.B) { benchmark(b, "GetCallerIdentity") }

// BenchmarkRefused is what a stranger's request costs.
func BenchmarkRefused(b *testing.B) {
	w := newWorld(b)
	text := []byte(form("sts", "GetCallerIdentity"))
	r := request(b, sigv4.Credentials{AccessKeyID: "AKIAQQQQQQQQQQQQQQQQ", SecretAccessKey: "x"}, "sts", string(text))
	r.RemoteAddr = "198.51.100.7:1"
	rd := bytes.NewReader(nil)
	r.Body = io.NopCloser(rd)
	b.ReportAllocs()
	for b.Loop() {
		rd.Reset(text)
		w.ServeHTTP(nothing{}, r)
	}
}
