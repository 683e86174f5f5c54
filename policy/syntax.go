package policy

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// SyntaxError says what is wrong with a document, and where.
type SyntaxError struct {
	// Message is AWS's text for MalformedPolicyDocument.
	Message string
	// Detail says it in our words, for people who write policies.
	Detail string
	// Line and Column count from 1, Column in characters; Offset is in bytes from 0.
	Line, Column, Offset int
	// Limit is not 0 when the document is larger than this many characters;
	// most calls of AWS answer LimitExceeded to that.
	Limit int
}

// Error gives the place, Detail and Message: "3:7: …".
func (e *SyntaxError) Error() string {
	return fmt.Sprintf("%d:%d: %s (%s)", e.Line, e.Column, e.Detail, e.Message)
}

// AWS's texts for documents that fail before or beside the checks of their
// parts. The order in which they are looked for is parse's.
const (
	msgJSON      = "This policy contains invalid Json"
	msgSyntax    = "Syntax errors in policy."
	msgVersion   = "Policy document must be version 2012-10-17 or greater."
	msgLegacy    = "The policy failed legacy parsing"
	msgSids      = "Statement IDs (SID) in a single policy must be unique."
	msgSidText   = "Statement IDs (SID) must be alpha-numeric. Check that your input satisfies the regular expression [0-9A-Za-z]*"
	msgActions   = "Policy statement must contain actions."
	msgResources = "Policy statement must contain resources."
	msgVendor    = "Resource vendor must be fully qualified and cannot contain regexes."
	msgPreface   = "Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc."
	msgColon     = "Actions/Condition can contain only one colon."
	msgNoPrinc   = "Policy document should not specify a principal."
	msgPrincipal = "Missing required field Principal"
	msgOperator  = "Invalid Condition type : " // recorded of 2024 for a trust policy
	msgKeyColon  = "Condition can contain only one colon."
	msgFederated = "Federated principals must be valid domain names or SAML metadata ARNs"
	msgTrust     = "Trust Policy statement actions can only be sts:AssumeRole, sts:AssumeRoleWithSAML,  and sts:AssumeRoleWithWebIdentity"
	msgTrustSTS  = "AssumeRole policy may only specify STS AssumeRole actions." // recorded of 2026 for an action of STS
	msgOrg       = "The provided policy document does not meet the requirements of the specified policy type."
)

// locate turns an offset into line and column, both from 1; columns count
// characters. Invalid UTF-8 counts a character for each byte.
func locate(text string, offset int) (line, column int) {
	before := text[:min(offset, len(text))]
	line = 1 + strings.Count(before, "\n")
	return line, 1 + utf8.RuneCountInString(before[strings.LastIndexByte(before, '\n')+1:])
}
