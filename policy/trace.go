package policy

// Trace records how a decision was made.
type Trace struct {
	Result Result
}
