package sigv4_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"time"

	"github.com/deputy-sts/deputy/sigv4"
)

func ExampleSign() {
	body := []byte("Action=GetCallerIdentity&Version=2011-06-15")
	r, err := http.NewRequest("POST", "https://sts.us-east-1.amazonaws.com/", bytes.NewReader(body))
	if err != nil {
		fmt.Println(err)
		return
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	c := sigv4.Credentials{AccessKeyID: "AKIAIOSFODNN7EXAMPLE", SecretAccessKey: "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"}
	if err := sigv4.Sign(r, body, c, "us-east-1", "sts", time.Date(2026, 11, 25, 12, 0, 0, 0, time.UTC)); err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(r.Header.Get("X-Amz-Date"))
	fmt.Println(r.Header.Get("Authorization")[:96])
	// Output:
	// 20261125T120000Z
	// AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20261125/us-east-1/sts/aws4_request, SignedHead
}

// A service of one's own that knows its callers by their AWS-style signatures.
func ExampleMiddleware() {
	secrets := map[string]string{"AKIAIOSFODNN7EXAMPLE": "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"}
	v := &sigv4.Verifier{Lookup: func(_ context.Context, id, token string) (sigv4.Secret, error) {
		secret, ok := secrets[id]
		if !ok || token != "" {
			return sigv4.Secret{}, sigv4.UnknownKey()
		}
		return sigv4.Secret{Key: secret}, nil
	}}
	hello := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		caller, _ := sigv4.FromContext(r.Context())
		fmt.Fprintf(w, "hello %s\n", caller.Credential.AccessKeyID)
	})
	server := httptest.NewServer(sigv4.Middleware(v, "notes", 1<<20, hello))
	defer server.Close()

	r, _ := http.NewRequest("GET", server.URL, nil)
	c := sigv4.Credentials{AccessKeyID: "AKIAIOSFODNN7EXAMPLE", SecretAccessKey: secrets["AKIAIOSFODNN7EXAMPLE"]}
	if err := sigv4.Sign(r, nil, c, "us-east-1", "notes", time.Now()); err != nil {
		fmt.Println(err)
		return
	}
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer res.Body.Close()
	text, _ := io.ReadAll(res.Body)
	fmt.Print(string(text))
	// Output: hello AKIAIOSFODNN7EXAMPLE
}
