// Package sdktest lets the official AWS SDK for Go round-trip every operation of
// both services against package query: the SDK writes a random full input that our
// codec reads, and reads a random full output that our codec wrote.
//
// It is a module of its own, so that the SDK never becomes a dependency of a
// release. Run it here: go test ./...
package sdktest
