// Package gosdk drives deputyd with aws-sdk-go-v2. It owns no behaviour: it is
// the SDK's own view of the service, kept in a module of its own so that no SDK
// is ever linked into a release. DEPUTYD_INFO is what `deputyd dev --json` printed.
package gosdk

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/credentials/stscreds"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/smithy-go"
)

type keys struct {
	AccessKeyID     string `json:"access_key_id"`
	SecretAccessKey string `json:"secret_access_key"`
}

var info struct {
	Endpoint, Account string
	Admin, User       keys
	RoleArn           string `json:"role_arn"`
	ExternalID        string `json:"external_id"`
}

func TestMain(m *testing.M) {
	if err := json.Unmarshal([]byte(os.Getenv("DEPUTYD_INFO")), &info); err != nil {
		fmt.Println("DEPUTYD_INFO:", err)
		os.Exit(1)
	}
	os.Exit(m.Run())
}

func config(p aws.CredentialsProvider) aws.Config {
	return aws.Config{Region: "sa-east-1", BaseEndpoint: aws.String(info.Endpoint), Credentials: p, RetryMaxAttempts: 1}
}

func static(k keys) aws.CredentialsProvider {
	return credentials.NewStaticCredentialsProvider(k.AccessKeyID, k.SecretAccessKey, "")
}

func code(t *testing.T, err error, want string) string {
	t.Helper()
	var api smithy.APIError
	if !errors.As(err, &api) || api.ErrorCode() != want {
		t.Fatalf("got %v, want code %s", err, want)
	}
	return api.ErrorMessage()
}

func TestAssumeRole(t *testing.T) {
	ctx := context.Background()
	user := sts.NewFromConfig(config(static(info.User)))
	in := &sts.AssumeRoleInput{RoleArn: &info.RoleArn, RoleSessionName: aws.String("gosdk"), ExternalId: &info.ExternalID}
	out, err := user.AssumeRole(ctx, in)
	if err != nil {
		t.Fatal(err)
	}
	c := out.Credentials
	session := credentials.NewStaticCredentialsProvider(*c.AccessKeyId, *c.SecretAccessKey, *c.SessionToken)
	me, err := sts.NewFromConfig(config(session)).GetCallerIdentity(ctx, nil)
	if err != nil || *me.Arn != *out.AssumedRoleUser.Arn {
		t.Fatalf("caller identity %+v, %v; want %s", me, err, *out.AssumedRoleUser.Arn)
	}

	in.ExternalId = aws.String("wrong")
	_, err = user.AssumeRole(ctx, in)
	if text := code(t, err, "AccessDenied"); !strings.Contains(text, "is not authorized to perform: sts:AssumeRole on resource: "+info.RoleArn) {
		t.Errorf("denial says %q", text)
	}
	in.ExternalId, in.DurationSeconds = &info.ExternalID, aws.Int32(899)
	_, err = user.AssumeRole(ctx, in)
	code(t, err, "ValidationError")
}

func TestProvider(t *testing.T) {
	p := stscreds.NewAssumeRoleProvider(sts.NewFromConfig(config(static(info.User))), info.RoleArn, func(o *stscreds.AssumeRoleOptions) {
		o.RoleSessionName, o.ExternalID = "provider", &info.ExternalID
	})
	me, err := sts.NewFromConfig(config(aws.NewCredentialsCache(p))).GetCallerIdentity(context.Background(), nil)
	if err != nil || !strings.HasSuffix(*me.Arn, ":assumed-role/demo/provider") {
		t.Fatalf("%+v, %v", me, err)
	}
}

func TestPages(t *testing.T) {
	ctx := context.Background()
	admin := iam.NewFromConfig(config(static(info.Admin)))
	for n := range 7 {
		if _, err := admin.CreateUser(ctx, &iam.CreateUserInput{UserName: aws.String(fmt.Sprint("go-", n)), Path: aws.String("/go/")}); err != nil {
			t.Fatal(err)
		}
	}
	var got []string
	for p := iam.NewListUsersPaginator(admin, &iam.ListUsersInput{PathPrefix: aws.String("/go/"), MaxItems: aws.Int32(3)}); p.HasMorePages(); {
		page, err := p.NextPage(ctx)
		if err != nil {
			t.Fatal(err)
		}
		for _, u := range page.Users {
			got = append(got, *u.UserName)
		}
	}
	if strings.Join(got, " ") != "go-0 go-1 go-2 go-3 go-4 go-5 go-6" {
		t.Errorf("paged through %v", got)
	}
	_, err := iam.NewFromConfig(config(static(info.User))).ListUsers(ctx, nil)
	code(t, err, "AccessDenied")
}

func TestManyCallsNoneBroken(t *testing.T) {
	user := sts.NewFromConfig(config(static(info.User)))
	for n := range 400 {
		if _, err := user.GetCallerIdentity(context.Background(), nil); err != nil {
			t.Fatalf("call %d: %v", n, err)
		}
	}
}

func TestPresigned(t *testing.T) {
	p, err := sts.NewPresignClient(sts.NewFromConfig(config(static(info.User)))).PresignGetCallerIdentity(context.Background(), nil)
	if err != nil {
		t.Fatal(err)
	}
	body := get(t, p.URL)
	if !strings.Contains(body, ":user/") {
		t.Errorf("presigned answer: %s", body)
	}
}
