// Package bench measures the package policy beside other evaluators on three
// sets of policies: small (one statement), typical (10 policies, 30 statements,
// most with conditions) and large (10 policies of 6 KB, 200 statements).
//
// It owns the adapters and the check that every engine gives every decision of
// the sets right. It is a module of its own, so that nothing it measures is ever
// linked into a release; the sets are those that package policy tests itself
// with. What the figures mean and what they were is for docs/policy.md to say.
//
//	go test ./...        decisions only
//	./run                the table, @cloud-copilot/iam-simulate included (npm)
package bench
