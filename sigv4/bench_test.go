package sigv4

import (
	"context"
	"hash/maphash"
	"net/http"
	"strings"
	"testing"
)

func benchmarkVerify(b *testing.B, r *http.Request, body []byte, forget bool) {
	v := verifier()
	v.Lookup = func(context.Context, string, string) (Secret, error) { return Secret{Key: testSecret}, nil }
	b.ReportAllocs()
	for b.Loop() {
		if _, err := v.Verify(r, body, "sts"); err != nil {
			b.Fatal(err)
		}
		if forget {
			_, id, _ := strings.Cut(r.Header.Get("Authorization"), "Credential=")
			id, _, _ = strings.Cut(id, ",")
			c := v.cache.Load()
			c.slot[maphash.String(c.seed, id)%slots].Store(nil)
		}
	}
}

func sdkRequest(b *testing.B, token string) *http.Request {
	c := creds
	c.SessionToken = token
	r := post(b, testBody)
	r.Header.Set("Amz-Sdk-Invocation-Id", "00000001-0000-4000-8000-000000000001")
	r.Header.Set("Amz-Sdk-Request", "attempt=1; max=3")
	if err := Sign(r, []byte(testBody), c, "us-east-1", "sts", noon); err != nil {
		b.Fatal(err)
	}
	return received(b, r)
}

func BenchmarkVerify(b *testing.B) {
	b.Run("cached", func(b *testing.B) { benchmarkVerify(b, sdkRequest(b, ""), []byte(testBody), false) })
	b.Run("uncached", func(b *testing.B) { benchmarkVerify(b, sdkRequest(b, ""), []byte(testBody), true) })
	b.Run("token", func(b *testing.B) {
		benchmarkVerify(b, sdkRequest(b, strings.Repeat("IQoJb3JpZ2lu", 60)), []byte(testBody), false)
	})
	b.Run("presigned", func(b *testing.B) { benchmarkVerify(b, presigned(b), nil, false) })
}

func BenchmarkSign(b *testing.B) {
	r := post(b, testBody)
	b.ReportAllocs()
	for b.Loop() {
		if err := Sign(r, []byte(testBody), creds, "us-east-1", "sts", noon); err != nil {
			b.Fatal(err)
		}
	}
}
