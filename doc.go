// Package deputy is the root of the Deputy module: two programs, deputyd (the
// token service) and deputy (the client), and the packages they are built of.
// It holds no code; house_test.go beside it states which room may know which.
package deputy
