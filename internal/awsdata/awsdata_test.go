package awsdata

import (
	"encoding/json"
	"regexp"
	"runtime"
	"strings"
	"testing"
	"time"
)

// TestManagedPoliciesAgree compares the index, made without decoding, with
// what encoding/json makes of the file.
func TestManagedPoliciesAgree(t *testing.T) {
	var file map[string]struct {
		CreateDate, UpdateDate time.Time
		DefaultVersionId, Path string
		Document               json.RawMessage
	}
	if err := json.Unmarshal([]byte(unpack("", managedPacked)), &file); err != nil {
		t.Fatal(err)
	}
	all := ManagedPolicies()
	if len(all) != len(file) || len(all) < 1485 {
		t.Fatalf("%d policies, the file has %d", len(all), len(file))
	}
	ids := map[string]bool{}
	for i, p := range all {
		f := file[p.Name]
		if p.Path != f.Path || p.DefaultVersionID != f.DefaultVersionId || p.Document != string(f.Document) ||
			!p.CreateDate.Equal(f.CreateDate) || !p.UpdateDate.Equal(f.UpdateDate) {
			t.Errorf("%s differs from the file", p.Name)
		}
		if found, ok := ManagedPolicyByARN(p.ARN); !ok || found != p {
			t.Errorf("%s is not found by its ARN", p.ARN)
		}
		if ids[p.ID] || !regexp.MustCompile(`^ANPA[A-Z2-7]{17}$`).MatchString(p.ID) {
			t.Errorf("%s: id %s", p.Name, p.ID)
		}
		ids[p.ID] = true
		if i > 0 && all[i-1].Path+"\x00"+all[i-1].Name >= p.Path+"\x00"+p.Name {
			t.Errorf("%s is out of order", p.ARN)
		}
	}
}

func TestManagedPolicyByARN(t *testing.T) {
	p, ok := ManagedPolicyByARN("arn:aws-cn:iam::aws:policy/AdministratorAccess")
	if !ok || p.Document != `{"Statement":[{"Action":"*","Effect":"Allow","Resource":"*"}],"Version":"2012-10-17"}` {
		t.Errorf("AdministratorAccess in aws-cn: %v %v", p, ok)
	}
	if p.ID != "ANPAXUEARDEVTUHKHZ23E" {
		t.Errorf("its id %s is not what other servers have", p.ID)
	}
	for _, arn := range []string{
		"", "arn:", "arn:aws:iam::aws:policy/", "arn:aws:iam::aws:policy", "AdministratorAccess",
		"arn:aws:iam::aws:policy/administratoraccess", "arn:aws:iam::aws:policy/job-function/AdministratorAccess",
		"arn:aws:iam::111122223333:policy/AdministratorAccess", "arn:aws:sts::aws:policy/AdministratorAccess",
		"arn:aws:iam::aws:policy/service-role//AWSLambdaRole", "arn:aws:iam::aws:policy//AdministratorAccess",
	} {
		if p, ok := ManagedPolicyByARN(arn); ok {
			t.Errorf("%q is taken for %s", arn, p.ARN)
		}
	}
	for _, name := range []string{"IAMAuditRootUserCredentials", "IAMCreateRootUserPassword", "IAMDeleteRootUserCredentials", "S3UnlockBucketPolicy", "SQSUnlockQueuePolicy"} {
		if _, ok := ManagedPolicyByARN("arn:aws:iam::aws:policy/root-task/" + name); !ok {
			t.Errorf("the root task policy %s is missing", name)
		}
	}
}

// TestServicesAgree reads every service, and so proves the scanner on the whole file.
func TestServicesAgree(t *testing.T) {
	var file map[string]*Service
	if err := json.Unmarshal([]byte(unpack("", servicesPacked)), &file); err != nil {
		t.Fatal(err)
	}
	names := Services()
	if len(names) != len(file) || len(names) < 456 {
		t.Fatalf("%d services, the file has %d", len(names), len(file))
	}
	for _, name := range names {
		s, ok := ServiceOf(name)
		keys := map[string]bool{}
		for key := range file[name].Keys {
			keys[strings.Trim(tagKeys.Replace(`"`+key+`"`), `"`)] = true
		}
		if !ok || len(s.Actions) != len(file[name].Actions) || len(s.Keys) != len(keys) || len(s.Resources) != len(file[name].Resources) {
			t.Errorf("%s differs from the file", name)
		}
		if len(s.folded) != len(s.Actions) {
			t.Errorf("%s has actions that differ in case only", name)
		}
	}
}

func TestActionOf(t *testing.T) {
	a, ok := ActionOf("IAM", "createuser")
	if !ok || a.Name != "CreateUser" || a.Level != "Write" || !a.Resources["user"].Required || a.PermissionOnly ||
		strings.Join(a.Keys, " ") != "aws:RequestTag/${TagKey} aws:TagKeys iam:PermissionsBoundary" {
		t.Errorf("iam:CreateUser: %+v %v", a, ok)
	}
	for _, unknown := range [][2]string{{"iam", "CreateUsers"}, {"iam", ""}, {"", "CreateUser"}, {"nosuch", "CreateUser"}} {
		if _, ok := ActionOf(unknown[0], unknown[1]); ok {
			t.Errorf("%v is known", unknown)
		}
	}
	for action, want := range map[string]bool{"GetAccountSummary": false, "ListUsers": false, "CreateUser": true, "NoSuchAction": true} {
		if got := ResourceLevel("iam", action); got != want {
			t.Errorf("iam:%s on single resources: %v", action, got)
		}
	}
	if !ResourceLevel("sts", "AssumeRole") || ResourceLevel("sts", "GetCallerIdentity") {
		t.Error("sts:AssumeRole is decided on the role, sts:GetCallerIdentity on *")
	}
}

func TestRegions(t *testing.T) {
	for region, partition := range map[string]string{"us-east-1": "aws", "cn-north-1": "aws-cn", "us-gov-west-1": "aws-us-gov", "eusc-de-east-1": "aws-eusc", "US-EAST-1": "", "us-east-9": "", "": "", "aws": ""} {
		if PartitionOf(region) != partition || IsRegion(region) != (partition != "") {
			t.Errorf("%q: partition %q, want %q", region, PartitionOf(region), partition)
		}
	}
	if n := len(Regions()); n < 45 {
		t.Errorf("%d regions", n)
	}
}

// retired names policies of linked roles that AWS publishes no more.
var retired = map[string]bool{"arn:aws:iam::aws:policy/aws-service-role/AmazonLexBotPolicy": true}

// TestLinkedRoles checks that the policies of every linked role exist.
func TestLinkedRoles(t *testing.T) {
	r, ok := LinkedRoleOf("autoscaling.amazonaws.com")
	if !ok || r.RoleName != "AWSServiceRoleForAutoScaling" || !r.Suffix {
		t.Errorf("autoscaling: %+v %v", r, ok)
	}
	for service, r := range linkedRoles() {
		for _, arn := range r.PolicyARNs {
			if _, ok := ManagedPolicyByARN(arn); ok == retired[arn] {
				t.Errorf("%s: policy %s: exists: %v", service, arn, ok)
			}
		}
	}
}

// TestFirstLookup holds the memory that the first question costs; its time,
// which falls on somebody's request, is BenchmarkUnpackManaged's matter.
func TestFirstLookup(t *testing.T) {
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	start := time.Now()
	text := unpack("", managedPacked)
	index := map[string]*ManagedPolicy{}
	for name, value := range members(text) {
		index[name] = readManaged(name, value)
	}
	took := time.Since(start)
	runtime.GC()
	runtime.ReadMemStats(&after)
	kept := int64(after.HeapAlloc) - int64(before.HeapAlloc)
	t.Logf("%d policies indexed in %v, %d KiB kept", len(index), took, kept>>10)
	if kept > 5<<20 {
		t.Errorf("the index keeps %d bytes", kept)
	}
	runtime.KeepAlive(index)
}

func BenchmarkUnpackServices(b *testing.B) {
	for b.Loop() {
		for range members(unpack("", servicesPacked)) {
		}
	}
}

func BenchmarkUnpackManaged(b *testing.B) {
	for b.Loop() {
		for range members(unpack("", managedPacked)) {
		}
	}
}

func BenchmarkReadIAM(b *testing.B) {
	text := unpack("", servicesPacked)
	for name, value := range members(text) {
		if name == "iam" {
			for b.Loop() {
				readService(name, value)
			}
		}
	}
}

func BenchmarkResourceLevel(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		ResourceLevel("iam", "CreateUser")
	}
}

func TestConditionKeys(t *testing.T) {
	for name, want := range map[string]string{
		"aws:principalorgid": "String", "AWS:PrincipalTag/team": "String", "aws:TagKeys": "ArrayOfString", "aws:SourceIp": "IPAddress",
		"aws:PrincipalTag": "", "aws:PrincipalTag/": "", "aws:PrincipleOrgID": "", "": "",
	} {
		k, ok := GlobalKey(name)
		if k.Type != want || ok != (want != "") || k.Multivalued() != (want == "ArrayOfString") {
			t.Errorf("%s: %+v %v", name, k, ok)
		}
	}
	if n := GlobalKeys(); len(n) < 50 || n[0] != "aws:AssumedRoot" {
		t.Errorf("%d keys", len(n))
	}
	s3, _ := ServiceOf("s3")
	for name, want := range map[string]string{"s3:Prefix": "String", "s3:ExistingObjectTag/a": "String", "s3:x-amz-acl": "String", "s3:max-keys": "Numeric", "s3:ExistingObjectTag": "", "s3:nothing": ""} {
		if k, ok := s3.Key(name); k.Type != want || ok != (want != "") {
			t.Errorf("%s: %+v %v", name, k, ok)
		}
	}
	list, get := s3.Actions["ListBucket"], s3.Actions["GetObject"]
	if !s3.HasKey(list, "s3:prefix") || s3.HasKey(get, "s3:prefix") || !s3.HasKey(get, "S3:ExistingObjectTag/x") || !s3.HasKey(get, "aws:ResourceTag/x") {
		t.Error("keys of s3:ListBucket and s3:GetObject")
	}
	sts, _ := ServiceOf("sts")
	if k, ok := sts.Key("token.actions.githubusercontent.com/acme:repository"); !ok || k.Type != "String" {
		t.Errorf("%+v %v", k, ok)
	}
}

func TestSharedIssuerOf(t *testing.T) {
	for issuer, want := range map[string]string{
		"token.actions.githubusercontent.com": "GitHub Actions", "GitLab.com/": "GitLab.com", "oidc.circleci.com/org/x-1": "CircleCI", "oidc.circleci.com/org": "",
		"gitlab.com.evil.example": "", "evil.gitlab.com": "", "idp.example.com": "", "": "",
	} {
		s, ok := SharedIssuerOf(issuer)
		if s.Name != want || ok != (want != "") {
			t.Errorf("%q: %+v %v", issuer, s, ok)
		}
		if ok && len(s.Keys(issuer)) != len(s.Claims) {
			t.Errorf("%q: keys %v", issuer, s.Keys(issuer))
		}
	}
	s, _ := SharedIssuerOf("sts.windows.net/33e01921-4d64-4f8c-a055-5bdaffd5e33d")
	if k := s.Keys("x"); len(k) != 1 || k[0] != "sts:RoleSessionName" {
		t.Errorf("keys %v", k)
	}
}
