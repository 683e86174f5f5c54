// Package sigv4 signs HTTP requests with AWS Signature Version 4 and verifies
// them, in the Authorization header and in presigned queries. It verifies
// Version 4A (ECDSA) as well.
//
// It owns the canonical form of a request, the order in which a bad request is
// refused and AWS's texts for it. It exists apart from the server because
// whoever takes AWS credentials at an own service needs just this, and because
// the code that decides who is calling should be readable at one sitting.
//
// The profile is strict where no real client is hurt: every x-amz-* header and
// the host must be signed, the payload is always hashed and never taken on
// trust, a security parameter given twice is refused, and header and query
// authentication do not mix.
//
// It leaves to its callers where secrets come from (Lookup), which actions may
// be presigned (Result.Presigned), which hosts and paths are served, how much
// of a body is read, and what the caller so identified may do.
//
// Sources: "Signature Version 4 for API requests" in the IAM User Guide, and
// the signature test suite that AWS published.
package sigv4
