package lint

import (
	"fmt"
	"strings"
	"testing"

	"github.com/deputy-sts/deputy/policy"
)

// TestLarge looks at documents made to take long, as large as the rules look at:
// they end, and so do their findings.
func TestLarge(t *testing.T) {
	list := func(size int, f func(i int) string) string {
		var b strings.Builder
		for i := 0; b.Len() < size; i++ {
			if i > 0 {
				b.WriteByte(',')
			}
			b.WriteString(f(i))
		}
		return b.String()
	}
	statement := func(action, resource, condition string) string {
		return `{"Effect":"Allow","Action":[` + action + `],"Resource":[` + resource + `],"Condition":{` + condition + `}}`
	}
	size := maxText * 9 / 10
	if testing.Short() {
		size /= 8
	}
	for name, statements := range map[string]string{
		"unknown actions":  statement(list(size, func(i int) string { return fmt.Sprintf(`"ec2:Xescribe%d"`, i) }), `"*"`, ""),
		"unknown services": statement(list(size, func(i int) string { return fmt.Sprintf(`"ec%d:X"`, i) }), `"*"`, ""),
		"unknown keys":     statement(`"s3:GetObject"`, `"*"`, `"StringEquals":{`+list(size, func(i int) string { return fmt.Sprintf(`"nosuch:k%d":"x"`, i) })+`}`),
		"tags":             statement(`"s3:*"`, `"*"`, `"StringEquals":{`+list(size, func(i int) string { return fmt.Sprintf(`"aws:RequestTag/k%d":"x"`, i) })+`}`),
		"resources":        statement(`"s3:*"`, list(size, func(i int) string { return fmt.Sprintf(`"arn:aws:s3:*:*:*nosuch%d"`, i) }), ""),
		"stars":            statement(`"s3:*"`, `"arn:aws:s3:`+strings.Repeat("*a", size/2)+`"`, ""),
		"variables":        statement(`"s3:GetObject"`, `"arn:aws:s3:::`+strings.Repeat("${a:b}", size/6)+`"`, ""),
		"statements":       list(size, func(i int) string { return statement(`"s3:GetObject"`, `"*"`, "") }),
		"elements":         `{` + list(size, func(i int) string { return fmt.Sprintf(`"E%d":1`, i) }) + `}`,
		"values":           statement(`"s3:GetObject"`, `"*"`, `"StringEquals":{"aws:userid":[`+list(size/2, func(i int) string { return fmt.Sprintf(`"%d"`, i) })+`]},"StringLike":{"aws:userid":["`+strings.Repeat("*a", size/5)+`"]}`),
	} {
		text := `{"Version":"2012-10-17","Statement":[` + statements + `]}`
		if len(text) > maxText {
			t.Fatalf("%s: %d bytes", name, len(text))
		}
		if n := len(Check(text, policy.Any)); n == 0 || n > maxFindings+1 {
			t.Errorf("%s: %d findings", name, n)
		}
	}
	ok := `{"Version":"2012-10-17","Statement":{"Effect":"Deny","Action":"s3:GetObject","Resource":"*"}}`
	spaced := Check(ok+strings.Repeat(" ", maxText), policy.Inline)
	if len(spaced) != 1 || spaced[0].Rule != "policy-size" {
		t.Errorf("%v", spaced)
	}
	refused := Check(ok+strings.Repeat(" ", maxText)+"x", policy.Inline)
	if len(refused) != 1 || refused[0].Rule != "syntax" || refused[0].Column < maxText {
		t.Errorf("%v", refused)
	}
}
