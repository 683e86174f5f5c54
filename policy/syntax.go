package policy

// SyntaxError says what is wrong with a document, and where.
type SyntaxError struct {
	// Message is AWS's text for MalformedPolicyDocument.
	Message string
	// Detail says it in our words, for people who write policies.
	Detail string
	// Line and Column count from 1, Column in characters; Offset is in bytes from 0.
	Line, Column, Offset int
	// Limit is not 0 when the document is well formed but larger than this many
	// characters; AWS answers LimitExceeded to that in most calls.
	Limit int
}

// Error gives Message and, after it, Detail with its place.
func (e *SyntaxError) Error() string { return e.Message }
