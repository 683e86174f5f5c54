// Package audit owns the audit file: what an event looks like (Entry, shaped
// as CloudTrail's records are, so that existing tools read it), how it is put
// on one line whatever a caller sent, and the Writer, which chains the lines
// by hashes, writes them in batches and syncs them by group.
//
// A line is a JSON object. The writer adds its last two members:
//
//	"chain":{"seq":N,"prev":"HASH"},"hash":"HASH"
//
// seq counts from 1, prev is the hash of the line before (64 zeros before the
// first), and hash is the SHA-256, in hex, of the line's own bytes before
// `,"hash":`. Changing, removing or moving a line therefore breaks the chain
// at that line, and Verify says where. The chain is not keyed: who can rewrite
// the whole file can chain it anew, and lines cut from the end leave a sound
// file. Against both, keep a Head elsewhere and ask Check.Holds for it.
//
// The file may be renamed at any time (log rotation): within a second the
// writer goes on in a new file at its path, and the chain goes on with it. A
// server that starts where there is no file begins a new chain.
//
// What is recorded, when, and what happens to a request whose line cannot be
// written is decided by the neighbours (authz, admin); they also keep secrets
// out: this package writes what it is given.
package audit
