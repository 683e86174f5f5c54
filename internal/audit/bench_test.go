package audit

import (
	"context"
	"path/filepath"
	"testing"
	"time"
)

// sample is the entry of an AssumeRole as authz writes it.
func sample(id string) *Entry {
	return &Entry{
		UserIdentity: Identity{
			Type: "AssumedRole", PrincipalID: "AROAEXAMPLEEXAMPLE123:ci", ARN: "arn:aws:sts::111122223333:assumed-role/ci/ci",
			AccountID: "111122223333", AccessKeyID: "ASIAEXAMPLEEXAMPLE12",
			SessionContext: &SessionContext{
				Issuer:       SessionIssuer{Type: "Role", PrincipalID: "AROAEXAMPLEEXAMPLE123", ARN: "arn:aws:iam::111122223333:role/ci", AccountID: "111122223333", UserName: "ci"},
				CreationDate: time.Date(2026, 11, 22, 1, 2, 3, 0, time.UTC), MFAAuthenticated: true, SourceIdentity: "alice",
			},
		},
		EventTime: time.Date(2026, 11, 22, 1, 2, 4, 5, time.UTC), EventSource: "sts.amazonaws.com", EventName: "AssumeRole",
		AWSRegion: "us-east-1", SourceIPAddress: "192.0.2.7", UserAgent: "aws-cli/2.31.0 md/awscrt#0.27.6 ua/2.1 os/linux#6.8 lang/python#3.13.7",
		RequestParameters: Raw(`{"roleArn":"arn:aws:iam::111122223333:role/demo","roleSessionName":"s","externalId":"x","durationSeconds":3600}`),
		ResponseElements:  Raw(`{"credentials":{"accessKeyId":"ASIAEXAMPLEEXAMPLE34","sessionToken":"` + Hidden + `","expiration":"Nov 22, 2026, 2:02:04 AM"}}`),
		RequestID:         "8c1f0a5e-2d64-4d3b-9b42-6f6b8d0f4c11", EventID: id, ReadOnly: true,
		Resources:          []Resource{{ARN: "arn:aws:iam::111122223333:role/demo", AccountID: "111122223333", Type: "AWS::IAM::Role"}},
		RecipientAccountID: "111122223333", TLSDetails: TLSDetails{"TLSv1.3", "TLS_AES_128_GCM_SHA256", "sts.example.com"},
	}
}

func BenchmarkAppendJSON(b *testing.B) {
	e := sample("0d3f1c9e-8f6e-4b11-8a55-0d6d1c2b3a4f")
	var buf []byte
	b.ReportAllocs()
	for b.Loop() {
		buf = e.AppendJSON(buf[:0])
	}
	b.SetBytes(int64(len(buf)))
}

func BenchmarkAppend(b *testing.B) {
	line := sample("").AppendJSON(nil)
	for _, c := range []struct {
		name    string
		class   Class
		callers int // per processor
	}{{"read", Read, 16}, {"issue", Issue, 16}, {"change", Change, 64}} {
		b.Run(c.name, func(b *testing.B) {
			w, err := Open(filepath.Join(b.TempDir(), "audit.jsonl"), Options{})
			if err != nil {
				b.Fatal(err)
			}
			defer w.Close()
			b.ReportAllocs()
			b.SetParallelism(c.callers)
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					if err := w.Append(context.Background(), line, c.class); err != nil {
						b.Error(err)
					}
				}
			})
		})
	}
}
